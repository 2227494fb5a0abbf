/* SPDX-License-Identifier: MIT */
/* Counts and runs of page-table pages on a machine of three nodes, the last of which is movable. */
#include "mm/placement.h"
#include "tests/unit/support.h"

#define MAX_RUNS 32

static struct numa numa;
static struct memblock mb;
static struct placement p;
static struct placement_run run[MAX_RUNS];
static size_t runs;

static void note(void *ctx, const struct placement_run *r)
{
	assert_ptr_equal(ctx, &runs);
	assert_true(runs < MAX_RUNS);
	run[runs++] = *r;
}

static void add_node(uint32_t pxm, phys_t start, phys_t end, bool hotplug)
{
	int nid = numa_map_pxm(&numa, pxm);

	must_add(&mb, start, end);
	assert_int_equal(numa_add_memblk(&numa, nid, (struct range){ start, end }, hotplug), OK);
}

/*
 * Node 0 [0, 1G); node 1 [1G, 2G) hot-pluggable but pinned by a reservation; node 2 [2G, 3G) and [4G, 6G) hot-
 * pluggable.
 */
static int setup(void **state)
{
	(void)state;
	FRESH(memblock_init, &mb);
	FRESH(numa_init, &numa);
	add_node(10, 0, GIB, false);
	add_node(11, GIB, 2 * GIB, true);
	add_node(12, 2 * GIB, 3 * GIB, true);
	add_node(12, 4 * GIB, 6 * GIB, true);
	assert_int_equal(memblock_reserve(&mb, (struct range){ GIB + MIB, GIB + MIB + 1 }), OK);
	assert_int_equal(numa_cleanup(&numa, &mb, 6 * GIB, NULL), OK);
	numa_judge(&numa, &mb);
	placement_init(&p, &numa);
	p.run = note;
	p.ctx = &runs;
	runs = 0;
	return 0;
}

static const struct fixture fixture = { .setup = setup };

#define RUN(i, at_level, at, to, at_nid, is_movable)                                                                   \
	do {                                                                                                           \
		assert_int_equal(run[i].level, at_level);                                                              \
		assert_int_equal(run[i].pages.start, at);                                                              \
		assert_int_equal(run[i].pages.end, to);                                                                \
		assert_int_equal(run[i].nid, at_nid);                                                                  \
		assert_int_equal(run[i].movable, is_movable);                                                          \
	} while (0)

TEST(nothing)
{
	placement_finish(&p);
	assert_int_equal(runs, 0);
	assert_int_equal(p.table_pages, 0);
	assert_int_equal(placement_pinned(&p), 0);
}

TEST(counts)
{
	placement_add(&p, 0x5000, PT_PGD);
	placement_add(&p, 0x9000, PT_PUD);
	placement_add(&p, GIB, PT_PMD);
	placement_add(&p, 2 * GIB, PT_PTE);
	placement_add(&p, 6 * GIB - PAGE_SIZE, PT_PTE);
	placement_add(&p, 4 * GIB, PT_PMD);
	placement_add(&p, 7 * GIB, PT_PTE);
	placement_finish(&p);
	assert_int_equal(p.pages[PT_PGD][0], 1);
	assert_int_equal(p.pages[PT_PUD][0], 1);
	assert_int_equal(p.pages[PT_PMD][1], 1);
	assert_int_equal(p.pages[PT_PMD][2], 1);
	assert_int_equal(p.pages[PT_PTE][2], 2);
	assert_int_equal(p.pages[PT_PTE][MAX_NUMNODES], 1);
	assert_int_equal(p.table_pages, 6);
	/* node 1 is hot-pluggable, but not movable */
	assert_int_equal(p.on_movable, 3);
	assert_int_equal(p.level_movable[PT_PMD], 1);
	assert_int_equal(p.level_movable[PT_PTE], 2);
	assert_int_equal(p.node_movable[1], 0);
	assert_int_equal(p.node_movable[2], 3);
	/* all hot-pluggable memory of node 2 */
	assert_int_equal(placement_pinned(&p), 3 * GIB);
}

/* The top table lies in the image: a run, but no page of the direct map, and no stain wherever it is. */
TEST(pgd_is_no_stain)
{
	placement_add(&p, 5 * GIB, PT_PGD);
	placement_finish(&p);
	assert_int_equal(runs, 1);
	RUN(0, PT_PGD, 5 * GIB, 5 * GIB + PAGE_SIZE, 2, true);
	assert_int_equal(p.pages[PT_PGD][2], 1);
	assert_int_equal(p.table_pages, 0);
	assert_int_equal(p.on_movable, 0);
	assert_int_equal(p.node_movable[2], 0);
	assert_int_equal(p.level_movable[PT_PGD], 0);
	assert_int_equal(placement_pinned(&p), 0);
}

TEST(runs_grow_both_ways)
{
	for (phys_t at = 0x10000; at < 0x14000; at += PAGE_SIZE)
		placement_add(&p, at, PT_PTE);
	for (phys_t at = 0x24000; at > 0x20000; at -= PAGE_SIZE)
		placement_add(&p, at - PAGE_SIZE, PT_PMD);
	placement_add(&p, 0x14000, PT_PTE); /* the levels' runs are open side by side */
	placement_add(&p, 0xf000, PT_PTE);
	assert_int_equal(runs, 0);
	placement_add(&p, 0x16000, PT_PTE);
	assert_int_equal(runs, 1);
	RUN(0, PT_PTE, 0xf000, 0x15000, 0, false);
	placement_finish(&p);
	assert_int_equal(runs, 3);
	RUN(1, PT_PTE, 0x16000, 0x17000, 0, false);
	RUN(2, PT_PMD, 0x20000, 0x24000, 0, false);
	placement_finish(&p);
	assert_int_equal(runs, 3);
}

