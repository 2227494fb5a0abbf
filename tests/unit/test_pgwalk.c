/* SPDX-License-Identifier: MIT */
/* The reader of page tables, on tables written by hand: every number here is worked out without the builder. */
#include "tests/unit/support.h"

#define HALF 0xffff800000000000ull
#define LINK (PT_PRESENT | PT_WRITE)

static struct fake_ram ram;

static void set(phys_t table, unsigned index, uint64_t entry)
{
	uint64_t *page = fake_ram_page(&ram, table);

	page[index] = entry;
}

/* Root 0x1000; entry 256 -> 0x2000 -> 0x3000 -> 0x4000. */
static int setup(void **state)
{
	(void)state;
	fake_ram_init(&ram);
	set(0x1000, 256, 0x2000 | LINK);
	set(0x2000, 0, 0x3000 | LINK);
	set(0x3000, 0, 0x4000 | LINK);
	set(0x4000, 0, 0x10000 | PT_PRESENT);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_ram_free(&ram);
	return 0;
}

static const struct fixture fixture = { .setup = setup, .teardown = teardown };

struct seen {
	struct {
		phys_t table;
		enum pt_level level;
		uint64_t virt;
	} table[16];
	struct {
		struct pgwalk_leaf first;
		uint64_t count;
	} run[16];
	size_t tables, runs;
};

static void see_table(void *ctx, phys_t table, enum pt_level level, uint64_t virt)
{
	struct seen *s = ctx;

	assert_true(s->tables < ARRAY_SIZE(s->table));
	s->table[s->tables].table = table;
	s->table[s->tables].level = level;
	s->table[s->tables++].virt = virt;
}

static void see_leaves(void *ctx, const struct pgwalk_leaf *first, uint64_t count)
{
	struct seen *s = ctx;

	assert_true(s->runs < ARRAY_SIZE(s->run));
	s->run[s->runs].first = *first;
	s->run[s->runs++].count = count;
}

static enum status walk_levels(struct seen *s, unsigned levels, uint64_t start, uint64_t last)
{
	struct pgwalk w = fake_ram_walk(&ram, 0x1000, levels);
	struct pgwalk_visit v = { .table = see_table, .leaves = see_leaves, .ctx = s };

	*s = (struct seen){ .tables = 0 };
	return pgwalk_range(&w, start, last, &v);
}

static enum status walk(struct seen *s, uint64_t start, uint64_t last)
{
	return walk_levels(s, 4, start, last);
}

#define TABLE(s, i, at, at_level, at_virt)                                                                             \
	do {                                                                                                           \
		assert_int_equal((s).table[i].table, at);                                                              \
		assert_int_equal((s).table[i].level, at_level);                                                        \
		assert_int_equal((s).table[i].virt, at_virt);                                                          \
	} while (0)

#define RUN(s, i, at_virt, at_phys, at_level, n)                                                                       \
	do {                                                                                                           \
		assert_int_equal((s).run[i].first.virt, at_virt);                                                      \
		assert_int_equal((s).run[i].first.phys, at_phys);                                                      \
		assert_int_equal((s).run[i].first.level, at_level);                                                    \
		assert_int_equal((s).run[i].count, n);                                                                 \
	} while (0)

TEST(tables_in_order)
{
	struct seen s;

	set(0x2000, 2, 0x5000 | LINK);
	set(0x5000, 0, 0);
	set(0x1000, 511, 0x6000 | LINK);
	set(0x6000, 0, 0);
	assert_int_equal(walk(&s, HALF, UINT64_MAX), OK);
	assert_int_equal(s.tables, 6);
	TABLE(s, 0, 0x1000, PT_PGD, 0xffff000000000000);
	TABLE(s, 1, 0x2000, PT_PUD, HALF);
	TABLE(s, 2, 0x3000, PT_PMD, HALF);
	TABLE(s, 3, 0x4000, PT_PTE, HALF);
	TABLE(s, 4, 0x5000, PT_PMD, HALF + 2 * GIB);
	TABLE(s, 5, 0x6000, PT_PUD, 0xffffff8000000000);
	assert_int_equal(s.runs, 1);
	RUN(s, 0, HALF, 0x10000, PT_PTE, 1);
	assert_int_equal(s.run[0].first.flags, PT_PRESENT);
}

