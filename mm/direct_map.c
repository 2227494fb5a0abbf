/* SPDX-License-Identifier: MIT */
/* The builder of the direct map: cuts ranges into leaf sizes, fills tables depth first, as Linux's init_64.c does. */
#include "mm/direct_map.h"

#include "mm/count.h"
#include "mm/policy.h"

#define SIZE_2M (2 * MIB)
#define SIZE_1G GIB
#define MAX_PIECES 5

/* A part of a range that is mapped with the same leaf sizes (struct map_range). */
struct piece {
	phys_t start, end;
	unsigned sizes;
};

struct split {
	struct piece piece[MAX_PIECES];
	unsigned nr;
	phys_t cursor;
};

/* What is being filled: [at, end), `at` moving on to the end of each slot done. */
struct fill {
	struct direct_map *dm;
	phys_t at, end;
	unsigned sizes;
	bool forced; /* inside a leaf that was forced one size down: not forced again */
};

/* ---- leaf sizes: split_mem_range --------------------------------------------------------------------------------- */

static void split_add(struct split *s, phys_t end, unsigned sizes)
{
	if (s->cursor >= end)
		return;
	s->piece[s->nr++] = (struct piece){ s->cursor, end, sizes };
	s->cursor = end;
}

/* 4K head, 2M head, 1G body, 2M tail, 4K tail. */
static void split_range(struct split *s, struct range r, unsigned allowed)
{
	phys_t end = align_down(r.end, PAGE_SIZE);

	*s = (struct split){ .cursor = align_down(r.start, PAGE_SIZE) };
	split_add(s, min_u64(align_up(s->cursor, SIZE_2M), end), 0);
	split_add(s, min_u64(align_up(s->cursor, SIZE_1G), align_down(end, SIZE_2M)), allowed & PAGE_2M);
	split_add(s, align_down(end, SIZE_1G), allowed);
	split_add(s, align_down(end, SIZE_2M), allowed & PAGE_2M);
	split_add(s, end, 0);
}

/*
 * A piece smaller than a large page gets the whole of it when one region of memory covers it
 * (adjust_range_page_size_mask).
 */
static void upsize_piece(const struct direct_map *dm, struct piece *p, unsigned bit, uint64_t size)
{
	struct range whole = { align_down(p->start, size), align_up(p->end, size) };

	if ((dm->page_sizes & bit) && !(p->sizes & bit) && memblock_is_memory(dm->alloc.mb, whole))
		p->sizes |= bit;
}

/* ---- tables: kernel_physical_mapping_init and below -------------------------------------------------------------- */

static inline uint64_t *reach_table(const struct direct_map *dm, phys_t table)
{
	return dm->mem.page(dm->mem.ctx, table);
}

/* Bit of enum page_sizes for leaves at that level; 0 where there are none. */
static unsigned leaf_bit(enum pt_level level)
{
	return level == PT_PUD ? PAGE_1G : level == PT_PMD ? PAGE_2M : 0;
}

static phys_t new_table(struct fill *f, enum pt_level level)
{
	struct direct_map *dm = f->dm;
	phys_t page = dm->policy->page ? dm->policy->page(dm, f->at) : pt_alloc_page(&dm->alloc);

	if (page == PHYS_NONE)
		dm->failed_at = f->at;
	else
		dm->pages[level]++;
	return page;
}

/* True when the leaf at that address is to be made one size smaller (option fragment=). */
static bool force_down(struct direct_map *dm, phys_t leaf)
{
	bool hit = fragment_hits(&dm->fragment, leaf, ++dm->big_leaves);

	dm->forced += hit;
	return hit;
}

/*
 * A PTE table costs one pointer and, when all of it is mapped, one loop of stores: nothing is zeroed first. A direct
 * map in 4K leaves is nearly all of this.
 */
