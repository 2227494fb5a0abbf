/* SPDX-License-Identifier: MIT */
/* Counts the page-table pages of a range by arithmetic, and hands them out in runs. */
#include "mm/count.h"

#define MAX_SPANS 10

/* Slots next to each other, by virtual address, each of which takes one page for a table of that level. */
struct span {
	enum pt_level table;
	uint64_t first, nr;
	bool leaves;     /* large leaves: only those that are forced one size down take a page */
	uint64_t before; /* leaves: large ones wanted before the first of these */
};

/* All that one range takes: as many pages, depth first. */
struct layout {
	struct direct_map *dm;
	struct range r;
	struct span span[MAX_SPANS];
	unsigned nr;
	uint64_t pages;
};

/* The first or the last slot that a range touches. */
struct edge {
	uint64_t slot;
	struct range at; /* physical */
	bool whole;      /* one region of memory holds all of it: a large leaf, where that size is allowed */
	bool before;     /* touched before: nothing is added */
};

/* ---- slots ---- */

static unsigned slot_shift(enum pt_level table)
{
	return pt_shift(table + 1);
}

static uint64_t slot_of(const struct direct_map *dm, enum pt_level table, phys_t p)
{
	return (dm->page_offset + p) >> slot_shift(table);
}

/* The first slot may begin below physical 0. */
static struct range slot_range(const struct direct_map *dm, enum pt_level table, uint64_t slot)
{
	uint64_t start = slot << slot_shift(table), end = start + (1ull << slot_shift(table));

	return (struct range){ start - min_u64(start, dm->page_offset), end - dm->page_offset };
}

/* Memory is whole pages: memblock_trim. */
static bool holds_memory(const struct direct_map *dm, struct range r)
{
	return memblock_overlap(&dm->alloc.mb->memory, r);
}

static APART bool touched_before(const struct direct_map *dm, struct range slot)
{
	const struct count *c = dm->count;

	if (dm->ranges == 0)
		return false;
	/* [0, 1M) comes first, holes and all */
	if (slot.start < ISA_END || holds_memory(dm, range_clamp(slot, c->window)))
		return true;
	for_each (d, c->done, c->nr_done) {
		if (holds_memory(dm, range_clamp(slot, *d)))
			return true;
	}
	return false;
}

/* The slot around page `at` of range r; whole: r covers it, so r's own region holds it: [0, 1M) covers none. */
static struct edge touch_edge(const struct layout *l, enum pt_level table, phys_t at)
{
	struct edge e = { .slot = slot_of(l->dm, table, at) };

	e.at = slot_range(l->dm, table, e.slot);
	e.whole = range_holds(l->r, e.at);
	e.before = !e.whole && touched_before(l->dm, e.at);
	return e;
}

/* The same where large leaves are allowed: another range may hold what is beside r. */
static struct edge look_at_edge(const struct layout *l, enum pt_level table, phys_t at)
{
	struct edge e = touch_edge(l, table, at);

	e.whole = e.whole || memblock_is_memory(l->dm->alloc.mb, e.at);
	return e;
}

/* ---- what a range takes ---- */

/* Large leaves among the first n of a span that are forced one size down. */
static uint64_t forced_in(const struct layout *l, const struct span *s, uint64_t n)
{
	const struct fragment *f = &l->dm->fragment;
	uint64_t nr = 0;

	if (!f->permille)
		return f->every ? (s->before + n) / f->every - s->before / f->every : 0;
	for (uint64_t i = 0; i < n; i++)
		nr += fragment_hits(f, slot_range(l->dm, s->table, s->first + i).start, s->before + i + 1);
	return nr;
}

static void add_tables(struct layout *l, enum pt_level table, uint64_t first, uint64_t end)
{
	if (first >= end)
		return;
	KASSERT(l->nr < MAX_SPANS);
	l->span[l->nr++] = (struct span){ .table = table, .first = first, .nr = end - first };
	l->dm->pages[table] += end - first;
	l->pages += end - first;
}

