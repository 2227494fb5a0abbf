/* SPDX-License-Identifier: MIT */
/*
 * Finds the stretches of bases over which a policy's verdict is the same, or never falls, and counts only at their
 * ends.
 */
#include "mm/sweep.h"

#include "mm/direct_map.h"

#define SLOT_PAGES (KASLR_ALIGN / PAGE_SIZE)
#define NOWHERE (1ull << 62) /* no machine has memory there */
#define MORE_MISSES                                                                                                    \
	8 /* slots tried one by one, beyond those in which the image crosses an edge, before stretches are halved */

/* ---- where an image may move freely ---- */

/* The free memory around p, where memory is, the image not counted; it ends at p or below when p is reserved. */
static struct range free_around(const struct memblock *mb, phys_t p)
{
	size_t m = memblock_first(&mb->memory, p), t = memblock_first(&mb->reserved, p);
	struct range room;

	KASSERT(m < mb->memory.nr && mb->memory.r[m].r.start <= p);
	room = mb->memory.r[m].r;
	if (t < mb->reserved.nr)
		room.end = min_u64(room.end, mb->reserved.r[t].r.start);
	if (t > 0)
		room.start = max_u64(room.start, mb->reserved.r[t - 1].r.end);
	return room;
}

/* Free memory around p inside which no node and no hot-pluggable range begins or ends. */
static struct range smooth_around(const struct sweep *s, phys_t p)
{
	return range_clamp(free_around(s->start, p), numa_look_at(s->numa, p).span);
}

/* ---- one slot ---- */

static struct range taken_at(const struct sweep *s, phys_t base)
{
	return (struct range){ base, base + s->image.taken };
}

static struct range buffer_at(const struct sweep *s, phys_t base)
{
	return (struct range){ base + s->image.buffer, base + s->image.buffer_end };
}

static APART phys_t less(phys_t p, uint64_t n)
{
	return p - min_u64(p, n);
}

/* True when b goes on where a ends, in the order of handing out. */
static bool goes_on(struct range a, struct range b, bool up)
{
	return up ? a.end == b.start : b.end == a.start;
}

/* Joins a run to the one before if only the image lies between them, or nothing. */
static void keep_run(struct sweep *s, struct range pages, bool up)
{
	struct sweep_try *t = s->try;
	struct range image = taken_at(s, t->base), none = { PHYS_NONE, PHYS_NONE };
	struct range last = t->nr_runs ? t->run[t->nr_runs - 1] : none;
	bool across = goes_on(last, image, up) && goes_on(image, pages, up);

	if (across)
		t->around = &t->run[t->nr_runs - 1];
	if (across || goes_on(last, pages, up))
		t->run[t->nr_runs - 1] = range_hull(last, pages);
	else if (t->nr_runs < SWEEP_MAX_RUNS)
		t->run[t->nr_runs++] = pages;
	else
		t->too_many_runs = true;
}

/* True the first time. */
static APART bool add_node(struct sweep *s, int nid)
{
	uint64_t bit = 1ull << nid % 64, *word = &s->stained[nid / 64];
	bool new = !(*word & bit);

	*word |= bit;
	return new;
}

static void stain_node(struct sweep *s, int nid)
{
	if (add_node(s, nid))
		s->stained_bytes += s->numa->node[nid].hot_present;
}

static void note_run(void *ctx, const struct count_run *run)
{
	struct sweep *s = ctx;
	struct sweep_try *t = s->try;
	uint64_t pages = range_size(run->pages) / PAGE_SIZE;
	bool below = run->maps.start >= ISA_END && run->maps.start < t->base + s->image.end;

	if (run->movable) {
		t->on_movable += pages;
		stain_node(s, run->nid);
	}
	if (run->from_buffer) {
		t->left += below ? pages : 0;
		return;
	}
	if (below && run->pages.end > t->base)
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

	if (t->around)
		return;
	for_each (run, t->run, t->nr_runs) {
		bool above = run->end == image.start && smooth_around(s, t->base).start < image.start;

		if (!above && run->start != image.end)
			continue;
		*run = range_hull(*run, image);
		t->around = run;
		return;
	}
}

