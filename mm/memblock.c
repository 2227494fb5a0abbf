/* SPDX-License-Identifier: MIT */
/* Memory and reserved regions as two sorted arrays, and the search for a free block between them. */
#include "mm/memblock.h"

/* One memblock_find. */
struct search {
	const struct memblock *mb;
	const struct memblock_wish *wish;
	struct range *room;
};

/* Index of the first region that ends above p: the one that holds p, or the next one. */
static size_t list_find(const struct memblock_list *list, phys_t p)
{
	size_t lo = 0, hi = list->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (list->r[mid].end > p)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Number of regions that begin below p. */
static size_t list_count_below(const struct memblock_list *list, phys_t p)
{
	size_t i = list_find(list, p);

	return i < list->nr && list->r[i].start < p ? i + 1 : i;
}

static void list_drop(struct memblock_list *list, size_t from, size_t to)
{
	__builtin_memmove(&list->r[from], &list->r[to], (list->nr - to) * sizeof(list->r[0]));
	list->nr -= to - from;
}

static enum status list_insert(struct memblock_list *list, size_t at, struct memblock_region region)
{
	if (list->nr == MEMBLOCK_MAX)
		return ERR_FULL;
	__builtin_memmove(&list->r[at + 1], &list->r[at], (list->nr - at) * sizeof(list->r[0]));
	list->r[at] = region;
	list->nr++;
	return OK;
}

static bool region_joins(const struct memblock_region *a, const struct memblock_region *b)
{
	return a->end == b->start && a->nid == b->nid && a->flags == b->flags;
}

/* Joins what touches and does not differ among the regions [from, to) and their neighbours (memblock_merge_regions). */
static void list_merge(struct memblock_list *list, size_t from, size_t to)
{
	size_t out = from ? from - 1 : 0, end = to < list->nr ? to + 1 : list->nr;

	if (out == end)
		return;
	for (size_t i = out + 1; i < end; i++) {
		if (region_joins(&list->r[out], &list->r[i]))
			list->r[out].end = list->r[i].end;
		else
			list->r[++out] = list->r[i];
	}
	if (out + 1 < end)
		list_drop(list, out + 1, end);
}

/*
 * Puts a range that overlaps nothing before region `at`. It grows a neighbour where it may, so that a full list still
 * takes what joins, and page after page costs no pass over the list.
 */
static enum status list_fill_gap(struct memblock_list *list, size_t at, struct range gap)
{
	struct memblock_region new = { gap.start, gap.end, NUMA_NO_NODE, MEMBLOCK_NONE };
	bool left = at > 0 && region_joins(&list->r[at - 1], &new);
	bool right = at < list->nr && region_joins(&new, &list->r[at]);

	if (left && right) {
		list->r[at - 1].end = list->r[at].end;
		list_drop(list, at, at + 1);
	} else if (left) {
		list->r[at - 1].end = gap.end;
	} else if (right) {
		list->r[at].start = gap.start;
	} else {
		return list_insert(list, at, new);
	}
	return OK;
}

/* Adds the parts of r that no region covers yet (memblock_add_range). */
static enum status list_add(struct memblock_list *list, struct range r)
{
	while (!range_empty(r)) {
		size_t i = list_find(list, r.start);
		struct range gap = r;
		phys_t next = r.end;

		if (i < list->nr && list->r[i].start < r.end) {
			gap.end = list->r[i].start;
			next = list->r[i].end;
		}
		if (!range_empty(gap)) {
			enum status s = list_fill_gap(list, i, gap);

			if (s != OK)
				return s;
		}
		r.start = next;
	}
	return OK;
}

/* Takes r out of the list, whatever node and flags (memblock_remove_range). */
static APART enum status list_remove(struct memblock_list *list, struct range r)
{
	size_t from = list_find(list, r.start), to;

	if (range_empty(r))
		return OK;
	if (from < list->nr && list->r[from].start < r.start) {
		struct memblock_region tail = list->r[from];

		if (tail.end > r.end) {
			tail.start = r.end;
			if (list_insert(list, from + 1, tail) != OK)
				return ERR_FULL;
		}
		list->r[from++].end = r.start;
	}
	for (to = from; to < list->nr && list->r[to].end <= r.end;)
		to++;
	list_drop(list, from, to);
	if (from < list->nr && list->r[from].start < r.end)
		list->r[from].start = r.end;
	return OK;
}

/* Splits the region that p lies inside of, so that a region begins at p. */
static enum status list_split(struct memblock_list *list, phys_t p)
{
	size_t i = list_find(list, p);
	struct memblock_region tail;

	if (i == list->nr || list->r[i].start >= p)
		return OK;
	tail = list->r[i];
	tail.start = p;
	if (list_insert(list, i + 1, tail) != OK)
		return ERR_FULL;
	list->r[i].end = p;
	return OK;
}

/* Makes the regions inside r whole ones: [*from, *to) (memblock_isolate_range). */
static enum status list_isolate(struct memblock_list *list, struct range r, size_t *from, size_t *to)
{
	*from = *to = 0;
	if (range_empty(r))
		return OK;
	if (list_split(list, r.start) != OK || list_split(list, r.end) != OK) {
		list_merge(list, 0, list->nr);
		return ERR_FULL;
	}
	*from = list_find(list, r.start);
	*to = list_count_below(list, r.end);
	return OK;
}

/* Memory that this search must not see (should_skip_region). */
static bool search_skips(const struct search *s, const struct memblock_region *m)
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
		if (at >= gap.end || gap.end - at < s->wish->size)
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
	size_t i = list_find(taken, m.start);

	while (!range_empty(m)) {
		bool more = i < taken->nr && taken->r[i].start < m.end;
		struct range gap = { m.start, more ? taken->r[i].start : m.end };
		phys_t at = search_fit(s, gap);

		if (at != PHYS_NONE || !more)
			return at;
		m.start = taken->r[i++].end;
	}
	return PHYS_NONE;
}