/* Large leaves, in ascending order from call to call: forced ones take a table for leaves of the next size. */
static void add_leaves(struct layout *l, enum pt_level table, uint64_t first, uint64_t end)
{
	struct direct_map *dm = l->dm;
	struct span s = { .table = table, .first = first, .leaves = true, .before = dm->big_leaves };
	uint64_t forced;

	if (first >= end)
		return;
	s.nr = end - first;
	forced = forced_in(l, &s, s.nr);
	dm->leaves[table + 1] += s.nr - forced;
	dm->leaves[table] += forced * PT_ENTRIES;
	if (!dm->fragment.every && !dm->fragment.permille)
		return;
	KASSERT(l->nr < MAX_SPANS);
	dm->big_leaves += s.nr;
	dm->forced += forced;
	dm->pages[table] += forced;
	l->pages += forced;
	l->span[l->nr++] = s;
}

/* Tables for every slot touched: where no leaf is that large. */
static void count_all(struct layout *l, enum pt_level table)
{
	struct edge a = touch_edge(l, table, l->r.start), b = touch_edge(l, table, l->r.end - PAGE_SIZE);

	add_tables(l, table, a.slot + a.before, b.slot + 1 - (b.before && b.slot != a.slot));
}

/* Tables for the slots at the two ends which no leaf may fill. */
static void count_edges(struct layout *l, enum pt_level table, const struct edge *e)
{
	if (!e[0].whole && !e[0].before)
		add_tables(l, table, e[0].slot, e[0].slot + 1);
	if (e[1].slot != e[0].slot && !e[1].whole && !e[1].before)
		add_tables(l, table, e[1].slot, e[1].slot + 1);
}

/* Leaves for those of the slots which are new and whole: all but perhaps those at the range's two ends, e. */
static void count_leaves(struct layout *l, enum pt_level table, const struct edge *e, struct range slots)
{
	if (slots.start == e[0].slot)
		slots.start += !e[0].whole || e[0].before;
	if (slots.end == e[1].slot + 1 && slots.start <= e[1].slot)
		slots.end -= !e[1].whole || e[1].before;
	add_leaves(l, table, slots.start, slots.end);
}

/* 2M leaves where no 1G leaf is: everywhere (giant is NULL), or in the 1G slots at the ends, giant[0] and giant[1]. */
static void count_2m(struct layout *l, const struct edge *giant)
{
	const struct edge e[2] = { look_at_edge(l, PT_PTE, l->r.start), look_at_edge(l, PT_PTE, l->r.end - PAGE_SIZE) };
	uint64_t end = e[1].slot + 1;

	count_edges(l, PT_PTE, e);
	if (!e[0].whole)
		l->dm->leaves[PT_PTE] += (min_u64(l->r.end, e[0].at.end) - l->r.start) / PAGE_SIZE;
	if (e[1].slot != e[0].slot && !e[1].whole)
		l->dm->leaves[PT_PTE] += (l->r.end - e[1].at.start) / PAGE_SIZE;
	if (!giant) {
		count_leaves(l, PT_PTE, e, (struct range){ e[0].slot, end });
		return;
	}
	if (!giant[0].whole)
		count_leaves(l, PT_PTE, e, (struct range){ e[0].slot, min_u64((giant[0].slot + 1) * PT_ENTRIES, end) });
	count_leaves(l, PT_PMD, giant, (struct range){ giant[0].slot, giant[1].slot + 1 });
	if (giant[1].slot != giant[0].slot && !giant[1].whole)
		count_leaves(l, PT_PTE, e, (struct range){ giant[1].slot * PT_ENTRIES, end });
}

