/* SPDX-License-Identifier: MIT */
/*
 * Finds the stretches of bases over which a policy's verdict is the same, or never falls, and counts only at their
 * ends.
 */
#include "mm/sweep.h"

#include "mm/policy.h"

#define SLOT_PAGES (KASLR_ALIGN / PAGE_SIZE)
#define MORE_MISSES                                                                                                    \
	8 /* slots tried one by one, beyond those in which the image crosses an edge, before stretches are halved */

/* ---- where an image may move freely ---- */

/* The free memory around p, where memory is, the image not counted; it ends at p or below when p is reserved. */
static struct range free_around(const struct memblock *mb, phys_t p)
{
	size_t m = memblock_first(&mb->memory, p), t = memblock_first(&mb->reserved, p);
	struct range room;

	KASSERT(m < mb->memory.nr && mb->memory.r[m].start <= p);
	room = (struct range){ mb->memory.r[m].start, mb->memory.r[m].end };
	if (t < mb->reserved.nr)
		room.end = min_u64(room.end, mb->reserved.r[t].start);
	if (t > 0)
		room.start = max_u64(room.start, mb->reserved.r[t - 1].end);
	return room;
}

/* Narrows *span to the part around p without a border of the ranges; p's own end of a range may be its first byte. */
static void narrow(struct range *span, const struct numa_memblk *blk, size_t nr, phys_t p)
{
	for (size_t i = 0; i < nr; i++) {
		phys_t edge[] = { blk[i].start, blk[i].end };

		for (unsigned k = 0; k < ARRAY_SIZE(edge); k++) {
			if (edge[k] <= p)
				span->start = max_u64(span->start, edge[k]);
			else
				span->end = min_u64(span->end, edge[k]);
		}
	}
}

/* Free memory around p inside which no node and no hot-pluggable range begins or ends. */
static struct range smooth_around(const struct sweep *s, phys_t p)
{
	struct range span = free_around(s->start, p);

	narrow(&span, s->numa->blk, s->numa->nr_blk, p);
	narrow(&span, s->numa->hot, s->numa->nr_hot, p);
	return span;
}

/* ---- one slot ---- */

static struct range taken_at(const struct sweep *s, phys_t base)
{
	return (struct range){ base, base + s->image.taken };
}

/* True when b goes on where a ends, in the order of handing out. */
static bool goes_on(struct range a, struct range b, bool up)
{
	return up ? a.end == b.start : b.end == a.start;
}

static struct range hull(struct range a, struct range b)
{
	return (struct range){ min_u64(a.start, b.start), max_u64(a.end, b.end) };
}

/* Joins a run to the one before if only the image lies between them, or nothing. */
static void keep_run(struct sweep *s, struct range pages, bool up)
{
	struct sweep_try *t = s->try;
	struct range image = taken_at(s, s->trying), none = { PHYS_NONE, PHYS_NONE };
	struct range last = t->nr_runs ? t->run[t->nr_runs - 1] : none;
	bool across = goes_on(last, image, up) && goes_on(image, pages, up);

	if (across)
		t->around = (int)t->nr_runs - 1;
	if (across || goes_on(last, pages, up))
		t->run[t->nr_runs - 1] = hull(last, pages);
	else if (t->nr_runs < SWEEP_MAX_RUNS)
		t->run[t->nr_runs++] = pages;
	else
		t->too_many_runs = true;
}

static void note_run(void *ctx, const struct count_run *run)
{
	struct sweep *s = ctx;
	struct sweep_try *t = s->try;
	uint64_t pages = range_size(run->pages) / PAGE_SIZE;
	bool below = run->maps.start >= ISA_END && run->maps.start < s->trying + s->image.end;

	if (run->movable) {
		t->on_movable += pages;
		s->stained[run->nid / 64] |= 1ull << run->nid % 64;
	}
	if (run->from_buffer) {
		t->left += below ? pages : 0;
		return;
	}
	if (below && run->pages.end > s->trying)
		t->low_stays_low = false;
	keep_run(s, run->pages, run->up);
}

