/* SPDX-License-Identifier: MIT */
/* How a sweep is worded. */
#ifndef KERNEL_REPORT_REPORT_SWEEP_H
#define KERNEL_REPORT_REPORT_SWEEP_H

#include "kernel/state/run.h"
#include "mm/sweep.h"

/* Prints the record and the lines of a sweep that came out well; `ns` is what it took. */
void report_sweep(struct log *l, const struct handover *h, const struct sweep *s, uint64_t ns);

#endif
