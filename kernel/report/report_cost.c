/* SPDX-License-Identifier: MIT */
/* What policies cost, side by side: a record each, and one table of text for all. */
#include "kernel/report/report.h"

#include "lib/format.h"
#include "lib/scan.h"

/* Columns of the table. The levels of page tables stand side by side, in the order of enum pt_level. */
enum column {
	POLICY,
	STAINS,
	LEVEL,
	PINNED = LEVEL + PT_PGD,
	BLOCKS_SMALL,
	BLOCKS_LARGE,
	BELOW_16M,
	BELOW_4G,
	DISTANCE,
	STEPS,
	COLUMNS
};

static const char heads[COLUMNS][7] = { "policy", "total", "pte", "pmd", "pud",  "p4d",  "pinned",
					"128M",   "2G",    "16M", "4G",  "SLIT", "steps" };

/* Stand above heads, where their column begins. */
static const struct {
	uint8_t column;
	char text[7];
} groups[] = { { STAINS, "stains" }, { BLOCKS_SMALL, "blocks" }, { BELOW_16M, "below" }, { DISTANCE, "mean" } };

struct line {
	char cell[COLUMNS][24];
};

/* Too large for the stack. */
static struct {
	size_t width[COLUMNS]; /* 0: left out */
	struct line line[1 + OPT_MAX_POLICIES];
} table;

static APART void put_number(struct line *l, unsigned column, uint64_t value)
{
	format(l->cell[column], sizeof(*l->cell), "%llu", (ull)value);
}

static APART void fill_line(struct line *l, const struct cost *c)
{
	uint64_t tenths = c->pages ? c->distance * 10 / c->pages : 0;

	format(l->cell[POLICY], sizeof(*l->cell), "%s", c->policy->name);
	put_number(l, STAINS, c->on_movable);
	for (unsigned level = 0; level < PT_PGD; level++)
		put_number(l, LEVEL + level, c->level_movable[level]);
	format(l->cell[PINNED], sizeof(*l->cell), "%'llu", (ull)c->pinned);
	put_number(l, BLOCKS_SMALL, c->small_blocks);
	put_number(l, BLOCKS_LARGE, c->large_blocks);
	for (unsigned column = BLOCKS_SMALL; column <= BLOCKS_LARGE && !c->blocks_known; column++)
		format(l->cell[column], sizeof(*l->cell), "?");
	put_number(l, BELOW_16M, c->below_16m);
	put_number(l, BELOW_4G, c->below_4g);
	format(l->cell[DISTANCE], sizeof(*l->cell), "%llu.%llu", (ull)(tenths / 10), (ull)(tenths % 10));
	format(l->cell[STEPS], sizeof(*l->cell), "%llu in %llu", (ull)c->steps, (ull)c->passes);
}

static void fill_table(const struct cost *c, unsigned nr)
{
	for (unsigned column = 0; column < COLUMNS; column++)
		format(table.line[0].cell[column], sizeof(table.line[0].cell[0]), "%s", heads[column]);
	for (unsigned i = 0; i < nr; i++)
		fill_line(&table.line[i + 1], &c[i]);
	for (unsigned column = 0; column < COLUMNS; column++) {
		bool shown = column < LEVEL || column >= PINNED; /* a level without stains is not */
		size_t width = 0;

		for (unsigned i = 0; i <= nr; i++) {
			width = max_u64(width, scan_length(table.line[i].cell[column]));
			shown |= i && *table.line[i].cell[column] != '0';
		}
		table.width[column] = shown ? width : 0;
	}
}

static void report_groups(struct log *l)
{
	char text[LOG_COLUMNS] = "";
	struct builder line = BUILDER(text);
	size_t start = 0, group = 0;

	for (unsigned column = 0; group < ARRAY_SIZE(groups); column++) {
		if (column == groups[group].column)
			builder_add(&line, "%*s%s", (int)(start - line.len), "", groups[group++].text);
		start += table.width[column] ? table.width[column] + 1 : 0;
	}
	log_text(l, "%s", text);
}

static void report_line(struct log *l, const struct line *line)
{
	char text[LOG_COLUMNS] = "";
	struct builder all = BUILDER(text);

	for (unsigned column = 0; column < COLUMNS; column++) {
		int width = (int)table.width[column];

		if (width)
			builder_add(&all, column ? " %*s" : "%*s", column ? width : -width, line->cell[column]);
	}
	log_text(l, "%s", text);
}

void report_costs(struct log *l, const struct cost *c, unsigned nr)
{
	fill_table(c, nr);
	log_text(l, "---- compared: what the page tables of each policy cost");
	report_groups(l);
	for (unsigned i = 0; i <= nr; i++)
		report_line(l, &table.line[i]);
	log_text(l, "  blocks: memory blocks of that size that cannot go offline");
	log_text(l, "  SLIT: how far from the image's node, on average; 10: on it");
	log_text(l, "  steps: windows of memory mapped one by one, in so many passes");
}

void report_cost(struct log *l, const struct cost *c)
{
	log_begin(l, "cost", "alloc%s stained{", c->policy->name);
	if (c->levels == 5)
		log_members(l, "p4d%llu", (ull)c->level_movable[PT_P4D]);
	log_members(l, "pud%llu pmd%llu pte%llu} on_movable%llu pinned%llu", (ull)c->level_movable[PT_PUD],
		    (ull)c->level_movable[PT_PMD], (ull)c->level_movable[PT_PTE], (ull)c->on_movable, (ull)c->pinned);
	if (c->blocks_known)
		log_members(l, "blocks{128m%llu 2g%llu}", (ull)c->small_blocks, (ull)c->large_blocks);
	else
		log_members(l, "blocks%d", -1);
	log_members(l, "below{16m%llu 4g%llu} pages%llu distance%llu steps%llu passes%llu ranges%llu",
		    (ull)c->below_16m, (ull)c->below_4g, (ull)c->pages, (ull)c->distance, (ull)c->steps, (ull)c->passes,
		    (ull)c->ranges);
	log_end(l);
}
