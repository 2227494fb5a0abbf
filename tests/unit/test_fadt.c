/* SPDX-License-Identifier: MIT */
/* Reset and power-off: short and long FADTs, and \_S5 in all its encodings. */
#include "tests/unit/firmware.h"

#include "acpi/fadt.h"

#define RSDP 0xf5a40ull
#define XSDT 0x7ffe1000ull
#define FADT 0x7ffe2000ull
#define SSDT(n) (0x7ffe4000ull + 0x1000 * (n))
#define DSDT 0x7fff0000ull
#define DSDT_HIGH 0x1234567000ull

static struct table fadt;
static struct acpi_root root;
static struct acpi_power power;

static void put_u32(struct table *t, size_t at, uint32_t v)
{
	memcpy(t->bytes + at, &v, 4);
}

static void put_gas(size_t at, uint8_t space, uint8_t width, uint64_t address)
{
	fadt.bytes[at] = space;
	fadt.bytes[at + 1] = width;
	fadt.bytes[at + 2] = 3;
	fadt.bytes[at + 3] = 4;
	memcpy(fadt.bytes + at + 4, &address, 8);
}

/* RSDP and XSDT for the FADT and three other tables; a FADT of full length without any field but DSDT. */
static int setup(void **state)
{
	uint8_t rsdp[36] = "RSD PTR \0LNDFL ";
	const uint64_t xsdt = XSDT;

	firmware_setup(state);
	rsdp[15] = 2;
	memcpy(rsdp + 24, &xsdt, 8);
	fix_checksum(rsdp, 20, 8);
	fix_checksum(rsdp, 36, 32);
	fake_ram_write(&ram, RSDP, rsdp, 36);
	table_begin(&made, "XSDT", 1);
	table_u64(&made, SSDT(0));
	table_u64(&made, FADT);
	table_u64(&made, SSDT(1));
	table_u64(&made, SSDT(2));
	firmware_put(XSDT);
	table_begin(&fadt, "FACP", 6);
	table_zero(&fadt, 276 - 36);
	put_u32(&fadt, 40, (uint32_t)DSDT);
	return 0;
}

static const struct fixture fixture = { .setup = setup, .teardown = firmware_teardown };

/* Reads the machine as it now stands; the FADT is cut to len. */
static enum status read_power(size_t len)
{
	fadt.len = len;
	table_end(&fadt);
	fake_ram_write(&ram, FADT, fadt.bytes, len);
	assert_int_equal(acpi_root_open(&root, &mem, RSDP), OK);
	return acpi_power_read(&root, &power);
}

static void assert_gas(struct acpi_gas g, uint8_t space, uint8_t width, uint64_t address)
{
	assert_int_equal(g.space, space);
	assert_int_equal(g.bit_width, width);
	assert_int_equal(g.address, address);
}

static void put_aml(phys_t at, const char *signature, const void *aml, size_t len)
{
	table_begin(&made, signature, 2);
	for (size_t i = 0; i < len; i++)
		table_u8(&made, ((const uint8_t *)aml)[i]);
	firmware_put(at);
}

static void assert_s5(uint8_t a, uint8_t b)
{
	assert_true(power.s5_found);
	assert_int_equal(power.s5_a, a);
	assert_int_equal(power.s5_b, b);
}

static void assert_no_s5(void)
{
	assert_false(power.s5_found);
	assert_int_equal(power.s5_a, 0);
	assert_int_equal(power.s5_b, 0);
}

/* A machine whose DSDT is just that AML: what it says of S5, or that it says nothing. */
#define READ_S5(aml) (put_aml(DSDT, "DSDT", aml, sizeof(aml) - 1), assert_int_equal(read_power(276), OK))
#define S5(aml, a, b) (READ_S5(aml), assert_s5(a, b))
#define NO_S5(aml) (READ_S5(aml), assert_no_s5())

/* ---- the FADT ---- */

