/* SPDX-License-Identifier: MIT */
/* Completes what was read: memory, reservations, buffer and end of RAM, by Linux's rules (setup_arch, 6.1). */
#include "tools/predict/facts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/state/options.h"
#include "lib/format.h"
#include "lib/scan.h"
#include "mm/direct_map.h"
#include "tools/predict/dump.h"
#include "tools/predict/text.h"

#define BIOS_BEGIN 0xa0000ull
#define WHERE_IS_IT                                                                                                    \
	"nothing tells where the kernel lies (no memblock=debug, no \"Kernel code\" and \"Kernel bss\" of "            \
	"/proc/iomem): "                                                                                               \
	"give --kernel START:END"
#define KERNEL_MAP_BASE 0xffffffff80000000ull /* __START_KERNEL_map */

bool input_fail(struct input_error *err, unsigned long line, const char *fmt, ...)
{
	va_list ap;

	err->line = line;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return false;
}

bool range_list_add(struct range_list *l, struct range r)
{
	if (l->nr == FACTS_MAX_RANGES)
		return false;
	l->r[l->nr++] = r;
	return true;
}

void facts_init(struct facts *f)
{
	memset(f, 0, sizeof(*f));
	memblock_init(&f->mb);
	f->pgd = PHYS_NONE;
	f->max_node = -1;
	for_each (pxm, f->node_pxm, MAX_NUMNODES)
		*pxm = -1;
}

struct facts *facts_new(void)
{
	struct facts *f = malloc(sizeof(*f));

	if (f)
		facts_init(f);
	return f;
}

void facts_free(struct facts *f)
{
	if (f) {
		free(f->seen);
		free(f->srat_bytes);
		for_each (b, f->beside, f->nr_beside)
			free(b->bytes);
	}
	free(f);
}

bool facts_option(const struct facts *f, const char *name, const char **value)
{
	const char *p = f->cmdline;
	size_t n = strlen(name);
	bool found = false;

	for (;;) {
		bool quoted = false;

		p += strspn(p, " \t");
		if (!*p || !strncmp(p, "-- ", 3))
			return found;
		if (!strncmp(p, name, n) && (!p[n] || strchr(" \t=", p[n]))) {
			found = true;
			if (value)
				*value = p[n] == '=' ? p + n + 1 : "";
		}
		for (; *p && (quoted || (*p != ' ' && *p != '\t')); p++)
			quoted ^= *p == '"';
	}
}

/* clearcpuid= is a list of numbers or, since 5.18, names: word 0 bit 3 is PSE, bit 26 of the second word GBPAGES. */
static void read_clearcpuid(struct facts *f)
{
	static const char *const pse[] = { "pse", "3" }, *const gbpages[] = { "pdpe1gb", "58" };
	const char *p;

	if (!facts_option(f, "clearcpuid", &p))
		return;
	while (*p && *p != ' ') {
		size_t n = strcspn(p, ", ");

		for (size_t i = 0; i < 2; i++) {
			if (n == strlen(pse[i]) && !strncmp(p, pse[i], n))
				f->pse = NO;
			if (n == strlen(gbpages[i]) && !strncmp(p, gbpages[i], n))
				f->gbpages = NO;
		}
		p += n + (p[n] == ',');
	}
}

void facts_read_cmdline(struct facts *f)
{
	const char *v;

	f->movable_node = facts_option(f, "movable_node", &v) ? YES : NO;
	if (f->own) /* Landfall's default is on */
		f->movable_node = f->movable_node == YES && text_begins(v, "off") ? NO : YES;
	if (facts_option(f, "nokaslr", NULL))
		f->kaslr = NO;
	if (facts_option(f, "nogbpages", NULL))
		f->gbpages = NO;
	read_clearcpuid(f);
	if (facts_option(f, "numa", &v) && (scan_skip(&v, "off") || scan_skip(&v, "noacpi")))
		f->no_srat = true;
	if (facts_option(f, "acpi", &v) && scan_skip(&v, "off"))
		f->no_srat = true;
}

void facts_map_words(const struct facts *f, char *line)
{
	char *out = line;

	for (const char *p = f->cmdline; *(p += strspn(p, " \t"));) {
		size_t n = strcspn(p, " \t");

		if (n == 2 && !strncmp(p, "--", 2))
			break;
		if (!strncmp(p, "mem=", 4) || !strncmp(p, "memmap=", 7)) {
			memcpy(out, p, n);
			out[n] = ' ';
			out += n + 1;
		}
		p += n;
	}
	*out = '\0';
}

