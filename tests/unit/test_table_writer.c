/* SPDX-License-Identifier: MIT */
/* Every byte that tools/table_writer.c writes, as the specification has it: other tests' tables are made of these. */
#include "tests/unit/support.h"

#include "tools/table_writer.h"

static uint8_t bytes[256];
static struct table_writer w;

static void assert_bytes(const char *want, uint32_t size)
{
	assert_int_equal(w.len, size);
	assert_memory_equal(bytes, want, size);
	w.len = 0;
}

static int setup(void **state)
{
	(void)state;
	memset(bytes, 0xee, sizeof(bytes));
	w = (struct table_writer){ bytes, sizeof(bytes), 0 };
	return 0;
}

static const struct fixture fixture = { .setup = setup };

TEST(test_table_header)
{
	uint8_t sum = 0;

	w = table_start(bytes, sizeof(bytes), "TEST", 3);
	table_put(&w, "abc", 3);
	table_put(&w, NULL, 1);
	assert_int_equal(table_finish(&w), 40);
	for (unsigned i = 0; i < 40; i++)
		sum = (uint8_t)(sum + bytes[i]);
	assert_int_equal(sum, 0);
	bytes[9] = 0;
	assert_bytes("TEST\x28\0\0\0\x03\0LNDFLLMACHINE \x01\0\0\0LNDF\x01\0\0\0abc\0", 40);
	assert_int_equal(bytes[40], 0xee);
}

/* What does not fit is counted and not written. */
TEST(test_no_room)
{
	for (uint32_t room = 0; room < 40; room++) {
		memset(bytes, 0xee, sizeof(bytes));
		w = table_start(bytes, room, "TEST", 3);
		table_put(&w, "abcd", 4);
		assert_int_equal(w.len, 40);
		assert_int_equal(table_finish(&w), 0);
		assert_int_equal(bytes[room], 0xee);
	}
	w = table_start(bytes, 40, "TEST", 3);
	table_put(&w, "abcd", 4);
	assert_int_equal(table_finish(&w), 40);
}

TEST(test_srat_bytes)
{
	srat_put_head(&w);
	assert_bytes("\x01\0\0\0\0\0\0\0\0\0\0\0", 12);
	srat_put_apic(&w, 0xa1a2a3a4, 0xb1, 0xc1c2c3c4);
	assert_bytes("\x00\x10\xa4\xb1\xc4\xc3\xc2\xc1\0\xa3\xa2\xa1\0\0\0\0", 16);
	srat_put_memory(&w, 0xa1a2a3a4, (struct range){ 0xb1b2b3b4b5b6b7b8, 0xb1b2b3b5b5b6b7b9 }, 0xc1c2c3c4);
	assert_bytes("\x01\x28\xa4\xa3\xa2\xa1\0\0\xb8\xb7\xb6\xb5\xb4\xb3\xb2\xb1\x01\0\0\0\x01\0\0\0"
		     "\0\0\0\0\xc4\xc3\xc2\xc1\0\0\0\0\0\0\0\0",
		     40);
	srat_put_x2apic(&w, 0xa1a2a3a4, 0xb1b2b3b4, 0xc1c2c3c4);
	assert_bytes("\x02\x18\0\0\xa4\xa3\xa2\xa1\xb4\xb3\xb2\xb1\xc4\xc3\xc2\xc1\0\0\0\0\0\0\0\0", 24);
	srat_put_generic(&w, SRAT_TYPE_PORT, 0xa1a2a3a4, 0xc1c2c3c4);
	assert_bytes("\x06\x20\0\0\xa4\xa3\xa2\xa1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xc4\xc3\xc2\xc1\0\0\0\0", 32);
}

TEST(test_other_bytes)
{
	slit_put_head(&w, 0x0102030405060708);
	assert_bytes("\x08\x07\x06\x05\x04\x03\x02\x01", 8);
	madt_put_head(&w);
	assert_bytes("\0\0\xe0\xfe\x01\0\0\0", 8);
	madt_put_apic(&w, 0xb1);
	assert_bytes("\x00\x08\xb1\xb1\x01\0\0\0", 8);
	madt_put_x2apic(&w, 0xb1b2b3b4);
	assert_bytes("\x09\x10\0\0\xb4\xb3\xb2\xb1\x01\0\0\0\xb4\xb3\xb2\xb1", 16);
}
