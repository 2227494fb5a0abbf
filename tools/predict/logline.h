/* SPDX-License-Identifier: MIT */
/* Where in a line of a log the kernel's message begins. */
#ifndef TOOLS_PREDICT_LOGLINE_H
#define TOOLS_PREDICT_LOGLINE_H

#include "lib/base.h"

/*
 * Takes escape sequences out of a log and joins what netconsole has cut to pieces; the text has a NUL behind it. The
 * new length.
 */
size_t logline_clean(char *text, size_t len);

/*
 * The message without what stands before it: time stamps, caller ids, levels, host names, CRs,
 * blanks. Points into the line; the whole line when nothing is known of its beginning.
 */
const char *logline_message(const char *line);

#endif