static bool movable_without_image(const struct numa_node *node)
{
	return node->hotplug && range_empty(node->pinned_by) && !node->tables;
}

static void copy_list(struct memblock_list *to, const struct memblock_list *from)
{
	to->nr = from->nr;
	__builtin_memcpy(to->r, from->r, from->nr * sizeof(*from->r));
}

/* Nodes that would be movable without the image stay unmovable while it lies on them (numa_judge). Returns where. */
static struct sweep_places pin_nodes(struct sweep *s, phys_t base, bool pin)
{
	struct numa *n = s->numa;
	struct range taken = taken_at(s, base);
	struct sweep_places pinned = { 0, 0 };

	for (size_t i = numa_first_blk(n, base); i < n->mem.nr && n->mem.blk[n->mem.at[i]].r.start < taken.end; i++) {
		struct numa_node *node = &n->node[n->mem.blk[n->mem.at[i]].nid];

		if (!movable_without_image(node))
			continue;
		node->movable = !pin;
		pinned = (struct sweep_places){ pinned.to ? pinned.from : i, i + 1 };
	}
	return pinned;
}

/*
 * After pin_nodes: memory as the policy finds it, which differs from slot to slot in what is pinned. Told anew, as to
 * take marks away may need more regions in between than there are.
 */
static enum status tell_nodes(struct sweep *s, struct sweep_places pinned)
{
	if (s->told.from == pinned.from && s->told.to == pinned.to)
		return OK;
	s->told = pinned;
	copy_list(&s->work->memory, &s->start->memory);
	return s->policy->srat_first ? numa_apply(s->numa, s->work, s->map.as_linux) : OK;
}

static APART uint64_t gap_above(const struct sweep *s, phys_t end)
{
	const struct numa_memblk *next = numa_next_movable(s->numa, end);

	return next ? next->r.start - end : UINT64_MAX;
}

/* Counts with the image at `base`, and the buffer where it says. `run` gets every run of pages. */
static APART enum status count_pages(struct sweep *s, phys_t base, struct range buffer,
				     void (*run)(void *ctx, const struct count_run *run))
{
	struct direct_map *dm = &s->map;
	enum status st;

	s->count = (struct count){ .run = run, .ctx = s, .numa = s->numa };
	dm->count = &s->count;
	dm->policy = s->policy;
	dm->kernel_end = base + s->image.end;
	pt_alloc_init(&dm->alloc, s->work, buffer);
	st = direct_map_build(dm);
	s->ranges += dm->ranges;
	return st;
}

static enum status count_slot(struct sweep *s, struct sweep_try *t)
{
	enum status st;

	copy_list(&s->work->reserved, &s->start->reserved);
	if (memblock_reserve(s->work, taken_at(s, t->base)) != OK)
		return ERR_FULL;
	st = count_pages(s, t->base, buffer_at(s, t->base), note_run);
	t->left += range_size(s->map.alloc.buffer) / PAGE_SIZE;
	t->home = s->count.home;
	t->nr_home = s->count.nr_home;
	t->block = s->count.block;
	return st;
}

/* Everything about the slot at `base` into *t; what *t knows of it already is not counted again. */
static enum status try_base(struct sweep *s, phys_t base, struct sweep_try *t)
{
	struct range image = { base, base + s->image.end };
	struct sweep_places pinned;

