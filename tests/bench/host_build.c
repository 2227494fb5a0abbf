/* SPDX-License-Identifier: MIT */
/*
 * Times the builder of the direct map on the host: 1 TiB in 4 KiB leaves, tables in a flat arena, against one memset of
 * the same bytes. Both run on memory that has been touched before, so that the host's page faults are in neither.
 *
 *   host_build ROUNDS         a line a round: pages, then nanoseconds of build, walk and memset
 *   host_build once HOW       pages of 32 GiB, once, for those who count instructions from outside. HOW they come:
 *                             runs (as they are), search (a search and a reservation each) or count (no tables)
 */
#define _GNU_SOURCE
#include "tests/bench/timing.h"

#include "mm/count.h"
#include "mm/pgwalk.h"
#include "mm/policy.h"

#define RAM_END (4 * GIB + 1 * TIB - 2 * GIB)
#define ONCE_END (34 * GIB)
#define BASE 0x1000000ull
#define IMAGE_END 0x1200000ull
#define BUFFER 0x11f0000ull

static struct memblock start_state, mb;
static struct direct_map dm;
static uint64_t leaves;

static void fill_memory(phys_t end)
{
	const struct range ram[] = { { PAGE_SIZE, 0x9f000 }, { 1 * MIB, 2 * GIB }, { 4 * GIB, end } };

	memblock_init(&start_state);
	for (unsigned i = 0; i < ARRAY_SIZE(ram); i++)
		need(memblock_add(&start_state, ram[i]) == OK, "memory");
	need(memblock_reserve(&start_state, (struct range){ 0, 1 * MIB }) == OK, "low memory");
	need(memblock_reserve(&start_state, (struct range){ BASE, IMAGE_END }) == OK, "image");
}

static uint64_t time_build(const struct pt_policy *policy, phys_t end, struct count *count)
{
	uint64_t start;

	mb = start_state;
	dm = (struct direct_map){
		.policy = policy,
		.mem = { .page = page },
		.root = BASE,
		.levels = 4,
		.page_offset = PAGE_OFFSET_4LEVEL,
		.kernel_end = IMAGE_END,
		.end = end,
		.count = count,
	};
	pt_alloc_init(&dm.alloc, &mb, (struct range){ BUFFER, IMAGE_END });
	__builtin_memset(page(NULL, dm.root), 0, PAGE_SIZE);
	start = now_ns();
	need(direct_map_build(&dm) == OK, "the build failed");
	return now_ns() - start;
}

static void see_leaves(void *ctx, const struct pgwalk_leaf *first, uint64_t count)
{
	(void)ctx;
	need(first->phys == first->virt - PAGE_OFFSET_4LEVEL, "a wrong leaf");
	leaves += count;
}

static uint64_t time_walk(void)
{
	struct pgwalk w = { .table = page, .root = BASE, .levels = 4 };
	struct pgwalk_visit visit = { .leaves = see_leaves };
	uint64_t start = now_ns();

	leaves = 0;
	need(pgwalk_range(&w, PAGE_OFFSET_4LEVEL, DIRECT_MAP_LIMIT - 1, &visit) == OK, "the walk failed");
	need(leaves == dm.leaves[PT_PTE], "not all leaves are there");
	return now_ns() - start;
}

/* Over the tables themselves: they are built anew. Volatile: the compiler shall not see that nobody reads them. */
static void *(*volatile set)(void *, int, size_t) = memset;

static uint64_t time_memset(size_t bytes)
{
	uint64_t start = now_ns();

	set(arena + RAM_END - bytes, 0x5a, bytes);
	return now_ns() - start;
}

/* The first round touches the memory and is not shown. */
static void time_rounds(int rounds)
{
	for (int i = 0; i <= rounds; i++) {
		uint64_t build = time_build(&policy_top_down, RAM_END, NULL), walk = time_walk();
		uint64_t pages = dm.alloc.from_buffer + dm.alloc.from_memblock;
		uint64_t flat = time_memset(pages * PAGE_SIZE);

		if (i)
			printf("%llu %llu %llu %llu\n", (unsigned long long)pages, (unsigned long long)build,
			       (unsigned long long)walk, (unsigned long long)flat);
	}
}

/* As Linux does it: every page is looked for anew, and reserved. */
static phys_t search_page(struct direct_map *map, phys_t maps)
{
	phys_t got = pt_alloc_page(&map->alloc);

	(void)maps;
	return pt_alloc_flush(&map->alloc) == OK ? got : PHYS_NONE;
}

static void build_once(const char *how)
{
	struct pt_policy policy = policy_top_down;
	struct count count = { .run = NULL };
	bool counted = !strcmp(how, "count");

	if (!strcmp(how, "search"))
		policy.page = search_page;
	else
		need(counted || !strcmp(how, "runs"), "once: runs, search or count");
	(void)time_build(&policy, ONCE_END, counted ? &count : NULL);
	printf("%llu\n", (unsigned long long)(dm.alloc.from_buffer + dm.alloc.from_memblock));
}

int main(int argc, char **argv)
{
	bool once = argc == 3 && !strcmp(argv[1], "once");
	uint64_t end = once ? ONCE_END : RAM_END;

	map_arena(end);
	madvise(arena, end, MADV_HUGEPAGE);
	fill_memory(end);
	if (once)
		build_once(argv[2]);
	else
		time_rounds(argc > 1 ? atoi(argv[1]) : 5);
	return 0;
}
