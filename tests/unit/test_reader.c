/* SPDX-License-Identifier: MIT */
/* The bounded reader: headers, checksums, every limit, and the walk over entries. */
#include "acpi/reader.h"
#include "tests/unit/firmware.h"

#define AT 0x1234567ff3ull /* unaligned, above 4 GiB, and the table crosses a page */

/* Memory with one byte that cannot be reached. */
struct holed {
	struct physmem inner;
	phys_t hole;
};

static bool holed_read(void *ctx, phys_t at, void *buf, size_t len)
{
	const struct holed *h = ctx;

	return (h->hole < at || h->hole - at >= len) && phys_read(&h->inner, at, buf, len);
}

/* A table of that length, its body 1, 2, 3, ... */
static void make(size_t length)
{
	table_begin(&made, "TEST", 7);
	while (made.len < length)
		table_u8(&made, (uint8_t)(made.len - ACPI_HEADER_SIZE + 1));
	firmware_put(AT);
}

static const struct fixture fixture = { .setup = firmware_setup, .teardown = firmware_teardown };

TEST(test_header)
{
	struct acpi_table t;

	make(100);
	assert_int_equal(acpi_table_open(&t, &mem, AT), OK);
	assert_ptr_equal(t.mem, &mem);
	assert_int_equal(t.addr, AT);
	assert_int_equal(t.length, 100);
	assert_int_equal(t.revision, 7);
	assert_true(t.checksum_ok);
	assert_string_equal(t.signature, "TEST");
	assert_string_equal(t.oem_id, "LANDFL");
	assert_string_equal(t.oem_table_id, "TESTTABL");
	assert_int_equal(t.oem_revision, 1);
	assert_string_equal(t.creator_id, "LNDF");
	assert_int_equal(t.creator_revision, 1);
}

TEST(test_odd_texts)
{
	struct acpi_table t;

	make(36);
	memcpy(made.bytes + 10, "AB\0CDE", 6);
	memcpy(made.bytes + 16, "x\n\x7f\xff ~yz", 8);
	memset(made.bytes + 28, 0, 4);
	fix_checksum(made.bytes, made.len, 9);
	fake_ram_write(&ram, AT, made.bytes, made.len);
	assert_int_equal(acpi_table_open(&t, &mem, AT), OK);
	assert_string_equal(t.oem_id, "AB");
	assert_string_equal(t.oem_table_id, "x??? ~yz");
	assert_string_equal(t.creator_id, "");
}

TEST(test_length_limits)
{
	static const struct {
		uint32_t length;
		enum status status;
	} c[] = {
		{ 0, ERR_MALFORMED },          { 35, ERR_MALFORMED },        { 0x01000001, ERR_MALFORMED },
		{ 0xffffffff, ERR_MALFORMED }, { 0x01000000, ERR_CHECKSUM },
	};
	struct acpi_table t;

	make(36);
	assert_int_equal(acpi_table_open(&t, &mem, AT), OK);
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		fake_ram_write(&ram, AT + 4, &c[i].length, 4);
		assert_int_equal(acpi_table_open(&t, &mem, AT), c[i].status);
		assert_int_equal(t.length, c[i].length);
		assert_false(t.checksum_ok);
	}
}

/* 1100 bytes: three chunks of the sum, two pages. */
TEST(test_every_byte_is_summed)
{
	struct acpi_table t;

	make(1100);
	for (size_t i = 0; i < made.len; i++) {
		uint8_t wrong = made.bytes[i] ^ 0x40;

		if (i >= 4 && i < 8)
			continue; /* the length: another test */
		fake_ram_write(&ram, AT + i, &wrong, 1);
		assert_int_equal(acpi_table_open(&t, &mem, AT), ERR_CHECKSUM);
		assert_int_equal(t.length, 1100);
		assert_false(t.checksum_ok);
		fake_ram_write(&ram, AT + i, &made.bytes[i], 1);
	}
	fake_ram_write(&ram, AT + made.len, "\x55", 1);
	assert_int_equal(acpi_table_open(&t, &mem, AT), OK);
}

TEST(test_every_byte_may_be_unreadable)
{
	struct holed h;
	struct physmem holed = { holed_read, &h };
	struct acpi_table t;

	make(1100);
	h.inner = mem;
	for (h.hole = AT; h.hole < AT + 1100; h.hole++)
		assert_int_equal(acpi_table_open(&t, &holed, AT), ERR_UNREADABLE);
	assert_int_equal(acpi_table_open(&t, &holed, AT), OK);
	h.hole = AT - 1;
	assert_int_equal(acpi_table_open(&t, &holed, AT), OK);
}