	if (t->base == base)
		return t->status;
	s->failed_base = base;
	s->tries++;
	if (s->trying_one)
		s->trying_one(s->ctx);
	t->base = base;
	t->on_movable = t->left = t->nr_runs = 0;
	t->low_stays_low = true;
	t->too_many_runs = false;
	t->around = NULL;
	s->try = t;
	s->stained_bytes = 0;
	__builtin_memset(s->stained, 0, sizeof(s->stained));
	if (!memblock_is_memory(s->start, image))
		return t->status = ERR_RANGE;
	pinned = pin_nodes(s, base, true);
	t->status = s->policy->srat_first ? tell_nodes(s, pinned) : OK;
	if (t->status == OK)
		t->status = count_slot(s, t);
	t->pinned = s->stained_bytes;
	t->gap = gap_above(s, image.end);
	finish_runs(s, t);
	pin_nodes(s, base, false);
	return t->status;
}

/* ---- ORDER_FIXED, ORDER_LOCAL: stretches with one verdict ---- */

/* The highest base up to which nothing known from slot a says that the verdict changes. */
static APART phys_t smooth_top(const struct sweep *s, const struct sweep_try *a, phys_t last)
{
	struct range span = smooth_around(s, a->base);
	phys_t image_end = a->base + s->image.taken;
	phys_t end = a->around ? a->around->end : PHYS_NONE; /* for the image's last byte */
	phys_t top = less(span.end, s->image.end);

	if (a->nr_home != 1)
		return a->base;
	/* An image that touches a run is taken in (finish_runs): that slot begins the next stretch. */
	if (!a->around) {
		for_each (run, a->run, a->nr_runs)
			end = run->start >= image_end ? min_u64(end, run->start - 1) : end;
	}
	if (!range_empty(a->block) && a->block.start >= image_end)
		end = min_u64(end, a->block.start);
	top = min_u64(top, less(end, s->image.taken));
	top = min_u64(top, less(a->home.end, s->image.buffer_end));
	return max_u64(a->base, min_u64(last, align_down(top, KASLR_ALIGN)));
}

/* Slot b, in the span that smooth_top gave for slot a, hands out the same pages: then all else is the same. */
static bool same_pages(const struct sweep_try *a, const struct sweep_try *b)
{
	bool same = a->nr_runs == b->nr_runs && !a->too_many_runs &&
		    __builtin_memcmp(&a->block, &b->block, sizeof(a->block)) == 0 &&
		    __builtin_memcmp(a->run, b->run, a->nr_runs * sizeof(*a->run)) == 0;

	KASSERT(!same || (a->on_movable == b->on_movable && a->pinned == b->pinned));
	return same;
}

/* ---- the same without trying ---- */

/* Slots from `base` to `top` with one verdict. */
struct stretch {
	phys_t base, top;
	uint64_t on_movable, pinned, gap;
};

/* Memory whose tables the buffer has some of, but for [0, 1M), which every slot begins with. */
static void note_served(struct sweep_free *f, struct range maps)
{
	if (maps.start < ISA_END || (f->nr_served && f->served[f->nr_served - 1].start == maps.start))
		return;
	if (f->nr_served == SWEEP_MAX_SERVED)
		f->known = false;
	else
		f->served[f->nr_served++] = maps;
}

/*
 * A run joins its neighbours with less than an image in between: an image that lies there meets one of the two. When no
 * more can be kept, it joins them however far they are, and slots in between are tried.
 */
static void keep_free_run(const struct sweep *s, struct sweep_free *f, struct range pages)
{
	const struct regions all = { f->run, &f->nr_runs, SWEEP_MAX_FREE_RUNS };
	uint64_t reach = f->nr_runs < SWEEP_MAX_FREE_RUNS ? s->image.taken : UINT64_MAX;
	size_t next = regions_first(f->run, f->nr_runs, pages.start);
	enum status st;

	if (next > 0 && pages.start - f->run[next - 1].r.end < reach)
		pages.start = f->run[next - 1].r.end;
	if (next < f->nr_runs && less(f->run[next].r.start, reach) < pages.end)
		pages.end = max_u64(pages.end, f->run[next].r.start);
	st = regions_add(&all, (struct region){ .r = pages });
	KASSERT(st == OK);
}

