/* SPDX-License-Identifier: MIT */
/* Reads the command line: each option checked, nothing silently ignored. */
#ifndef KERNEL_STATE_OPTIONS_PARSE_H
#define KERNEL_STATE_OPTIONS_PARSE_H

#include "kernel/state/options_read.h"

/* Sets the defaults of docs/options.md. */
void options_init(struct options *o);

/*
 * Parses a whole line, the last of an option given twice wins. On false, *err names the option and the reason and *o
 * holds what was read before it (so that console= and exit= given earlier still count).
 */
MUST_CHECK bool options_parse(struct options *o, const char *line, struct option_error *err);

/*
 * Judges what can be seen only from the whole line: options that have no effect beside others, and dry and save where
 * the loader is not UEFI. Returns false when *err names one of the options.
 */
MUST_CHECK bool options_check(const struct options *o, bool uefi, struct option_error *err);

#endif
