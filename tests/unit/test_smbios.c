/* SPDX-License-Identifier: MIT */
/* The machine's name, from both kinds of entry point and from damaged tables. */
#include "tests/unit/firmware.h"

#include "acpi/smbios.h"

#define ENTRY 0xf5b20ull
#define TABLE 0x7ffd9fe3ull /* crosses a page */

static struct smbios smbios;

static int setup(void **state)
{
	firmware_setup(state);
	made.len = 0;
	return 0;
}

static const struct fixture fixture = { .setup = setup, .teardown = firmware_teardown };

/* ---- structures ---- */

/* Formatted area of that length; its string numbers are set with string_number(). */
static size_t add_structure(uint8_t type, uint8_t length)
{
	size_t at = made.len;

	table_u8(&made, type);
	table_u8(&made, length);
	table_u16(&made, (uint16_t)(0x100 + type));
	table_zero(&made, length - 4u);
	return at;
}

/* Up to three strings and the end of the set. */
static void add_strings(const char *a, const char *b, const char *c)
{
	const char *const strings[] = { a, b, c };

	for (size_t i = 0; i < 3 && strings[i]; i++) {
		for (const char *p = strings[i]; *p; p++)
			table_u8(&made, (uint8_t)*p);
		table_u8(&made, 0);
	}
	if (!a)
		table_u8(&made, 0);
	table_u8(&made, 0);
}

static void add_firmware(const char *vendor, const char *version, const char *date)
{
	size_t at = add_structure(0, 24);

	made.bytes[at + 4] = 1;
	made.bytes[at + 5] = 2;
	made.bytes[at + 8] = 3;
	add_strings(vendor, version, date);
}

static void add_system(const char *vendor, const char *product)
{
	size_t at = add_structure(1, 27);

	made.bytes[at + 4] = 1;
	made.bytes[at + 5] = 2;
	add_strings(vendor, product, NULL);
}

static void add_end(void)
{
	add_structure(127, 4);
	add_strings(NULL, NULL, NULL);
}

/* ---- entry points ---- */

static void put_table(phys_t at)
{
	fake_ram_write(&ram, at, made.bytes, made.len);
}

static void put_entry_32(phys_t at, uint8_t length, uint32_t where, uint16_t size)
{
	uint8_t e[32] = "_SM_";

	e[5] = length;
	e[6] = 2;
	e[7] = 8;
	memcpy(e + 16, "_DMI_", 5);
	memcpy(e + 22, &size, 2);
	memcpy(e + 24, &where, 4);
	fix_checksum(e + 16, 15, 5);
	fix_checksum(e, length, 4);
	fake_ram_write(&ram, at, e, sizeof(e));
}

static void put_entry_64(phys_t at, uint64_t where, uint32_t size)
{
	uint8_t e[24] = "_SM3_";

	e[6] = 24;
	e[7] = 3;
	e[8] = 6;
	memcpy(e + 12, &size, 4);
	memcpy(e + 16, &where, 8);
	fix_checksum(e, 24, 5);
	fake_ram_write(&ram, at, e, sizeof(e));
}

/* The table made so far behind a 32-bit entry point, found by scanning. */
static enum status read_made(void)
{
	put_table(TABLE);
	put_entry_32(ENTRY, 31, (uint32_t)TABLE, (uint16_t)made.len);
	return smbios_read(&mem, PHYS_NONE, &smbios);
}

static void assert_names(const char *vendor, const char *product)
{
	assert_string_equal(smbios.vendor, vendor);
	assert_string_equal(smbios.product, product);
}

static void assert_firmware(const char *vendor, const char *version, const char *date)
{
	assert_string_equal(smbios.firmware_vendor, vendor);
	assert_string_equal(smbios.firmware_version, version);
	assert_string_equal(smbios.firmware_date, date);
}

/* ---- good tables ---- */

TEST(test_32_bit)
{
	add_firmware("SeaBIOS", "1.16.2-debian-1.16.2-1", "04/01/2014");
	add_system("QEMU", "Standard PC (Q35 + ICH9, 2009)");
	add_end();
	assert_int_equal(read_made(), OK);
	assert_names("QEMU", "Standard PC (Q35 + ICH9, 2009)");
	assert_firmware("SeaBIOS", "1.16.2-debian-1.16.2-1", "04/01/2014");
	assert_int_equal(smbios.major, 2);
	assert_int_equal(smbios.minor, 8);
}

