/* SPDX-License-Identifier: MIT */
/*
 * Builds a policy's direct map, loads it, and lets a reader that shares no code with the builder say what came of it.
 */
#include "kernel/steps.h"

#include "kernel/report/picture.h"
#include "kernel/report/report.h"
#include "lib/format.h"
#include "mm/pagetable.h"
#include "mm/pgwalk.h"

/* Too large for the stack. */
static struct outcome the_audit;

#define BEACON_PAGES 32 /* looking at the clock each time would cost more than the work */

/* What a step works on when it takes long is page tables: whoever waits for it hears of it now and then. */
static void count_page(struct outcome *a)
{
	if (++a->worked_on % BEACON_PAGES == 0)
		log_beacon(&a->r->log);
}

static void see_handed_out(void *ctx, phys_t page, bool from_buffer)
{
	struct outcome *a = ctx;
	const struct platform *p = a->r->p;

	count_page(a);
	if (p->handed_out)
		p->handed_out(p->ctx, page, from_buffer);
}

/* ---- building ---- */

struct direct_map audit_direct_map(const struct handover *h)
{
	struct direct_map dm = {
		.root = h->bi.pgd,
		.levels = h->choice.levels,
		.page_sizes = h->choice.page_sizes,
		.page_offset = h->choice.page_offset,
		.kernel_end = h->choice.end,
		.end = h->end_of_ram,
		.trampoline = h->choice.trampoline,
		.fragment = h->opt.fragment,
		.as_linux = h->opt.as_linux,
	};

	dm.fragment.seed = h->seed;
	return dm;
}

/* Every policy starts from the same state: memory as reserved, buffer and top table empty, nothing counted. */
static bool start(struct outcome *a, struct run *r, const struct pt_policy *policy, bool last)
{
	struct handover *h = r->h;
	const struct platform *p = r->p;

	memset(a, 0, sizeof(*a));
	a->r = r;
	a->policy = policy;
	a->last = last;
	a->mb = *r->mb;
	a->mb.movable_node = h->opt.movable_node;
	if (policy->srat_first && numa_apply(&h->numa, &a->mb, h->opt.as_linux) != OK)
		return report_error(&r->log, "%s: memory has more than %d regions", policy->name, MEMBLOCK_MAX);
	p->clear_tables(p->ctx);
	a->dm = audit_direct_map(h);
	a->dm.mem = p->tables;
	a->dm.policy = policy;
	pt_alloc_init(&a->dm.alloc, &a->mb, h->bi.buffer);
	a->dm.alloc.tell = see_handed_out;
	a->dm.alloc.tell_ctx = a;
	return true;
}

static bool build(struct outcome *a)
{
	uint64_t start = log_now_ns(&a->r->log);
	enum status st = direct_map_build(&a->dm);

	a->build_ns = log_now_ns(&a->r->log) - start;
	if (st == ERR_NO_MEMORY)
		return report_error(&a->r->log,
				    "%s: no page left for a page table while mapping 0x%llx (%llu taken so far)%s",
				    a->policy->name, (ull)a->dm.failed_at,
				    (ull)(a->dm.alloc.from_buffer + a->dm.alloc.from_memblock),
				    a->last ? "" : "; the policies behind it are not tried");
	if (st != OK)
		return report_error(&a->r->log, "%s: memory has more than %d regions", a->policy->name, MEMBLOCK_MAX);
	/* The trampoline's pages are not the direct map's. The buffer gave them: so early memblock may give none. */
	a->dm.alloc.from_buffer -= a->dm.trampoline_pages;
	return true;
}

/* ---- counting instead ---- */

static void see_counted(void *ctx, const struct count_run *run)
{
	struct outcome *a = ctx;

	placement_add_counted(&a->placement, run);
	cost_add(&a->cost, run->pages, run->movable);
	for (unsigned level = 0; level < PT_PGD; level++) {
		a->tables[level] += run->level[level];
		if (run->movable && run->level[level])
			a->stained[level][run->nid] = true;
	}
	strip_mark(&a->strip, run->pages, run->movable ? '!' : '#');
}

static void start_strip(struct outcome *a)
{
	const struct choice *c = &a->r->h->choice;

	strip_init(&a->strip, a->r->mb, &a->r->h->numa);
	strip_mark(&a->strip, (struct range){ c->base, c->end }, 'K');
}

/* A dry run first counts: when all tables cannot be kept, that is the result (a->counted), else all starts again. */
static bool count_first(struct outcome *a)
{
	const struct platform *p = a->r->p;
	struct count count = { .run = see_counted, .ctx = a, .numa = &a->r->h->numa, .by_level = true };

	if (!p->room)
		return true;
	start_strip(a);
	placement_init(&a->placement, &a->r->h->numa);
	a->dm.count = &count;
	a->dm.alloc.tell = NULL; /* nothing is handed out */
	if (!build(a))
		return false;
	a->counted = !p->room(p->ctx, a->placement.table_pages);
	memcpy(a->leaves, a->dm.leaves, sizeof(a->leaves));
	return a->counted || start(a, a->r, a->policy, a->last);
}

