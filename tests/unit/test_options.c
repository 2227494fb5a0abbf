/* SPDX-License-Identifier: MIT */
/*
 * Every option of docs/options.md: what it sets, what it refuses and in which words, and what mem= and memmap= do to a
 * map.
 */
#include "tests/unit/support.h"

#include <stdio.h>

#include "kernel/state/options_map.h"
#include "kernel/state/options_parse.h"
#include "mm/policy.h"

static struct options o;
static struct option_error err;

static void good(const char *line)
{
	options_init(&o);
	memset(&err, 0, sizeof(err));
	if (!options_parse(&o, line, &err))
		fail_msg("\"%.80s\" refused: %s", line, err.text);
	assert_string_equal(err.text, "");
}

/* The whole sentence. */
static void bad(const char *line, const char *sentence)
{
	options_init(&o);
	memset(&err, 0, sizeof(err));
	if (options_parse(&o, line, &err))
		fail_msg("\"%.80s\" taken", line);
	assert_string_equal(err.text, sentence);
}

struct pair {
	const char *line, *sentence;
};

static void all_bad(const struct pair *p, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		bad(p[i].line, p[i].sentence);
}

#define ALL_BAD(...)                                                                                                   \
	do {                                                                                                           \
		static const struct pair pairs[] = { __VA_ARGS__ };                                                    \
		all_bad(pairs, ARRAY_SIZE(pairs));                                                                     \
	} while (0)

/* ---- the line ---- */

static void expect_defaults(void)
{
	struct options d = { 0 };

	d.nr_policies = 2;
	d.policy[0] = 0;
	d.policy[1] = 1;
	d.movable_node = true;
	d.base = PHYS_NONE;
	d.acpi_rsdp = PHYS_NONE;
	d.report_text = d.report_json = true;
	assert_memory_equal(&o, &d, sizeof(d));
}

TEST(test_defaults)
{
	assert_string_equal(pt_policies[0]->name, "bottom-up");
	assert_string_equal(pt_policies[1]->name, "memblock");
	memset(&o, 0xff, sizeof(o));
	good("");
	expect_defaults();
	good(" \t\r\n ");
	expect_defaults();
}

TEST(test_unknown)
{
	ALL_BAD({ "foo", "unknown option 'foo'" }, { "sweep foo=1 dry", "unknown option 'foo=1'" },
		{ "Sweep", "unknown option 'Sweep'" }, { "seed", "seed: needs a value" },
		{ "see=1", "unknown option 'see=1'" }, { "seeds=1", "unknown option 'seeds=1'" },
		{ "=1", "unknown option '=1'" }, { "\"\"", "unknown option ''" },
		{ "movable-node", "unknown option 'movable-node'" },
		{ "0123456789012345678901234567890123456789",
		  "unknown option '0123456789012345678901234567890123456789'" },
		{ "01234567890123456789012345678901234567890",
		  "unknown option '0123456789012345678901234567890123456789...'" });
}

TEST(test_values_or_none)
{
	ALL_BAD({ "alloc=", "alloc=: needs a value" }, { "alloc", "alloc: needs a value" },
		{ "movable_node=", "movable_node=: needs a value" }, { "nokaslr=", "nokaslr=: takes no value" },
		{ "nokaslr=1", "nokaslr=1: takes no value" }, { "sweep=on", "sweep=on: takes no value" },
		{ "dry=1", "dry=1: takes no value" }, { "save=x", "save=x: takes no value" },
		{ "selftest=1", "selftest=1: takes no value" });
}

TEST(test_quotes)
{
	good("\"seed=5\" kaslr=\"efistub\" ex\"it=ha\"lt");
	assert_int_equal(o.seed, 5);
	assert_true(o.efistub);
	assert_int_equal(o.exit, EXIT_HALT);
	ALL_BAD({ "\"two words\"", "unknown option 'two words'" },
		{ "seed=\"1 2\"", "seed=1 2: not a number of at most 64 bits" },
		{ "sweep seed=\"1 dry", "seed=1 dry: a quote is not closed" });
}

TEST(test_long_words)
{
	static char line[2000];

	strcpy(line, "memmap=");
	memset(line + 7, '1', 1993);
	line[1024] = '\0';
	bad(line, "memmap=111111111111111111111111111111...: longer than an option can be");
	line[1023] = '\0';
	bad(line, "memmap=111111111111111111111111111111...: an item of the list is longer than 63 characters");
	/* The line itself may be as long as it likes. */
	memset(line, ' ', sizeof(line));
	strcpy(line + 1900, "seed=9");
	good(line);
	assert_int_equal(o.seed, 9);
}

