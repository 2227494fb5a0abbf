/* SPDX-License-Identifier: MIT */
/* The MADT: which processors are enabled. */
#include "acpi/madt.h"
#include "tests/unit/firmware.h"

#define AT 0x7ffe2ff8ull

static struct madt madt;

static int setup(void **state)
{
	firmware_setup(state);
	table_begin(&made, "APIC", 4);
	table_u32(&made, 0xfee00000);
	table_u32(&made, 1);
	return 0;
}

static const struct fixture fixture = { .setup = setup, .teardown = firmware_teardown };

static void add_apic(uint8_t apic_id, uint32_t flags)
{
	table_u8(&made, 0);
	table_u8(&made, 8);
	table_u8(&made, 0x77); /* the processor's UID, which is not its APIC id */
	table_u8(&made, apic_id);
	table_u32(&made, flags);
}

static void add_x2apic(uint32_t apic_id, uint32_t flags)
{
	table_u8(&made, 9);
	table_u8(&made, 16);
	table_u16(&made, 0);
	table_u32(&made, apic_id);
	table_u32(&made, flags);
	table_u32(&made, 0x77);
}

static void add_blank(uint8_t type, uint8_t length)
{
	table_u8(&made, type);
	table_u8(&made, length);
	table_zero(&made, length - 2u);
}

static enum status parse(void)
{
	struct acpi_table t;

	firmware_put(AT);
	assert_int_equal(acpi_table_open(&t, &mem, AT), OK);
	return madt_parse(&t, &madt);
}

TEST(test_processors)
{
	add_apic(0, 1);
	add_apic(2, 1);
	add_blank(1, 12);
	add_x2apic(0x100, 1);
	add_apic(0xfe, 0xffffffff);
	assert_int_equal(parse(), OK);
	assert_int_equal(madt.nr, 4);
	assert_int_equal(madt.apic_id[0], 0);
	assert_int_equal(madt.apic_id[1], 2);
	assert_int_equal(madt.apic_id[2], 0x100);
	assert_int_equal(madt.apic_id[3], 0xfe);
	assert_int_equal(madt.disabled, 0);
	assert_int_equal(madt.unknown, 0);
	assert_true(madt_has(&madt, 0));
	assert_true(madt_has(&madt, 0xfe));
	assert_true(madt_has(&madt, 0x100));
	assert_false(madt_has(&madt, 1));
	assert_false(madt_has(&madt, 0x77));
}

/* Online-capable (bit 1) is not enabled; ids of all ones are none. */
TEST(test_disabled)
{
	add_apic(1, 0);
	add_apic(2, 2);
	add_apic(0xff, 1);
	add_x2apic(3, 0xfffffffe);
	add_x2apic(0xffffffff, 1);
	add_x2apic(0xff, 1);
	assert_int_equal(parse(), OK);
	assert_int_equal(madt.nr, 1);
	assert_int_equal(madt.apic_id[0], 0xff);
	assert_int_equal(madt.disabled, 5);
	assert_false(madt_has(&madt, 1));
	assert_false(madt_has(&madt, 0xffffffff));
}

TEST(test_other_types)
{
	for (unsigned type = 0; type < 256; type++) {
		if (type != 0 && type != 9)
			add_blank((uint8_t)type, type % 2 ? 2 : 12);
	}
	add_apic(5, 1);
	assert_int_equal(parse(), OK);
	assert_int_equal(madt.nr, 1);
	assert_int_equal(madt.unknown, 256 - 0x18);
}

TEST(test_empty)
{
	madt.apic_id[0] = 0; /* of an earlier table */
	assert_int_equal(parse(), OK);
	assert_int_equal(madt.nr, 0);
	assert_false(madt_has(&madt, 0));
}

TEST(test_short_table)
{
	made.len = 43;
	assert_int_equal(parse(), ERR_MALFORMED);
	assert_int_equal(madt.nr, 0);
}

/* A good processor before the damage is kept, one after it is not seen. */
TEST(test_damage)
{
	static const struct {
		uint8_t type, length;
	} c[] = {
		{ 1, 0 }, { 0, 0 }, { 1, 1 }, { 0, 2 }, { 0, 7 }, { 9, 8 }, { 9, 15 }, { 1, 200 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		firmware_teardown(NULL);
		setup(NULL);
		add_apic(6, 1);
		table_u8(&made, c[i].type);
		table_u8(&made, c[i].length);
		if (c[i].length < 100)
			table_zero(&made, c[i].length < 2 ? 6 : c[i].length - 2u);
		add_apic(7, 1);
		assert_int_equal(parse(), ERR_MALFORMED);
		assert_int_equal(madt.nr, 1);
		assert_int_equal(madt.apic_id[0], 6);
	}
}

TEST(test_longer_entries)
{
	add_apic(6, 1);
	made.bytes[44 + 1] = 10;
	table_u16(&made, 0xffff);
	add_x2apic(0x12345, 1);
	assert_int_equal(parse(), OK);
	assert_int_equal(madt.nr, 2);
	assert_int_equal(madt.apic_id[1], 0x12345);
}

TEST(test_every_truncation)
{
	add_apic(1, 1);
	add_x2apic(2, 1);
	add_apic(3, 0);
	assert_int_equal(made.len, 76);
	for (size_t len = 44; len <= 76; len++) {
		size_t left = len < 52 ? len - 44 : len < 68 ? len - 52 : len < 76 ? len - 68 : 0;

		made.len = len;
		assert_int_equal(parse(), left <= 2 ? OK : ERR_MALFORMED);
		assert_int_equal(madt.nr, len < 52 ? 0 : len < 68 ? 1 : 2);
		assert_int_equal(madt.disabled, len < 76 ? 0 : 1);
	}
}

TEST(test_full)
{
	for (uint32_t i = 0; i < MADT_MAX_CPU; i++)
		add_x2apic(i, 1);
	add_x2apic(1, 0);
	assert_int_equal(parse(), OK);
	assert_true(madt_has(&madt, 8191));
	add_x2apic(8192, 1);
	assert_int_equal(parse(), ERR_FULL);
	assert_int_equal(madt.nr, 8192);
	assert_false(madt_has(&madt, 8192));
}

TEST(test_unreadable)
{
	struct acpi_table t;

	ram.strict = true;
	add_apic(1, 1);
	assert_int_equal(parse(), OK);
	assert_int_equal(acpi_table_open(&t, &mem, AT), OK);
	t.addr = 0x9000 - 44 - 2; /* type and length, and no more */
	fake_ram_write(&ram, t.addr, made.bytes, 46);
	assert_int_equal(madt_parse(&t, &madt), ERR_UNREADABLE);
	assert_int_equal(madt.nr, 0);
}