/* Each node's memory is served from that node. Where memblock has lost nodes, that is left to a count to say. */
static bool is_local(const struct sweep *s)
{
	return s->policy->order == ORDER_LOCAL && !s->work->lost;
}

/* Pages for a node's memory, from that node; it must not run short. The buffer, which is nowhere, is on none. */
static void spend_spare(struct sweep *s, const struct count_run *run, uint64_t pages)
{
	int nid = numa_look_at(s->numa, run->maps.start).nid;

	if (nid == NUMA_NO_NODE || run->nid != nid)
		s->free->known = false;
	else
		s->node[nid].spare -= pages;
}

static void note_free_run(void *ctx, const struct count_run *run)
{
	struct sweep *s = ctx;
	struct sweep_free *f = s->free;
	uint64_t pages = range_size(run->pages) / PAGE_SIZE;

	if (is_local(s) && run->maps.start >= ISA_END)
		spend_spare(s, run, pages);
	if (run->from_buffer) {
		note_served(f, run->maps);
		return;
	}
	if (run->movable) {
		f->on_movable[run->nid] += pages;
		f->total += pages;
		stain_node(s, run->nid);
	}
	if (!is_local(s))
		keep_free_run(s, f, run->pages);
}

/* Counts without an image, with the buffer's pages at `buffer`: they may lie where memory is, which nobody is told. */
static void count_free(struct sweep *s, struct sweep_free *f, struct range buffer)
{
	enum status told;

	f->nr_runs = f->nr_served = 0;
	f->total = 0;
	__builtin_memset(f->on_movable, 0, s->numa->nr_nodes * sizeof(*f->on_movable));
	f->known = true;
	s->free = f;
	s->stained_bytes = 0;
	__builtin_memset(s->stained, 0, sizeof(s->stained));
	s->tries++;
	copy_list(&s->work->reserved, &s->start->reserved);
	told = tell_nodes(s, (struct sweep_places){ 0, 0 });
	KASSERT(told == OK);
	if (count_pages(s, 0, buffer, note_free_run) != OK || s->count.nr_home > 1)
		f->known = false;
	f->home = s->count.home;
	f->block = s->count.block;
	f->bytes = s->stained_bytes;
}

static bool in_home(const struct sweep_free *f, struct range buffer)
{
	return range_holds(f->home, buffer);
}

/* The count that tells what the policy does with the buffer at that base. */
static struct sweep_free *free_at(struct sweep *s, phys_t base)
{
	struct range buffer = buffer_at(s, base);
	const struct region *at = memblock_overlap(&s->work->memory, buffer);
	/* of memory whose node is not lost it serves that node */
	bool served = s->policy->order == ORDER_LOCAL && s->work->lost && at && at->nid != NUMA_NO_NODE;

	for_each (one, s->away.served, s->away.nr_served)
		served |= range_overlaps(*one, buffer);
	if (!served || !s->away.known)
		return &s->away;
	if (!in_home(&s->home, buffer))
		count_free(s, &s->home, buffer);
	return &s->home;
}

/* False: `part` of the image meets what it must not. Else *room is how far up it may go without that. */
static bool keeps_off(struct range part, struct range off, uint64_t *room)
{
	if (range_empty(off))
		return true;
	if (range_overlaps(part, off))
		return false;
	if (off.start >= part.end)
		*room = min_u64(*room, off.start - part.end);
	return true;
}

/* How far the image can move up before it meets a page that is handed out; false: it does so here. */
static bool keeps_off_runs(const struct sweep_free *f, struct range taken, uint64_t *room)
{
	size_t i = regions_first(f->run, f->nr_runs, taken.start);

	return i == f->nr_runs || keeps_off(taken, f->run[i].r, room);
}

