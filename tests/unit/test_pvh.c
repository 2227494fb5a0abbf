/* SPDX-License-Identifier: MIT */
/* hvm_start_info: what is taken of both versions, and damage. */
#include "tests/unit/firmware.h"

#include "boot/image_layout.h"
#include "boot/loaders.h"

#define INFO 0x6000
#define CMDLINE 0x7000
#define MAP 0x8000
#define MODULES 0x9000

static struct bootinfo bi;

/* Version 1 with two entries of memory, one of them empty besides, and a module. */
static int setup(void **state)
{
	firmware_setup(state);
	ram.strict = true;
	put32(INFO, PVH_MAGIC);
	put32(INFO + 4, 1);
	put32(INFO + 12, 1);
	put64(INFO + 16, MODULES);
	put64(INFO + 24, CMDLINE);
	put64(INFO + 32, 0xf5a00);
	put64(INFO + 40, MAP);
	put32(INFO + 48, 3);
	fake_ram_write(&ram, CMDLINE, "seed=1 sweep", 13);
	put64(MAP + 8, 0x9fc00);
	put32(MAP + 16, 1);
	put64(MAP + 24, MIB);
	put64(MAP + 48, 4 * GIB);
	put64(MAP + 56, GIB);
	put32(MAP + 64, 7);
	put64(MODULES, 0x3001000);
	put64(MODULES + 8, 0x1234);
	return 0;
}

static const struct fixture fixture = { .setup = setup, .teardown = firmware_teardown };

static enum status parse(void)
{
	bootinfo_init(&bi);
	return pvh_parse(&mem, INFO, &bi);
}

TEST(test_taken)
{
	assert_int_equal(parse(), OK);
	assert_int_equal(bi.protocol, BOOT_PVH);
	assert_string_equal(bi.loader, "PVH");
	assert_string_equal(bi.cmdline, "seed=1 sweep");
	assert_int_equal(bi.rsdp, 0xf5a00);
	assert_int_equal(bi.map.nr, 2);
	assert_int_equal(bi.map.e[0].r.end, 0x9fc00);
	assert_int_equal(bi.map.e[1].r.start, 4 * GIB);
	assert_int_equal(bi.map.e[1].type, E820_PMEM);
	assert_int_equal(bi.nr_files, 1);
	assert_int_equal(bi.file[0].end, 0x3002234);
}

TEST(test_version_0_has_no_map)
{
	put32(INFO + 4, 0);
	assert_int_equal(parse(), OK);
	assert_int_equal(bi.map.nr, 0);
	assert_int_equal(bi.nr_files, 1);
}

TEST(test_nothing_given)
{
	put32(INFO + 12, 0);
	put64(INFO + 24, 0);
	put64(INFO + 32, 0);
	put32(INFO + 48, 0);
	assert_int_equal(parse(), OK);
	assert_string_equal(bi.cmdline, "");
	assert_int_equal(bi.rsdp, PHYS_NONE);
	assert_int_equal(bi.map.nr, 0);
}

TEST(test_damage)
{
	put32(INFO, 0);
	assert_int_equal(parse(), ERR_MALFORMED);
	put32(INFO, PVH_MAGIC);
	put32(INFO + 48, 65537);
	assert_int_equal(parse(), ERR_MALFORMED);
	put32(INFO + 48, 1000);
	assert_int_equal(parse(), ERR_UNREADABLE);
	put32(INFO + 48, 3);
	put32(INFO + 12, 513);
	assert_int_equal(parse(), ERR_MALFORMED);
	put32(INFO + 12, 500);
	assert_int_equal(parse(), ERR_UNREADABLE);
	put32(INFO + 12, 1);
	put64(MODULES + 8, UINT64_MAX - 0x3001000);
	assert_int_equal(parse(), ERR_MALFORMED);
	ram.reads = 0;
	ram.failing = 1;
	assert_int_equal(parse(), ERR_UNREADABLE);
}
