/* SPDX-License-Identifier: MIT */
/* From the memory map to memblock. */
#include "kernel/steps.h"

#include "kernel/report/report.h"

bool memory_fill(struct log *l, const struct e820 *map, phys_t end, struct memblock *mb)
{
	memblock_init(mb);
	for_each (e, map->e, map->nr) {
		struct range ram = { e->r.start, min_u64(e->r.end, end) };

		if (e->type == E820_RAM && memblock_add(mb, ram) != OK)
			return report_error(l, "memory has more than %d regions", MEMBLOCK_MAX);
	}
	memblock_trim(mb);
	return true;
}

static bool reserve(struct log *l, struct range what, const char *name, struct memblock *mb)
{
	if (memblock_reserve(mb, what) != OK)
		return report_error(l, "more than %d reserved ranges", MEMBLOCK_MAX);
	if (name)
		report_reserved(l, what, name);
	return true;
}

bool memory_start(struct log *l, const struct handover *h, enum memory_start how, struct memblock *mb)
{
	const struct bootinfo *bi = &h->bi;
	bool image = how == MEMORY_WITH_IMAGE;

	if (!memory_fill(l, &h->map, h->end_of_ram, mb) ||
	    !reserve(l, range_below(1 * MIB), image ? "low memory" : NULL, mb))
		return false;
	if (image && !reserve(l, (struct range){ bi->image.start, bi->buffer.end }, "image", mb))
		return false;
	if (image && h->opt.image_given &&
	    !reserve(l, (struct range){ h->choice.base, h->choice.end }, "pretended image", mb))
		return false;
	for_each (k, bi->keep, bi->nr_keep) {
		if (!reserve(l, k->r, image ? keep_name(k->why) : NULL, mb))
			return false;
	}
	return true;
}
