/* SPDX-License-Identifier: MIT */
/* SPCR and DBG2: where the UART is, how its registers lie, and every way in which a table can be wrong. */
#include <stdio.h>

#include "acpi/spcr.h"
#include "tests/unit/firmware.h"

#define AT 0x7fe1000ull

enum { MEMORY = 0, PORTS = 1, PCI_CONFIG = 2 };

static struct acpi_uart u;

struct gas {
	uint8_t space, bits, access;
	uint64_t address;
};

static void add_gas(struct gas g)
{
	table_u8(&made, g.space);
	table_u8(&made, g.bits);
	table_u8(&made, 0);
	table_u8(&made, g.access);
	table_u64(&made, g.address);
}

/* An SPCR without a PCI device. */
static void make_spcr(uint8_t interface, struct gas g, uint8_t baud)
{
	table_begin(&made, "SPCR", 2);
	table_u8(&made, interface);
	table_zero(&made, 3);
	add_gas(g);
	table_zero(&made, 6);
	table_u8(&made, baud);
	table_zero(&made, 5);
	table_u32(&made, 0xffffffff);
	table_zero(&made, 12);
}

static enum status open_made(void)
{
	return firmware_open(AT);
}

static enum status read_spcr(uint8_t interface, struct gas g, uint8_t baud)
{
	make_spcr(interface, g, baud);
	assert_int_equal(open_made(), OK);
	return spcr_read(&table, &u);
}

static void assert_uart(bool io, uint64_t address, unsigned width, unsigned stride)
{
	assert_int_equal(u.io, io);
	assert_int_equal(u.address, address);
	assert_int_equal(u.width, width);
	assert_int_equal(u.stride, stride);
}

static const struct fixture fixture = { .setup = firmware_setup, .teardown = firmware_teardown };

TEST(test_com_port)
{
	assert_int_equal(read_spcr(0, (struct gas){ PORTS, 8, 1, 0x2f8 }, 7), OK);
	assert_uart(true, 0x2f8, 1, 1);
	assert_int_equal(u.baud, 115200);
	assert_false(u.pci);
	/* Whatever a table says of widths, a PC's ports are bytes side by side. */
	assert_int_equal(read_spcr(1, (struct gas){ PORTS, 32, 3, 0x3f8 }, 3), OK);
	assert_uart(true, 0x3f8, 1, 1);
	assert_int_equal(u.baud, 9600);
}

TEST(test_rates)
{
	static const uint32_t rates[] = { 0, 0, 0, 9600, 19200, 0, 57600, 115200, 0 };

	for (unsigned code = 0; code < ARRAY_SIZE(rates); code++) {
		assert_int_equal(read_spcr(0, (struct gas){ PORTS, 8, 1, 0x3f8 }, (uint8_t)code), OK);
		assert_int_equal(u.baud, rates[code]);
	}
}

