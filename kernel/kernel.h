/* SPDX-License-Identifier: MIT */
/*
 * The run: facts in, page tables and a report out. On metal in two halves, plan_run() before the move and map_run()
 * after it; on a host kernel_run() does both.
 */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include "kernel/state/handover.h"
#include "kernel/state/platform.h"

/*
 * First half: reads command line and tables, finds the nodes, chooses a base. The boot code has filled h->bi; all else
 * is zero. Returns RUN_CLEAN: go on with h->choice; or RUN_ERROR: an error line has been printed, the end record too,
 * only the exit is left.
 */
enum run_result plan_run(struct handover *h, const struct platform *p);

/*
 * Second half, at the new place (h->bi.image, buffer and pgd moved by the boot code): maps, audit, report. Returns the
 * verdict.
 */
enum run_result map_run(struct handover *h, const struct platform *p);

/* Runs both halves in a row, as on a host: image, buffer and pgd are moved in h->bi only. */
enum run_result kernel_run(struct handover *h, const struct platform *p);

#endif