static void fill_pte_table(struct fill *f, phys_t table, bool fresh)
{
	uint64_t *entry = reach_table(f->dm, table);
	uint64_t value = f->at | PT_LEAF_FLAGS, set = 0;
	unsigned first = (unsigned)(f->at >> PAGE_SHIFT) % PT_ENTRIES;
	unsigned end = (unsigned)min_u64(PT_ENTRIES, first + ((f->end - f->at) >> PAGE_SHIFT));

	f->at += (uint64_t)(end - first) << PAGE_SHIFT;
	if (fresh && end - first == PT_ENTRIES) {
#pragma GCC unroll 32
		for (unsigned i = 0; i < PT_ENTRIES; i++, value += PAGE_SIZE)
			entry[i] = value;
		f->dm->leaves[PT_PTE] += PT_ENTRIES;
		return;
	}
	if (fresh)
		__builtin_memset(entry, 0, PAGE_SIZE);
	for (unsigned i = first; i < end; i++, value += PAGE_SIZE) {
		if (entry[i])
			continue;
		entry[i] = value;
		set++;
	}
	f->dm->leaves[PT_PTE] += set;
}

static enum status fill_table(struct fill *f, phys_t table, enum pt_level level);

/* The table below an entry, taken before anything in it if there is none yet. The caller links it when it is filled. */
static enum status fill_below(struct fill *f, phys_t *child, enum pt_level level)
{
	bool fresh = *child == PHYS_NONE;

	if (fresh)
		*child = new_table(f, level);
	if (*child == PHYS_NONE)
		return ERR_NO_MEMORY;
	if (level == PT_PTE) {
		fill_pte_table(f, *child, fresh);
		return OK;
	}
	if (fresh)
		__builtin_memset(reach_table(f->dm, *child), 0, PAGE_SIZE);
	return fill_table(f, *child, level);
}

/* The same for a leaf that is forced one size down: all of it is mapped, whatever part of it was asked for. */
static enum status fill_forced(struct fill *f, phys_t *child, enum pt_level level)
{
	uint64_t size = 1ull << pt_shift(level + 1);
	phys_t start = align_down(f->at, size);
	struct fill whole = { f->dm, start, start + size, leaf_bit(level), true };

	f->at = whole.end;
	return fill_below(&whole, child, level);
}

/*
 * Large leaves for the slot of f->at and the empty ones behind it, `most` at most; how many. A loop of its own, as a
 * map in large leaves is nearly all of this.
 */
static unsigned put_leaves(struct fill *f, uint64_t *entry, unsigned most, enum pt_level level)
{
	const uint64_t size = 1ull << pt_shift(level);
	phys_t at = align_down(f->at, size);
	unsigned n = 0;

	do {
		entry[n++] = at | PT_LEAF_FLAGS | PT_LARGE;
		at += size;
	} while (n < most && at < f->end && !entry[n]);
	f->at = at;
	f->dm->leaves[level] += n;
	return n;
}

/*
 * Fills the slots of one table from f->at on, until its end or f->end. The PGD of 4-level tables is treated as a P4D
 * table: its entries map 512G. The direct map starts at a 1G boundary, so slots of 1G and less lie alike in physical
 * and virtual addresses.
 */
static enum status fill_table(struct fill *f, phys_t table, enum pt_level level)
{
	struct direct_map *dm = f->dm;
	uint64_t *entry = reach_table(dm, table);
	const uint64_t size = 1ull << pt_shift(level);
	const bool leaf = f->sizes & leaf_bit(level);
	const bool force = leaf && !f->forced && (dm->fragment.every || dm->fragment.permille);

	for (unsigned i = (unsigned)((dm->page_offset + f->at) >> pt_shift(level)) % PT_ENTRIES;
	     i < PT_ENTRIES && f->at < f->end; i++) {
		phys_t child = entry[i] ? entry[i] & PT_ADDRESS : PHYS_NONE;
		bool forced = force && !entry[i] && force_down(dm, align_down(f->at, size));
		enum status s;

		if (entry[i] & PT_LARGE) {
			f->at = align_down(f->at, size) + size;
			continue;
		}
		if (leaf && !entry[i] && !forced) {
			i += put_leaves(f, &entry[i], force ? 1 : PT_ENTRIES - i, level) - 1;
			continue;
		}
		s = forced ? fill_forced(f, &child, level - 1) : fill_below(f, &child, level - 1);
		if (s != OK)
			return s;
		entry = reach_table(dm, table);
		if (!entry[i])
			entry[i] = child | PT_TABLE_FLAGS;
	}
	return OK;
}

