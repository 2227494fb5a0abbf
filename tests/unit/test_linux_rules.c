/* SPDX-License-Identifier: MIT */
/* Which Linux follows which rule: at the border of every change, in stable kernels, and where little is known. */
#include "tests/unit/support.h"

#include "mm/linux_rules.h"

static uint32_t release(const unsigned v[3])
{
	return LINUX_RELEASE(v[0], v[1], v[2]);
}

TEST(test_the_buffer_of_every_kernel)
{
	static const struct {
		unsigned version[3];
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
		assert_int_equal(linux_buffer_pages(release(t[i].version), t[i].room), t[i].pages);
}

TEST(test_stable_kernels_take_changes)
{
	static const struct {
		enum linux_rule rule;
		unsigned without[3], with[3];
	} t[] = {
		{ LINUX_ALWAYS_5LEVEL, { 6, 6, 9 }, { 6, 16, 0 } },
		{ LINUX_STUB_KEEPS_OFF, { 6, 13, 12 }, { 6, 14, 0 } },
		{ LINUX_STUB_KEEPS_OFF, { 5, 10, 234 }, { 5, 10, 235 } },
		{ LINUX_STUB_KEEPS_OFF, { 6, 1, 128 }, { 6, 1, 129 } },
		{ LINUX_STUB_KEEPS_OFF, { 6, 12, 15 }, { 6, 12, 16 } },
		{ LINUX_TOP_WITHOUT_BLOCK, { 6, 14, 11 }, { 6, 15, 0 } },
		{ LINUX_TOP_WITHOUT_BLOCK, { 6, 1, 140 }, { 6, 1, 141 } },
		{ LINUX_TOP_WITHOUT_BLOCK, { 6, 12, 30 }, { 6, 12, 31 } },
		{ LINUX_TOP_WITHOUT_BLOCK, { 5, 10, 262 }, { 6, 1, 0 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		assert_false(linux_follows(release(t[i].without), t[i].rule));
		assert_true(linux_follows(release(t[i].with), t[i].rule));
	}
}

TEST(test_a_change_and_its_backports)
{
	static const struct {
		unsigned version[3];
		bool stub;
	} t[] = {
		{ { 5, 10, 262 }, false }, { { 6, 0, 19 }, false }, { { 6, 1, 80 }, false }, { { 6, 1, 81 }, true },
		{ { 6, 1, 0 }, true },     { { 6, 5, 99 }, false }, { { 6, 6, 0 }, true },   { { 6, 12, 1 }, true },
		{ { 7, 3, 0 }, true },     { { 0 }, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(linux_follows(release(t[i].version), LINUX_STUB_CHOOSES), t[i].stub);
}

TEST(test_a_release_is_read)
{
	static const struct {
		const char *text, *rest;
		uint32_t release;
	} t[] = {
		{ "6.1", "", LINUX_RELEASE(6, 1, 0) },
		{ "6.1.0-56-amd64", "-56-amd64", LINUX_RELEASE(6, 1, 0) },
		{ "7.3.4+deb13", "+deb13", LINUX_RELEASE(7, 3, 4) },
		{ "5.10.262", "", LINUX_RELEASE(5, 10, 262) },
		{ "255.255.65535", "", UINT32_MAX },
	};
	static const char *const not [] = { "",      "6",         "6.",  "6.1.", "x",    "256.1",
					    "6.256", "6.1.65536", "0.1", "-6.1", "6.1.x" };

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		const char *s = t[i].text;
		uint32_t release;

		assert_true(linux_read_release(&s, &release));
		assert_int_equal(release, t[i].release);
		assert_string_equal(s, t[i].rest);
	}
	for (size_t i = 0; i < ARRAY_SIZE(not ); i++) {
		const char *s = not [i];
		uint32_t release;

		assert_false(linux_read_release(&s, &release));
	}
}

TEST(test_a_release_in_parts)
{
	const uint32_t r = LINUX_RELEASE(5, 10, 262);

	assert_int_equal(LINUX_MAJOR(r), 5);
	assert_int_equal(LINUX_MINOR(r), 10);
	assert_int_equal(LINUX_PATCH(r), 262);
	assert_true(LINUX_SERIES(r) < LINUX_SERIES(LINUX_RELEASE(6, 1, 0)));
}
