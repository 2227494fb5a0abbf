/* SPDX-License-Identifier: MIT */
/* The MADT: which processors are enabled. */
#include "acpi/madt.h"
#include "tests/unit/firmware.h"

#define AT 0x7ffe2ff8ull

static uint32_t counted;

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

/* The finished table is counted, and walked into `walked`. */
static struct madt_cpu walked[16];
static size_t nr_walked;

static enum status count(void)
{
	struct acpi_entries it;
	struct acpi_entry at;
	struct acpi_table t;

	firmware_put(AT);
	assert_int_equal(acpi_table_open(&t, &mem, AT), OK);
	it = madt_entries(&t);
	for (nr_walked = 0; nr_walked < ARRAY_SIZE(walked) && madt_next_cpu(&it, &at, &walked[nr_walked]);)
		nr_walked++;
	return madt_count(&t, &counted);
}

static void assert_cpus(const struct madt_cpu *expected, size_t nr)
{
	assert_int_equal(nr_walked, nr);
	for (size_t i = 0; i < nr; i++) {
		assert_int_equal(walked[i].apic_id, expected[i].apic_id);
		assert_int_equal(walked[i].enabled, expected[i].enabled);
	}
}

#define ASSERT_CPUS(...)                                                                                               \
	do {                                                                                                           \
		const struct madt_cpu expected[] = { __VA_ARGS__ };                                                    \
		assert_cpus(expected, ARRAY_SIZE(expected));                                                           \
	} while (0)

TEST(test_processors)
{
	add_apic(0, 1);
	add_apic(2, 1);
	add_blank(1, 12);
	add_x2apic(0x10203, 1);
	add_apic(0xfe, 0xffffffff);
	assert_int_equal(count(), OK);
	assert_int_equal(counted, 4);
	ASSERT_CPUS({ 0, true }, { 2, true }, { 0x10203, true }, { 0xfe, true });
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
	assert_int_equal(count(), OK);
	assert_int_equal(counted, 1);
	ASSERT_CPUS({ 1, false }, { 2, false }, { 0xff, false }, { 3, false }, { 0xffffffff, false }, { 0xff, true });
}

TEST(test_other_types)
{
	for (unsigned type = 0; type < 256; type++) {
		if (type != 0 && type != 9)
			add_blank((uint8_t)type, type % 2 ? 2 : 12);
	}
	add_apic(5, 1);
	assert_int_equal(count(), OK);
	assert_int_equal(counted, 1);
	ASSERT_CPUS({ 5, true });
}

TEST(test_empty)
{
	counted = 7; /* of an earlier table */
	assert_int_equal(count(), OK);
	assert_int_equal(counted, 0);
}

TEST(test_short_table)
{
	counted = 7;
	made.len = 43;
	assert_int_equal(count(), ERR_MALFORMED);
	assert_int_equal(counted, 0);
}

/* A good processor before the damage counts, one after it is not seen. */
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
		assert_int_equal(count(), ERR_MALFORMED);
		assert_int_equal(counted, 1);
		ASSERT_CPUS({ 6, true });
	}
}

TEST(test_longer_entries)
{
	add_apic(6, 1);
	made.bytes[44 + 1] = 10;
	table_u16(&made, 0xffff);
	add_x2apic(0x12345, 1);
	assert_int_equal(count(), OK);
	assert_int_equal(counted, 2);
	ASSERT_CPUS({ 6, true }, { 0x12345, true });
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
		assert_int_equal(count(), left <= 2 ? OK : ERR_MALFORMED);
		assert_int_equal(counted, len < 52 ? 0 : len < 68 ? 1 : 2);
		assert_int_equal(nr_walked, len < 52 ? 0 : len < 68 ? 1 : len < 76 ? 2 : 3);
	}
}

TEST(test_unreadable)
{
	struct acpi_table t;

	ram.strict = true;
	add_apic(1, 1);
	assert_int_equal(count(), OK);
	assert_int_equal(acpi_table_open(&t, &mem, AT), OK);
	t.addr = 0x9000 - 44 - 2; /* type and length, and no more */
	fake_ram_write(&ram, t.addr, made.bytes, 46);
	assert_int_equal(madt_count(&t, &counted), ERR_UNREADABLE);
	assert_int_equal(counted, 0);
	t.addr = 0x9000 - 44; /* not even these */
	assert_int_equal(madt_count(&t, &counted), ERR_UNREADABLE);
}