/* The values of QEMU's q35, whose FADT has 244 bytes. */
TEST(test_q35)
{
	put_u32(&fadt, 48, 0xb2);
	fadt.bytes[52] = 2;
	put_u32(&fadt, 64, 0x604);
	fadt.bytes[89] = 2;
	put_u32(&fadt, 112, 0x000484a5);
	put_gas(116, 1, 8, 0xcf9);
	fadt.bytes[128] = 0x0f;
	put_gas(172, 1, 16, 0x604);
	put_aml(DSDT, "DSDT", "\x10\x0f\\\0\x08_S5_\x12\x06\x04\0\0\0\0", 16);
	assert_int_equal(read_power(244), OK);
	assert_true(power.reset_supported);
	assert_gas(power.reset, 1, 8, 0xcf9);
	assert_int_equal(power.reset.bit_offset, 3);
	assert_int_equal(power.reset.access_size, 4);
	assert_int_equal(power.reset_value, 0x0f);
	assert_false(power.hardware_reduced);
	assert_int_equal(power.smi_command, 0xb2);
	assert_int_equal(power.acpi_enable, 2);
	assert_gas(power.pm1a, 1, 16, 0x604);
	assert_gas(power.pm1b, 0, 0, 0);
	assert_s5(0, 0);
	assert_gas(power.sleep_control, 0, 0, 0);
}

/* ACPI 1.0: 116 bytes, no generic addresses. */
TEST(test_short_fadt)
{
	put_u32(&fadt, 64, 0xb004);
	put_u32(&fadt, 68, 0xb044);
	fadt.bytes[89] = 4;
	put_u32(&fadt, 112, 0xffffffff);
	memset(fadt.bytes + 116, 0xff, 160);
	put_aml(DSDT, "DSDT", "\x08_S5_\x12\x04\x02\x01\x00", 10);
	assert_int_equal(read_power(116), OK);
	assert_false(power.reset_supported);
	assert_gas(power.reset, 0, 0, 0);
	assert_gas(power.pm1a, 1, 32, 0xb004);
	assert_gas(power.pm1b, 1, 32, 0xb044);
	assert_gas(power.sleep_control, 0, 0, 0);
	assert_s5(1, 0);
}

TEST(test_extended_fields_win)
{
	put_u32(&fadt, 64, 0x604);
	put_u32(&fadt, 68, 0x704);
	fadt.bytes[89] = 2;
	put_gas(172, 0, 16, 0xfed80000804);
	put_gas(184, 1, 16, 0); /* an address of zero: not there */
	put_gas(244, 0, 8, 0x1c060);
	put_u32(&fadt, 112, 1u << 20);
	assert_int_equal(read_power(276), OK);
	assert_gas(power.pm1a, 0, 16, 0xfed80000804);
	assert_gas(power.pm1b, 1, 16, 0x704);
	assert_gas(power.sleep_control, 0, 8, 0x1c060);
	assert_true(power.hardware_reduced);
	assert_false(power.reset_supported);
}

/* A field that the length cuts through is absent. */
TEST(test_every_length)
{
	put_u32(&fadt, 48, 0xb2);
	put_u32(&fadt, 64, 0x604);
	put_u32(&fadt, 68, 0x704);
	fadt.bytes[52] = 2;
	fadt.bytes[89] = 2;
	put_u32(&fadt, 112, 1u << 10 | 1u << 20);
	put_gas(116, 1, 8, 0xcf9);
	fadt.bytes[128] = 6;
	put_gas(172, 1, 16, 0x1604);
	put_gas(184, 1, 16, 0x1704);
	put_gas(244, 1, 8, 0x60);
	for (size_t len = 36; len <= 276; len++) {
		assert_int_equal(read_power(len), OK);
		assert_int_equal(power.smi_command, len >= 52 ? 0xb2 : 0);
		assert_int_equal(power.acpi_enable, len >= 53 ? 2 : 0);
		assert_int_equal(power.pm1a.address, len >= 184 ? 0x1604 : len >= 68 ? 0x604 : 0);
		assert_int_equal(power.pm1b.address, len >= 196 ? 0x1704 : len >= 72 ? 0x704 : 0);
		assert_int_equal(power.pm1a.bit_width, len >= 90 ? 16 : 0);
		assert_int_equal(power.hardware_reduced, len >= 116);
		assert_int_equal(power.reset_value, len >= 129 ? 6 : 0);
		assert_int_equal(power.reset.address, len >= 128 ? 0xcf9 : 0);
		assert_int_equal(power.reset_supported, len >= 129);
		assert_int_equal(power.sleep_control.address, len >= 256 ? 0x60 : 0);
	}
}

