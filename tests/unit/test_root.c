/* SPDX-License-Identifier: MIT */
/* From the RSDP to a table, in good and damaged firmware. */
#include "acpi/root.h"
#include "tests/unit/firmware.h"

#define RSDP 0xf5a40ull
#define RSDT 0x7ffe1000ull
#define XSDT 0x123ffe2004ull
#define TABLE(n) (0x7ffe4000ull + 0x1000 * (n))
#define HIGH 0x987654321ff9ull

static struct acpi_root root;

/* The second checksum is right for every revision. */
static void put_rsdp(phys_t at, uint8_t revision, uint32_t rsdt, uint64_t xsdt)
{
	uint8_t p[37] = "RSD PTR \0LNDFL ";

	p[15] = revision;
	memcpy(p + 16, &rsdt, 4);
	p[20] = 36;
	memcpy(p + 24, &xsdt, 8);
	fix_checksum(p, 20, 8);
	fix_checksum(p, 36, 32);
	p[36] = 0x5a; /* what follows does not count */
	fake_ram_write(&ram, at, p, revision ? 37 : 20);
}

static void put_sdt(phys_t at, const char *signature, const uint64_t *entry, size_t nr)
{
	table_begin(&made, signature, 1);
	for (size_t i = 0; i < nr; i++) {
		table_u32(&made, (uint32_t)entry[i]);
		if (signature[0] == 'X')
			table_u32(&made, (uint32_t)(entry[i] >> 32));
	}
	firmware_put(at);
}

/* A table of 40 bytes whose last four say which one it is. */
static void put_table(phys_t at, const char *signature, uint32_t mark)
{
	table_begin(&made, signature, 1);
	table_u32(&made, mark);
	firmware_put(at);
}

static void put_ebda(uint16_t segment)
{
	fake_ram_write(&ram, 0x40e, &segment, 2);
}

/* ---- the search for the RSDP ---- */

static const struct fixture fixture = { .setup = firmware_setup, .teardown = firmware_teardown };

TEST(test_scan_none)
{
	assert_int_equal(acpi_rsdp_scan(&mem), PHYS_NONE);
	ram.strict = true; /* nothing at all can be read */
	assert_int_equal(acpi_rsdp_scan(&mem), PHYS_NONE);
}

TEST(test_scan_places)
{
	static const phys_t place[] = { 0x9fc00, 0x9fff0, 0xe0000, 0xf5a40, 0xffff0 };

	put_ebda(0x9fc0);
	for (size_t i = 0; i < ARRAY_SIZE(place); i++) {
		put_rsdp(place[i], 0, (uint32_t)RSDT, 0);
		assert_int_equal(acpi_rsdp_scan(&mem), place[i]);
		spoil(place[i]);
	}
}

TEST(test_scan_not_elsewhere)
{
	static const phys_t place[] = { 0x9fbf0, 0xa0000, 0xdfff0, 0xe0008, 0x100000 };

	put_ebda(0x9fc0);
	for (size_t i = 0; i < ARRAY_SIZE(place); i++)
		put_rsdp(place[i], 0, (uint32_t)RSDT, 0);
	assert_int_equal(acpi_rsdp_scan(&mem), PHYS_NONE);
}

TEST(test_scan_ebda_first)
{
	put_ebda(0x9fc0);
	put_rsdp(0xf0000, 2, (uint32_t)RSDT, 0);
	put_rsdp(0x9fc40, 2, (uint32_t)RSDT, 0);
	assert_int_equal(acpi_rsdp_scan(&mem), 0x9fc40);
	put_ebda(0x40); /* 0x400 is the BIOS data area, not an EBDA */
	put_rsdp(0x500, 2, (uint32_t)RSDT, 0);
	assert_int_equal(acpi_rsdp_scan(&mem), 0xf0000);
	put_ebda(0x41);
	assert_int_equal(acpi_rsdp_scan(&mem), 0x500);
}

TEST(test_scan_passes_bad_ones)
{
	put_rsdp(0xe0000, 0, (uint32_t)RSDT, 0);
	spoil(0xe0010);
	put_rsdp(0xe0100, 2, (uint32_t)RSDT, XSDT);
	spoil(0xe0100 + 33); /* only the extended checksum sees this */
	put_rsdp(0xe0200, 2, (uint32_t)RSDT, XSDT);
	assert_int_equal(acpi_rsdp_scan(&mem), 0xe0200);
}

/* ---- root tables ---- */