/* mem= and memmap= of the command line, when no map printed after them tells their effect. */
static bool apply_user_map(struct facts *f, struct input_error *err)
{
	static struct options opt;
	struct option_error bad;
	char line[CMDLINE_MAX];

	if (f->user_map)
		return true;
	facts_map_words(f, line);
	options_init(&opt);
	if (!options_parse(&opt, line, &bad))
		return input_refuse(err, "command line: %s", bad.text);
	return options_apply_map(&opt, &f->map) == OK || input_refuse(err, "mem= and memmap= make too many ranges");
}

bool facts_stub_chooses(const struct facts *f)
{
	return f->efi && linux_follows(f->version, LINUX_STUB_CHOOSES);
}

struct range image_taken(const struct facts *f)
{
	struct range taken = { f->kernel.start, f->buffer.end };
	struct range last = { f->buffer.end - PAGE_SIZE, f->buffer.end };
	const struct region *hit = memblock_overlap(&f->mb.reserved, last);

	if (hit)
		taken.end = min_u64(hit->r.end, f->kernel.end);
	return taken;
}

static phys_t page_up(phys_t p)
{
	return p > UINT64_MAX - PAGE_SIZE ? align_down(p, PAGE_SIZE) : align_up(p, PAGE_SIZE);
}

/* e820__memblock_setup after trim_bios_range: RAM without page 0 and without [640K, 1M). */
static bool make_memory(struct facts *f, struct input_error *err)
{
	enum status s = e820_sanitize(&f->map);

	if (s == OK && !apply_user_map(f, err))
		return false;
	if (s == OK)
		s = e820_update(&f->map, range_below(PAGE_SIZE), E820_RAM, E820_RESERVED);
	if (s == OK)
		s = e820_remove(&f->map, (struct range){ BIOS_BEGIN, ISA_END }, E820_RAM);
	if (s == OK)
		s = e820_update(&f->map,
				(struct range){ align_down(f->kernel.start, PAGE_SIZE), page_up(f->kernel.end) },
				E820_RESERVED, E820_RAM);
	for_each (e, f->map.e, f->map.nr) {
		if (s != OK)
			break;
		if (e->type == E820_RAM)
			s = memblock_add(&f->mb, e->r);
		else if (e->type == E820_SOFT_RESERVED)
			s = memblock_reserve(&f->mb, e->r);
	}
	return s == OK || input_refuse(err, "memory map: %s", status_str(s));
}

/* What is known to be reserved without memblock=debug. */
static bool make_reserved(struct facts *f, struct input_error *err)
{
	enum status s = memblock_reserve(&f->mb, range_below(ISA_END));

	if (s == OK)
		s = memblock_reserve(&f->mb, (struct range){ f->kernel.start, f->brk.end });
	if (s == OK)
		s = memblock_reserve(&f->mb, (struct range){ f->initrd.start, page_up(f->initrd.end) });
	for_each (r, f->boot_services.r, f->boot_services.nr) {
		if (s == OK)
			s = memblock_reserve(&f->mb, *r);
	}
	return s == OK || input_refuse(err, "reservations: %s", status_str(s));
}

/* Where the brk area begins: told, or in front of _end, or behind the last thing /proc/iomem names. */
static void place_brk_start(struct facts *f, uint64_t size)
{
	if (range_empty(f->brk) && f->bss_end)
		f->brk.start = page_up(f->bss_end);
	else if (range_empty(f->brk))
		f->brk.start = f->kernel.end - min_u64(f->kernel.end, size);
}

