/* SPDX-License-Identifier: MIT */
/*
 * D, "memblock": SRAT is parsed first, so memblock knows node borders and hot-pluggable ranges; then Linux 6.1's
 * top-down loop. With movable_node the search skips the marked ranges, and no page can land there.
 *
 * What Pingfan Liu's series of January 2019 aims at ("x86_64/mm: remove bottom-up allocation style by pushing forward
 * the parsing of mem hotplug info", not merged), with the step-wise loop kept. The patches to the letter are
 * policy_series.c.
 */
#include "mm/policy.h"

static enum status map(struct direct_map *dm)
{
	return policy_map_top_down(dm, (struct range){ ISA_END, dm->end });
}

const struct pt_policy policy_memblock = {
	.name = "memblock",
	.says = "SRAT first, then top-down beside hot-pluggable memory",
	.srat_first = true,
	.map = map,
};
