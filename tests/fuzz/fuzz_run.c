/* SPDX-License-Identifier: MIT */
/*
 * The whole run on a machine, tables and options of the fuzzer's making, with a second opinion on all that counts.
 * Every page that memblock hands out is the one a plain search over free memory finds; the tables map exactly the RAM;
 * each of their pages was handed out once, from RAM that was free; and the verdicts say what was counted here. Linked
 * with --wrap=pt_alloc_page.
 */
#include "tests/fuzz/fuzz.h"

#include <stdarg.h>

#include "lib/crc32.h"
#include "kernel/kernel.h"
#include "kernel/state/options.h"
#include "mm/policy.h"
#include "tools/table_writer.h"

#define IMAGE_SIZE 0x1f0000ull
#define TABLES_AT (1ull << 51) /* above all RAM but the oddest */
#define SMALL_PAGES_MAX (64 * MIB)
#define LARGE_PAGES_MAX (64 * GIB)
#define MAX_BORDERS 256
#define MAX_PIECES 8192
#define MAX_PAGES 65536
#define FAKE_PAGES 16384
#define FAKE_BUCKETS (2 * FAKE_PAGES)

phys_t __real_pt_alloc_page(struct pt_alloc *a);
phys_t __wrap_pt_alloc_page(struct pt_alloc *a);

/* ---- memory: pages come into being, zeroed, when they are first asked for ---- */

static uint8_t page_bytes[FAKE_PAGES][PAGE_SIZE];
static phys_t page_at[FAKE_PAGES];
static size_t nr_fake_pages;
static uint32_t bucket[FAKE_BUCKETS]; /* index + 1; open addressing */

static void forget_memory(void)
{
	nr_fake_pages = 0;
	memset(bucket, 0, sizeof(bucket));
}

static uint32_t *find_page(phys_t page)
{
	size_t i = (page >> PAGE_SHIFT) * 0x9e3779b97f4a7c15ull >> 40;

	for (;; i++) {
		uint32_t *b = &bucket[i % FAKE_BUCKETS];

		if (!*b || page_at[*b - 1] == page)
			return b;
	}
}

static uint8_t *fake_page(phys_t page)
{
	uint32_t *b = find_page(page);

	FUZZ_CHECK(page % PAGE_SIZE == 0 && nr_fake_pages < FAKE_PAGES);
	if (!*b) {
		memset(page_bytes[nr_fake_pages], 0, PAGE_SIZE);
		page_at[nr_fake_pages++] = page;
		*b = (uint32_t)nr_fake_pages;
	}
	return page_bytes[*b - 1];
}

static bool fake_read(void *ctx, phys_t at, void *buf, size_t len)
{
	uint8_t *to = buf;

	(void)ctx;
	if (at + len < at)
		return false;
	while (len) {
		size_t n = min_u64(len, PAGE_SIZE - at % PAGE_SIZE);
		uint32_t *b = find_page(align_down(at, PAGE_SIZE));

		if (*b)
			memcpy(to, page_bytes[*b - 1] + at % PAGE_SIZE, n);
		else
			memset(to, 0, n);
		at += n;
		to += n;
		len -= n;
	}
	return true;
}

static void fake_write(phys_t at, const uint8_t *from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		fake_page(align_down(at + i, PAGE_SIZE))[(at + i) % PAGE_SIZE] = from[i];
}

/* ---- what is free when a policy starts, and what it has taken: the second opinion ---- */

/* Free memory of one node and kind. */
struct piece {
	phys_t start, end;
	int nid;
	bool marked; /* memblock skips it */
};

static struct {
	struct handover *h;
	struct platform p;
	struct fuzz_input in;
	size_t nr_borders;
	phys_t border[MAX_BORDERS];
	struct range table; /* the SRAT, if firmware tells of it */
	/* since a policy began */
	const struct pt_policy *policy;
	unsigned policies, loads;
	size_t nr_pieces, nr_given;
	struct piece piece[MAX_PIECES];
	phys_t given[MAX_PAGES];
	bool seen[MAX_PAGES];
	bool movable[MAX_NUMNODES];
	size_t nr_mapped;
	struct range mapped[MAX_PIECES];
	uint64_t on_movable;
	/* of the log */
	unsigned seq, verdicts, ends, sweeps;
	uint64_t stains[OPT_MAX_POLICIES];
} w;

