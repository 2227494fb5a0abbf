/* SPDX-License-Identifier: MIT */
/* Runs the kernel's steps on a host: nodes, one map per policy, and where its pages lie. */
#include "tools/predict/predict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kernel/steps.h"
#include "kernel/report/report.h"
#include "kernel/state/options.h"
#include "lib/format.h"
#include "lib/version.h"
#include "tools/predict/rules.h"

#define NSEC_PER_SEC 1000000000ull
#define FINDING "finding: "

/* ---- the platform: the bytes of the tables, shadow memory, standard output ---- */

/* The SRAT lies at 0, the others 4 GiB apart. */
#define TABLE_AT(n) ((phys_t)(n) << 32)

static bool read_table_bytes(void *ctx, phys_t at, void *buf, size_t len)
{
	const struct facts *f = ctx;
	uint64_t n = at >> 32, offset = at & UINT32_MAX;
	const uint8_t *bytes = n ? NULL : f->srat_bytes;
	size_t size = n ? 0 : f->srat_len;

	if (n && n <= f->nr_beside) {
		bytes = f->beside[n - 1].bytes;
		size = f->beside[n - 1].len;
	}
	if (!lies_within(size, offset, len))
		return false;
	memcpy(buf, bytes + offset, len);
	return true;
}

static bool begins(const char *s, size_t len, const char *word)
{
	return len >= strlen(word) && !memcmp(s, word, strlen(word));
}

/* What a finding's rule means, below the first of its lines. */
static void explain(const char *s, size_t len)
{
	static const char *last;
	char rule[80] = "";
	const char *sentence;

	memcpy(rule, s, min_u64(len, sizeof(rule) - 1));
	sentence = rule_sentence(rule);
	if (sentence && sentence != last)
		printf("  %s\n", sentence);
	last = sentence;
}

/*
 * One whole line. The kernel's stamps are left out, since nothing runs here whose time would matter, and so is the
 * KTAP it puts behind an error.
 */
static void write_line(void *ctx, const char *s, size_t len)
{
	const char *stamp_end = *s == '[' ? memchr(s, ']', len) : NULL;
	FILE *to = stdout;

	(void)ctx;
	if (stamp_end && (size_t)(stamp_end - s) + 2 <= len) {
		len -= (size_t)(stamp_end - s) + 2;
		s = stamp_end + 2;
	}
	if (begins(s, len, "KTAP ") || begins(s, len, "Bail out!"))
		return;
	if (begins(s, len, "error: ")) {
		to = stderr;
		fputs("landfall-predict: ", to);
	}
	while (len && (s[len - 1] == '\n' || s[len - 1] == '\r'))
		len--;
	fwrite(s, 1, len, to);
	putc('\n', to);
	if (begins(s, len, FINDING))
		explain(s + strlen(FINDING), len - strlen(FINDING));
}