/*
 * A run that ends where the image begins, or the other way round, takes it in, so that it looks the same wherever the
 * image is. Not one that ends at a border which the image cannot cross.
 */
static void finish_runs(const struct sweep *s, struct sweep_try *t)
{
	struct range image = taken_at(s, t->base);

	for (unsigned i = 0; i < t->nr_runs && t->around < 0; i++) {
		bool above = t->run[i].end == image.start && smooth_around(s, t->base).start < image.start;

		if (!above && t->run[i].start != image.end)
			continue;
		t->run[i] = hull(t->run[i], image);
		t->around = (int)i;
	}
}

/*
 * The nodes that would be movable without the image stay unmovable while it lies on them (numa_judge), or get their
 * marks back.
 */
static enum status pin_nodes(struct sweep *s, phys_t base, bool pin)
{
	struct numa *n = s->numa;

	for (size_t i = 0; i < n->nr_blk; i++) {
		struct numa_node *node = &n->node[n->blk[i].nid];
		bool movable = node->hotplug && range_empty(node->pinned_by) && !node->tables;

		if (!movable || node->movable == !pin ||
		    !range_overlaps((struct range){ n->blk[i].start, n->blk[i].end }, taken_at(s, base)))
			continue;
		node->movable = !pin;
		for (size_t k = 0; k < n->nr_hot && s->policy->srat_first; k++) {
			if (n->hot[k].nid == n->blk[i].nid && numa_mark_hot(n, k, s->work, !pin) != OK)
				return ERR_FULL;
		}
	}
	return OK;
}

static uint64_t gap_above(const struct sweep *s, phys_t end)
{
	const struct numa *n = s->numa;
	uint64_t gap = UINT64_MAX;

	for (size_t i = 0; i < n->nr_hot; i++) {
		if (n->node[n->hot[i].nid].movable && n->hot[i].start >= end)
			gap = min_u64(gap, n->hot[i].start - end);
	}
	return gap;
}

static uint64_t pinned_bytes(const struct sweep *s)
{
	uint64_t sum = 0;

	for (unsigned nid = 0; nid < s->numa->nr_nodes; nid++) {
		if (s->stained[nid / 64] >> nid % 64 & 1)
			sum += s->numa->node[nid].hot_present;
	}
	return sum;
}

static void copy_list(struct memblock_list *to, const struct memblock_list *from)
{
	to->nr = from->nr;
	__builtin_memcpy(to->r, from->r, from->nr * sizeof(from->r[0]));
}

static enum status count_slot(struct sweep *s, struct sweep_try *t)
{
	const struct sweep_image *image = &s->image;
	struct count count = { .run = note_run, .ctx = s, .numa = s->numa, .memo = &s->memo };
	struct direct_map dm = s->map;
	enum status st;

	copy_list(&s->work->reserved, &s->start->reserved);
	if (memblock_reserve(s->work, taken_at(s, t->base)) != OK)
		return ERR_FULL;
	dm.policy = s->policy;
	dm.count = &count;
	dm.kernel_end = t->base + image->end;
	pt_alloc_init(&dm.alloc, s->work, (struct range){ t->base + image->buffer, t->base + image->buffer_end });
	st = direct_map_build(&dm);
	t->left += range_size(dm.alloc.buffer) / PAGE_SIZE;
	t->home = count.home;
	t->nr_home = count.nr_home;
	t->block = count.block;
	return st;
}

/* Everything about the slot at `base` into *t; what *t knows of it already is not counted again. */
static enum status try_base(struct sweep *s, phys_t base, struct sweep_try *t)
{
	struct range image = { base, base + s->image.end };
	enum status unpinned;

