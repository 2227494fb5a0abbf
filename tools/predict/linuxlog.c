/* SPDX-License-Identifier: MIT */
/* The log reader: one table of line beginnings, one small function for each kind of line. */
#include "tools/predict/linuxlog.h"

#include <stdlib.h>
#include <string.h>

#include "lib/scan.h"
#include "mm/direct_map.h"
#include "tools/predict/logline.h"
#include "tools/predict/ownlog.h"
#include "tools/predict/text.h"

#define SECTION_SIZE (128 * MIB)
#define MAX_ARCH_PFN_4LEVEL (1ull << 34)
#define MAX_ARCH_PFN_5LEVEL (1ull << 40)

/* Where in setup_arch the log is. Only what stands before PHASE_BUILT is an input. */
enum phase { PHASE_MAP, PHASE_DUMP, PHASE_RESERVE, PHASE_BUILT };

struct dump_list { /* of the first "MEMBLOCK configuration:" */
	bool counted;
	uint64_t count, got, size;
};

struct reader {
	struct facts *f;
	struct input_error *err;
	unsigned long line;
	enum phase phase;
	const char *map_who;     /* which map the entries being read belong to */
	const char *rest;        /* the message behind the words that chose the handler */
	unsigned long map_line;  /* of the last "BIOS-provided physical RAM map:" */
	unsigned long off_line;  /* of the last "KASLR disabled" */
	unsigned long dump_line; /* where the dump begins */
	struct dump_list memory, reserved;
	bool reserved_sized;
	uint64_t reserved_size, vmemmap_pages;
	bool table_page_next; /* the next reservation is of a page-table page */
	bool had_2m, had_map_sizes;
};

static bool fail(const struct reader *r, const char *what)
{
	return input_fail(r->err, r->line, "%s", what);
}

/* ---- which kernel ---- */

/* "6.1.0-56-amd64", "7.3.4+deb13-cloud-amd64", "7.3-rc2": what is missing is 0. */
static uint32_t read_release(const char *s)
{
	uint32_t release;

	return linux_read_release(&s, &release) ? release : 0;
}

/*
 * "5.10.0-46-cloud-amd64 (...) #1 SMP Debian 5.10.262-1 (2026-07-31)": where the name of the release stands still, that
 * of the package tells the patch level.
 */
static bool on_version(struct reader *r, const char *s)
{
	struct facts *f = r->f;
	const char *package = strstr(s, " Debian 5.") ? strstr(s, " Debian 5.") : strstr(s, " Debian 6.");
	size_t n = strcspn(s, " ");

	n = min_u64(n, sizeof(f->release) - 1);
	memcpy(f->release, s, n);
	f->release[n] = '\0';
	f->version = read_release(s);
	if (package && !LINUX_PATCH(f->version)) {
		uint32_t release = read_release(package + strlen(" Debian "));

		if (LINUX_SERIES(release) == LINUX_SERIES(f->version))
			f->version = release;
	}
	return true;
}

static bool on_cmdline(struct reader *r, const char *s)
{
	size_t n = strlen(s);

	if (n >= sizeof(r->f->cmdline))
		return fail(r, "the command line is too long");
	memcpy(r->f->cmdline, s, n + 1);
	r->f->cmdline_told = true;
	return true;
}

/* "DMI: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2-debian 04/01/2014" */
static bool on_dmi(struct reader *r, const char *s)
{
	size_t n = strlen(s);

	if (!strstr(s, ", BIOS "))
		return true;
	n = min_u64(n, sizeof(r->f->machine) - 1);
	memcpy(r->f->machine, s, n);
	r->f->machine[n] = '\0';
	return true;
}

/* "** 12 printk messages dropped **" */
static bool on_dropped(struct reader *r, const char *s)
{
	if (r->phase != PHASE_BUILT && strstr(s, " messages dropped **"))
		r->f->dropped = true;
	return true;
}

static bool on_kaslr_off(struct reader *r, const char *s)
{
	(void)s;
	r->off_line = r->line;
	r->f->kaslr = NO;
	return true;
}

static bool on_kaslr_on(struct reader *r, const char *s)
{
	(void)s;
	r->f->kaslr = YES;
	return true;
}

static bool on_efi(struct reader *r, const char *s)
{
	(void)s;
	r->f->efi = true;
	return true;
}

/* ---- the memory map ---- */

