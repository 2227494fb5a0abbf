/* SPDX-License-Identifier: MIT */
/* boot_params of the Linux boot protocol: every field that is taken, its upper halves, and damage of every kind. */
#include "tests/unit/firmware.h"

#include "boot/efi_memmap.h"
#include "boot/loaders.h"

#define PARAMS 0x10000
#define CMDLINE 0x20000
#define DATA 0x30000
#define MEMMAP 0x40000
#define SYSTAB 0x50000
#define TABLES 0x60000
#define HIGH (5 * GIB)

static struct bootinfo bi;

static void put_e820(phys_t at, uint64_t start, uint64_t size, uint32_t type)
{
	put64(at, start);
	put64(at + 8, size);
	put32(at + 16, type);
}

static void put_cmdline(const char *s)
{
	put32(PARAMS + 0x228, CMDLINE);
	put_string(CMDLINE, s);
}

/* A good one: GRUB's, with two entries of memory. */
static int setup(void **state)
{
	firmware_setup(state);
	ram.strict = true;
	bootinfo_init(&bi);
	put32(PARAMS + 0x202, 0x53726448);
	put16(PARAMS + 0x206, 0x020f);
	put8(PARAMS + 0x210, 0x72);
	put8(PARAMS + 0x1e8, 2);
	put_e820(PARAMS + 0x2d0, 0, 0x9fc00, 1);
	put_e820(PARAMS + 0x2d0 + 20, MIB, 0x7ff00000, 1);
	return 0;
}

static const struct fixture fixture = { .setup = setup, .teardown = firmware_teardown };

static enum status parse(void)
{
	bootinfo_init(&bi);
	return linux_parse(&mem, PARAMS, &bi);
}

TEST(test_map_and_loader)
{
	put_cmdline("seed=1 alloc=both");
	assert_int_equal(parse(), OK);
	assert_int_equal(bi.protocol, BOOT_LINUX);
	assert_string_equal(bi.loader, "GRUB (Linux boot protocol, version 2)");
	assert_string_equal(bi.cmdline, "seed=1 alloc=both");
	assert_int_equal(bi.map.nr, 2);
	assert_int_equal(bi.map.e[1].r.start, MIB);
	assert_int_equal(bi.map.e[1].r.end, 0x80000000);
	assert_false(bi.no_bios);
	assert_int_equal(bi.rsdp, PHYS_NONE);
	assert_int_equal(bi.nr_files, 0);
}