	if (t->base == base)
		return t->status;
	s->failed_base = base;
	if (s->tries == s->max_tries)
		return ERR_FULL;
	s->tries++;
	if (s->trying_one)
		s->trying_one(s->ctx);
	t->base = s->trying = base;
	t->on_movable = t->left = t->nr_runs = 0;
	t->low_stays_low = true;
	t->too_many_runs = false;
	t->around = -1;
	s->try = t;
	__builtin_memset(s->stained, 0, sizeof(s->stained));
	if (!memblock_is_memory(s->start, image))
		return t->status = ERR_RANGE;
	t->status = pin_nodes(s, base, true);
	if (t->status == OK)
		t->status = count_slot(s, t);
	t->pinned = pinned_bytes(s);
	t->gap = gap_above(s, image.end);
	finish_runs(s, t);
	unpinned = pin_nodes(s, base, false);
	return t->status == OK ? t->status = unpinned : t->status;
}

static phys_t less(phys_t p, uint64_t n)
{
	return p < n ? 0 : p - n;
}

/* ---- ORDER_FIXED: stretches with one verdict ---- */

/* The highest base up to which nothing known from slot a says that the verdict changes. */
static phys_t smooth_top(const struct sweep *s, const struct sweep_try *a, phys_t last)
{
	struct range span = smooth_around(s, a->base);
	phys_t image_end = a->base + s->image.taken;
	phys_t end = a->around < 0 ? PHYS_NONE : a->run[a->around].end; /* for the image's last byte */
	phys_t top = less(span.end, s->image.end);

	/* An image that touches a run is taken in (finish_runs): that slot begins the next stretch. */
	for (unsigned i = 0; i < a->nr_runs && a->around < 0; i++) {
		if (a->run[i].start >= image_end)
			end = min_u64(end, a->run[i].start - 1);
	}
	if (!range_empty(a->block) && a->block.start >= image_end)
		end = min_u64(end, a->block.start);
	top = min_u64(top, less(end, s->image.taken));
	top = min_u64(top, a->nr_home == 1 ? less(a->home.end, s->image.buffer_end) : 0);
	return max_u64(a->base, min_u64(last, align_down(top, KASLR_ALIGN)));
}

static bool same_ranges(const struct range *a, const struct range *b, size_t nr)
{
	return __builtin_memcmp(a, b, nr * sizeof(*a)) == 0;
}

/* Slot b, in the span that smooth_top gave for slot a, hands out the same pages: then all else is the same. */
static bool same_pages(const struct sweep_try *a, const struct sweep_try *b)
{
	bool same = same_ranges(&a->block, &b->block, 1) && a->nr_runs == b->nr_runs && !a->too_many_runs &&
		    same_ranges(a->run, b->run, a->nr_runs);

	KASSERT(!same || (a->on_movable == b->on_movable && a->pinned == b->pinned));
	return same;
}

/* ---- ORDER_ABOVE...: stretches over which the verdict never falls ---- */

/* Reserved pages of memory in r, each range rounded outwards, the image not counted. */
static uint64_t reserved_pages(const struct memblock *mb, struct range r)
{
	uint64_t pages = 0;

	for (size_t i = memblock_first(&mb->reserved, r.start); i < mb->reserved.nr && mb->reserved.r[i].start < r.end;
	     i++) {
		struct range taken = range_clamp((struct range){ mb->reserved.r[i].start, mb->reserved.r[i].end }, r);

		pages += memblock_memory_in(mb, taken) / PAGE_SIZE + 2;
	}
	return pages;
}

/* Regions of memory above p, and the end of the first 512M of memory there. */
static size_t regions_above(const struct memblock *mb, phys_t p, size_t *first_regions, phys_t *first_end)
{
	size_t i = memblock_first(&mb->memory, p), nr = mb->memory.nr - i;
	uint64_t left = 512 * MIB;

	*first_regions = 0;
	*first_end = p;
	for (; i < mb->memory.nr && left; i++) {
		phys_t start = max_u64(p, mb->memory.r[i].start);
		uint64_t part = min_u64(left, mb->memory.r[i].end - start);

		*first_end = start + part;
		++*first_regions;
		left -= part;
	}
	return nr;
}

