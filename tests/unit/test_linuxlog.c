/* SPDX-License-Identifier: MIT */
/* Boot logs by hand: what the reader takes from them, what it leaves alone, and which line it refuses. */
#include "tests/unit/cases.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "acpi/srat.h"
#include "lib/scan.h"
#include "tools/predict/linuxlog.h"
#include "tools/predict/logline.h"

#define LOG_MAX 65536

/* A machine of 4 GiB: [4K, 0x9f000), [1M, 0x7ffdf000), [4G, 6G); kernel at 16M, brk at 0x4400000. */
#define VERSION "Linux version 6.1.0-50-amd64 (debian-kernel@lists.debian.org) #1 SMP\n"
#define CMDLINE "Command line: console=ttyS0 memblock=debug nokaslr movable_node\n"
#define MAP                                                                                                            \
	"BIOS-provided physical RAM map:\n"                                                                            \
	"BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable\n"                                              \
	"BIOS-e820: [mem 0x000000000009fc00-0x000000000009ffff] reserved\n"                                            \
	"BIOS-e820: [mem 0x0000000000100000-0x000000007ffdefff] usable\n"                                              \
	"BIOS-e820: [mem 0x000000007ffdf000-0x000000007fffffff] reserved\n"                                            \
	"BIOS-e820: [mem 0x0000000100000000-0x000000017fffffff] usable\n"
#define LAST_PFN                                                                                                       \
	"last_pfn = 0x180000 max_arch_pfn = 0x10000000000\n"                                                           \
	"last_pfn = 0x7ffdf max_arch_pfn = 0x10000000000\n"
#define BRK                                                                                                            \
	"memblock_reserve: [0x00000000000f5ba0-0x00000000000f5baf] smp_scan_config+0xa7/0xff\n"                        \
	"memblock_reserve: [0x0000000004400000-0x0000000004410fff] setup_arch+0x797/0xd4f\n"                           \
	"memblock_add: [0x0000000000001000-0x000000000009fbff] e820__memblock_setup+0x65/0x7d\n"
#define DUMP                                                                                                           \
	"MEMBLOCK configuration:\n"                                                                                    \
	" memory size = 0x00000000fff7dc00 reserved size = 0x000000000357e000\n"                                       \
	" memory.cnt  = 0x3\n"                                                                                         \
	" memory[0x0]\t[0x0000000000001000-0x000000000009efff], 0x000000000009e000 bytes flags: 0x0\n"                 \
	" memory[0x1]\t[0x0000000000100000-0x000000007ffdefff], 0x000000007fedf000 bytes flags: 0x0\n"                 \
	" memory[0x2]\t[0x0000000100000000-0x000000017fffffff], 0x0000000080000000 bytes flags: 0x0\n"                 \
	" reserved.cnt  = 0x4\n"                                                                                       \
	" reserved[0x0]\t[0x0000000000000000-0x000000000000ffff], 0x0000000000010000 bytes flags: 0x0\n"               \
	" reserved[0x1]\t[0x000000000009f000-0x00000000000fffff], 0x0000000000061000 bytes flags: 0x0\n"               \
	" reserved[0x2]\t[0x0000000001000000-0x0000000004410fff], 0x0000000003411000 bytes flags: 0x0\n"               \
	" reserved[0x3]\t[0x000000007fed4000-0x000000007ffcffff], 0x00000000000fc000 bytes flags: 0x0\n"
#define LOW_MIB "memblock_reserve: [0x0000000000000000-0x00000000000fffff] setup_arch+0x7e0/0xd4f\n"
#define HEAD VERSION CMDLINE MAP LAST_PFN BRK DUMP
#define WHOLE HEAD LOW_MIB

struct read {
	struct facts *f;
	struct input_error err;
	bool good;
};

static struct read read_log(const char *log)
{
	struct read r = { .f = facts_new() };
	char *text = strdup(log);

	assert_non_null(r.f);
	assert_non_null(text);
	r.good = linuxlog_read(r.f, text, strlen(text), &r.err);
	free(text);
	return r;
}

