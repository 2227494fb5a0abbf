/* SPDX-License-Identifier: MIT */
/* What the steps of a run share: the handover, the platform, the log, and memory. */
#ifndef KERNEL_STATE_RUN_H
#define KERNEL_STATE_RUN_H

#include "kernel/state/handover.h"
#include "kernel/state/log.h"
#include "kernel/state/platform.h"

struct picture;

/* A step that returns false has reported an error in full (report_error), and h->result is set. */
struct run {
	struct log log;
	struct handover *h;
	const struct platform *p;
	struct memblock *mb;     /* memory, and what is reserved before the direct map is built */
	struct picture *picture; /* what the screen will show; NULL: there is no screen */
};

/* Returns a run over h whose log goes out through p. It is called once in each half. */
struct run run_open(struct handover *h, const struct platform *p);

#endif