TEST(test_reset_needs_a_register)
{
	put_u32(&fadt, 112, 1u << 10);
	put_gas(116, 1, 8, 0);
	assert_int_equal(read_power(276), OK);
	assert_false(power.reset_supported);
	put_u32(&fadt, 112, ~(1u << 10));
	put_gas(116, 1, 8, 0x64);
	assert_int_equal(read_power(276), OK);
	assert_false(power.reset_supported);
	assert_int_equal(power.reset.address, 0x64);
}

TEST(test_smi_command_must_be_a_port)
{
	put_u32(&fadt, 48, 0x100b2);
	assert_int_equal(read_power(276), OK);
	assert_int_equal(power.smi_command, 0);
	put_u32(&fadt, 48, 0xffff);
	assert_int_equal(read_power(276), OK);
	assert_int_equal(power.smi_command, 0xffff);
}

static void assert_all_zero(void)
{
	static const struct acpi_power none;

	assert_false(power.reset_supported);
	assert_int_equal(power.smi_command, none.smi_command);
	assert_gas(power.reset, 0, 0, 0);
	assert_gas(power.pm1a, 0, 0, 0);
	assert_no_s5();
}

TEST(test_bad_fadt)
{
	const uint32_t length = 20;

	put_gas(172, 1, 16, 0x604);
	assert_int_equal(read_power(276), OK);
	assert_int_equal(power.pm1a.address, 0x604);
	fake_ram_write(&ram, FADT + 64, "\x99", 1);
	assert_int_equal(acpi_power_read(&root, &power), ERR_CHECKSUM);
	assert_all_zero();
	fake_ram_write(&ram, FADT + 4, &length, 4);
	assert_int_equal(acpi_power_read(&root, &power), ERR_MALFORMED);
	assert_all_zero();
	fake_ram_write(&ram, FADT, "FACX", 4);
	assert_int_equal(acpi_power_read(&root, &power), ERR_NOT_FOUND);
	assert_all_zero();
}

/* ---- which DSDT ---- */

TEST(test_x_dsdt_wins)
{
	const uint64_t high = DSDT_HIGH;

	put_aml(DSDT, "DSDT", "\x08_S5_\x12\x04\x02\x01\x01", 10);
	put_aml(DSDT_HIGH, "DSDT", "\x08_S5_\x12\x05\x02\x0a\x05\x01", 11);
	memcpy(fadt.bytes + 140, &high, 8);
	assert_int_equal(read_power(276), OK);
	assert_s5(5, 1);
	assert_int_equal(read_power(148), OK);
	assert_s5(5, 1);
	assert_int_equal(read_power(147), OK); /* too short to have X_DSDT */
	assert_s5(1, 1);
}

TEST(test_tables_that_no_root_table_names)
{
	const uint64_t high = DSDT_HIGH, facs = 0x7fff8000;
	phys_t got[2];

	assert_int_equal(read_power(276), OK);
	acpi_fadt_tables(&root, &got[0], &got[1]);
	assert_int_equal(got[0], DSDT);
	assert_int_equal(got[1], 0);
	put_u32(&fadt, 36, 0x7fff9000);
	memcpy(fadt.bytes + 140, &high, 8);
	assert_int_equal(read_power(276), OK);
	acpi_fadt_tables(&root, &got[0], &got[1]);
	assert_int_equal(got[0], DSDT_HIGH);
	assert_int_equal(got[1], 0x7fff9000);
	memcpy(fadt.bytes + 132, &facs, 8);
	assert_int_equal(read_power(276), OK);
	acpi_fadt_tables(&root, &got[0], &got[1]);
	assert_int_equal(got[1], facs);
	assert_int_equal(read_power(139), OK); /* too short to have X_FIRMWARE_CTRL, then FIRMWARE_CTRL as well */
	acpi_fadt_tables(&root, &got[0], &got[1]);
	assert_int_equal(got[1], 0x7fff9000);
	assert_int_equal(read_power(39), OK);
	acpi_fadt_tables(&root, &got[0], &got[1]);
	assert_int_equal(got[0] | got[1], 0);
	SOIL(&got);
	fake_ram_write(&ram, FADT, "FACX", 4);
	acpi_fadt_tables(&root, &got[0], &got[1]);
	assert_int_equal(got[0] | got[1], 0);
}

