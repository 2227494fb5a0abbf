/* SPDX-License-Identifier: MIT */
/*
 * The picture a screen ends with: a bar of memory for every node, the page tables of every policy under it, the
 * verdicts in words. Here it is decided what goes where; the canvas makes dots of it.
 */
#ifndef KERNEL_REPORT_CHART_H
#define KERNEL_REPORT_CHART_H

#include "kernel/report/canvas.h"
#include "kernel/state/handover.h"
#include "mm/placement.h"

#define CHART_BARS 64    /* nodes with memory that are kept; a screen may have room for less */
#define CHART_MARKS 8192 /* places in all bars together */

struct chart_policy {
	const char *name;
	uint64_t pages, stains, pinned;
	uint32_t on[CHART_BARS], stains_on[CHART_BARS]; /* pages in each bar */
};

struct chart {
	const struct memblock *mb;
	const struct numa *numa;
	unsigned nr_bars, left_out; /* nodes with memory */
	uint16_t nid[CHART_BARS];
	unsigned places; /* of one bar */
	unsigned nr_policies;
	struct chart_policy policy[OPT_MAX_POLICIES];
	/* a bit a policy: page tables, and those that are stains */
	uint16_t tables[CHART_MARKS], stains[CHART_MARKS];
};

/* An empty chart of the memory of mb; needs numa_judge. Both stay as they are until it is drawn. */
void chart_init(struct chart *c, const struct memblock *mb, const struct numa *n);

/* Page tables found from now on are this policy's. */
void chart_add_policy(struct chart *c, const char *name);
void chart_add_run(struct chart *c, const struct placement_run *run);
void chart_add_verdict(struct chart *c, const struct placement *found);

/*
 * Clears the canvas and draws all of it; needs at least 80 by 25 characters. What finds no room is left out, and it
 * says so.
 */
void chart_draw(const struct chart *c, const struct canvas *v, const struct handover *h);

#endif