static struct read read_complete(const char *log)
{
	struct read r = read_log(log);

	if (!r.good)
		fail_msg("line %lu: %s", r.err.line, r.err.text);
	if (!facts_complete(r.f, &r.err))
		fail_msg("%s", r.err.text);
	return r;
}

static void refused(const char *log, unsigned long line, const char *why)
{
	struct read r = read_log(log);

	assert_false(r.good);
	assert_int_equal(r.err.line, line);
	assert_string_equal(r.err.text, why);
	facts_free(r.f);
}

/* ---- a whole log ---- */

static void assert_whole(const struct facts *f)
{
	const struct memblock_list *m = &f->mb.memory, *r = &f->mb.reserved;

	assert_true(f->exact);
	assert_int_equal(m->nr, 3);
	assert_range(m->r[0].r, 0x1000, 0x9f000);
	assert_range(m->r[1].r, 0x100000, 0x7ffdf000);
	assert_range(m->r[2].r, 0x100000000, 0x180000000);
	assert_int_equal(r->nr, 3);
	assert_range(r->r[0].r, 0, 0x100000);
	assert_range(r->r[1].r, 0x1000000, 0x4411000);
	assert_range(r->r[2].r, 0x7fed4000, 0x7ffd0000);
	assert_range(f->kernel, 0x1000000, 0x4430000);
	assert_range(f->brk, 0x4400000, 0x4411000);
	assert_range(f->buffer, 0x4401000, 0x4411000);
	assert_int_equal(f->end, 0x180000000);
	assert_int_equal(f->levels, 5);
	assert_int_equal(f->movable_node, YES);
	assert_int_equal(f->kaslr, NO);
	assert_string_equal(f->release, "6.1.0-50-amd64");
	assert_int_equal(f->version, LINUX_RELEASE(6, 1, 0));
}

TEST(whole_log)
{
	struct read r = read_complete(WHOLE);

	assert_whole(r.f);
	assert_int_equal(r.f->nr_seen, 0);
	facts_free(r.f);
}

/* Every line of a log with the same thing before it. */
static void add_prefix(char *out, const char *log, const char *prefix, const char *end)
{
	while (*log) {
		size_t n = strcspn(log, "\n");

		out += sprintf(out, "%s%.*s%s", prefix, (int)n, log, end);
		log += n + 1;
	}
}

/* A tab is not a tab everywhere. */
TEST(spelt_tabs)
{
	static const char *const tab[] = { "\t", "#011", "\\x09", " " };
	static char log[LOG_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(tab); i++) {
		char *out = log;
		struct read r;

		for (const char *p = WHOLE; *p; p++)
			out += sprintf(out, "%s", *p == '\t' ? tab[i] : (char[]){ *p, '\0' });
		r = read_complete(log);
		assert_whole(r.f);
		facts_free(r.f);
	}
}

/* What stands between the kernel's lines, and parts of lines, change nothing. */
TEST(other_output)
{
	struct read r = read_complete("Panic#1 Part7\n" VERSION "6,1,2,3\nGRUB loading.\n,,,;\n" CMDLINE MAP
				      "BIOS-e820: checked\nlogin: root\n[mem 0x0-0x1]\n" LAST_PFN BRK
				      "Starting version 252\n7.3,\n7,8\n" DUMP "12,13,\n#\n" LOW_MIB);

	assert_whole(r.f);
	facts_free(r.f);
}