/* What was read before the fault counts, what comes behind it does not. */
TEST(test_before_the_fault)
{
	bad("console=ttyS1 exit=halt bogus exit=reboot", "unknown option 'bogus'");
	assert_int_equal(o.nr_consoles, 1);
	assert_int_equal(o.console[0].port, 1);
	assert_int_equal(o.exit, EXIT_HALT);
}

TEST(test_last_one_wins)
{
	good("seed=1 alloc=all page_size=4k seed=2 alloc=top-down page_size=1g hotplug=1,2 hotplug=3 levels=5 "
	     "levels=auto");
	assert_int_equal(o.seed, 2);
	assert_int_equal(o.nr_policies, 1);
	assert_string_equal(pt_policies[o.policy[0]]->name, "top-down");
	assert_int_equal(o.page_size, PAGE_SIZE_1G);
	assert_int_equal(o.nr_hotplug, 1);
	assert_int_equal(o.hotplug[0], 3);
	assert_int_equal(o.levels, 0);
	good("fragment=every:3 fragment=rand:5 image_size=linux-6.1 image_size=16M movable_node=off movable_node");
	assert_int_equal(o.fragment.every, 0);
	assert_int_equal(o.fragment.permille, 5);
	assert_int_equal(o.image_slot, 16 * MIB);
	assert_true(o.movable_node);
}

/* ---- numbers ---- */

