/* SPDX-License-Identifier: MIT */
/* Counts page-table pages per level and node, and joins them into runs. */
#include "mm/placement.h"

static unsigned column_of(int nid)
{
	return nid == NUMA_NO_NODE ? MAX_NUMNODES : (unsigned)nid;
}

static void count(struct placement *p, const struct placement_run *run)
{
	struct count_run counted = { .pages = run->pages, .nid = run->nid, .movable = run->movable };
	uint64_t pages = range_size(run->pages) / PAGE_SIZE;

	counted.level[run->level] = pages;
	if (run->level == PT_PGD)
		p->pages[PT_PGD][column_of(run->nid)] += pages;
	else
		placement_add_counted(p, &counted);
}

/* A run counts when it is known how long it is. */
static void close_run(struct placement *p, enum pt_level level)
{
	struct placement_run *run = &p->open[level];

	if (range_empty(run->pages))
		return;
	count(p, run);
	if (p->run)
		p->run(p->ctx, run);
	run->pages = NO_RANGE;
}

/* Policies take pages upwards or downwards: a run grows at both ends. */
static bool grow_run(struct range *run, phys_t table)
{
	if (range_empty(*run))
		return false;
	if (table == run->end)
		run->end += PAGE_SIZE;
	else if (table + PAGE_SIZE == run->start)
		run->start = table;
	else
		return false;
	return true;
}

void placement_init(struct placement *p, const struct numa *numa)
{
	__builtin_memset(p, 0, sizeof(*p));
	p->numa = numa;
}

void placement_add(struct placement *p, phys_t table, enum pt_level level)
{
	struct placement_run *run = &p->open[level];

	/* Answers hold over a whole span of addresses: tables lie close together, so nodes are rarely searched. */
	if (!range_contains(p->spot.span, table))
		p->spot = numa_look_at(p->numa, table);
	if (!p->single && run->nid == p->spot.nid && run->movable == p->spot.movable && grow_run(&run->pages, table))
		return;
	close_run(p, level);
	*run = (struct placement_run){ level, { table, table + PAGE_SIZE }, p->spot.nid, p->spot.movable };
}

void placement_add_counted(struct placement *p, const struct count_run *run)
{
	unsigned column = column_of(run->nid);
	uint64_t pages = range_size(run->pages) / PAGE_SIZE;

	p->table_pages += pages;
	for (unsigned level = 0; level < PT_PGD; level++)
		p->pages[level][column] += run->level[level];
	if (!run->movable)
		return;
	KASSERT(column < MAX_NUMNODES); /* what is on no node is not movable */
	p->on_movable += pages;
	for (unsigned level = 0; level < PT_PGD; level++)
		p->level_movable[level] += run->level[level];
	p->node_movable[column] += pages;
}

void placement_finish(struct placement *p)
{
	for (unsigned level = 0; level < PT_LEVELS; level++)
		close_run(p, (enum pt_level)level);
}

uint64_t placement_pinned(const struct placement *p)
{
	uint64_t sum = 0;

	for (unsigned nid = 0; nid < p->numa->nr_nodes; nid++) {
		if (p->node_movable[nid])
			sum += p->numa->node[nid].hot_present;
	}
	return sum;
}
