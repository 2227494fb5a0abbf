/* SPDX-License-Identifier: MIT */
/*
 * Every option of docs/options.md: what it sets, what it refuses and in which words, and what mem= and memmap= do to a
 * map.
 */
#include "tests/unit/cases.h"

#include <stdio.h>

#include "kernel/state/options.h"
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

/* ---- as data: options.cases ---- */

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

/* The words of fields that have some. */
static void assert_word(const struct words *w)
{
	static const char *const exits[] = { "auto", "qemu", "poweroff", "reboot", "halt" };
	static const char *const sizes[] = { "auto", "4k", "2m", "1g" };
	static const char *const kinds[] = { "default", "address", "random" };
	const char *word = begins(w, "exit")        ? exits[o.exit]
			   : begins(w, "page_size") ? sizes[o.page_size]
						    : kinds[o.page_offset_kind];

	assert_string_equal(word, w->word[2]);
}

static void assert_console(const struct words *w)
{
	static const char *const kinds[] = { [CONSOLE_AUTO] = "auto",       [CONSOLE_TTYS] = "ttys",
					     [CONSOLE_UART_IO] = "uart-io", [CONSOLE_UART_MMIO32] = "uart-mmio32",
					     [CONSOLE_FB] = "fb",           [CONSOLE_NONE] = "none" };
	const struct console_option *c = &o.console[number_at(w, 1)];

	assert_true(number_at(w, 1) < o.nr_consoles);
	assert_string_equal(kinds[c->kind], w->word[3]);
	assert_int_equal(c->port, number_at(w, 4));
	assert_int_equal(c->address, number_at(w, 5));
	assert_int_equal(c->baud, number_at(w, 6));
}

static void assert_op(const struct words *w)
{
	static const char *const kinds[] = { "limit", "add", "set", "exact", "change" };
	const struct map_op *op = &o.map_op[number_at(w, 1)];

	if (has_word(w, "of"))
		assert_string_equal(op->text, strstr(w->line, "of ") + 3);
	else
		assert_string_equal(kinds[op->kind], w->word[3]);
}

static void assert_options(const struct words *w)
{
	ASSERT_FIELDS(w, 1, FIELD("acpi_rsdp", o.acpi_rsdp), FIELD("as_linux", o.as_linux), FIELD("base", o.base),
		      FIELD("console0_port", o.console[0].port), FIELD("dry", o.dry), FIELD("efistub", o.efistub),
		      FIELD("fragment_every", o.fragment.every), FIELD("fragment_permille", o.fragment.permille),
		      FIELD("hotplug0", o.hotplug[0]), FIELD("hotplug1", o.hotplug[1]), FIELD("hotplug2", o.hotplug[2]),
		      FIELD("image_given", o.image_given), FIELD("image_slot", o.image_slot),
		      FIELD("image_end", o.image_end), FIELD("kaslr_given", o.kaslr_given), FIELD("levels", o.levels),
		      FIELD("map_op0_r_start", o.map_op[0].r.start), FIELD("map_op2_to", o.map_op[2].to),
		      FIELD("movable_node", o.movable_node), FIELD("nokaslr", o.nokaslr),
		      FIELD("nr_consoles", o.nr_consoles), FIELD("nr_hotplug", o.nr_hotplug),
		      FIELD("nr_map_ops", o.nr_map_ops), FIELD("nr_policies", o.nr_policies),
		      FIELD("page_offset", o.page_offset), FIELD("policy0", o.policy[0]), FIELD("policy1", o.policy[1]),
		      FIELD("policy2", o.policy[2]), FIELD("report_text", o.report_text),
		      FIELD("report_json", o.report_json), FIELD("report_full", o.report_full),
		      FIELD("report_tables", o.report_tables), FIELD("require_srat", o.require_srat),
		      FIELD("save", o.save), FIELD("seed", o.seed), FIELD("seed_given", o.seed_given),
		      FIELD("selftest", o.selftest), FIELD("sweep", o.sweep));
}

static void map_line(const char *options, const struct words *w)
{
	unsigned i = 1;

	good(options);
	plain_map();
	assert_int_equal(options_apply_map(&o, &map), OK);
	while (strcmp(w->word[i - 1], "=>") != 0)
		i++;
	assert_map_listed(w, i, &map);
}

static bool options_line(const struct words *w)
{
	char options[400];
	const char *arrow = strstr(w->line, " =>"), *sentence = arrow && arrow[3] ? arrow + 4 : "";

	snprintf(options, sizeof(options), "%.*s", arrow && arrow > w->rest ? (int)(arrow - w->rest) : 0, w->rest);
	if (begins(w, "good")) {
		good(w->rest);
	} else if (begins(w, "refused")) {
		bad(options, sentence);
	} else if (begins(w, "map")) {
		map_line(options, w);
	} else if (begins(w, "goes")) {
		good(sentence);
		if (!options_check(&o, strstr(w->line, "under UEFI =>") != NULL, &err))
			fail_msg("refused: %s", err.text);
	} else if (begins(w, "does")) {
		snprintf(options, sizeof(options), "%.*s", (int)(strstr(sentence, " => ") - sentence), sentence);
		good(options);
		assert_false(options_check(&o, strstr(w->line, "under UEFI =>") != NULL, &err));
		assert_string_equal(err.text, strstr(sentence, " => ") + 4);
	} else if (begins(w, "has")) {
		assert_options(w);
	} else if (begins(w, "console")) {
		assert_console(w);
	} else if (begins(w, "op")) {
		assert_op(w);
	} else if (has_word(w, "is")) {
		assert_word(w);
	} else {
		return false;
	}
	return true;
}

CASES(options, NULL, NULL, options_line)

/* ---- lines that are long, and numbers ---- */

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
}

TEST(test_many_hotplug)
{
	static char line[1024] = "hotplug=0";
	size_t len = strlen(line);

	for (unsigned i = 1; i < 64; i++)
		len += (size_t)sprintf(line + len, ",%u", i);
	good(line);
	assert_int_equal(o.nr_hotplug, 64);
	assert_int_equal(o.hotplug[63], 63);
	sprintf(line + len, ",64");
	bad(line, "hotplug=0,1,2,3,4,5,6,7,8,9,10,11,12,...: more than 64 nodes");
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
