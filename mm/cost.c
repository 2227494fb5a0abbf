/* SPDX-License-Identifier: MIT */
/* Adds up what page tables cost: blocks they hold, low memory, distance. */
#include "mm/cost.h"

#define LOCAL_DISTANCE 10
#define REMOTE_DISTANCE 20

static uint64_t pages_below(struct range pages, phys_t limit)
{
	return range_size(range_clamp(pages, range_below(limit))) / PAGE_SIZE;
}

/* Spans may share a block where blocks are larger than theirs. */
static uint64_t count_blocks(const struct cost_sum *s, uint64_t size)
{
	uint64_t nr = 0;
	phys_t counted = 0;

	for_each (span, s->span, s->nr_spans) {
		struct range r = { max_u64(align_down(span->r.start, size), counted), align_up(span->r.end, size) };

		nr += range_size(r) / size;
		counted = r.end;
	}
	return nr;
}

static uint64_t sum_distances(const struct placement *p, int home)
{
	uint64_t sum = 0;

	for (unsigned level = 0; level < PT_PGD; level++) {
		for (unsigned nid = 0; nid < p->numa->nr_nodes; nid++)
			sum += p->pages[level][nid] * p->numa->node[nid].distance;
		sum += p->pages[level][MAX_NUMNODES] * (home == NUMA_NO_NODE ? LOCAL_DISTANCE : REMOTE_DISTANCE);
	}
	return sum;
}

void cost_add(struct cost_sum *s, struct range pages, bool movable)
{
	const struct regions spans = { s->span, &s->nr_spans, COST_MAX_SPANS };
	struct range blocks = { align_down(pages.start, COST_BLOCK_SMALL), align_up(pages.end, COST_BLOCK_SMALL) };

	s->below_16m += pages_below(pages, 16 * MIB);
	s->below_4g += pages_below(pages, 4 * GIB);
	if (movable && !range_empty(pages) && regions_add(&spans, (struct region){ .r = blocks }) != OK)
		s->full = true;
}

struct cost cost_of(const struct cost_sum *s, const struct placement *p, const struct direct_map *dm, int home)
{
	struct cost c = {
		.policy = dm->policy,
		.levels = dm->levels,
		.pages = p->table_pages,
		.on_movable = p->on_movable,
		.pinned = placement_pinned(p),
		.blocks_known = !s->full,
		.small_blocks = count_blocks(s, COST_BLOCK_SMALL),
		.large_blocks = count_blocks(s, COST_BLOCK_LARGE),
		.below_16m = s->below_16m,
		.below_4g = s->below_4g,
		.distance = sum_distances(p, home),
		.steps = dm->steps,
		.passes = dm->passes,
		.ranges = dm->ranges,
	};

	memcpy(c.level_movable, p->level_movable, sizeof(c.level_movable));
	return c;
}
