/* SPDX-License-Identifier: MIT */
/* Cuts ranges into leaf sizes and fills tables depth first, as Linux's init_64.c does. */
#include "mm/mapping.h"

#define SIZE_2M (2 * MIB)
#define SIZE_1G GIB
#define MAX_PIECES 5
#define UNROLLED 32

/* A part of a range that is mapped with the same leaf sizes (struct map_range). */
struct piece {
	struct range r;
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
	s->piece[s->nr++] = (struct piece){ { s->cursor, end }, sizes };
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
	struct range whole = { align_down(p->r.start, size), align_up(p->r.end, size) };

	if ((dm->page_sizes & bit) && !(p->sizes & bit) && memblock_is_memory(dm->alloc.mb, whole))
		p->sizes |= bit;
}

/* ---- tables: kernel_physical_mapping_init and below -------------------------------------------------------------- */

static inline uint64_t *reach_table(const struct direct_map *dm, phys_t table)
{
	return dm->mem.page(dm->mem.ctx, table);
}

/* Bit of enum page_sizes for leaves at that level; 0 where there are none, or no others. */
static unsigned leaf_bit(enum pt_level level)
{
	return level == PT_PUD ? PAGE_1G : level == PT_PMD ? PAGE_2M : 0;
}

static bool wants_leaves(const struct fill *f, enum pt_level level)
{
	return level == PT_PTE || (f->sizes & leaf_bit(level));
}

/* Whether some of the leaves at that level are to be made one size smaller (option fragment=). */
static bool may_force(const struct fill *f, enum pt_level level)
{
	return level != PT_PTE && !f->forced && (f->dm->fragment.every || f->dm->fragment.permille);
}

static uint64_t first_leaf(const struct fill *f, enum pt_level level)
{
	return align_down(f->at, 1ull << pt_shift(level)) | PT_LEAF_FLAGS | (level == PT_PTE ? 0 : PT_LARGE);
}

static phys_t new_table(struct fill *f, enum pt_level level)
{
	struct direct_map *dm = f->dm;
	phys_t page = direct_map_page(dm, f->at);

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

/* ---- tables that are all leaves: a direct map is nearly all of this ---------------------------------------------- */

/* Whether a new table at f->at gets a leaf in each of its slots. */
static bool is_whole(const struct fill *f, enum pt_level level)
{
	const uint64_t reach = 1ull << pt_shift(level + 1);

	return f->at % reach == 0 && f->end - f->at >= reach && wants_leaves(f, level) && !may_force(f, level);
}

/* Past the caches: a large map has more tables than they hold, and a store that misses would first read the line. */
#if defined(__x86_64__) && defined(__clang__)
#define STREAM(to, two) __builtin_nontemporal_store(two, to)
#elif defined(__x86_64__)
typedef long long streamed __attribute__((vector_size(16), may_alias));
#define STREAM(to, two) __builtin_ia32_movntdq((streamed *)(to), (streamed)(two))
#else
#define STREAM(to, two) (void)(*(to) = (two))
#endif

/* The loop is unrolled here, as the compiler, asked for small code, leaves loops as they are. */
static PAIRWISE void fill_entries(uint64_t *entry, uint64_t value, uint64_t step)
{
	pt_pair *at = (pt_pair *)entry, *end = at + PT_PAIRS;
	pt_pair two = { value, value + step };

	do {
#pragma GCC unroll 32
		for (unsigned i = 0; i < UNROLLED; i++, two += 2 * step)
			STREAM(&at[i], two);
		at += UNROLLED;
	} while (at != end);
}

static void fill_whole(struct fill *f, phys_t table, enum pt_level level)
{
	fill_entries(reach_table(f->dm, table), first_leaf(f, level), 1ull << pt_shift(level));
	f->at += 1ull << pt_shift(level + 1);
	f->dm->leaves[level] += PT_ENTRIES;
}

/* ---- tables that have anything in them --------------------------------------------------------------------------- */

static enum status fill_table(struct fill *f, phys_t table, enum pt_level level);

/* The table below an entry, taken before anything in it if there is none yet. The caller links it when it is filled. */
static enum status fill_below(struct fill *f, phys_t *child, enum pt_level level)
{
	bool fresh = *child == PHYS_NONE;

	if (fresh)
		*child = new_table(f, level);
	if (*child == PHYS_NONE)
		return ERR_NO_MEMORY;
	if (fresh && is_whole(f, level)) {
		fill_whole(f, *child, level);
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

/* Leaves for the slot of f->at and the empty ones behind it, `most` at most; how many. */
static unsigned put_leaves(struct fill *f, uint64_t *entry, unsigned most, enum pt_level level)
{
	const uint64_t size = 1ull << pt_shift(level);
	uint64_t value = first_leaf(f, level);
	unsigned n = 0;

	f->at = align_down(f->at, size);
	do {
		entry[n++] = value;
		value += size;
		f->at += size;
	} while (n < most && f->at < f->end && !entry[n]);
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
	const bool leaf = wants_leaves(f, level);
	const bool force = leaf && may_force(f, level);

	for (unsigned i = (unsigned)((dm->page_offset + f->at) >> pt_shift(level)) % PT_ENTRIES;
	     i < PT_ENTRIES && f->at < f->end; i++) {
		phys_t child = entry[i] ? entry[i] & PT_ADDRESS : PHYS_NONE;
		bool forced = force && !entry[i] && force_down(dm, align_down(f->at, size));
		enum status s;

		if (entry[i] && (level == PT_PTE || (entry[i] & PT_LARGE))) {
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

/* Linux then joins pieces of equal sizes; here that would change nothing, as leaves and tables that exist are kept. */
enum status tables_fill_range(struct direct_map *dm, struct range r, phys_t *end)
{
	enum pt_level top = dm->levels == 5 ? PT_PGD : PT_P4D;
	struct split s;

	*end = 0;
	split_range(&s, r, dm->page_sizes);
	for_each (p, s.piece, s.nr) {
		enum status status;
		struct fill f;

		upsize_piece(dm, p, PAGE_2M, SIZE_2M);
		upsize_piece(dm, p, PAGE_1G, SIZE_1G);
		f = (struct fill){ dm, p->r.start, p->r.end, p->sizes, false };
		status = fill_table(&f, dm->root, top);
		if (status != OK)
			return status;
		KASSERT(f.at >= f.end);
		*end = max_u64(*end, f.at);
	}
	return OK;
}
