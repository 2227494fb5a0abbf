/* SPDX-License-Identifier: MIT */
/* Pages of a policy, leaves that are forced one size down, and the reach of a top-level entry. */
#include "mm/mapping.h"

phys_t direct_map_page(struct direct_map *dm, phys_t maps)
{
	return dm->policy->page ? dm->policy->page(dm, maps) : pt_alloc_page(&dm->alloc);
}

bool fragment_hits(const struct fragment *f, phys_t leaf, uint64_t nth)
{
	uint64_t hash = (leaf >> PAGE_SHIFT) + f->seed * 0x9e3779b97f4a7c15ull;

	if (f->every && nth % f->every == 0)
		return true;
	if (!f->permille)
		return false;
	hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdull;
	hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53ull;
	return (hash ^ hash >> 33) % 1000 < f->permille;
}