/* Whether the same pages are handed out as without the image, and how far up that holds. */
static bool keeps_off_all(const struct sweep *s, const struct sweep_free *f, phys_t base, uint64_t *room)
{
	struct range buffer = buffer_at(s, base);

	if (!keeps_off_runs(f, taken_at(s, base), room) || !keeps_off(taken_at(s, base), f->block, room))
		return false;
	if (f == &s->home) {
		*room = min_u64(*room, f->home.end - buffer.end);
		return in_home(f, buffer);
	}
	for_each (one, f->served, f->nr_served)
		(void)keeps_off(buffer, *one, room); /* else free_at had not chosen f */
	return true;
}

/*
 * A policy that knows SRAT finds one more node unmarked, and its memory in fewer regions, which makes leaves larger and
 * tables fewer, never the other way. What can be said then:
 *
 * ORDER_LOCAL: the other nodes' tables are as they were; this one's are no stains any more, wherever on it they are.
 * Not with fragment=every:N, by which other nodes' leaves are counted on from here.
 *
 * Marks honoured, and all pages from memblock: none is a stain, whichever they are. There are enough: the windows in
 * which pages are searched only grow, with a page for every request of the count without an image, and there are now
 * no more requests. The windows must be the same: no block of 2M is found higher up, and no part of the node is mapped
 * after it.
 *
 * Marks ignored: the same pages as long as there are as many requests, so where all leaves are of 4K.
 */
static bool may_unmark(const struct sweep *s, const struct sweep_free *f, int nid)
{
	/* Memory in which the buffer plays a part: all of a region is on one node. */
	if (!range_empty(f->home) && numa_look_at(s->numa, f->home.start).nid == nid)
		return false;
	for_each (one, f->served, f->nr_served) {
		if (numa_look_at(s->numa, one->start).nid == nid)
			return false;
	}
	if (is_local(s))
		return !s->map.fragment.every;
	KASSERT(!s->policy->page);
	if (f->block.start == PHYS_NONE || (!range_empty(f->block) && s->node[nid].end > f->block.end))
		return false;
	return s->start->movable_node || !s->map.page_sizes;
}

/*
 * The nodes under the image: false, when what happens on one of them decides what happens elsewhere. Where memblock has
 * lost nodes, it is told the same whatever the image lies on.
 */
static bool judge_nodes(struct sweep *s, const struct sweep_free *f, struct stretch *d)
{
	const struct numa *n = s->numa;
	phys_t end = d->base + s->image.taken;

	__builtin_memset(s->stained, 0, sizeof(s->stained));
	for (size_t i = numa_first_blk(n, d->base); i < n->mem.nr && n->mem.blk[n->mem.at[i]].r.start < end; i++) {
		int nid = n->mem.blk[n->mem.at[i]].nid;

		if (!add_node(s, nid))
			continue;
		if (is_local(s) && s->node[nid].spare < s->image.taken / PAGE_SIZE)
			return false;
		if (!movable_without_image(&n->node[nid]))
			continue;
		if (s->policy->srat_first && !s->work->lost && !may_unmark(s, f, nid))
			return false;
		d->on_movable -= f->on_movable[nid];
		d->pinned -= f->on_movable[nid] ? n->node[nid].hot_present : 0;
	}
	return true;
}

/* How far up the same nodes lie under the image, the same below the buffer and at the end, and memory all around it. */
static bool find_room(const struct sweep *s, phys_t base, uint64_t *room)
{
	const struct memblock_list *memory = &s->start->memory;
	size_t i = memblock_first(memory, base);
	phys_t end = base + s->image.end, taken = base + s->image.taken, buffer = base + s->image.buffer;

	if (i == memory->nr || memory->r[i].r.start > base || memory->r[i].r.end < end)
		return false;
	*room = min_u64(memory->r[i].r.end - end, numa_look_at(s->numa, base).span.end - 1 - base);
	*room = min_u64(*room, numa_look_at(s->numa, buffer).span.end - 1 - buffer);
	*room = min_u64(*room, numa_look_at(s->numa, end - 1).span.end - end);
	*room = min_u64(*room, numa_look_at(s->numa, taken - 1).span.end - taken);
	return true;
}

