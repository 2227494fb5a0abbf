/* SPDX-License-Identifier: MIT */
/* The allocators of early page tables. A policy is one small file and one line in the table below. */
#ifndef MM_POLICY_H
#define MM_POLICY_H

#include "mm/direct_map.h"

/* The table of policies, in the order in which they are listed everywhere: policy_NAME lies in policy_NAME.c. */
#define PT_POLICIES(POLICY)                                                                                            \
	POLICY(bottom_up)                                                                                              \
	POLICY(memblock)                                                                                               \
	POLICY(lowest)                                                                                                 \
	POLICY(top_down)                                                                                               \
	POLICY(series)                                                                                                 \
	POLICY(hybrid)                                                                                                 \
	POLICY(floor)                                                                                                  \
	POLICY(node_local)

#define DECLARE_POLICY(name) extern const struct pt_policy policy_##name;
PT_POLICIES(DECLARE_POLICY)
#undef DECLARE_POLICY

extern const struct pt_policy *const pt_policies[];
extern const unsigned pt_policies_nr;

/* Returns the index of the policy of that name, pt_policies_nr when there is none. */
unsigned pt_policy_find(const char *name);

/* Map r in the steps of Linux 6.1, upwards or downwards, for the policies that share its loops. */
MUST_CHECK enum status policy_map_bottom_up(struct direct_map *dm, struct range r);
MUST_CHECK enum status policy_map_top_down(struct direct_map *dm, struct range r);

/* Maps the RAM in r in one pass, with page-table pages from `pages` (direct_map_bounds). */
MUST_CHECK enum status policy_map_pass(struct direct_map *dm, struct range pages, struct range r);

#endif
