/* SPDX-License-Identifier: MIT */
/*
 * The direct map without its tables: how many page-table pages each range takes, handed out by the real allocator in
 * runs. What direct_map_build does with dm->count set; the pages, their order and every number are those of a real
 * build, and the cost grows with the number of ranges of memory and of free ranges, not with pages (fragment=rand: with
 * the large leaves).
 *
 * It rests on this: whether a slot of 1G or 2M becomes a leaf or a table is decided by memory alone (one region holds
 * all of the slot, or not), never by the order of ranges. So the tables of a range are all slots that it touches, but
 * for large leaves inside and for slots at its two ends that were touched before.
 */
#ifndef MM_COUNT_H
#define MM_COUNT_H

#include "mm/mapping.h"
#include "mm/numa.h"

/* Stretches of memory that are mapped with unmapped memory in between: no policy leaves more than three. */
#define COUNT_MAX_DONE 8

/* Page-table pages next to each other, in the order of handing out. */
struct count_run {
	struct range pages;
	bool up;                   /* handed out upwards */
	bool from_buffer;          /* in the image */
	struct range maps;         /* the range that was being mapped */
	int nid;                   /* with count->numa only: all on that node, NUMA_NO_NODE: on none, */
	bool movable;              /* and stains or not */
	uint64_t level[PT_LEVELS]; /* with count->by_level only: how many of them are of which level */
};

struct count {
	/* set by the caller */
	void (*run)(void *ctx, const struct count_run *run); /* gets every run but the trampoline's pages */
	void *ctx;
	const struct numa *numa; /* not NULL: runs are cut at the borders of nodes */
	bool by_level;
	/* what the policy did, after the build */
	struct range block; /* the free 2M block below whose end a top-down policy began; empty: none */
	struct range home;  /* the first range mapped that holds a part of the buffer in the image */
	unsigned nr_home;   /* how many such ranges there were */
	/* the engine's */
	struct range buffer, window;
	struct numa_spot spot; /* of the last page looked at */
	unsigned nr_done;
	struct range done[COUNT_MAX_DONE];
};

/* ---- called by the builder when dm->count is set ---- */

/* Empties the count before the first range. */
void count_begin(struct direct_map *dm);

/* Notes that `ram` is mapped next, inside a window of the policy that begins at `start`, upwards. */
void count_window(struct direct_map *dm, phys_t start, struct range ram);

/* Notes that all memory of window r is mapped. */
void count_window_done(struct direct_map *dm, struct range r);

/*
 * Hands out the pages of one range, of whole pages, and adds up results. Sets *end to the end of what is really mapped,
 * as large leaves reach further. Fails with ERR_NO_MEMORY as direct_map_build does.
 */
MUST_CHECK enum status count_range(struct direct_map *dm, struct range r, phys_t *end);

#endif
