/* SPDX-License-Identifier: MIT */
/*
 * B, "lowest": bottom-up from the first page, SRAT unknown. Linux's bottom-up loop in one go over [1M, end): the
 * floor is the first free page (all below 1M is reserved, so that is 1M) and not the kernel's end; the ceiling is
 * what has been mapped so far.
 *
 * Linux 5.11 lowered memblock's own floor that way (2dcb39645441, "mm: memblock: do not start bottom-up allocations
 * with kernel_end", Roman Gushchin, Dec 2020); for the direct map's tables Linux kept the kernel's end.
 */
#include "mm/policy.h"

static enum status map(struct direct_map *dm)
{
	return policy_map_bottom_up(dm, (struct range){ ISA_END, dm->end });
}

const struct pt_policy policy_lowest = {
	.name = "lowest",
	.says = "bottom-up from the first page",
	.bottom_up = true,
	.map = map,
};