static struct range ram_range(size_t i)
{
	const struct region *e = &w.h->map.e[i];
	phys_t end = align_down(min_u64(e->r.end, w.h->end_of_ram), PAGE_SIZE);

	if (e->type != E820_RAM || e->r.start > UINT64_MAX - PAGE_SIZE)
		return (struct range){ 0, 0 };
	return (struct range){ align_up(e->r.start, PAGE_SIZE), end };
}

/* As docs/log-format.md lists it: exactly this is reserved before the direct map is built. */
static struct range reserved_range(size_t i)
{
	const struct bootinfo *bi = &w.h->bi;

	switch (i) {
	case 0:
		return (struct range){ 0, MIB };
	case 1:
		return (struct range){ bi->image.start, bi->buffer.end };
	case 2:
		return w.h->opt.image_given ? (struct range){ w.h->choice.base, w.h->choice.end }
					    : (struct range){ 0, 0 };
	default:
		return bi->keep[i - 3].r;
	}
}

static size_t nr_reserved(void)
{
	return 3 + w.h->bi.nr_keep;
}

static bool holds_ram(struct range r)
{
	for (size_t i = 0; i < w.h->map.nr; i++) {
		if (!range_empty(ram_range(i)) && range_overlaps(ram_range(i), r))
			return true;
	}
	return false;
}

static bool holds_reserved(struct range r)
{
	for (size_t i = 0; i < nr_reserved(); i++) {
		if (!range_empty(reserved_range(i)) && range_overlaps(reserved_range(i), r))
			return true;
	}
	return false;
}

/* docs/log-format.md: hotplug, and neither a byte that was reserved before nor an ACPI table in its joined ranges. */
static void judge_nodes(void)
{
	const struct numa *n = &w.h->numa;

	memset(w.movable, 0, sizeof(w.movable));
	for (size_t i = 0; i < n->hot.nr; i++)
		w.movable[n->hot.blk[i].nid] |= holds_ram(n->hot.blk[i].r);
	for (size_t i = 0; i < n->mem.nr; i++) {
		if (holds_reserved(n->mem.blk[i].r) || range_overlaps(n->mem.blk[i].r, w.table))
			w.movable[n->mem.blk[i].nid] = false;
	}
	for (unsigned i = 0; i < n->nr_nodes; i++)
		FUZZ_CHECK(n->node[i].movable == w.movable[i]);
}

static bool is_movable(phys_t at)
{
	const struct numa *n = &w.h->numa;

	for (size_t i = 0; i < n->hot.nr; i++) {
		if (w.movable[n->hot.blk[i].nid] && range_contains(n->hot.blk[i].r, at))
			return true;
	}
	return false;
}

static int node_of(phys_t at)
{
	const struct numa *n = &w.h->numa;

	for (size_t i = 0; i < n->mem.nr; i++) {
		if (range_contains(n->mem.blk[i].r, at))
			return n->mem.blk[i].nid;
	}
	return NUMA_NO_NODE;
}

static phys_t nearer(phys_t at, phys_t limit, phys_t border)
{
	return border > at && border < limit ? border : limit;
}

/* Where what is known of the byte at `at` may next change. */
static phys_t next_border(phys_t at, phys_t limit)
{
	const struct numa *n = &w.h->numa;

	for (size_t i = 0; i < nr_reserved(); i++)
		limit = nearer(at, nearer(at, limit, reserved_range(i).start), reserved_range(i).end);
	for (size_t i = 0; i < n->mem.nr; i++)
		limit = nearer(at, nearer(at, limit, n->mem.blk[i].r.start), n->mem.blk[i].r.end);
	for (size_t i = 0; i < n->hot.nr; i++)
		limit = nearer(at, nearer(at, limit, n->hot.blk[i].r.start), n->hot.blk[i].r.end);
	return limit;
}

static void add_piece(struct piece p)
{
	struct piece *last = w.nr_pieces ? &w.piece[w.nr_pieces - 1] : NULL;

	if (last && last->end == p.start && last->nid == p.nid && last->marked == p.marked) {
		last->end = p.end;
		return;
	}
	FUZZ_CHECK(w.nr_pieces < MAX_PIECES);
	w.piece[w.nr_pieces++] = p;
}

