/* SPDX-License-Identifier: MIT */
/* What policies cost, side by side. */
#ifndef KERNEL_REPORT_REPORT_COST_H
#define KERNEL_REPORT_REPORT_COST_H

#include "kernel/state/run.h"
#include "mm/cost.h"

/* Prints the record of one policy's cost. */
void report_cost(struct log *l, const struct cost *c);
/* Prints the costs of all policies as a table of text. */
void report_costs(struct log *l, const struct cost *c, unsigned nr);

#endif