TEST(test_memory_shapes)
{
	static const struct {
		uint8_t bits, access;
		unsigned width, stride;
	} shapes[] = {
		{ 0, 0, 1, 1 }, /* EC2 i3.metal: nothing said is bytes */
		{ 8, 0, 1, 1 },  { 8, 1, 1, 1 },  { 32, 0, 1, 4 }, { 32, 1, 1, 4 },
		{ 32, 3, 4, 4 }, { 16, 2, 2, 2 }, { 8, 3, 4, 4 }, /* a field of eight bits with words apart */
		{ 64, 3, 4, 8 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct gas g = { MEMORY, shapes[i].bits, shapes[i].access, 0x10ffe032000 };

		assert_int_equal(read_spcr(0x12, g, 0), OK);
		assert_uart(false, 0x10ffe032000, shapes[i].width, shapes[i].stride);
	}
	assert_int_equal(read_spcr(0x12, (struct gas){ PORTS, 32, 3, 0xe000 }, 0), OK);
	assert_uart(true, 0xe000, 4, 4);
}

TEST(test_impossible_shapes)
{
	assert_int_equal(read_spcr(0, (struct gas){ MEMORY, 8, 4, 0xfe000000 }, 0), ERR_MALFORMED); /* 64-bit access */
	assert_int_equal(read_spcr(0, (struct gas){ MEMORY, 12, 1, 0xfe000000 }, 0), ERR_MALFORMED);
	assert_int_equal(read_spcr(0, (struct gas){ MEMORY, 24, 1, 0xfe000000 }, 0), ERR_MALFORMED);
	assert_int_equal(read_spcr(0, (struct gas){ MEMORY, 128, 1, 0xfe000000 }, 0), ERR_MALFORMED);
	assert_int_equal(read_spcr(0, (struct gas){ MEMORY, 8, 1, UINT64_MAX - 6 }, 0), ERR_MALFORMED);
	assert_int_equal(read_spcr(0, (struct gas){ PORTS, 8, 1, 0xfff9 }, 0), ERR_MALFORMED);
	assert_int_equal(read_spcr(0, (struct gas){ PORTS, 8, 1, 0xfff8 }, 0), OK);
	assert_int_equal(read_spcr(0x12, (struct gas){ PORTS, 32, 1, 0xffe1 }, 0), ERR_MALFORMED);
	assert_int_equal(read_spcr(0x12, (struct gas){ PORTS, 32, 1, 0xffe0 }, 0), OK);
}

TEST(test_not_for_us)
{
	static const uint8_t other[] = { 2, 3, 4, 8, 0xd, 0xe, 0x10, 0x11, 0x13, 0x15, 0xff };

	for (unsigned i = 0; i < ARRAY_SIZE(other); i++)
		assert_int_equal(read_spcr(other[i], (struct gas){ PORTS, 8, 1, 0x3f8 }, 0), ERR_NOT_FOUND);
	assert_int_equal(read_spcr(0, (struct gas){ PORTS, 8, 1, 0 }, 7), ERR_NOT_FOUND); /* redirection is off */
	assert_int_equal(read_spcr(0, (struct gas){ PCI_CONFIG, 8, 1, 0x3f8 }, 7), ERR_NOT_FOUND);
}

TEST(test_pci)
{
	static const struct gas nowhere = { PORTS, 8, 1, 0 };

	make_spcr(0, nowhere, 7);
	memcpy(made.bytes + 64, (const uint8_t[]){ 0x02, 0x00, 0x36, 0x1b, 0x05, 0x1f, 0x07 }, 7);
	assert_int_equal(open_made(), OK);
	assert_int_equal(spcr_read(&table, &u), OK); /* address 0: the base register will say */
	assert_true(u.pci);
	assert_int_equal(u.vendor, 0x1b36);
	assert_int_equal(u.device, 0x0002);
	assert_int_equal(u.bus, 5);
	assert_int_equal(u.slot, 31);
	assert_int_equal(u.function, 7);
	made.bytes[75] = 1; /* another segment is out of reach */
	assert_int_equal(open_made(), OK);
	assert_int_equal(spcr_read(&table, &u), ERR_NOT_FOUND);
	made.bytes[75] = 0;
	made.bytes[69] = 32; /* no such device number */
	assert_int_equal(open_made(), OK);
	assert_int_equal(spcr_read(&table, &u), ERR_NOT_FOUND);
	made.bytes[69] = 31;
	/* all ones in either id, and a vendor of 0: nobody's */
	for (unsigned at = 64; at <= 66; at += 2) {
		memcpy(made.bytes + at, (const uint8_t[]){ 0xff, 0xff }, 2);
		assert_int_equal(open_made(), OK);
		assert_int_equal(spcr_read(&table, &u), ERR_NOT_FOUND);
		memcpy(made.bytes + 64, (const uint8_t[]){ 0x02, 0x00, 0x36, 0x1b }, 4);
	}
	memset(made.bytes + 66, 0, 2);
	assert_int_equal(open_made(), OK);
	assert_int_equal(spcr_read(&table, &u), ERR_NOT_FOUND);
	memcpy(made.bytes + 66, (const uint8_t[]){ 0x36, 0x1b }, 2);
	made.bytes[70] = 8;
	assert_int_equal(open_made(), OK);
	assert_int_equal(spcr_read(&table, &u), ERR_NOT_FOUND);
}

TEST(test_short_spcr)
{
	make_spcr(0, (struct gas){ PORTS, 8, 1, 0x3f8 }, 7);
	for (size_t len = 36; len <= 80; len++) {
		made.len = len;
		assert_int_equal(open_made(), OK);
		assert_int_equal(spcr_read(&table, &u), len < 76 ? ERR_MALFORMED : OK);
	}
}

static enum status read_again(void)
{
	return spcr_read(&table, &u);
}

TEST(test_spcr_unreadable)
{
	make_spcr(0, (struct gas){ PORTS, 8, 1, 0x3f8 }, 7);
	assert_int_equal(open_made(), OK);
	assert_int_equal(assert_each_read_counts(read_again), 1);
}

/* ---- DBG2 ---- */

static void begin_dbg2(uint32_t nr)
{
	table_begin(&made, "DBG2", 0);
	table_u32(&made, 44);
	table_u32(&made, nr);
}

static void add_device(uint16_t type, uint16_t subtype, struct gas g)
{
	table_u8(&made, 0);
	table_u16(&made, 40);
	table_u8(&made, 1);
	table_u16(&made, 2);
	table_u16(&made, 38);
	table_u32(&made, 0);
	table_u16(&made, type);
	table_u16(&made, subtype);
	table_u16(&made, 0);
	table_u16(&made, 22);
	table_u16(&made, 34);
	add_gas(g);
	table_u32(&made, 8);
	table_u16(&made, '.');
}

TEST(test_dbg2)
{
	uint32_t next = 0;

	begin_dbg2(6);
	add_device(0x8002, 0, (struct gas){ MEMORY, 32, 3, 0xfeb00000 }); /* USB */
	add_device(0x8000, 0, (struct gas){ PORTS, 8, 0, 0x3f8 });
	add_device(0x8000, 3, (struct gas){ MEMORY, 32, 3, 0xfe000000 });     /* PL011 */
	add_device(0x8000, 0x12, (struct gas){ MEMORY, 32, 1, 0 });           /* nowhere */
	add_device(0x8000, 0x100, (struct gas){ MEMORY, 32, 1, 0xfe000000 }); /* sixteen bits of subtype */
	add_device(0x8000, 0x14, (struct gas){ MEMORY, 32, 3, 0xfe032000 });
	assert_int_equal(open_made(), OK);
	assert_int_equal(dbg2_read(&table, &next, &u), OK);
	assert_uart(true, 0x3f8, 1, 1);
	assert_int_equal(u.baud, 0);
	assert_false(u.pci);
	assert_int_equal(next, 2);
	assert_int_equal(dbg2_read(&table, &next, &u), OK);
	assert_uart(false, 0xfe032000, 4, 4);
	assert_int_equal(next, 6);
	assert_int_equal(dbg2_read(&table, &next, &u), ERR_NOT_FOUND);
}

static enum status read_second(void)
{
	uint32_t next = 0;

	return dbg2_read(&table, &next, &u);
}

/* The head, either device, the register of the second. */
TEST(test_dbg2_unreadable)
{
	begin_dbg2(2);
	add_device(0x8002, 0, (struct gas){ MEMORY, 32, 3, 0xfeb00000 });
	add_device(0x8000, 0, (struct gas){ PORTS, 8, 0, 0x3f8 });
	assert_int_equal(open_made(), OK);
	assert_int_equal(assert_each_read_counts(read_second), 4);
}

/* One device at offset 44, its fields changed. */
static enum status read_damaged(size_t at, uint16_t value)
{
	uint32_t next = 0;

	begin_dbg2(1);
	add_device(0x8000, 0, (struct gas){ PORTS, 8, 0, 0x3f8 });
	made.bytes[at] = (uint8_t)value;
	made.bytes[at + 1] = (uint8_t)(value >> 8);
	assert_int_equal(open_made(), OK);
	return dbg2_read(&table, &next, &u);
}

TEST(test_damaged_dbg2)
{
	uint32_t next = 0;

	assert_int_equal(read_damaged(45, 40), OK);
	assert_int_equal(read_damaged(45, 41), ERR_MALFORMED); /* past the table */
	assert_int_equal(read_damaged(45, 0), ERR_MALFORMED);
	assert_int_equal(read_damaged(45, 21), ERR_MALFORMED);
	assert_int_equal(read_damaged(36, 84 - 22),
			 ERR_MALFORMED); /* the list begins inside the device: its length is another */
	assert_int_equal(read_damaged(36, 0xffff), ERR_MALFORMED);
	assert_int_equal(read_damaged(40, 0), ERR_NOT_FOUND);
	assert_int_equal(read_damaged(44 + 18, 29), ERR_MALFORMED); /* address past the device */
	assert_int_equal(read_damaged(44 + 18, 28), OK);            /* just inside: what stands there is taken */
	assert_uart(false, 0x002e000000080000, 1, 1);
	assert_int_equal(read_damaged(44 + 18, 21), ERR_MALFORMED); /* over the head */
	assert_int_equal(read_damaged(44 + 18, 0xffff), ERR_MALFORMED);
	/* As many devices as 32 bits can count, in a table with one. */
	begin_dbg2(UINT32_MAX);
	add_device(0x8002, 0, (struct gas){ PORTS, 8, 0, 0x3f8 });
	assert_int_equal(open_made(), OK);
	assert_int_equal(dbg2_read(&table, &next, &u), ERR_MALFORMED);
	begin_dbg2(0); /* nothing behind the head */
	assert_int_equal(open_made(), OK);
	assert_int_equal(dbg2_read(&table, &next, &u), ERR_NOT_FOUND);
	begin_dbg2(1); /* a device as short as can be, cut at every byte */
	add_device(0x8002, 0, (struct gas){ PORTS, 8, 0, 0x3f8 });
	made.bytes[45] = 22;
	for (size_t len = 36; len <= 44 + 22; len++) {
		made.len = len;
		assert_int_equal(open_made(), OK);
		assert_int_equal(dbg2_read(&table, &next, &u), len < 44 + 22 ? ERR_MALFORMED : ERR_NOT_FOUND);
	}
}

/* Every byte of both tables set to odd values: no read outside (the sanitizer looks), no endless loop. */
TEST(test_any_byte)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };

	for (unsigned i = 0; i < 88 * ARRAY_SIZE(values); i++) {
		uint32_t next = 0;

		begin_dbg2(2);
		add_device(0x8000, 0, (struct gas){ PORTS, 8, 0, 0 });
		add_device(0x8000, 0, (struct gas){ PORTS, 8, 0, 0x3f8 });
		made.bytes[36 + i / ARRAY_SIZE(values)] = values[i % ARRAY_SIZE(values)];
		assert_int_equal(open_made(), OK);
		if (dbg2_read(&table, &next, &u) == OK)
			assert_true(next >= 1 && u.stride >= u.width && u.address != 0);
		make_spcr(0, (struct gas){ PORTS, 8, 0, 0x3f8 }, 7);
		made.bytes[36 + i / ARRAY_SIZE(values) % 44] = values[i % ARRAY_SIZE(values)];
		assert_int_equal(open_made(), OK);
		if (spcr_read(&table, &u) == OK)
			assert_true(u.stride >= u.width && (u.pci || u.address != 0));
	}
}

