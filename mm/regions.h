/* SPDX-License-Identifier: MIT */
/*
 * A sorted list of disjoint regions: the engine under the memory map, memblock and what is added up by address. Regions
 * that touch and say the same are one.
 */
#ifndef MM_REGIONS_H
#define MM_REGIONS_H

#include "lib/base.h"

#define NUMA_NO_NODE (-1)

struct region {
	struct range r;
	int nid; /* of memory: NUMA_NO_NODE until set; of anything else 0 */
	union {
		unsigned flags; /* memblock's */
		unsigned type;  /* the memory map's, enum e820_type */
	};
};

/* A list where its owner keeps it. */
struct regions {
	struct region *r;
	size_t *nr, max;
};

/* Returns the index of the first region that ends above p: the one that holds p, or the next one; nr: there is none. */
size_t regions_first(const struct region *r, size_t nr, phys_t p);

/* Returns how many regions begin below p. */
size_t regions_below(const struct region *r, size_t nr, phys_t p);

/* Puts a region at index `at`, unjoined. ERR_FULL. */
MUST_CHECK enum status regions_insert(const struct regions *l, size_t at, const struct region *new);

/* Takes the regions [from, to) out. */
void regions_drop(const struct regions *l, size_t from, size_t to);

/*
 * Adds the parts of `new` on which no region lies yet. What joins a neighbour fits into a full list, too. ERR_FULL: the
 * parts below the one without a place have been added.
 */
MUST_CHECK enum status regions_add(const struct regions *l, struct region new);

/* Cuts regions at the edges of r: [*from, *to) are those inside. ERR_FULL: the list is as before. */
MUST_CHECK enum status regions_isolate(const struct regions *l, struct range r, size_t *from, size_t *to);

/* Joins what touches and says the same among the regions [from, to) and their neighbours. */
void regions_join(const struct regions *l, size_t from, size_t to);

#endif
