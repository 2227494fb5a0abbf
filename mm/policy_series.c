/* SPDX-License-Identifier: MIT */
/*
 * D to the letter, "series": SRAT first, then one pass over [1M, end) with pages searched top-down in the same
 * window, mapped yet or not. No steps: a page outside the map is reached all the same, in Linux by the early
 * page-fault handler.
 *
 * "[PATCHv2 0/7] x86_64/mm: remove bottom-up allocation style ...", Pingfan Liu, 11 Jan 2019, patches 5/7 and 6/7;
 * not merged. As posted, 6/7 gives byte addresses where page numbers are taken, which moves the window to 4G; here it
 * is the one that was meant.
 */
#include "mm/policy.h"

static enum status map(struct direct_map *dm)
{
	struct range all = { ISA_END, dm->end };

	return policy_map_pass(dm, all, all);
}

const struct pt_policy policy_series = {
	.name = "series",
	.says = "SRAT first, one pass, top-down: the 2019 patches",
	.srat_first = true,
	.map = map,
};
