/* SPDX-License-Identifier: MIT */
/*
 * E, "hybrid": bottom-up above the kernel's end; when nothing is left there, top-down below it. SRAT unknown. Memory
 * above the kernel is mapped first, as in Linux; pages need not be mapped yet.
 *
 * Baoquan He proposed "just below the kernel" and Mike Rapoport sketched this order (linux-mm, 4-5 Jan 2019). It was
 * never tried, but it is close to what memblock's clamp did from 3.13 to 5.10.
 */
#include "mm/policy.h"

static phys_t page(struct direct_map *dm, phys_t maps)
{
	struct pt_alloc *a = &dm->alloc;
	phys_t got = pt_alloc_page(a);

	(void)maps;
	if (got != PHYS_NONE || !a->mb->bottom_up)
		return got;
	a->mb->bottom_up = false;
	return direct_map_bounds(dm, (struct range){ ISA_END, dm->kernel_end }) == OK ? pt_alloc_page(a) : PHYS_NONE;
}

static enum status map(struct direct_map *dm)
{
	const struct range above = { dm->kernel_end, dm->end };
	enum status s = policy_map_pass(dm, above, above);

	dm->in_pass = false;
	return s == OK ? direct_map_ram(dm, (struct range){ ISA_END, dm->kernel_end }) : s;
}

const struct pt_policy policy_hybrid = {
	.name = "hybrid",
	.says = "bottom-up above the kernel, else top-down below it",
	.order = ORDER_ABOVE,
	.bottom_up = true,
	.map = map,
	.page = page,
};
