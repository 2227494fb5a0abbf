/* SPDX-License-Identifier: MIT */
/* Sorting numbers of things: every order that small lists can have, and a bound on comparisons for large ones. */
#include "tests/unit/support.h"

#include "lib/sort.h"

static uint64_t key[4096];
static uint16_t at[4096];
static uint64_t compared;

static bool before(const void *ctx, unsigned a, unsigned b)
{
	assert_ptr_equal(ctx, key);
	compared++;
	return key[a] != key[b] ? key[a] < key[b] : a < b;
}

static void sort(size_t nr)
{
	bool seen[ARRAY_SIZE(at)] = { false };

	for (size_t i = 0; i < nr; i++)
		at[i] = (uint16_t)i;
	compared = 0;
	sort_indices(at, nr, before, key);
	for (size_t i = 0; i < nr; i++) {
		assert_true(at[i] < nr && !seen[at[i]]);
		seen[at[i]] = true;
		assert_true(i == 0 || key[at[i - 1]] < key[at[i]] ||
			    (key[at[i - 1]] == key[at[i]] && at[i - 1] < at[i]));
	}
}

/* All lists of up to six numbers from 0 to 5. */
TEST(all_small_lists)
{
	for (size_t nr = 0; nr <= 6; nr++) {
		uint64_t lists = 1;

		for (size_t i = 0; i < nr; i++)
			lists *= 6;
		for (uint64_t list = 0; list < lists; list++) {
			uint64_t left = list;

			for (size_t i = 0; i < nr; i++, left /= 6)
				key[i] = left % 6;
			sort(nr);
		}
	}
}

/* Ascending, descending, all alike, in two combs, mixed up: never more than 2 * nr * log2(nr). */
TEST(no_order_is_slow)
{
	for (unsigned how = 0; how < 5; how++) {
		for (size_t i = 0; i < 4096; i++) {
			const uint64_t keys[] = { i, 4096 - i, 7, i % 2 * 4096 + i, i * 2654435761u % 4096 };

			key[i] = keys[how];
		}
		sort(4096);
		assert_true(compared <= 2 * 4096 * 12);
	}
}
