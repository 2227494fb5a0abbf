/* SPDX-License-Identifier: MIT */
/* The lines and records that say where the image goes and where page-table pages lie. */
#ifndef KERNEL_REPORT_REPORT_PLACE_H
#define KERNEL_REPORT_REPORT_PLACE_H

#include "kernel/report/strip.h"
#include "kernel/state/run.h"
#include "mm/cost.h"
#include "mm/policy.h"

/* What came of one policy's direct map. */
struct outcome {
	struct run *r;
	const struct pt_policy *policy;
	bool last;    /* its map stays */
	bool counted; /* nothing was built: the numbers are the allocator's, no page is looked at */
	uint64_t build_ns;
	unsigned worked_on; /* page tables made, then walked */
	/* what the walk found */
	uint64_t tables[PT_LEVELS], leaves[3];
	uint64_t ram_mapped;
	uint64_t trampoline_pages; /* of what memblock gave: Linux's, not the direct map's */
	char wrong[120];           /* the first thing that is not as it must be; empty: none */
	struct direct_map dm;
	struct memblock mb;
	struct cost_sum cost;
	struct placement placement;
	bool stained[PT_LEVELS][MAX_NUMNODES];
	struct strip strip;
};

/* Each prints the lines and the records of one fact: the image, what is reserved, page tables, a policy as a whole. */
void report_choice(struct log *l, const struct handover *h);
void report_reserved(struct log *l, struct range what, const char *name);
void report_geometry(struct log *l, const struct handover *h);
void report_run(struct outcome *a, const struct placement_run *run);
void report_policy(struct outcome *a);

#endif