TEST(test_rsdt)
{
	const uint64_t entry[] = { TABLE(0), 0, TABLE(1) };

	put_rsdp(RSDP, 0, (uint32_t)RSDT, 0);
	put_sdt(RSDT, "RSDT", entry, 3);
	assert_int_equal(acpi_root_open(&root, &mem, RSDP), OK);
	assert_int_equal(root.rsdp, RSDP);
	assert_int_equal(root.rsdp_revision, 0);
	assert_string_equal(root.oem_id, "LNDFL ");
	assert_false(root.xsdt);
	assert_int_equal(root.xsdt_status, OK);
	assert_int_equal(root.sdt, RSDT);
	assert_int_equal(root.nr, 2);
	assert_int_equal(root.table[0], TABLE(0));
	assert_int_equal(root.table[1], TABLE(1));
	assert_int_equal(root.left_out, 0); /* an address of 0 is no entry */
}

TEST(test_xsdt)
{
	const uint64_t entry[] = { HIGH, TABLE(1) }, old[] = { TABLE(5) };

	put_rsdp(RSDP, 2, (uint32_t)RSDT, XSDT);
	put_sdt(XSDT, "XSDT", entry, 2);
	put_sdt(RSDT, "RSDT", old, 1);
	assert_int_equal(acpi_root_open(&root, &mem, RSDP), OK);
	assert_int_equal(root.rsdp_revision, 2);
	assert_string_equal(root.oem_id, "LNDFL ");
	assert_true(root.xsdt);
	assert_int_equal(root.xsdt_status, OK);
	assert_int_equal(root.sdt, XSDT);
	assert_int_equal(root.nr, 2);
	assert_int_equal(root.table[0], HIGH);
	assert_int_equal(root.table[1], TABLE(1));
	assert_int_equal(root.left_out, 0);
}

/* QEMU with SeaBIOS: revision 0, and what follows its 20 bytes is not its own. */
TEST(test_revision_0_with_rubbish)
{
	const uint64_t entry[] = { TABLE(0) }, wrong[] = { TABLE(5) };

	put_rsdp(RSDP, 0, (uint32_t)RSDT, 0);
	fake_ram_write(&ram, RSDP + 20, "\x24\0\0\0\x04\x20\xfe\x3f\x12\0\0\0rubbish!", 20);
	put_sdt(RSDT, "RSDT", entry, 1);
	put_sdt(XSDT, "XSDT", wrong, 1);
	assert_int_equal(acpi_root_open(&root, &mem, RSDP), OK);
	assert_false(root.xsdt);
	assert_int_equal(root.xsdt_status, OK);
	assert_int_equal(root.table[0], TABLE(0));
}

/* 20 readable bytes are enough for revision 0. */
TEST(test_revision_0_at_the_end_of_memory)
{
	const uint64_t entry[] = { TABLE(0) };
	uint8_t bytes[20];

	ram.strict = true;
	put_rsdp(0x5000 - 20, 0, (uint32_t)RSDT, 0);
	put_sdt(RSDT, "RSDT", entry, 1);
	assert_int_equal(acpi_root_open(&root, &mem, 0x5000 - 20), OK);
	assert_int_equal(root.table[0], TABLE(0));
	/* Revision 2 needs 36. */
	put_rsdp(RSDP, 2, (uint32_t)RSDT, 0);
	assert_true(phys_read(&mem, RSDP, bytes, 20));
	fake_ram_write(&ram, 0x5000 - 20, bytes, 20);
	assert_int_equal(acpi_root_open(&root, &mem, 0x5000 - 20), ERR_UNREADABLE);
}

TEST(test_xsdt_address_zero)
{
	const uint64_t entry[] = { TABLE(0) };

	put_rsdp(RSDP, 2, (uint32_t)RSDT, 0);
	put_sdt(RSDT, "RSDT", entry, 1);
	assert_int_equal(acpi_root_open(&root, &mem, RSDP), OK);
	assert_false(root.xsdt);
	assert_int_equal(root.xsdt_status, OK);
}

