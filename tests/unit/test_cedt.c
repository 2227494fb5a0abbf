/* SPDX-License-Identifier: MIT */
/* The fixed memory windows of a CEDT, in good and damaged tables. */
#include "acpi/cedt.h"
#include "tests/unit/firmware.h"

#define AT 0x7ffe1ff0ull

static int setup(void **state)
{
	firmware_setup(state);
	table_begin(&made, "CEDT", 1);
	return 0;
}

static const struct fixture fixture = { .setup = setup, .teardown = firmware_teardown };

static void expect(const struct range *want, size_t nr, enum status damage, uint32_t stop)
{
	struct acpi_entries it = cedt_entries(&table);
	struct acpi_entry at;
	struct range r;

	assert_int_equal(firmware_open(AT), OK);
	for (size_t i = 0; i < nr; i++) {
		assert_true(cedt_next_window(&it, &at, &r));
		assert_int_equal(r.start, want[i].start);
		assert_int_equal(r.end, want[i].end);
	}
	assert_false(cedt_next_window(&it, &at, &r));
	assert_false(cedt_next_window(&it, &at, &r));
	assert_int_equal(it.damage, damage);
	assert_int_equal(at.offset, stop);
}

static void window(uint16_t length, uint64_t base, uint64_t size)
{
	table_u8(&made, 1);
	table_u8(&made, 0);
	table_u16(&made, length);
	table_u32(&made, 0);
	table_u64(&made, base);
	table_u64(&made, size);
	table_zero(&made, length > 24 ? length - 24u : 0);
}

static void other(uint8_t type, uint16_t length)
{
	table_u8(&made, type);
	table_u8(&made, 0xff);
	table_u16(&made, length);
	table_zero(&made, length > 4 ? length - 4u : 0);
}

TEST(test_windows)
{
	static const struct range want[] = { { 0x100000000, 0x4100000000 }, { 1ull << 51, UINT64_MAX } };

	other(0, 32); /* a host bridge */
	window(36, 0x100000000, 0x4000000000);
	window(44, 0x5000000000, 0);                       /* empty */
	window(36, 0xffffffff00000000, 0x100000001);       /* wraps */
	window(52, 1ull << 51, UINT64_MAX - (1ull << 51)); /* ends at the top */
	other(4, 8);
	expect(want, 2, OK, (uint32_t)made.len);
}

TEST(test_none)
{
	expect(NULL, 0, OK, 36);
}

TEST(test_lengths)
{
	static const struct range want[] = { { GIB, 2 * GIB } };

	window(36, GIB, GIB);
	window(35, GIB, GIB);
	expect(want, 1, ERR_MALFORMED, 72);
	made.len = 72;
	other(9, 3);
	expect(want, 1, ERR_MALFORMED, 72);
	made.len = 72;
	other(9, 9);
	made.len--;
	expect(want, 1, ERR_MALFORMED, 72);
	made.len = 75; /* three bytes are no structure */
	expect(want, 1, ERR_MALFORMED, 72);
	made.len = 72;
	other(9, 4);
	expect(want, 1, OK, 76);
}

TEST(test_unreadable)
{
	/* Not even the first structure's head, and no more than that. */
	for (unsigned read = 36; read <= 40; read += 4) {
		struct acpi_entries it = cedt_entries(&table);
		struct acpi_entry at;
		struct range r;

		made.len = 36;
		window(36, GIB, GIB);
		assert_int_equal(firmware_open(AT), OK);
		ram.strict = true;
		table.addr = 0x7fff8000 - read;
		fake_ram_write(&ram, table.addr, made.bytes, read);
		assert_false(cedt_next_window(&it, &at, &r));
		assert_int_equal(it.damage, ERR_UNREADABLE);
	}
}