/* The verdict at d->base and how far up it holds, without a try; false: that cannot be shown. */
static bool derive(struct sweep *s, phys_t last, struct stretch *d)
{
	const struct sweep_free *f = free_at(s, d->base);
	uint64_t room;

	d->on_movable = f->total;
	d->pinned = f->bytes;
	if (!f->known || !find_room(s, d->base, &room) || !keeps_off_all(s, f, d->base, &room) || !judge_nodes(s, f, d))
		return false;
	pin_nodes(s, d->base, true);
	d->gap = gap_above(s, d->base + s->image.end);
	pin_nodes(s, d->base, false);
	d->top = min_u64(last, d->base + align_down(room, KASLR_ALIGN));
	return true;
}

/* ---- ORDER_ABOVE...: stretches over which the verdict never falls ---- */

/* Reserved pages of memory in r, each range rounded outwards, the image not counted. */
static uint64_t reserved_pages(const struct memblock *mb, struct range r)
{
	uint64_t pages = 0;

	for_each_overlap (taken, &mb->reserved, r)
		pages += memblock_memory_in(mb, range_clamp(taken->r, r)) / PAGE_SIZE + 2;
	return pages;
}

#define FIRST_MEMORY (512 * MIB)

/* Regions of memory above p, and the end of the first 512M of memory there. */
static size_t regions_above(const struct memblock *mb, phys_t p, size_t *first_regions, phys_t *first_end)
{
	size_t i = memblock_first(&mb->memory, p), nr = mb->memory.nr - i;
	uint64_t left = FIRST_MEMORY;

	*first_regions = 0;
	*first_end = p;
	for (; i < mb->memory.nr && left; i++) {
		phys_t start = max_u64(p, mb->memory.r[i].r.start);
		uint64_t part = min_u64(left, mb->memory.r[i].r.end - start);

		*first_end = start + part;
		++*first_regions;
		left -= part;
	}
	return nr;
}

/* Tables of what has been mapped: for so many pages, and for the edges of so many regions. */
static uint64_t tables_of(uint64_t pages, size_t regions)
{
	return pages / 511 + 1 + 10 * regions;
}

/* Pages that a step must leave over, by what has been mapped before it: the n of room_for_steps. */
#define LEFT_OF_2M 248
#define LEFT_OF_512M 65140
#define LEFT_OF_128G 16600000

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
	return buffer >= 3 * path - 1 + trampoline && tables_of(taken_near, near) <= LEFT_OF_2M &&
	       taken_near + tables_of(taken_all, all) <= LEFT_OF_512M &&
	       taken_all + tables_of(taken_all, all) <= LEFT_OF_128G;
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

static struct range bases_of(phys_t first, phys_t last)
{
	return (struct range){ first, last + KASLR_ALIGN };
}