TEST(test_loader_names)
{
	static const struct {
		uint8_t type, extended_type, extended_version;
		const char *name;
	} cases[] = {
		{ 0x00, 0, 0, "LILO (Linux boot protocol, version 0)" },
		{ 0x31, 0, 3, "SYSLINUX (Linux boot protocol, version 49)" },
		{ 0xb0, 0, 0, "qemu (Linux boot protocol, version 0)" },
		{ 0xd0, 0, 0, "kexec (Linux boot protocol, version 0)" },
		{ 0xe1, 2, 0, "loader 0x12 (Linux boot protocol, version 1)" },
		{ 0xff, 0, 0, "loader 0xf (Linux boot protocol, version 15)" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		put8(PARAMS + 0x210, cases[i].type);
		put8(PARAMS + 0x226, cases[i].extended_version);
		put8(PARAMS + 0x227, cases[i].extended_type);
		assert_int_equal(parse(), OK);
		assert_string_equal(bi.loader, cases[i].name);
	}
}

/* What loaders add for Linux is nobody's option. */
TEST(test_words_of_loaders)
{
	static const char *const cases[][2] = {
		{ "BOOT_IMAGE=/boot/landfall.efi seed=1 dry", "seed=1 dry" },
		{ "BOOT_IMAGE=(hd0,msdos1)/k", "" },
		{ "seed=1 initrd=t.cpio sweep BOOT_IMAGE=k", "seed=1 sweep " },
		{ "seed=1  MY_BOOT_IMAGE=x initrd", "seed=1  MY_BOOT_IMAGE=x initrd" },
		{ "/landfall.efi seed=1", "/landfall.efi seed=1" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		put_cmdline(cases[i][0]);
		assert_int_equal(parse(), OK);
		assert_string_equal(bi.cmdline, cases[i][1]);
	}
}

TEST(test_above_4g)
{
	static const char line[] = "seed=9";

	put32(PARAMS + 0x228, 0x1000);
	put32(PARAMS + 0xc8, HIGH >> 32);
	fake_ram_write(&ram, (HIGH & ~0xffffffffull) + 0x1000, line, sizeof(line));
	put32(PARAMS + 0x218, 0x2345);
	put32(PARAMS + 0xc0, 2);
	put32(PARAMS + 0x21c, 0x10);
	put32(PARAMS + 0xc4, 1);
	put64(PARAMS + 0x70, 0x7ffe0014);
	assert_int_equal(parse(), OK);
	assert_string_equal(bi.cmdline, "seed=9");
	assert_int_equal(bi.nr_files, 1);
	assert_int_equal(bi.file[0].start, 0x200002345);
	assert_int_equal(bi.file[0].end, 0x200002345 + 0x100000010);
	assert_int_equal(bi.keep[0].r.start, 0x200002000);
	assert_int_equal(bi.keep[0].r.end, 0x300003000);
	assert_int_equal(bi.keep[0].why, KEEP_MODULE);
	assert_int_equal(bi.rsdp, 0x7ffe0014);
}

TEST(test_cmdline_too_long)
{
	for (unsigned i = 0; i < CMDLINE_MAX + 10; i++)
		put8(CMDLINE + i, 'x');
	put32(PARAMS + 0x228, CMDLINE);
	assert_int_equal(parse(), OK);
	assert_true(bi.cmdline_truncated);
	assert_int_equal(strlen(bi.cmdline), CMDLINE_MAX - 1);
}

/* Entries beyond 128 are in setup_data, which may be a chain; types that nobody knows are passed over. */
TEST(test_more_than_128_entries)
{
	put8(PARAMS + 0x1e8, 128);
	for (unsigned i = 0; i < 128; i++)
		put_e820(PARAMS + 0x2d0 + 20 * i, i * 2 * MIB, MIB, i % 2 + 1);
	put64(PARAMS + 0x250, DATA);
	put64(DATA, DATA + 0x1000);
	put32(DATA + 8, 9);
	put32(DATA + 12, 32);
	put64(DATA + 0x1000, 0);
	put32(DATA + 0x1008, 1);
	put32(DATA + 0x100c, 3 * 20 + 7);
	put_e820(DATA + 0x1010, 256 * MIB, MIB, 1);
	put_e820(DATA + 0x1010 + 20, 512 * MIB, 0, 1);
	put_e820(DATA + 0x1010 + 40, TIB, GIB, 0xefffffff);
	assert_int_equal(parse(), OK);
	assert_int_equal(bi.map.nr, 130);
	assert_int_equal(bi.map.e[128].r.start, 256 * MIB);
	assert_int_equal(bi.map.e[129].r.start, TIB);
	assert_int_equal(bi.map.e[129].type, E820_SOFT_RESERVED);
	assert_true(bi.map_cut);
	put32(DATA + 0x100c, 3 * 20);
	assert_int_equal(parse(), OK);
	assert_false(bi.map_cut);
}

TEST(test_bios_without_a_map)
{
	put8(PARAMS + 0x1e8, 0);
	assert_int_equal(parse(), OK);
	assert_int_equal(bi.map.nr, 0);
	put16(PARAMS + 0x002, 0xfc00);
	assert_int_equal(parse(), OK);
	assert_int_equal(bi.map.nr, 2);
	assert_int_equal(bi.map.e[0].r.end, 0x9f000);
	assert_int_equal(bi.map.e[1].r.end, 64 * MIB);
	put32(PARAMS + 0x1e0, 1023 * 1024);
	assert_int_equal(parse(), OK);
	assert_int_equal(bi.map.e[1].r.start, MIB);
	assert_int_equal(bi.map.e[1].r.end, GIB);
}

static void put_screen(uint8_t kind)
{
	put8(PARAMS + 0x0f, kind);
	put16(PARAMS + 0x12, 1280);
	put16(PARAMS + 0x14, 800);
	put16(PARAMS + 0x16, 32);
	put32(PARAMS + 0x18, 0xc0000000);
	put16(PARAMS + 0x24, 5120);
	for (unsigned i = 0; i < 3; i++) {
		put8(PARAMS + 0x26 + 2 * i, 8);
		put8(PARAMS + 0x27 + 2 * i, (uint8_t)(16 - 8 * i));
	}
}

TEST(test_screen)
{
	put_screen(0x70);
	assert_int_equal(parse(), OK);
	assert_int_equal(bi.screen.kind, FRAMEBUFFER_PIXELS);
	assert_int_equal(bi.screen.address, 0xc0000000);
	assert_int_equal(bi.screen.width, 1280);
	assert_int_equal(bi.screen.height, 800);
	assert_int_equal(bi.screen.pitch, 5120);
	assert_int_equal(bi.screen.bpp, 32);
	assert_int_equal(bi.screen.red, 0xff0000);
	assert_int_equal(bi.screen.green, 0xff00);
	assert_int_equal(bi.screen.blue, 0xff);
	put32(PARAMS + 0x3a, 0x40);
	assert_int_equal(parse(), OK);
	assert_int_equal(bi.screen.address, 0xc0000000);
	put32(PARAMS + 0x36, 2);
	assert_int_equal(parse(), OK);
	assert_int_equal(bi.screen.address, 0x40c0000000);
	put_screen(1);
	assert_int_equal(parse(), OK);
	assert_int_equal(bi.screen.kind, FRAMEBUFFER_NONE);
}

static void put_descriptor(unsigned i, uint32_t type, uint64_t start, uint64_t pages, uint64_t attributes)
{
	phys_t at = MEMMAP + 48 * i;

	put32(at, type);
	put64(at + 8, start);
	put64(at + 24, pages);
	put64(at + 32, attributes);
}

static void put_efi(unsigned nr)
{
	put32(PARAMS + 0x1c0, 0x34364c45);
	put32(PARAMS + 0x1c4, SYSTAB);
	put32(PARAMS + 0x1c8, 48);
	put32(PARAMS + 0x1d0, MEMMAP);
	put32(PARAMS + 0x1d4, 48 * nr);
}

static void put_table(phys_t at, const char *guid, uint64_t v)
{
	fake_ram_write(&ram, at, guid, 16);
	put64(at + 16, v);
}

#define ACPI1 "\x30\x2d\x9d\xeb\x88\x2d\xd3\x11\x9a\x16\x00\x90\x27\x3f\xc1\x4d"
#define ACPI2 "\x71\xe8\x68\x88\xf1\xe4\xd3\x11\xbc\x22\x00\x80\xc7\x3c\x88\x81"
#define SMBIOS2 "\x31\x2d\x9d\xeb\x88\x2d\xd3\x11\x9a\x16\x00\x90\x27\x3f\xc1\x4d"
#define SMBIOS3 "\x44\x15\xfd\xf2\x94\x97\x2c\x4a\x99\x2e\xe5\xbb\xcf\x20\xe3\x94"

/* What UEFI had is kept as Linux keeps it, and its tables are found. */
TEST(test_efi_that_was_left)
{
	put_efi(5);
	put_descriptor(0, EFI_BOOT_DATA, 2 * MIB, 16, 0);
	put_descriptor(1, EFI_CONVENTIONAL, 16 * MIB, 4096, EFI_ATTR_HOT_PLUGGABLE);
	put_descriptor(2, EFI_RUNTIME_DATA, 3 * GIB, 1, EFI_ATTR_RUNTIME);
	put_descriptor(3, EFI_CONVENTIONAL, GIB, 0, 0);
	put_descriptor(4, EFI_CONVENTIONAL, UINT64_MAX - PAGE_SIZE + 1, 2, 0);
	put64(SYSTAB + 104, 4);
	put64(SYSTAB + 112, TABLES);
	put_table(TABLES, ACPI1, 0x1111);
	put_table(TABLES + 24, ACPI2, 0x2222);
	put_table(TABLES + 48, SMBIOS2, 0x3333);
	put_table(TABLES + 72, SMBIOS3, 0x4444);
	assert_int_equal(parse(), OK);
	assert_true(bi.no_bios);
	assert_int_equal(bi.rsdp, 0x2222);
	assert_int_equal(bi.smbios, 0x4444);
	assert_int_equal(bi.nr_keep, 1);
	assert_int_equal(bi.keep[0].why, KEEP_BOOT_SERVICES);
	assert_int_equal(bi.nr_conventional, 1);
	assert_int_equal(bi.conventional[0].end, 32 * MIB);
	assert_int_equal(bi.conventional_marks[0], MEMORY_HOT_PLUGGABLE);
	assert_int_equal(bi.runtime_gib[0], 1ull << 3);
	assert_int_equal(bi.map.nr, 2);

	put64(SYSTAB + 104, 1);
	assert_int_equal(parse(), OK);
	assert_int_equal(bi.rsdp, 0x1111);
	put64(PARAMS + 0x70, 0x5555);
	assert_int_equal(parse(), OK);
	assert_int_equal(bi.rsdp, 0x5555);
}

/* After kexec the system table's pointers are virtual; setup_data has the physical one. */
TEST(test_efi_after_kexec)
{
	put_efi(0);
	put64(SYSTAB + 104, 1);
	put64(SYSTAB + 112, 0xfffffffeff000000);
	put_table(TABLES, ACPI2, 0x2222);
	assert_int_equal(parse(), OK);
	assert_int_equal(bi.rsdp, PHYS_NONE);
	put64(PARAMS + 0x250, DATA);
	put64(DATA, 0);
	put32(DATA + 8, 4);
	put32(DATA + 12, 96);
	put64(DATA + 32, TABLES);
	assert_int_equal(parse(), OK);
	assert_int_equal(bi.rsdp, 0x2222);
}

TEST(test_damage)
{
	put32(PARAMS + 0x202, 0);
	assert_int_equal(parse(), ERR_MALFORMED);
	put32(PARAMS + 0x202, 0x53726448);
	put8(PARAMS + 0x1e8, 129);
	assert_int_equal(parse(), ERR_MALFORMED);
	put8(PARAMS + 0x1e8, 2);
	put64(PARAMS + 0x250, DATA); /* nothing there */
	assert_int_equal(parse(), ERR_UNREADABLE);
	put64(DATA, DATA); /* a ring */
	assert_int_equal(parse(), ERR_MALFORMED);
	put64(DATA, 0);
	put32(DATA + 8, 1);
	put32(DATA + 12, 0xfffffff0);
	assert_int_equal(parse(), ERR_MALFORMED);
	put32(DATA + 12, 0);
	assert_int_equal(parse(), OK);
	put_efi(65537);
	put32(PARAMS + 0x1c8, 48);
	assert_int_equal(parse(), ERR_MALFORMED);
	put32(PARAMS + 0x1c8, 39);
	assert_int_equal(parse(), OK);
	put32(PARAMS + 0x218, 0xfffff000);
	put32(PARAMS + 0xc0, 0xffffffff);
	put32(PARAMS + 0x21c, 0x2000);
	assert_int_equal(parse(), ERR_MALFORMED);
}

TEST(test_unreadable)
{
	for (unsigned n = 1; n < 12; n++) {
		ram.reads = 0;
		ram.failing = n;
		parse();
		assert_true(strlen(bi.loader) < LOADER_NAME_MAX);
	}
	ram.failing = 1;
	ram.reads = 0;
	assert_int_equal(parse(), ERR_UNREADABLE);
}

/* For a loader that hands over to the application under UEFI: nothing but the words and the file. */
TEST(test_words_only)
{
	put_cmdline("BOOT_IMAGE=x seed=3");
	put32(PARAMS + 0x218, 0x100000);
	put32(PARAMS + 0x21c, 0x800);
	assert_int_equal(linux_parse_words(&mem, PARAMS, &bi), OK);
	assert_string_equal(bi.cmdline, "seed=3");
	assert_int_equal(bi.nr_files, 1);
	assert_int_equal(bi.map.nr, 0);
}