/* UEFI hands the entry point over; the table may lie above 4 GiB. */
TEST(test_64_bit)
{
	add_structure(4, 48);
	add_strings("CPU 0", "QEMU", NULL);
	add_system("Vendor", "Product");
	add_firmware("EDK II", "2022.11", "02/06/2015");
	add_end();
	put_table(0x87fffffff5);
	put_entry_64(0x13f5c9000, 0x87fffffff5, (uint32_t)made.len);
	assert_int_equal(smbios_read(&mem, PHYS_NONE, &smbios), ERR_NOT_FOUND);
	assert_names("", "");
	assert_int_equal(smbios_read(&mem, 0x13f5c9000, &smbios), OK);
	assert_names("Vendor", "Product");
	assert_firmware("EDK II", "2022.11", "02/06/2015");
	assert_int_equal(smbios.major, 3);
	assert_int_equal(smbios.minor, 6);
}

TEST(test_64_bit_first)
{
	add_system("Old", "32");
	put_table(0x10000);
	put_entry_32(0xf0000, 31, 0x10000, (uint16_t)made.len);
	made.len = 0;
	add_system("New", "64");
	put_table(0x20000);
	put_entry_64(0xfffe0, 0x20000, (uint32_t)made.len);
	assert_int_equal(smbios_read(&mem, PHYS_NONE, &smbios), OK);
	assert_names("New", "64");
	spoil(0xfffe0 + 20); /* a bad one does not hide the other */
	assert_int_equal(smbios_read(&mem, PHYS_NONE, &smbios), OK);
	assert_names("Old", "32");
	spoil(0xf0000 + 28);
	assert_int_equal(smbios_read(&mem, PHYS_NONE, &smbios), ERR_CHECKSUM);
	assert_names("", "");
}

/* Old firmware counts 30 bytes of its 31. */
TEST(test_entry_of_30_bytes)
{
	add_system("V", "P");
	put_table(TABLE);
	put_entry_32(ENTRY, 30, (uint32_t)TABLE, (uint16_t)made.len);
	assert_int_equal(smbios_read(&mem, PHYS_NONE, &smbios), OK);
	assert_names("V", "P");
	put_entry_32(ENTRY, 29, (uint32_t)TABLE, (uint16_t)made.len);
	assert_int_equal(smbios_read(&mem, PHYS_NONE, &smbios), ERR_MALFORMED);
	put_entry_32(ENTRY, 32, (uint32_t)TABLE, (uint16_t)made.len);
	assert_int_equal(smbios_read(&mem, PHYS_NONE, &smbios), ERR_MALFORMED);
}

TEST(test_first_of_each_type_counts)
{
	add_system("One", "1");
	add_system("Two", "2");
	add_firmware("F", "G", "H");
	assert_int_equal(read_made(), OK);
	assert_names("One", "1");
	assert_firmware("F", "G", "H");
}

TEST(test_nothing_after_the_end_structure)
{
	add_firmware("F", "G", "H");
	add_end();
	add_system("V", "P");
	assert_int_equal(read_made(), OK);
	assert_names("", "");
	assert_firmware("F", "G", "H");
}

/* ---- strings ---- */

TEST(test_missing_strings)
{
	size_t at;

	at = add_structure(1, 27);
	made.bytes[at + 4] = 0; /* no string */
	made.bytes[at + 5] = 3; /* numbers that have none: the end of the set, and what follows it */
	add_strings("A", "B", NULL);
	assert_int_equal(read_made(), OK);
	assert_names("", "");
	made.bytes[at + 5] = 4;
	add_structure(4, 48);
	add_strings("C", NULL, NULL);
	at = add_structure(0, 24);
	made.bytes[at + 4] = 1;
	made.bytes[at + 5] = 2;
	made.bytes[at + 8] = 255;
	add_strings(NULL, NULL, NULL);
	assert_int_equal(read_made(), OK);
	assert_names("", "");
	assert_firmware("", "", "");
}

/* Structures of SMBIOS 2.0, too short for some of the fields, whose bytes would be text. */
TEST(test_short_structures)
{
	add_structure(1, 5);
	made.bytes[4] = 1;
	add_strings("\x01only", NULL, NULL);
	add_structure(0, 4);
	add_strings("\x01\x01\x01\x01\x01", NULL, NULL);
	assert_int_equal(read_made(), OK);
	assert_names("?only", "");
	assert_firmware("", "", "");
}

