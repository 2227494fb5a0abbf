/* SPDX-License-Identifier: MIT */
/*
 * G, "node-local": tables on the node of the memory they map, hot-pluggable or not, so that they leave together with
 * it. SRAT first; memory is mapped region by region, upwards, and pages are searched top-down on the region's node.
 * When a node has none left, any node will do, and then hot-plug marks count again. The buffer in the image serves
 * the image's own node only.
 *
 * 1411e0ec3123 ("x86-64, numa: Put pgtable to local node memory", Yinghai Lu, Dec 2010, later reverted), and again as
 * the last patch of "x86, ACPI, numa: Parse numa info earlier" (Tang Chen and Yinghai Lu, v5, Jun 2013; not merged).
 */
#include "mm/policy.h"

static enum status use_node(struct direct_map *dm, int nid)
{
	return pt_alloc_bounds(&dm->alloc, (struct range){ ISA_END, dm->end }, nid);
}

static phys_t page(struct direct_map *dm, phys_t maps)
{
	struct pt_alloc *a = &dm->alloc;
	bool honour = a->mb->movable_node;
	phys_t got;

	(void)maps;
	a->mb->movable_node = honour && a->nid == NUMA_NO_NODE;
	got = pt_alloc_page(a);
	a->mb->movable_node = honour;
	if (got != PHYS_NONE || a->nid == NUMA_NO_NODE)
		return got;
	return use_node(dm, NUMA_NO_NODE) == OK ? pt_alloc_page(a) : PHYS_NONE;
}

/* One region of memory, all on one node. */
static enum status map_region(struct direct_map *dm, const struct region *r, int home)
{
	struct range above = range_clamp(r->r, (struct range){ ISA_END, dm->end });
	struct range buffer = dm->alloc.buffer;
	enum status s;

	if (range_empty(above))
		return OK;
	if (r->nid != home)
		dm->alloc.buffer = NO_RANGE;
	s = use_node(dm, r->nid);
	if (s == OK)
		s = direct_map_ram(dm, above);
	if (r->nid != home)
		dm->alloc.buffer = buffer;
	return s;
}

static enum status map(struct direct_map *dm)
{
	const struct memblock_list *memory = &dm->alloc.mb->memory;
	const struct region *buffer = memblock_overlap(memory, dm->alloc.buffer);
	int home = buffer ? buffer->nid : NUMA_NO_NODE;
	enum status s = direct_map_bounds(dm, (struct range){ ISA_END, dm->end });

	for (size_t i = 0; s == OK && i < memory->nr; i++)
		s = map_region(dm, &memory->r[i], home);
	return s;
}

const struct pt_policy policy_node_local = {
	.name = "node-local",
	.says = "tables on the node they map",
	.order = ORDER_LOCAL,
	.srat_first = true,
	.map = map,
	.page = page,
};
