/* SPDX-License-Identifier: MIT */
/* Where a seed comes from when none is given: every source that works, mixed. */
#ifndef KERNEL_STATE_SEED_H
#define KERNEL_STATE_SEED_H

#include "kernel/state/platform.h"

struct entropy {
	uint64_t seed;    /* all that was drawn, mixed */
	uint64_t boot_id; /* of the same draws, but not to be had from the seed */
	bool used[ENTROPY_SOURCES];
	bool rubbish[ENTROPY_SOURCES]; /* answers, but with one and the same word or all zeros or ones: not used */
};

void entropy_gather(const struct platform *p, struct entropy *e);

#endif