/* The slots of these bases are stained; the gap is that of the first. */
static void add_stained(struct sweep *s, struct range bases, uint64_t gap)
{
	const struct regions all = { s->interval, &s->nr_intervals, SWEEP_MAX_INTERVALS };

	s->nr_stained += range_size(bases) / KASLR_ALIGN;
	if (regions_add(&all, (struct region){ .r = bases }) != OK)
		s->more_intervals = true;
	if (gap == UINT64_MAX)
		s->safe_distance = SWEEP_NO_DISTANCE;
	else if (s->safe_distance != SWEEP_NO_DISTANCE)
		s->safe_distance = max_u64(s->safe_distance, gap / KASLR_ALIGN + 1);
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

/* The stretch that begins at d->base, by trying. */
static enum status try_stretch(struct sweep *s, phys_t last, uint64_t *misses, struct stretch *d)
{
	uint64_t patience = 2 * s->image.end / KASLR_ALIGN + MORE_MISSES;
	enum status st = try_base(s, d->base, &s->a);

	d->top = st == OK ? smooth_top(s, &s->a, last) : d->base;
	while (st == OK && d->top > d->base) {
		st = try_base(s, d->top, &s->b);
		if (st == OK && same_pages(&s->a, &s->b))
			break;
		d->top = (*misses)++ < patience ? d->base : d->base + align_down((d->top - d->base) / 2, KASLR_ALIGN);
	}
	if (d->top > d->base)
		*misses = 0;
	d->on_movable = s->a.on_movable;
	d->pinned = s->a.pinned;
	d->gap = s->a.gap;
	return st;
}

static void add_stretch(struct sweep *s, const struct stretch *d)
{
	if (!d->on_movable)
		return;
	add_stained(s, bases_of(d->base, d->top), d->gap);
	if (d->on_movable < s->worst_on_movable || (d->on_movable == s->worst_on_movable && d->base > s->worst_base))
		return;
	s->worst_on_movable = d->on_movable;
	s->worst_pinned = d->pinned;
	s->worst_base = d->base;
}

static enum status sweep_fixed(struct sweep *s, phys_t base, phys_t last)
{
	struct stretch d = { .base = base };
	uint64_t misses = 0;

	for (;;) {
		enum status st = derive(s, last, &d) ? OK : try_stretch(s, last, &misses, &d);

		if (st != OK)
			return st;
		add_stretch(s, &d);
		if (d.top == last)
			return OK;
		d.base = d.top + KASLR_ALIGN;
	}
}

/* The lowest slot of s->worst, in which the last one is worst, that is no better. */
static enum status settle_worst(struct sweep *s)
{
	/* The ends have been tried before. */
	enum status st = try_base(s, s->worst.start, &s->c);

	KASSERT(st == OK);
	if (s->c.on_movable < s->worst_on_movable) {
		st = try_base(s, s->worst.end - KASLR_ALIGN, &s->b);
		KASSERT(st == OK);
		st = first_above(s, s->worst.start, &s->b, s->worst_on_movable - 1);
	}
	s->worst = bases_of(s->c.base, s->c.base);
	s->worst_base = s->c.base;
	s->worst_pinned = s->c.pinned;
	return st;
}

/* Slots of these bases, whose last one has `most`. Of those that are as bad the lowest counts: it lies in s->worst. */
static enum status keep_worst(struct sweep *s, struct range bases, uint64_t most)
{
	struct range old = s->worst;
	enum status st = OK;

	if (most < s->worst_on_movable || (most == s->worst_on_movable && old.end <= bases.start))
		return OK;
	if (most == s->worst_on_movable && bases.end > old.start) {
		/* areas of slots overlap */
		st = settle_worst(s);
		old = s->worst;
		s->worst = bases;
		if (st == OK)
			st = settle_worst(s);
		if (old.start < s->worst.start)
			s->worst = old;
		return st;
	}
	s->worst_on_movable = most;
	s->worst = bases;
	return OK;
}

/* Slots from a to b, over which the number of pages on movable memory never falls. */
static APART enum status add_rising(struct sweep *s, const struct sweep_try *a, const struct sweep_try *b)
{
	struct range bases;
	enum status st = OK;

	if (!b->on_movable)
		return OK;
	if (!a->on_movable) {
		st = first_above(s, a->base, b, 0);
		a = &s->c;
	}
	if (st != OK)
		return st;
	bases = bases_of(a->base, b->base);
	add_stained(s, bases, a->gap);
	return keep_worst(s, bases, b->on_movable);
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

static bool is_fixed(const struct sweep *s)
{
	return s->policy->order == ORDER_FIXED || s->policy->order == ORDER_LOCAL;
}

static enum status sweep_area(struct sweep *s, const struct kaslr_area *area)
{
	phys_t last = area->start + (area->slots - 1) * KASLR_ALIGN;

	return is_fixed(s) ? sweep_fixed(s, area->start, last) : sweep_rising(s, area->start, last);
}

/* ---- the whole ---- */

/* Whole pages of a region that nothing reserved lies on. */
static uint64_t free_pages(const struct memblock *mb, struct range left)
{
	const struct memblock_list *taken = &mb->reserved;
	uint64_t pages = 0;

	for (size_t i = memblock_first(taken, left.start); !range_empty(left); i++) {
		bool more = i < taken->nr && taken->r[i].r.start < left.end;
		struct range gap = { left.start, more ? taken->r[i].r.start : left.end };

		pages += range_size(range_whole_pages(gap)) / PAGE_SIZE;
		left.start = more ? taken->r[i].r.end : left.end;
	}
	return pages;
}

/* Fills s->node. Policies look for pages above 1M, below the end. */
static void list_nodes(struct sweep *s)
{
	const struct numa *n = s->numa;
	const struct memblock_list *memory = &s->work->memory;

	__builtin_memset(s->node, 0, n->nr_nodes * sizeof(*s->node));
	for_each (b, n->mem.blk, n->mem.nr) {
		struct sweep_node *node = &s->node[b->nid];

		node->end = max_u64(node->end, b->r.end);
	}
	for_each (m, memory->r, memory->nr) {
		if (m->nid != NUMA_NO_NODE)
			s->node[m->nid].spare +=
				free_pages(s->work, range_clamp(m->r, (struct range){ ISA_END, s->map.end }));
	}
}

/* There may be no room to take all marks away: which of them stay depends on where the image is. */
static bool is_tight(const struct sweep *s)
{
	struct numa_spot piece = { .nid = NUMA_NO_NODE };
	size_t room = s->work->lost ? 0 : s->work->room, most = 2;

	while (most <= room && numa_next_piece(s->numa, s->start, &piece))
		most++;
	return room && most > room;
}

/* Memory, nodes and marks as every slot finds them, without the image. */
static enum status prepare(struct sweep *s)
{
	copy_list(&s->work->reserved, &s->start->reserved);
	s->work->movable_node = s->start->movable_node;
	for (unsigned i = 0; i < s->numa->nr_nodes; i++)
		s->judged[i] = s->numa->node[i].movable;
	numa_judge(s->numa, s->start);
	if (tell_nodes(s, (struct sweep_places){ 0, 0 }) != OK)
		return ERR_FULL;
	list_nodes(s);
	s->home.home = NO_RANGE;
	if (is_fixed(s))
		count_free(s, &s->away, (struct range){ NOWHERE, NOWHERE + s->image.buffer_end - s->image.buffer });
	if (s->policy->srat_first && is_tight(s))
		s->away.known = false;
	return OK;
}

static void reset(struct sweep *s)
{
	s->nr_slots = s->slots->total;
	s->nr_stained = s->worst_on_movable = s->worst_pinned = s->safe_distance = s->tries = s->ranges = 0;
	s->nr_intervals = 0;
	s->more_intervals = false;
	s->worst_base = s->failed_base = PHYS_NONE;
	s->worst = NO_RANGE;
	s->a.base = s->b.base = s->c.base = PHYS_NONE;
	s->told = (struct sweep_places){ 1, 0 };
}

static bool is_image(const struct sweep_image *i)
{
	return (i->buffer | i->buffer_end | i->taken | i->end) % PAGE_SIZE == 0 && i->buffer <= i->buffer_end &&
	       i->buffer_end <= i->taken && i->taken <= i->end && i->taken > 0;
}

static bool has_too_many_leaves(const struct sweep *s)
{
	uint64_t ram = memblock_memory_in(s->start, range_below(s->map.end));

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
	if (st == OK && s->nr_stained && !is_fixed(s))
		st = settle_worst(s);
	for (unsigned i = 0; i < s->numa->nr_nodes; i++)
		s->numa->node[i].movable = s->judged[i];
	if (st == OK)
		s->failed_base = PHYS_NONE;
	return st;
}
