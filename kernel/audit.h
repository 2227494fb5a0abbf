/* SPDX-License-Identifier: MIT */
/* One policy's direct map: built, checked by an independent reader, and its pages counted by node. */
#ifndef KERNEL_AUDIT_H
#define KERNEL_AUDIT_H

#include "kernel/report/picture.h"
#include "kernel/run.h"
#include "mm/cost.h"
#include "mm/pgwalk.h"
#include "mm/policy.h"

struct audit {
	struct run *r;
	const struct pt_policy *policy;
	bool last;    /* its map stays */
	bool counted; /* nothing was built: the numbers are the allocator's, no page is looked at */
	struct memblock mb;
	struct direct_map dm;
	uint64_t build_ns;
	/* what the walk found */
	uint64_t tables[PT_LEVELS], leaves[3];
	uint64_t ram_mapped;
	char wrong[120]; /* the first thing that is not as it must be; empty: none */
	struct placement placement;
	struct cost_sum cost;
	bool stained[PT_LEVELS][MAX_NUMNODES];
	struct picture picture;
};

/* For counting instead of building: takes a run of pages into the audit (ctx). */
void audit_see_counted(void *ctx, const struct count_run *run);

/* Lends the memblock that policies build from, between two of them. */
struct memblock *audit_memblock(void);

#endif