TEST(prefixes)
{
	static const char *const prefix[] = {
		"[    0.000000] ",
		"<6>",
		"<6>[    0.000000] ",
		"Nov 23 00:40:01 host kernel: ",
		"Nov 23 00:40:01 host kernel: [    0.000000] ",
		"2026-11-23T00:40:01.123456+00:00 host kernel: ",
		"[Mon Nov 23 00:40:01 2026] ",
		"kern  :info  : [    0.000000] ",
		"kern  :info  : [Mon Nov 23 00:40:01 2026] ",
		"\033[2J\033[01;01H\033[=3h[    0.000000] ",
		"\033[32m[    0.000000] \033[0m\033[1m",
		"\033c\033(B",
		"[  812.345678] [    0.000000][    T0] ",
		"00:40:01.234 | [    0.000000] ",
		"[    0.000000] host kernel: ",
		"6,339,5140900,-;",
		"7.3.4+deb13-cloud-amd64,6,339,5140900,-;",
	};
	static char log[LOG_MAX];

	for (size_t i = 0; i < 2 * ARRAY_SIZE(prefix); i++) {
		struct read r;

		add_prefix(log, WHOLE, prefix[i / 2], i % 2 ? "\r\n" : "\n");
		r = read_complete(log);
		assert_whole(r.f);
		facts_free(r.f);
	}
}

/* `OLD => NEW`: cut in two. Returns what stands behind the arrow. */
static const char *cut_at_arrow(const struct words *w)
{
	char *arrow = strstr(w->rest, " => ");

	assert_non_null(arrow);
	*arrow = '\0';
	return arrow + strlen(" => ");
}

/* What looks like a prefix and is none is left in place. */
static bool message_line(const struct words *w)
{
	const char *message = cut_at_arrow(w);

	assert_string_equal(logline_message(w->rest), message);
	return true;
}

CASES(logline, .line = message_line)

/* As dmesg colours a line: what stands before the first colon. And as a terminal is told to clear the rest of it. */
TEST(colours)
{
	struct read r = read_complete(
		"\033[32m[    0.000000] \033[0m\033[33mLinux version\033[0m 6.1.0\033[K\n"
		"[    0.000000] \033[33mCommand line: \033[0mquiet movable_node\033[0m\033[K\n" MAP LAST_PFN BRK DUMP
			LOW_MIB);

	assert_string_equal(r.f->release, "6.1.0");
	assert_string_equal(r.f->cmdline, "quiet movable_node");
	assert_int_equal(r.f->movable_node, YES);
	facts_free(r.f);
}

/* A message longer than netconsole sends in one piece; the last one is of no message that is there. */
TEST(messages_in_pieces)
{
	struct read r = read_complete("7,2,0,-,ncfrag=953/1020;gone\n" VERSION
				      "6,416,1758426,-,ncfrag=0/33;Command line: quiet mova\r\n"
				      "6,416,1758426,-,ncfrag=24/33;ble_node \n"
				      "6,416,1758426,-,ncfrag=33/33;nokaslr\n" MAP LAST_PFN BRK DUMP LOW_MIB);

	assert_string_equal(r.f->cmdline, "quiet movable_node nokaslr");
	assert_true(r.f->mb.memory.nr == 3 && r.f->movable_node == YES);
	facts_free(r.f);
}

TEST(no_newline_at_the_end)
{
	static char log[] = WHOLE;
	struct read r;

	log[sizeof(log) - 2] = '\0';
	r = read_complete(log);
	assert_whole(r.f);
	facts_free(r.f);
}

/* ---- the map alone ---- */

TEST(map_alone)
{
	char text[] = "some words\n" MAP CMDLINE "memblock_reserve: [broken\n";
	struct facts *f = facts_new();
	struct input_error err;

	assert_true(linuxlog_read_map(f, text, strlen(text), &err));
	assert_int_equal(f->map.nr, 5);
	assert_string_equal(f->cmdline, "");
	facts_free(f);
}

TEST(bytes_that_are_no_text)
{
	static char noise[] = "\0BIOS-e820: [mem 0x0-0x9fbff] usable\n", nothing[] = "BIOS-e820\n";
	struct facts *f = facts_new();
	struct input_error err;

	assert_false(linuxlog_read_map(f, nothing, strlen(nothing), &err));
	assert_string_equal(err.text, "no BIOS-e820 line in it");
	assert_true(linuxlog_read_map(f, noise, sizeof(noise) - 1, &err));
	assert_int_equal(f->map.nr, 1);
	facts_free(f);
	refused("\037\213", 0, "compressed by gzip: unpack it first");
	refused("\037", 1, "no memory map in it (no BIOS-e820 line, no MEMBLOCK configuration)");
	refused("\037x\213", 1, "no memory map in it (no BIOS-e820 line, no MEMBLOCK configuration)");
}

