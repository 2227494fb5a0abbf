/* SPDX-License-Identifier: MIT */
/* Which Linux follows which rule: at the border of every change, in stable kernels, and where little is known. */
#include "tests/unit/support.h"

#include "mm/linux_rules.h"

TEST(test_the_buffer_of_every_kernel)
{
	static const struct {
		struct linux_version version;
		uint64_t room;
		unsigned pages;
	} t[] = {
		{ { 5, 10, 262 }, 13, 12 }, { { 5, 11, 22 }, UINT64_MAX, 12 }, { { 5, 10, 0 }, 11, 6 },
		{ { 5, 10, 0 }, 5, 0 },     { { 5, 12, 0 }, 17, 16 },          { { 6, 1, 0 }, UINT64_MAX, 16 },
		{ { 6, 15, 4 }, 15, 12 },   { { 6, 12, 9 }, 11, 8 },           { { 6, 15, 4 }, 7, 6 },
		{ { 6, 16, 0 }, 16, 16 },   { { 6, 16, 0 }, 15, 8 },           { { 7, 3, 4 }, 17, 16 },
		{ { 7, 3, 4 }, 7, 0 },      { { 9, 0, 0 }, UINT64_MAX, 16 },   { { 0 }, UINT64_MAX, 16 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(linux_buffer_pages(t[i].version, t[i].room), t[i].pages);
}

TEST(test_a_change_and_its_backports)
{
	static const struct {
		struct linux_version version;
		bool stub;
	} t[] = {
		{ { 5, 10, 262 }, false }, { { 6, 0, 19 }, false }, { { 6, 1, 80 }, false }, { { 6, 1, 81 }, true },
		{ { 6, 1, 0 }, true },     { { 6, 5, 99 }, false }, { { 6, 6, 0 }, true },   { { 6, 12, 1 }, true },
		{ { 7, 3, 0 }, true },     { { 0 }, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(linux_follows(t[i].version, LINUX_STUB_CHOOSES), t[i].stub);
}

TEST(test_series_compare)
{
	assert_true(linux_compare_series((struct linux_version){ 6, 1, 9 }, (struct linux_version){ 6, 1, 0 }) == 0);
	assert_true(linux_compare_series((struct linux_version){ 6, 1, 9 }, (struct linux_version){ 6, 12, 0 }) < 0);
	assert_true(linux_compare_series((struct linux_version){ 7, 0, 0 }, (struct linux_version){ 6, 19, 0 }) > 0);
	assert_true(linux_compare_series((struct linux_version){ 6, 19, 0 }, (struct linux_version){ 7, 0, 0 }) < 0);
	assert_true(linux_compare_series((struct linux_version){ 6, 16, 0 }, (struct linux_version){ 6, 15, 0 }) > 0);
}