/* As Linux prints it, until 6.19 and since 7.0; every other word is memory that is not RAM. */
static enum e820_type parse_type(const char *s)
{
	static const struct {
		const char *name;
		enum e820_type type;
	} types[] = {
		{ "usable", E820_RAM },
		{ "System RAM", E820_RAM },
		{ "ACPI data", E820_ACPI },
		{ "ACPI NVS", E820_NVS },
		{ "unusable", E820_UNUSABLE },
		{ "persistent (type 12)", E820_PRAM },
		{ "persistent RAM (type 12)", E820_PRAM },
		{ "persistent", E820_PMEM },
		{ "soft reserved", E820_SOFT_RESERVED },
		{ "application reserved", E820_SOFT_RESERVED },
	};

	text_blanks(&s);
	for_each (type, types, ARRAY_SIZE(types))
		if (scan_skip(&s, type->name))
			return type->type;
	return E820_RESERVED;
}

/* A second boot in the same file: what the first one told is void, but for what stands before its map. */
static bool start_boot(struct reader *r)
{
	struct facts *f = r->f;
	char release[sizeof(f->release)], cmdline[sizeof(f->cmdline)];
	uint32_t version = f->version;
	unsigned boots = f->boots;
	bool cmdline_told = f->cmdline_told;

	memcpy(release, f->release, sizeof(release));
	memcpy(cmdline, f->cmdline, sizeof(cmdline));
	free(f->seen);
	facts_init(f);
	memcpy(f->release, release, sizeof(release));
	memcpy(f->cmdline, cmdline, sizeof(cmdline));
	f->version = version;
	f->boots = boots;
	f->cmdline_told = cmdline_told;
	f->kaslr = r->off_line > r->map_line ? NO : UNKNOWN;
	*r = (struct reader){ .f = f, .err = r->err, .line = r->line, .off_line = r->off_line };
	return true;
}

static bool on_map_header(struct reader *r, const char *s)
{
	(void)s;
	r->map_who = NULL;
	return true;
}

static bool on_bios_header(struct reader *r, const char *s)
{
	if ((r->phase != PHASE_MAP || r->f->map.nr) && !start_boot(r))
		return false;
	r->f->boots++;
	r->map_line = r->line;
	return on_map_header(r, s);
}

/* One entry; the first of a map of other origin begins the map anew. */
static bool parse_entry(struct reader *r, const char *who, const char *s)
{
	struct facts *f = r->f;
	struct range range;
	enum e820_type type;
	enum status st;

	if (r->phase != PHASE_MAP || !text_begins(s, "[mem ")) /* since 7.0: "[gap 0x...-0x...]" */
		return true;
	if (r->map_who != who)
		f->map.nr = 0;
	r->map_who = who;
	if (!text_range(&s, &range) || *s != ' ')
		return fail(r, "unreadable range in the memory map");
	type = parse_type(s + 1);
	st = e820_add(&f->map, range.start, range_size(range), type);
	if (st == OK && *who == 'B')
		st = e820_add(&f->firmware, range.start, range_size(range), type);
	return st == OK || fail(r, "too many ranges in the memory map");
}

static bool on_bios_entry(struct reader *r, const char *s)
{
	return parse_entry(r, "BIOS", s);
}

static bool on_setup_data_entry(struct reader *r, const char *s)
{
	return parse_entry(r, "setup_data", s);
}

static bool on_user_entry(struct reader *r, const char *s)
{
	r->f->user_map |= r->phase == PHASE_MAP;
	return parse_entry(r, "user", s);
}

static bool on_modified_entry(struct reader *r, const char *s)
{
	r->f->user_map |= r->phase == PHASE_MAP;
	return parse_entry(r, "modified", s);
}

/*
 * "e820: update [mem ...] usable ==> reserved", "e820: remove [mem ...] usable": told at level debug, so not
 * everywhere.
 */
static bool on_e820_change(struct reader *r, bool remove)
{
	const char *s = r->rest, *arrow;
	struct facts *f = r->f;
	struct range range;
	enum status st;

	if (r->phase != PHASE_MAP || !f->map.nr)
		return true;
	if (!text_range(&s, &range))
		return fail(r, "unreadable range in a change of the memory map");
	arrow = text_behind(s, "==> ");
	if (!remove && !arrow)
		return fail(r, "unreadable change of the memory map");
	st = e820_sanitize(&f->map);
	if (st == OK && remove)
		st = e820_remove(&f->map, range, *s == ' ' ? parse_type(s + 1) : 0);
	else if (st == OK && *s == ' ')
		st = e820_update(&f->map, range, parse_type(s + 1), parse_type(arrow));
	return st == OK || fail(r, "too many ranges in the memory map");
}

