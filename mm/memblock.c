/* SPDX-License-Identifier: MIT */
/* Memory and reserved regions as two sorted arrays, and the search for a free block between them. */
#include "mm/memblock.h"

#define NODE_STAYS (NUMA_NO_NODE - 1)

/* One memblock_find. */
struct search {
	const struct memblock *mb;
	const struct memblock_wish *wish;
	struct range *room;
};

static struct regions list_of(struct memblock_list *list)
{
	return (struct regions){ list->r, &list->nr, MEMBLOCK_MAX };
}

/* Adds the parts of r that no region covers yet (memblock_add_range). */
static enum status list_add(struct memblock_list *list, struct range r)
{
	struct regions l = list_of(list);

	return regions_add(&l, (struct region){ r, NUMA_NO_NODE, { MEMBLOCK_NONE } });
}

/* What becomes of a region: these of its flags are kept, these are set, and its node. */
struct change {
	unsigned kept, set;
	int nid; /* NODE_STAYS: the one it has */
};

/* Cuts memory at the edges of r and changes what is inside. Linux wants room for two regions more, needed or not. */
static APART enum status change_memory(struct memblock *mb, struct range r, const struct change *c)
{
	struct memblock_list *list = &mb->memory;
	struct regions l = list_of(list);
	size_t from, to;

	if (mb->room && list->nr + 2 > mb->room) {
		mb->full = true;
		return OK;
	}
	if (regions_isolate(&l, r, &from, &to) != OK)
		return ERR_FULL;
	for (size_t i = from; i < to; i++) {
		list->r[i].flags = (list->r[i].flags & c->kept) | c->set;
		if (c->nid != NODE_STAYS)
			list->r[i].nid = c->nid;
	}
	regions_join(&l, from, to);
	return OK;
}

/* Memory that this search must not see (should_skip_region). */
static bool search_skips(const struct search *s, const struct region *m)
{
	if (s->wish->nid != NUMA_NO_NODE && m->nid != s->wish->nid)
		return true;
	if (s->mb->movable_node && (m->flags & MEMBLOCK_HOTPLUG))
		return true;
	return m->flags & (MEMBLOCK_NOMAP | MEMBLOCK_DRIVER_MANAGED);
}

/* The block at the wanted end of a free range, if it fits. */
static phys_t search_fit(const struct search *s, struct range gap)
{
	phys_t at;

	if (range_size(gap) < s->wish->size)
		return PHYS_NONE;
	if (s->mb->bottom_up) {
		if (gap.start > UINT64_MAX - (s->wish->align - 1))
			return PHYS_NONE;
		at = align_up(gap.start, s->wish->align);
		if (at > gap.end - s->wish->size)
			return PHYS_NONE;
	} else {
		at = align_down(gap.end - s->wish->size, s->wish->align);
		if (at < gap.start)
			return PHYS_NONE;
	}
	if (s->room)
		*s->room = gap;
	return at;
}

/* Free ranges of one memory region, upwards. */
static APART phys_t search_up(const struct search *s, struct range m)
{
	const struct memblock_list *taken = &s->mb->reserved;
	size_t i = memblock_first(taken, m.start);

	while (!range_empty(m)) {
		bool more = i < taken->nr && taken->r[i].r.start < m.end;
		struct range gap = { m.start, more ? taken->r[i].r.start : m.end };
		phys_t at = search_fit(s, gap);

		if (at != PHYS_NONE || !more)
			return at;
		m.start = taken->r[i++].r.end;
	}
	return PHYS_NONE;
}

/* Free ranges of one memory region, downwards. */
static phys_t search_down(const struct search *s, struct range m)
{
	const struct memblock_list *taken = &s->mb->reserved;
	size_t i = regions_below(taken->r, taken->nr, m.end);

	while (!range_empty(m)) {
		bool more = i > 0 && taken->r[i - 1].r.end > m.start;
		struct range gap = { more ? taken->r[i - 1].r.end : m.start, m.end };
		phys_t at = search_fit(s, gap);

		if (at != PHYS_NONE || !more)
			return at;
		m.end = taken->r[--i].r.start;
	}
	return PHYS_NONE;
}