/* Free ranges of one memory region, downwards. */
static phys_t search_down(const struct search *s, struct range m)
{
	const struct memblock_list *taken = &s->mb->reserved;
	size_t i = list_count_below(taken, m.end);

	while (!range_empty(m)) {
		bool more = i > 0 && taken->r[i - 1].end > m.start;
		struct range gap = { more ? taken->r[i - 1].end : m.start, m.end };
		phys_t at = search_fit(s, gap);

		if (at != PHYS_NONE || !more)
			return at;
		m.end = taken->r[--i].start;
	}
	return PHYS_NONE;
}

void memblock_init(struct memblock *mb)
{
	mb->memory.nr = 0;
	mb->reserved.nr = 0;
	mb->bottom_up = false;
	mb->movable_node = false;
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
	return list_remove(&mb->reserved, r);
}

enum status memblock_mark(struct memblock *mb, struct range r, unsigned flags, bool set)
{
	struct memblock_list *list = &mb->memory;
	size_t from, to;

	if (list_isolate(list, r, &from, &to) != OK)
		return ERR_FULL;
	for (size_t i = from; i < to; i++)
		list->r[i].flags = set ? list->r[i].flags | flags : list->r[i].flags & ~flags;
	list_merge(list, from, to);
	return OK;
}

enum status memblock_set_node(struct memblock_list *list, struct range r, int nid)
{
	size_t from, to;

	if (list_isolate(list, r, &from, &to) != OK)
		return ERR_FULL;
	for (size_t i = from; i < to; i++)
		list->r[i].nid = nid;
	list_merge(list, from, to);
	return OK;
}

void memblock_trim(struct memblock *mb, uint64_t align)
{
	struct memblock_list *list = &mb->memory;
	size_t out = 0;

	for (size_t i = 0; i < list->nr; i++) {
		struct memblock_region m = list->r[i];
		phys_t last_start = align_down(UINT64_MAX, align);

		m.start = m.start > last_start ? PHYS_NONE : align_up(m.start, align);
		m.end = align_down(m.end, align);
		if (m.start < m.end)
			list->r[out++] = m;
	}
	list->nr = out;
}

phys_t memblock_find(const struct memblock *mb, const struct memblock_wish *wish, struct range *room)
{
	const struct search s = { mb, wish, room };
	const struct memblock_list *memory = &mb->memory;
	struct range within = { max_u64(wish->within.start, PAGE_SIZE), wish->within.end };
	size_t from = list_find(memory, within.start), to = list_count_below(memory, within.end);

	KASSERT(wish->size && wish->align && (wish->align & (wish->align - 1)) == 0);
	while (from < to) {
		const struct memblock_region *m = &memory->r[mb->bottom_up ? from++ : --to];
		struct range r = range_clamp((struct range){ m->start, m->end }, within);
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
	size_t i = list_find(&mb->memory, r.start);

	return i < mb->memory.nr && mb->memory.r[i].start <= r.start && r.end <= mb->memory.r[i].end;
}

bool memblock_overlaps(const struct memblock_list *list, struct range r, struct memblock_region *hit)
{
	size_t i = list_find(list, r.start);

	if (range_empty(r) || i == list->nr || list->r[i].start >= r.end)
		return false;
	if (hit)
		*hit = list->r[i];
	return true;
}

size_t memblock_first(const struct memblock_list *list, phys_t p)
{
	return list_find(list, p);
}

uint64_t memblock_memory_in(const struct memblock *mb, struct range r)
{
	const struct memblock_list *list = &mb->memory;
	uint64_t sum = 0;

	for (size_t i = list_find(list, r.start); i < list->nr && list->r[i].start < r.end; i++)
		sum += range_size(range_clamp((struct range){ list->r[i].start, list->r[i].end }, r));
	return sum;
}