static bool on_e820_update(struct reader *r, const char *s)
{
	(void)s;
	return on_e820_change(r, false);
}

static bool on_e820_remove(struct reader *r, const char *s)
{
	(void)s;
	return on_e820_change(r, true);
}

static bool on_last_pfn(struct reader *r, const char *s)
{
	struct facts *f = r->f;
	uint64_t pfn, arch;

	if (r->phase != PHASE_MAP)
		return true;
	if (!text_hex(&s, &pfn) || !scan_skip(&s, " max_arch_pfn = ") || !text_hex(&s, &arch))
		return fail(r, "unreadable last_pfn");
	if (arch != MAX_ARCH_PFN_4LEVEL && arch != MAX_ARCH_PFN_5LEVEL)
		return fail(r, "max_arch_pfn is not that of an x86-64 kernel");
	if (!f->nr_last_pfn)
		f->last_pfn_line = r->line;
	f->levels = arch == MAX_ARCH_PFN_5LEVEL ? 5 : 4;
	if (f->nr_last_pfn < ARRAY_SIZE(f->last_pfn))
		f->last_pfn[f->nr_last_pfn++] = pfn;
	/* What firmware is given to keep after this (efi_mem_reserve) leaves the map, but not memory. */
	f->taken = f->map;
	return true;
}

/* "efi: mem03: [Boot Data   |...] range=[0x...-0x...] (0MB)", printed with efi=debug. */
static bool on_efi_entry(struct reader *r, const char *s)
{
	const char *range = text_behind(s, "range=");
	struct range_list *list = NULL;
	struct range where;

	if (!range || r->phase != PHASE_MAP)
		return true;
	if (strstr(s, "[Boot Code") || strstr(s, "[Boot Data"))
		list = &r->f->boot_services;
	else if (strstr(s, "[Conventional"))
		list = &r->f->conventional;
	if (!list)
		return true;
	if (!text_range(&range, &where))
		return fail(r, "unreadable range in the UEFI memory map");
	return range_list_add(list, where) || fail(r, "too many ranges in the UEFI memory map");
}

/* ---- memblock=debug ---- */

static bool on_dump(struct reader *r, const char *s)
{
	(void)s;
	if (r->phase != PHASE_MAP)
		return true;
	r->phase = PHASE_DUMP;
	r->dump_line = r->line;
	r->f->exact = true;
	memblock_init(&r->f->mb);
	return true;
}

static bool on_dump_sizes(struct reader *r, const char *s)
{
	const char *reserved = text_behind(s, "reserved size = ");

	if (r->phase != PHASE_DUMP || !reserved)
		return true;
	r->reserved_sized = text_hex(&reserved, &r->reserved_size);
	return r->reserved_sized || fail(r, "unreadable sizes in the MEMBLOCK dump");
}

static bool parse_count(struct reader *r, struct dump_list *l, const char *s)
{
	if (r->phase != PHASE_DUMP)
		return true;
	text_blanks(&s);
	if (!scan_skip(&s, "= ") || !text_hex(&s, &l->count))
		return fail(r, "unreadable count in the MEMBLOCK dump");
	l->counted = true;
	return true;
}

static bool on_memory_count(struct reader *r, const char *s)
{
	return parse_count(r, &r->memory, s);
}

static bool on_reserved_count(struct reader *r, const char *s)
{
	return parse_count(r, &r->reserved, s);
}

/* "[0xI]	[0x...-0x...], 0x... bytes flags: 0x0": the index must follow, so that a lost line is seen. */
static bool parse_region(struct reader *r, struct dump_list *l, struct region *out)
{
	const char *s = r->rest, *flags;
	uint64_t index, v = 0;
	struct range range;

	if (!text_hex(&s, &index) || !scan_skip(&s, "]"))
		return fail(r, "unreadable region in the MEMBLOCK dump");
	text_blanks(&s);
	if (!text_range(&s, &range) || !scan_skip(&s, ", 0x"))
		return fail(r, "unreadable region in the MEMBLOCK dump");
	if (index != l->got)
		return fail(r, "a region of the MEMBLOCK dump is missing");
	flags = text_behind(s, "flags: ");
	if (flags && !text_hex(&flags, &v))
		return fail(r, "unreadable flags in the MEMBLOCK dump");
	l->got++;
	l->size += range_size(range);
	*out = (struct region){ range, .flags = (unsigned)v };
	return true;
}

