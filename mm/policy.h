/* SPDX-License-Identifier: MIT */
/* What an allocator of early page tables is. A policy is one small file and one line in the table of policy.c. */
#ifndef MM_POLICY_H
#define MM_POLICY_H

#include "mm/direct_map.h"

/*
 * What of a policy depends on where the kernel is, for mm/sweep.c. Whatever it is, pages never depend on what they are
 * for.
 */
enum policy_order {
	ORDER_FIXED,       /* nothing but that the image is taken: kernel_end plays no part */
	ORDER_ABOVE_STEPS, /* what lies above the kernel first, in policy_map_bottom_up's steps; then the rest */
	ORDER_ABOVE,       /* the same without steps, pages from all above the kernel and then downwards below it */
};

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

/* In the order of docs/options.md: bottom-up, memblock, lowest, top-down, series, hybrid, floor, node-local. */
extern const struct pt_policy *const pt_policies[];
extern const unsigned pt_policies_nr;

extern const struct pt_policy policy_bottom_up, policy_memblock, policy_lowest, policy_top_down;
extern const struct pt_policy policy_series, policy_hybrid, policy_floor, policy_node_local;

/* By name; NULL when there is none. */
const struct pt_policy *pt_policy_find(const char *name, size_t len);

/* The loops of Linux 6.1, shared by several policies. */
MUST_CHECK enum status policy_map_bottom_up(struct direct_map *dm, struct range r);
MUST_CHECK enum status policy_map_top_down(struct direct_map *dm, struct range r);

/* One pass over the RAM in r, with page-table pages from `pages` (its end may be MAPPED_SO_FAR). Adds to *mapped. */
MUST_CHECK enum status policy_map_pass(struct direct_map *dm, struct range pages, struct range r, uint64_t *mapped);

#endif
