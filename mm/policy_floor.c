/* SPDX-License-Identifier: MIT */
/*
 * F, "floor": always bottom-up, above an explicit floor of 16M; when nothing is left there, from 1M. SRAT unknown.
 * One pass over memory; pages need not be mapped yet.
 *
 * Mike Rapoport's proposal of July 2023 (thread of Ross Zwisler on movablecore=): make x86 always bottom-up with an
 * explicit floor, 16M (what ISA DMA can reach stays free) or 4G with a fallback. 16M is taken: it needs no case for
 * machines that end below 4G.
 */
#include "mm/policy.h"

#define FLOOR (16 * MIB)

static phys_t page(struct direct_map *dm, phys_t maps)
{
	struct pt_alloc *a = &dm->alloc;
	phys_t got = pt_alloc_page(a);

	(void)maps;
	if (got != PHYS_NONE || a->within.start != FLOOR)
		return got;
	return direct_map_bounds(dm, (struct range){ ISA_END, dm->end }) == OK ? pt_alloc_page(a) : PHYS_NONE;
}

static enum status map(struct direct_map *dm)
{
	return policy_map_pass(dm, (struct range){ FLOOR, dm->end }, (struct range){ ISA_END, dm->end });
}

const struct pt_policy policy_floor = {
	.name = "floor",
	.says = "bottom-up above 16M, else from 1M",
	.bottom_up = true,
	.map = map,
	.page = page,
};