/* ---- what the walk finds ---- */

static void PRINTF_LIKE(2, 3) wrong(struct outcome *a, const char *fmt, ...)
{
	va_list ap;

	if (*a->wrong)
		return;
	va_start(ap, fmt);
	format_v(a->wrong, sizeof(a->wrong), fmt, ap);
	va_end(ap);
}

/* A memory map may name memory that is not there: then a table does not keep its entries. */
static void see_table(void *ctx, phys_t table, enum pt_level level, uint64_t virt)
{
	struct outcome *a = ctx;
	volatile uint64_t *entry = a->dm.mem.page(a->dm.mem.ctx, table);
	uint64_t old = *entry;

	(void)virt;
	count_page(a);
	*entry = ~old;
	if (*entry != ~old)
		wrong(a, NO_MEMORY_AT, (ull)table);
	*entry = old;
	a->tables[level]++;
	/* A prediction may not know where its top table lies: then it is one that no memory could hold. */
	if (table < MAXMEM_5LEVEL)
		placement_add(&a->placement, table, level);
}

static void see_leaves(void *ctx, const struct pgwalk_leaf *first, uint64_t count)
{
	struct outcome *a = ctx;
	uint64_t size = 1ull << pt_shift(first->level);
	struct range r = { first->phys, first->phys + count * size };

	if (first->virt - a->dm.page_offset != first->phys)
		wrong(a, "0x%llx maps 0x%llx", (ull)first->virt, (ull)first->phys);
	if (first->flags != (PT_LEAF_FLAGS | (first->level == PT_PTE ? 0 : PT_LARGE)))
		wrong(a, "flags 0x%llx at 0x%llx", (ull)first->flags, (ull)first->virt);
	a->leaves[first->level] += count;
	a->ram_mapped += memblock_memory_in(&a->mb, r);
}

/* A page-table page comes from the buffer, or from RAM that was free before. */
static bool is_rightful(struct range pages, struct range buffer, const struct memblock *before)
{
	if (range_contains(buffer, pages.start))
		pages.start = min_u64(pages.end, buffer.end);
	return range_empty(pages) ||
	       (memblock_memory_in(before, pages) == range_size(pages) && !memblock_overlap(&before->reserved, pages));
}

static void see_run(void *ctx, const struct placement_run *run)
{
	struct outcome *a = ctx;

	report_run(a, run);
	if (run->level == PT_PGD)
		return;
	if (a->r->picture)
		picture_add_run(a->r->picture, run);
	if (!is_rightful(run->pages, a->r->h->bi.buffer, a->r->mb))
		wrong(a, "page table at 0x%llx, in memory that was not free", (ull)run->pages.start);
	if (run->movable)
		a->stained[run->level][run->nid] = true;
	cost_add(&a->cost, run->pages, run->movable);
	strip_mark(&a->strip, run->pages, run->movable ? '!' : '#');
}

static APART uint64_t total_reserved(const struct memblock *mb)
{
	uint64_t bytes = 0;

	for_each (m, mb->reserved.r, mb->reserved.nr)
		bytes += range_size(m->r);
	return bytes;
}

/* Builder, walk and memblock must agree on every number. */
static void compare(struct outcome *a)
{
	uint64_t taken = total_reserved(&a->mb) - total_reserved(a->r->mb);
	uint64_t ram = memblock_memory_in(&a->mb, range_below(a->dm.end));

	for (unsigned size = 0; size < 3; size++) {
		if (a->leaves[size] != a->dm.leaves[size])
			wrong(a, "%llu leaves of size %u found, %llu built", (ull)a->leaves[size], size,
			      (ull)a->dm.leaves[size]);
	}
	for (unsigned level = 0; level < PT_PGD; level++) {
		if (a->tables[level] != a->dm.pages[level])
			wrong(a, "%llu %s pages found, %llu built", (ull)a->tables[level], pt_level_name(level),
			      (ull)a->dm.pages[level]);
	}
	if (a->ram_mapped != ram)
		wrong(a, "%'llu of %'llu of RAM mapped", (ull)a->ram_mapped, (ull)ram);
	if (a->placement.table_pages != a->dm.alloc.from_buffer + a->dm.alloc.from_memblock)
		wrong(a, "%llu pages found, %llu taken", (ull)a->placement.table_pages,
		      (ull)(a->dm.alloc.from_buffer + a->dm.alloc.from_memblock));
	if (taken != a->dm.alloc.from_memblock * PAGE_SIZE)
		wrong(a, "%'llu reserved for pages, %llu pages taken", (ull)taken, (ull)a->dm.alloc.from_memblock);
}

static APART struct pgwalk walk_of(const struct direct_map *dm)
{
	return (struct pgwalk){ dm->mem.page, dm->mem.ctx, dm->root, dm->levels };
}