void memblock_init(struct memblock *mb)
{
	mb->memory.nr = mb->reserved.nr = mb->room = 0;
	mb->bottom_up = mb->movable_node = mb->full = mb->lost = false;
}

enum status memblock_add(struct memblock *mb, struct range r)
{
	return list_add(&mb->memory, r);
}

enum status memblock_reserve(struct memblock *mb, struct range r)
{
	return list_add(&mb->reserved, r);
}

enum status memblock_free(struct memblock *mb, struct range r)
{
	struct memblock_list *list = &mb->reserved;
	struct regions l = list_of(list);
	size_t from = memblock_first(list, r.start), to;

	if (range_empty(r))
		return OK;
	if (from < list->nr && list->r[from].r.start < r.start) {
		struct region tail = list->r[from];

		if (tail.r.end > r.end) {
			tail.r.start = r.end;
			if (regions_insert(&l, from + 1, &tail) != OK)
				return ERR_FULL;
		}
		list->r[from++].r.end = r.start;
	}
	for (to = from; to < list->nr && list->r[to].r.end <= r.end;)
		to++;
	regions_drop(&l, from, to);
	if (from < list->nr && list->r[from].r.start < r.end)
		list->r[from].r.start = r.end;
	return OK;
}

enum status memblock_mark(struct memblock *mb, struct range r, unsigned flags, bool set)
{
	return change_memory(mb, r, &(struct change){ ~flags, set ? flags : 0, NODE_STAYS });
}

enum status memblock_set_node(struct memblock *mb, struct range r, int nid)
{
	return change_memory(mb, r, &(struct change){ ~0u, 0, nid });
}

void memblock_trim(struct memblock *mb)
{
	struct memblock_list *list = &mb->memory;
	size_t out = 0;

	for_each (old, list->r, list->nr) {
		struct region m = *old;

		m.r.start = min_u64(m.r.start, align_down(UINT64_MAX, PAGE_SIZE));
		m.r = range_whole_pages(m.r);
		if (!range_empty(m.r))
			list->r[out++] = m;
	}
	list->nr = out;
}

phys_t memblock_find(const struct memblock *mb, const struct memblock_wish *wish, struct range *room)
{
	const struct search s = { mb, wish, room };
	const struct memblock_list *memory = &mb->memory;
	struct range within = { max_u64(wish->within.start, PAGE_SIZE), wish->within.end };
	size_t from = memblock_first(memory, within.start), to = regions_below(memory->r, memory->nr, within.end);

	KASSERT(wish->size && wish->align && (wish->align & (wish->align - 1)) == 0);
	while (from < to) {
		const struct region *m = &memory->r[mb->bottom_up ? from++ : --to];
		struct range r = range_clamp(m->r, within);
		phys_t at;

		if (search_skips(&s, m))
			continue;
		at = mb->bottom_up ? search_up(&s, r) : search_down(&s, r);
		if (at != PHYS_NONE)
			return at;
	}
	return PHYS_NONE;
}

bool memblock_is_memory(const struct memblock *mb, struct range r)
{
	size_t i = memblock_first(&mb->memory, r.start);

	return i < mb->memory.nr && range_holds(mb->memory.r[i].r, r);
}

static const struct region *begins_in(const struct memblock_list *list, struct range r, const struct region *m)
{
	return m == list->r + list->nr || m->r.start >= r.end ? NULL : m;
}

const struct region *memblock_overlap(const struct memblock_list *list, struct range r)
{
	return range_empty(r) ? NULL : begins_in(list, r, &list->r[memblock_first(list, r.start)]);
}

const struct region *memblock_overlap_next(const struct memblock_list *list, struct range r, const struct region *m)
{
	return begins_in(list, r, m + 1);
}

size_t memblock_first(const struct memblock_list *list, phys_t p)
{
	return regions_first(list->r, list->nr, p);
}

uint64_t memblock_memory_in(const struct memblock *mb, struct range r)
{
	uint64_t sum = 0;

	for_each_overlap (m, &mb->memory, r)
		sum += range_size(range_clamp(m->r, r));
	return sum;
}