/*
 * Memory that is free, in pieces that differ in node or mark as far as the policy knows of both. A page is what its
 * first byte is.
 */
static void list_free_memory(void)
{
	bool told = w.policy->srat_first;

	w.nr_pieces = 0;
	for (size_t i = 0; i < w.h->map.nr; i++) {
		struct range ram = ram_range(i);

		for (phys_t at = ram.start, end; at < ram.end; at = end) {
			end = min_u64(align_up(next_border(at, ram.end), PAGE_SIZE), ram.end);
			if (!holds_reserved((struct range){ at, at + 1 }))
				add_piece((struct piece){ at, end, told ? node_of(at) : NUMA_NO_NODE,
							  told && is_movable(at) });
		}
	}
}

static void begin_policy(void)
{
	w.policy = pt_policies[w.h->opt.policy[w.policies++]];
	w.nr_given = 0;
	judge_nodes();
	list_free_memory();
}

/* ---- every page that is handed out ---- */

/*
 * The free page that memblock's rules give: highest or lowest inside the bounds, on that node, not marked if marks
 * count.
 */
static phys_t search(const struct pt_alloc *a)
{
	phys_t best = PHYS_NONE;

	for (size_t i = 0; i < w.nr_pieces; i++) {
		const struct piece *p = &w.piece[i];
		phys_t start = align_up(max_u64(p->start, max_u64(a->within.start, PAGE_SIZE)), PAGE_SIZE);
		phys_t end = align_down(min_u64(p->end, a->within.end), PAGE_SIZE);

		if (start >= end || (a->mb->movable_node && p->marked) || (a->nid != NUMA_NO_NODE && a->nid != p->nid))
			continue;
		if (a->mb->bottom_up)
			return start;
		best = end - PAGE_SIZE;
	}
	return best;
}

static void cut_out(phys_t page)
{
	for (size_t i = 0; i < w.nr_pieces; i++) {
		struct piece *p = &w.piece[i], rest = *p;

		if (page < p->start || page >= p->end)
			continue;
		rest.start = page + PAGE_SIZE;
		p->end = page;
		if (rest.start < rest.end) {
			FUZZ_CHECK(w.nr_pieces < MAX_PIECES);
			memmove(p + 2, p + 1, (w.nr_pieces - i - 1) * sizeof(*p));
			p[1] = rest;
			w.nr_pieces++;
		}
		return;
	}
	FUZZ_CHECK(!"a page that was free");
}

phys_t __wrap_pt_alloc_page(struct pt_alloc *a)
{
	const struct direct_map *dm = (const void *)((const char *)a - offsetof(struct direct_map, alloc));
	uint64_t from_buffer = a->from_buffer;
	phys_t buffer = a->buffer.start, wanted, page;

	/* A sweep only counts, in memory of its own. */
	if (dm->count)
		return __real_pt_alloc_page(a);
	wanted = search(a);
	page = __real_pt_alloc_page(a);
	if (a->from_buffer != from_buffer) {
		FUZZ_CHECK(page == buffer && range_contains(w.h->bi.buffer, page));
	} else {
		FUZZ_CHECK(page == wanted);
		if (page != PHYS_NONE)
			cut_out(page);
	}
	if (page == PHYS_NONE)
		return page;
	FUZZ_CHECK(w.nr_given < MAX_PAGES);
	w.given[w.nr_given++] = page;
	return page;
}

/* ---- the finished tables ---- */