TEST(five_levels)
{
	struct seen s;

	/* root 0x1000 [273] -> 0x7000 [1] -> 0x2000 ... */
	set(0x1000, 273, 0x7000 | LINK);
	set(0x7000, 1, 0x2000 | LINK);
	assert_int_equal(walk_levels(&s, 5, 0xff11000000000000, 0xff11ffffffffffff), OK);
	assert_int_equal(s.tables, 5);
	TABLE(s, 0, 0x1000, PT_PGD, 0xfe00000000000000);
	TABLE(s, 1, 0x7000, PT_P4D, 0xff11000000000000);
	TABLE(s, 2, 0x2000, PT_PUD, 0xff11008000000000);
	TABLE(s, 4, 0x4000, PT_PTE, 0xff11008000000000);
	RUN(s, 0, 0xff11008000000000, 0x10000, PT_PTE, 1);
}

TEST(lower_half)
{
	struct seen s;

	set(0x1000, 1, 0x2000 | LINK);
	assert_int_equal(walk(&s, 0, 0x7fffffffffff), OK);
	assert_int_equal(s.tables, 4);
	TABLE(s, 0, 0x1000, PT_PGD, 0);
	TABLE(s, 1, 0x2000, PT_PUD, 512 * GIB);
	RUN(s, 0, 512 * GIB, 0x10000, PT_PTE, 1);
}

/* Neighbours join across table borders, as long as size, flags and both addresses go on. */
TEST(runs_join)
{
	struct seen s;

	set(0x3000, 1, 0x5000 | LINK);
	for (unsigned i = 0; i < 512; i++) {
		set(0x4000, i, (0x40000000 + i * PAGE_SIZE) | PT_PRESENT | PT_NX);
		set(0x5000, i, (0x40200000 + i * PAGE_SIZE) | PT_PRESENT | PT_NX);
	}
	assert_int_equal(walk(&s, HALF, UINT64_MAX), OK);
	assert_int_equal(s.runs, 1);
	RUN(s, 0, HALF, 0x40000000, PT_PTE, 1024);
	assert_int_equal(s.run[0].first.flags, PT_PRESENT | PT_NX);
}

TEST(runs_break)
{
	struct seen s;

	set(0x4000, 1, 0x11000 | PT_PRESENT);
	set(0x4000, 2, 0x12000 | PT_PRESENT | PT_WRITE); /* other flags */
	set(0x4000, 3, 0x14000 | PT_PRESENT | PT_WRITE); /* physical gap */
	set(0x4000, 5, 0x16000 | PT_PRESENT | PT_WRITE); /* virtual gap, physical one too */
	set(0x4000, 7, 0x17000 | PT_PRESENT | PT_WRITE); /* virtual gap only */
	set(0x4000, 8, 0x18000 | PT_WRITE);              /* not present */
	assert_int_equal(walk(&s, HALF, UINT64_MAX), OK);
	assert_int_equal(s.runs, 5);
	RUN(s, 0, HALF, 0x10000, PT_PTE, 2);
	RUN(s, 1, HALF + 0x2000, 0x12000, PT_PTE, 1);
	RUN(s, 2, HALF + 0x3000, 0x14000, PT_PTE, 1);
	RUN(s, 3, HALF + 0x5000, 0x16000, PT_PTE, 1);
	RUN(s, 4, HALF + 0x7000, 0x17000, PT_PTE, 1);
}

static void set_row(void)
{
	for (unsigned i = 0; i < 512; i++)
		set(0x4000, i, (0x40000000 + i * PAGE_SIZE) | PT_PRESENT);
}

/* One entry that differs in the middle of a full table, in flags or in its address alone. */
TEST(runs_break_in_the_middle)
{
	struct seen s;

	set_row();
	set(0x4000, 37, 0x40025000 | PT_PRESENT | PT_DIRTY);
	set(0x4000, 511, 0x401fe000 | PT_PRESENT);
	assert_int_equal(walk(&s, HALF, UINT64_MAX), OK);
	assert_int_equal(s.runs, 4);
	RUN(s, 0, HALF, 0x40000000, PT_PTE, 37);
	RUN(s, 1, HALF + 0x25000, 0x40025000, PT_PTE, 1);
	RUN(s, 2, HALF + 0x26000, 0x40026000, PT_PTE, 473);
	RUN(s, 3, HALF + 0x1ff000, 0x401fe000, PT_PTE, 1);
}

