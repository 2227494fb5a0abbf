/* SPDX-License-Identifier: MIT */
/*
 * What a direct map is, and what a policy is that gives it page-table pages: the words that building (mm/tables.c),
 * counting (mm/count.h) and the order of both (mm/direct_map.h) share.
 *
 * With 4 levels the tables are PGD -> PUD -> PMD -> PTE (no P4D pages); the PGD itself is the caller's, counted
 * nowhere.
 */
#ifndef MM_MAPPING_H
#define MM_MAPPING_H

#include "mm/linux_rules.h"
#include "mm/pagetable.h"
#include "mm/pt_alloc.h"

#define ISA_END 0x100000ull     /* [0, 1M) is mapped in 4K pages, holes included */
#define MAPPED_SO_FAR PHYS_NONE /* upper bound that follows max_mapped, as Linux's max_pfn_mapped does */

enum page_sizes { PAGE_4K = 0, PAGE_2M = 1, PAGE_1G = 2 }; /* bits of a mask; 4K is always there */

/*
 * How the builder reaches a page-table page: 512 entries, writable, aligned as pt_pair is. The pointer is good until
 * another page is asked for.
 */
struct pt_memory {
	uint64_t *(*page)(void *ctx, phys_t table);
	void *ctx;
};

/* Forces leaves one size down, as attribute boundaries would (option fragment=). */
struct fragment {
	uint64_t every;    /* every Nth 1G or 2M leaf; 0: none */
	unsigned permille; /* or that share, by a hash of the leaf's address and the seed; 0: none */
	uint64_t seed;
};

/*
 * What of a policy depends on where the kernel is, for mm/sweep.c. Whatever it is, pages never depend on what they are
 * for.
 */
enum policy_order {
	ORDER_FIXED,       /* nothing but that the image is taken: kernel_end plays no part */
	ORDER_LOCAL,       /* the same, with each node's memory served from that node as long as it has any left */
	ORDER_ABOVE_STEPS, /* what lies above the kernel first, in policy_map_bottom_up's steps; then the rest */
	ORDER_ABOVE,       /* the same without steps, pages from all above the kernel and then downwards below it */
};

struct direct_map;

/* An allocator of early page tables; mm/policy.h has the table of them. */
struct pt_policy {
	const char *name; /* as on the command line */
	const char *says; /* what it does, in under 60 characters */
	enum policy_order order;
	bool srat_first; /* memblock knows nodes and hot-pluggable ranges before the map is built */
	bool bottom_up;  /* memblock's search direction */
	/* Maps all memory in [1M, dm->end) in the policy's order and steps, setting the bounds for pages on the way. */
	enum status (*map)(struct direct_map *dm);
	/*
	 * One page for a table that will describe `maps`. NULL: pt_alloc_page inside the bounds. As long as
	 * pt_alloc_more has pages it is not called when pages are only counted: pt_alloc_page must be what it tries
	 * first.
	 */
	phys_t (*page)(struct direct_map *dm, phys_t maps);
};

struct count;

struct direct_map {
	/* set by the caller */
	const struct pt_policy *policy;
	struct pt_memory mem;
	phys_t root;          /* PGD page, zeroed but for entries outside the direct map */
	unsigned levels;      /* 4 or 5 */
	unsigned page_sizes;  /* allowed leaves: PAGE_2M | PAGE_1G; 1G without 2M is never given */
	uint64_t page_offset; /* virtual address of physical 0; 1G aligned */
	phys_t kernel_end;    /* Linux's _end */
	phys_t end;           /* end of RAM: what is to be mapped */
	bool trampoline;      /* take the real-mode trampoline's pages, as Linux with memory KASLR does */
	struct fragment fragment;
	uint32_t as_linux;     /* LINUX_RELEASE: whose rules the policies that are Linux's follow */
	struct pt_alloc alloc; /* pt_alloc_init'ed */
	struct count *count;   /* not NULL: pages are handed out and counted (mm/count.h), no table is touched */
	/* the policy's */
	bool max_follows; /* by direct_map_bounds */
	bool in_pass;     /* cleared before each pass but the first */
	/* results */
	phys_t max_mapped;         /* end of the highest byte mapped so far */
	uint64_t pages[PT_LEVELS]; /* page-table pages taken per level; not the PGD, not the trampoline's */
	uint64_t leaves[3];        /* 4K, 2M, 1G */
	uint64_t trampoline_pages;
	uint64_t ram;        /* bytes of memory mapped by the policy */
	uint64_t ranges;     /* ranges mapped, [0, 1M) included: Linux's calls of init_memory_mapping */
	uint64_t steps;      /* windows with memory in them: Linux's calls of init_range_memory_mapping */
	uint64_t passes;     /* over memory, as the policy parts them; one without a step does not count */
	uint64_t big_leaves; /* 1G and 2M leaves wanted so far: what fragment.every counts */
	uint64_t forced;     /* of these, made one size smaller */
	phys_t failed_at;    /* ERR_NO_MEMORY: what was being mapped; else PHYS_NONE */
};

/* Returns the next page for a table that will describe `maps`, as the policy gives it; PHYS_NONE: none is left. */
phys_t direct_map_page(struct direct_map *dm, phys_t maps);

/* Returns whether the leaf at that address, the nth large one wanted (from 1 on), is to be made one size smaller. */
bool fragment_hits(const struct fragment *f, phys_t leaf, uint64_t nth);

/*
 * Fills the tables of one range, the whole pages of r, below dm->root: split, in leaves and with pages asked for in
 * the order of Linux's init_memory_mapping (arch/x86/mm/init.c, init_64.c). Sets *end to the end of what is really
 * mapped, as large leaves reach further. ERR_NO_MEMORY: no page was left (dm->failed_at says for what); the tables are
 * half built.
 */
MUST_CHECK enum status tables_fill_range(struct direct_map *dm, struct range r, phys_t *end);

#endif
