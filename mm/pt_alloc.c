/* SPDX-License-Identifier: MIT */
/* Hands out page-table pages: the buffer in the image first, then free runs of memblock, reserved lazily. */
#include "mm/pt_alloc.h"

/* Where there may be a page: the bounds, without what the searches before have passed. */
static struct range room_for_search(const struct pt_alloc *a)
{
	struct range within = a->within;

	if (a->passed == PHYS_NONE || a->up != a->mb->bottom_up || a->honours != a->mb->movable_node)
		return within;
	if (a->up)
		within.start = max_u64(within.start, a->passed);
	else
		within.end = min_u64(within.end, a->passed);
	return within;
}

/*
 * Looks for the page that Linux would find now, and keeps the free range around it. As long as bounds, node and
 * direction stay and nobody else touches memblock, the next page of that range is what a fresh search would find:
 * what was passed over on the way here stays too small or taken, and every page taken lies at the edge of the range.
 */
static bool find_run(struct pt_alloc *a)
{
	struct range room = NO_RANGE;
	phys_t page;

	if (pt_alloc_flush(a) != OK || range_empty(a->within))
		return false;
	page = memblock_find(a->mb, &(struct memblock_wish){ room_for_search(a), PAGE_SIZE, PAGE_SIZE, a->nid }, &room);
	if (page == PHYS_NONE)
		return false;
	a->up = a->mb->bottom_up;
	a->honours = a->mb->movable_node;
	a->passed = a->up ? page : page + PAGE_SIZE;
	if (a->up)
		a->run = (struct range){ page, align_down(room.end, PAGE_SIZE) };
	else
		a->run = (struct range){ align_up(room.start, PAGE_SIZE), page + PAGE_SIZE };
	a->taken.start = a->taken.end = a->up ? a->run.start : a->run.end;
	return true;
}

static bool run_goes_on(const struct pt_alloc *a)
{
	return !range_empty(a->run) && a->up == a->mb->bottom_up;
}

static bool buffer_has_page(const struct pt_alloc *a)
{
	return a->buffer_ok && range_size(a->buffer) >= PAGE_SIZE;
}

/* Hands out pages that are there: of the buffer, or of the run in its direction. */
static inline struct range take(struct pt_alloc *a, bool from_buffer, uint64_t pages)
{
	struct range got = from_buffer ? a->buffer : a->run;

	if (from_buffer) {
		a->buffer.start = got.end = got.start + pages * PAGE_SIZE;
		a->from_buffer += pages;
		return got;
	}
	if (a->up)
		a->run.start = a->taken.end = got.end = got.start + pages * PAGE_SIZE;
	else
		a->run.end = a->taken.start = got.start = got.end - pages * PAGE_SIZE;
	a->from_memblock += pages;
	return got;
}

static void tell_all(struct pt_alloc *a, struct range pages, bool up, bool from_buffer)
{
	if (!a->tell)
		return;
	while (!range_empty(pages)) {
		phys_t page = up ? pages.start : pages.end - PAGE_SIZE;

		a->tell(a->tell_ctx, page, from_buffer);
		if (up)
			pages.start += PAGE_SIZE;
		else
			pages.end = page;
	}
}

void pt_alloc_init(struct pt_alloc *a, struct memblock *mb, struct range buffer)
{
	*a = (struct pt_alloc){
		.mb = mb, .buffer = buffer, .buffer_ok = true, .nid = NUMA_NO_NODE, .passed = PHYS_NONE
	};
}

enum status pt_alloc_bounds(struct pt_alloc *a, struct range within, int nid)
{
	bool start_stays = a->within.start == within.start, end_stays = a->within.end == within.end;

	if (start_stays && end_stays && a->nid == nid)
		return OK;
	/* Only the bound that the searches have left behind must stay. */
	if (a->nid != nid || !(a->up ? start_stays : end_stays))
		a->passed = PHYS_NONE;
	a->within = within;
	a->nid = nid;
	return pt_alloc_flush(a);
}

phys_t pt_alloc_page(struct pt_alloc *a)
{
	bool from_buffer = buffer_has_page(a);
	phys_t page;

	if (!from_buffer && !run_goes_on(a) && !find_run(a))
		return PHYS_NONE;
	page = take(a, from_buffer, 1).start;
	if (a->tell)
		a->tell(a->tell_ctx, page, from_buffer);
	return page;
}

struct range pt_alloc_more(struct pt_alloc *a, uint64_t n)
{
	bool from_buffer = buffer_has_page(a);
	struct range got = NO_RANGE;

	if (from_buffer || run_goes_on(a))
		got = take(a, from_buffer, min_u64(n, range_size(from_buffer ? a->buffer : a->run) / PAGE_SIZE));
	tell_all(a, got, from_buffer || a->up, from_buffer);
	return got;
}

enum status pt_alloc_flush(struct pt_alloc *a)
{
	enum status s = memblock_reserve(a->mb, a->taken);

	a->run = NO_RANGE;
	if (s == OK)
		a->taken = NO_RANGE;
	return s;
}