/* Neighbours on different nodes, or stained and not, are different runs, in both directions. */
TEST(runs_end_at_borders)
{
	for (phys_t at = GIB - 2 * PAGE_SIZE; at < GIB + 2 * PAGE_SIZE; at += PAGE_SIZE)
		placement_add(&p, at, PT_PTE);
	for (phys_t at = 2 * GIB + PAGE_SIZE; at >= 2 * GIB - PAGE_SIZE; at -= PAGE_SIZE)
		placement_add(&p, at, PT_PMD);
	placement_finish(&p);
	assert_int_equal(runs, 4);
	RUN(0, PT_PTE, GIB - 2 * PAGE_SIZE, GIB, 0, false);
	RUN(1, PT_PMD, 2 * GIB, 2 * GIB + 2 * PAGE_SIZE, 2, true);
	RUN(2, PT_PTE, GIB, GIB + 2 * PAGE_SIZE, 1, false);
	RUN(3, PT_PMD, 2 * GIB - PAGE_SIZE, 2 * GIB, 1, false);
}

/* A hot-pluggable and an ordinary range of one node: two runs. */
TEST(movable_border_on_one_node)
{
	FRESH(numa_init, &numa);
	FRESH(memblock_init, &mb);
	add_node(2, GIB, 2 * GIB, false);
	add_node(2, 2 * GIB, 3 * GIB, true);
	add_node(1, 0, GIB, false);
	assert_int_equal(numa_cleanup(&numa, &mb, 3 * GIB, NULL), OK);
	numa_judge(&numa, &mb);
	placement_add(&p, 2 * GIB - PAGE_SIZE, PT_PTE);
	placement_add(&p, 2 * GIB, PT_PTE);
	placement_finish(&p);
	assert_int_equal(runs, 2);
	RUN(0, PT_PTE, 2 * GIB - PAGE_SIZE, 2 * GIB, 0, false);
	RUN(1, PT_PTE, 2 * GIB, 2 * GIB + PAGE_SIZE, 0, true);
	assert_int_equal(placement_pinned(&p), GIB);
}

/* report=full: a run for every page. */
TEST(single)
{
	p.single = true;
	placement_add(&p, 0x10000, PT_PTE);
	placement_add(&p, 0x11000, PT_PTE);
	placement_add(&p, 0x10000 - PAGE_SIZE, PT_PTE);
	placement_finish(&p);
	assert_int_equal(runs, 3);
	RUN(0, PT_PTE, 0x10000, 0x11000, 0, false);
	RUN(1, PT_PTE, 0x11000, 0x12000, 0, false);
	RUN(2, PT_PTE, 0xf000, 0x10000, 0, false);
	assert_int_equal(p.pages[PT_PTE][0], 3);
}

/* Page 0 is a page, and nobody has to listen. */
TEST(page_zero_unheard)
{
	p.run = NULL;
	placement_add(&p, 0, PT_PTE);
	placement_finish(&p);
	assert_int_equal(p.table_pages, 1);
}

/* Pages that were only counted give the numbers that each of them by itself would give. */
TEST(counted)
{
	static struct placement one_by_one;
	static const struct count_run chunk[] = {
		{ { GIB, GIB + 3 * PAGE_SIZE }, .nid = 1, .level = { [PT_PTE] = 2, [PT_PMD] = 1 } },
		{ { 5 * GIB, 5 * GIB + 2 * PAGE_SIZE },
		  .nid = 2,
		  .movable = true,
		  .level = { [PT_PTE] = 1, [PT_PUD] = 1 } },
		{ { 0x9000, 0xa000 }, .nid = 0, .level = { [PT_P4D] = 1 } },
		{ { 7 * GIB, 7 * GIB + PAGE_SIZE }, .nid = NUMA_NO_NODE, .level = { [PT_PTE] = 1 } },
		{ { 4 * GIB, 4 * GIB + PAGE_SIZE }, .nid = 2, .movable = true, .level = { [PT_PTE] = 1 } },
	};

	placement_init(&one_by_one, &numa);
	for (size_t i = 0; i < ARRAY_SIZE(chunk); i++) {
		phys_t at = chunk[i].pages.start;

		placement_add_counted(&p, &chunk[i]);
		for (unsigned level = 0; level < PT_PGD; level++) {
			for (uint64_t n = chunk[i].level[level]; n; n--, at += PAGE_SIZE)
				placement_add(&one_by_one, at, (enum pt_level)level);
		}
		assert_int_equal(at, chunk[i].pages.end);
	}
	placement_finish(&one_by_one);
	assert_int_equal(p.table_pages, 8);
	assert_int_equal(p.on_movable, 3);
	assert_int_equal(p.node_movable[2], 3);
	assert_int_equal(p.level_movable[PT_PTE], 2);
	assert_int_equal(p.level_movable[PT_PUD], 1);
	assert_int_equal(placement_pinned(&p), 3 * GIB);
	assert_memory_equal(p.pages, one_by_one.pages, sizeof(p.pages));
	assert_memory_equal(p.node_movable, one_by_one.node_movable, sizeof(p.node_movable));
	assert_memory_equal(p.level_movable, one_by_one.level_movable, sizeof(p.level_movable));
	assert_int_equal(runs, 0);
}
