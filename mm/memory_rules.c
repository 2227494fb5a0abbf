/* SPDX-License-Identifier: MIT */
/* The rules that need the memory map: ranges against RAM, against each other and against what firmware keeps. */
#include "mm/memory_rules.h"

#define STRUCT_PAGE 64 /* bytes that Linux keeps for each page */
#define BOOT_NEEDS (168 * MIB)
#define INTERLEAVE_MAX 256 /* ranges among which nodes that take turns are looked for */

static bool has_memory(const struct numa_evidence *e, const struct numa_memblk *b)
{
	return memblock_overlap(&e->mb->memory, b->r);
}

/* ---- ranges against each other ---- */

static void judge_pair(const struct numa_evidence *e, const struct findings *to, const struct numa_memblk *a,
		       const struct numa_memblk *b)
{
	if (!range_overlaps(a->r, b->r) || !has_memory(e, a) || !has_memory(e, b))
		return;
	finding_tell(to, a->nid == b->nid ? "srat-self-overlap" : "srat-overlap", FINDING_RANGES, &a->r,
		     e->numa->node[a->nid].pxm, &b->r, e->numa->node[b->nid].pxm);
}

/* Linux drops what holds no memory before it looks. */
static void judge_overlaps(const struct numa_evidence *e, const struct findings *to)
{
	const struct numa *n = e->numa;

	if (n->ordered)
		return; /* no two ranges overlap */
	for (size_t i = 0; i < n->mem.nr; i++) {
		for (size_t j = i + 1; j < n->mem.nr; j++)
			judge_pair(e, to, &n->mem.blk[i], &n->mem.blk[j]);
	}
}

/* Where the first and the last of a node's ranges with memory start; empty when there are less than two. */
static struct range starts_of(const struct numa_evidence *e, int nid)
{
	struct range starts = { UINT64_MAX, 0 };

	for_each (b, e->numa->mem.blk, e->numa->mem.nr) {
		if (b->nid != nid || !has_memory(e, b))
			continue;
		starts.start = min_u64(starts.start, b->r.start);
		starts.end = max_u64(starts.end, b->r.start);
	}
	return starts;
}

/* Nodes that take turns: memory of a, of b, of a again, of b again. */
static void judge_turns(const struct numa_evidence *e, const struct findings *to)
{
	unsigned nodes = e->numa->mem.nr <= INTERLEAVE_MAX ? e->numa->nr_nodes : 0;

	for (unsigned a = 0; a < nodes; a++) {
		struct range first = starts_of(e, (int)a);

		for (unsigned b = 0; !range_empty(first) && b < nodes; b++) {
			struct range other = starts_of(e, (int)b);

			if (first.start < other.start && other.start < first.end && first.end < other.end)
				finding_tell(to, "node-interleaved", FINDING_DOMAINS, e->numa->node[a].pxm,
					     e->numa->node[b].pxm);
		}
	}
}

static void judge_reach(const struct numa_evidence *e, const struct findings *to)
{
	for_each (b, e->numa->mem.blk, e->numa->mem.nr) {
		if (b->r.end > e->limit)
			finding_tell(to, "range-out-of-reach", FINDING_RANGE, &b->r, e->numa->node[b->nid].pxm);
	}
}

/* ---- RAM ---- */

/* What RAM lies in no range at all. */
static void judge_cover(const struct numa_evidence *e, const struct findings *to)
{
	struct numa_spot piece = { .nid = NUMA_NO_NODE };

	while (numa_next_piece(e->numa, e->mb, &piece))
		if (piece.nid == NUMA_NO_NODE)
			finding_tell(to, "srat-uncovered-ram", FINDING_MEMORY, &piece.span);
}

/* ---- hot-pluggable ranges ---- */

/* What firmware keeps for itself inside a hot-pluggable range that has RAM. */
static void judge_kept(const struct numa_evidence *e, const struct findings *to, const struct numa_memblk *hot)
{
	for (size_t i = e820_first(e->map, hot->r.start); i < e->map->nr && e->map->e[i].r.start < hot->r.end; i++) {
		const struct region *m = &e->map->e[i];
		struct range part = range_clamp(hot->r, m->r);

		if (m->type != E820_ACPI && m->type != E820_NVS)
			continue;
		finding_tell(to, "hotplug-firmware-memory", FINDING_RANGE, &part, e->numa->node[hot->nid].pxm);
	}
}

static void judge_hotplug(const struct numa_evidence *e, const struct findings *to)
{
	const struct numa *n = e->numa;
	uint64_t hot = 0, present = 0;

	for_each (node, n->node, n->nr_nodes) {
		hot += node->hot_present;
		present += node->present;
	}
	if (hot && hot == present)
		finding_tell(to, "hotplug-all", FINDING_TABLE);
	for_each (k, n->node, n->nr_nodes) {
		if (k->hot_present && k->hot_present < k->present)
			finding_tell(to, "hotplug-mixed-node", FINDING_DOMAIN, k->pxm);
	}
	for_each (b, n->hot.blk, n->hot.nr) {
		const struct region *first = memblock_overlap(&e->mb->memory, b->r);

		if (!n->node[b->nid].present)
			finding_tell(to, "hotplug-without-ram", FINDING_RANGE, &b->r, n->node[b->nid].pxm);
		if (!first)
			continue;
		if (max_u64(first->r.start, b->r.start) < 1 * MIB)
			finding_tell(to, "hotplug-low-memory", FINDING_RANGE, &b->r, n->node[b->nid].pxm);
		judge_kept(e, to, b);
	}
}

/* ---- nodes ---- */

/* Where no CPU has a node, there is nothing to say about those without. */
static void judge_nodes(const struct numa_evidence *e, const struct findings *to)
{
	const struct numa *n = e->numa;
	uint64_t cpus = 0;

	for_each (node, n->node, n->nr_nodes)
		cpus += node->cpus;
	for_each (node, n->node, n->nr_nodes) {
		if (node->cpus && !node->present)
			finding_tell(to, "cpu-only-domain", FINDING_DOMAIN, node->pxm);
		if (cpus && !node->cpus && node->present)
			finding_tell(to, "memory-only-domain", FINDING_DOMAIN, node->pxm);
	}
}

void numa_findings(const struct numa_evidence *e, const struct findings *to)
{
	judge_overlaps(e, to);
	judge_turns(e, to);
	judge_reach(e, to);
	judge_cover(e, to);
	judge_hotplug(e, to);
	judge_nodes(e, to);
}

/* ---- what is left for data that cannot move ---- */

struct memory_split numa_split(const struct numa *n, uint64_t pinned)
{
	struct memory_split s = { pinned, 0 };

	for_each (node, n->node, n->nr_nodes) {
		uint64_t movable = node->movable ? node->hot_present : 0;

		s.movable += movable;
		s.fixed += node->present - movable;
	}
	s.movable -= pinned;
	return s;
}

bool memory_is_scarce(const struct memory_split *s, uint64_t table_pages)
{
	uint64_t pages = (s->fixed + s->movable) / PAGE_SIZE;

	return s->movable && s->fixed < pages * STRUCT_PAGE + table_pages * PAGE_SIZE + BOOT_NEEDS;
}
