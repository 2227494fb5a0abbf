/* SPDX-License-Identifier: MIT */
/* Boot logs by hand: what the reader takes from them, what it leaves alone, and which line it refuses. */
#include "tests/unit/cases.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "acpi/srat.h"
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
#define HEAD_LINES 24u
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

static void refused_later(const char *log, const char *why)
{
	struct read r = read_log(log);

	assert_true(r.good);
	assert_false(facts_complete(r.f, &r.err));
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

/* What looks like a prefix and is none is left in place. */
static bool message_line(const struct words *w)
{
	char *arrow = strstr(w->rest, " => ");

	assert_non_null(arrow);
	*arrow = '\0';
	assert_string_equal(logline_message(w->rest), arrow + strlen(" => "));
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

/* ---- reservations ---- */

TEST(reservations_after_the_dump)
{
	struct read r = read_complete(
		HEAD "memblock_reserve: [0x0000000020000000-0x0000000020000fff] efi_reserve_boot_services+0x7d/0xcf\n"
		     "memblock_reserve: [0x0000000030000000-0x0000000030003fff] efi_reserve_boot_services+0x7d/0xcf\n"
		     "memblock_phys_free: [0x0000000030001000-0x0000000030001fff] x+0x1/0x2\n"
		     "memblock_reserve: [0x0000000000000000-0xffffffffffffffff] nothing_at_all+0x1/0x2\n"
		     "memblock_reserve: [0x0000000040000000-0x000000003fffffff] nothing_either+0x1/0x2\n" LOW_MIB
		     "memblock_reserve: [0x0000000050000000-0x0000000050000fff] acpi_reserve_initial_tables+0x1/0x2\n");
	const struct memblock_list *l = &r.f->mb.reserved;

	assert_int_equal(l->nr, 6);
	assert_range(l->r[2].r, 0x20000000, 0x20001000);
	assert_range(l->r[3].r, 0x30000000, 0x30001000);
	assert_range(l->r[4].r, 0x30002000, 0x30004000);
	assert_range(l->r[5].r, 0x7fed4000, 0x7ffd0000);
	facts_free(r.f);
}

/* Each of these lines is only printed once the page tables are being built. */
TEST(where_the_inputs_end)
{
	static const char *const mark[] = {
		"RAMDISK: [mem 0x7fed4000-0x7ffcffff]\n",
		"Using GB pages for direct mapping\n",
		"ACPI: RSDP 0x00000000000F59C0 000014 (v00 BOCHS )\n",
		"memblock_alloc_try_nid: 4096 bytes align=0x40 nid=-1 from=0x0 max_addr=0x0 x+0x1/0x2\n",
		("memblock_phys_alloc_range: 2097152 bytes align=0x200000 from=0x100000 max_addr=0x180000000 "
		 "init_mem_mapping+0x1ee/0x31f\n"),
	};
	static char log[LOG_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(mark); i++) {
		struct read r;

		sprintf(log, HEAD "%smemblock_reserve: [0x0000000050000000-0x0000000050000fff] x+0x1/0x2\n", mark[i]);
		r = read_complete(log);
		assert_int_equal(r.f->mb.reserved.nr, 4);
		assert_null(memblock_overlap(&r.f->mb.reserved, (struct range){ 0x50000000, 0x50001000 }));
		facts_free(r.f);
	}
}

#define TABLE_PAGE(at)                                                                                                 \
	"memblock_phys_alloc_range: 4096 bytes align=0x1000 from=0x0000000004430000 max_addr=0x0000000004600000 "      \
	"alloc_low_pages+0x1/0x2\n"                                                                                    \
	"memblock_reserve: [0x" at "000-0x" at "fff] memblock_alloc_range_nid+0xb0/0x13d\n"

TEST(page_tables_of_the_log_are_no_input)
{
	struct read r = read_complete(WHOLE TABLE_PAGE("0000000004430") TABLE_PAGE("0000000004431"));

	assert_whole(r.f);
	assert_int_equal(r.f->nr_seen, 2);
	assert_int_equal(r.f->seen[0], 0x4430000);
	assert_int_equal(r.f->seen[1], 0x4431000);
	facts_free(r.f);
}

/* ---- the map, without memblock=debug ---- */

#define PLAIN_CMDLINE "Command line: console=ttyS0 movable_node\n"
#define IOMEM                                                                                                          \
	"  01000000-01c01d31 : Kernel code\n"                                                                          \
	"  03f0d000-043fffff : Kernel bss\n"

TEST(without_memblock_debug)
{
	struct read r =
		read_complete(VERSION PLAIN_CMDLINE MAP LAST_PFN "RAMDISK: [mem 0x7fed4000-0x7ffcf123]\n" IOMEM);
	const struct memblock_list *m = &r.f->mb.memory, *l = &r.f->mb.reserved;

	assert_false(r.f->exact);
	assert_int_equal(r.f->kaslr, UNKNOWN);
	assert_int_equal(m->nr, 3);
	assert_range(m->r[0].r, 0x1000, 0x9f000);
	assert_range(m->r[1].r, 0x100000, 0x7ffdf000);
	assert_range(m->r[2].r, 0x100000000, 0x180000000);
	assert_range(r.f->kernel, 0x1000000, 0x4430000);
	assert_range(r.f->buffer, 0x4401000, 0x4411000);
	assert_int_equal(l->nr, 3);
	assert_range(l->r[0].r, 0, 0x100000);
	assert_range(l->r[1].r, 0x1000000, 0x4411000);
	assert_range(l->r[2].r, 0x7fed4000, 0x7ffd0000);
	facts_free(r.f);
}

TEST(boot_services_of_a_uefi_map)
{
	struct read r = read_complete(
		VERSION PLAIN_CMDLINE MAP
		"efi: EFI v2.70 by EDK II\n"
		"efi: mem00: [Boot Data          |   |  |] range=[0x0000000010000000-0x0000000010000fff] (0MB)\n"
		"efi: mem01: [Conventional Memory|   |  |] range=[0x0000000010001000-0x000000001fffffff] (255MB)\n"
		"efi: mem02: [Boot Code          |   |  |] range=[0x0000000020000000-0x0000000020000fff] (0MB)\n"
		"efi: mem03: [Runtime Data       |   |  |] range=[0x0000000020001000-0x0000000020001fff] "
		"(0MB)\n" LAST_PFN IOMEM);

	assert_true(r.f->efi);
	assert_int_equal(r.f->conventional.nr, 1);
	assert_range(r.f->conventional.r[0], 0x10001000, 0x20000000);
	assert_int_equal(r.f->mb.reserved.nr, 4);
	assert_range(r.f->mb.reserved.r[2].r, 0x10000000, 0x10001000);
	assert_range(r.f->mb.reserved.r[3].r, 0x20000000, 0x20001000);
	facts_free(r.f);
}

/* The last map printed counts, and changes told after it. */
TEST(later_maps)
{
	struct read r = read_complete(VERSION "Command line: mem=1G\n" MAP "extended physical RAM map:\n"
					      "reserve setup_data: [mem 0x0000000000100000-0x000000003fffffff] usable\n"
					      "user-defined physical RAM map:\n"
					      "user: [mem 0x0000000000000000-0x000000000009fbff] usable\n"
					      "user: [mem 0x0000000000100000-0x000000003fffffff] usable\n"
					      "e820: update [mem 0x30000000-0x30001fff] usable ==> reserved\n"
					      "e820: update [mem 0x30001000-0x30001fff] reserved ==> usable\n"
					      "e820: remove [mem 0x38000000-0xfffffffffffffffe] usable\n"
					      "last_pfn = 0x38000 max_arch_pfn = 0x400000000\n" IOMEM);
	const struct memblock_list *m = &r.f->mb.memory;

	assert_int_equal(r.f->levels, 4);
	assert_int_equal(m->nr, 3);
	assert_range(m->r[0].r, 0x1000, 0x9f000);
	assert_range(m->r[1].r, 0x100000, 0x30000000);
	assert_range(m->r[2].r, 0x30001000, 0x38000000);
	assert_int_equal(r.f->end, 0x38000000);
	facts_free(r.f);
}

/* What leaves the map after the last "last_pfn" (efi_mem_reserve) stays memory. */
TEST(changes_after_memory_was_made)
{
	struct read r = read_complete("Command line: quiet\n" MAP "last_pfn = 0x180000 max_arch_pfn = 0x400000000\n"
				      "e820: update [mem 0x7f000000-0x7fffffff] usable ==> reserved\n"
				      "last_pfn = 0x7f000 max_arch_pfn = 0x400000000\n"
				      "e820: update [mem 0x4c8c3000-0x4c8c3fff] usable ==> reserved\n" IOMEM);
	const struct memblock_list *m = &r.f->mb.memory;

	assert_int_equal(m->nr, 3);
	assert_range(m->r[1].r, 0x100000, 0x7f000000);
	assert_range(m->r[2].r, 0x100000000, 0x180000000);
	facts_free(r.f);
}

/* Without a user-defined map in the log the command line says what it was. */
TEST(memory_limits_of_the_command_line)
{
	struct read r = read_complete("Command line: mem=5G memmap=16M$1G -- mem=1G\n" MAP IOMEM);
	const struct memblock_list *m = &r.f->mb.memory;

	assert_int_equal(m->nr, 4);
	assert_range(m->r[1].r, 0x100000, 0x40000000);
	assert_range(m->r[2].r, 0x41000000, 0x7ffdf000);
	assert_range(m->r[3].r, 0x100000000, 0x140000000);
	facts_free(r.f);
}

TEST(soft_reserved_is_no_ram)
{
	struct read r = read_complete(
		VERSION MAP "BIOS-e820: [mem 0x0000000200000000-0x000000023fffffff] soft reserved\n"
			    "BIOS-e820: [mem 0x0000000240000000-0x000000027fffffff] persistent (type 7)\n" IOMEM);

	assert_int_equal(r.f->end, 0x180000000);
	assert_int_equal(r.f->map.e[r.f->map.nr - 1].type, E820_PMEM);
	/* Reserved, in case that it is among memory by another way. */
	assert_non_null(memblock_overlap(&r.f->mb.reserved, (struct range){ 0x200000000, 0x240000000 }));
	assert_null(memblock_overlap(&r.f->mb.reserved, (struct range){ 0x240000000, 0x280000000 }));
	facts_free(r.f);
}

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

/* ---- two boots in one file ---- */

TEST(last_boot_counts)
{
	struct read r = read_complete("KASLR disabled: 'nokaslr' on cmdline.\n" WHOLE TABLE_PAGE("0000000009990")
					      VERSION "Command line: memblock=debug\n" MAP LAST_PFN BRK DUMP LOW_MIB);

	assert_int_equal(r.f->boots, 2);
	assert_int_equal(r.f->nr_seen, 0);
	assert_int_equal(r.f->kaslr, UNKNOWN);
	assert_int_equal(r.f->movable_node, NO);
	assert_int_equal(r.f->mb.reserved.nr, 3);
	facts_free(r.f);
}

/* ---- features ---- */

TEST(features)
{
	static const struct {
		const char *cmdline, *tail;
		enum known pse, gbpages, kaslr;
	} cases[] = {
		{ "", "", UNKNOWN, UNKNOWN, UNKNOWN },
		{ "", "Using GB pages for direct mapping\n", YES, YES, UNKNOWN },
		{ "", "DirectMap4k:     4194172 kB\nDirectMap2M:           0 kB\n", NO, UNKNOWN, UNKNOWN },
		{ "", "DirectMap4k:       34684 kB\nDirectMap2M:    16744448 kB\n", YES, UNKNOWN, UNKNOWN },
		{ "", "HugeTLB: registered 2.00 MiB page size, pre-allocated 0 pages\n", YES, UNKNOWN, UNKNOWN },
		{ "clearcpuid=pse", "", NO, UNKNOWN, UNKNOWN },
		{ "clearcpuid=308,3", "", NO, UNKNOWN, UNKNOWN },
		{ "clearcpuid=4,58", "", UNKNOWN, NO, UNKNOWN },
		{ "clearcpuid=pdpe1gb", "", UNKNOWN, NO, UNKNOWN },
		{ "clearcpuid=fpu,syscall,4,57", "", UNKNOWN, UNKNOWN, UNKNOWN },
		{ "nogbpages", "", UNKNOWN, NO, UNKNOWN },
		{ "nokaslr", "", UNKNOWN, UNKNOWN, NO },
		{ "nokaslrx", "", UNKNOWN, UNKNOWN, UNKNOWN },
		{ "", "Memory KASLR using RDRAND RDTSC...\n", UNKNOWN, UNKNOWN, YES },
		{ "", "KASLR disabled: 'nokaslr' on cmdline.\n", UNKNOWN, UNKNOWN, NO },
		{ "", "Physical KASLR disabled: no suitable memory region!\n", UNKNOWN, UNKNOWN, UNKNOWN },
	};
	static char log[LOG_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct read r;

		sprintf(log, "Command line: %s\n" MAP LAST_PFN BRK DUMP LOW_MIB "%s", cases[i].cmdline, cases[i].tail);
		r = read_complete(log);
		assert_int_equal(r.f->pse, cases[i].pse);
		assert_int_equal(r.f->gbpages, cases[i].gbpages);
		assert_int_equal(r.f->kaslr, cases[i].kaslr);
		facts_free(r.f);
	}
}

/* 4 GiB are 31 whole sections of 128 MiB: with 4K page structs each costs a table. */
TEST(page_structs_tell_pse)
{
	static const char line[] = "memblock_alloc_try_nid_raw: 4096 bytes align=0x1000 nid=0 from=0x0 max_addr=0x0 "
				   "vmemmap_alloc_block_zero.constprop.0+0xc/0x28\n";
	static char log[LOG_MAX];

	for (unsigned pages = 30; pages <= 31; pages++) {
		char *out = log + sprintf(log, "%s", WHOLE);
		struct read r;

		for (unsigned i = 0; i < pages; i++)
			out += sprintf(out, "%s", line);
		r = read_complete(log);
		assert_int_equal(r.f->pse, pages == 31 ? NO : YES);
		facts_free(r.f);
	}
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
				    "ACPI: SRAT: Node 3 PXM 9 [mem 0x100000000-0x17fffffff] hotplug non-volatile\n"
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
	assert_int_equal(srat.initiator[2].pxm, 1023);
	assert_int_equal(srat.initiator[3].pxm, 9);
	assert_int_equal(srat.initiator[5].apic_id, 0x1f0);
	assert_int_equal(srat.nr_mem, 3);
	assert_range(srat.mem[0].r, 0, 0xa0000);
	assert_range(srat.mem[1].r, 0x100000000, 0x180000000);
	assert_true(srat.mem[1].hotplug && srat.mem[1].nonvolatile && srat.mem[1].enabled);
	assert_int_equal(srat.mem[1].pxm, 9);
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

/* What firmware calls memory of ACPI tables, unless the log tells the tables or the nodes. */
TEST(where_tables_are)
{
#define ACPI_DATA VERSION PLAIN_CMDLINE MAP "BIOS-e820: [mem 0x180000000-0x180000fff] ACPI data\n" LAST_PFN IOMEM
	struct read r = read_complete(ACPI_DATA);

	assert_int_equal(r.f->tables.nr, 1);
	assert_range(r.f->tables.r[0], 0x180000000, 0x180001000);
	facts_free(r.f);
	r = read_complete(ACPI_DATA "ACPI: Reserving SRAT table memory at [mem 0x7fed4000-0x7fed4fff]\n");
	assert_range(r.f->tables.r[0], 0x7fed4000, 0x7fed5000);
	facts_free(r.f);
	r = read_complete(ACPI_DATA "SRAT: PXM 0 -> APIC 0x00 -> Node 0\n");
	assert_int_equal(r.f->tables.nr, 0);
	facts_free(r.f);
}

/* ---- refusals ---- */

TEST(broken_lines)
{
	static const struct {
		const char *line, *why;
	} map[] = { { "BIOS-e820: [mem 0x000000018000", "unreadable range in the memory map" },
		    { "last_pfn = 0x1 max_arch_pfn = 0x1000000", "max_arch_pfn is not that of an x86-64 kernel" },
		    { "e820: update [mem 0x1", "unreadable range in a change of the memory map" },
		    { "e820: update [mem 0x0-0xfff] usable", "unreadable change of the memory map" },
		    { "last_pfn = x max_arch_pfn = 0x400000000", "unreadable last_pfn" },
		    { "last_pfn = 0x1 max_arch = 0x400000000", "unreadable last_pfn" },
		    { "last_pfn = 0x1 max_arch_pfn = x", "unreadable last_pfn" },
		    { "efi: mem03: [Boot Data|] range=[0x1-", "unreadable range in the UEFI memory map" },
		    { "RAMDISK: [mem 0x1", "unreadable range of the RAM disk" },
		    { "memblock_reserve: [0x20000000-0x2", "unreadable range in memblock_reserve" },
		    { "memblock_reserve: [0x20000000-0x10000000] x", "unreadable range in memblock_reserve" },
		    { "DirectMap2M: x", "unreadable DirectMap line" },
		    { "DirectMap1G: x", "unreadable DirectMap line" },
		    { "ACPI: Reserving SRAT table memory at 0x1", "unreadable range of an ACPI table" },
		    { "ACPI: Reserving SRAT table memory at [mem 0x1", "unreadable range of an ACPI table" },
		    { "2000-1fff : Kernel code", "unreadable range in /proc/iomem" },
		    { "0-ffffffffffffffff : Kernel bss", "unreadable range in /proc/iomem" },
		    { "SRAT: Node 0 PXM 4294967296 [mem 0x0-0xfff]", "impossible node number" },
		    { "SRAT: Node 1024 PXM 0 [mem 0x0-0xfff]", "impossible node number" },
		    { "SRAT: Node 0 PXM x", "unreadable memory in the SRAT lines" },
		    { "SRAT: PXM 0 -> APIC 0x00 -> Node 4096", "impossible node number" },
		    { "SRAT: Node 0 PXM 0 [mem 0x00000000", "unreadable memory in the SRAT lines" },
		    { "SRAT: Node 0 PXM 0 0x1", "unreadable memory in the SRAT lines" } };
	char log[LOG_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(map); i++) {
		sprintf(log, VERSION MAP "%s\n", map[i].line);
		refused(log, 8, map[i].why);
	}
	refused(WHOLE "SRAT: PXM 0 -> APIC 0x00 -> Node 0\nSRAT: PXM 1 -> APIC 0x01 -> Node 0\n", HEAD_LINES + 3,
		"contradiction: the node was said to be another proximity domain");
	refused(WHOLE "SRAT: PXM 0 -> APIC 0x00 -> Node 0\nSRAT: PXM 0 -> APIC 0x01 -> Node 1\n", HEAD_LINES + 3,
		"contradiction: the proximity domain was said to be another node");
}

TEST(broken_dumps)
{
	static const char begin[] = VERSION MAP BRK "MEMBLOCK configuration:\n memory.cnt  = 0x2\n";
	static char log[LOG_MAX];

	refused(begin, 12, "the log ends inside the MEMBLOCK dump");
	sprintf(log, "%s memory[0x1]\t[0x0000000000100000-0x000000007ffdefff], 0x7 bytes flags: 0x0\n", begin);
	refused(log, 13, "a region of the MEMBLOCK dump is missing");
	sprintf(log,
		"%s memory[0x0]\t[0x0000000000100000-0x000000007ffdefff], 0x7 bytes flags: 0x0\n reserved.cnt  = 0x1\n"
		" reserved[0x0]\t[0x0000000001000000-0x0000000004410fff], 0x7 bytes flags: 0x0\n",
		begin);
	refused(log, 11, "the MEMBLOCK dump is not whole");
	strcpy(log, WHOLE);
	memcpy(strstr(log, "reserved size = 0x000000000357e000") + 30, "f", 1);
	refused(log, 14, "the MEMBLOCK dump contradicts itself: reserved size");
}

TEST(truncated)
{
	refused(HEAD, HEAD_LINES, "the log ends before the page tables are built");
	refused(VERSION CMDLINE MAP LAST_PFN BRK, 13, "the log ends before the MEMBLOCK configuration");
	refused(VERSION PLAIN_CMDLINE, 2, "no memory map in it (no BIOS-e820 line, no MEMBLOCK configuration)");
	refused("", 0, "no memory map in it (no BIOS-e820 line, no MEMBLOCK configuration)");
}

TEST(contradictions)
{
	refused_later(
		VERSION PLAIN_CMDLINE MAP LAST_PFN,
		"nothing tells where the kernel lies (no memblock=debug, no \"Kernel code\" and \"Kernel bss\" of "
		"/proc/iomem): give --kernel START:END");
	refused_later(VERSION PLAIN_CMDLINE MAP "last_pfn = 0x100000 max_arch_pfn = 0x400000000\n" IOMEM,
		      "contradiction: RAM ends at page 0x180000, last_pfn says 0x100000");
	refused_later("Command line: memmap=nonsense\n" MAP IOMEM,
		      "command line: memmap=nonsense: 'nonsense' is neither exactmap nor begins with a size");
}

/* Since 6.1.81, and 6.6, under UEFI; Debian's release does not tell the patch level. */
TEST(who_chooses_the_slot)
{
	static const struct {
		const char *release;
		bool efi, stub;
	} t[] = {
		{ "6.1.0-50-amd64", true, true },   { "6.1.0-50-amd64", false, false },
		{ "6.1.80", true, false },          { "6.1.81", true, true },
		{ "6.5.13", true, false },          { "6.6.0-generic", true, true },
		{ "6.12.117+deb12", true, true },   { "7.0.1", true, true },
		{ "5.10.0-30-amd64", true, false }, { "6.12.117+deb12", false, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		char log[4096];
		struct read r;

		snprintf(log, sizeof(log), "Linux version %s (x) #1\n%s" PLAIN_CMDLINE MAP, t[i].release,
			 t[i].efi ? "efi: EFI v2.70 by EDK II\n" : "");
		r = read_log(log);
		assert_true(r.good);
		assert_int_equal(facts_stub_chooses(r.f), t[i].stub);
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
	struct read r = read_log("Command line: a mem=4G  xmem=1 memmap=1G$2G memmapx=3 quiet -- mem=1G\n" MAP);
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

/* The machine's name, and whether the log comes to the nodes. */
TEST(what_else_is_told)
{
	static const char *const told[] = { "ACPI: SRAT: Node 1 PXM 1 [mem 0x100000000-0x17fffffff]\n",
					    "SRAT: PXM 0 -> APIC 0x00 -> Node 0\n",
					    "No NUMA configuration found\n",
					    "NUMA turned off\n",
					    "Faking a node at [mem 0x0-0x17fffffff]\n",
					    "NODE_DATA(0) allocated [mem 0x17ffd5000-0x17fffffff]\n",
					    "Zone ranges:\n" };
	struct read r = read_log(WHOLE "DMI: Memory slots populated: 1/1\nDMI: A B/C, BIOS 1 01/02/2003\n");

	assert_string_equal(r.f->machine, "A B/C, BIOS 1 01/02/2003");
	assert_false(r.f->nodes_told);
	assert_int_equal(r.f->lines, HEAD_LINES + 3);
	facts_free(r.f);
	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		char log[8192];

		snprintf(log, sizeof(log), "%s%s", WHOLE, told[i]);
		r = read_log(log);
		assert_true(r.good && r.f->nodes_told);
		facts_free(r.f);
	}
}

/* ---- spellings of other versions ---- */

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

TEST(log_of_7_3)
{
	struct read r = read_complete(WHOLE_7 TABLE_PAGE_7);
	static const enum e820_type types[] = { E820_RAM, E820_RESERVED, E820_RAM,  E820_RESERVED,
						E820_RAM, E820_PRAM,     E820_PMEM, E820_RESERVED };

	assert_int_equal(r.f->map.nr, ARRAY_SIZE(types));
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		assert_int_equal(r.f->map.e[i].type, types[i]);
	assert_range(r.f->kernel, 0x1000000, 0x4430000);
	assert_range(r.f->buffer, 0x4401000, 0x4411000);
	assert_int_equal(r.f->version, LINUX_RELEASE(7, 3, 4));
	assert_int_equal(r.f->nr_seen, 1);
	assert_int_equal(r.f->seen[0], 0x4430000);
	facts_free(r.f);
	r = read_complete(VERSION_7 CMDLINE MAP_7
			  "e820: update [mem 0x100000000-0x10fffffff] System RAM ==> device reserved\n" LAST_PFN BRK_7
				  DUMP LOW_MIB_7);
	assert_int_equal(r.f->map.e[4].type, E820_RESERVED);
	assert_int_equal(r.f->map.e[5].type, E820_RAM);
	facts_free(r.f);
}

#define WHOLE_5_10                                                                                                     \
	"Linux version 5.10.0-46-amd64 (x) #1 SMP Debian 5.10.262-1 (2026-07-31)\n" CMDLINE MAP LAST_PFN BRK DUMP      \
	"memblock_reserve: [0x0000000000000000-0x000000000000ffff] setup_arch+0x6bf/0xc55\n"                           \
	"ACPI: RSDP 0x0F59C0 000014\n"                                                                                 \
	"memblock_reserve: [0x0000000000010000-0x000000000001000f] numa_alloc_distance+0xdf/0x15a\n"

/* Buffer and _end of an image whose buffer has 12 pages; its patch level stands behind the package's name. */
TEST(log_of_5_10)
{
	struct read r = read_complete(WHOLE_5_10);

	assert_range(r.f->buffer, 0x4405000, 0x4411000);
	assert_range(r.f->kernel, 0x1000000, 0x442c000);
	assert_int_equal(r.f->version, LINUX_RELEASE(5, 10, 262));
	assert_int_equal(r.f->mb.reserved.nr, 4);
	facts_free(r.f);
}

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
