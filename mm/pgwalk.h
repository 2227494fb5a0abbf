/* SPDX-License-Identifier: MIT */
/*
 * Reads page tables back, as the CPU would, from the root down. Shares no code with the builder, so that what it says
 * is evidence: Intel SDM vol. 3A, 4.5 (4- and 5-level paging).
 */
#ifndef MM_PGWALK_H
#define MM_PGWALK_H

#include "mm/pagetable.h"

struct pgwalk {
	/*
	 * Returns the table at that address, 512 entries, aligned as pt_pair is; NULL: out of reach. It is good until
	 * another table is asked for, and only read.
	 */
	uint64_t *(*table)(void *ctx, phys_t table);
	void *ctx;
	phys_t root;
	unsigned levels; /* 4 or 5 */
};

struct pgwalk_leaf {
	uint64_t virt; /* first byte the leaf maps */
	phys_t phys;
	enum pt_level level; /* PT_PTE 4K, PT_PMD 2M, PT_PUD 1G */
	uint64_t flags;      /* the entry without its address */
};

struct pgwalk_visit {
	/* Each page-table page once, parent before child, in address order; the root first. May be NULL. */
	void (*table)(void *ctx, phys_t table, enum pt_level level, uint64_t virt);
	/* `count` leaves of one size next to each other, virtually and physically, with equal flags. May be NULL. */
	void (*leaves)(void *ctx, const struct pgwalk_leaf *first, uint64_t count);
	void *ctx;
};

/*
 * Visits all that the root maps in the virtual addresses [start, last]: both inside, canonical, in one half; else
 * ERR_RANGE. Leaves are told when their run ends, so after the tables that hold them, and before an error is
 * returned. ERR_UNREADABLE: a table is out of reach. ERR_MALFORMED: an entry has a reserved bit, or is large at a level
 * that has no large ones.
 */
MUST_CHECK enum status pgwalk_range(const struct pgwalk *w, uint64_t start, uint64_t last,
				    const struct pgwalk_visit *v);

/*
 * Translates one virtual address into *leaf and *phys. ERR_NOT_FOUND: it is not mapped. ERR_RANGE: it is not canonical.
 * Other errors are those of pgwalk_range.
 */
MUST_CHECK enum status pgwalk_lookup(const struct pgwalk *w, uint64_t virt, struct pgwalk_leaf *leaf, phys_t *phys);

#endif