TEST(command_line_words)
{
	struct facts *f = facts_new();
	const char *v;

	strcpy(f->cmdline, "a=\"x y=1\" numa=off  movable_nodes b -- nokaslr");
	assert_true(facts_option(f, "a", &v));
	assert_true(facts_option(f, "b", NULL));
	assert_false(facts_option(f, "y", NULL));
	assert_false(facts_option(f, "movable_node", NULL));
	assert_false(facts_option(f, "nokaslr", NULL));
	facts_read_cmdline(f);
	assert_true(f->no_srat);
	assert_int_equal(f->movable_node, NO);
	facts_free(f);
}

/* ---- SRAT ---- */

static bool read_bytes(void *ctx, phys_t at, void *buf, size_t len)
{
	const struct facts *f = ctx;

	if (at > f->srat_len || len > f->srat_len - at)
		return false;
	memcpy(buf, f->srat_bytes + at, len);
	return true;
}

/* PXM 5 is node 0, PXM 0 node 1, and node 2 is only known to be there. */
TEST(srat_lines)
{
	struct read r =
		read_complete(WHOLE "SRAT: PXM 5 -> APIC 0x00 -> Node 0\n"
				    "SRAT: PXM 0 -> APIC 0x1f0 -> Node 1\n"
				    "ACPI: SRAT: Node 1 PXM 0 [mem 0x00000000-0x0009ffff]\n"
				    "ACPI: SRAT: Node 3 PXM 1023 [mem 0x100000000-0x17fffffff] hotplug non-volatile\n"
				    "ACPI: SRAT: Node 0 PXM 5 [mem 0x180000000-0x17fffffff]\n");
	struct physmem mem = { .read = read_bytes, .ctx = r.f };
	static struct srat srat;
	struct acpi_table t;

	assert_int_equal(acpi_table_open(&t, &mem, 0), OK);
	assert_string_equal(t.signature, "SRAT");
	assert_int_equal(srat_parse(&t, &srat), OK);
	assert_int_equal(srat.nr_initiator, 6);
	assert_true(srat.initiator[0].pxm == 5 && srat.initiator[4].pxm == 5);
	assert_int_equal(srat.initiator[1].pxm, 0);
	assert_int_equal(srat.initiator[2].pxm, 1022);
	assert_int_equal(srat.initiator[3].pxm, 1023);
	assert_int_equal(srat.initiator[5].apic_id, 0x1f0);
	assert_int_equal(srat.nr_mem, 3);
	assert_range(srat.mem[0].r, 0, 0xa0000);
	assert_range(srat.mem[1].r, 0x100000000, 0x180000000);
	assert_true(srat.mem[1].hotplug && srat.mem[1].nonvolatile && srat.mem[1].enabled);
	assert_int_equal(srat.mem[1].pxm, 1023);
	assert_range(srat.mem[2].r, 0x180000000, 0x180000000);
	facts_free(r.f);
}

/* ---- System.map ---- */

static bool read_system_map(struct read *r, const char *symbols)
{
	char path[64];
	uint64_t name;
	FILE *out;
	bool good;

	/* As mkstemp does, which WASI does not have. */
	assert_int_equal(getentropy(&name, sizeof(name)), 0);
	snprintf(path, sizeof(path), "/tmp/landfall-system-map-%" PRIx64, name);
	out = fopen(path, "w");
	assert_non_null(out);
	*r = read_log(WHOLE);
	fputs(symbols, out);
	fclose(out);
	good = facts_read_system_map(r->f, path, &r->err);
	remove(path);
	return good;
}