static int compare_pages(const void *a, const void *b)
{
	const phys_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void see_table(phys_t table)
{
	phys_t *hit = bsearch(&table, w.given, w.nr_given, sizeof(*w.given), compare_pages);

	FUZZ_CHECK(hit);
	FUZZ_CHECK(!w.seen[hit - w.given]);
	w.seen[hit - w.given] = true;
	w.on_movable += is_movable(table);
}

static void see_leaf(struct range r)
{
	if (w.nr_mapped && w.mapped[w.nr_mapped - 1].end == r.start) {
		w.mapped[w.nr_mapped - 1].end = r.end;
		return;
	}
	FUZZ_CHECK(w.nr_mapped < MAX_PIECES);
	w.mapped[w.nr_mapped++] = r;
}

/* As the CPU reads them: bits 0 and 7 of an entry, the address in bits 12 to 51. */
static void walk_table(phys_t table, unsigned shift, uint64_t virt)
{
	const uint64_t *entry = (const uint64_t *)(void *)fake_page(table);

	for (uint64_t i = 0; i < 512; i++) {
		uint64_t at = virt + (i << shift), to = entry[i] & 0x000ffffffffff000ull;

		if (!(entry[i] & 1))
			continue;
		if (at >> (w.h->choice.levels == 5 ? 56 : 47) & 1)
			at |= w.h->choice.levels == 5 ? 0xfe00000000000000ull : 0xffff000000000000ull;
		if (shift == 12 || (shift <= 30 && entry[i] & 0x80)) {
			FUZZ_CHECK(at - w.h->choice.page_offset == to);
			see_leaf((struct range){ to, to + (1ull << shift) });
			continue;
		}
		see_table(to);
		walk_table(to, shift - 9, at);
	}
}

/* RAM in whole pages, and [0, 1M): not a byte less or more. */
static void check_mapped(void)
{
	struct range want[MAX_BORDERS * 4] = { { 0, MIB } };
	size_t n = 1;

	for (size_t i = 0; i < w.h->map.nr; i++) {
		struct range r = ram_range(i);

		if (range_empty(r) || r.end <= MIB)
			continue;
		r.start = max_u64(r.start, MIB);
		if (want[n - 1].end == r.start) {
			want[n - 1].end = r.end;
			continue;
		}
		FUZZ_CHECK(n < ARRAY_SIZE(want));
		want[n++] = r;
	}
	FUZZ_CHECK(w.nr_mapped == n && memcmp(w.mapped, want, n * sizeof(*want)) == 0);
}

static enum status fake_load_map(void *ctx, phys_t root, uint64_t page_offset)
{
	(void)ctx;
	FUZZ_CHECK(root == w.h->bi.pgd && page_offset == w.h->choice.page_offset);
	w.loads++;
	w.nr_mapped = w.on_movable = 0;
	memset(w.seen, 0, w.nr_given * sizeof(*w.seen));
	qsort(w.given, w.nr_given, sizeof(*w.given), compare_pages);
	walk_table(root, w.h->choice.levels == 5 ? 48 : 39, 0);
	for (size_t i = 0; i < w.nr_given; i++)
		FUZZ_CHECK(w.seen[i]);
	check_mapped();
	return OK;
}

static void fake_unload_map(void *ctx)
{
	(void)ctx;
}

static uint8_t fake_peek(void *ctx, uint64_t virt)
{
	uint8_t byte;

	(void)ctx;
	FUZZ_CHECK(fake_read(NULL, virt - w.h->choice.page_offset, &byte, 1));
	return byte;
}

static void fake_clear_tables(void *ctx)
{
	(void)ctx;
	for (phys_t page = w.h->bi.buffer.start; page < w.h->bi.buffer.end; page += PAGE_SIZE)
		memset(fake_page(page), 0, PAGE_SIZE);
	memset(fake_page(w.h->bi.pgd), 0, PAGE_SIZE);
	begin_policy();
}

/* ---- the log ---- */

static uint64_t number_in(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	FUZZ_CHECK(at);
	return strtoull(at + strlen(name), NULL, 10);
}

/* What a sweep says of the slot that this run is in must be what its map has shown. */
/* First slot whose base is `base`; total when it is none. */
static uint64_t slot_of(const struct kaslr_slots *s, phys_t base)
{
	uint64_t before = 0;

	for (size_t i = 0; i < s->nr; i++) {
		uint64_t offset = base - s->area[i].start;

		if (base >= s->area[i].start && offset % KASLR_ALIGN == 0 && offset / KASLR_ALIGN < s->area[i].slots)
			return before + offset / KASLR_ALIGN;
		before += s->area[i].slots;
	}
	return s->total;
}

static void check_sweep(const char *line)
{
	const struct choice *c = &w.h->choice;
	uint64_t stains = w.stains[w.sweeps++];
	bool listed = false;

	FUZZ_CHECK((number_in(line, "\"worst_on_movable\":") > 0) == (number_in(line, "\"stained_slots\":") > 0));
	if (slot_of(&w.h->slots, c->base) == w.h->slots.total)
		return;
	for (const char *at = strstr(line, "[\"0x"); at; at = strstr(at, "[\"0x")) {
		phys_t first = strtoull(at + 2, (char **)&at, 16), last = strtoull(at + 3, (char **)&at, 16);

		listed |= first <= c->base && c->base <= last;
	}
	FUZZ_CHECK(listed == (stains > 0));
	FUZZ_CHECK(stains <= number_in(line, "\"worst_on_movable\":"));
}

static void check_record(const char *line, size_t len)
{
	const size_t tail = sizeof(",\"crc\":\"00000000\"}") - 1;
	char want[32];

	FUZZ_CHECK(len > tail);
	snprintf(want, sizeof(want), ",\"crc\":\"%08x\"}", crc32_update(0, line, len - tail));
	FUZZ_CHECK(strcmp(line + len - tail, want) == 0);
	FUZZ_CHECK(number_in(line, "\"seq\":") == w.seq++);
	FUZZ_CHECK(!w.ends);
	w.ends += strstr(line, "{\"rec\":\"end\"") == line;
	if (strstr(line, "{\"rec\":\"sweep\"") == line)
		check_sweep(line);
	if (strstr(line, "{\"rec\":\"verdict\"") != line)
		return;
	w.stains[w.verdicts++] = w.on_movable;
	FUZZ_CHECK(number_in(line, "\"table_pages\":") == w.nr_given);
	FUZZ_CHECK(number_in(line, "\"on_movable\":") == w.on_movable);
}

static void fake_log(void *ctx, const char *s, size_t len)
{
	static char line[LOG_LINE_MAX + 3];

	(void)ctx;
	FUZZ_CHECK(len >= 2 && len < sizeof(line) && s[len - 2] == '\r' && s[len - 1] == '\n');
	memcpy(line, s, len - 2);
	line[len - 2] = '\0';
	for (size_t i = 0; i < len - 2; i++)
		FUZZ_CHECK(line[i] >= ' ' && line[i] <= '~');
	if (line[0] == '{')
		check_record(line, len - 2);
	else
		FUZZ_CHECK(len - 2 <= LOG_COLUMNS);
}

/* ---- the machine ---- */

static uint64_t *fake_table(void *ctx, phys_t table)
{
	(void)ctx;
	return (uint64_t *)(void *)fake_page(table);
}

static uint64_t fake_tsc(void *ctx)
{
	(void)ctx;
	return 0;
}

static bool fake_entropy(void *ctx, enum entropy_source source, uint64_t *out)
{
	(void)ctx;
	(void)source;
	*out = fuzz_u64(&w.in);
	return *out != 0;
}

static const char *fake_console_open(void *ctx, const struct options *opt)
{
	(void)ctx;
	(void)opt;
	return NULL;
}

static struct platform make_platform(uint8_t cpu)
{
	return (struct platform){
		.phys = { fake_read, NULL },
		.tables = { fake_table, NULL },
		.cpu = { .pse = !(cpu & 1), .gbpages = !(cpu & 2), .la57 = cpu & 4, .phys_bits = 52, .levels = 4 },
		.tsc = fake_tsc,
		.entropy = fake_entropy,
		.write = fake_log,
		.console_open = fake_console_open,
		.load_map = fake_load_map,
		.unload_map = fake_unload_map,
		.peek = fake_peek,
		.clear_tables = fake_clear_tables,
	};
}

static void add_border(phys_t at)
{
	if (w.nr_borders < MAX_BORDERS)
		w.border[w.nr_borders++] = at;
}

static phys_t some_border(void)
{
	return w.border[fuzz_u8(&w.in) % w.nr_borders];
}

/* A border, or a place a little beside it. */
static phys_t some_place(void)
{
	static const uint64_t beside[] = { 0, 0, 0, 1, PAGE_SIZE, 17 * PAGE_SIZE, MIB, 2 * MIB };
	uint8_t how = fuzz_u8(&w.in);
	uint64_t by = beside[how & 7];
	phys_t at = some_border();

	return how & 8 && at >= by ? at - by : at + by;
}

static uint64_t some_size(bool gap)
{
	static const uint64_t unit[] = { PAGE_SIZE, 64 * KIB, 2 * MIB, GIB, 1, PAGE_SIZE, 2 * MIB, TIB };
	uint8_t how = fuzz_u8(&w.in);

	return fuzz_u8(&w.in) * unit[gap ? how & 7 : how & 3] * (how & 8 ? 16 : 1);
}

/* Upwards from 1 MiB, as most firmware tells it; the image lies in RAM of its own. `room`: bytes of RAM in all. */
static void make_memory(struct bootinfo *bi, uint64_t room)
{
	static const enum e820_type types[] = { E820_RAM, E820_RAM, E820_RAM, E820_RESERVED, E820_ACPI, E820_PMEM };
	unsigned n = fuzz_u8(&w.in) % 12;
	phys_t at = MIB + fuzz_u8(&w.in) % 64 * (2 * MIB);

	add_border(MIB);
	(void)!e820_add(&bi->map, 0, 0x9fc00, E820_RAM);
	(void)!e820_add(&bi->map, MIB, at - MIB, E820_RAM);
	(void)!e820_add(&bi->map, bi->image.start, 2 * MIB, E820_RAM);
	for (unsigned i = 0; i < n; i++) {
		enum e820_type type = types[fuzz_u8(&w.in) % ARRAY_SIZE(types)];
		uint64_t size = some_size(false);

		at += some_size(true);
		size = type == E820_RAM ? min_u64(size, room) : size;
		add_border(at);
		(void)!e820_add(&bi->map, at, size, type);
		room -= type == E820_RAM ? size : 0;
		at += size;
		add_border(at);
		add_border(at - size / 2);
	}
}

static void make_kept(struct bootinfo *bi)
{
	unsigned n = fuzz_u8(&w.in) % 4;

	for (unsigned i = 0; i < n; i++) {
		phys_t a = some_place(), b = some_place();
		struct range r = { align_down(min_u64(a, b), PAGE_SIZE), align_up(max_u64(a, b), PAGE_SIZE) };

		if (!range_empty(r) && !range_overlaps(r, bi->image))
			bi->keep[bi->nr_keep++] = (struct boot_keep){ r, KEEP_MODULE };
	}
}

static void make_conventional(struct bootinfo *bi)
{
	bi->protocol = BOOT_UEFI;
	for (size_t i = 0; i < bi->map.nr; i++) {
		if (bi->map.e[i].type != E820_RAM)
			continue;
		bi->conventional_marks[bi->nr_conventional] = fuzz_u8(&w.in) & 3;
		bi->conventional[bi->nr_conventional++] = bi->map.e[i].r;
	}
}

/* ---- the tables ---- */

struct bytes {
	size_t len;
	uint8_t b[4096];
};

static void put(struct bytes *t, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes && t->len < sizeof(t->b); i++)
		t->b[t->len++] = (uint8_t)(v >> 8 * i);
}

