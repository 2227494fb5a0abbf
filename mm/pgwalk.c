/* SPDX-License-Identifier: MIT */
/* An independent reader of x86-64 page tables. All arithmetic here is its own; only the bits of an entry are shared. */
#include "mm/pgwalk.h"

#define INDEX_BITS 9
#define UNROLLED 16
#define PHYS_END (1ull << 52)                   /* MAXPHYADDR at most */
#define LARGE_RESERVED_2M 0x00000000001fe000ull /* bits 13..20 of a 2M leaf; bit 12 is PAT */
#define LARGE_RESERVED_1G 0x000000003fffe000ull /* bits 13..29 of a 1G leaf */
#define LARGE_PAT (1ull << 12)

/* One walk: what to visit, and the leaves seen last but not told yet. */
struct walk {
	const struct pgwalk *w;
	const struct pgwalk_visit *v;
	uint64_t start, last;
	struct pgwalk_leaf run;
	uint64_t count;
};

/* depth 0: a table of 4K leaves. */
static unsigned shift_of(unsigned depth)
{
	return 12 + INDEX_BITS * depth;
}

static unsigned index_of(uint64_t virt, unsigned depth)
{
	return (unsigned)(virt >> shift_of(depth)) & ((1u << INDEX_BITS) - 1);
}

static enum pt_level level_of(const struct pgwalk *w, unsigned depth)
{
	return depth + 1 == w->levels ? PT_PGD : (enum pt_level)depth;
}

static bool is_canonical(const struct pgwalk *w, uint64_t virt)
{
	uint64_t top = virt >> (shift_of(w->levels) - 1);

	return top == 0 || top == UINT64_MAX >> (shift_of(w->levels) - 1);
}

static bool is_leaf(uint64_t entry, unsigned depth)
{
	return depth == 0 || (entry & PT_LARGE);
}

/* Bit 7 is reserved above the PUD level; a large leaf is aligned to its size. */
static bool is_malformed(uint64_t entry, unsigned depth)
{
	if (depth == 0 || !(entry & PT_LARGE))
		return false;
	return depth > 2 || (entry & (depth == 2 ? LARGE_RESERVED_1G : LARGE_RESERVED_2M));
}

static phys_t address_of(uint64_t entry, unsigned depth)
{
	return depth && (entry & PT_LARGE) ? entry & PT_ADDRESS & ~LARGE_PAT : entry & PT_ADDRESS;
}

static struct pgwalk_leaf leaf_of(uint64_t entry, unsigned depth, uint64_t virt)
{
	phys_t phys = address_of(entry, depth);

	return (struct pgwalk_leaf){ virt, phys, (enum pt_level)depth, entry & ~phys };
}

static void tell_run(struct walk *k)
{
	if (k->count && k->v->leaves)
		k->v->leaves(k->v->ctx, &k->run, k->count);
	k->count = 0;
}

static bool run_goes_on(const struct walk *k, const struct pgwalk_leaf *leaf)
{
	uint64_t size = k->count << shift_of((unsigned)leaf->level);

	return k->count && leaf->level == k->run.level && leaf->flags == k->run.flags &&
	       leaf->virt == k->run.virt + size && leaf->phys == k->run.phys + size;
}

/*
 * Whether each entry of a table is its first one plus so many times `size`, a power of two. Pairs are compared with the
 * pair before them, which lies `gap` below. The bits of -gap are ones down to that of gap: a difference that has them
 * all is -gap or nearer to 0. So if all have them, no step is longer than gap; and if the last pair is as far from the
 * first as so many whole steps lead, none is shorter. No branch inside: emulators and CPUs alike are faster so.
 */
static PAIRWISE bool is_row(const uint64_t *entry, uint64_t size)
{
	const pt_pair *at = (const pt_pair *)entry, *end = at + PT_PAIRS;
	const pt_pair gap = { 2 * size, 2 * size };
	pt_pair before = (pt_pair){ entry[0], entry[0] + size } - gap;
	pt_pair last = before + gap * PT_PAIRS, common = -gap, wrong;

	do {
#pragma GCC unroll 16
		for (unsigned i = 0; i < UNROLLED; i++) {
			common &= before - at[i];
			before = at[i];
		}
		at += UNROLLED;
	} while (at != end);
	wrong = (common ^ -gap) | (before ^ last);
	return !(wrong[0] | wrong[1]);
}

