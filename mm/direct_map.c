/* SPDX-License-Identifier: MIT */
/* The order in which the direct map's ranges are mapped, whether tables are built or only counted. */
#include "mm/direct_map.h"

#include "mm/count.h"

/* ---- ranges: init_memory_mapping --------------------------------------------------------------------------------- */

/* Once a range is finished, what it really covered (upsized leaves included) is where Linux dares to put tables. */
static enum status map_range(struct direct_map *dm, struct range r)
{
	phys_t end;
	enum status s = dm->count ? count_range(dm, r, &end) : tables_fill_range(dm, r, &end);

	if (s != OK)
		return s;
	dm->ranges++;
	dm->max_mapped = max_u64(dm->max_mapped, end);
	if (!dm->max_follows)
		return OK;
	return pt_alloc_bounds(&dm->alloc, (struct range){ dm->alloc.within.start, dm->max_mapped }, dm->alloc.nid);
}

/*
 * Linux with memory KASLR: a PUD page, and with 5 levels a P4D page, for the low identity map; not part of this tree.
 */
static enum status alloc_trampoline(struct direct_map *dm)
{
	unsigned wanted = !dm->trampoline ? 0 : dm->levels == 5 ? 2 : 1;

	while (dm->trampoline_pages < wanted) {
		if (pt_alloc_page(&dm->alloc) == PHYS_NONE) {
			dm->failed_at = 0;
			return ERR_NO_MEMORY;
		}
		dm->trampoline_pages++;
	}
	return OK;
}

static void reset_results(struct direct_map *dm)
{
	__builtin_memset(dm->pages, 0, sizeof(dm->pages));
	__builtin_memset(dm->leaves, 0, sizeof(dm->leaves));
	dm->max_mapped = dm->trampoline_pages = dm->ranges = dm->big_leaves = dm->forced = 0;
	dm->ram = dm->steps = dm->passes = 0;
	dm->in_pass = false;
	dm->failed_at = PHYS_NONE;
	if (dm->count)
		count_begin(dm);
}

static enum status build(struct direct_map *dm)
{
	enum status s = direct_map_bounds(dm, range_below(MAPPED_SO_FAR));

	if (s == OK)
		s = map_range(dm, range_below(ISA_END));
	if (s == OK)
		s = alloc_trampoline(dm);
	if (s == OK)
		s = dm->policy->map(dm);
	return s;
}

enum status direct_map_build(struct direct_map *dm)
{
	enum status s, flushed;

	KASSERT(dm->levels == 4 || dm->levels == 5);
	KASSERT(dm->page_offset % GIB == 0 && dm->page_sizes != PAGE_1G);
	reset_results(dm);
	dm->alloc.mb->bottom_up = dm->policy->bottom_up;
	s = build(dm);
	flushed = pt_alloc_flush(&dm->alloc);
	return flushed != OK ? flushed : s;
}

enum status direct_map_ram(struct direct_map *dm, struct range r)
{
	uint64_t ranges = dm->ranges;

	for_each_overlap (m, &dm->alloc.mb->memory, r) {
		struct range ram = range_clamp(range_whole_pages(m->r), r);
		enum status s;

		if (range_empty(ram))
			continue;
		if (dm->count)
			count_window(dm, r.start, ram);
		/* init_range_memory_mapping: what is left of the buffer is not handed out while it is being mapped. */
		dm->alloc.buffer_ok = range_empty(range_clamp(ram, dm->alloc.buffer));
		s = map_range(dm, ram);
		dm->alloc.buffer_ok = true;
		if (s != OK)
			return s;
		dm->ram += range_size(ram);
	}
	if (dm->ranges != ranges) {
		dm->steps++;
		dm->passes += !dm->in_pass;
		dm->in_pass = true;
	}
	if (dm->count)
		count_window_done(dm, r);
	return OK;
}

enum status direct_map_bounds(struct direct_map *dm, struct range pages)
{
	pages.start = align_down(pages.start, PAGE_SIZE);
	dm->max_follows = pages.end == MAPPED_SO_FAR;
	if (dm->max_follows)
		pages.end = dm->max_mapped;
	return pt_alloc_bounds(&dm->alloc, pages, NUMA_NO_NODE);
}

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