/*
 * With the kernel's end at k or below it in the same free memory, which goes on for 4M, no step above the kernel runs
 * out of pages.
 *
 * The first two steps of 2M at most take one table a level each: from the buffer, after [0, 1M) and the trampoline have
 * had theirs. Then a step of 2M * 256^n is taken only when 2M * 256^(n-1) are mapped, P pages, and it takes at most a
 * table for each of its 2M, 1G, 512G and 256T: 256^n * 512/511 + 6 pages, about half of P. All steps before took P/511,
 * and 8 for the edges of each region. What is reserved is mapped as well, but free it is not.
 *   n = 1: 512 * 510/511    - (256 * 512/511 + 6)   > 248, of which the reserved pages cost 1/511
 *   n = 2: 131072 * 510/511 - (65536 * 512/511 + 6) > 65140; they cost themselves, those in the first 512M; all the
 *          others 1/511
 *   n = 3: 2^25 * 510/511   - (2^24 * 512/511 + 6)  > 16600000, all of them cost themselves; and so on
 */
static bool room_for_steps(const struct sweep *s, phys_t k)
{
	unsigned path = s->map.levels - 1, trampoline = !s->map.trampoline ? 0 : s->map.levels == 5 ? 2 : 1;
	uint64_t buffer = (s->image.buffer_end - s->image.buffer) / PAGE_SIZE;
	size_t near, all;
	uint64_t taken_near, taken_all;
	phys_t near_end;

	all = regions_above(s->start, k, &near, &near_end);
	taken_near = reserved_pages(s->start, (struct range){ k, near_end });
	taken_all = reserved_pages(s->start, (struct range){ k, s->map.end });
	return buffer >= 3 * path - 1 + trampoline && taken_near / 511 + 1 + 10 * near <= 248 &&
	       taken_near + taken_all / 511 + 1 + 10 * all <= 65140 &&
	       taken_all + taken_all / 511 + 1 + 10 * all <= 16600000;
}

/* The lowest base down to which nothing known from slot b says that the verdict might be higher than there. */
static phys_t smooth_bottom(const struct sweep *s, const struct sweep_try *b, phys_t first)
{
	struct range span = smooth_around(s, b->base);
	phys_t k = b->base + s->image.end, bottom = max_u64(first, span.start);

	if (span.end < k)
		return b->base;
	if (s->policy->order == ORDER_ABOVE_STEPS &&
	    (less(free_around(s->start, b->base).end, k) < 4 * MIB || !room_for_steps(s, k)))
		return b->base;
	/* Unused pages of the buffer serve what is mapped before the range that holds them, the last one. */
	if (b->left && (b->nr_home != 1 || b->home.end != k))
		return b->base;
	if (b->left)
		bottom = max_u64(bottom, less(b->home.start, s->image.buffer));
	return min_u64(b->base, align_up(bottom, KASLR_ALIGN));
}

static bool never_falls(const struct sweep *s, const struct sweep_try *a, const struct sweep_try *b)
{
	if (s->policy->order == ORDER_ABOVE_STEPS && !a->low_stays_low)
		return false;
	if (b->left && a->home.start != b->home.start)
		return false;
	return a->on_movable <= b->on_movable;
}

/* ---- results ---- */

static void drop_interval(struct sweep *s, size_t i)
{
	s->nr_intervals--;
	__builtin_memmove(&s->interval[i], &s->interval[i + 1], (s->nr_intervals - i) * sizeof(s->interval[0]));
}

