/* SPDX-License-Identifier: MIT */
/* The packed page-table memory of landfall-predict gives back every entry, rows and rubbish alike. */
#include "tests/unit/support.h"

#include "tools/predict/shadow.h"

#define PAGES 6000 /* far more than are held open, and every third one far from the others */

/* Page n's entry i: ascending rows, descending rows, single entries, empty pages, pages of rubbish. */
static uint64_t expected(uint64_t n, unsigned i)
{
	switch (n % 7) {
	case 0:
		return 0x8000000000000163ull + n * 0x200000 + i * 0x1000ull;
	case 1:
		return i >= 13 && i < 500 ? 0x40000000 + 512 * 0x1000ull - i * 0x1000ull : 0;
	case 2:
		return i == n % 512 ? n | 1 : 0;
	case 3:
		return 0;
	case 4:
		return (n * 512 + i) * 0x9e3779b97f4a7c15ull | 1;
	case 5:
		return i == 3 || i == 5 ? 0x1000ull * i | 3 : 0; /* two rows of one */
	default:
		return i < 511 ? 0x77 : 0x78; /* a row that breaks at its end */
	}
}

static phys_t at(uint64_t n)
{
	return n * PAGE_SIZE * (n % 3 ? 1 : 700);
}

static void fill(struct pt_memory *m)
{
	for (uint64_t n = 1; n < PAGES; n++) {
		uint64_t *entry = m->page(m->ctx, at(n));

		for (unsigned i = 0; i < PT_ENTRIES; i++)
			entry[i] = expected(n, i);
	}
}

TEST(reads_back)
{
	struct shadow *s = shadow_new();
	struct pt_memory m = shadow_tables(s);
	struct pgwalk w = shadow_walk(s, 0, 4);

	fill(&m);
	for (uint64_t n = PAGES - 1; n >= 1; n--) {
		const uint64_t *entry = w.table(w.ctx, at(n));

		for (unsigned i = 0; i < PT_ENTRIES; i++)
			assert_int_equal(entry[i], expected(n, i));
	}
	shadow_free(s);
}

TEST(becomes_a_row_and_rubbish_again)
{
	struct shadow *s = shadow_new();
	struct pt_memory m = shadow_tables(s);

	for (unsigned round = 0; round < 4; round++) {
		for (uint64_t n = 0; n < 100; n++) {
			uint64_t *entry = m.page(m.ctx, n * PAGE_SIZE);

			for (unsigned i = 0; i < PT_ENTRIES; i++) {
				if (round)
					assert_int_equal(entry[i], expected(n + round - 1, i));
				entry[i] = expected(n + round, i);
			}
		}
	}
	shadow_free(s);
}

/* The third pointer before the last stays good. */
TEST(pointers_stay)
{
	struct shadow *s = shadow_new();
	struct pt_memory m = shadow_tables(s);

	for (uint64_t n = 0; n < 1000; n++) {
		uint64_t *a = m.page(m.ctx, n * PAGE_SIZE), *b = m.page(m.ctx, (n + 5000) * PAGE_SIZE);
		uint64_t *c = m.page(m.ctx, (n + 9000) * PAGE_SIZE);

		a[n % 512] = n + 1;
		b[7] = n + 2;
		c[7] = n + 3;
		assert_ptr_equal(m.page(m.ctx, n * PAGE_SIZE), a);
	}
	assert_int_equal(m.page(m.ctx, 0)[0], 1);
	assert_int_equal(m.page(m.ctx, 5999 * PAGE_SIZE)[7], 1001);
	shadow_free(s);
}

TEST(clear_forgets)
{
	struct shadow *s = shadow_new();
	struct pt_memory m = shadow_tables(s);

	fill(&m);
	shadow_clear(s);
	for (uint64_t n = 1; n < PAGES; n++)
		for (unsigned i = 0; i < PT_ENTRIES; i++)
			assert_int_equal(m.page(m.ctx, at(n))[i], 0);
	shadow_free(s);
}
