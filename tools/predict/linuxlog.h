/* SPDX-License-Identifier: MIT */
/*
 * Reads the boot log of an x86-64 Linux for its inputs: memory map, command line, reservations, SRAT, CPU features.
 * What the log says of the page tables themselves goes to facts.seen only.
 */
#ifndef TOOLS_PREDICT_LINUXLOG_H
#define TOOLS_PREDICT_LINUXLOG_H

#include "tools/predict/facts.h"

/*
 * Reads a whole log into facts_new'ed facts; the text is changed (lines are cut). False: *err says which line and
 * why. A dmesg, a serial log or a journal; stamps, levels, caller ids, host names, CRs and escape sequences are
 * skipped. Of several boots the last counts.
 */
MUST_CHECK bool linuxlog_read(struct facts *f, char *text, size_t len, struct input_error *err);

/* The lines of a memory map alone, as in --e820 FILE; all other lines are skipped. */
MUST_CHECK bool linuxlog_read_map(struct facts *f, char *text, size_t len, struct input_error *err);

#endif