/* Everything below the CPU entry area belongs to the direct map: a stray entry anywhere there is found. */
static void walk(struct outcome *a)
{
	const struct pgwalk_visit visit = { see_table, see_leaves, a };
	struct pgwalk w = walk_of(&a->dm);
	uint64_t first = a->dm.levels == 5 ? 0xff00000000000000 : 0xffff800000000000;
	enum status st;

	placement_init(&a->placement, &a->r->h->numa);
	a->placement.run = see_run;
	a->placement.ctx = a;
	a->placement.single = a->r->h->opt.report_full;
	st = pgwalk_range(&w, first, DIRECT_MAP_LIMIT - 1, &visit);
	placement_finish(&a->placement);
	if (st != OK)
		wrong(a, "the tables cannot be walked: %s", status_str(st));
	compare(a);
}

/* ---- the loaded map ---- */

static bool read_back_byte(const struct platform *p, struct direct_map *dm, phys_t at)
{
	uint64_t virt = dm->page_offset + at;
	struct pgwalk w = walk_of(dm);
	struct pgwalk_leaf leaf;
	uint8_t expected;
	phys_t phys;

	return pgwalk_lookup(&w, virt, &leaf, &phys) == OK && phys == at && phys_read(&p->phys, phys, &expected, 1) &&
	       p->peek(p->ctx, virt) == expected;
}

/* The first and the last byte of every RAM range, through the map and past it. */
static void read_back(struct outcome *a)
{
	for_each (m, a->mb.memory.r, a->mb.memory.nr) {
		if (!read_back_byte(a->r->p, &a->dm, m->r.start))
			wrong(a, "0x%llx differs", (ull)m->r.start);
		if (!read_back_byte(a->r->p, &a->dm, m->r.end - 1))
			wrong(a, "0x%llx differs", (ull)m->r.end - 1);
	}
}

static void check(struct outcome *a, const char *name, const char *skip)
{
	struct check c = { .outcome = skip ? CHECK_SKIPPED : *a->wrong ? CHECK_FAILED : CHECK_OK };

	format(c.name, sizeof(c.name), "%s: %s", name, a->policy->name);
	format(c.why, sizeof(c.why), "%s", skip ? skip : a->wrong);
	report_check(&a->r->log, a->r->h, &c);
}

/* A map that does not walk well is not loaded: the CPU would say so less kindly. */
static void load_and_read_back(struct outcome *a)
{
	const struct platform *p = a->r->p;
	enum status st;

	if (*a->wrong || a->counted || a->r->h->opt.dry || !p->load_map) {
		check(a, "read-back", a->r->h->opt.dry && !*a->wrong ? "dry run" : "not loaded");
		return;
	}
	st = p->load_map(p->ctx, a->dm.root, a->dm.page_offset);
	if (st == OK)
		read_back(a);
	else
		wrong(a, "the map was not loaded: %s", status_str(st));
	check(a, "read-back", NULL);
	if (st == OK && !a->last)
		p->unload_map(p->ctx);
}

static void judge(struct outcome *a)
{
	struct handover *h = a->r->h;
	bool stained = a->placement.on_movable != 0;
	const char *skip = !a->last ? "comparison" : !stained && !has_verdict(h) ? "no verdict" : "";
	struct check c = { .outcome = *skip ? CHECK_SKIPPED : stained ? CHECK_FAILED : CHECK_OK, .verdict = true };

	format(c.name, sizeof(c.name), "clean: %s", a->policy->name);
	format(c.why, sizeof(c.why), "%s", skip);
	if (a->last)
		h->result = stained ? RUN_STAINED : RUN_CLEAN;
	report_check(&a->r->log, h, &c);
}

struct memblock *audit_memblock(void)
{
	return &the_audit.mb;
}

bool audit_policy(struct run *r, const struct pt_policy *policy, bool last, struct cost *cost)
{
	struct outcome *a = &the_audit;
	struct memory_split left;

	if (!start(a, r, policy, last) || !count_first(a) || (!a->counted && !build(a)))
		return false;
	if (r->picture)
		picture_add_policy(r->picture, policy->name);
	if (!a->counted) {
		start_strip(a);
		walk(a);
	}
	if (r->picture)
		picture_add_verdict(r->picture, &a->placement);
	check(a, "walk", a->counted ? "counts only" : NULL);
	load_and_read_back(a);
	report_policy(a);
	*cost = cost_of(&a->cost, &a->placement, &a->dm, numa_look_at(&r->h->numa, r->h->choice.base).nid);
	report_cost(&r->log, cost);
	if (a->mb.full)
		report_memblock_full(&r->log, r->h, policy->name);
	left = numa_split(&r->h->numa, cost->pinned);
	if (r->h->opt.movable_node && memory_is_scarce(&left, cost->pages))
		report_memory_left(&r->log, r->h, policy->name, &left);
	judge(a);
	return true;
}