/* The leaves of the first run. */
static uint64_t first_run(void)
{
	struct seen s;

	assert_int_equal(walk(&s, HALF, UINT64_MAX), OK);
	RUN(s, 0, HALF, s.run[0].first.phys, PT_PTE, s.run[0].count);
	return s.run[0].count;
}

/* A full table is compared as a whole: whatever bit of whatever entry is wrong, the run ends there. */
TEST(every_bit_of_a_row_counts)
{
	static const unsigned bits[] = { 1, 9, 12, 13, 14, 21, 22, 51, 63 };

	set_row();
	assert_int_equal(first_run(), 512);
	for (unsigned i = 0; i < 512; i++) {
		for (unsigned b = 0; b < ARRAY_SIZE(bits); b++) {
			uint64_t good = (0x40000000 + i * PAGE_SIZE) | PT_PRESENT;

			set(0x4000, i, good ^ 1ull << bits[b]);
			assert_int_equal(first_run(), i ? i : 1);
			set(0x4000, i, good);
		}
	}
}

/* Nor does one wrong entry make up for another. */
TEST(wrong_entries_of_a_row_do_not_add_up)
{
	for (unsigned i = 1; i < 510; i++) {
		for (unsigned far = 1; far <= 2; far++) {
			set_row();
			set(0x4000, i, (0x40000000 + (i + far) * PAGE_SIZE) | PT_PRESENT);
			set(0x4000, i + far, (0x40000000 + i * PAGE_SIZE) | PT_PRESENT);
			assert_int_equal(first_run(), i);
		}
	}
	/* All but the two ends are elsewhere; all but the first pair are. */
	for (unsigned end = 510; end <= 512; end += 2) {
		set_row();
		for (unsigned i = 2; i < end; i++)
			set(0x4000, i, (0x80000000 + i * PAGE_SIZE) | PT_PRESENT);
		assert_int_equal(first_run(), 2);
	}
}

/* A 4K leaf, a 2M one and a 1G one that go on from each other are three runs. */
TEST(sizes_do_not_join)
{
	struct seen s;

	for (unsigned i = 0; i < 512; i++)
		set(0x4000, i, i * PAGE_SIZE | PT_PRESENT);
	for (unsigned i = 1; i < 512; i++)
		set(0x3000, i, i * 2 * MIB | PT_PRESENT | PT_LARGE);
	for (unsigned i = 1; i < 512; i++)
		set(0x2000, i, i * GIB | PT_PRESENT | PT_LARGE);
	assert_int_equal(walk(&s, HALF, UINT64_MAX), OK);
	assert_int_equal(s.runs, 3);
	RUN(s, 0, HALF, 0, PT_PTE, 512);
	RUN(s, 1, HALF + 2 * MIB, 2 * MIB, PT_PMD, 511);
	RUN(s, 2, HALF + GIB, GIB, PT_PUD, 511);
	assert_int_equal(s.run[2].first.flags, PT_PRESENT | PT_LARGE);
}

/* One 2M leaf does not go on in a 1G leaf one GiB further. */
TEST(sizes_do_not_join_across_a_gap)
{
	struct seen s;

	set(0x3000, 0, 0x40000000 | PT_PRESENT | PT_LARGE);
	set(0x2000, 1, 0x80000000 | PT_PRESENT | PT_LARGE);
	assert_int_equal(walk(&s, HALF, UINT64_MAX), OK);
	assert_int_equal(s.runs, 2);
	RUN(s, 0, HALF, 0x40000000, PT_PMD, 1);
	RUN(s, 1, HALF + GIB, 0x80000000, PT_PUD, 1);
}

/* Physical addresses do not go on past 2^52 into the bits behind the address. */
TEST(end_of_physical_memory)
{
	struct seen s;

	set(0x4000, 0, 0x000ffffffffff000 | PT_PRESENT);
	set(0x4000, 1, 0x0010000000000000 | PT_PRESENT);
	assert_int_equal(walk(&s, HALF, UINT64_MAX), OK);
	assert_int_equal(s.runs, 2);
	RUN(s, 0, HALF, 0x000ffffffffff000, PT_PTE, 1);
	RUN(s, 1, HALF + PAGE_SIZE, 0, PT_PTE, 1);
	assert_int_equal(s.run[1].first.flags, 0x0010000000000000 | PT_PRESENT);
}

