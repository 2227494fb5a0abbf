/* SPDX-License-Identifier: MIT */
/* Multiboot 1 and 2 information: entry sizes, names put first, modules, RSDP tags, and damage of every kind. */
#include "tests/unit/firmware.h"

#include "boot/loaders.h"

#define INFO 0x9000
#define CMDLINE 0xa000
#define LOADER 0xa800
#define MAP 0xb000
#define MODS 0xf000

static struct bootinfo bi;

static int setup(void **state)
{
	firmware_setup(state);
	ram.strict = true;
	bootinfo_init(&bi);
	return 0;
}

static const struct fixture fixture = { .setup = setup, .teardown = firmware_teardown };

/* An entry of `size` bytes after its size word (20 is the least); returns where the next begins. */
static phys_t put_entry1(phys_t at, uint32_t size, uint64_t base, uint64_t length)
{
	put32(at, size);
	put64(at + 4, base);
	put64(at + 12, length);
	put32(at + 20, 1);
	return at + 4 + size;
}

/* flags, command line, loader and a map of the given length. */
static void put_info1(const char *cmdline, const char *loader, uint32_t map_length)
{
	put32(INFO, 1 << 2 | 1 << 6 | 1 << 9);
	put32(INFO + 16, CMDLINE);
	put_string(CMDLINE, cmdline);
	put32(INFO + 44, map_length);
	put32(INFO + 48, MAP);
	put32(INFO + 64, LOADER);
	put_string(LOADER, loader);
}

TEST(test_mb1_steps_by_entry_size)
{
	phys_t at = MAP;

	at = put_entry1(at, 20, 0, 0x9fc00);
	at = put_entry1(at, 28, 0x100000, 0x7fe00000);
	at = put_entry1(at, 24, 0x100000000, 0x80000000);
	put_info1("alloc=both", "GRUB", (uint32_t)(at - MAP));
	assert_int_equal(multiboot1_parse(&mem, INFO, &bi), OK);
	assert_int_equal(bi.protocol, BOOT_MULTIBOOT1);
	assert_int_equal(bi.map.nr, 3);
	assert_int_equal(bi.map.e[1].r.start, 0x100000);
	assert_int_equal(bi.map.e[1].r.end, 0x7ff00000);
	assert_int_equal(bi.map.e[2].r.start, 0x100000000);
	assert_int_equal(bi.map.e[2].r.end, 0x180000000);
	assert_string_equal(bi.cmdline, "alloc=both");
}

TEST(test_mb1_more_than_512_entries)
{
	phys_t at = MAP;

	for (unsigned i = 0; i < 600; i++)
		at = put_entry1(at, 20, i * 0x200000ull, 0x1000);
	put_info1("", "x", (uint32_t)(at - MAP));
	assert_int_equal(multiboot1_parse(&mem, INFO, &bi), OK);
	assert_int_equal(bi.map.nr, 600);
	assert_int_equal(bi.map.e[599].r.start, 599 * 0x200000ull);
}

