/* SPDX-License-Identifier: MIT */
/*
 * The picture a screen ends with: a bar of memory for every node, the page tables of every policy under it, the
 * verdicts in words. Here it is decided what goes where; the canvas makes dots of it.
 */
#ifndef KERNEL_REPORT_PICTURE_H
#define KERNEL_REPORT_PICTURE_H

#include "kernel/report/canvas.h"
#include "kernel/state/handover.h"
#include "mm/placement.h"

#define PICTURE_BARS 64    /* nodes with memory that are kept; a screen may have room for less */
#define PICTURE_MARKS 8192 /* places in all bars together */

struct picture_policy {
	const char *name;
	uint64_t pages, stains, pinned;
	uint64_t slots, stained_slots;                      /* of a sweep; none without one */
	uint32_t on[PICTURE_BARS], stains_on[PICTURE_BARS]; /* pages in each bar */
};

struct picture {
	const struct memblock *mb;
	const struct numa *numa;
	unsigned nr_bars, left_out; /* nodes with memory */
	uint16_t nid[PICTURE_BARS];
	unsigned places; /* of one bar */
	unsigned nr_policies;
	struct picture_policy policy[OPT_MAX_POLICIES];
	/* a bit a policy: page tables, and those that are stains */
	uint16_t tables[PICTURE_MARKS], stains[PICTURE_MARKS];
};

/* Makes an empty picture of the memory of mb; needs numa_judge. Both must stay as they are until it is drawn. */
void picture_init(struct picture *c, const struct memblock *mb, const struct numa *n);

/* Begins a policy: page tables that are added from now on are its own. */
void picture_add_policy(struct picture *c, const char *name);
void picture_add_run(struct picture *c, const struct placement_run *run);
void picture_add_verdict(struct picture *c, const struct placement *found);

/*
 * Clears the canvas and draws all of it; needs at least 80 by 25 characters. What finds no room is left out, and it
 * says so.
 */
void picture_draw(const struct picture *c, const struct canvas *v, const struct handover *h);

#endif