/*
 * Takes the leaf at entry[0] and those behind it, `most` at most, that go on in the same way; returns how many. Almost
 * all entries of a direct map are seen by these loops only. An entry that is equal to the one expected has no reserved
 * bit either.
 */
static unsigned walk_leaves(struct walk *k, const uint64_t *entry, unsigned most, struct pgwalk_leaf leaf)
{
	uint64_t size = 1ull << shift_of((unsigned)leaf.level);
	uint64_t expect = entry[0];
	unsigned i = 0;

	most = (unsigned)min_u64(most, (PHYS_END - leaf.phys) >> shift_of((unsigned)leaf.level));
	if (!run_goes_on(k, &leaf)) {
		tell_run(k);
		k->run = leaf;
	}
	if (most == PT_ENTRIES && is_row(entry, size))
		i = most;
	while (i < most && entry[i] == expect) {
		i++;
		expect += size;
	}
	k->count += i;
	return i;
}

static const uint64_t *read_table(const struct pgwalk *w, phys_t table)
{
	return w->table(w->ctx, table);
}

/* Visits one table whose first entry maps `base`, between k->start and k->last. */
static enum status walk_table(struct walk *k, phys_t table, unsigned depth, uint64_t base)
{
	const uint64_t *entry = read_table(k->w, table);
	uint64_t size = 1ull << shift_of(depth);
	unsigned i = base < k->start ? index_of(k->start, depth) : 0;
	unsigned end = k->last - base >= size * 511 ? 512 : index_of(k->last, depth) + 1;

	if (!entry)
		return ERR_UNREADABLE;
	if (k->v->table)
		k->v->table(k->v->ctx, table, level_of(k->w, depth), base);
	while (i < end) {
		uint64_t e = entry[i], virt = base + i * size;
		enum status s;

		if (!(e & PT_PRESENT)) {
			i++;
			continue;
		}
		if (is_malformed(e, depth))
			return ERR_MALFORMED;
		if (is_leaf(e, depth)) {
			i += walk_leaves(k, entry + i, end - i, leaf_of(e, depth, virt));
			continue;
		}
		s = walk_table(k, address_of(e, depth), depth - 1, virt);
		if (s != OK)
			return s;
		entry = read_table(k->w, table);
		if (!entry)
			return ERR_UNREADABLE;
		i++;
	}
	return OK;
}

enum status pgwalk_range(const struct pgwalk *w, uint64_t start, uint64_t last, const struct pgwalk_visit *v)
{
	struct walk k = { .w = w, .v = v, .start = start, .last = last };
	uint64_t base = start >> shift_of(w->levels) << shift_of(w->levels);
	enum status s;

	if (start > last || !is_canonical(w, start) || !is_canonical(w, last) || start >> 63 != last >> 63)
		return ERR_RANGE;
	s = walk_table(&k, w->root, w->levels - 1, base);
	tell_run(&k);
	return s;
}

enum status pgwalk_lookup(const struct pgwalk *w, uint64_t virt, struct pgwalk_leaf *leaf, phys_t *phys)
{
	phys_t table = w->root;

	if (!is_canonical(w, virt))
		return ERR_RANGE;
	for (unsigned depth = w->levels - 1;; depth--) {
		const uint64_t *entry = read_table(w, table);
		uint64_t offset = virt & ((1ull << shift_of(depth)) - 1), e;

		if (!entry)
			return ERR_UNREADABLE;
		e = entry[index_of(virt, depth)];
		if (!(e & PT_PRESENT))
			return ERR_NOT_FOUND;
		if (is_malformed(e, depth))
			return ERR_MALFORMED;
		if (is_leaf(e, depth)) {
			*leaf = leaf_of(e, depth, virt - offset);
			*phys = leaf->phys + offset;
			return OK;
		}
		table = address_of(e, depth);
	}
}