/* Only what overlaps [start, last] is visited, a leaf that begins before start included. */
TEST(part_of_a_table)
{
	struct seen s;

	set(0x3000, 1, 0x5000 | LINK);
	set(0x5000, 0, 0);
	for (unsigned i = 0; i < 512; i++)
		set(0x4000, i, (0x400000 + i * PAGE_SIZE) | PT_PRESENT);
	assert_int_equal(walk(&s, HALF + 0x3000, HALF + 0x5fff), OK);
	assert_int_equal(s.tables, 4);
	assert_int_equal(s.runs, 1);
	RUN(s, 0, HALF + 0x3000, 0x403000, PT_PTE, 3);
	assert_int_equal(walk(&s, HALF + 0x3fff, HALF + 0x3fff), OK);
	RUN(s, 0, HALF + 0x3000, 0x403000, PT_PTE, 1);
	assert_int_equal(walk(&s, HALF + 0x3fff, HALF + 0x4000), OK);
	RUN(s, 0, HALF + 0x3000, 0x403000, PT_PTE, 2);
	assert_int_equal(walk(&s, HALF + 0x1ff000, HALF + 0x200000), OK);
	assert_int_equal(s.tables, 5);
	assert_int_equal(s.runs, 1);
	RUN(s, 0, HALF + 0x1ff000, 0x5ff000, PT_PTE, 1);
	assert_int_equal(walk(&s, HALF + 0x400000, UINT64_MAX), OK);
	assert_int_equal(s.tables, 3);
	assert_int_equal(s.runs, 0);
}

TEST(bad_ranges)
{
	struct seen s;

	assert_int_equal(walk(&s, HALF + 1, HALF), ERR_RANGE);
	assert_int_equal(walk(&s, 0, HALF), ERR_RANGE);
	assert_int_equal(walk(&s, HALF - 1, UINT64_MAX), ERR_RANGE);
	assert_int_equal(walk(&s, 0, 0x800000000000), ERR_RANGE);
	assert_int_equal(s.tables, 0);
}

static unsigned reads_left;

static uint64_t *fail_in_time(void *ctx, phys_t table)
{
	return reads_left-- ? fake_ram_page(ctx, table) : NULL;
}

/* Four tables on the way down, three again on the way up: each of these reads can fail. */
TEST(every_read_counts)
{
	struct seen s = { .tables = 0 };
	struct pgwalk w = fake_ram_walk(&ram, 0x1000, 4);
	struct pgwalk_visit v = { .table = see_table, .leaves = see_leaves, .ctx = &s };

	w.table = fail_in_time;
	for (unsigned reads = 0; reads <= 7; reads++) {
		reads_left = reads;
		s.tables = s.runs = 0;
		assert_int_equal(pgwalk_range(&w, HALF, UINT64_MAX, &v), reads < 7 ? ERR_UNREADABLE : OK);
		assert_int_equal(s.runs, reads < 4 ? 0 : 1);
	}
}

TEST(unreadable)
{
	struct seen s;
	struct pgwalk_leaf leaf;
	struct pgwalk w = fake_ram_walk(&ram, 0x1000, 4);
	phys_t phys;

	set(0x2000, 5, 0x9000 | LINK);
	assert_int_equal(walk(&s, HALF, UINT64_MAX), ERR_UNREADABLE);
	/* what was seen before is told */
	assert_int_equal(s.runs, 1);
	assert_int_equal(pgwalk_lookup(&w, HALF + 5 * GIB, &leaf, &phys), ERR_UNREADABLE);
	w.root = 0x100000;
	assert_int_equal(pgwalk_lookup(&w, HALF, &leaf, &phys), ERR_UNREADABLE);
}

static void assert_malformed(phys_t table, unsigned index, uint64_t entry, uint64_t virt, enum status want)
{
	struct pgwalk w = fake_ram_walk(&ram, 0x1000, 4);
	uint64_t *page = fake_ram_page(&ram, table), old = page[index];
	struct pgwalk_leaf leaf;
	struct seen s;
	phys_t phys;

	page[index] = entry;
	assert_int_equal(walk(&s, HALF, UINT64_MAX), want);
	assert_int_equal(pgwalk_lookup(&w, virt, &leaf, &phys), want);
	page[index] = old;
}