TEST(test_trimmed_and_printable)
{
	add_system("  Dell Inc. \x20 ", "    ");
	add_firmware("a\"b\\c", "tab\tbell\x07", "\x7f\x80\xff~");
	assert_int_equal(read_made(), OK);
	assert_names("Dell Inc.", "");
	assert_firmware("a\"b\\c", "tab?bell?", "???~");
}

TEST(test_long_strings)
{
	char text[400], cut[64];

	memset(text, 'x', sizeof(text));
	memset(cut, 'x', sizeof(cut));
	text[399] = cut[63] = '\0';
	add_system(text, "after");
	assert_int_equal(read_made(), OK);
	assert_names(cut, "after");
}

/* Names behind more text than the reader's buffer holds at a time. */
TEST(test_far_into_the_table)
{
	char text[300];

	memset(text, 'y', sizeof(text));
	text[299] = '\0';
	for (unsigned i = 0; i < 40; i++) {
		add_structure(17, 34);
		add_strings(text, "z", NULL);
	}
	add_system("V", "P");
	assert_int_equal(read_made(), OK);
	assert_names("V", "P");
}

/* ---- damage ---- */

TEST(test_bad_structures)
{
	for (uint8_t length = 0; length < 4; length++) {
		made.len = 0;
		add_firmware("F", "G", "H");
		table_u8(&made, 1);
		table_u8(&made, length);
		table_zero(&made, 40);
		assert_int_equal(read_made(), ERR_MALFORMED);
		assert_firmware("F", "G", "H");
		assert_names("", "");
		assert_int_equal(smbios.major, 2);
	}
	made.len = 0;
	add_structure(1, 255); /* longer than the table */
	made.len = 200;
	assert_int_equal(read_made(), ERR_MALFORMED);
}

/* The table cut at every byte: whole structures count, the cut one does not. */
TEST(test_every_truncation)
{
	size_t first, len;

	add_system("Vendor", "Product");
	first = made.len;
	add_firmware("F", "G", "H");
	len = made.len;
	for (made.len = 1; made.len < len; made.len++) {
		assert_int_equal(read_made(), made.len == first ? OK : ERR_MALFORMED);
		assert_names(made.len >= first ? "Vendor" : "", made.len >= first ? "Product" : "");
		assert_firmware("", "", "");
	}
	assert_int_equal(read_made(), OK);
	assert_firmware("F", "G", "H");
}

TEST(test_entry_checksums)
{
	add_system("V", "P");
	put_table(TABLE);
	for (unsigned i = 5; i < 31; i++) {
		put_entry_32(ENTRY, 31, (uint32_t)TABLE, (uint16_t)made.len);
		spoil(ENTRY + i);
		assert_int_equal(smbios_read(&mem, ENTRY, &smbios), i == 5 ? ERR_MALFORMED : ERR_CHECKSUM);
	}
	for (unsigned i = 7; i < 24; i++) {
		put_entry_64(ENTRY, TABLE, (uint32_t)made.len);
		spoil(ENTRY + i);
		assert_int_equal(smbios_read(&mem, ENTRY, &smbios), ERR_CHECKSUM);
	}
}

/* Sum of the whole right, of the inner part wrong; and no inner part. */
TEST(test_intermediate_entry)
{
	uint8_t e[31];

	add_system("V", "P");
	put_table(TABLE);
	put_entry_32(ENTRY, 31, (uint32_t)TABLE, (uint16_t)made.len);
	assert_true(phys_read(&mem, ENTRY, e, 31));
	e[30]++;
	fix_checksum(e, 31, 4);
	fake_ram_write(&ram, ENTRY, e, 31);
	assert_int_equal(smbios_read(&mem, ENTRY, &smbios), ERR_CHECKSUM);
	e[16] = '-';
	fix_checksum(e, 31, 4);
	fake_ram_write(&ram, ENTRY, e, 31);
	assert_int_equal(smbios_read(&mem, ENTRY, &smbios), ERR_MALFORMED);
}

