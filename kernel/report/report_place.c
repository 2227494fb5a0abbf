/* SPDX-License-Identifier: MIT */
/* Where the image lies, and on which nodes the page-table pages landed: the answer Landfall is for. */
#include "kernel/report/report.h"

#include "lib/format.h"

#define NODES_A_TABLE 5 /* columns of nodes that fit beside each other */
#define NODES_SHOWN 30  /* in all tables of one policy; the records have all */

/* ---- the image ---- */

void report_choice(struct log *l, const struct handover *h)
{
	const struct choice *c = &h->choice;

	if (h->opt.efistub)
		report_warning(l, "kaslr=efistub: that chooser does not read SRAT");
	if (h->slots.truncated)
		report_warning(l, "more than %d runs of slots: the rest is left out, as in Linux", KASLR_MAX_AREAS);
	if (c->slot != UINT64_MAX)
		log_text(l, "KASLR: slot %llu of %llu %s, each holds %'llu", (ull)c->slot, (ull)h->slots.total,
			 h->opt.efistub && h->opt.nr_map_ops ? "taken" : "drawn", (ull)c->size);
	else if (h->opt.nokaslr)
		report_linux(l, "KASLR disabled: 'nokaslr' on cmdline.");
	else
		log_text(l, "KASLR: base not drawn; %llu slots that hold %'llu were possible", (ull)h->slots.total,
			 (ull)c->size);
	if (h->bi.image.start != KASLR_PREFERRED)
		log_text(l, "image was loaded at 0x%llx", (ull)h->bi.image.start);
	log_text(l, "image goes to 0x%llx, virtual 0x%llx", (ull)c->base, (ull)c->virt);
	log_text(l, "direct map goes to 0x%llx", (ull)c->page_offset);
}

void report_reserved(struct log *l, struct range what, const char *name)
{
	if (what.end > what.start)
		log_text(l, "reserved: %8p %s", &what, name);
	log_record(l, "reserved", "start%llx end%llx what%s", (ull)what.start, (ull)what.end, name);
}

void report_geometry(struct log *l, const struct handover *h)
{
	const struct choice *c = &h->choice;
	int nid = numa_look_at(&h->numa, c->base).nid;
	char node[16] = "no node";

	log_text(l, "pictures: K image, # page tables, & both, ! on movable memory");
	log_text(l, "  ~ movable memory, . other memory; not to scale, without holes");
	if (nid != NUMA_NO_NODE)
		format(node, sizeof(node), "node %d", nid);
	log_text(l, "image: %8p on %s; table buffer 0x%llx", &(struct range){ c->base, c->end }, node,
		 (ull)h->bi.buffer.start);
	log_record(l, "kaslr",
		   "base%llx end%llx size%llu slots%llu slot%lld node%d virt%llx page_offset%llx buffer{start%llx "
		   "pages%llu} image_tables%u",
		   (ull)c->base, (ull)c->end, (ull)c->size, (ull)h->slots.total, (long long)c->slot, nid, (ull)c->virt,
		   (ull)c->page_offset, (ull)h->bi.buffer.start, (ull)(range_size(h->bi.buffer) / PAGE_SIZE),
		   h->bi.image_tables);
}

/* ---- one policy ---- */

void report_run(struct outcome *a, const struct placement_run *run)
{
	struct log *l = &a->r->log;

	log_record(l, "run", "alloc%s level%s start%llx end%llx node%d movable%i", a->policy->name,
		   pt_level_name(run->level), (ull)run->pages.start, (ull)run->pages.end, run->nid, run->movable);
}

static void record_map(const struct outcome *a)
{
	struct log *l = &a->r->log;

	log_begin(l, "map", "alloc%s leaf{4k%llu 2m%llu 1g%llu} pages{", a->policy->name, (ull)a->leaves[PT_PTE],
		  (ull)a->leaves[PT_PMD], (ull)a->leaves[PT_PUD]);
	if (a->dm.levels == 5)
		log_members(l, "p4d%llu", (ull)a->tables[PT_P4D]);
	log_members(l, "pud%llu pmd%llu pte%llu} build_ns%llu", (ull)a->tables[PT_PUD], (ull)a->tables[PT_PMD],
		    (ull)a->tables[PT_PTE], (ull)a->build_ns);
	log_end(l);
}

