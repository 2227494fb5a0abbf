/* SPDX-License-Identifier: MIT */
/*
 * A, "bottom-up": Linux 6.1 with movable_node, SRAT not read yet. First what lies above the kernel, with tables taken
 * just above its end in the hope that a node holding the kernel is not movable anyway; then [1M, kernel's end), with
 * tables from 1M up.
 *
 * Since 3.13 (79442ed189ac, "x86/mem-hotplug: support initialize page tables in bottom-up", Tang Chen, Nov 2013). If
 * the kernel ends close to the end of its node, the tables run over into the next one.
 */
#include "mm/policy.h"

static enum status map(struct direct_map *dm)
{
	enum status s = policy_map_bottom_up(dm, (struct range){ dm->kernel_end, dm->end });

	return s == OK ? policy_map_bottom_up(dm, (struct range){ ISA_END, dm->kernel_end }) : s;
}

const struct pt_policy policy_bottom_up = {
	.name = "bottom-up",
	.says = "Linux 6.1 with movable_node: from the kernel's end up",
	.order = ORDER_ABOVE_STEPS,
	.bottom_up = true,
	.map = map,
};