static void put_memory(struct bytes *t, struct range r, uint32_t pxm, uint32_t flags)
{
	struct table_writer to = { t->b, sizeof(t->b), (uint32_t)t->len };

	srat_put_memory(&to, pxm, r, flags);
	t->len = min_u64(to.len, sizeof(t->b));
}

/* Memory from the first to the last byte, cut at borders: a table that Linux takes. */
static void put_partition(struct bytes *srat)
{
	unsigned n = fuzz_u8(&w.in) % 12;
	phys_t at = 0;

	for (unsigned i = 0; i < n; i++) {
		phys_t end = some_border();
		uint8_t how = fuzz_u8(&w.in);

		if (end <= at)
			continue;
		put_memory(srat, (struct range){ at, end }, how & 15, 1 | (how & 0x80 ? 2 : 0));
		at = end;
	}
	put_memory(srat, (struct range){ at, 1ull << 52 }, fuzz_u8(&w.in) & 15, 1 | (fuzz_u8(&w.in) & 2));
}

static void put_anything(struct bytes *srat)
{
	unsigned n = fuzz_u8(&w.in) % 20;

	for (unsigned i = 0; i < n; i++) {
		phys_t start = some_place(), end = some_place();
		uint16_t pxm = fuzz_u16(&w.in);

		put_memory(srat, (struct range){ start, end }, pxm & 0x800 ? pxm : pxm & 15, pxm >> 12 & 7);
	}
}