static bool on_memory_region(struct reader *r, const char *s)
{
	const unsigned kept = MEMBLOCK_MIRROR | MEMBLOCK_NOMAP | MEMBLOCK_DRIVER_MANAGED;
	struct region m;
	enum status st;

	(void)s;
	if (r->phase != PHASE_DUMP)
		return true;
	if (!parse_region(r, &r->memory, &m))
		return false;
	st = memblock_add(&r->f->mb, m.r);
	if (st == OK && (m.flags & kept))
		st = memblock_mark(&r->f->mb, m.r, m.flags & kept, true);
	return st == OK || fail(r, "too many memory regions");
}

static bool end_dump(struct reader *r)
{
	if (!r->memory.counted || !r->reserved.counted || r->memory.got != r->memory.count ||
	    r->reserved.got != r->reserved.count)
		return input_fail(r->err, r->dump_line, "the MEMBLOCK dump is not whole");
	if (r->reserved_sized && r->reserved.size != r->reserved_size)
		return input_fail(r->err, r->dump_line, "the MEMBLOCK dump contradicts itself: reserved size");
	r->phase = PHASE_RESERVE;
	return true;
}

static bool on_reserved_region(struct reader *r, const char *s)
{
	struct region m;

	(void)s;
	if (r->phase != PHASE_DUMP)
		return true;
	if (!parse_region(r, &r->reserved, &m))
		return false;
	if (memblock_reserve(&r->f->mb, m.r) != OK)
		return fail(r, "too many reserved regions");
	return r->reserved.got != r->reserved.count || end_dump(r);
}

/* Any line that is printed only once the page tables are being built. */
static bool on_built(struct reader *r, const char *s)
{
	(void)s;
	if (r->phase == PHASE_DUMP && !end_dump(r))
		return false;
	r->phase = PHASE_BUILT;
	return true;
}

/* Any line that is printed only when they are built. */
static bool on_after(struct reader *r, const char *s)
{
	r->f->sees_built = true;
	return on_built(r, s);
}

static bool keep_table_page(struct reader *r, phys_t page)
{
	struct facts *f = r->f;

	r->table_page_next = false;
	if (f->nr_seen == f->room_seen) {
		size_t room = f->room_seen ? 2 * f->room_seen : 4096;
		phys_t *more = realloc(f->seen, room * sizeof(*more));

		if (!more)
			return fail(r, "out of memory");
		f->seen = more;
		f->room_seen = room;
	}
	f->seen[f->nr_seen++] = page;
	return true;
}

/* The brk area is the last thing setup_arch reserves before it tells memblock of memory. */
static void keep_early_reserve(struct reader *r, struct range range, const char *caller)
{
	if (scan_skip(&caller, "setup_arch+") || scan_skip(&caller, "reserve_brk+"))
		r->f->brk = range;
}

/* Since 6.16: "nid=-1 flags=20 FUNCTION". */
static const char *skip_node_and_flags(const char *s)
{
	text_blanks(&s);
	while (text_begins(s, "nid=") || text_begins(s, "flags=")) {
		s += strcspn(s, " ");
		text_blanks(&s);
	}
	return s;
}

static bool on_reserve(struct reader *r, const char *s)
{
	struct range range;
	enum status st;

	if (r->phase == PHASE_BUILT && !r->table_page_next && !strstr(s, "alloc_low_pages"))
		return true;
	if (!text_range(&s, &range))
		return fail(r, "unreadable range in memblock_reserve");
	s = skip_node_and_flags(s);
	if (r->table_page_next || text_begins(s, "alloc_low_pages"))
		return on_built(r, s) && keep_table_page(r, range.start);
	if (r->phase == PHASE_MAP) {
		keep_early_reserve(r, range, s);
		return true;
	}
	if (r->phase == PHASE_DUMP && !end_dump(r))
		return false;
	st = memblock_reserve(&r->f->mb, range);
	if (st != OK)
		return fail(r, "too many reserved regions");
	/* All of the first MiB: the last reservation before init_mem_mapping (since 5.13). */
	if (range.start == 0 && range.end == ISA_END)
		r->phase = PHASE_BUILT;
	return true;
}