TEST(test_file_name_first)
{
	static const struct {
		const char *loader, *given, *taken;
	} cases[] = {
		{ "qemu", "build/landfall.elf seed=1 nokaslr", "seed=1 nokaslr" },
		{ "qemu", "build/landfall.elf ", "" },
		{ "qemu", "build/landfall.elf", "" },
		{ "iPXE 1.21.1", "tftp://10.0.2.2/landfall.elf a=1", "a=1" },
		{ "kexec 2.0.25", "/k/landfall.elf  a=1 ", "a=1 " },
		/* A name with blanks in it ends where a word ends as a file of ours does. */
		{ "qemu", "a b/dry/landfall.elf seed=1", "seed=1" },
		{ "qemu", "/home/x y/build 2/my landfall.elf", "" },
		{ "qemu", "a nokaslr/l.elf.old/l.ELF  seed=1 x.elf", "seed=1 x.elf" },
		{ "qemu", "\xc3\xa4 \xc3\xb6.elf a=1", "a=1" },
		{ "qemu", "build/kernel seed=1", "seed=1" },
		{ "qemu", "build/kernel seed=1 x=.elf1", "seed=1 x=.elf1" },
		/* GRUB names none, other loaders do. */
		{ "mboot.c32", "landfall.elf seed=1", "seed=1" },
		{ "", "/boot/landfall.elf", "" },
		{ "GRUB 2.06", "seed=1 nokaslr", "seed=1 nokaslr" },
		{ "kexe", "seed=1", "seed=1" },
		{ "", "seed=1", "seed=1" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		bootinfo_init(&bi);
		put_entry1(MAP, 20, 0, 0x1000);
		put_info1(cases[i].given, cases[i].loader, 24);
		assert_int_equal(multiboot1_parse(&mem, INFO, &bi), OK);
		assert_string_equal(bi.cmdline, cases[i].taken);
		assert_string_equal(bi.loader, cases[i].loader);
	}
}

TEST(test_mb1_long_cmdline)
{
	static char line[CMDLINE_MAX + 1];

	memset(line, 'a', CMDLINE_MAX - 1);
	put_info1("", "GRUB", 0);
	put32(INFO + 16, 0x100000);
	put_string(0x100000, line);
	assert_int_equal(multiboot1_parse(&mem, INFO, &bi), OK);
	assert_false(bi.cmdline_truncated);
	assert_int_equal(strlen(bi.cmdline), CMDLINE_MAX - 1);
	line[CMDLINE_MAX - 1] = 'a';
	put_string(0x100000, line);
	assert_int_equal(multiboot1_parse(&mem, INFO, &bi), OK);
	assert_true(bi.cmdline_truncated);
}

TEST(test_mb1_modules_are_kept_in_whole_pages)
{
	put32(INFO, 1 << 3);
	put32(INFO + 20, 3);
	put32(INFO + 24, MODS);
	put32(INFO + 64, 0);
	put32(MODS, 0x2000000);
	put32(MODS + 4, 0x2000801);
	put32(MODS + 16, 0x3000000);
	put32(MODS + 20, 0x3000000);
	put32(MODS + 32, 0x4000123);
	put32(MODS + 36, 0x4001000);
	put32(MODS + 44, 0);
	assert_int_equal(multiboot1_parse(&mem, INFO, &bi), OK);
	assert_int_equal(bi.nr_keep, 2);
	assert_int_equal(bi.keep[0].r.start, 0x2000000);
	assert_int_equal(bi.keep[0].r.end, 0x2001000);
	assert_int_equal(bi.keep[1].r.start, 0x4000000);
	assert_int_equal(bi.keep[1].r.end, 0x4001000);
	assert_int_equal(bi.keep[1].why, KEEP_MODULE);
	assert_int_equal(bi.nr_files, 2);
	assert_int_equal(bi.file[0].start, 0x2000000);
	assert_int_equal(bi.file[0].end, 0x2000801);
	assert_int_equal(bi.file[1].start, 0x4000123);
	assert_int_equal(bi.file[1].end, 0x4001000);
	assert_int_equal(bi.map.nr, 0);
}

TEST(test_mb1_damage)
{
	assert_int_equal(multiboot1_parse(&mem, 0x500000, &bi), ERR_UNREADABLE);

	put_entry1(MAP, 19, 0, 0x1000);
	put_info1("", "x", 24);
	assert_int_equal(multiboot1_parse(&mem, INFO, &bi), ERR_MALFORMED);

	put_entry1(MAP, 20, 0, 0x1000);
	put_info1("", "x", 0xffffffff);
	assert_int_equal(multiboot1_parse(&mem, INFO, &bi), ERR_MALFORMED);

	put_info1("", "x", 24);
	put32(INFO + 48, 0x700000);
	assert_int_equal(multiboot1_parse(&mem, INFO, &bi), ERR_UNREADABLE);

	put_info1("", "x", 0);
	put32(INFO, 1 << 3);
	put32(INFO + 20, 100000);
	assert_int_equal(multiboot1_parse(&mem, INFO, &bi), ERR_FULL);
}

TEST(test_mb1_entry_that_wraps_ends_at_the_top)
{
	put_entry1(MAP, 20, 0xfffffffffff00000, 0x200000);
	put_info1("", "x", 24);
	assert_int_equal(multiboot1_parse(&mem, INFO, &bi), OK);
	assert_int_equal(bi.map.nr, 1);
	assert_int_equal(bi.map.e[0].r.start, 0xfffffffffff00000);
	assert_int_equal(bi.map.e[0].r.end, 0xffffffffffffffff);
}

/* ---- Multiboot 2 ---- */

static phys_t next_tag;

static void begin2(void)
{
	next_tag = INFO + 8;
}

static void tag2(uint32_t type, const void *payload, uint32_t size)
{
	put32(next_tag, type);
	put32(next_tag + 4, 8 + size);
	fake_ram_write(&ram, next_tag + 8, payload, size);
	next_tag = align_up(next_tag + 8 + size, 8);
}

static void end2(void)
{
	put32(next_tag, 0);
	put32(next_tag + 4, 8);
	put32(INFO, (uint32_t)(next_tag + 8 - INFO));
	put32(INFO + 4, 0);
}

TEST(test_mb2_tags)
{
	struct {
		uint32_t size, version;
		struct {
			uint64_t base, length;
			uint32_t type, zero, more[2];
		} e[3];
	} map = { 32,
		  0,
		  { { 0, 0x9f000, 1, 0, { 0 } },
		    { 0x100000, 0x100000, 20, 0, { 0 } },
		    { 0x200000, 0x300000, 3, 0, { 0 } } } };
	uint32_t module[3] = { 0x2000000, 0x2000004, 0 };
	uint8_t rsdp1[20] = { 1 }, rsdp2[36] = { 2 };
	phys_t new_tag;

	begin2();
	tag2(1, "levels=5 x", 11);
	tag2(2, "GRUB 2.06", 10);
	tag2(3, module, sizeof(module));
	tag2(6, &map, sizeof(map));
	tag2(14, rsdp1, sizeof(rsdp1));
	new_tag = next_tag;
	tag2(15, rsdp2, sizeof(rsdp2));
	tag2(99, "??", 2);
	end2();
	assert_int_equal(multiboot2_parse(&mem, INFO, &bi), OK);
	assert_int_equal(bi.protocol, BOOT_MULTIBOOT2);
	assert_string_equal(bi.cmdline, "levels=5 x");
	assert_string_equal(bi.loader, "GRUB 2.06");
	assert_int_equal(bi.map.nr, 3);
	assert_int_equal(bi.map.e[1].type, E820_RESERVED);
	assert_int_equal(bi.map.e[2].r.start, 0x200000);
	assert_int_equal(bi.map.e[2].type, E820_ACPI);
	assert_int_equal(bi.nr_keep, 1);
	/* The newer RSDP wins, whichever comes first. */
	assert_int_equal(bi.rsdp, new_tag + 8);
}

TEST(test_mb2_old_rsdp_after_new)
{
	uint8_t rsdp1[20] = { 1 }, rsdp2[36] = { 2 };

	begin2();
	tag2(15, rsdp2, sizeof(rsdp2));
	tag2(14, rsdp1, sizeof(rsdp1));
	end2();
	assert_int_equal(multiboot2_parse(&mem, INFO, &bi), OK);
	assert_int_equal(bi.rsdp, INFO + 16);
}

TEST(test_mb2_damage)
{
	uint32_t small_map[4] = { 16, 0, 0, 0 };

	put32(INFO, 4);
	put32(INFO + 4, 0);
	assert_int_equal(multiboot2_parse(&mem, INFO, &bi), ERR_MALFORMED);
	put32(INFO, 0x7fffffff);
	assert_int_equal(multiboot2_parse(&mem, INFO, &bi), ERR_MALFORMED);

	/* A tag shorter than its own head would never end. */
	begin2();
	tag2(1, "x", 2);
	end2();
	put32(INFO + 12, 0);
	assert_int_equal(multiboot2_parse(&mem, INFO, &bi), ERR_MALFORMED);
	put32(INFO + 12, 0x1000);
	assert_int_equal(multiboot2_parse(&mem, INFO, &bi), ERR_MALFORMED);

	begin2();
	tag2(6, small_map, sizeof(small_map));
	end2();
	assert_int_equal(multiboot2_parse(&mem, INFO, &bi), ERR_MALFORMED);
	begin2();
	tag2(6, small_map, 4);
	end2();
	assert_int_equal(multiboot2_parse(&mem, INFO, &bi), ERR_MALFORMED);
	begin2();
	tag2(3, small_map, 4);
	end2();
	assert_int_equal(multiboot2_parse(&mem, INFO, &bi), ERR_MALFORMED);
}

/* kexec gives a total size that is no multiple of 8; the last tag may touch it. */
TEST(test_mb2_odd_total_size)
{
	begin2();
	tag2(1, "abc", 4);
	put32(INFO, (uint32_t)(8 + 12));
	put32(INFO + 4, 0);
	assert_int_equal(multiboot2_parse(&mem, INFO, &bi), OK);
	assert_string_equal(bi.cmdline, "abc");
}

/*
 * The screen as either version tells it: 22 bytes, in Multiboot 2 two more, then position and size of red, green and
 * blue.
 */
struct screen_bytes {
	uint64_t address;
	uint32_t pitch, width, height;
	uint8_t bpp, type;
} __attribute__((packed));

static const struct screen_bytes pixels = { 0xfd000000, 3200, 800, 600, 32, 1 };
static const struct screen_bytes vga_text = { 0xb8000, 160, 80, 25, 16, 2 };
static const uint8_t bgr[] = { 16, 8, 8, 8, 0, 8 };

static void assert_pixels(uint64_t address)
{
	assert_int_equal(bi.screen.kind, FRAMEBUFFER_PIXELS);
	assert_int_equal(bi.screen.address, address);
	assert_int_equal(bi.screen.pitch, 3200);
	assert_int_equal(bi.screen.width, 800);
	assert_int_equal(bi.screen.height, 600);
	assert_int_equal(bi.screen.bpp, 32);
	assert_int_equal(bi.screen.red, 0xff0000);
	assert_int_equal(bi.screen.green, 0xff00);
	assert_int_equal(bi.screen.blue, 0xff);
}

TEST(test_mb1_screen)
{
	put_info1("", "GRUB", 0);
	fake_ram_write(&ram, INFO + 88, &pixels, sizeof(pixels));
	fake_ram_write(&ram, INFO + 88 + sizeof(pixels), bgr, sizeof(bgr));
	assert_int_equal(multiboot1_parse(&mem, INFO, &bi), OK);
	assert_int_equal(bi.screen.kind, FRAMEBUFFER_NONE); /* its flag is not set */
	put32(INFO, 1 << 12);
	assert_int_equal(multiboot1_parse(&mem, INFO, &bi), OK);
	assert_pixels(0xfd000000);
}

/* A framebuffer tag of `size` bytes behind its head, with these colours. */
static void read_screen2(const struct screen_bytes *screen, const uint8_t *rgb, uint32_t size)
{
	uint8_t bytes[32] = { 0 };

	memcpy(bytes, screen, sizeof(*screen));
	memcpy(bytes + sizeof(*screen) + 2, rgb, 6);
	bootinfo_init(&bi);
	begin2();
	tag2(8, bytes, size);
	end2();
	assert_int_equal(multiboot2_parse(&mem, INFO, &bi), OK);
}

TEST(test_mb2_screen)
{
	static const uint8_t beyond[] = { 32, 8, 8, 33, 255, 255 }, rgb565[] = { 11, 5, 5, 6, 0, 5 };
	struct screen_bytes s = pixels;

	s.address = 0x4010000000;
	read_screen2(&s, bgr, 30);
	assert_pixels(0x4010000000);
	read_screen2(&pixels, rgb565, 30);
	assert_int_equal(bi.screen.red, 0xf800);
	assert_int_equal(bi.screen.green, 0x7e0);
	assert_int_equal(bi.screen.blue, 0x1f);
	read_screen2(&pixels, beyond, 30); /* bits that a pixel does not have: no such colour */
	assert_int_equal(bi.screen.red | bi.screen.green | bi.screen.blue, 0);
	read_screen2(&vga_text, bgr, 24);
	assert_int_equal(bi.screen.kind, FRAMEBUFFER_TEXT);
	assert_int_equal(bi.screen.address, 0xb8000);
	assert_int_equal(bi.screen.width, 80);
	s.type = 0; /* a palette */
	read_screen2(&s, bgr, 30);
	assert_int_equal(bi.screen.kind, FRAMEBUFFER_NONE);
	read_screen2(&pixels, bgr, 21);
	assert_int_equal(bi.screen.kind, FRAMEBUFFER_NONE);
}
