/* SPDX-License-Identifier: MIT */
/* What policies cost, side by side. */
#ifndef KERNEL_REPORT_REPORT_COST_H
#define KERNEL_REPORT_REPORT_COST_H

#include "kernel/state/run.h"
#include "mm/cost.h"

/* One record. */
void report_cost(struct log *l, const struct cost *c);
/* All of them as a table of text. */
void report_costs(struct log *l, const struct cost *c, unsigned nr);

#endif
