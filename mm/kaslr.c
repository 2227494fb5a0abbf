/* SPDX-License-Identifier: MIT */
/*
 * Linux's two choosers of a physical base: which 2M-aligned places can hold the image, in the order in which Linux
 * counts them.
 */
#include "mm/kaslr.h"

/* Rounds a base up to a slot; PHYS_NONE when there is none that high. */
static phys_t next_slot(phys_t p)
{
	return p > align_down(UINT64_MAX, KASLR_ALIGN) ? PHYS_NONE : align_up(p, KASLR_ALIGN);
}

static void store_area(struct kaslr_slots *out, phys_t start, uint64_t slots)
{
	if (out->nr == KASLR_MAX_AREAS) {
		out->truncated = true;
		return;
	}
	out->area[out->nr++] = (struct kaslr_area){ start, slots };
	out->total += slots;
}

/* The lowest of the ranges to avoid that overlaps r (mem_avoid_overlap); the empty range at r's end when none does. */
static struct range first_obstacle(const struct kaslr_request *q, struct range r)
{
	struct range first = { r.end, r.end };

	for_each (a, q->avoid, q->nr_avoid) {
		if (!range_empty(*a) && range_overlaps(*a, r) && a->start < first.start)
			first = *a;
	}
	return first;
}

/* Slots of one candidate, between the ranges to avoid (__process_mem_region). */
static void scan_region(const struct kaslr_request *q, struct range r, struct kaslr_slots *out)
{
	r.start = max_u64(r.start, q->min);
	r.end = min_u64(r.end, q->limit);
	while (!out->truncated) {
		struct range obstacle;
		uint64_t room;

		r.start = next_slot(r.start);
		if (range_size(r) < q->image_size)
			return;
		obstacle = first_obstacle(q, r);
		room = range_size((struct range){ r.start, obstacle.start });
		if (room >= q->image_size)
			store_area(out, r.start, 1 + (room - q->image_size) / KASLR_ALIGN);
		if (range_empty(obstacle))
			return;
		r.start = obstacle.end;
	}
}

void kaslr_find_slots(const struct kaslr_request *q, struct kaslr_slots *out)
{
	out->nr = out->total = 0;
	out->truncated = false;
	for_each (ram, q->ram, q->nr_ram) {
		if (q->nr_immovable == 0 && !range_empty(*ram))
			scan_region(q, *ram, out);
		for_each (node, q->immovable, q->nr_immovable) {
			struct range r = range_clamp(*ram, *node);

			if (!range_empty(r))
				scan_region(q, r, out);
		}
	}
}

phys_t kaslr_slot_base(const struct kaslr_slots *s, uint64_t index)
{
	for_each (area, s->area, s->nr) {
		if (index < area->slots)
			return area->start + index * KASLR_ALIGN;
		index -= area->slots;
	}
	return PHYS_NONE;
}

uint64_t kaslr_virt_slots(uint64_t image_size)
{
	uint64_t window = KASLR_VIRT_WINDOW - KASLR_PREFERRED;

	return image_size > window ? 0 : 1 + (window - image_size) / KASLR_ALIGN;
}