static void record_verdict(const struct outcome *a)
{
	const struct placement *pl = &a->placement;
	struct log *l = &a->r->log;

	log_begin(l, "verdict", "alloc%s srat%s table_pages%llu on_movable%llu stained_nodes[", a->policy->name,
		  srat_name(a->r->h->srat_state), (ull)pl->table_pages, (ull)pl->on_movable);
	for (unsigned i = 0; i < MAX_NUMNODES; i++) {
		if (pl->node_movable[i])
			log_members(l, "%u", i);
	}
	log_members(l, "] pinned%llu result%s", (ull)(placement_pinned(pl)),
		    pl->on_movable         ? "stained"
		    : has_verdict(a->r->h) ? "clean"
					   : "none");
	log_end(l);
}

/* A column of the table; MAX_NUMNODES: pages on no node. */
static uint64_t pages_on(const struct placement *pl, unsigned column)
{
	uint64_t pages = 0;

	for (unsigned level = 0; level < PT_PGD; level++)
		pages += pl->pages[level][column];
	return pages;
}

/* What the columns of a table show: nodes, by number. */
struct columns {
	unsigned nr, nid[NODES_SHOWN];
	unsigned left_out;
};

static APART struct columns columns_of(const struct placement *pl)
{
	struct columns c = { .nr = 0 };

	for (unsigned nid = 0; nid <= MAX_NUMNODES; nid++) {
		if (!pages_on(pl, nid))
			continue;
		if (c.nr < NODES_SHOWN)
			c.nid[c.nr++] = nid;
		else
			c.left_out++;
	}
	return c;
}

static void report_head(const struct outcome *a, const struct columns *c, unsigned first, unsigned last)
{
	char text[LOG_COLUMNS] = "";
	struct builder row = BUILDER(text);
	char name[16];

	for (unsigned i = first; i < last; i++) {
		if (c->nid[i] == MAX_NUMNODES)
			format(name, sizeof(name), "no node");
		else
			format(name, sizeof(name), "node %u", c->nid[i]);
		builder_add(&row, "%9s ", name);
	}
	if (last == c->nr)
		builder_add(&row, "%9s", "total");
	log_text(&a->r->log, "      %s", row.s);
}

static void report_level(const struct outcome *a, unsigned level, const struct columns *c, unsigned first)
{
	unsigned last = (unsigned)min_u64(first + NODES_A_TABLE, c->nr);
	char text[LOG_COLUMNS] = "";
	struct builder row = BUILDER(text);

	for (unsigned i = first; i < last; i++) {
		unsigned nid = c->nid[i];
		uint64_t pages = a->placement.pages[level][nid];
		bool stained = nid < MAX_NUMNODES && a->stained[level][nid];

		if (pages)
			builder_add(&row, "%9llu%c", (ull)pages, stained ? '*' : ' ');
		else
			builder_add(&row, "%9s ", "-");
	}
	if (last == c->nr)
		builder_add(&row, "%9llu", (ull)a->tables[level]);
	log_text(&a->r->log, "  %s %s", pt_level_name((enum pt_level)level), row.s);
}

/* Pages by level and node, as many nodes at a time as a line holds. */
static void report_table(const struct outcome *a)
{
	struct columns c = columns_of(&a->placement);

	for (unsigned first = 0; first < c.nr; first += NODES_A_TABLE) {
		report_head(a, &c, first, (unsigned)min_u64(first + NODES_A_TABLE, c.nr));
		for (int level = (int)a->dm.levels - 2; level >= 0; level--)
			report_level(a, (unsigned)level, &c, first);
	}
	if (c.left_out)
		log_text(&a->r->log, "  and %u more nodes: see the records", c.left_out);
}