static void put_rest(struct bytes *srat)
{
	size_t n = min_u64(fuzz_u8(&w.in) * 4u, w.in.left);

	while (n--)
		put(srat, fuzz_u8(&w.in), 1);
}

static void finish(struct bytes *t, size_t checksum_at)
{
	for (unsigned i = 0; i < 4; i++)
		t->b[4 + i] = (uint8_t)(t->len >> 8 * i);
	t->b[checksum_at] = (uint8_t)(t->b[checksum_at] - sum8(t->b, t->len));
}

/* RSDP and XSDT in front, the SRAT behind them. */
static void make_tables(struct bootinfo *bi)
{
	struct bytes srat = { 48, "SRAT" }, xsdt = { 36, "XSDT" };
	uint8_t rsdp[36] = "RSD PTR ", how = fuzz_u8(&w.in);

	srat.b[8] = how & 0x40 ? 1 : 3;
	if ((how & 3) == 0)
		put_anything(&srat);
	else if ((how & 3) == 1)
		put_rest(&srat);
	else
		put_partition(&srat);
	finish(&srat, how & 0x80 && how & 0x20 ? 8 : 9);
	put(&xsdt, TABLES_AT + 128, 8);
	finish(&xsdt, 9);
	rsdp[15] = 2;
	rsdp[20] = 36;
	for (unsigned i = 0; i < 8; i++)
		rsdp[24 + i] = (uint8_t)((TABLES_AT + 64) >> 8 * i);
	rsdp[8] = (uint8_t)-sum8(rsdp, 20);
	rsdp[32] = (uint8_t)-sum8(rsdp, 36);
	fake_write(TABLES_AT, rsdp, sizeof(rsdp));
	fake_write(TABLES_AT + 64, xsdt.b, xsdt.len);
	fake_write(TABLES_AT + 128, srat.b, srat.len);
	bi->rsdp = how & 0x10 ? PHYS_NONE : TABLES_AT;
	w.table = how & 0x10 ? (struct range){ 0, 0 } : (struct range){ TABLES_AT + 128, TABLES_AT + 128 + srat.len };
	bi->smbios = how & 8 ? PHYS_NONE : TABLES_AT; /* none there; to scan for one takes most of the time of a run */
}

