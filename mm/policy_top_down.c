/* SPDX-License-Identifier: MIT */
/*
 * C, "top-down": Linux 6.1 without movable_node, its default: tables just below the top of memory, SRAT unknown. On
 * most machines that is the last node, often the hot-pluggable one.
 *
 * The loop dates from 3.9 (8d57470d8f85, "x86, mm: setup page table in top-down", Yinghai Lu, Nov 2012).
 */
#include "mm/policy.h"

static enum status map(struct direct_map *dm)
{
	return policy_map_top_down(dm, (struct range){ ISA_END, dm->end });
}

const struct pt_policy policy_top_down = {
	.name = "top-down",
	.says = "Linux 6.1 without movable_node: from the top of memory",
	.map = map,
};
