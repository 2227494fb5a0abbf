/* SPDX-License-Identifier: MIT */
/* The SLIT: shapes, values, and what is said where the table says nothing. */
#include "acpi/slit.h"
#include "tests/unit/firmware.h"

#define AT 0x17ffe0ff7ull

static struct slit slit;

static enum status open_made(void)
{
	assert_int_equal(firmware_open(AT), OK);
	return slit_open(&slit, &table);
}

/* n * n distances; value(a, b) unless NULL, which gives 10 and 20. */
static void make(uint32_t n, uint8_t (*value)(uint32_t a, uint32_t b))
{
	table_begin(&made, "SLIT", 1);
	table_u64(&made, n);
	for (uint32_t a = 0; a < n; a++) {
		for (uint32_t b = 0; b < n; b++)
			table_u8(&made, value ? value(a, b) : a == b ? 10 : 20);
	}
}

static uint8_t own_value(uint32_t a, uint32_t b)
{
	return a == b ? 10 : (uint8_t)(11 + (a * 7 + b) % 240);
}

/* Nothing is known: 10 and 20 for everything. */
static void assert_no_distances(void)
{
	assert_int_equal(slit.localities, 0);
	assert_int_equal(slit_distance(&slit, 0, 0), 10);
	assert_int_equal(slit_distance(&slit, 0, 1), 20);
}

static const struct fixture fixture = { .setup = firmware_setup, .teardown = firmware_teardown };

TEST(test_two)
{
	table_begin(&made, "SLIT", 1);
	table_u64(&made, 2);
	table_u8(&made, 10);
	table_u8(&made, 21);
	table_u8(&made, 255); /* unreachable; and the way back need not cost the same */
	table_u8(&made, 10);
	assert_int_equal(open_made(), OK);
	assert_int_equal(slit.localities, 2);
	assert_int_equal(slit_distance(&slit, 0, 0), 10);
	assert_int_equal(slit_distance(&slit, 0, 1), 21);
	assert_int_equal(slit_distance(&slit, 1, 0), 255);
	assert_int_equal(slit_distance(&slit, 1, 1), 10);
}

TEST(test_beyond_the_table)
{
	make(2, own_value);
	assert_int_equal(open_made(), OK);
	assert_int_equal(slit_distance(&slit, 0, 2), 20);
	assert_int_equal(slit_distance(&slit, 2, 1), 20);
	assert_int_equal(slit_distance(&slit, 2, 2), 10);
	assert_int_equal(slit_distance(&slit, UINT32_MAX, 0), 20);
	assert_int_equal(slit_distance(&slit, 0, UINT32_MAX), 20);
	assert_int_equal(slit_distance(&slit, UINT32_MAX, UINT32_MAX), 10);
}

TEST(test_one_and_none)
{
	make(1, NULL);
	assert_int_equal(open_made(), OK);
	assert_int_equal(slit.localities, 1);
	assert_int_equal(slit_distance(&slit, 0, 0), 10);
	make(0, NULL);
	assert_int_equal(open_made(), OK);
	assert_no_distances();
}

/* Larger than one chunk of a row, and not a multiple of it. */
TEST(test_large)
{
	make(1000, own_value);
	assert_int_equal(open_made(), OK);
	assert_int_equal(slit.localities, 1000);
	for (uint32_t a = 0; a < 1000; a++) {
		for (uint32_t b = 0; b < 1000; b += 7)
			assert_int_equal(slit_distance(&slit, a, b), own_value(a, b));
	}
	assert_int_equal(slit_distance(&slit, 999, 998), own_value(999, 998));
}

/* One wrong value anywhere, over the borders of chunks too, is enough. */
TEST(test_values)
{
	static const struct {
		uint32_t a, b;
		uint8_t value;
		enum status status;
	} c[] = {
		{ 0, 0, 9, ERR_CONFLICT },     { 0, 0, 11, ERR_CONFLICT },
		{ 299, 299, 0, ERR_CONFLICT }, { 256, 256, 255, ERR_CONFLICT },
		{ 0, 1, 10, ERR_CONFLICT },    { 0, 299, 10, ERR_CONFLICT },
		{ 255, 256, 0, ERR_CONFLICT }, { 299, 0, 9, ERR_CONFLICT },
		{ 299, 298, 11, OK },          { 0, 255, 255, OK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		make(300, NULL);
		made.bytes[44 + c[i].a * 300 + c[i].b] = c[i].value;
		assert_int_equal(open_made(), c[i].status);
		if (c[i].status == OK)
			assert_int_equal(slit_distance(&slit, c[i].a, c[i].b), c[i].value);
		else
			assert_no_distances();
	}
}

TEST(test_too_short)
{
	for (size_t len = 36; len < 44 + 9; len++) {
		make(3, NULL);
		made.len = len;
		assert_int_equal(open_made(), ERR_MALFORMED);
		assert_no_distances();
	}
	make(3, NULL);
	table_u8(&made, 99); /* longer than needed is no harm, and means nothing */
	assert_int_equal(open_made(), OK);
	assert_int_equal(slit.localities, 3);
	assert_int_equal(slit_distance(&slit, 3, 0), 20);
	assert_int_equal(slit_distance(&slit, 2, 3), 20);
}

/* Counts whose square, in 32 or 64 bits, is small or zero. */
TEST(test_localities_overflow)
{
	static const uint64_t n[] = { 4,
				      0x10000,
				      0x10001,
				      0x80000000,
				      0x100000000,
				      0x100000001,
				      0x8000000000000000,
				      0xffffffffffffffff,
				      0xb504f333 };

	for (size_t i = 0; i < ARRAY_SIZE(n); i++) {
		make(3, NULL);
		memcpy(made.bytes + 36, &n[i], 8);
		assert_int_equal(open_made(), ERR_MALFORMED);
		assert_no_distances();
	}
}

TEST(test_unreadable)
{
	struct fake_ram none;
	struct physmem nothing;

	make(3, own_value);
	assert_int_equal(open_made(), OK);
	assert_int_equal(slit_distance(&slit, 0, 1), own_value(0, 1));
	fake_ram_init(&none);
	none.strict = true;
	nothing = fake_ram_physmem(&none);
	slit.table.mem = table.mem = &nothing;
	assert_int_equal(slit_distance(&slit, 0, 1), 20);
	assert_int_equal(slit_distance(&slit, 1, 1), 10);
	assert_int_equal(slit_open(&slit, &table), ERR_UNREADABLE);
	assert_no_distances();
	/* The count can be read, the last row, on the next page, cannot. */
	fake_ram_write(&none, 0x6000 - 50, made.bytes, 50);
	table.addr = 0x6000 - 50;
	assert_int_equal(slit_open(&slit, &table), ERR_UNREADABLE);
	assert_no_distances();
	fake_ram_free(&none);
}
