/* SPDX-License-Identifier: MIT */
/* The domains an HMAT names, in good and damaged tables. */
#include "acpi/hmat.h"
#include "tests/unit/firmware.h"

#define AT 0x7ffe1ff0ull

static int setup(void **state)
{
	firmware_setup(state);
	table_begin(&made, "HMAT", 2);
	table_zero(&made, 4);
	return 0;
}

static const struct fixture fixture = { .setup = setup, .teardown = firmware_teardown };

/* The domains up to the end or the damage, which is to be found at `stop`. */
static void expect(const uint32_t *want, size_t nr, enum status damage, uint32_t stop)
{
	struct hmat_walk w = hmat_domains(&table);
	uint32_t pxm;

	assert_int_equal(firmware_open(AT), OK);
	for (size_t i = 0; i < nr; i++) {
		assert_true(hmat_next_domain(&w, &pxm));
		assert_int_equal(pxm, want[i]);
	}
	assert_false(hmat_next_domain(&w, &pxm));
	assert_false(hmat_next_domain(&w, &pxm));
	assert_int_equal(w.structures.damage, damage);
	assert_int_equal(w.at.offset, stop);
}

static void head(uint16_t type, uint32_t length)
{
	table_u32(&made, type);
	table_u32(&made, length);
}

static void domain(uint16_t flags, uint32_t initiator, uint32_t memory)
{
	head(0, 40);
	table_u32(&made, flags);
	table_u32(&made, initiator);
	table_u32(&made, memory);
	table_zero(&made, 20);
}

static void locality(uint32_t initiators, uint32_t targets, uint32_t length)
{
	head(1, length);
	table_u32(&made, 0);
	table_u32(&made, initiators);
	table_u32(&made, targets);
	table_zero(&made, 12);
}

TEST(test_all_kinds)
{
	static const uint32_t want[] = { 5, 0x10006, 7, 1, 2, 3, 4, 9 };

	domain(1, 5, 0x10006);
	domain(0xfffe, 5, 7);
	locality(2, 2, 32 + 16 + 8);
	for (uint32_t i = 1; i <= 4; i++)
		table_u32(&made, i);
	table_zero(&made, 8);
	head(3, 12); /* of a later specification */
	table_u32(&made, 77);
	head(2, 32);
	table_u32(&made, 9);
	table_zero(&made, 20);
	expect(want, 8, OK, (uint32_t)made.len);
}

TEST(test_empty)
{
	expect(NULL, 0, OK, 40);
}

/* A header alone is short of four bytes. */
TEST(test_too_short_for_structures)
{
	table_begin(&made, "HMAT", 2);
	expect(NULL, 0, OK, 40);
}

TEST(test_lists_end_with_their_structure)
{
	static const uint32_t want[] = { 1, 2 };

	locality(1, 1, 40);
	table_u32(&made, 1);
	table_u32(&made, 2);
	locality(1, 1, 39);
	table_zero(&made, 7);
	expect(want, 2, ERR_MALFORMED, 80);
}

TEST(test_numbers_that_wrap)
{
	locality(0xffffffff, 1, 36);
	table_zero(&made, 4);
	expect(NULL, 0, ERR_MALFORMED, 40);
}

TEST(test_lengths)
{
	static const struct {
		uint16_t type;
		uint32_t length, bytes;
	} bad[] = {
		{ 0, 39, 48 }, { 1, 31, 48 }, { 2, 31, 48 }, { 7, 7, 48 }, { 7, 0, 48 }, { 7, 49, 48 }, { 7, 8, 7 }
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		table_begin(&made, "HMAT", 2);
		table_zero(&made, 4);
		head(bad[i].type, bad[i].length);
		table_zero(&made, 48);
		made.len = 40 + bad[i].bytes;
		expect(NULL, 0, ERR_MALFORMED, 40);
	}
	made.len = 48; /* type 7, length 8: fits exactly */
	expect(NULL, 0, OK, 48);
}

static enum status walk_made(void)
{
	struct hmat_walk w = hmat_domains(&table);
	uint32_t pxm, sum = 0;

	while (hmat_next_domain(&w, &pxm))
		sum += pxm;
	return w.structures.damage == OK && sum != 18 ? ERR_FULL : w.structures.damage;
}

/* Two structures, their heads first, and the three domains they name. */
TEST(test_every_read_counts)
{
	domain(1, 5, 6);
	locality(1, 0, 36);
	table_u32(&made, 7);
	assert_int_equal(firmware_open(AT), OK);
	assert_int_equal(assert_each_read_counts(walk_made), 7);
}

/* The list lies on a page that cannot be read. */
TEST(test_unreadable)
{
	struct hmat_walk w = hmat_domains(&table);
	uint32_t pxm;

	locality(1, 0, 36);
	table_u32(&made, 1);
	assert_int_equal(firmware_open(0x7ffe2000 - 72), OK);
	table.addr = 0x7ffe6000 - 72;
	fake_ram_write(&ram, table.addr, made.bytes, 72);
	ram.strict = true;
	assert_false(hmat_next_domain(&w, &pxm));
	assert_int_equal(w.structures.damage, ERR_UNREADABLE);
}