TEST(test_bad_dsdt)
{
	static const char aml[] = "\x08_S5_\x12\x04\x02\x01\x01";

	put_aml(DSDT, "DSDX", aml, 10);
	assert_int_equal(read_power(276), OK);
	assert_no_s5();
	put_aml(DSDT, "DSDT", aml, 10);
	assert_int_equal(read_power(276), OK);
	assert_s5(1, 1);
	fake_ram_write(&ram, DSDT + 12, "\x99", 1);
	assert_int_equal(read_power(276), OK);
	assert_no_s5();
	put_u32(&fadt, 40, 0);
	assert_int_equal(read_power(276), OK);
	assert_no_s5();
}

TEST(test_ssdt)
{
	put_aml(SSDT(0), "APIC", "\x08_S5_\x12\x04\x02\x01\x01", 10);
	put_aml(SSDT(1), "SSDT", "\x08_S4_\x12\x04\x02\x01\x01", 10);
	put_aml(SSDT(2), "SSDT", "\x08_S5_\x12\x05\x02\x0a\x06\x00", 11);
	put_aml(DSDT, "DSDT", "\x08_S3_\x12\x04\x02\x01\x01", 10);
	assert_int_equal(read_power(276), OK);
	assert_s5(6, 0);
	put_aml(SSDT(0), "SSDT", "\x08_S5_\x12\x05\x02\x0a\x03\x00", 11);
	assert_int_equal(read_power(276), OK);
	assert_s5(3, 0);
	put_aml(DSDT, "DSDT", "\x08_S5_\x12\x04\x02\x01\x00", 10);
	assert_int_equal(read_power(276), OK);
	assert_s5(1, 0);
}

/* ---- \_S5 ---- */

TEST(test_s5_encodings)
{
	S5("\x08_S5_\x12\x06\x04\x00\x00\x00\x00", 0, 0);
	S5("\x08_S5_\x12\x04\x02\x01\x00", 1, 0);
	S5("\x08_S5_\x12\x08\x04\x0a\x07\x0a\x05\x00\x00", 7, 5);
	S5("\x08_S5_\x12\x07\x02\x0b\x06\x00\x0a\x02", 6, 2);
	S5("\x08\\_S5_\x12\x06\x02\x0a\x05\x0a\x04", 5, 4);
	/* Scope (\) { Name (_S5, Package (4) { 7, 0, 0, 0 }) } */
	S5("\x10\x10\\\x00\x08_S5_\x12\x07\x04\x0a\x07\x00\x00\x00", 7, 0);
	/* PkgLength in two, three and four bytes */
	S5("\x08_S5_\x12\x47\x00\x02\x0a\x03\x0a\x02", 3, 2);
	S5("\x08_S5_\x12\x77\x00\x02\x0a\x03\x0a\x02", 3, 2); /* bits 4 and 5 are no length then */
	S5("\x08_S5_\x12\x88\x00\x00\x02\x0a\x04\x0a\x01", 4, 1);
	S5("\x08_S5_\x12\xc9\x00\x00\x00\x02\x0a\x02\x0a\x06", 2, 6);
}

/* Large packages: their length must fit the table to the byte. */
TEST(test_s5_package_length)
{
	static const struct {
		const char *aml;
		size_t nr, length;
	} c[] = {
		{ "\x08_S5_\x12\x3f\x02\x0a\x05\x0a\x01", 12, 0x3f },
		{ "\x08_S5_\x12\x4d\xfe\x02\x0a\x05\x0a\x01", 13, 0xfed },
		{ "\x08_S5_\x12\x81\x32\x04\x02\x0a\x05\x0a\x01", 14, 0x4321 },
		{ "\x08_S5_\x12\xc5\x43\x12\x00\x02\x0a\x05\x0a\x01", 15, 0x12435 },
	};
	static uint8_t aml[0x20000];

	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		memcpy(aml, c[i].aml, c[i].nr);
		put_aml(DSDT, "DSDT", aml, 6 + c[i].length);
		assert_int_equal(read_power(276), OK);
		assert_s5(5, 1);
		put_aml(DSDT, "DSDT", aml, 6 + c[i].length - 1);
		assert_int_equal(read_power(276), OK);
		assert_no_s5();
	}
	/* 0xfffffff: the highest that can be said */
	NO_S5("\x08_S5_\x12\xcf\xff\xff\xff\x02\x0a\x05\x0a\x01");
}