/* ---- the options ---- */

static void PRINTF_LIKE(2, 3) say(struct bootinfo *bi, const char *fmt, ...)
{
	size_t len = strlen(bi->cmdline);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(bi->cmdline + len, sizeof(bi->cmdline) - len, fmt, ap);
	va_end(ap);
}

static void say_policies(struct bootinfo *bi)
{
	unsigned which = fuzz_u8(&w.in);

	say(bi, " alloc=%s", which ? "" : "all");
	for (unsigned i = 0, n = 0; i < pt_policies_nr; i++) {
		if (which >> i & 1)
			say(bi, "%s%s", n++ ? "," : "", pt_policies[i]->name);
	}
}

static void say_raw(struct bootinfo *bi)
{
	unsigned n = fuzz_u8(&w.in) % 24;

	say(bi, " ");
	while (n--)
		say(bi, "%c", fuzz_u8(&w.in));
}

static void say_option(struct bootinfo *bi)
{
	static const char marks[] = "@#$!%";
	uint8_t which = fuzz_u8(&w.in);
	unsigned long long a = fuzz_u8(&w.in), b = fuzz_u8(&w.in);

	switch (which % 18) {
	case 0:
		return say_policies(bi);
	case 1:
		return say(bi, " movable_node=%s", a & 1 ? "off" : "on");
	case 2:
		return say(bi, " hotplug=%llu", a & 15);
	case 3:
		return say(bi, "%s", a & 1 ? " nokaslr" : " kaslr=efistub");
	case 4:
		return say(bi, " seed=%llu", a << 8 | b);
	case 5:
		return say(bi, " base=0x%llx", a & 0x80 ? (unsigned long long)some_place() : (a << 8 | b) * (2 * MIB));
	case 6:
		return say(bi, " image_size=%lluM,%lluK", 2 * (a & 31), b * 64);
	case 7:
		return say(bi, a & 1 ? " page_offset=random" : " page_offset=0x%llx",
			   PAGE_OFFSET_4LEVEL + b * (GIB << (a & 15)));
	case 8:
		return say(bi, " page_size=%s", a & 1 ? "2m" : a & 2 ? "1g" : "4k");
	case 9:
		return say(bi, " levels=%llu", 4 + (a & 1));
	case 10:
		return say(bi, a & 1 ? " fragment=every:%llu" : " fragment=rand:%llu", b);
	case 11:
		return say(bi, " mem=%lluK", (unsigned long long)some_place() / KIB);
	case 12:
		return say(bi, " memmap=%lluK%c0x%llx", b * 16, marks[a % 5], (unsigned long long)some_place());
	case 13:
		return say(bi, " memmap=exactmap,16M@16M,%lluK@1M", b * 4);
	case 14:
		return say(bi, " report=%s", a & 1 ? "json,full" : a & 2 ? "text" : "text,json,tables");
	case 15:
		return say(bi, " %s", a & 1 ? "require=srat" : a & 2 ? "sweep" : "exit=poweroff");
	case 16:
		return say(bi, " memmap=%lluK%%0x%llx-%llu+%llu", a * 16, (unsigned long long)some_place(), b & 7,
			   b >> 4);
	default:
		return say_raw(bi);
	}
}