/* The next place in [start, end) that acpi_anchor_next names; PHYS_NONE: there is none. */
static phys_t anchor_in(const struct physmem *m, phys_t start, phys_t end)
{
	struct range where = { start, end };

	return acpi_anchor_next(m, &where, "_ANCHOR_") ? where.start : PHYS_NONE;
}

TEST(test_anchor)
{
	phys_t places[] = { 0xf0000, 0xf01f0, 0xf0200, 0xffff0 };

	assert_int_equal(anchor_in(&mem, 0xf0000, 0x100000), PHYS_NONE);
	put_string(0xefff0, "_ANC");
	put_string(0xf0018, "_ANC");
	put_string(0xf0020, "_AN");
	put_string(0x100000, "_ANC");
	assert_int_equal(anchor_in(&mem, 0xf0000, 0x100000), PHYS_NONE);
	assert_int_equal(anchor_in(&mem, 0xf0000, 0xf0000), PHYS_NONE);
	assert_int_equal(anchor_in(&mem, 0x100000, 0x100001), 0x100000);
	for (unsigned i = ARRAY_SIZE(places); i--;) {
		put_string(places[i], "_ANC");
		assert_int_equal(anchor_in(&mem, 0xf0000, 0x100000), places[i]);
		assert_int_equal(anchor_in(&mem, 0xf0000, places[i]), PHYS_NONE);
	}
	for (unsigned i = 1; i < ARRAY_SIZE(places); i++)
		assert_int_equal(anchor_in(&mem, places[i - 1] + ACPI_ANCHOR_STEP, 0x100000), places[i]);
}

/* A place that cannot be read is named like an anchor; those before and behind it are found as ever. */
TEST(test_anchor_beside_a_hole)
{
	struct holed h;
	struct physmem holed = { holed_read, &h };

	h.inner = mem;
	h.hole = 0xf0345;
	put_string(0xf0320, "_ANC");
	put_string(0xf0360, "_ANC");
	assert_int_equal(anchor_in(&holed, 0xf0000, 0x100000), 0xf0320);
	assert_int_equal(anchor_in(&holed, 0xf0330, 0x100000), 0xf0340);
	assert_int_equal(anchor_in(&holed, 0xf0350, 0x100000), 0xf0360);
}

TEST(test_address_does_not_wrap)
{
	struct acpi_table t;
	uint32_t length = 4096;

	assert_int_equal(acpi_table_open(&t, &mem, UINT64_MAX), ERR_UNREADABLE);
	assert_int_equal(acpi_table_open(&t, &mem, UINT64_MAX - 34), ERR_UNREADABLE);
	fake_ram_write(&ram, UINT64_MAX - 2000 + 4, &length, 4);
	assert_int_equal(acpi_table_open(&t, &mem, UINT64_MAX - 2000), ERR_UNREADABLE);
}

TEST(test_read_limits)
{
	struct acpi_table t;
	uint8_t buf[64] = { 0 };

	make(100);
	assert_int_equal(acpi_table_open(&t, &mem, AT), OK);
	assert_true(acpi_table_read(&t, 36, buf, 64));
	assert_int_equal(buf[0], 1);
	assert_int_equal(buf[63], 64);
	assert_true(acpi_table_read(&t, 99, buf, 1));
	assert_int_equal(buf[0], 64);
	assert_true(acpi_table_read(&t, 100, buf, 0));
	assert_false(acpi_table_read(&t, 100, buf, 1));
	assert_false(acpi_table_read(&t, 99, buf, 2));
	assert_false(acpi_table_read(&t, 37, buf, 64));
	assert_false(acpi_table_read(&t, 101, buf, 0));
	assert_false(acpi_table_read(&t, 0xfffffff0, buf, 0x20));
	assert_false(acpi_table_read(&t, 0x20, buf, 0xfffffff0));
}

/* Opens a table whose body is `bytes` and starts a walk over it. */
static struct acpi_entries walk(struct acpi_table *t, const void *bytes, size_t len)
{
	table_begin(&made, "TEST", 1);
	for (size_t i = 0; i < len; i++)
		table_u8(&made, ((const uint8_t *)bytes)[i]);
	firmware_put(AT);
	assert_int_equal(acpi_table_open(t, &mem, AT), OK);
	return (struct acpi_entries){ .table = t, .next = ACPI_HEADER_SIZE };
}