static void lay_out(struct layout *l)
{
	struct direct_map *dm = l->dm;
	struct edge giant[2];

	if (dm->levels == 5)
		count_all(l, PT_P4D);
	count_all(l, PT_PUD);
	if (!(dm->page_sizes & PAGE_2M)) {
		count_all(l, PT_PMD);
		count_all(l, PT_PTE);
		dm->leaves[PT_PTE] += range_size(l->r) / PAGE_SIZE;
	} else if (!(dm->page_sizes & PAGE_1G)) {
		count_all(l, PT_PMD);
		count_2m(l, NULL);
	} else {
		giant[0] = look_at_edge(l, PT_PMD, l->r.start);
		giant[1] = look_at_edge(l, PT_PMD, l->r.end - PAGE_SIZE);
		count_edges(l, PT_PMD, giant);
		count_2m(l, giant);
	}
}

/* Where the last leaf of the range ends. */
static phys_t mapped_end(const struct layout *l)
{
	const struct direct_map *dm = l->dm;
	phys_t last = l->r.end - PAGE_SIZE;
	struct range slot = { align_down(last, GIB), align_down(last, GIB) + GIB };

	if ((dm->page_sizes & PAGE_1G) && memblock_is_memory(dm->alloc.mb, slot))
		return slot.end;
	slot = (struct range){ align_down(last, 2 * MIB), align_down(last, 2 * MIB) + 2 * MIB };
	if ((dm->page_sizes & PAGE_2M) && memblock_is_memory(dm->alloc.mb, slot))
		return slot.end;
	return l->r.end;
}

/* ---- the order of requests: depth first, so by address, and of those at one address the higher level first ---- */

/* How many slots of a span are asked for at addresses up to x. The first slot is asked for where the range begins. */
static uint64_t slots_upto(const struct layout *l, const struct span *s, phys_t x)
{
	uint64_t slot;

	if (x < l->r.start || x == PHYS_NONE)
		return 0;
	slot = slot_of(l->dm, s->table, x);
	return slot < s->first ? 0 : min_u64(s->nr, slot - s->first + 1);
}

static uint64_t pages_upto(const struct layout *l, phys_t x, uint64_t level[PT_LEVELS])
{
	uint64_t sum = 0;

	__builtin_memset(level, 0, PT_LEVELS * sizeof(*level));
	for_each (s, l->span, l->nr) {
		uint64_t slots = slots_upto(l, s, x), pages = s->leaves ? forced_in(l, s, slots) : slots;

		level[s->table] += pages;
		sum += pages;
	}
	return sum;
}

/* Address at which page n (counted from 1) is asked for: the start of the range, or of a slot in it. */
static phys_t request_at(const struct layout *l, uint64_t n)
{
	phys_t base = align_down(l->r.start, 2 * MIB);
	uint64_t ignored[PT_LEVELS], lo = 0, hi = (align_up(l->r.end, 2 * MIB) - base) / (2 * MIB);

	while (lo + 1 < hi) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (pages_upto(l, max_u64(l->r.start, base + mid * 2 * MIB - 1), ignored) >= n)
			hi = mid;
		else
			lo = mid;
	}
	return max_u64(l->r.start, base + lo * 2 * MIB);
}

/* The levels of the first n pages. */
static void levels_of_first(const struct layout *l, uint64_t n, uint64_t level[PT_LEVELS])
{
	phys_t x = n ? request_at(l, n) : 0;
	uint64_t at_x[PT_LEVELS], left;

	left = n - pages_upto(l, x - 1, level); /* below the range, and below 0: none */
	if (!left)
		return;
	(void)pages_upto(l, x, at_x);
	for (int i = PT_P4D; i >= PT_PTE && left; i--) {
		uint64_t more = min_u64(left, at_x[i] - level[i]);

		level[i] += more;
		left -= more;
	}
}

/* ---- handing out ---- */

/* The part of the pages, from the end where they begin, that lies on one node. */
static struct range cut_at_node(struct count *c, struct range pages, bool up)
{
	phys_t first = up ? pages.start : pages.end - PAGE_SIZE;

