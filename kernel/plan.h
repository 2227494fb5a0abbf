/* SPDX-License-Identifier: MIT */
/* The first half of the run, before the image moves. */
#ifndef KERNEL_PLAN_H
#define KERNEL_PLAN_H

#include "kernel/state/handover.h"
#include "kernel/state/platform.h"

/*
 * Reads command line and tables, finds the nodes, chooses a base. The boot code has filled h->bi; all else is zero.
 * Returns RUN_CLEAN: go on with h->choice; or RUN_ERROR: an error line has been printed, the end record too, only the
 * exit is left.
 */
enum run_result plan_run(struct handover *h, const struct platform *p);

#endif