static void assert_entry(struct acpi_entries *it, uint32_t offset, uint8_t type, uint8_t length)
{
	struct acpi_entry e;

	assert_true(acpi_entries_next(it, &e));
	assert_int_equal(e.offset, offset);
	assert_int_equal(e.type, type);
	assert_int_equal(e.length, length);
}

/* The end, twice: a walk that has ended stays ended. */
static void assert_end(struct acpi_entries *it, enum status damage, uint32_t offset)
{
	struct acpi_entry e;

	for (unsigned i = 0; i < 2; i++) {
		assert_false(acpi_entries_next(it, &e));
		assert_int_equal(it->damage, damage);
		assert_int_equal(e.offset, offset);
	}
}

TEST(test_entries)
{
	struct acpi_table t;
	struct acpi_entries it = walk(&t, "\x05\x04\xaa\xbb\x09\x02\x07\x03\xcc", 9);
	struct acpi_entry e = { .offset = 36, .type = 5, .length = 4 };
	uint8_t buf[8] = { 0 };

	assert_entry(&it, 36, 5, 4);
	assert_entry(&it, 40, 9, 2);
	assert_entry(&it, 42, 7, 3);
	assert_end(&it, OK, 45);
	assert_true(acpi_entries_read(&it, &e, buf, 3));
	assert_memory_equal(buf, "\x05\x04\xaa\x00", 4);
	memset(buf, 0xff, sizeof(buf));
	assert_true(acpi_entries_read(&it, &e, buf, 6)); /* zeros beyond the entry, and nothing beyond the buffer */
	assert_memory_equal(buf, "\x05\x04\xaa\xbb\x00\x00\xff", 7);
	e.offset = 42;
	assert_false(acpi_entries_read(&it, &e, buf, 6)); /* four bytes from there on are more than there are */
	assert_int_equal(it.damage, ERR_UNREADABLE);
}

TEST(test_entries_empty)
{
	struct acpi_table t;
	struct acpi_entries it = walk(&t, "", 0);

	assert_end(&it, OK, 36);
	it = (struct acpi_entries){ .table = &t, .next = 48 };
	assert_end(&it, OK, 48);
	it = (struct acpi_entries){ .table = &t, .next = UINT32_MAX };
	assert_end(&it, OK, UINT32_MAX);
}

/* Linux stops when at most two bytes are left, whatever they say. */
TEST(test_entries_stray_bytes)
{
	struct acpi_table t;
	struct acpi_entries it = walk(&t, "\x05\x03\xaa\x00", 4);

	assert_entry(&it, 36, 5, 3);
	assert_end(&it, OK, 39);
	it = walk(&t, "\x05\x03\xaa\x00\x00", 5);
	assert_entry(&it, 36, 5, 3);
	assert_end(&it, OK, 39);
	it = walk(&t, "\x05\x03\xaa\x00\x00\x00", 6);
	assert_entry(&it, 36, 5, 3);
	assert_end(&it, ERR_MALFORMED, 39);
}

TEST(test_entries_damage)
{
	static const char *const second[] = { "\x01\x00\xff", "\x01\x01\xff", "\x01\x04\xff", "\x01\xff\xff" };
	struct acpi_table t;

	for (size_t i = 0; i < ARRAY_SIZE(second); i++) {
		uint8_t bytes[5] = { 9, 2 };
		struct acpi_entries it;
		struct acpi_entry e;

		memcpy(bytes + 2, second[i], 3);
		it = walk(&t, bytes, sizeof(bytes));
		assert_entry(&it, 36, 9, 2);
		assert_end(&it, ERR_MALFORMED, 38);
		it.damage = OK;
		assert_false(acpi_entries_next(&it, &e));
		assert_int_equal(e.type, 1);
		assert_int_equal(e.length, (uint8_t)second[i][1]);
	}
}

TEST(test_entries_unreadable)
{
	struct acpi_table t;
	struct acpi_entries it = walk(&t, "\x09\x02\x09\x03\xff", 5);
	struct holed h = { mem, AT + 39 };
	struct physmem holed = { holed_read, &h };

	t.mem = &holed;
	assert_entry(&it, 36, 9, 2);
	assert_end(&it, ERR_UNREADABLE, 38);
}
