/* SPDX-License-Identifier: MIT */
/* Where in a line of a log the kernel's message begins. */
#ifndef TOOLS_PREDICT_LOGLINE_H
#define TOOLS_PREDICT_LOGLINE_H

/*
 * The message without what stands before it: time stamps, caller ids, levels, host names, escape sequences, CRs,
 * blanks. Points into the line; the whole line when nothing is known of its beginning.
 */
const char *logline_message(const char *line);

#endif