/* The kernel's end and its page-table buffer: from what is reserved of brk, else from the layout of Linux's image. */
static bool place_brk(struct facts *f, struct input_error *err)
{
	uint64_t room = range_empty(f->brk) ? UINT64_MAX : range_size(f->brk) / PAGE_SIZE;
	uint64_t pages = linux_buffer_pages(f->version, room) * PAGE_SIZE;

	place_brk_start(f, FACTS_BRK_SIZE + pages);
	if (!f->brk.start)
		return input_refuse(err, WHERE_IS_IT);
	if (!f->kernel.end)
		f->kernel.end = f->brk.start + FACTS_BRK_SIZE + pages;
	if (range_empty(f->buffer)) {
		if (range_empty(f->brk))
			f->brk.end = f->brk.start + FACTS_DMI_SIZE + pages;
		if (!pages)
			return input_refuse(err,
					    "the brk area of %llu pages has no room for a page-table buffer: "
					    "give --brk ADDR:PAGES",
					    (ull)room);
		f->buffer = (struct range){ f->brk.end - pages, f->brk.end };
	} else if (range_empty(f->brk)) {
		f->brk.end = f->buffer.end;
	}
	if (f->buffer.start % PAGE_SIZE || f->kernel.end % PAGE_SIZE)
		return input_refuse(err, "the page-table buffer or the kernel's end is not page aligned");
	if (range_empty(f->kernel) || !range_holds(f->kernel, f->buffer))
		return input_refuse(
			err, "page-table buffer [mem 0x%llx-0x%llx] is not inside the kernel [mem 0x%llx-0x%llx]",
			(ull)f->buffer.start, (ull)f->buffer.end - 1, (ull)f->kernel.start, (ull)f->kernel.end - 1);
	return true;
}

/* The kernel's start, when only its brk area is known: the reserved region that holds it begins there. */
static bool place_text(struct facts *f, struct input_error *err)
{
	const struct region *hit = memblock_overlap(&f->mb.reserved, f->brk);

	if (f->kernel.start)
		return true;
	if (!hit)
		return input_refuse(err, WHERE_IS_IT);
	f->kernel.start = align_down(hit->r.start, PAGE_SIZE);
	return true;
}

/* max_pfn as Linux has it, and whether the log agrees. */
static bool find_end(struct facts *f, struct input_error *err)
{
	phys_t limit = f->levels == 5 ? MAXMEM_5LEVEL : MAXMEM_4LEVEL;
	bool agrees = f->nr_last_pfn == 0;

	if (!f->mb.memory.nr)
		return input_refuse(err, "no RAM in the memory map");
	f->end = min_u64(f->mb.memory.r[f->mb.memory.nr - 1].r.end, limit);
	for_each (last, f->last_pfn, f->nr_last_pfn)
		agrees |= *last == f->end >> PAGE_SHIFT;
	if (!agrees)
		return input_fail(err, f->last_pfn_line, "contradiction: RAM ends at page 0x%llx, last_pfn says 0x%llx",
				  (ull)(f->end >> PAGE_SHIFT), (ull)f->last_pfn[0]);
	return true;
}

/* Where nothing tells the tables themselves: what firmware calls their memory. */
static bool make_tables(struct facts *f, struct input_error *err)
{
	if (f->tables.nr || f->max_node >= 0)
		return true;
	for_each (e, f->map.e, f->map.nr)
		if (e->type == E820_ACPI && !range_list_add(&f->tables, e->r))
			return input_refuse(err, "too many ranges of ACPI tables");
	return true;
}

bool facts_complete(struct facts *f, struct input_error *err)
{
	if (!f->exact && !f->map.nr)
		return input_refuse(err, "no memory map (no BIOS-e820 line, no MEMBLOCK configuration)");
	if (f->exact && !place_text(f, err))
		return false;
	if (!place_brk(f, err))
		return false;
	if (!make_tables(f, err))
		return false;
	if (!f->exact && (!place_text(f, err) || !make_memory(f, err) || !make_reserved(f, err)))
		return false;
	memblock_trim(&f->mb);
	/* Already so, unless the log contradicts itself: then no page must be handed out twice. */
	if (memblock_reserve(&f->mb, f->buffer) != OK)
		return input_refuse(err, "too many reserved regions");
	if (!memblock_memory_in(&f->mb, f->kernel))
		return input_refuse(err, "contradiction: the kernel [mem 0x%llx-0x%llx] does not lie in RAM",
				    (ull)f->kernel.start, (ull)f->kernel.end - 1);
	if (!f->levels)
		f->levels = 4;
	if (f->max_node >= 0 && !f->srat_bytes && !facts_make_srat(f))
		return input_refuse(err, "out of memory");
	if (!find_end(f, err))
		return false;
	if (f->kernel.end > f->end)
		return input_refuse(
			err, "the kernel [mem 0x%llx-0x%llx] lies where page tables of %u levels do not reach",
			(unsigned long long)f->kernel.start, (unsigned long long)f->kernel.end - 1, f->levels);
	return true;
}

/* Moved up or down, modulo 2^64. */
static struct range shifted(struct range r, uint64_t by)
{
	return (struct range){ r.start + by, r.end + by };
}

