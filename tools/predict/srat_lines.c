/* SPDX-License-Identifier: MIT */
/* Turns the SRAT lines of a boot log back into a table (ACPI 6.5, 5.2.16), so that one and the same code reads both. */
#include <stdlib.h>

#include "tools/predict/facts.h"
#include "tools/table_writer.h"

static bool is_named(const struct facts *f, uint32_t pxm)
{
	for (int n = 0; n <= f->max_node; n++)
		if (f->node_pxm[n] == (int64_t)pxm)
			return true;
	return false;
}

/* The highest PXM below that one which no line names, for a node that is only known to be there. */
static uint32_t unused_pxm(const struct facts *f, uint32_t below)
{
	do
		below--;
	while (is_named(f, below));
	return below;
}

static uint32_t memory_flags(const struct srat_mem *m)
{
	return SRAT_FLAG_ENABLED | (m->hotplug ? SRAT_FLAG_HOTPLUG : 0) | (m->nonvolatile ? SRAT_FLAG_NONVOLATILE : 0);
}

/* An initiator gives its PXM the next node number: in node order they give that kernel's numbers. */
static void put_nodes(struct table_writer *w, const struct facts *f)
{
	uint32_t pxm = MAX_NUMNODES;

	for (int n = 0; n <= f->max_node; n++)
		srat_put_generic(w, SRAT_TYPE_INITIATOR,
				 f->node_pxm[n] >= 0 ? (uint32_t)f->node_pxm[n] : (pxm = unused_pxm(f, pxm)),
				 SRAT_FLAG_ENABLED);
}

bool facts_make_srat(struct facts *f)
{
	const struct srat *s = &f->srat_told;
	size_t room = sizeof(struct srat_layout) + (size_t)(f->max_node + 1) * sizeof(struct srat_generic_entry) +
		      s->nr_initiator * sizeof(struct srat_x2apic_entry) + s->nr_mem * sizeof(struct srat_memory_entry);
	uint8_t *bytes = malloc(room);
	struct table_writer w;

	if (!bytes)
		return false;
	w = table_start(bytes, (uint32_t)room, "SRAT", 3); /* PXMs of 32 bits */
	srat_put_head(&w);
	put_nodes(&w, f);
	for_each (c, s->initiator, s->nr_initiator)
		srat_put_x2apic(&w, c->pxm, c->apic_id, SRAT_FLAG_ENABLED);
	for_each (m, s->mem, s->nr_mem)
		srat_put_memory(&w, m->pxm, m->r, memory_flags(m));
	f->srat_bytes = bytes;
	f->srat_len = table_finish(&w);
	return true;
}