TEST(test_xsdt_unusable)
{
	const uint64_t entry[] = { TABLE(0) }, old[] = { TABLE(5) };
	const uint32_t too_long = 0x7fffffff;

	ram.strict = true;
	put_rsdp(RSDP, 2, (uint32_t)RSDT, XSDT);
	put_sdt(RSDT, "RSDT", old, 1);
	assert_int_equal(acpi_root_open(&root, &mem, RSDP), OK);
	assert_int_equal(root.xsdt_status, ERR_UNREADABLE);

	put_sdt(XSDT, "XSDT", entry, 0); /* no room for one entry */
	assert_int_equal(acpi_root_open(&root, &mem, RSDP), OK);
	assert_int_equal(root.xsdt_status, ERR_MALFORMED);

	put_sdt(XSDT, "XTDT", entry, 1); /* good but for the signature */
	assert_int_equal(acpi_root_open(&root, &mem, RSDP), OK);
	assert_int_equal(root.xsdt_status, ERR_MALFORMED);

	put_sdt(XSDT, "XSDT", entry, 1);
	fake_ram_write(&ram, XSDT + 4, &too_long, 4);
	assert_int_equal(acpi_root_open(&root, &mem, RSDP), OK);
	assert_int_equal(root.xsdt_status, ERR_MALFORMED);

	assert_false(root.xsdt);
	assert_int_equal(root.sdt, RSDT);
	assert_int_equal(root.nr, 1);
	assert_int_equal(root.table[0], TABLE(5));
}

TEST(test_sdt_with_a_wrong_checksum)
{
	const uint64_t entry[] = { TABLE(0) };

	put_rsdp(RSDP, 2, (uint32_t)RSDT, XSDT);
	put_sdt(XSDT, "XSDT", entry, 1);
	spoil(XSDT + 10);
	assert_int_equal(acpi_root_open(&root, &mem, RSDP), OK);
	assert_true(root.xsdt);
	assert_int_equal(root.table[0], TABLE(0));
	put_rsdp(RSDP, 0, (uint32_t)RSDT, 0);
	put_sdt(RSDT, "RSDT", entry, 1);
	spoil(RSDT + 10);
	assert_int_equal(acpi_root_open(&root, &mem, RSDP), OK);
	assert_int_equal(root.table[0], TABLE(0));
}

TEST(test_no_root)
{
	ram.strict = true;
	assert_int_equal(acpi_root_open(&root, &mem, PHYS_NONE), ERR_NOT_FOUND);
	assert_int_equal(acpi_root_open(&root, &mem, RSDP), ERR_UNREADABLE);
	put_rsdp(RSDP, 2, 0, 0);
	assert_int_equal(acpi_root_open(&root, &mem, RSDP), ERR_MALFORMED);
	put_rsdp(RSDP, 2, 0, XSDT);
	assert_int_equal(acpi_root_open(&root, &mem, RSDP), ERR_UNREADABLE);
	assert_int_equal(root.xsdt_status, ERR_UNREADABLE);
	put_rsdp(RSDP, 0, (uint32_t)RSDT, 0);
	put_sdt(RSDT, "XSDT", NULL, 0);
	assert_int_equal(acpi_root_open(&root, &mem, RSDP), ERR_MALFORMED);
	assert_int_equal(acpi_root_open(&root, &mem, RSDP + 1), ERR_NOT_FOUND);
	assert_int_equal(root.nr, 0);
}

TEST(test_rsdp_checksums)
{
	const uint64_t entry[] = { TABLE(0) };

	put_sdt(XSDT, "XSDT", entry, 1);
	for (unsigned i = 8; i < 36; i++) {
		put_rsdp(RSDP, 2, 0, XSDT);
		spoil(RSDP + i);
		assert_int_equal(acpi_root_open(&root, &mem, RSDP), ERR_CHECKSUM);
	}
	for (unsigned i = 0; i < 8; i++) {
		put_rsdp(RSDP, 2, 0, XSDT);
		spoil(RSDP + i);
		assert_int_equal(acpi_root_open(&root, &mem, RSDP), ERR_NOT_FOUND);
	}
}

TEST(test_too_many_tables)
{
	static uint64_t entry[ACPI_MAX_TABLES + 3];

	for (size_t i = 0; i < ARRAY_SIZE(entry); i++)
		entry[i] = 0x100000 + i;
	put_rsdp(RSDP, 2, 0, XSDT);
	put_sdt(XSDT, "XSDT", entry, ARRAY_SIZE(entry));
	assert_int_equal(acpi_root_open(&root, &mem, RSDP), OK);
	assert_int_equal(root.nr, ACPI_MAX_TABLES);
	assert_int_equal(root.table[ACPI_MAX_TABLES - 1], 0x1000ff);
	assert_int_equal(root.left_out, 3);
}

/* A length that is not a whole number of entries: the rest is no entry. */
TEST(test_rest_of_an_entry)
{
	put_rsdp(RSDP, 2, 0, XSDT);
	table_begin(&made, "XSDT", 1);
	table_u64(&made, TABLE(0));
	table_u32(&made, 0x12345678);
	table_u16(&made, 0x9abc);
	table_u8(&made, 0xde);
	firmware_put(XSDT);
	assert_int_equal(acpi_root_open(&root, &mem, RSDP), OK);
	assert_int_equal(root.nr, 1);
	assert_int_equal(root.left_out, 0);
}