bool facts_move_kernel(struct facts *f, phys_t base, struct input_error *err)
{
	struct range taken = image_taken(f), image = { base, base + range_size(taken) };
	uint64_t by = base - f->kernel.start;

	if (base % (2 * MIB) || !base)
		return input_refuse(err, "--base: 0x%llx is not a multiple of 2 MiB from 1 MiB on", (ull)base);
	if (memblock_free(&f->mb, taken) != OK)
		return input_refuse(err, "too many reserved regions");
	if (range_empty(image) || base + range_size(f->kernel) > f->end ||
	    memblock_memory_in(&f->mb, image) != range_size(image))
		return input_refuse(err, "--base: no RAM for the kernel at 0x%llx", (ull)base);
	f->kernel = shifted(f->kernel, by);
	f->buffer = shifted(f->buffer, by);
	if (f->pgd != PHYS_NONE)
		f->pgd += by;
	if (memblock_reserve(&f->mb, image) != OK)
		return input_refuse(err, "too many reserved regions");
	return true;
}

static bool read_table(const char *path, const char *signature, uint8_t **bytes, size_t *len, struct input_error *err)
{
	const char *why;
	char *data = text_read_file(path, len, &why);

	err->file = path;
	if (!data)
		return input_refuse(err, "%s", why);
	if (*len < ACPI_HEADER_SIZE || memcmp(data, signature, 4))
		*len = dump_take(data, *len, signature);
	if (*len < ACPI_HEADER_SIZE) {
		free(data);
		return input_refuse(err, "not an %s: its signature is missing", signature);
	}
	*bytes = (uint8_t *)data;
	return true;
}

bool facts_read_srat(struct facts *f, const char *path, struct input_error *err)
{
	uint8_t *old = f->srat_bytes;

	if (!read_table(path, "SRAT", &f->srat_bytes, &f->srat_len, err))
		return false;
	free(old);
	return true;
}

bool facts_read_slit(struct facts *f, const char *path, struct input_error *err)
{
	unsigned n = 0;
	uint8_t *old;

	while (n < f->nr_beside && memcmp(f->beside[n].bytes, "SLIT", 4))
		n++;
	old = f->beside[n].bytes; /* NULL behind the last one */
	if (!read_table(path, "SLIT", &f->beside[n].bytes, &f->beside[n].len, err))
		return false;
	f->nr_beside += !old;
	free(old);
	return true;
}

/* One symbol of a System.map: "ffffffff81000000 T _text". */
static void read_symbol(const char *line, const char *name, uint64_t *value)
{
	uint64_t v;

	if (scan_digits(&line, 16, &v) && line[0] == ' ' && !strcmp(strrchr(line, ' ') + 1, name))
		*value = v;
}

bool facts_read_system_map(struct facts *f, const char *path, struct input_error *err)
{
	uint64_t text = 0, brk = 0, end = 0, pgd = 0;
	const char *why;
	size_t len;
	char *data = text_read_file(path, &len, &why), *rest = data, *line;
	bool stub;

	err->file = path;
	if (!data)
		return input_refuse(err, "%s", why);
	text_clean(data, len);
	stub = strstr(data, "The real System.map is in");
	while ((line = text_next_line(&rest, data + len))) {
		read_symbol(line, "_text", &text);
		read_symbol(line, "__brk_base", &brk);
		read_symbol(line, "_end", &end);
		read_symbol(line, "init_top_pgt", &pgd);
	}
	free(data);
	if (text < KERNEL_MAP_BASE || brk <= text || end <= brk)
		return input_refuse(err,
				    stub ? "a stub that names another package; that kernel's /proc/kallsyms will do"
					 : "no _text, __brk_base and _end in it");
	/* Without KASLR a BIOS boot puts the kernel where it was linked for. */
	if (!range_empty(f->brk) && f->brk.start <= brk - text)
		return input_refuse(err, "contradiction: the kernel would begin below 0");
	if (!range_empty(f->brk))
		f->kernel.start = f->brk.start - (brk - text);
	else if (!f->kernel.start && f->kaslr == NO && !f->efi)
		f->kernel.start = text - KERNEL_MAP_BASE;
	if (!f->kernel.start)
		return input_refuse(err, "the log does not tell where the kernel lies: give --kernel START:END");
	f->kernel.end = f->kernel.start + (end - text);
	if (range_empty(f->brk))
		f->brk.start = f->kernel.start + (brk - text);
	if (pgd)
		f->pgd = f->kernel.start + (pgd - text);
	return true;
}