TEST(system_map)
{
	static const char *const bad[] = {
		"ffffffff81000000 T _text\nffffffff81000000 B __brk_base\nffffffff84450000 B _end\n",
		"ffffffff81000000 T _text\nffffffff84400000 B __brk_base\nffffffff84400000 B _end\n",
		"ffffffff7fffffff T _text\nffffffff84400000 B __brk_base\nffffffff84450000 B _end\n",
		"ffffffff84400000 B __brk_base\nffffffff84450000 B _end\n"
	};
	struct read r;

	assert_true(read_system_map(&r, "ffffffff81000000 T _text\nffffffff82a10000 D init_top_pgt\n"
					"ffffffff84400000 B __brk_base\nffffffff84450000 B _end\n"));
	assert_true(facts_complete(r.f, &r.err));
	assert_range(r.f->kernel, 0x1000000, 0x4450000);
	assert_int_equal(r.f->pgd, 0x2a10000);
	assert_range(r.f->buffer, 0x4401000, 0x4411000);
	facts_free(r.f);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_false(read_system_map(&r, bad[i]));
		assert_string_equal(r.err.text, "no _text, __brk_base and _end in it");
		facts_free(r.f);
	}
}

/* The first byte of the kernel to the end of what is reserved around the buffer, but not beyond _end. */
TEST(what_moves_with_the_kernel)
{
	struct read r = read_complete(WHOLE);

	assert_int_equal(image_taken(r.f).start, 0x1000000);
	assert_int_equal(image_taken(r.f).end, 0x4411000);
	assert_int_equal(memblock_reserve(&r.f->mb, (struct range){ 0x4411000, 0x5000000 }), OK);
	assert_int_equal(image_taken(r.f).end, r.f->kernel.end);
	facts_free(r.f);
}

TEST(words_that_shape_the_map)
{
	struct read r = read_log("Command line: ab --x mem=4G  xmem=1 memmap=1G$2G memmapx=3 quiet -- mem=1G\n" MAP);
	char words[CMDLINE_MAX];

	facts_map_words(r.f, words);
	assert_string_equal(words, "mem=4G memmap=1G$2G ");
	facts_free(r.f);
}

/* A name that is too long for its place loses its end, and no more; a command line is taken whole or not at all. */
TEST(long_words)
{
	char log[2 * CMDLINE_MAX], word[CMDLINE_MAX + 1];
	struct read r;

	memset(word, 'x', sizeof(word));
	word[CMDLINE_MAX - 1] = '\0';
	sprintf(log, "Linux version %.200s\nCommand line: %s\nDMI: , BIOS %.200s\n" MAP, word, word, word);
	r = read_log(log);
	assert_int_equal(strlen(r.f->release), sizeof(r.f->release) - 1);
	assert_string_equal(r.f->cmdline, word);
	assert_int_equal(strlen(r.f->machine), sizeof(r.f->machine) - 1);
	facts_free(r.f);
	sprintf(log, "Command line: %sx\n" MAP, word);
	refused(log, 1, "the command line is too long");
}

/* ---- more parts of logs: without memblock=debug, page tables being built, spellings of other versions ---- */

#define PLAIN_CMDLINE "Command line: console=ttyS0 movable_node\n"
#define IOMEM                                                                                                          \
	"  01000000-01c01d31 : Kernel code\n"                                                                          \
	"  03f0d000-043fffff : Kernel bss\n"
#define TABLE_PAGE                                                                                                     \
	"memblock_phys_alloc_range: 4096 bytes align=0x1000 from=0x0000000004430000 max_addr=0x0000000004600000 "      \
	"alloc_low_pages+0x1/0x2\n"                                                                                    \
	"memblock_reserve: [0x0000000004430000-0x0000000004430fff] memblock_alloc_range_nid+0xb0/0x13d\n"