static void report_strip(const struct outcome *a)
{
	const struct strip *strip = &a->strip;
	char text[LOG_COLUMNS] = "";
	struct builder row = BUILDER(text);

	if (!strip->nr)
		log_text(&a->r->log, "  (memory has too many pieces for a picture)");
	for_each (b, strip->block, strip->nr) {
		if (row.len && row.len + b->cells + STRIP_FRAME > STRIP_WIDTH) {
			log_text(&a->r->log, " %s", row.s);
			row.len = 0;
		}
		if (b->nid == NUMA_NO_NODE)
			builder_add(&row, " ?[%.*s]", (int)b->cells, strip->cell + b->cell);
		else
			builder_add(&row, " %d[%.*s]", b->nid, (int)b->cells, strip->cell + b->cell);
	}
	if (row.len)
		log_text(&a->r->log, " %s", row.s);
}

/* ---- the verdict ---- */

/* Returns how many there are. */
static APART unsigned list_stained_nodes(const struct placement *pl, struct builder *row)
{
	unsigned nr = 0;

	for (unsigned i = 0; i < MAX_NUMNODES; i++) {
		if (!pl->node_movable[i])
			continue;
		if (nr < NODES_A_TABLE)
			builder_add(row, "%s%u", nr ? ", " : " ", i);
		nr++;
	}
	if (nr > NODES_A_TABLE)
		builder_add(row, " and %u more", nr - NODES_A_TABLE);
	return nr;
}

static void report_image(const struct outcome *a)
{
	const struct choice *c = &a->r->h->choice;
	const struct numa_memblk *next = numa_next_movable(&a->r->h->numa, c->end);

	if (next)
		log_text(&a->r->log, "  for an image of %'llu at 0x%llx, ending %'llu below movable node %d",
			 (ull)(c->end - c->base), (ull)c->base, (ull)(next->r.start - c->end), next->nid);
	else
		log_text(&a->r->log, "  for an image of %'llu at 0x%llx, with no movable memory above it",
			 (ull)(c->end - c->base), (ull)c->base);
}

static void report_verdict(const struct outcome *a)
{
	const struct placement *pl = &a->placement;
	char text[LOG_COLUMNS] = "";
	struct builder nodes = BUILDER(text);
	struct log *l = &a->r->log;
	unsigned nr = list_stained_nodes(pl, &nodes);

	if (pl->on_movable) {
		log_text(l, "%s: STAINED: %llu of %llu page-table pages on movable node%s%s", a->policy->name,
			 (ull)pl->on_movable, (ull)pl->table_pages, nr > 1 ? "s" : "", nodes.s);
		log_text(l, "  %'llu can no longer be hot-removed", (ull)placement_pinned(pl));
	} else if (!has_verdict(a->r->h)) {
		log_text(l, "%s: NO VERDICT: %s", a->policy->name, no_verdict(a->r->h).why);
	} else if (numa_next_movable(&a->r->h->numa, 0)) {
		log_text(l, "%s: CLEAN: none of %llu page-table pages on a movable node", a->policy->name,
			 (ull)pl->table_pages);
	} else {
		log_text(l, "%s: CLEAN: no node is movable, so nothing can be stained", a->policy->name);
	}
	report_image(a);
}

void report_policy(struct outcome *a)
{
	struct log *l = &a->r->log;

	log_text(l, "---- %s: %s", a->policy->name, a->policy->says);
	log_text(l, "%llu page-table pages (%'llu) in %llu us, %llu of them from the image",
		 (ull)a->placement.table_pages, (ull)(a->placement.table_pages * PAGE_SIZE), (ull)(a->build_ns / 1000),
		 (ull)a->dm.alloc.from_buffer);
	if (a->counted)
		log_text(l, "counts only: %sno page of them is listed or looked at",
			 a->r->h->opt.dry ? "firmware has no room for so many tables, so " : "");
	log_text(l, "leaves: %llu of 4 KiB, %llu of 2 MiB, %llu of 1 GiB", (ull)a->leaves[PT_PTE],
		 (ull)a->leaves[PT_PMD], (ull)a->leaves[PT_PUD]);
	if (a->dm.fragment.every || a->dm.fragment.permille)
		log_text(l, "%sfragment=: %llu of %llu large leaves forced one size down",
			 a->dm.forced ? "" : "warning: no effect: ", (ull)a->dm.forced, (ull)a->dm.big_leaves);
	report_table(a);
	report_strip(a);
	record_map(a);
	record_verdict(a);
	report_verdict(a);
}