static bool change_memblock(struct reader *r, enum status (*change)(struct memblock *, struct range))
{
	const char *s = r->rest;
	struct range range;

	if (r->phase != PHASE_DUMP && r->phase != PHASE_RESERVE)
		return true;
	if (r->phase == PHASE_DUMP && !end_dump(r))
		return false;
	if (!text_range(&s, &range))
		return fail(r, "unreadable range in a memblock line");
	return change(&r->f->mb, range) == OK || fail(r, "too many regions");
}

static bool on_free(struct reader *r, const char *s)
{
	(void)s;
	return change_memblock(r, memblock_free);
}

static bool on_add(struct reader *r, const char *s)
{
	(void)s;
	return change_memblock(r, memblock_add);
}

static bool on_alloc(struct reader *r, const char *s)
{
	if (strstr(s, " alloc_low_pages+")) {
		r->table_page_next = true;
		return on_built(r, s);
	}
	if (strstr(s, " init_mem_mapping+") || strstr(s, " memory_map_top_down+"))
		return on_built(r, s);
	return true;
}

/* memblock_alloc_try_nid and its kin give virtual addresses, which only work once the direct map is there. */
static bool on_virtual_alloc(struct reader *r, const char *s)
{
	if (strstr(s, ": 4096 bytes ") && strstr(s, " vmemmap_"))
		r->vmemmap_pages++;
	return on_after(r, s);
}

/* "ACPI: Reserving SRAT table memory at [mem 0x7ffe2387-0x7ffe250e]": a name has four characters, of whatever kind. */
static bool on_acpi_table(struct reader *r, const char *s)
{
	const char *range = strstr(s, "[mem ");
	struct range table;

	if (!r->f->nodes_told && (!range || !text_range(&range, &table)))
		return fail(r, "unreadable range of an ACPI table");
	if (!r->f->nodes_told && !range_list_add(&r->f->tables, table))
		return fail(r, "too many ACPI tables");
	return on_after(r, s);
}

static bool on_initrd(struct reader *r, const char *s)
{
	if (r->phase != PHASE_BUILT && !r->f->exact && !text_range(&s, &r->f->initrd))
		return fail(r, "unreadable range of the RAM disk");
	return on_after(r, s);
}

/* ---- CPU features ---- */

static bool on_gbpages(struct reader *r, const char *s)
{
	r->f->pse = r->f->gbpages = YES;
	return on_built(r, s);
}

/* /proc/meminfo behind the log: which leaves there are. */
static bool on_direct_map_size(struct reader *r, const char *s)
{
	bool giant = scan_skip(&s, "1G:");
	uint64_t kib;

	if (!giant && !scan_skip(&s, "2M:"))
		return true;
	text_blanks(&s);
	if (!scan_digits(&s, 10, &kib))
		return fail(r, "unreadable DirectMap line");
	r->had_map_sizes = true;
	r->had_2m |= kib != 0;
	return true;
}

/* hugetlb knows a size when the CPU has it. */
static bool on_hugetlb(struct reader *r, const char *s)
{
	if (strstr(s, "registered 2.00 MiB page size"))
		r->f->pse = YES;
	return true;
}

/*
 * A kernel without PSE maps its page structs in 4K pages, which costs one table for each section of memory; with PSE
 * it costs one for 512 sections.
 */
static void judge_vmemmap(struct reader *r)
{
	const struct memblock_list *m = &r->f->mb.memory;
	uint64_t sections = 0;

	for_each (region, m->r, m->nr)
		sections += range_size(region->r) / SECTION_SIZE;
	if (sections >= 8 && r->vmemmap_pages)
		r->f->pse = r->vmemmap_pages >= sections ? NO : YES;
}

/* ---- SRAT ---- */

static bool keep_node(struct reader *r, uint64_t node, uint64_t pxm)
{
	struct facts *f = r->f;

	if (node >= MAX_NUMNODES || pxm > UINT32_MAX)
		return fail(r, "impossible node number");
	if (f->node_pxm[node] == (int64_t)pxm)
		return true;
	if (f->node_pxm[node] >= 0)
		return fail(r, "contradiction: the node was said to be another proximity domain");
	for (int n = 0; n <= f->max_node; n++)
		if (f->node_pxm[n] == (int64_t)pxm)
			return fail(r, "contradiction: the proximity domain was said to be another node");
	f->nodes_told = f->sees_built = true;
	f->node_pxm[node] = (int64_t)pxm;
	f->max_node = (int)max_u64((uint64_t)(f->max_node + 1), node + 1) - 1;
	return true;
}