#define MAP_7                                                                                                          \
	"BIOS-provided physical RAM map:\n"                                                                            \
	"BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff]  System RAM\n"                                         \
	"BIOS-e820: [mem 0x000000000009fc00-0x000000000009ffff]  device reserved\n"                                    \
	"BIOS-e820: [gap 0x00000000000a0000-0x00000000000fffff]\n"                                                     \
	"BIOS-e820: [mem 0x0000000000100000-0x000000007ffdefff]  System RAM\n"                                         \
	"BIOS-e820: [mem 0x000000007ffdf000-0x000000007fffffff]  device reserved\n"                                    \
	"BIOS-e820: [gap 0x0000000080000000-0x00000000ffffffff]\n"                                                     \
	"BIOS-e820: [mem 0x0000000100000000-0x000000017fffffff]  System RAM\n"                                         \
	"BIOS-e820: [mem 0x0000000180000000-0x00000001bfffffff]  persistent RAM (type 12)\n"                           \
	"BIOS-e820: [mem 0x00000001c0000000-0x00000001ffffffff]  persistent RAM (type 7)\n"                            \
	"BIOS-e820: [mem 0x0000000200000000-0x000000023fffffff]  type 20\n"
#define BRK_7 "__memblock_reserve: [0x0000000004400000-0x0000000004410fff] nid=-1 flags=20 setup_arch+0x83f/0xc00\n"
#define LOW_MIB_7                                                                                                      \
	"__memblock_reserve: [0x0000000000000000-0x00000000000fffff] nid=-1 flags=0 reserve_real_mode+0xa8/0xe0\n"
#define VERSION_7 "Linux version 7.3.4+deb13-cloud-amd64 (debian-kernel@lists.debian.org) #1 SMP\n"
#define WHOLE_7 VERSION_7 CMDLINE MAP_7 LAST_PFN BRK_7 DUMP LOW_MIB_7
#define TABLE_PAGE_7                                                                                                   \
	"memblock_phys_alloc_range: 4096 bytes align=0x1000 from=0x4430000 max_addr=0x80000000 "                       \
	"alloc_low_pages+0xc5/0x160\n"                                                                                 \
	"__memblock_reserve: [0x0000000004430000-0x0000000004430fff] nid=-1 flags=20 "                                 \
	"memblock_alloc_range_nid+0xe7/0x190\n"

#define WHOLE_5_10                                                                                                     \
	"Linux version 5.10.0-46-amd64 (x) #1 SMP Debian 5.10.262-1 (2026-07-31)\n" CMDLINE MAP LAST_PFN BRK DUMP      \
	"memblock_reserve: [0x0000000000000000-0x000000000000ffff] setup_arch+0x6bf/0xc55\n"                           \
	"ACPI: RSDP 0x0F59C0 000014\n"                                                                                 \
	"memblock_reserve: [0x0000000000010000-0x000000000001000f] numa_alloc_distance+0xdf/0x15a\n"

/* ---- logs as data ---- */

static struct {
	char log[LOG_MAX];
	struct read r;
} on;

static int begin_log(void **state)
{
	(void)state;
	on.log[0] = '\0';
	on.r = (struct read){ 0 };
	return 0;
}

static int end_log(void **state)
{
	(void)state;
	facts_free(on.r.f);
	return 0;
}

static const char *part_named(const char *word)
{
	static const struct {
		const char *name, *text;
	} parts[] = { { "version", VERSION },
		      { "cmdline", CMDLINE },
		      { "plain", PLAIN_CMDLINE },
		      { "map", MAP },
		      { "last-pfn", LAST_PFN },
		      { "brk", BRK },
		      { "dump", DUMP },
		      { "head", HEAD },
		      { "low-mib", LOW_MIB },
		      { "whole", WHOLE },
		      { "page", TABLE_PAGE },
		      { "iomem", IOMEM },
		      { "version-7", VERSION_7 },
		      { "map-7", MAP_7 },
		      { "whole-7", WHOLE_7 TABLE_PAGE_7 },
		      { "whole-5.10", WHOLE_5_10 } };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (strcmp(parts[i].name, word) == 0)
			return parts[i].text;
	fail_msg("no such part: %s", word);
	return NULL;
}