static void add_interval(struct sweep *s, struct sweep_interval new)
{
	size_t i = 0;

	while (i < s->nr_intervals && s->interval[i].last + KASLR_ALIGN < new.first)
		i++;
	while (i < s->nr_intervals && s->interval[i].first <= new.last + KASLR_ALIGN) {
		new.first = min_u64(new.first, s->interval[i].first);
		new.last = max_u64(new.last, s->interval[i].last);
		drop_interval(s, i);
	}
	if (s->nr_intervals == SWEEP_MAX_INTERVALS) {
		s->more_intervals = true;
		return;
	}
	__builtin_memmove(&s->interval[i + 1], &s->interval[i], (s->nr_intervals - i) * sizeof(s->interval[0]));
	s->interval[i] = new;
	s->nr_intervals++;
}

/* Slots [first, last] are stained, the last one worst, as `most` says; the gap is that of the first. */
static void add_stained(struct sweep *s, struct sweep_interval i, uint64_t gap, uint64_t most)
{
	s->nr_stained += (i.last - i.first) / KASLR_ALIGN + 1;
	add_interval(s, i);
	if (gap == UINT64_MAX)
		s->safe_distance = SWEEP_NO_DISTANCE;
	else if (s->safe_distance != SWEEP_NO_DISTANCE)
		s->safe_distance = max_u64(s->safe_distance, gap / KASLR_ALIGN + 1);
	if (most > s->worst_on_movable || (most == s->worst_on_movable && i.last < s->worst.first)) {
		s->worst_on_movable = most;
		s->worst = i;
	}
}

/*
 * Makes s->c the lowest base with more than `value` pages on movable memory, where they never fall; slot `lo` has no
 * more, slot `hi` has. Mostly a slot has nearly 512 more than the one below it: a jump by as many leads close to the
 * answer.
 */
static enum status first_above(struct sweep *s, phys_t lo, const struct sweep_try *highest, uint64_t value)
{
	struct sweep_try *t = &s->c;
	phys_t hi = highest->base;
	uint64_t most = highest->on_movable;
	enum status st = OK;
	bool halve = false;

	while (st == OK && hi - lo > KASLR_ALIGN) {
		uint64_t left = hi - lo, jump = max_u64(1, (most - value - 1) / SLOT_PAGES) * KASLR_ALIGN;
		phys_t at = halve ? lo + align_up(left / 2, KASLR_ALIGN) : hi - min_u64(jump, left - KASLR_ALIGN);

		st = try_base(s, at, t);
		if (t->on_movable > value) {
			hi = at;
			most = t->on_movable;
		} else {
			lo = at;
		}
		halve = hi - lo > left / 2;
	}
	return st == OK ? try_base(s, hi, t) : st;
}

/* ---- one area of slots ---- */

static enum status sweep_fixed(struct sweep *s, phys_t base, phys_t last)
{
	uint64_t misses = 0, patience = 2 * s->image.end / KASLR_ALIGN + MORE_MISSES;

	for (;;) {
		enum status st = try_base(s, base, &s->a);
		phys_t top = base;

		if (st == OK)
			top = smooth_top(s, &s->a, last);
		while (st == OK && top > base) {
			st = try_base(s, top, &s->b);
			if (st == OK && same_pages(&s->a, &s->b))
				break;
			top = misses++ < patience ? base : base + align_down((top - base) / 2, KASLR_ALIGN);
		}
		if (st != OK)
			return st;
		if (top > base)
			misses = 0;
		if (s->a.on_movable)
			add_stained(s, (struct sweep_interval){ base, top }, s->a.gap, s->a.on_movable);
		if (top == last)
			return OK;
		base = top + KASLR_ALIGN;
	}
}

/* Slots from a to b, over which the number of pages on movable memory never falls. */
static enum status add_rising(struct sweep *s, const struct sweep_try *a, const struct sweep_try *b)
{
	enum status st = OK;

	if (!b->on_movable)
		return OK;
	if (!a->on_movable) {
		st = first_above(s, a->base, b, 0);
		a = &s->c;
	}
	if (st == OK)
		add_stained(s, (struct sweep_interval){ a->base, b->base }, a->gap, b->on_movable);
	return st;
}