/* Lines that come when the nodes are known, or it is known that there is but one. */
static bool on_nodes(struct reader *r, const char *s)
{
	r->f->nodes_told = true;
	return on_after(r, s);
}

/* "PXM 0 -> APIC 0x00 -> Node 0". A damaged line is left out: a processor more or less moves no page. */
static bool on_srat_cpu(struct reader *r, const char *s)
{
	struct srat *srat = &r->f->srat_told;
	uint64_t pxm, apic, node;

	if (!scan_digits(&s, 10, &pxm) || !scan_skip(&s, " -> APIC ") || !text_hex(&s, &apic) ||
	    !scan_skip(&s, " -> Node ") || !scan_digits(&s, 10, &node))
		return true;
	if (srat->nr_initiator == SRAT_MAX_CPU)
		return fail(r, "too many processors in the SRAT lines");
	srat->initiator[srat->nr_initiator++] = (struct srat_initiator){ (uint32_t)pxm, (uint32_t)apic, SRAT_X2APIC };
	return keep_node(r, node, pxm);
}

/* "Node 0 PXM 0 [mem 0x...-0x...] hotplug non-volatile" */
static bool on_srat_memory(struct reader *r, const char *s)
{
	struct srat *srat = &r->f->srat_told;
	struct srat_mem m = { .enabled = true };
	uint64_t node, pxm;

	if (!scan_digits(&s, 10, &node) || !scan_skip(&s, " PXM ") || !scan_digits(&s, 10, &pxm) ||
	    !scan_skip(&s, " ") || !text_range(&s, &m.r))
		return fail(r, "unreadable memory in the SRAT lines");
	if (srat->nr_mem == SRAT_MAX_MEM)
		return fail(r, "too many memory ranges in the SRAT lines");
	m.pxm = (uint32_t)pxm;
	m.hotplug = strstr(s, "hotplug");
	m.nonvolatile = strstr(s, "non-volatile");
	srat->mem[srat->nr_mem++] = m;
	return keep_node(r, node, pxm);
}

/* ---- /proc/iomem ---- */

static bool on_iomem(struct reader *r, const char *s)
{
	uint64_t first, last;

	if (!scan_digits(&s, 16, &first) || !scan_skip(&s, "-") || !scan_digits(&s, 16, &last) ||
	    !scan_skip(&s, " : Kernel "))
		return true;
	if (last < first || last == UINT64_MAX)
		return fail(r, "unreadable range in /proc/iomem");
	if (!last) /* what a user who is not root sees */
		return true;
	if (!strcmp(s, "code"))
		r->f->kernel.start = first;
	else if (!strcmp(s, "bss"))
		r->f->bss_end = last + 1;
	return true;
}

/* ---- the table ---- */

struct line_kind {
	const char *begins;
	bool (*take)(struct reader *r, const char *rest);
};

static const struct line_kind map_kinds[] = {
	{ "BIOS-e820: ", on_bios_entry },
	{ "reserve setup_data: ", on_setup_data_entry },
	{ "user: ", on_user_entry },
	{ "modified: ", on_modified_entry },
	{ "BIOS-provided physical RAM map:", on_bios_header },
	{ "extended physical RAM map:", on_map_header },
	{ "user-defined physical RAM map:", on_map_header },
	{ "modified physical RAM map:", on_map_header },
	{ "e820: update ", on_e820_update },
	{ "e820: remove ", on_e820_remove },
};