/* Puts a text at the end of the log; \t and \n stand for what they are. */
static void add_text(const char *text)
{
	char *out = on.log + strlen(on.log);

	assert_true(strlen(on.log) + strlen(text) < sizeof(on.log));
	while (*text)
		*out++ = scan_skip(&text, "\\t") ? '\t' : scan_skip(&text, "\\n") ? '\n' : *text++;
	*out = '\0';
}

static void add_line(const char *line)
{
	add_text(line);
	add_text("\n");
}

static void edit(const struct words *w)
{
	const char *new = cut_at_arrow(w);
	static char tail[LOG_MAX];
	char *at = strstr(on.log, w->rest);

	if (!at)
		fail_msg("nothing to edit: %s", w->rest);
	strcpy(tail, at + strlen(w->rest));
	*at = '\0';
	add_text(new);
	add_text(tail);
}

static uint32_t release_named(const char *word)
{
	uint32_t release = 0;

	assert_true(strcmp(word, "none") == 0 || linux_read_release(&word, &release));
	return release;
}

static void assert_known(const struct words *w)
{
	static const char *const words[] = { [UNKNOWN] = "unknown", [NO] = "no", [YES] = "yes" };
	const struct facts *f = on.r.f;
	const struct {
		const char *name;
		enum known is;
	} told[] = {
		{ "pse", f->pse }, { "gbpages", f->gbpages }, { "kaslr", f->kaslr }, { "movable_node", f->movable_node }
	};

	for (unsigned i = 1; i < w->nr; i += 2) {
		size_t k = 0;

		while (strcmp(told[k].name, w->word[i]) != 0)
			if (++k == ARRAY_SIZE(told))
				fail_msg("no such fact: %s", w->word[i]);
		assert_string_equal(words[told[k].is], w->word[i + 1]);
	}
}

static void assert_ranges(const struct words *w, const struct range_list *list)
{
	for (size_t i = 0; i < list->nr; i++)
		assert_range(list->r[i], number_at(w, 1 + 2 * (unsigned)i), number_at(w, 2 + 2 * (unsigned)i));
	assert_int_equal(w->nr, 1 + 2 * list->nr);
}

static void assert_pages(const struct words *w)
{
	for (size_t i = 0; i < on.r.f->nr_seen; i++)
		assert_int_equal(on.r.f->seen[i], number_at(w, 1 + (unsigned)i));
	assert_int_equal(w->nr, 1 + on.r.f->nr_seen);
}

/* What a read log has told. */
static bool fact_line(const struct words *w)
{
	const struct facts *f = on.r.f;

	if (begins(w, "release"))
		assert_string_equal(f->release, w->rest);
	else if (begins(w, "cmdline"))
		assert_string_equal(f->cmdline, w->rest);
	else if (begins(w, "machine"))
		assert_string_equal(f->machine, w->rest);
	else if (begins(w, "linux"))
		assert_int_equal(f->version, release_named(w->word[1]));
	else if (begins(w, "memory"))
		assert_listed(w, 1, &f->mb.memory);
	else if (begins(w, "reserved"))
		assert_listed(w, 1, &f->mb.reserved);
	else if (begins(w, "map"))
		assert_map_listed(w, 1, &f->map);
	else if (begins(w, "firmware"))
		assert_map_listed(w, 1, &f->firmware);
	else if (begins(w, "tables"))
		assert_ranges(w, &f->tables);
	else if (begins(w, "services"))
		assert_ranges(w, &f->boot_services);
	else if (begins(w, "conventional"))
		assert_ranges(w, &f->conventional);
	else if (begins(w, "pages"))
		assert_pages(w);
	else if (begins(w, "knows"))
		assert_known(w);
	else if (begins(w, "is"))
		ASSERT_FIELDS(w, 1, FIELD("exact", f->exact), FIELD("levels", f->levels), FIELD("end", f->end),
			      FIELD("boots", f->boots), FIELD("lines", f->lines), FIELD("efi", f->efi),
			      FIELD("own", f->own), FIELD("loaded", f->own_loaded), FIELD("offset", f->own_page_offset),
			      FIELD("nodes", f->nodes_told), FIELD("built", f->sees_built), FIELD("pgd", f->pgd),
			      FIELD("limited", f->user_map), FIELD("dropped", f->dropped),
			      FIELD("max-node", f->max_node), FIELD("stub", facts_stub_chooses(f)),
			      FIELD("no-srat", f->no_srat), FIELD("srat-bytes", f->srat_len),
			      FIELD("told", f->cmdline_told), RANGE_FIELD("kernel", f->kernel),
			      RANGE_FIELD("brk", f->brk), RANGE_FIELD("buffer", f->buffer));
	else
		return false;
	return true;
}

