/* SPDX-License-Identifier: MIT */
/* What a policy's page tables cost, beside its verdict: numbers to compare policies by that ran on one machine. */
#ifndef MM_COST_H
#define MM_COST_H

#include "mm/placement.h"

/*
 * What Linux takes offline at a time: 128M, or 2G on machines with 64G of memory or more (memory_block_size_bytes,
 * arch/x86/mm/init_64.c).
 */
#define COST_BLOCK_SMALL (128 * MIB)
#define COST_BLOCK_LARGE (2 * GIB)

/* Stretches of such blocks, not touching each other, that can be told apart. */
#define COST_MAX_SPANS 1024

/* Pages are those of the direct map's tables, the PGD left out. What a placement or a direct map has, has its name. */
struct cost {
	const struct pt_policy *policy;
	unsigned levels;                               /* of paging */
	uint64_t pages;                                /* in all */
	uint64_t on_movable, level_movable[PT_LEVELS]; /* stains, and how many of them are of which level */
	uint64_t pinned;                               /* bytes */
	bool blocks_known;                             /* false: more than COST_MAX_SPANS stretches */
	uint64_t small_blocks, large_blocks;           /* aligned ones that hold a stain: they stay online */
	uint64_t below_16m, below_4g;                  /* pages there */
	uint64_t distance;                             /* numa_node.distance, summed over pages */
	uint64_t steps, passes, ranges;                /* see struct direct_map */
};

/* Adds up what needs the pages' addresses. All zeros: no page yet. */
struct cost_sum {
	uint64_t below_16m, below_4g;
	bool full;
	size_t nr_spans;
	struct region span[COST_MAX_SPANS]; /* of small blocks; sorted, none touches another */
};

/*
 * Adds pages next to each other, all of them stains or none. The caller gives every run of a placement but the PGD's,
 * or of a count with by_level set, each page once, in any order.
 */
void cost_add(struct cost_sum *s, struct range pages, bool movable);

/*
 * Returns the cost after the last page. It needs p and dm to have seen the same pages, and numa_node.distance. A page
 * on no node is 10 away when the kernel's node, home, is none too, else 20: Linux's LOCAL_DISTANCE and REMOTE_DISTANCE.
 */
struct cost cost_of(const struct cost_sum *s, const struct placement *p, const struct direct_map *dm, int home);

#endif