static uint64_t read_clock(void *ctx)
{
	struct timespec now;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

static void keep_page(void *ctx, phys_t page, bool from_buffer)
{
	struct page_list *l = ((struct session *)ctx)->pages;

	if (from_buffer || !l)
		return;
	if (l->nr == l->room) {
		l->room = l->room ? 2 * l->room : 4096;
		l->page = realloc(l->page, l->room * sizeof(*l->page));
		if (!l->page) {
			fputs("landfall-predict: error: out of memory for the list of pages\n", stderr);
			exit(2);
		}
	}
	l->page[l->nr++] = page;
}

static void clear_tables(void *ctx)
{
	shadow_clear(((struct session *)ctx)->shadow);
}

/* A list of pages needs them one by one, the records only where there are not too many. */
static bool has_room(void *ctx, uint64_t pages)
{
	const struct session *s = ctx;

	return s->pages || (!s->counts && pages <= PREDICT_MAX_BUILT);
}

static void open_log(struct session *s)
{
	uint64_t boot_id = 0;

	if (getentropy(&boot_id, sizeof(boot_id)))
		boot_id = (uintptr_t)s;
	log_init(&s->h->log, read_clock(NULL), NSEC_PER_SEC, boot_id);
	s->platform.tables = shadow_tables(s->shadow);
	s->platform.phys = (struct physmem){ .read = read_table_bytes, .ctx = s->facts };
	s->platform.write = write_line;
	s->platform.tsc = read_clock;
	s->platform.clear_tables = clear_tables;
	s->platform.handed_out = keep_page;
	s->platform.room = has_room;
	s->platform.ctx = s;
	s->run = run_open(s->h, &s->platform);
	s->h->log.text = s->h->opt.report_text && !s->quiet;
	s->h->log.json = s->h->opt.report_json && !s->quiet;
	log_open(&s->run.log);
}

/* ---- from facts to the kernel's own structures ---- */

static unsigned page_sizes(const struct facts *f, enum page_size_option wanted)
{
	switch (wanted) {
	case PAGE_SIZE_4K:
		return PAGE_4K;
	case PAGE_SIZE_2M:
		return PAGE_2M;
	case PAGE_SIZE_1G:
		return PAGE_2M | PAGE_1G;
	default:
		if (f->pse == NO)
			return PAGE_4K;
		return f->gbpages == YES ? PAGE_2M | PAGE_1G : PAGE_2M;
	}
}

static bool choose(struct session *s, struct input_error *err)
{
	struct facts *f = s->facts;
	struct choice *c = &s->h->choice;
	const struct options *o = &s->h->opt;
	uint64_t lowest = f->levels == 5 ? PAGE_OFFSET_5LEVEL : PAGE_OFFSET_4LEVEL;

	c->base = f->kernel.start;
	c->end = f->kernel.end;
	c->length = c->end - c->base;
	c->size = align_up(o->image_given ? o->image_slot : c->end - c->base, KASLR_ALIGN);
	c->slot = UINT64_MAX;
	c->levels = f->levels;
	c->page_sizes = page_sizes(f, o->page_size);
	c->page_offset = o->page_offset_kind == PAGE_OFFSET_ADDRESS ? o->page_offset
			 : f->own_page_offset                       ? f->own_page_offset
								    : lowest;
	if (o->page_offset_kind == PAGE_OFFSET_RANDOM)
		return input_refuse(err, "--page-offset: an address is needed");
	if (c->page_offset % GIB || c->page_offset < lowest || c->page_offset > DIRECT_MAP_LIMIT - f->end)
		return input_refuse(
			err, "--page-offset 0x%llx: not 1 GiB aligned, or RAM does not fit between 0x%llx and 0x%llx",
			(ull)c->page_offset, (ull)lowest, DIRECT_MAP_LIMIT);
	if ((o->fragment.every || o->fragment.permille) && !(c->page_sizes & PAGE_2M))
		return input_refuse(err, "--fragment has no effect: there are 4 KiB pages only");
	/* An END that was not given is the SLOT. */
	if (o->image_given && o->image_end != o->image_slot && o->image_end != c->end - c->base)
		return input_refuse(err, "--image-size: END is 0x%llx, but the kernel is 0x%llx bytes long",
				    (ull)o->image_end, (ull)(c->end - c->base));
	if (c->size < c->end - c->base)
		return input_refuse(err, "--image-size: the kernel alone is 0x%llx bytes long",
				    (ull)(c->end - c->base));
	return true;
}

/* Which page of the image it is only a System.map tells; one that memblock may give away cannot be it. */
static phys_t top_table(const struct facts *f)
{
	struct range page = { f->pgd, f->pgd + PAGE_SIZE };

	if (f->pgd == PHYS_NONE || f->pgd % PAGE_SIZE || range_overlaps(page, f->buffer) ||
	    !memblock_overlap(&f->mb.reserved, page))
		return TOP_TABLE;
	return f->pgd;
}

static void choose_image(struct session *s, const char *options)
{
	struct bootinfo *bi = &s->h->bi;
	const struct facts *f = s->facts;

	bi->protocol = BOOT_PREDICT;
	bi->buffer = f->buffer;
	bi->pgd = top_table(f);
	snprintf(bi->loader, sizeof(bi->loader), "landfall-predict");
	snprintf(bi->cmdline, sizeof(bi->cmdline), "%s", options);
	snprintf(s->h->smbios.product, sizeof(s->h->smbios.product), "%.*s", SMBIOS_NAME_MAX - 1, f->machine);
	s->h->seed = s->h->opt.seed;
}

/* The map that counts: RAM is what memblock was told, everything else as firmware has it. */
static bool read_memory(struct session *s, struct input_error *err)
{
	const struct memblock_list *m = &s->facts->mb.memory;
	struct e820 *map = &s->h->map;
	enum status st;

	*map = s->facts->map;
	st = e820_sanitize(map);
	if (st == OK)
		st = e820_update(map, range_below(UINT64_MAX), E820_RAM, E820_RESERVED);
	for_each (ram, m->r, m->nr) {
		if (st == OK)
			st = e820_remove(map, ram->r, 0);
	}
	for_each (ram, m->r, m->nr) {
		if (st == OK)
			st = e820_add(map, ram->r.start, range_size(ram->r), E820_RAM);
	}
	if (st != OK || e820_sanitize(map) != OK)
		return input_refuse(err, "too many memory regions");
	s->h->end_of_ram = s->facts->end;
	report_memory_records(&s->run.log, map);
	return true;
}

/* What is reserved, cut so that the first MiB and the kernel each stand alone, as in the kernel's log. */
static void report_reservations(struct session *s)
{
	const struct memblock_list *l = &s->run.mb->reserved;
	struct range image = image_taken(s->facts);
	const phys_t cuts[] = { 1 * MIB, image.start, image.end };

	for_each (m, l->r, l->nr) {
		struct range r = m->r, piece;

		for (; !range_empty(r); r.start = piece.end) {
			piece = r;
			for_each (cut, cuts, ARRAY_SIZE(cuts)) {
				if (*cut > r.start)
					piece.end = min_u64(piece.end, *cut);
			}
			report_reserved(&s->run.log, piece,
					piece.end <= 1 * MIB                 ? "low memory"
					: range_contains(image, piece.start) ? "kernel"
									     : "reserved before");
		}
	}
}

struct acpi_root session_tables(const struct session *s)
{
	struct acpi_root root = { .mem = &s->platform.phys, .rsdp = PHYS_NONE };

	if (s->facts->srat_bytes && !s->facts->no_srat) {
		for (; root.nr <= s->facts->nr_beside; root.nr++) /* the SRAT is the first */
			root.table[root.nr] = TABLE_AT(root.nr);
	}
	return root;
}

static bool find_nodes(struct session *s, struct input_error *err)
{
	struct acpi_root root = session_tables(s);
	struct slit slit;

	if (!nodes_join(&s->run, &root, &slit) || !slots_find(s, err))
		return false;
	s->h->bi.image = s->facts->kernel;
	if (!nodes_accept(&s->run.log, s->h, &slit, s->run.mb))
		return false;
	for_each (r, s->facts->tables.r, s->facts->tables.nr)
		numa_note_table(&s->h->numa, *r);
	*s->run.mb = s->facts->mb;
	report_reservations(s);
	numa_judge(&s->h->numa, s->run.mb);
	report_nodes(&s->run.log, &s->h->numa, (struct range){ s->h->choice.base, s->h->choice.end });
	report_geometry(&s->run.log, s->h);
	if (s->layout)
		layout_report(s);
	return true;
}

/* Rules that are not those of the log's kernel are said to be. */
static void judge_version(struct session *s)
{
	const unsigned v = LINUX_SERIES(s->facts->version);

	if (v > LINUX_SERIES(LINUX_NEWEST))
		log_text(&s->run.log, "Linux %u.%u is newer than the newest known: the rules are those of %u.%u",
			 v >> 8, v & 0xff, LINUX_MAJOR(LINUX_NEWEST), LINUX_MINOR(LINUX_NEWEST));
	if (v && v < LINUX_SERIES(LINUX_OLDEST))
		report_warning(&s->run.log, "Linux %u.%u took its pages by older rules; these are those of %u.%u",
			       v >> 8, v & 0xff, LINUX_MAJOR(LINUX_OLDEST), LINUX_MINOR(LINUX_OLDEST));
}

/* What is predicted, and from what. */
static void introduce(struct session *s)
{
	const struct choice *c = &s->h->choice;
	const struct facts *f = s->facts;
	struct log *l = &s->run.log;

	log_text(l, "Landfall " LANDFALL_VERSION ": where do early page tables land? (prediction)");
	if (*f->release)
		log_text(l, "Linux %.60s%s", f->release, f->efi ? ", booted by UEFI" : "");
	if (*f->machine)
		log_text(l, "machine: %s", f->machine);
	if (f->boots > 1)
		log_text(l, "%u boots in the log: the last one counts", f->boots);
	judge_version(s);
	log_text(l, "%u levels, pages up to %s%s, KASLR %s, movable_node %s", c->levels,
		 c->page_sizes & PAGE_1G   ? "1g"
		 : c->page_sizes & PAGE_2M ? "2m"
					   : "4k",
		 f->pse == UNKNOWN && s->h->opt.page_size == PAGE_SIZE_AUTO ? " (assumed)" : "",
		 c->trampoline ? "on" : "off", s->h->opt.movable_node ? "on" : "off");
	if (*f->incomplete)
		log_text(l, "inputs incomplete: %s", f->incomplete);
	report_boot_record(&s->run.log, s->h);
}

/* "page_size=3m: why": in this program's spelling. */
static bool refuse_option(char *text, struct input_error *err)
{
	char *end = text + strcspn(text, "=:");

	for (char *p = text; p < end; p++)
		*p = *p == '_' ? '-' : *p;
	if (*end == '=')
		*end = ' ';
	return input_refuse(err, "--%s", text);
}

/* Parses the options, and makes room for all that follows. */
static bool begin(struct session *s, struct facts *f, const char *options, struct input_error *err)
{
	struct option_error bad;

	s->facts = f;
	s->h = calloc(1, sizeof(*s->h));
	s->shadow = shadow_new();
	if (!s->h || !s->shadow)
		return input_refuse(err, "out of memory");
	options_init(&s->h->opt);
	if (!options_parse(&s->h->opt, options, &bad))
		return refuse_option(bad.text, err);
	err->text[0] = '\0';
	return true;
}

bool session_start(struct session *s, struct facts *f, const char *options, struct input_error *err)
{
	if (!begin(s, f, options, err))
		return false;
	open_log(s);
	return true;
}

bool session_open(struct session *s, struct facts *f, const char *options, struct input_error *err)
{
	if (!begin(s, f, options, err))
		return false;
	s->h->choice.trampoline = f->kaslr != NO;
	choose_image(s, options);
	if (!choose(s, err))
		return false;
	open_log(s);
	introduce(s);
	return read_memory(s, err) && find_nodes(s, err);
}

void session_close(struct session *s)
{
	if (s->h && *s->h->log.error)
		(void)report_bail_out(&s->run.log, s->h);
	shadow_free(s->shadow);
	free(s->h);
}

uint64_t predict_estimate(const struct session *s)
{
	uint64_t ram = memblock_memory_in(&s->facts->mb, range_below(s->h->end_of_ram));
	uint64_t pages = 64 + ram / (512 * GIB);

	if (!(s->h->choice.page_sizes & PAGE_1G))
		pages += ram / GIB + s->facts->mb.memory.nr;
	if (!(s->h->choice.page_sizes & PAGE_2M))
		pages += ram / (2 * MIB) + s->facts->mb.memory.nr;
	return pages;
}
