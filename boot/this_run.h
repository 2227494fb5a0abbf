/* SPDX-License-Identifier: MIT */
/* The one run of this boot, as the parts of boot/ share it: its facts, its platform, its end. */
#ifndef BOOT_THIS_RUN_H
#define BOOT_THIS_RUN_H

#include "boot/early_map.h"
#include "kernel/state/handover.h"
#include "kernel/state/log.h"
#include "kernel/state/platform.h"

extern struct handover handover;
extern struct platform platform;
extern uint64_t direct_map_pgd[PT_ENTRIES]; /* the top table of every direct map */

/* Fills in where the image and its parts are, now that it lies at `at`, and its tables on that number of levels. */
void run_describe_image(phys_t at, unsigned levels);

/* Ends the run as exit= says, a dry run by going back to the firmware. */
_Noreturn void run_end(enum run_result result);

/*
 * The log, opened on COM1 if it has no console yet, for a fault's dump. A fault while one is being dumped ends at once.
 * Followed by run_fault_end.
 */
struct log *run_fault_begin(void);
_Noreturn void run_fault_end(const char *what);

#endif