static enum status open_root(void)
{
	return acpi_root_open(&root, &mem, RSDP);
}

/* RSDP (twice, as its revision is 2), header and body of the RSDT, and its two entries. */
TEST(test_every_read_counts)
{
	const uint64_t entry[] = { TABLE(0), TABLE(1) };

	put_rsdp(RSDP, 2, (uint32_t)RSDT, 0);
	put_sdt(RSDT, "RSDT", entry, 2);
	assert_int_equal(assert_each_read_counts(open_root), 6);
}

/* ---- looking up ---- */

static uint32_t mark_of(const struct acpi_table *t)
{
	uint32_t mark;

	assert_true(acpi_table_read(t, 36, &mark, sizeof(mark)));
	return mark;
}

static void open_with(const uint64_t *entry, size_t nr)
{
	put_rsdp(RSDP, 2, 0, XSDT);
	put_sdt(XSDT, "XSDT", entry, nr);
	assert_int_equal(acpi_root_open(&root, &mem, RSDP), OK);
}

TEST(test_find)
{
	const uint64_t entry[] = { 0xdead0000, UINT64_MAX - 1, UINT64_MAX - 20, TABLE(0), HIGH, TABLE(1) };
	struct acpi_table t;

	ram.strict = true;
	put_table(TABLE(0), "APIC", 1);
	put_table(HIGH, "SRAT", 2);
	put_table(TABLE(1), "SRAT", 3); /* a second one, as on a Dell Precision Tower 5810 */
	open_with(entry, ARRAY_SIZE(entry));
	assert_int_equal(acpi_root_find(&root, "SRAT", &t), OK);
	assert_int_equal(t.addr, HIGH);
	assert_int_equal(mark_of(&t), 2);
	assert_int_equal(acpi_root_find(&root, "APIC", &t), OK);
	assert_int_equal(mark_of(&t), 1);
	assert_int_equal(acpi_root_find(&root, "SLIT", &t), ERR_NOT_FOUND);
}

TEST(test_find_bad_checksum)
{
	const uint64_t entry[] = { TABLE(0), TABLE(1) };
	struct acpi_table t;

	put_table(TABLE(0), "SRAT", 1);
	spoil(TABLE(0) + 38);
	put_table(TABLE(1), "SRAT", 2);
	open_with(entry, 2);
	assert_int_equal(acpi_root_find(&root, "SRAT", &t), ERR_CHECKSUM);
	assert_int_equal(t.addr, TABLE(0));
	assert_int_equal(t.length, 40);
	assert_false(t.checksum_ok);
}

TEST(test_find_passes_damage)
{
	const uint64_t entry[] = { TABLE(0), TABLE(2) };
	const uint32_t length = 7;
	struct acpi_table t;

	ram.strict = true;
	put_table(TABLE(0), "SRAT", 1);
	fake_ram_write(&ram, TABLE(0) + 4, &length, 4);
	open_with(entry, 2);
	assert_int_equal(acpi_root_find(&root, "SRAT", &t), ERR_MALFORMED);
	/* of two that are of no use the first one says why */
	put_table(TABLE(2), "SRAT", 3);
	ram.reads = 0;
	ram.failing = 4; /* name and header of the first, name of the second, its header */
	assert_int_equal(acpi_root_find(&root, "SRAT", &t), ERR_MALFORMED);
	assert_int_equal(ram.reads, 4);
	ram.failing = 0;
	assert_int_equal(acpi_root_find(&root, "SRAT", &t), OK);
	assert_int_equal(mark_of(&t), 3);
}

/* The name can be read, the last two bytes cannot. */
TEST(test_find_unreadable)
{
	const uint64_t entry[] = { TABLE(1) - 38 };
	struct acpi_table t;

	ram.strict = true;
	put_table(TABLE(0), "APIC", 0);
	put_table(TABLE(1) - 38 - 0x2000, "SRAT", 1);
	fake_ram_write(&ram, TABLE(1) - 38, made.bytes, 38);
	open_with(entry, 1);
	assert_int_equal(acpi_root_find(&root, "SRAT", &t), ERR_UNREADABLE);
}