static const struct line_kind log_kinds[] = {
	{ "memblock_reserve: ", on_reserve },
	{ "__memblock_reserve: ", on_reserve },
	{ "memblock_alloc_", on_virtual_alloc },
	{ "memblock_phys_alloc_range: ", on_alloc },
	{ "memblock_phys_free: ", on_free },
	{ "memblock_free: ", on_free },
	{ "memblock_add: ", on_add },
	{ "memblock_add_node: ", on_add },
	{ "memory[", on_memory_region },
	{ "reserved[", on_reserved_region },
	{ "memory.cnt", on_memory_count },
	{ "reserved.cnt", on_reserved_count },
	{ "memory size = ", on_dump_sizes },
	{ "MEMBLOCK configuration:", on_dump },
	{ "Linux version ", on_version },
	{ "Command line: ", on_cmdline },
	{ "last_pfn = ", on_last_pfn },
	{ "** ", on_dropped },
	{ "KASLR disabled", on_kaslr_off },
	{ "Memory KASLR using ", on_kaslr_on },
	{ "DMI: ", on_dmi },
	{ "efi: EFI v", on_efi },
	{ "efi: mem", on_efi_entry },
	{ "EFI stub: ", on_efi },
	{ "Using GB pages for direct mapping", on_gbpages },
	{ "RAMDISK: ", on_initrd },
	{ "ACPI: RSDP ", on_after },
	{ "ACPI: Reserving ", on_acpi_table },
	{ "ACPI: Early table ", on_after },
	{ "printk: log_buf_len: ", on_after },
	{ "ACPI: SRAT: Node ", on_srat_memory },
	{ "SRAT: Node ", on_srat_memory },
	{ "ACPI: SRAT: PXM ", on_srat_cpu },
	{ "SRAT: PXM ", on_srat_cpu },
	{ "No NUMA configuration found", on_nodes },
	{ "NUMA turned off", on_nodes },
	{ "Faking a node at ", on_nodes },
	{ "NODE_DATA(", on_nodes },
	{ "Zone ranges:", on_nodes },
	{ "HugeTLB: ", on_hugetlb },
	{ "DirectMap", on_direct_map_size },
};

static bool parse_kinds(struct reader *r, const struct line_kind *kinds, size_t nr, const char *message)
{
	for_each (kind, kinds, nr) {
		const char *s = message;

		/* Most lines are of no kind: the first character says so, without a call. */
		if (*s == *kind->begins && scan_skip(&s, kind->begins)) {
			r->rest = s;
			return kind->take(r, s);
		}
	}
	return true;
}

static bool read_lines(struct reader *r, char *text, size_t len, bool map_only)
{
	char *rest = text, *line;

	text_clean(text, len);
	len = logline_clean(text, len);
	while ((line = text_next_line(&rest, text + len))) {
		const char *message = logline_message(line);

		r->line++;
		if (!map_only && !ownlog_take(r->f, message, r->err))
			return false;
		if (!parse_kinds(r, map_kinds, ARRAY_SIZE(map_kinds), message))
			return false;
		if (!map_only && (!parse_kinds(r, log_kinds, ARRAY_SIZE(log_kinds), message) || !on_iomem(r, message)))
			return false;
	}
	return true;
}

/* A log that stops before the page tables are built does not hold all of its inputs. */
static bool check_end(struct reader *r)
{
	const char *value;
	bool debug = facts_option(r->f, "memblock", &value) && scan_skip(&value, "debug");

	if (r->phase == PHASE_DUMP)
		return fail(r, "the log ends inside the MEMBLOCK dump");
	if (r->phase == PHASE_RESERVE)
		return fail(r, "the log ends before the page tables are built");
	if (!r->f->exact && debug && r->phase != PHASE_BUILT)
		return fail(r, "the log ends before the MEMBLOCK configuration");
	if (!r->f->exact && !r->f->map.nr)
		return fail(r, "no memory map in it (no BIOS-e820 line, no MEMBLOCK configuration)");
	return true;
}

bool linuxlog_read(struct facts *f, char *text, size_t len, struct input_error *err)
{
	struct reader r = { .f = f, .err = err };

	if (len > 1 && text[0] == '\037' && text[1] == '\213')
		return fail(&r, "compressed by gzip: unpack it first");
	if (!read_lines(&r, text, len, false) || !check_end(&r))
		return false;
	if (f->nr_last_pfn)
		f->map = f->taken;
	f->lines = r.line;
	if (f->pse == UNKNOWN && r.had_map_sizes)
		f->pse = r.had_2m ? YES : NO;
	else if (f->pse == UNKNOWN && f->exact)
		judge_vmemmap(&r);
	facts_read_cmdline(f);
	return true;
}

bool linuxlog_read_map(struct facts *f, char *text, size_t len, struct input_error *err)
{
	struct reader r = { .f = f, .err = err };

	return read_lines(&r, text, len, true) && (f->map.nr || fail(&r, "no BIOS-e820 line in it"));
}
