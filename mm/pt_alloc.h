/* SPDX-License-Identifier: MIT */
/*
 * Where page-table pages come from: first the buffer in the image, then memblock between two bounds (Linux's
 * alloc_low_pages, arch/x86/mm/init.c). Pages are taken from memblock in runs, so that a page costs a few
 * instructions.
 */
#ifndef MM_PT_ALLOC_H
#define MM_PT_ALLOC_H

#include "mm/memblock.h"

#define PT_BUFFER_PAGES 16 /* INIT_PGT_BUF_SIZE with 5-level paging configured */

struct pt_alloc {
	struct memblock *mb;
	struct range buffer; /* what is left of the page-table buffer in the image */
	bool buffer_ok;      /* false while a piece is mapped that holds the unused part of the buffer */
	struct range within; /* bounds for memblock; change them with pt_alloc_bounds only */
	int nid;             /* NUMA_NO_NODE, or the node wanted */
	struct range run;    /* free pages already found next to each other; not yet reserved */
	struct range taken;  /* pages of the run handed out; reserved in one go by pt_alloc_flush */
	bool up;             /* direction in which the run was found */
	bool honours;        /* mb->movable_node, when it was found */
	phys_t passed;       /* what lies before, in that direction, has no page left; PHYS_NONE: not known */
	uint64_t from_buffer, from_memblock;
	/* Told of every page handed out, in order (journals, tests); NULL: nobody is. */
	void (*tell)(void *ctx, phys_t page, bool from_buffer);
	void *tell_ctx;
};

/* Begins with a full buffer and no bounds: pt_alloc_bounds sets them. */
void pt_alloc_init(struct pt_alloc *a, struct memblock *mb, struct range buffer);

/* Sets the bounds and the node for memblock; a run found under other ones is given up. Fails as pt_alloc_flush. */
MUST_CHECK enum status pt_alloc_bounds(struct pt_alloc *a, struct range within, int nid);

/*
 * Returns one page, not zeroed: of the buffer if allowed, else of memblock in its direction inside `within`. The pages
 * and their order are those of one search and one reservation a page. PHYS_NONE: nothing is left, or memblock is full:
 * then pt_alloc_flush says so.
 */
phys_t pt_alloc_page(struct pt_alloc *a);

/*
 * Hands out what up to n calls of pt_alloc_page would without a search: pages next to each other from the buffer,
 * upwards, or from the run already found, in memblock's direction. Empty: the next page takes a search, by
 * pt_alloc_page.
 */
struct range pt_alloc_more(struct pt_alloc *a, uint64_t n);

/* Reserves in memblock what was handed out: call it before its lists are used. ERR_FULL: no region is left. */
MUST_CHECK enum status pt_alloc_flush(struct pt_alloc *a);

#endif