/* ---- real tables ---- */

/* Reads NAME/WHAT of the corpus into `table`; its checksum may be wrong. */
static bool load(const char *name, const char *what)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", name, what);
	file = open_recorded(path);
	if (!file)
		return false;
	made.len = fread(made.bytes, 1, sizeof(made.bytes), file);
	fclose(file);
	fake_ram_write(&ram, AT, made.bytes, made.len);
	assert_int_not_equal(acpi_table_open(&table, &mem, AT), ERR_UNREADABLE);
	return true;
}

static const struct {
	const char *machine, *file;
	enum status status;
	uint64_t port;
	uint32_t baud;
} known[] = {
	{ "git-HyperV-Windows11-22621", "SPCR.dat", OK, 0x3f8, 115200 },
	{ "synthetic-fwts-spcr-0001", "SPCR.dat", OK, 0x3f8, 9600 },
	{ "synthetic-fwts-spcr-0002", "SPCR.dat", ERR_NOT_FOUND, 0, 0 },
	{ "linuxhw-Hewlett-Packard-ProLiant-DL380e-Gen8-CB05571909C8", "SPCR.dat", ERR_NOT_FOUND, 0, 0 },
	{ "linuxhw-Dell-PowerEdge-R820-E5985CCBA349", "SPCR.dat", ERR_NOT_FOUND, 0, 0 },
	{ "git-Ampere-Altra-AVA", "SPCR.dat", ERR_NOT_FOUND, 0, 0 },
	{ "git-Ampere-Altra-AVA", "DBG2.dat", ERR_NOT_FOUND, 0, 0 },
	{ "git-yifan-gu-mojave", "DBG2.dat", OK, 0x3f8, 0 },
	{ "linuxhw-Gigabyte-X299-UD4-AD9BA0C2F08F", "DBG2.dat", OK, 0x3f8, 0 },
	{ "linuxhw-EVGA-X299-MICRO-4B645993A72D", "DBG2.dat", OK, 0x3f8, 0 },
	{ "synthetic-fwts-dbg2-0001", "DBG2.dat", ERR_NOT_FOUND, 0, 0 },
	{ "synthetic-fwts-dbg2-0002", "DBG2.dat", ERR_NOT_FOUND, 0, 0 },
};

TEST(test_corpus)
{
	unsigned found = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(known); i++) {
		uint32_t next = 0;
		enum status st;

		if (!load(known[i].machine, known[i].file))
			continue;
		found++;
		st = known[i].file[0] == 'S' ? spcr_read(&table, &u) : dbg2_read(&table, &next, &u);
		if (st != known[i].status)
			fail_msg("%s: %s", known[i].machine, status_str(st));
		if (st == OK) {
			assert_uart(true, known[i].port, 1, 1);
			assert_int_equal(u.baud, known[i].baud);
			assert_false(u.pci);
		}
	}
	if (!found)
		skip();
	assert_int_equal(found, ARRAY_SIZE(known));
}