TEST(test_parse_size)
{
	static const struct {
		const char *text;
		uint64_t value;
	} ok[] = {
		{ "0", 0 },
		{ "4096", 4096 },
		{ "0x1000", 0x1000 },
		{ "0XaBcDeF", 0xabcdef },
		{ "1k", KIB },
		{ "16M", 16 * MIB },
		{ "1g", GIB },
		{ "2T", 2 * TIB },
		{ "3P", 3 * 1024 * TIB },
		{ "0x10M", 16 * MIB },
		{ "0M", 0 },
		{ "18446744073709551615", UINT64_MAX },
		{ "0xffffffffffffffff", UINT64_MAX },
		{ "16383P", 16383ull << 50 },
	};
	static const char *const refused[] = {
		"",
		"M",
		"x",
		"-1",
		"+1",
		" 1",
		"1 ",
		"1KB",
		"1kk",
		"0x",
		"0xg",
		"010",
		"00",
		"1e",
		"1.5G",
		"18446744073709551616",
		"0x10000000000000000",
		"16384P",
		"99999999999999999999999",
	};
	const char *end;
	uint64_t v;

	for (size_t i = 0; i < ARRAY_SIZE(ok); i++) {
		assert_true(parse_size(ok[i].text, NULL, &v));
		assert_int_equal(v, ok[i].value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		if (parse_size(refused[i], NULL, &v))
			fail_msg("\"%s\" taken as %llu", refused[i], (unsigned long long)v);
	}
	assert_true(parse_size("64M@4G", &end, &v));
	assert_int_equal(v, 64 * MIB);
	assert_string_equal(end, "@4G");
	assert_true(parse_size("010", &end, &v));
	assert_int_equal(v, 0);
	assert_string_equal(end, "10");
	assert_true(parse_size("7", &end, &v));
	assert_string_equal(end, "");
}

/* ---- option by option ---- */

TEST(test_alloc)
{
	static const char *const order[] = { "bottom-up", "memblock", "lowest", "top-down",
					     "series",    "hybrid",   "floor",  "node-local" };

	good("alloc=both");
	expect_defaults();
	good("alloc=all");
	assert_int_equal(o.nr_policies, pt_policies_nr);
	for (unsigned i = 0; i < ARRAY_SIZE(order); i++)
		assert_string_equal(pt_policies[o.policy[i]]->name, order[i]);
	for (unsigned i = 0; i < 8; i++) {
		char line[64];

		snprintf(line, sizeof(line), "alloc=%s", order[i]);
		good(line);
		assert_int_equal(o.nr_policies, 1);
		assert_int_equal(o.policy[0], i);
	}
	good("alloc=node-local,memblock,bottom-up");
	assert_int_equal(o.nr_policies, 3);
	assert_int_equal(o.policy[0], 7);
	assert_int_equal(o.policy[1], 1);
	assert_int_equal(o.policy[2], 0);
	ALL_BAD({ "alloc=buddy", "alloc=buddy: no policy is called 'buddy'" },
		{ "alloc=memblock,mem", "alloc=memblock,mem: no policy is called 'mem'" },
		{ "alloc=memblock,floor,memblock", "alloc=memblock,floor,memblock: 'memblock' is named twice" },
		{ "alloc=both,lowest", "alloc=both,lowest: 'both' stands alone" },
		{ "alloc=lowest,all", "alloc=lowest,all: 'all' stands alone" },
		{ "alloc=,lowest", "alloc=,lowest: an item of the list is empty" },
		{ "alloc=lowest,", "alloc=lowest,: an item of the list is empty" },
		{ "alloc=lowest,,floor", "alloc=lowest,,floor: an item of the list is empty" });
	assert_int_equal(o.nr_policies, 2); /* a refused list changes nothing */
}

TEST(test_movable_node)
{
	good("movable_node=off");
	assert_false(o.movable_node);
	good("movable_node=on");
	assert_true(o.movable_node);
	bad("movable_node=1", "movable_node=1: not one of on, off");
}

TEST(test_hotplug)
{
	static char line[1024] = "hotplug=0";
	size_t len = strlen(line);

	good("hotplug=0,2,0x3ff");
	assert_int_equal(o.nr_hotplug, 3);
	assert_int_equal(o.hotplug[0], 0);
	assert_int_equal(o.hotplug[1], 2);
	assert_int_equal(o.hotplug[2], 1023);
	ALL_BAD({ "hotplug=1024", "hotplug=1024: '1024' is not a node number (0 to 1023)" },
		{ "hotplug=0,1K", "hotplug=0,1K: '1K' is not a node number (0 to 1023)" },
		{ "hotplug=0-2", "hotplug=0-2: '0-2' is not a node number (0 to 1023)" },
		{ "hotplug=-1", "hotplug=-1: '-1' is not a node number (0 to 1023)" },
		{ "hotplug=2,1,2", "hotplug=2,1,2: node 2 is named twice" },
		{ "hotplug=1,", "hotplug=1,: an item of the list is empty" });
	for (unsigned i = 1; i < 64; i++)
		len += (size_t)sprintf(line + len, ",%u", i);
	good(line);
	assert_int_equal(o.nr_hotplug, 64);
	assert_int_equal(o.hotplug[63], 63);
	sprintf(line + len, ",64");
	bad(line, "hotplug=0,1,2,3,4,5,6,7,8,9,10,11,12,...: more than 64 nodes");
}

TEST(test_words)
{
	good("require=srat nokaslr sweep dry save selftest");
	assert_true(o.require_srat && o.nokaslr && o.sweep && o.dry && o.save && o.selftest);
	good("kaslr=efistub");
	assert_true(o.efistub && o.kaslr_given);
	good("kaslr=decompressor");
	assert_true(!o.efistub && o.kaslr_given);
	for (unsigned i = 0; i < 5; i++) {
		static const char *const exits[] = { "exit=auto", "exit=qemu", "exit=poweroff", "exit=reboot",
						     "exit=halt" };
		static const enum exit_kind kinds[] = { EXIT_AUTO, EXIT_QEMU, EXIT_POWEROFF, EXIT_REBOOT, EXIT_HALT };

		good(exits[i]);
		assert_int_equal(o.exit, kinds[i]);
	}
	good("linux=6.1.140");
	assert_int_equal(o.as_linux, LINUX_RELEASE(6, 1, 140));
	good("linux=7.3");
	assert_int_equal(o.as_linux, LINUX_RELEASE(7, 3, 0));
	ALL_BAD({ "require=slit", "require=slit: only srat is known" },
		{ "linux=6", "linux=6: not a version from 5.10 on" },
		{ "linux=5.4", "linux=5.4: not a version from 5.10 on" },
		{ "linux=6.1-rc1", "linux=6.1-rc1: not a version from 5.10 on" },
		{ "kaslr=on", "kaslr=on: not one of decompressor, efistub" },
		{ "exit=0", "exit=0: not one of auto, qemu, poweroff, reboot, halt" });
}

TEST(test_seed)
{
	good("seed=0");
	assert_true(o.seed_given);
	assert_int_equal(o.seed, 0);
	good("seed=0xFFFFFFFFFFFFFFFF");
	assert_true(o.seed == UINT64_MAX);
	ALL_BAD({ "seed=", "seed=: needs a value" }, { "seed=x", "seed=x: not a number of at most 64 bits" },
		{ "seed=1k", "seed=1k: not a number of at most 64 bits" },
		{ "seed=010", "seed=010: a leading zero is refused" },
		{ "seed=18446744073709551616", "seed=18446744073709551616: not a number of at most 64 bits" });
}

TEST(test_base)
{
	good("base=2M");
	assert_int_equal(o.base, 0x200000);
	good("base=0x140000000");
	assert_int_equal(o.base, 0x140000000);
	ALL_BAD({ "base=0", "base=0: below 1 MiB" }, { "base=0xfffff", "base=0xfffff: below 1 MiB" },
		{ "base=1M", "base=1M: not a multiple of 2 MiB" }, { "base=3M", "base=3M: not a multiple of 2 MiB" },
		{ "base=0x1000001", "base=0x1000001: not a multiple of 2 MiB" },
		{ "base=high", "base=high: not an address" });
}

static void expect_image(const char *line, uint64_t slot, uint64_t end)
{
	good(line);
	assert_true(o.image_given);
	assert_int_equal(o.image_slot, slot);
	assert_int_equal(o.image_end, end);
}

TEST(test_image_size)
{
	expect_image("image_size=linux-6.1", 0x4000000, 0x3430000);
	expect_image("image_size=0x4000000,0x3430000", 0x4000000, 0x3430000);
	expect_image("image_size=linux-5.10", 0x2e00000, 0x222c000);
	expect_image("image_size=linux-7.3", 0x3c00000, 0x3230000);
	expect_image("image_size=64M", 0x4000000, 0x4000000);
	expect_image("image_size=3M,4K", 0x400000, 0x1000); /* rounded to 2M */
	expect_image("image_size=1008M,1008M", 0x3f000000, 0x3f000000);
	ALL_BAD({ "image_size=linux-9", "image_size=linux-9: neither SLOT[,END] nor a known preset" },
		{ "image_size=64M;1", "image_size=64M;1: neither SLOT[,END] nor a known preset" },
		{ "image_size=64M,", "image_size=64M,: END is not a size" },
		{ "image_size=64M,1M,2", "image_size=64M,1M,2: END is not a size" },
		{ "image_size=0", "image_size=0: SLOT must be above 0 and at most 1008M" },
		{ "image_size=1009M", "image_size=1009M: SLOT must be above 0 and at most 1008M" },
		{ "image_size=64M,0", "image_size=64M,0: END must be above 0 and at most SLOT" },
		{ "image_size=64M,65M", "image_size=64M,65M: END must be above 0 and at most SLOT" },
		{ "image_size=64M,0x1001", "image_size=64M,0x1001: END is not a multiple of 4 KiB" });
}

TEST(test_page_offset)
{
	good("page_offset=0xffff888000000000");
	assert_int_equal(o.page_offset_kind, PAGE_OFFSET_ADDRESS);
	assert_true(o.page_offset == 0xffff888000000000);
	good("page_offset=random");
	assert_int_equal(o.page_offset_kind, PAGE_OFFSET_RANDOM);
	ALL_BAD({ "page_offset=0xffff888020000000", "page_offset=0xffff888020000000: not a multiple of 1 GiB" },
		{ "page_offset=here", "page_offset=here: neither an address nor random" });
}

TEST(test_pages_and_levels)
{
	static const char *const sizes[] = { "page_size=auto", "page_size=4k", "page_size=2m", "page_size=1g" };
	static const enum page_size_option kinds[] = { PAGE_SIZE_AUTO, PAGE_SIZE_4K, PAGE_SIZE_2M, PAGE_SIZE_1G };

	for (unsigned i = 0; i < 4; i++) {
		good(sizes[i]);
		assert_int_equal(o.page_size, kinds[i]);
	}
	good("levels=4");
	assert_int_equal(o.levels, 4);
	good("levels=5");
	assert_int_equal(o.levels, 5);
	ALL_BAD({ "page_size=3k", "page_size=3k: not one of auto, 4k, 2m, 1g" },
		{ "page_size=4K", "page_size=4K: not one of auto, 4k, 2m, 1g" },
		{ "levels=3", "levels=3: not one of auto, 4, 5" });
}

TEST(test_fragment)
{
	good("fragment=every:1");
	assert_int_equal(o.fragment.every, 1);
	good("fragment=rand:1000");
	assert_int_equal(o.fragment.permille, 1000);
	good("fragment=rand:1");
	assert_int_equal(o.fragment.permille, 1);
	ALL_BAD({ "fragment=every:0", "fragment=every:0: N must be a number above 0" },
		{ "fragment=every:", "fragment=every:: N must be a number above 0" },
		{ "fragment=every:2x", "fragment=every:2x: N must be a number above 0" },
		{ "fragment=rand:0", "fragment=rand:0: PERMILLE must be a number from 1 to 1000" },
		{ "fragment=rand:1001", "fragment=rand:1001: PERMILLE must be a number from 1 to 1000" },
		{ "fragment=some", "fragment=some: neither every:N nor rand:PERMILLE" });
}

TEST(test_acpi_rsdp)
{
	good("acpi_rsdp=0x7fe14014");
	assert_int_equal(o.acpi_rsdp, 0x7fe14014);
	good("acpi_rsdp=80000000"); /* hex, as Linux reads it */
	assert_int_equal(o.acpi_rsdp, 0x80000000);
	ALL_BAD({ "acpi_rsdp=0", "acpi_rsdp=0: not a hexadecimal address" },
		{ "acpi_rsdp=0x", "acpi_rsdp=0x: not a hexadecimal address" },
		{ "acpi_rsdp=0xffffffffffffffff", "acpi_rsdp=0xffffffffffffffff: no valid address" },
		{ "acpi_rsdp=1M", "acpi_rsdp=1M: not a hexadecimal address" });
}

static void expect_console(unsigned i, struct console_option c)
{
	assert_true(i < o.nr_consoles);
	assert_int_equal(o.console[i].kind, c.kind);
	assert_int_equal(o.console[i].port, c.port);
	assert_int_equal(o.console[i].address, c.address);
	assert_int_equal(o.console[i].baud, c.baud);
}

TEST(test_console)
{
	good("console=ttyS0 console=ttyS3,9600 console=uart,io,0x3e8,115200 console=uart,mmio32,0xfe030000 console=fb");
	assert_int_equal(o.nr_consoles, 5);
	expect_console(0, (struct console_option){ CONSOLE_TTYS, 0, 0, 0 });
	expect_console(1, (struct console_option){ CONSOLE_TTYS, 3, 0, 9600 });
	expect_console(2, (struct console_option){ CONSOLE_UART_IO, 0, 0x3e8, 115200 });
	expect_console(3, (struct console_option){ CONSOLE_UART_MMIO32, 0, 0xfe030000, 0 });
	expect_console(4, (struct console_option){ CONSOLE_FB, 0, 0, 0 });
	good("console=auto");
	expect_console(0, (struct console_option){ CONSOLE_AUTO, 0, 0, 0 });
	good("console=none");
	expect_console(0, (struct console_option){ CONSOLE_NONE, 0, 0, 0 });
	good("console=ttyS0,115200n8 console=ttyS1,57600n console=ttyS0,300");
	assert_int_equal(o.nr_consoles, 2); /* the same port twice is one console: it would print every line twice */
	expect_console(0, (struct console_option){ CONSOLE_TTYS, 0, 0, 300 });
	expect_console(1, (struct console_option){ CONSOLE_TTYS, 1, 0, 57600 });
	good("console=uart,mmio32,0xfe030000,9600n8");
	expect_console(0, (struct console_option){ CONSOLE_UART_MMIO32, 0, 0xfe030000, 9600 });
}

TEST(test_console_refused)
{
	ALL_BAD({ "console=tty0", "console=tty0: not one of auto, ttySN, uart,io,ADDR, uart,mmio32,ADDR, fb, none" },
		{ "console=ttyS", "console=ttyS: only ttyS0 to ttyS3 are known" },
		{ "console=ttyS4", "console=ttyS4: only ttyS0 to ttyS3 are known" },
		{ "console=ttyS01", "console=ttyS01: only ttyS0 to ttyS3 are known" },
		{ "console=ttyS0,", "console=ttyS0,: no rate behind the port" },
		{ "console=ttyS0,0", "console=ttyS0,0: the rate must divide 115200" },
		{ "console=ttyS0,123", "console=ttyS0,123: the rate must divide 115200" },
		{ "console=ttyS0,921600", "console=ttyS0,921600: the rate must divide 115200" },
		{ "console=ttyS0,9600e7",
		  "console=ttyS0,9600e7: only n8 (no parity, 8 bits) is known behind the rate" },
		{ "console=uart,pci,0", "console=uart,pci,0: neither uart,io,ADDR nor uart,mmio32,ADDR" },
		{ "console=uart,io,", "console=uart,io,: no valid address" },
		{ "console=uart,io,0", "console=uart,io,0: no valid address" },
		{ "console=uart,io,0xfff9", "console=uart,io,0xfff9: no valid address" },
		{ "console=uart,mmio32,0xfe030002", "console=uart,mmio32,0xfe030002: no valid address" },
		{ "console=uart,mmio32,0x10000000000004", "console=uart,mmio32,0x10000000000004: no valid address" },
		{ "console=uart,io,0x3f8;9600", "console=uart,io,0x3f8;9600: no rate behind the port" },
		{ "console=uart,io,1 console=uart,io,2 console=uart,io,3 console=uart,io,4 console=uart,io,5 "
		  "console=uart,io,6 console=uart,io,7 console=uart,io,8 console=uart,io,9",
		  "console=uart,io,9: more than 8 consoles" });
	assert_int_equal(o.nr_consoles, 8);
	good("console=uart,io,0xfff8");
	good("console=uart,mmio32,0x10000000000000");
}

static void expect_report(const char *line, bool text, bool json, bool full, bool tables)
{
	good(line);
	assert_int_equal(o.report_text, text);
	assert_int_equal(o.report_json, json);
	assert_int_equal(o.report_full, full);
	assert_int_equal(o.report_tables, tables);
}

TEST(test_report)
{
	expect_report("report=text,json", true, true, false, false);
	expect_report("report=text", true, false, false, false);
	expect_report("report=json", false, true, false, false);
	expect_report("report=json,full", false, true, true, false);
	expect_report("report=full,json,text,tables", true, true, true, true);
	expect_report("report=text,tables", true, false, false, true);
	expect_report("report=json,tables", false, true, false, true);
	expect_report("report=text,json,full report=json", false, true, false, false);
	ALL_BAD({ "report=full", "report=full: names neither text nor json" },
		{ "report=tables", "report=tables: names neither text nor json" },
		{ "report=text,full", "report=text,full: full has no effect without json" },
		{ "report=xml", "report=xml: 'xml' is not one of text, json, full, tables" },
		{ "report=text,text", "report=text,text: 'text' is named twice" },
		{ "report=text,", "report=text,: an item of the list is empty" });
}

/* ---- options that do not go together ---- */

static void check_good(const char *line, bool uefi)
{
	good(line);
	if (!options_check(&o, uefi, &err))
		fail_msg("\"%s\" refused: %s", line, err.text);
}

static void check_bad(const char *line, bool uefi, const char *sentence)
{
	good(line);
	assert_false(options_check(&o, uefi, &err));
	assert_string_equal(err.text, sentence);
}

TEST(test_check)
{
	check_good("", false);
	check_good("", true);
	check_good("dry", true);
	check_good("dry save", true);
	check_good("dry exit=auto console=ttyS0", true);
	check_good("dry console=ttyS0 console=fb", true);
	check_good("movable_node=off", false);
	check_good("movable_node=off alloc=bottom-up,series,lowest", false);
	check_good("movable_node=on alloc=bottom-up", false);
	check_good("kaslr=efistub seed=1", false);
	check_good("base=2M seed=1", false);
	check_good("nokaslr seed=1", false);
	check_good("nokaslr sweep kaslr=efistub", false);
	check_good("base=16M sweep kaslr=efistub", false);
	check_good("fragment=every:2 page_size=2m", false);
	check_good("console=none report=json", false);
	check_good("console=ttyS0 console=fb", false);
	check_bad("dry", false, "dry: only under UEFI");
	check_bad("dry save", false, "dry: only under UEFI");
	check_bad("save", false, "save: only under UEFI");
	check_bad("save", true, "save: has no effect without dry");
	check_bad("dry exit=halt", true, "exit=: has no effect beside dry");
	check_bad("movable_node=off alloc=bottom-up,lowest,top-down,hybrid,floor", false,
		  "movable_node=off: has no effect: no policy of alloc= looks at marks");
	check_bad("nokaslr base=2M", false, "nokaslr: has no effect beside base=");
	check_bad("nokaslr kaslr=decompressor", false, "kaslr=: has no effect beside nokaslr");
	check_bad("kaslr=efistub base=2M", false, "kaslr=: has no effect beside base=");
	check_bad("fragment=every:2 page_size=4k", false, "fragment=: has no effect beside page_size=4k");
	check_bad("fragment=rand:2 page_size=4k", false, "fragment=: has no effect beside page_size=4k");
	check_bad("console=none console=ttyS0", false, "console=none: stands alone, beside no other console=");
	check_bad("console=fb console=none", false, "console=none: stands alone, beside no other console=");
}

/* ---- the memory map ---- */

static struct e820 map;

/* An ordinary 4 GiB PC with a hole below 4 GiB. */
static void plain_map(void)
{
	map = (struct e820){ .nr = 0 };
	assert_int_equal(e820_add(&map, 0, 0x9fc00, E820_RAM), OK);
	assert_int_equal(e820_add(&map, 0x100000, 0x7ff00000, E820_RAM), OK);
	assert_int_equal(e820_add(&map, 0xfffc0000, 0x40000, E820_RESERVED), OK);
	assert_int_equal(e820_add(&map, 4 * GIB, 2 * GIB, E820_RAM), OK);
}

static void expect_map(const char *line, const struct flat_entry *e, size_t nr)
{
	good(line);
	plain_map();
	assert_int_equal(options_apply_map(&o, &map), OK);
	for (size_t i = 0; i < nr && i < map.nr; i++) {
		if (map.e[i].r.start != e[i].start || map.e[i].r.end != e[i].end || map.e[i].type != e[i].type)
			fail_msg("\"%s\": entry %zu is [%#llx, %#llx) %d, not [%#llx, %#llx) %d", line, i,
				 (unsigned long long)map.e[i].r.start, (unsigned long long)map.e[i].r.end,
				 map.e[i].type, (unsigned long long)e[i].start, (unsigned long long)e[i].end,
				 e[i].type);
	}
	assert_int_equal(map.nr, nr);
}

#define EXPECT_MAP(line, ...)                                                                                          \
	do {                                                                                                           \
		static const struct flat_entry entries[] = { __VA_ARGS__ };                                            \
		expect_map(line, entries, ARRAY_SIZE(entries));                                                        \
	} while (0)

#define LOW                                                                                                            \
	{                                                                                                              \
		0, 0x9fc00, E820_RAM                                                                                   \
	}
#define MAIN                                                                                                           \
	{                                                                                                              \
		0x100000, 0x80000000, E820_RAM                                                                         \
	}
#define ROM                                                                                                            \
	{                                                                                                              \
		0xfffc0000, 0x100000000, E820_RESERVED                                                                 \
	}
#define HIGH                                                                                                           \
	{                                                                                                              \
		0x100000000, 0x180000000, E820_RAM                                                                     \
	}

TEST(test_map_limit)
{
	EXPECT_MAP("", LOW, MAIN, ROM, HIGH);
	EXPECT_MAP("mem=5G", LOW, MAIN, ROM, { 0x100000000, 0x140000000, E820_RAM });
	EXPECT_MAP("mem=1G", LOW, { 0x100000, 0x40000000, E820_RAM }, ROM);
	EXPECT_MAP("memmap=1G", LOW, { 0x100000, 0x40000000, E820_RAM }, ROM);
	EXPECT_MAP("mem=3G mem=64M", LOW, { 0x100000, 0x4000000, E820_RAM }, ROM); /* repeats add up, as in Linux */
	EXPECT_MAP("mem=64M mem=3G", LOW, { 0x100000, 0x4000000, E820_RAM }, ROM);
	EXPECT_MAP("mem=64T", LOW, MAIN, ROM, HIGH);
}

TEST(test_map_lay_over)
{
	EXPECT_MAP("memmap=1G@2G", LOW, { 0x100000, 0xc0000000, E820_RAM }, ROM, HIGH);
	/* RAM laid over a reserved range loses, as in Linux. */
	EXPECT_MAP("memmap=1M@0xfff80000", LOW, MAIN, { 0xfff80000, 0xfffc0000, E820_RAM }, ROM, HIGH);
	EXPECT_MAP("memmap=64K$0x18690000", LOW, { 0x100000, 0x18690000, E820_RAM },
		   { 0x18690000, 0x186a0000, E820_RESERVED }, { 0x186a0000, 0x80000000, E820_RAM }, ROM, HIGH);
	EXPECT_MAP("memmap=64K#0x7fff0000", LOW, { 0x100000, 0x7fff0000, E820_RAM },
		   { 0x7fff0000, 0x80000000, E820_ACPI }, ROM, HIGH);
	EXPECT_MAP("memmap=1G!4G", LOW, MAIN, ROM, { 0x100000000, 0x140000000, E820_PRAM },
		   { 0x140000000, 0x180000000, E820_RAM });
	EXPECT_MAP("memmap=1G!4G,1G$5G", LOW, MAIN, ROM, { 0x100000000, 0x140000000, E820_PRAM },
		   { 0x140000000, 0x180000000, E820_RESERVED });
}

TEST(test_map_change)
{
	EXPECT_MAP("memmap=2G%4G-1+0xefffffff", LOW, MAIN, ROM, { 0x100000000, 0x180000000, E820_SOFT_RESERVED });
	EXPECT_MAP("memmap=1G%0xfffc0000-1+12", LOW, MAIN, ROM, { 0x100000000, 0x13ffc0000, E820_PRAM },
		   { 0x13ffc0000, 0x180000000, E820_RAM }); /* what is reserved there stays so */
	EXPECT_MAP("memmap=8G%0-1", ROM);
	EXPECT_MAP("memmap=4G%1M", LOW, { 0x100100000, 0x180000000, E820_RAM });
	EXPECT_MAP("memmap=1M%3G+7", LOW, MAIN, { 0xc0000000, 0xc0100000, E820_PMEM }, ROM, HIGH);
}

TEST(test_map_exact)
{
	EXPECT_MAP("memmap=exactmap memmap=640K@0 memmap=511M@1M", { 0, 0xa0000, E820_RAM },
		   { 0x100000, 0x20000000, E820_RAM });
	EXPECT_MAP("memmap=exactmap,640K@0,511M@1M", { 0, 0xa0000, E820_RAM }, { 0x100000, 0x20000000, E820_RAM });
	/* At that point: what was said before it is gone too. */
	EXPECT_MAP("memmap=1M$3G memmap=exactmap memmap=1M@4M mem=4608K", { 0x400000, 0x480000, E820_RAM });
	expect_map("memmap=exactmap", NULL, 0);
}

TEST(test_map_ops)
{
	good("mem=4G memmap=exactmap,1M@2M");
	assert_int_equal(o.nr_map_ops, 3);
	assert_int_equal(o.map_op[0].kind, MAP_OP_LIMIT);
	assert_int_equal(o.map_op[0].r.start, 4 * GIB);
	assert_string_equal(o.map_op[0].text, "mem=4G");
	assert_int_equal(o.map_op[1].kind, MAP_OP_EXACT);
	assert_string_equal(o.map_op[1].text, "memmap=exactmap,1M@2M");
	assert_int_equal(o.map_op[2].kind, MAP_OP_ADD);
	assert_int_equal(o.map_op[2].to, E820_RAM);
	assert_string_equal(o.map_op[2].text, "memmap=exactmap,1M@2M");
}

TEST(test_map_refused)
{
	ALL_BAD({ "mem=0", "mem=0: not a size above 0" }, { "mem=nopentium", "mem=nopentium: not a size above 0" },
		{ "mem=1G@2G", "mem=1G@2G: not a size above 0" },
		{ "memmap=exact", "memmap=exact: 'exact' is neither exactmap nor begins with a size" },
		{ "memmap=1M@2M,", "memmap=1M@2M,: an item of the list is empty" },
		{ "memmap=0", "memmap=0: '0' is not a size above 0 nor SIZE@, #, $, ! or % ADDRESS" },
		{ "memmap=1M&2M", "memmap=1M&2M: '1M&2M' is not a size above 0 nor SIZE@, #, $, ! or % ADDRESS" },
		{ "memmap=1M@", "memmap=1M@: '1M@' has no valid address" },
		{ "memmap=010M@2M", "memmap=010M@2M: '010M@2M' is not a size above 0 nor SIZE@, #, $, ! or % ADDRESS" },
		{ "memmap=1M@2M!", "memmap=1M@2M!: '1M@2M!' has no valid address" },
		{ "memmap=1M$x", "memmap=1M$x: '1M$x' has no valid address" },
		{ "memmap=0@2M", "memmap=0@2M: '0@2M' is empty or wraps round" },
		{ "memmap=2M@0xfffffffffff00000",
		  "memmap=2M@0xfffffffffff00000: '2M@0xfffffffffff00000' is empty or wraps round" },
		{ "memmap=1M%2M-9", "memmap=1M%2M-9: '1M%2M-9': types are -old+new, numbers as in the e820 map" },
		{ "memmap=1M%2M+1-2", "memmap=1M%2M+1-2: '1M%2M+1-2': types are -old+new, numbers as in the e820 map" },
		{ "memmap=1M%2M-", "memmap=1M%2M-: '1M%2M-': types are -old+new, numbers as in the e820 map" });
	bad("memmap=1M@2M memmap=1M@4M,oops", "memmap=1M@4M,oops: 'oops' is neither exactmap nor begins with a size");
	assert_int_equal(o.nr_map_ops, 1); /* nothing of a refused list is kept */
}

TEST(test_map_full)
{
	static char line[64 * 16 + 32];
	size_t len = 0;

	for (unsigned i = 0; i < 64; i++)
		len += (size_t)sprintf(line + len, "memmap=1M$%uM ", i + 1);
	good(line);
	assert_int_equal(o.nr_map_ops, 64);
	strcat(line, "mem=1G");
	bad(line, "mem=1G: more than 64 changes of the memory map");

	good("memmap=4K$1G");
	map = (struct e820){ .nr = 0 };
	for (unsigned i = 0; i < E820_MAX; i++)
		assert_int_equal(e820_add(&map, 2 * PAGE_SIZE * i, PAGE_SIZE, E820_RAM), OK);
	assert_int_equal(options_apply_map(&o, &map), ERR_FULL);
}