/* In 4K leaves, memory is kept small: a run takes as long as its tables are large. */
static bool has_small_pages(const char *cmdline, const struct cpu_info *cpu)
{
	static struct options o;
	struct option_error err;

	options_init(&o);
	(void)!options_parse(&o, cmdline, &err);
	return !cpu->pse || o.page_size == PAGE_SIZE_4K || o.fragment.every || o.fragment.permille;
}

static void make_bootinfo(struct bootinfo *bi)
{
	phys_t image = 2 * MIB * (1 + fuzz_u8(&w.in) % 64);
	uint8_t nr_options = fuzz_u8(&w.in) % 8, how = fuzz_u8(&w.in);
	unsigned buffer_pages = fuzz_u8(&w.in) % (PT_BUFFER_PAGES + 1);

	add_border(image);
	add_border(image + 2 * MIB);
	if (how & 4)
		say(bi, "alloc=all");
	for (unsigned i = 0; i < nr_options; i++)
		say_option(bi);
	bi->image = (struct range){ image, image + IMAGE_SIZE };
	bi->buffer = (struct range){ bi->image.end - (buffer_pages + 1) * PAGE_SIZE, bi->image.end - PAGE_SIZE };
	bi->pgd = image + PAGE_SIZE;
	make_memory(bi, has_small_pages(bi->cmdline, &w.p.cpu) ? SMALL_PAGES_MAX : LARGE_PAGES_MAX);
	if (how & 1)
		make_kept(bi);
	if (how & 2)
		make_conventional(bi);
	make_tables(bi);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct handover handover;
	enum run_result result;

	forget_memory();
	memset(&handover, 0, sizeof(handover));
	memset(&w, 0, offsetof(__typeof__(w), piece));
	w.h = &handover;
	w.seq = w.verdicts = w.ends = w.sweeps = 0;
	w.in = (struct fuzz_input){ data, size };
	w.p = make_platform(fuzz_u8(&w.in));
	make_bootinfo(&handover.bi);
	result = kernel_run(&handover, &w.p);
	FUZZ_CHECK(result == RUN_CLEAN || result == RUN_STAINED || result == RUN_ERROR);
	for (unsigned i = 0; i < handover.nr_checks; i++)
		FUZZ_CHECK(handover.check[i].outcome != CHECK_FAILED || handover.check[i].verdict);
	FUZZ_CHECK(w.ends == handover.opt.report_json);
	if (result != RUN_ERROR)
		FUZZ_CHECK(w.loads == handover.opt.nr_policies && (!handover.opt.report_json || w.verdicts == w.loads));
	return 0;
}
