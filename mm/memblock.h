/* SPDX-License-Identifier: MIT */
/*
 * Which memory exists and which of it is taken, with the search order of Linux's early allocator (mm/memblock.c).
 * Two sorted lists of disjoint regions; touching regions join only when node and flags are equal.
 */
#ifndef MM_MEMBLOCK_H
#define MM_MEMBLOCK_H

#include "mm/regions.h"

#define MEMBLOCK_MAX 4096 /* regions a list can hold */

enum memblock_flags {
	MEMBLOCK_NONE = 0,
	MEMBLOCK_HOTPLUG = 1,
	MEMBLOCK_MIRROR = 2,
	MEMBLOCK_NOMAP = 4,
	MEMBLOCK_DRIVER_MANAGED = 8,
};

struct memblock_list {
	size_t nr;
	struct region r[MEMBLOCK_MAX];
};

struct memblock {
	bool bottom_up;    /* search direction */
	bool movable_node; /* honour MEMBLOCK_HOTPLUG: skip those regions of `memory` in every search */
	bool full;         /* there was no room when memory was to be cut: it has been left as it was */
	bool lost;         /* so it was before all nodes were set: what SRAT says changes nothing more */
	size_t room;       /* that Linux has for regions of memory when it cuts some; 0: its array grows */
	struct memblock_list memory, reserved;
};

/* Empties both lists; searches go downwards and heed no marks. */
void memblock_init(struct memblock *mb);

/* Adds memory with no node and no flags; what is there keeps its own. ERR_FULL here and below: no region is left. */
MUST_CHECK enum status memblock_add(struct memblock *mb, struct range r);

/* Marks r as taken, RAM or not. */
MUST_CHECK enum status memblock_reserve(struct memblock *mb, struct range r);

/* Gives r back (memblock_phys_free). */
MUST_CHECK enum status memblock_free(struct memblock *mb, struct range r);

/*
 * Sets or clears flags of the memory inside r: cuts regions at its edges, then joins what may be joined. Does nothing
 * but set `full` when there is no room for two more regions, needed or not (memblock_isolate_range).
 */
MUST_CHECK enum status memblock_mark(struct memblock *mb, struct range r, unsigned flags, bool set);

/* Sets the node of the memory inside r in the same way. */
MUST_CHECK enum status memblock_set_node(struct memblock *mb, struct range r, int nid);

/* Shrinks every memory region to whole pages, and drops what becomes empty. */
void memblock_trim(struct memblock *mb);

/* What is looked for: an aligned block of `size` bytes inside `within` on node nid (NUMA_NO_NODE: any). */
struct memblock_wish {
	struct range within;
	uint64_t size, align;
	int nid;
};

/*
 * Returns the lowest (bottom_up) or highest free block that fits the wish; PHYS_NONE when there is none. The start of
 * `within` is raised to 4 KiB. A block never spans two memory regions. Hot-pluggable regions are skipped when
 * mb->movable_node is set. Follows memblock_find_in_range_node. *room (may be NULL) becomes the whole free range,
 * clamped to `within`, that the block was found in.
 */
phys_t memblock_find(const struct memblock *mb, const struct memblock_wish *wish, struct range *room);

/* Returns whether r lies in one memory region (memblock_is_region_memory). */
bool memblock_is_memory(const struct memblock *mb, struct range r);

/* Returns the first region of `list` in which a byte of r is; NULL when there is none. */
const struct region *memblock_overlap(const struct memblock_list *list, struct range r);

/* Returns the region behind m, which has one, in which a byte of r is; NULL when there is none. */
const struct region *memblock_overlap_next(const struct memblock_list *list, struct range r, const struct region *m);

/* The body for all of them, in ascending order. */
#define for_each_overlap(m, list, r)                                                                                   \
	for (const struct region *m = memblock_overlap(list, r); m; m = memblock_overlap_next(list, r, m))

/* Returns the index of the first region that ends above p: regions_first. */
size_t memblock_first(const struct memblock_list *list, phys_t p);

/* Returns the bytes of memory inside r, whatever node and flags. */
uint64_t memblock_memory_in(const struct memblock *mb, struct range r);

#endif