/* ---- ranges: init_memory_mapping --------------------------------------------------------------------------------- */

/* Once a range is finished, what it really covered (upsized leaves included) is where Linux dares to put tables. */
static enum status range_done(struct direct_map *dm, phys_t end)
{
	dm->ranges++;
	dm->max_mapped = max_u64(dm->max_mapped, end);
	if (!dm->max_follows)
		return OK;
	return pt_alloc_bounds(&dm->alloc, dm->alloc.min, dm->max_mapped, dm->alloc.nid);
}

/* Linux then joins pieces of equal sizes; here that would change nothing, as leaves and tables that exist are kept. */
static enum status map_range(struct direct_map *dm, struct range r)
{
	enum pt_level top = dm->levels == 5 ? PT_PGD : PT_P4D;
	phys_t end = 0;
	struct fill f;
	struct split s;

	if (dm->count) {
		enum status status = count_range(dm, r, &end);

		return status == OK ? range_done(dm, end) : status;
	}
	split_range(&s, r, dm->page_sizes);
	for (unsigned i = 0; i < s.nr; i++) {
		upsize_piece(dm, &s.piece[i], PAGE_2M, SIZE_2M);
		upsize_piece(dm, &s.piece[i], PAGE_1G, SIZE_1G);
	}
	for (unsigned i = 0; i < s.nr; i++) {
		enum status status;

		f = (struct fill){ dm, s.piece[i].start, s.piece[i].end, s.piece[i].sizes, false };
		status = fill_table(&f, dm->root, top);
		if (status != OK)
			return status;
		KASSERT(f.at >= f.end);
		end = max_u64(end, f.at);
	}
	return range_done(dm, end);
}

/*
 * Linux with memory KASLR: a PUD page, and with 5 levels a P4D page, for the low identity map; not part of this tree.
 */
static enum status take_trampoline(struct direct_map *dm)
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
	dm->steps = dm->passes = 0;
	dm->in_pass = false;
	dm->failed_at = PHYS_NONE;
	if (dm->count)
		count_begin(dm);
}

static enum status build(struct direct_map *dm)
{
	enum status s = direct_map_bounds(dm, 0, MAPPED_SO_FAR);

	if (s == OK)
		s = map_range(dm, (struct range){ 0, ISA_END });
	if (s == OK)
		s = take_trampoline(dm);
	if (s == OK)
		s = dm->policy->map(dm);
	return s;
}

enum status direct_map_build(struct direct_map *dm)
{
	enum status s, flushed;

	KASSERT(dm->levels == 4 || dm->levels == 5);
	KASSERT(dm->page_offset % SIZE_1G == 0 && dm->page_sizes != PAGE_1G);
	reset_results(dm);
	dm->alloc.mb->bottom_up = dm->policy->bottom_up;
	s = build(dm);
	flushed = pt_alloc_flush(&dm->alloc);
	return flushed != OK ? flushed : s;
}

enum status direct_map_ram(struct direct_map *dm, struct range r, uint64_t *mapped)
{
	const struct memblock_list *memory = &dm->alloc.mb->memory;
	uint64_t ranges = dm->ranges;

	for (size_t i = memblock_first(memory, r.start); i < memory->nr && memory->r[i].start < r.end; i++) {
		struct range pages = { align_up(memory->r[i].start, PAGE_SIZE),
				       align_down(memory->r[i].end, PAGE_SIZE) };
		struct range ram = range_clamp(pages, r);
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
		*mapped += range_size(ram);
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

enum status direct_map_bounds(struct direct_map *dm, phys_t min, phys_t max)
{
	dm->max_follows = max == MAPPED_SO_FAR;
	return pt_alloc_bounds(&dm->alloc, align_down(min, PAGE_SIZE), dm->max_follows ? dm->max_mapped : max,
			       NUMA_NO_NODE);
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

uint64_t direct_map_pgd_size(unsigned levels)
{
	return 1ull << pt_shift(levels == 5 ? PT_PGD : PT_P4D);
}