/* From above, as the highest slot of a stretch tells how far down it may go. */
static enum status sweep_rising(struct sweep *s, phys_t first, phys_t base)
{
	for (;;) {
		enum status st = try_base(s, base, &s->b);
		phys_t bottom = base;

		if (st == OK)
			bottom = smooth_bottom(s, &s->b, first);
		while (st == OK && bottom < base) {
			st = try_base(s, bottom, &s->a);
			if (st == OK && never_falls(s, &s->a, &s->b))
				break;
			bottom += align_up((base - bottom) / 2, KASLR_ALIGN);
		}
		if (st == OK)
			st = add_rising(s, bottom < base ? &s->a : &s->b, &s->b);
		if (st != OK || bottom == first)
			return st;
		base = bottom - KASLR_ALIGN;
	}
}

static enum status sweep_area(struct sweep *s, const struct kaslr_area *area)
{
	phys_t last = area->start + (area->slots - 1) * KASLR_ALIGN;

	if (s->policy->order == ORDER_FIXED)
		return sweep_fixed(s, area->start, last);
	return sweep_rising(s, area->start, last);
}

/* ---- the whole ---- */

/* Memory, nodes and marks as every slot finds them, without the image. */
static enum status prepare(struct sweep *s)
{
	copy_list(&s->work->memory, &s->start->memory);
	copy_list(&s->work->reserved, &s->start->reserved);
	s->work->movable_node = s->start->movable_node;
	numa_judge(s->numa, s->start);
	return s->policy->srat_first ? numa_apply(s->numa, s->work) : OK;
}

static void reset(struct sweep *s)
{
	s->nr_slots = s->slots->total;
	s->nr_stained = s->worst_on_movable = s->worst_pinned = s->safe_distance = s->tries = 0;
	s->nr_intervals = 0;
	s->more_intervals = false;
	s->worst_base = s->failed_base = PHYS_NONE;
	s->worst = (struct sweep_interval){ 0, 0 };
	s->a.base = s->b.base = s->c.base = PHYS_NONE;
	s->memo.nr = s->memo.last = 0;
}

static bool is_image(const struct sweep_image *i)
{
	return (i->buffer | i->buffer_end | i->taken | i->end) % PAGE_SIZE == 0 && i->buffer <= i->buffer_end &&
	       i->buffer_end <= i->taken && i->taken <= i->end && i->taken > 0;
}

/* In the worst stretch the last slot is worst: now the lowest that is no better. */
static enum status settle_worst(struct sweep *s)
{
	enum status st;

	if (!s->nr_stained)
		return OK;
	st = try_base(s, s->worst.first, &s->c);
	if (st == OK && s->c.on_movable < s->worst_on_movable)
		st = try_base(s, s->worst.last, &s->b);
	if (st == OK && s->c.on_movable < s->worst_on_movable)
		st = first_above(s, s->worst.first, &s->b, s->worst_on_movable - 1);
	s->worst_base = s->c.base;
	s->worst_pinned = s->c.pinned;
	return st;
}

static bool has_too_many_leaves(const struct sweep *s)
{
	uint64_t ram = memblock_memory_in(s->start, (struct range){ 0, s->map.end });

	return s->map.fragment.permille && ram / (s->map.page_sizes & PAGE_1G ? GIB : 2 * MIB) > SWEEP_MAX_LEAVES;
}

enum status sweep_run(struct sweep *s)
{
	enum status st = OK;

	reset(s);
	if (!is_image(&s->image))
		return ERR_RANGE;
	if (!s->slots->total)
		return ERR_NOT_FOUND;
	if (has_too_many_leaves(s))
		return ERR_CONFLICT;
	st = prepare(s);
	for (size_t i = 0; st == OK && i < s->slots->nr; i++)
		st = sweep_area(s, &s->slots->area[i]);
	if (st == OK)
		st = settle_worst(s);
	if (st == OK)
		s->failed_base = PHYS_NONE;
	return st;
}
