/* SPDX-License-Identifier: MIT */
/* The limits at the head of an MSCT. */
#include "acpi/msct.h"
#include "tests/unit/firmware.h"

#define AT 0x7ffe1ff0ull

static struct msct msct;

static enum status read_made(void)
{
	assert_int_equal(firmware_open(AT), OK);
	return msct_read(&table, &msct);
}

static const struct fixture fixture = { .setup = firmware_setup, .teardown = firmware_teardown };

/* As a Supermicro server with two sockets has it. */
TEST(test_limits)
{
	table_begin(&made, "MSCT", 1);
	table_u32(&made, 0x38);
	table_u32(&made, 1);
	table_u32(&made, 7);
	table_u64(&made, 0x3fffffffffff);
	assert_int_equal(read_made(), OK);
	assert_int_equal(msct.domains, 2);
	assert_int_equal(msct.last_byte, 0x3fffffffffff);
	made.len -= 1;
	assert_int_equal(read_made(), ERR_MALFORMED);
}

TEST(test_largest)
{
	table_begin(&made, "MSCT", 1);
	table_u32(&made, 0x38);
	table_u32(&made, UINT32_MAX);
	table_u32(&made, 0);
	table_u64(&made, UINT64_MAX);
	table_zero(&made, 22);
	assert_int_equal(read_made(), OK);
	assert_int_equal(msct.domains, 0x100000000);
	assert_int_equal(msct.last_byte, UINT64_MAX);
	ram.strict = true;
	table.addr += 0x10000;
	table.mem = &(struct physmem){ fake_ram_physmem(&ram).read, &ram };
	assert_int_equal(msct_read(&table, &msct), ERR_UNREADABLE);
}