	if (!range_contains(c->spot.span, first))
		c->spot = numa_look_at(c->numa, first);
	/* A page that lies across a border counts where it begins. */
	if (up)
		pages.end = min_u64(pages.end, c->spot.span.end > UINT64_MAX - PAGE_SIZE
						       ? pages.end
						       : align_up(c->spot.span.end, PAGE_SIZE));
	else
		pages.start = max_u64(pages.start, align_up(c->spot.span.start, PAGE_SIZE));
	return pages;
}

/* Tells of pages handed out for requests *n and following; *n moves on. */
static APART void tell_run(const struct layout *l, struct count_run *run, uint64_t *n)
{
	struct count *c = l->dm->count;
	struct range left = run->pages;

	while (!range_empty(left)) {
		run->pages = c->numa ? cut_at_node(c, left, run->up) : left;
		run->nid = c->numa ? c->spot.nid : NUMA_NO_NODE;
		run->movable = c->numa && c->spot.hot && c->numa->node[c->spot.nid].movable;
		if (c->by_level) {
			uint64_t before[PT_LEVELS];

			levels_of_first(l, *n, before);
			levels_of_first(l, *n + range_size(run->pages) / PAGE_SIZE, run->level);
			for (unsigned i = 0; i < PT_LEVELS; i++)
				run->level[i] -= before[i];
		}
		*n += range_size(run->pages) / PAGE_SIZE;
		if (c->run)
			c->run(c->ctx, run);
		if (run->up)
			left.start = run->pages.end;
		else
			left.end = run->pages.start;
	}
}

static enum status hand_out(const struct layout *l)
{
	struct direct_map *dm = l->dm;
	uint64_t n = 0;

	while (n < l->pages) {
		uint64_t from_buffer = dm->alloc.from_buffer;
		struct count_run run = { .maps = l->r, .pages = pt_alloc_more(&dm->alloc, l->pages - n) };

		if (range_empty(run.pages)) {
			phys_t page = direct_map_page(dm, l->r.start);

			if (page == PHYS_NONE) {
				dm->failed_at = request_at(l, n + 1);
				return ERR_NO_MEMORY;
			}
			run.pages = (struct range){ page, page + PAGE_SIZE };
		}
		run.from_buffer = dm->alloc.from_buffer != from_buffer;
		run.up = run.from_buffer || dm->alloc.up;
		tell_run(l, &run, &n);
	}
	return OK;
}

/* ---- what the builder calls ---- */

void count_begin(struct direct_map *dm)
{
	struct count *c = dm->count;

	c->block = c->home = c->window = c->spot.span = NO_RANGE;
	c->nr_home = c->nr_done = 0;
	c->buffer = dm->alloc.buffer;
}

void count_window(struct direct_map *dm, phys_t start, struct range ram)
{
	struct count *c = dm->count;

	c->window = (struct range){ start, ram.start };
	if (!range_empty(range_clamp(ram, c->buffer)) && c->nr_home++ == 0)
		c->home = ram;
}

void count_window_done(struct direct_map *dm, struct range r)
{
	struct count *c = dm->count;

	c->window = NO_RANGE;
	for (unsigned i = 0; i < c->nr_done;) {
		struct range d = c->done[i];
		struct range gap = { min_u64(d.end, r.end), max_u64(d.start, r.start) };

		if (!range_empty(gap) && holds_memory(dm, gap)) {
			i++;
			continue;
		}
		r = range_hull(d, r);
		c->done[i] = c->done[--c->nr_done];
		i = 0;
	}
	KASSERT(c->nr_done < COUNT_MAX_DONE);
	c->done[c->nr_done++] = r;
}

enum status count_range(struct direct_map *dm, struct range r, phys_t *end)
{
	struct layout l = { .dm = dm, .r = { align_down(r.start, PAGE_SIZE), align_down(r.end, PAGE_SIZE) } };
	enum status s;

	KASSERT(!range_empty(l.r));
	lay_out(&l);
	s = hand_out(&l);
	*end = mapped_end(&l);
	return s;
}