TEST(test_s5_refused)
{
	NO_S5("\x08_S5_\x12\x05\x02\x0a\x08\x00"); /* SLP_TYP has three bits */
	NO_S5("\x08_S5_\x12\x06\x02\x0b\x05\x01\x00");
	NO_S5("\x08_S5_\x12\x08\x02\x0c\x05\x00\x00\x00\x00"); /* DWord */
	NO_S5("\x08_S5_\x12\x04\x02\xff\x00");                 /* Ones */
	NO_S5("\x08_S5_\x12\x05\x02\x01SLPB");                 /* a name */
	NO_S5("\x08_S5_\x12\x03\x01\x05");
	NO_S5("\x08_S5_\x12\x04\x01\x01\x00"); /* one element */
	NO_S5("\x08_S5_\x12\x03\x02\x01\x00"); /* the second element lies behind the package */
	NO_S5("\x08_S5_\x12\x05\x02\x01\x00"); /* the package ends behind the table */
	NO_S5("\x08_S5_\x12\x00\x02\x01\x00");
	NO_S5("\x08_S5_\x12\x01"); /* from here on the table ends with the package, which is too short */
	NO_S5("\x08_S5_\x12\x02\x02");
	NO_S5("\x08_S5_\x12\x03\x02\x0a");
	NO_S5("\x08_S5_\x12\x04\x02\x0b\x05");
	NO_S5("\x08_S5_\x13\x04\x02\x01\x00"); /* VarPackage */
	NO_S5("\x14_S5_\x12\x04\x02\x01\x00"); /* a method */
	NO_S5("\\_S5_\x12\x04\x02\x01\x00");
	NO_S5("_S5_\x12\x04\x02\x01\x00"); /* at the very beginning */
	NO_S5("");
	NO_S5("\x08_S5");
}

/* Names that are only mentioned, or defined oddly, do not hide the good one. */
TEST(test_s5_after_others)
{
	S5("\x70_S5_\x60\x08_S5_\x12\x05\x02\x0a\x09\x01\x08_S5_\x12\x04\x02\x01\x00\x08_S5_\x12\x04\x02\x00\x00", 1,
	   0);
}

TEST(test_s5_every_truncation)
{
	static const char aml[] = "\x08_S5_\x12\x49\x00\x04\x0a\x07\x0b\x03\x00\x00";

	for (size_t len = 0; len < sizeof(aml) - 1; len++) {
		put_aml(DSDT, "DSDT", aml, len);
		assert_int_equal(read_power(276), OK);
		assert_no_s5();
	}
	put_aml(DSDT, "DSDT", aml, sizeof(aml) - 1);
	assert_int_equal(read_power(276), OK);
	assert_s5(7, 3);
}

static enum status find_s5(void)
{
	enum status s = acpi_power_read(&root, &power);

	return s == OK && power.s5_found && power.s5_a == 5 ? OK : ERR_UNREADABLE;
}

/* Wherever memory fails, nothing is made up. */
TEST(test_every_read_counts)
{
	READ_S5("\x08_S5_\x12\x05\x02\x0a\x05\x01");
	assert_true(assert_each_read_counts(find_s5) > 10);
}

/* The name at every offset over the borders of the search's chunks. */
TEST(test_s5_everywhere)
{
	static const char name[] = "\x08\\_S5_\x12\x06\x02\x0a\x05\x0a\x01";
	static uint8_t aml[1600];

	for (size_t at = 0; at + sizeof(name) - 1 <= sizeof(aml); at++) {
		memset(aml, 0xa3, sizeof(aml));
		memcpy(aml + at, name, sizeof(name) - 1);
		put_aml(DSDT, "DSDT", aml, sizeof(aml));
		assert_int_equal(read_power(276), OK);
		assert_s5(5, 1);
	}
}
