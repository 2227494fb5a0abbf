/* SPDX-License-Identifier: MIT */
/* Where page-table pages lie: per level and node, and which of them are stains. The number this project exists for. */
#ifndef MM_PLACEMENT_H
#define MM_PLACEMENT_H

#include "mm/count.h"
#include "mm/numa.h"
#include "mm/pagetable.h"

/* Neighbouring page-table pages of one level, one node and one answer to "is it movable memory". */
struct placement_run {
	enum pt_level level;
	struct range pages;
	int nid; /* NUMA_NO_NODE: none */
	bool movable;
};

struct placement {
	const struct numa *numa;
	/* Gets every finished run; with `single`, one per page. May be NULL. */
	void (*run)(void *ctx, const struct placement_run *run);
	void *ctx;
	bool single;
	/* results */
	uint64_t table_pages, on_movable; /* without the PGD */
	uint64_t level_movable[PT_LEVELS];
	/* open runs */
	struct placement_run open[PT_LEVELS];
	struct numa_spot spot; /* of the last page */
	/* more results; the last column counts pages on no node */
	uint64_t pages[PT_LEVELS][MAX_NUMNODES + 1];
	uint64_t node_movable[MAX_NUMNODES];
};

/* Empties *p. */
void placement_init(struct placement *p, const struct numa *numa);

/*
 * Adds one page-table page to a run; the PGD makes a run but is counted in pages[PT_PGD] only. The results are there
 * after placement_finish.
 */
void placement_add(struct placement *p, phys_t table, enum pt_level level);

/* Counts pages that mm/count.h handed out, cut at nodes and told apart by level; no runs come of them. */
void placement_add_counted(struct placement *p, const struct count_run *run);

/* Counts the runs still open and tells of them. */
void placement_finish(struct placement *p);

/* Returns all hot-pluggable RAM of the nodes on which a stain lies: it can no longer be hot-removed. */
uint64_t placement_pinned(const struct placement *p);

#endif