/* A line that is refused, behind a map of memory. */
static void broken(const struct words *w)
{
	const char *why = cut_at_arrow(w);

	strcpy(on.log, VERSION MAP);
	add_line(w->rest);
	refused(on.log, 8, why);
}

static bool log_line(const struct words *w)
{
	if (begins(w, "log"))
		for (unsigned i = 1; i < w->nr; i++)
			add_text(part_named(w->word[i]));
	else if (begins(w, "+"))
		add_line(w->rest);
	else if (begins(w, "repeat"))
		for (unsigned i = 0; i < number_at(w, 1); i++)
			add_line(strchr(w->rest, ' ') + 1);
	else if (begins(w, "edit"))
		edit(w);
	else if (begins(w, "refused"))
		refused(on.log, number_at(w, 1), strchr(w->rest, ' ') + 1);
	else if (begins(w, "anew"))
		on.log[0] = '\0';
	else if (begins(w, "broken"))
		broken(w);
	else if (begins(w, "read") || begins(w, "complete") || begins(w, "incomplete")) {
		facts_free(on.r.f);
		on.r = begins(w, "complete") ? read_complete(on.log) : read_log(on.log);
		if (!on.r.good)
			fail_msg("line %lu: %s", on.r.err.line, on.r.err.text);
		if (begins(w, "incomplete")) {
			assert_false(facts_complete(on.r.f, &on.r.err));
			assert_int_equal(on.r.err.line, number_at(w, 1));
			assert_string_equal(on.r.err.text, strchr(w->rest, ' ') + 1);
		}
	} else
		return fact_line(w);
	return true;
}

CASES(linuxlog, .setup = begin_log, .teardown = end_log, .line = log_line)

/* ---- cut anywhere ---- */

/* What is left is enough for an answer, or one line says what is missing. */
static void assert_answer_or_line(const char *log, size_t len)
{
	char *text = strndup(log, len);
	static struct facts facts; /* one for all cuts: each of its own would be most of the time */
	struct read r = { .f = &facts };
	const struct facts *f = r.f;

	assert_non_null(text);
	facts_init(&facts);
	r.good = linuxlog_read(r.f, text, len, &r.err) && facts_complete(r.f, &r.err);
	if (r.good) {
		assert_true(f->kernel.start < f->buffer.start && f->buffer.end <= f->kernel.end);
		assert_true(f->mb.memory.nr && f->end);
	} else if (!r.err.text[0] || strpbrk(r.err.text, "\r\n")) {
		fail_msg("cut at %zu: line %lu: \"%s\"", len, r.err.line, r.err.text);
	}
	free(text);
	free(facts.seen);
	free(facts.srat_bytes);
}

TEST(cut_at_any_byte)
{
	static const char *const whole[] = { WHOLE, WHOLE_5_10,
					     WHOLE_7 TABLE_PAGE_7
					     "SRAT: PXM 5 -> APIC 0x00 -> Node 0\n"
					     "ACPI: SRAT: Node 0 PXM 5 [mem 0x00000000-0x0009ffff] hotplug\n" };
	static const char *const prefix[] = { "Nov 23 00:40:01 host kernel: ", "<6>[    0.000000] ",
					      "6,339,5140900,-,caller=T0;" };
	static char log[LOG_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		add_prefix(log, whole[i], prefix[i], "\r\n");
		for (size_t len = 0; len <= strlen(log); len++)
			assert_answer_or_line(log, len);
	}
}