TEST(reserved_bits)
{
	struct seen s;

	/* a large entry in the top table */
	assert_malformed(0x1000, 300, PT_PRESENT | PT_LARGE, HALF + 44 * 512 * GIB, ERR_MALFORMED);
	/* bits 13..20 of a 2M leaf, 13..29 of a 1G leaf; bit 12 is PAT */
	for (unsigned bit = 12; bit < 30; bit++) {
		uint64_t entry = PT_PRESENT | PT_LARGE | 1ull << bit;

		assert_malformed(0x3000, 7, entry, HALF + 14 * MIB, bit > 12 && bit < 21 ? ERR_MALFORMED : OK);
		assert_malformed(0x2000, 7, entry, HALF + 7 * GIB, bit > 12 ? ERR_MALFORMED : OK);
	}
	/* nothing of an entry counts that is not present */
	set(0x1000, 300, PT_LARGE);
	assert_int_equal(walk(&s, HALF, UINT64_MAX), OK);
	/* a P4D entry has no leaves either; bit 7 of a PTE is PAT */
	set(0x1000, 273, 0x7000 | LINK);
	set(0x7000, 0, 0x8000 | LINK | PT_LARGE);
	assert_int_equal(walk_levels(&s, 5, 0xff11000000000000, 0xff11ffffffffffff), ERR_MALFORMED);
	set(0x4000, 9, 0x19000 | PT_PRESENT | 1 << 7);
	assert_int_equal(walk(&s, HALF, HALF + 2 * MIB), OK);
	RUN(s, 1, HALF + 0x9000, 0x19000, PT_PTE, 1);
}

TEST(lookup)
{
	struct pgwalk w = fake_ram_walk(&ram, 0x1000, 4);
	struct pgwalk_leaf leaf;
	phys_t phys;

	set(0x2000, 3, 0x140000000 | PT_PRESENT | PT_LARGE | PT_GLOBAL);
	set(0x3000, 5, 0x2a00000 | PT_PRESENT | PT_LARGE | 1 << 12);
	assert_int_equal(pgwalk_lookup(&w, HALF + 0x123, &leaf, &phys), OK);
	assert_int_equal(phys, 0x10123);
	assert_int_equal(leaf.level, PT_PTE);
	/* entry 5 maps 10M..12M */
	assert_int_equal(pgwalk_lookup(&w, HALF + 0xabcdef, &leaf, &phys), OK);
	assert_int_equal(phys, 0x2abcdef);
	assert_int_equal(leaf.level, PT_PMD);
	assert_int_equal(leaf.virt, HALF + 0xa00000);
	assert_int_equal(leaf.phys, 0x2a00000);
	assert_int_equal(leaf.flags, PT_PRESENT | PT_LARGE | 1 << 12);
	assert_int_equal(pgwalk_lookup(&w, HALF + 0x1000, &leaf, &phys), ERR_NOT_FOUND);
	assert_int_equal(pgwalk_lookup(&w, HALF + 2 * MIB, &leaf, &phys), ERR_NOT_FOUND);
	assert_int_equal(pgwalk_lookup(&w, 0, &leaf, &phys), ERR_NOT_FOUND);
	assert_int_equal(pgwalk_lookup(&w, 0x800000000000, &leaf, &phys), ERR_RANGE);
	assert_int_equal(pgwalk_lookup(&w, HALF + 3 * GIB + 0x3fffffff, &leaf, &phys), OK);
	assert_int_equal(phys, 0x17fffffff);
	assert_int_equal(leaf.virt, HALF + 3 * GIB);
	assert_int_equal(leaf.phys, 0x140000000);
	assert_int_equal(leaf.level, PT_PUD);
	assert_int_equal(leaf.flags, PT_PRESENT | PT_LARGE | PT_GLOBAL);
}

/* Either callback may be missing. */
TEST(no_callbacks)
{
	struct pgwalk w = fake_ram_walk(&ram, 0x1000, 4);
	struct seen s = { .tables = 0 };
	struct pgwalk_visit v = { .ctx = &s };

	assert_int_equal(pgwalk_range(&w, HALF, UINT64_MAX, &v), OK);
	v.leaves = see_leaves;
	assert_int_equal(pgwalk_range(&w, HALF, UINT64_MAX, &v), OK);
	assert_int_equal(s.runs, 1);
	assert_int_equal(s.tables, 0);
}