TEST(test_no_entry)
{
	add_system("V", "P");
	put_table(TABLE);
	put_entry_32(0xf5b28, 31, (uint32_t)TABLE, (uint16_t)made.len); /* not on 16 bytes */
	put_entry_32(0xefff0, 31, (uint32_t)TABLE, (uint16_t)made.len);
	put_entry_64(0x100000, TABLE, (uint32_t)made.len);
	assert_int_equal(smbios_read(&mem, PHYS_NONE, &smbios), ERR_NOT_FOUND);
	assert_int_equal(smbios_read(&mem, 0x9000, &smbios), ERR_NOT_FOUND);
	assert_int_equal(smbios_read(&mem, UINT64_MAX - 3, &smbios), ERR_UNREADABLE);
	/* the first four characters of an anchor are none */
	put_entry_64(ENTRY, TABLE, (uint32_t)made.len);
	spoil(ENTRY + 4);
	assert_int_equal(smbios_read(&mem, PHYS_NONE, &smbios), ERR_NOT_FOUND);
	ram.strict = true;
	put_entry_64(0x9000, UINT64_MAX - 0x100, 0x100);
	assert_int_equal(smbios_read(&mem, 0x9000, &smbios), ERR_UNREADABLE);
	put_entry_64(0x9000, UINT64_MAX - 0xff, 0x100);
	assert_int_equal(smbios_read(&mem, 0x9000, &smbios), ERR_MALFORMED);
}

TEST(test_unreadable)
{
	ram.strict = true;
	assert_int_equal(smbios_read(&mem, PHYS_NONE, &smbios), ERR_UNREADABLE);
	put_entry_64(ENTRY, 0x123456789000, 100);
	assert_int_equal(smbios_read(&mem, ENTRY, &smbios), ERR_UNREADABLE);
	assert_int_equal(smbios.major, 3);
	/* The structure ends on the page that can be read, its strings do not. */
	add_system("Vendor", "Product");
	fake_ram_write(&ram, 0x9000 - 30, made.bytes, 30);
	put_entry_64(ENTRY, 0x9000 - 30, (uint32_t)made.len);
	assert_int_equal(smbios_read(&mem, ENTRY, &smbios), ERR_UNREADABLE);
	assert_names("", "");
}

static enum status read_names(void)
{
	enum status s = smbios_read(&mem, ENTRY, &smbios);

	return s == OK && strcmp(smbios.vendor, "Vendor") == 0 && strcmp(smbios.product, "Product") == 0
		       ? OK
		       : ERR_UNREADABLE;
}

/* Strings far behind their structure, so that it is read again for each of them. */
TEST(test_every_read_counts)
{
	char filler[1000];
	size_t at;

	memset(filler, 'x', sizeof(filler) - 1);
	filler[sizeof(filler) - 1] = '\0';
	at = add_structure(1, 27);
	made.bytes[at + 4] = 3;
	made.bytes[at + 5] = 2;
	add_strings(filler, "Product", "Vendor");
	put_table(TABLE);
	put_entry_64(ENTRY, TABLE, (uint32_t)made.len);
	assert_true(assert_each_read_counts(read_names) > 8);
}

/* Of two structures of a type the first counts. */
TEST(test_second_structure)
{
	add_firmware("First", "1.0", "01/01/2001");
	add_firmware("Second", "2.0", "02/02/2002");
	add_system("Vendor", "Product");
	add_system("Other", "One");
	assert_int_equal(read_made(), OK);
	assert_string_equal(smbios.firmware_vendor, "First");
	assert_string_equal(smbios.firmware_version, "1.0");
	assert_names("Vendor", "Product");
}

/* The size of a 64-bit entry point is an upper limit: the table ends on the last readable byte, far below it. */
TEST(test_size_is_a_limit)
{
	ram.strict = true;
	for (unsigned all = 0; all < 2; all++) {
		made.len = 0;
		add_system("Vendor", "Product");
		all ? add_firmware("F", "G", "H") : add_end(); /* there is nothing else to look for */
		fake_ram_write(&ram, 0x9000 - made.len, made.bytes, made.len);
		put_entry_64(ENTRY, 0x9000 - made.len, 0xffffffff);
		assert_int_equal(smbios_read(&mem, ENTRY, &smbios), OK);
		assert_names("Vendor", "Product");
		assert_firmware(all ? "F" : "", all ? "G" : "", all ? "H" : "");
	}
}