/* What nothing comes of: told, so that no table is missed in silence. */
TEST(test_lost)
{
	const uint64_t good[] = { 0, TABLE(0), HIGH, TABLE(0) };
	const uint64_t lost[] = {
		0xdead0000, TABLE(0), UINT64_MAX, UINT64_MAX - 2, XSDT, TABLE(2), TABLE(3), TABLE(4)
	};
	static uint64_t many[ACPI_MAX_TABLES + 3];

	put_table(TABLE(0), "APIC", 1);
	put_table(TABLE(2), " RSD", 1); /* a blank */
	put_table(TABLE(3), "SR\x7f\x80", 1);
	put_table(TABLE(4), "~!SR", 1); /* odd, but a name */
	put_table(HIGH, "SRAT", 2);
	ram.strict = true;
	open_with(good, ARRAY_SIZE(good));
	assert_int_equal(root.nr, 3);
	assert_int_equal(acpi_root_lost(&root), 0);
	open_with(lost, ARRAY_SIZE(lost));
	assert_int_equal(root.nr, 8);
	assert_int_equal(acpi_root_lost(&root), 6);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = TABLE(0);
	open_with(many, ARRAY_SIZE(many));
	assert_int_equal(root.left_out, 3);
	assert_int_equal(acpi_root_lost(&root), 3);
}

/* ---- tables from files ---- */

/* A table at TABLE(n) with that OEM table id and revision, opened. */
static struct acpi_table named_table(unsigned n, const char *signature, const char *oem_table_id, uint32_t revision)
{
	struct acpi_table t;

	table_begin(&made, signature, 1);
	memset(made.bytes + 16, ' ', 8);
	memcpy(made.bytes + 16, oem_table_id, strlen(oem_table_id));
	memcpy(made.bytes + 24, &revision, 4);
	firmware_put(TABLE(n));
	assert_int_equal(acpi_table_open(&t, &mem, TABLE(n)), OK);
	return t;
}

TEST(test_upgrade_as_linux)
{
	const uint64_t entry[] = { TABLE(0), TABLE(1), TABLE(2) };
	struct acpi_table t;

	named_table(0, "APIC", "BOARD", 1);
	named_table(1, "SRAT", "BOARD", 5);
	named_table(2, "SRAT", "SECOND", 5);
	open_with(entry, 3);
	t = named_table(3, "SRAT", "BOARD", 5);
	assert_int_equal(acpi_root_upgrade(&root, &t, false), ACPI_OLDER);
	assert_int_equal(root.table[1], TABLE(1));
	t = named_table(3, "SRAT", "BOARD", 6);
	assert_int_equal(acpi_root_upgrade(&root, &t, false), ACPI_OVERRIDE);
	assert_int_equal(root.table[1], TABLE(3));
	t = named_table(4, "SRAT", "SECOND", 6);
	assert_int_equal(acpi_root_upgrade(&root, &t, false), ACPI_OVERRIDE);
	assert_int_equal(root.table[2], TABLE(4));
	t = named_table(5, "SRAT", "board", 9);
	assert_int_equal(acpi_root_upgrade(&root, &t, false), ACPI_INSTALL);
	assert_int_equal(root.nr, 4);
	assert_int_equal(root.table[3], TABLE(5));
	assert_int_equal(acpi_root_find(&root, "SRAT", &t), OK);
	assert_int_equal(t.addr, TABLE(3));
}

TEST(test_upgrade_always)
{
	const uint64_t entry[] = { TABLE(0), TABLE(1) };
	struct acpi_table t;

	named_table(0, "APIC", "BOARD", 1);
	named_table(1, "SRAT", "BOARD", 5);
	open_with(entry, 2);
	t = named_table(3, "SRAT", "OTHER", 0);
	/* what cannot be read is no table of that name */
	ram.reads = 0;
	ram.failing = 3;
	assert_int_equal(acpi_root_upgrade(&root, &t, true), ACPI_INSTALL);
	ram.failing = 0;
	assert_int_equal(root.table[--root.nr], TABLE(3));
	assert_int_equal(acpi_root_upgrade(&root, &t, true), ACPI_OVERRIDE);
	assert_int_equal(root.table[0], TABLE(0));
	assert_int_equal(root.table[1], TABLE(3));
	t = named_table(4, "HMAT", "OTHER", 0);
	assert_int_equal(acpi_root_upgrade(&root, &t, true), ACPI_INSTALL);
	assert_int_equal(root.table[2], TABLE(4));
	for (unsigned i = 3; i < ACPI_MAX_TABLES; i++)
		root.table[root.nr++] = TABLE(0);
	t = named_table(5, "MSCT", "OTHER", 0);
	assert_int_equal(acpi_root_upgrade(&root, &t, true), ACPI_FULL);
	assert_int_equal(root.nr, ACPI_MAX_TABLES);
}
