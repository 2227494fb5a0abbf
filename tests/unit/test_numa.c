/* SPDX-License-Identifier: MIT */
/* Nodes: numbers, joins, refusals, who is movable and who is not, each with the addresses Linux comes to. */
#include "tests/unit/support.h"

#include "lib/rng.h"
#include "mm/linux_rules.h"
#include "mm/numa.h"

#define LINUX_5_10 LINUX_RELEASE(5, 10, 0)

static struct numa n;
static struct memblock mb;

static struct numa_event events[64];
static size_t nr_events;

static void record(void *ctx, const struct numa_event *e)
{
	(void)ctx;
	assert_true(nr_events < ARRAY_SIZE(events));
	events[nr_events++] = *e;
}

static const struct numa_log record_log = { record, NULL };

static int reset(void **state)
{
	(void)state;
	memset(&n, 0xa5, sizeof(n));
	numa_init(&n);
	memblock_init(&mb);
	nr_events = 0;
	return 0;
}

static const struct fixture fixture = { .setup = reset };

/* A memory entry as the table gives it. */
static void entry(uint32_t pxm, phys_t start, phys_t end, bool hotplug)
{
	int nid = numa_map_pxm(&n, pxm);

	assert_true(nid >= 0);
	assert_int_equal(numa_add_memblk(&n, nid, (struct range){ start, end }, hotplug), OK);
}

static enum status cleanup(void)
{
	phys_t end = mb.memory.nr ? mb.memory.r[mb.memory.nr - 1].r.end : 0;

	return numa_cleanup(&n, &mb, end, &record_log);
}

struct flat_blk {
	phys_t start, end;
	int nid;
};

static void assert_blks(const struct numa_memblk *list, size_t nr, const struct flat_blk *expected, size_t expected_nr)
{
	assert_int_equal(nr, expected_nr);
	for (size_t i = 0; i < nr; i++) {
		assert_range(list[i].r, expected[i].start, expected[i].end);
		assert_int_equal(list[i].nid, expected[i].nid);
	}
}

#define ASSERT_BLKS(...)                                                                                               \
	do {                                                                                                           \
		const struct flat_blk expected[] = { __VA_ARGS__ };                                                    \
		assert_blks(n.blk, n.nr_blk, expected, ARRAY_SIZE(expected));                                          \
	} while (0)

/* ---- numbers ---- */
TEST(test_numbers_by_first_appearance)
{
	assert_int_equal(numa_map_pxm(&n, 5), 0);
	assert_int_equal(numa_map_pxm(&n, 0), 1);
	assert_int_equal(numa_map_pxm(&n, 5), 0);
	assert_int_equal(numa_map_pxm(&n, 300), 2);
	assert_int_equal(n.nr_nodes, 3);
	assert_int_equal(n.node[0].pxm, 5);
	assert_int_equal(n.node[0].cpus, 0);
	assert_int_equal(n.node[2].pxm, 300);
	assert_int_equal(numa_pxm_to_node(&n, 0), 1);
	assert_int_equal(numa_pxm_to_node(&n, 300), 2);
	assert_int_equal(numa_pxm_to_node(&n, 1), NUMA_NO_NODE);
	assert_int_equal(n.nr_nodes, 3);
}

TEST(test_largest_pxm)
{
	assert_int_equal(numa_map_pxm(&n, 1023), 0);
	assert_int_equal(numa_map_pxm(&n, 1024), NUMA_NO_NODE);
	assert_int_equal(numa_map_pxm(&n, UINT32_MAX), NUMA_NO_NODE);
	assert_int_equal(n.nr_nodes, 1);
}

TEST(test_1024_nodes)
{
	must_add(&mb, 0, 1024 * GIB);
	for (uint32_t i = 0; i < 1024; i++)
		entry(1023 - i, (1023 - i) * GIB, (1024 - i) * GIB, i == 1023);
	assert_int_equal(n.nr_nodes, 1024);
	assert_int_equal(cleanup(), OK);
	numa_judge(&n, &mb);
	assert_int_equal(n.node[1023].pxm, 0);
	for (int i = 0; i < 1024; i++) {
		assert_int_equal(n.node[i].present, GIB);
		assert_int_equal(n.node[i].movable, i == 1023);
	}
	assert_int_equal(numa_node_of(&n, 0), 1023);
	assert_int_equal(numa_node_of(&n, 1024 * GIB - 1), 0);
	assert_int_equal(numa_node_of(&n, 1024 * GIB), NUMA_NO_NODE);
	assert_range(numa_span(&n, 5 * GIB), 5 * GIB, 6 * GIB);
	assert_int_equal(numa_apply(&n, &mb, LINUX_5_10), OK);
	assert_int_equal(mb.memory.nr, 1024);
	assert_int_equal(mb.memory.r[0].nid, 1023);
	assert_int_equal(mb.memory.r[0].flags, MEMBLOCK_HOTPLUG);
	assert_int_equal(mb.memory.r[1].flags, 0);
}

TEST(test_add_memblk_limits)
{
	assert_int_equal(numa_map_pxm(&n, 0), 0);
	assert_int_equal(numa_add_memblk(&n, 0, (struct range){ 5, 5 }, true), OK);
	assert_int_equal(numa_add_memblk(&n, 0, (struct range){ 5, 4 }, true), OK);
	assert_int_equal(n.nr_blk, 0);
	assert_int_equal(n.nr_hot, 0);
	for (uint64_t i = 0; i < NR_NODE_MEMBLKS; i++)
		entry(0, i * MIB, i * MIB + 4096, i & 1);
	assert_int_equal(n.nr_blk, 2048);
	assert_int_equal(n.nr_hot, 1024);
	assert_range(n.hot[1].r, 3 * MIB, 3 * MIB + 4096);
	assert_int_equal(numa_add_memblk(&n, 0, (struct range){ TIB, 2 * TIB }, false), ERR_FULL);
	assert_int_equal(n.nr_blk, 2048);
}

/* ---- plain and awkward tables ---- */
TEST(test_two_nodes)
{
	must_add(&mb, 0, 2 * GIB);
	must_add(&mb, 4 * GIB, 6 * GIB);
	entry(0, 0, 2 * GIB, false);
	entry(1, 4 * GIB, 6 * GIB, true);
	assert_int_equal(cleanup(), OK);
	assert_int_equal(nr_events, 0);
	ASSERT_BLKS({ 0, 2 * GIB, 0 }, { 4 * GIB, 6 * GIB, 1 });
	numa_judge(&n, &mb);
	assert_int_equal(n.node[0].present, 2 * GIB);
	assert_int_equal(n.node[0].hot_present, 0);
	assert_false(n.node[0].hotplug);
	assert_false(n.node[0].movable);
	assert_int_equal(n.node[1].present, 2 * GIB);
	assert_int_equal(n.node[1].hot_present, 2 * GIB);
	assert_true(n.node[1].hotplug);
	assert_true(n.node[1].movable);
	assert_range(n.node[1].pinned_by, 0, 0);
	assert_int_equal(numa_node_of(&n, 2 * GIB - 1), 0);
	assert_int_equal(numa_node_of(&n, 2 * GIB), NUMA_NO_NODE);
	assert_int_equal(numa_node_of(&n, 4 * GIB), 1);
	assert_true(numa_is_movable(&n, 4 * GIB));
	assert_false(numa_is_movable(&n, 4 * GIB - 1));
	assert_false(numa_is_movable(&n, 0));
}

/* AMD 2970WX: two dies have CPUs and no memory. */
TEST(test_cpus_without_memory)
{
	must_add(&mb, 0, 2 * GIB);
	for (uint32_t pxm = 0; pxm < 4; pxm++)
		n.node[numa_map_pxm(&n, pxm)].cpus = 6;
	entry(0, 0, 1 * GIB, true);
	entry(2, 1 * GIB, 2 * GIB, false);
	assert_int_equal(cleanup(), OK);
	numa_judge(&n, &mb);
	assert_int_equal(n.nr_nodes, 4);
	assert_int_equal(n.node[1].present, 0);
	assert_int_equal(n.node[3].present, 0);
	assert_false(n.node[1].hotplug);
	assert_int_equal(n.node[3].cpus, 6);
	assert_int_equal(n.node[0].hot_present, 1 * GIB);
	assert_int_equal(n.node[2].present, 1 * GIB);
}

/* A memory entry of length 0 uses up a number and adds nothing. */
TEST(test_entry_of_size_zero)
{
	must_add(&mb, 0, 1 * GIB);
	entry(3, 6 * GIB, 6 * GIB, true);
	entry(0, 0, 1 * GIB, false);
	assert_int_equal(cleanup(), OK);
	numa_judge(&n, &mb);
	assert_int_equal(n.nr_nodes, 2);
	assert_int_equal(n.node[0].pxm, 3);
	assert_int_equal(n.node[0].present, 0);
	assert_false(n.node[0].hotplug);
	ASSERT_BLKS({ 0, 1 * GIB, 1 });
}

TEST(test_descending_addresses)
{
	must_add(&mb, 0, 4 * GIB);
	entry(0, 3 * GIB, 4 * GIB, false);
	entry(1, 2 * GIB, 3 * GIB, false);
	entry(2, 1 * GIB, 2 * GIB, false);
	entry(3, 0, 1 * GIB, false);
	assert_int_equal(cleanup(), OK);
	numa_judge(&n, &mb);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(numa_node_of(&n, (3 - (uint64_t)i) * GIB), i);
		assert_int_equal(n.node[i].present, GIB);
	}
}

TEST(test_interleaved_nodes)
{
	must_add(&mb, 0, 3 * GIB);
	entry(0, 0, 1 * GIB, false);
	entry(1, 1 * GIB, 2 * GIB, true);
	entry(0, 2 * GIB, 3 * GIB, false);
	assert_int_equal(cleanup(), OK);
	assert_int_equal(nr_events, 0);
	ASSERT_BLKS({ 0, 1 * GIB, 0 }, { 1 * GIB, 2 * GIB, 1 }, { 2 * GIB, 3 * GIB, 0 });
	numa_judge(&n, &mb);
	assert_int_equal(n.node[0].present, 2 * GIB);
	assert_true(n.node[1].movable);
	assert_int_equal(numa_node_of(&n, 2 * GIB), 0);
}

/* ---- joins ---- */
TEST(test_join_swallows_holes)
{
	must_add(&mb, 0, 0xa0000);
	must_add(&mb, 1 * MIB, 3 * GIB);
	must_add(&mb, 4 * GIB, 6 * GIB);
	entry(0, 0, 0xa0000, false);
	entry(0, 1 * MIB, 3 * GIB, false);
	entry(0, 4 * GIB, 5 * GIB, false);
	entry(1, 5 * GIB, 6 * GIB, false);
	assert_int_equal(cleanup(), OK);
	ASSERT_BLKS({ 0, 5 * GIB, 0 }, { 5 * GIB, 6 * GIB, 1 });
	assert_int_equal(nr_events, 2);
	assert_int_equal(events[0].kind, NUMA_JOINED);
	assert_int_equal(events[0].nid, 0);
	assert_range(events[0].a, 0, 0xa0000);
	assert_range(events[0].b, 1 * MIB, 3 * GIB);
	assert_range(events[0].result, 0, 3 * GIB);
	assert_range(events[1].a, 0, 3 * GIB);
	assert_range(events[1].b, 4 * GIB, 5 * GIB);
	assert_range(events[1].result, 0, 5 * GIB);
	assert_int_equal(numa_node_of(&n, 3 * GIB + 5), 0);
	numa_judge(&n, &mb);
	assert_int_equal(n.node[0].present, 0xa0000 + 3 * GIB - 1 * MIB + 1 * GIB);
}

/* The entry that came first keeps its place, also when it lies above the other. */
TEST(test_join_keeps_the_order)
{
	must_add(&mb, 0, 4 * GIB);
	entry(0, 1 * GIB, 2 * GIB, false);
	entry(1, 2 * GIB, 4 * GIB, false);
	entry(0, 0, 1 * GIB, false);
	assert_int_equal(cleanup(), OK);
	ASSERT_BLKS({ 0, 2 * GIB, 0 }, { 2 * GIB, 4 * GIB, 1 });
	assert_range(events[0].a, 1 * GIB, 2 * GIB);
	assert_range(events[0].b, 0, 1 * GIB);
}

/* The hull [0, 3G) holds node 1: not joined. After the second and third are joined nothing is tried again. */
TEST(test_no_join_across_another_node)
{
	must_add(&mb, 0, 5 * GIB);
	entry(0, 0, 1 * GIB, false);
	entry(0, 2 * GIB, 3 * GIB, false);
	entry(1, 1 * GIB, 2 * GIB, false);
	entry(0, 4 * GIB, 5 * GIB, false);
	entry(2, 3 * GIB, 4 * GIB, false);
	assert_int_equal(cleanup(), OK);
	assert_int_equal(nr_events, 0);
	assert_int_equal(n.nr_blk, 5);
}

/* A node that merely touches the hull is no obstacle; one byte inside is. */
TEST(test_hull_is_half_open)
{
	must_add(&mb, 0, 8 * GIB);
	entry(0, 1 * GIB, 2 * GIB, false);
	entry(1, 3 * GIB, 8 * GIB, false);
	entry(2, 0, 1 * GIB, false);
	entry(0, 2 * GIB, 3 * GIB, false);
	assert_int_equal(cleanup(), OK);
	ASSERT_BLKS({ 1 * GIB, 3 * GIB, 0 }, { 3 * GIB, 8 * GIB, 1 }, { 0, 1 * GIB, 2 });

	reset(NULL);
	must_add(&mb, 0, 8 * GIB);
	entry(0, 1 * GIB, 2 * GIB, false);
	entry(1, 2 * GIB, 2 * GIB + 1, false);
	entry(0, 2 * GIB + 1, 8 * GIB, false);
	entry(2, 0, 1 * GIB, false);
	assert_int_equal(cleanup(), OK);
	assert_int_equal(n.nr_blk, 4);
}

TEST(test_overlap_with_itself)
{
	must_add(&mb, 0, 4 * GIB);
	entry(0, 0, 3 * GIB, true);
	entry(0, 2 * GIB, 4 * GIB, true);
	assert_int_equal(cleanup(), OK);
	ASSERT_BLKS({ 0, 4 * GIB, 0 });
	assert_int_equal(nr_events, 2);
	assert_int_equal(events[0].kind, NUMA_OVERLAPS_SELF);
	assert_int_equal(events[0].nid, 0);
	assert_int_equal(events[0].other_nid, 0);
	assert_range(events[0].a, 0, 3 * GIB);
	assert_range(events[0].b, 2 * GIB, 4 * GIB);
	assert_int_equal(events[1].kind, NUMA_JOINED);
	/* the hot-pluggable ranges overlap as well: each byte counts once */
	numa_judge(&n, &mb);
	assert_int_equal(n.node[0].present, 4 * GIB);
	assert_int_equal(n.node[0].hot_present, 4 * GIB);
}

TEST(test_overlap_of_different_nodes)
{
	must_add(&mb, 0, 4 * GIB);
	entry(4, 0, 2 * GIB + 1, false);
	entry(9, 2 * GIB, 4 * GIB, false);
	assert_int_equal(cleanup(), ERR_CONFLICT);
	assert_int_equal(nr_events, 1);
	assert_int_equal(events[0].kind, NUMA_OVERLAPS);
	assert_int_equal(events[0].nid, 0);
	assert_int_equal(events[0].other_nid, 1);
	assert_range(events[0].a, 0, 2 * GIB + 1);
	assert_range(events[0].b, 2 * GIB, 4 * GIB);
}

/* What comes before the conflict in the table is joined before it is found, as in Linux. */
TEST(test_overlap_found_behind_what_is_joined)
{
	must_add(&mb, 0, 7 * GIB);
	entry(0, 0, 1 * GIB, false);
	entry(0, 1 * GIB, 2 * GIB, false);
	entry(1, 4 * GIB, 6 * GIB, false);
	entry(2, 5 * GIB, 7 * GIB, false);
	assert_int_equal(cleanup(), ERR_CONFLICT);
	assert_int_equal(nr_events, 2);
	assert_int_equal(events[0].kind, NUMA_JOINED);
	assert_range(events[0].result, 0, 2 * GIB);
	assert_int_equal(events[1].kind, NUMA_OVERLAPS);
	assert_range(events[1].a, 4 * GIB, 6 * GIB);
	assert_range(events[1].b, 5 * GIB, 7 * GIB);
}

/*
 * The first pair cannot be joined because of node 1, and the conflict is then found between the second and the third.
 */
TEST(test_overlap_found_late)
{
	must_add(&mb, 0, 5 * GIB);
	entry(0, 0, 2 * GIB, false);
	entry(0, 1 * GIB, 4 * GIB, false);
	entry(1, 3 * GIB, 5 * GIB, false);
	assert_int_equal(cleanup(), ERR_CONFLICT);
	assert_int_equal(nr_events, 2);
	assert_int_equal(events[0].kind, NUMA_OVERLAPS_SELF);
	assert_int_equal(events[1].kind, NUMA_OVERLAPS);
	assert_range(events[1].a, 1 * GIB, 4 * GIB);
	assert_range(events[1].b, 3 * GIB, 5 * GIB);
}

TEST(test_cleanup_without_a_log)
{
	const struct numa_log silent = { NULL, NULL };

	must_add(&mb, 0, 2 * GIB);
	entry(0, 0, 2 * GIB, false);
	entry(1, 0, 2 * GIB, false);
	assert_int_equal(numa_cleanup(&n, &mb, 2 * GIB, NULL), ERR_CONFLICT);
	assert_int_equal(numa_cleanup(&n, &mb, 2 * GIB, &silent), ERR_CONFLICT);
}

/* ---- trimming ---- */
/* Ranges for memory yet to be plugged hold none: they conflict with nobody and stand in no join's way. */
TEST(test_ranges_without_memory_drop_out)
{
	must_add(&mb, 0, 1 * GIB);
	must_add(&mb, 2 * GIB, 3 * GIB);
	entry(1, 1 * GIB, 2 * GIB, true);
	entry(0, 0, 1 * GIB, false);
	entry(0, 2 * GIB, 3 * GIB, false);
	entry(2, 1 * GIB + 1, 2 * GIB, true);
	assert_int_equal(cleanup(), OK);
	ASSERT_BLKS({ 0, 3 * GIB, 1 });
	/* the table's hot-pluggable ranges are kept as told */
	assert_int_equal(n.nr_hot, 2);
	numa_judge(&n, &mb);
	assert_int_equal(n.node[0].present, 0);
	assert_false(n.node[0].hotplug);
	assert_false(n.node[1].hotplug);
	assert_int_equal(n.node[1].present, 2 * GIB);
}

TEST(test_ranges_beyond_ram_are_cut)
{
	must_add(&mb, 0, 3 * GIB);
	entry(0, 0, 1 * GIB, false);
	entry(1, 1 * GIB, 64 * GIB, true);
	entry(1, 64 * GIB, 128 * GIB, true);
	assert_int_equal(cleanup(), OK);
	ASSERT_BLKS({ 0, 1 * GIB, 0 }, { 1 * GIB, 3 * GIB, 1 });
	assert_int_equal(n.nr_hot, 2);
	assert_int_equal(n.hot[0].r.end, 64 * GIB);
	assert_int_equal(numa_node_of(&n, 3 * GIB), NUMA_NO_NODE);
	numa_judge(&n, &mb);
	assert_int_equal(n.node[1].hot_present, 2 * GIB);
}

/* Memory above the end that is mapped (mem=, MAXMEM) counts for nobody. */
TEST(test_memory_beyond_the_end)
{
	must_add(&mb, 0, 8 * GIB);
	entry(0, 0, 2 * GIB, false);
	entry(1, 2 * GIB, 6 * GIB, false);
	entry(2, 6 * GIB, 8 * GIB, false);
	assert_int_equal(numa_cleanup(&n, &mb, 4 * GIB, &record_log), OK);
	ASSERT_BLKS({ 0, 2 * GIB, 0 }, { 2 * GIB, 4 * GIB, 1 });
	numa_judge(&n, &mb);
	assert_int_equal(n.node[1].present, 2 * GIB);
	assert_int_equal(n.node[2].present, 0);
}

/* ---- coverage ---- */
static void cover(phys_t hole, enum status expected)
{
	reset(NULL);
	must_add(&mb, 0, 0xa0000);
	must_add(&mb, 1 * MIB, 4 * GIB);
	entry(0, 0, 2 * GIB, false);
	entry(1, 2 * GIB + hole, 4 * GIB, false);
	assert_int_equal(cleanup(), expected);
}

TEST(test_cover_255_pages_missing)
{
	cover(255 * 4096, OK);
	assert_int_equal(nr_events, 0);
	ASSERT_BLKS({ 0, 2 * GIB, 0 }, { 2 * GIB + 255 * 4096, 4 * GIB, 1 });
	assert_int_equal(numa_node_of(&n, 2 * GIB), NUMA_NO_NODE);
	numa_judge(&n, &mb);
	assert_int_equal(n.node[0].present + n.node[1].present, 4 * GIB - 0x60000 - 255 * 4096);
}

TEST(test_cover_256_pages_missing)
{
	cover(256 * 4096, ERR_NOT_FOUND);
	assert_int_equal(nr_events, 1);
	assert_int_equal(events[0].kind, NUMA_NOT_COVERED);
	assert_int_equal(events[0].total, 4 * GIB - 0x60000);
	assert_int_equal(events[0].covered, 4 * GIB - 0x60000 - 1 * MIB);
}

/*
 * Linux counts whole pages: 256 pages of which the last is half a page are 255, and holes of less than a page are none.
 */
TEST(test_cover_counts_whole_pages)
{
	cover(256 * 4096 - 1, OK);
	reset(NULL);
	must_add(&mb, 0, 2 * GIB);
	for (uint64_t i = 0; i < 1000; i++)
		entry((uint32_t)i, i * 2 * MIB, (i + 1) * 2 * MIB - 2048, false);
	entry(1000, 2000 * MIB, 2 * GIB, false);
	assert_int_equal(cleanup(), OK);
}

TEST(test_no_entry_at_all)
{
	must_add(&mb, 0, 1 * GIB);
	assert_int_equal(cleanup(), ERR_NOT_FOUND);
	assert_int_equal(events[0].covered, 0);
	assert_int_equal(events[0].total, 1 * GIB);
	assert_int_equal(numa_node_of(&n, 0), NUMA_NO_NODE);
	assert_range(numa_span(&n, 77), 0, UINT64_MAX);
}

/* ---- who is movable ---- */
/* The layout that reproduces the problem on a stock kernel: two nodes, 8 GiB, one immovable entry of 64M at 1G. */
static void reproduction(void)
{
	must_add(&mb, 0x1000, 0x9f000);
	must_add(&mb, 0x100000, 0xbffe0000);
	must_add(&mb, 0x100000000, 0x240000000);
	must_reserve(&mb, 0, 0x100000);
	must_reserve(&mb, 0x40000000, 0x43411000);
	entry(0, 0, 1 * GIB, true);
	entry(0, 1 * GIB, 0x44000000, false);
	entry(1, 0x44000000, 0x80000000, true);
	entry(0, 2 * GIB, 3 * GIB, true);
	entry(1, 4 * GIB, 9 * GIB, true);
}

TEST(test_reproduction)
{
	reproduction();
	assert_int_equal(cleanup(), OK);
	ASSERT_BLKS({ 0, 0x44000000, 0 }, { 0x44000000, 0x80000000, 1 }, { 0x80000000, 0xc0000000, 0 },
		    { 0x100000000, 0x240000000, 1 });
	numa_judge(&n, &mb);
	assert_int_equal(n.node[0].present, 0x9e000ull + 0x43f00000 + 0x3ffe0000);
	assert_int_equal(n.node[0].hot_present, 0x9e000ull + 0x3ff00000 + 0x3ffe0000);
	assert_int_equal(n.node[1].present, 0x3c000000 + 5 * GIB);
	assert_true(n.node[0].hotplug);
	assert_false(n.node[0].movable);
	assert_range(n.node[0].pinned_by, 0, 0x100000);
	assert_true(n.node[1].movable);
	/* the 4K direct map: 3553 pages from the kernel's end on, 529 of them on node 1 */
	must_reserve(&mb, 0x43430000, 0x44211000);
	numa_judge(&n, &mb);
	assert_true(n.node[1].hotplug);
	assert_false(n.node[1].movable);
	assert_range(n.node[1].pinned_by, 0x44000000, 0x44211000);
}

TEST(test_apply_marks_movable_nodes_only)
{
	reproduction();
	assert_int_equal(cleanup(), OK);
	numa_judge(&n, &mb);
	assert_int_equal(numa_apply(&n, &mb, 0), OK);
	ASSERT_REGIONS(&mb.memory, { 0x1000, 0x9f000, 0, 0 }, { 0x100000, 0x44000000, 0, 0 },
		       { 0x44000000, 0x80000000, 1, MEMBLOCK_HOTPLUG }, { 0x80000000, 0xbffe0000, 0, 0 },
		       { 0x100000000, 0x240000000, 1, MEMBLOCK_HOTPLUG });
}

/*
 * Borders inside pages: the page is the node's that holds its first byte, and no page is split, so all can be mapped.
 */
TEST(test_apply_splits_no_page)
{
	reset(NULL);
	must_add(&mb, 0, 1 * GIB);
	must_reserve(&mb, 0, 0x100000);
	entry(0, 0, 0x20000001, false);
	entry(1, 0x20000001, 0x30000fff, true);
	entry(2, 0x30000fff, UINT64_MAX, true);
	assert_int_equal(cleanup(), OK);
	numa_judge(&n, &mb);
	assert_int_equal(numa_apply(&n, &mb, 0), OK);
	ASSERT_REGIONS(&mb.memory, { 0, 0x20001000, 0, 0 }, { 0x20001000, 0x30001000, 1, MEMBLOCK_HOTPLUG },
		       { 0x30001000, 1 * GIB, 2, MEMBLOCK_HOTPLUG });
	assert_int_equal(numa_node_of(&n, 0x20000000), 0);
	assert_int_equal(numa_node_of(&n, 0x30000000), 1);
}

/* One reserved page, and no entry of the node stays marked. */
TEST(test_one_page_unmarks_the_node)
{
	reproduction();
	must_reserve(&mb, 0x7ffff000, 0x80001000);
	assert_int_equal(cleanup(), OK);
	numa_judge(&n, &mb);
	assert_false(n.node[1].movable);
	assert_range(n.node[1].pinned_by, 0x7ffff000, 0x80000000);
	assert_false(numa_is_movable(&n, 0x200000000));
	assert_int_equal(numa_apply(&n, &mb, 0), OK);
	for (size_t i = 0; i < mb.memory.nr; i++)
		assert_int_equal(mb.memory.r[i].flags, 0);
}

/* ACPI tables at the top of low memory are no RAM, but lie in the hole that a join has swallowed. */
static void hole(phys_t acpi)
{
	reset(NULL);
	must_add(&mb, 0, 0xbffe0000);
	must_add(&mb, 4 * GIB, 6 * GIB);
	must_reserve(&mb, acpi, acpi + 1);
	entry(0, 0, 1 * GIB, false);
	entry(1, 1 * GIB, 0xbffe0000, true);
	entry(1, 4 * GIB, 6 * GIB, true);
	assert_int_equal(cleanup(), OK);
	ASSERT_BLKS({ 0, 1 * GIB, 0 }, { 1 * GIB, 6 * GIB, 1 });
	numa_judge(&n, &mb);
}

TEST(test_reserved_in_a_swallowed_hole)
{
	hole(0xbffe0000);
	assert_true(n.node[1].hotplug);
	assert_false(n.node[1].movable);
	assert_range(n.node[1].pinned_by, 0xbffe0000, 0xbffe0001);
	hole(6 * GIB - 1);
	assert_false(n.node[1].movable);
	hole(6 * GIB);
	assert_true(n.node[1].movable);
	hole(1 * GIB - 1);
	assert_true(n.node[1].movable);
	hole(1 * GIB);
	assert_false(n.node[1].movable);
}

/* Tables of firmware in a swallowed hole pin the node as well, and say so apart; beside it they pin nothing. */
TEST(test_tables_in_a_swallowed_hole)
{
	hole(6 * GIB);
	numa_note_table(&n, (struct range){ 6 * GIB, 6 * GIB + 1 });
	numa_judge(&n, &mb);
	assert_true(n.node[1].movable);
	numa_note_table(&n, (struct range){ 0xbffe0000, 0xbffe0001 });
	numa_judge(&n, &mb);
	assert_true(n.node[1].hotplug && n.node[1].tables);
	assert_false(n.node[1].movable || n.node[0].tables);
	assert_range(n.node[1].pinned_by, 0, 0);
}

/* The same hole, not joined because node 0 lies in between: nobody is pinned by it. */
TEST(test_reserved_outside_every_range)
{
	must_add(&mb, 0, 0xbffe0000);
	must_add(&mb, 4 * GIB, 6 * GIB);
	must_reserve(&mb, 0xbffe0000, 0xc0000000);
	entry(1, 0, 0xbffe0000, true);
	entry(0, 4 * GIB, 5 * GIB, false);
	entry(1, 5 * GIB, 6 * GIB, true);
	assert_int_equal(cleanup(), OK);
	assert_int_equal(n.nr_blk, 3);
	numa_judge(&n, &mb);
	assert_true(n.node[0].movable);
}

/* A node whose own ranges are partly hot-pluggable: a reserved byte in the other part pins it as well. */
static void partly_hot(void)
{
	must_add(&mb, 0, 4 * GIB);
	entry(0, 0, 1 * GIB, false);
	entry(1, 1 * GIB, 2 * GIB, false);
	entry(1, 2 * GIB, 4 * GIB, true);
	assert_int_equal(cleanup(), OK);
	ASSERT_BLKS({ 0, 1 * GIB, 0 }, { 1 * GIB, 4 * GIB, 1 });
}

TEST(test_partly_hotplug_node)
{
	partly_hot();
	numa_judge(&n, &mb);
	assert_int_equal(n.node[1].present, 3 * GIB);
	assert_int_equal(n.node[1].hot_present, 2 * GIB);
	assert_true(n.node[1].movable);
	assert_false(numa_is_movable(&n, 2 * GIB - 1));
	assert_true(numa_is_movable(&n, 2 * GIB));
	assert_range(numa_span(&n, 1 * GIB), 1 * GIB, 2 * GIB);
	assert_range(numa_span(&n, 4 * GIB - 1), 2 * GIB, 4 * GIB);
	assert_int_equal(numa_apply(&n, &mb, 0), OK);
	ASSERT_REGIONS(&mb.memory, { 0, 1 * GIB, 0, 0 }, { 1 * GIB, 2 * GIB, 1, 0 },
		       { 2 * GIB, 4 * GIB, 1, MEMBLOCK_HOTPLUG });

	reset(NULL);
	partly_hot();
	must_reserve(&mb, 0x50000000, 0x50001000);
	must_reserve(&mb, 0x60000000, 0x60001000);
	numa_judge(&n, &mb);
	assert_false(n.node[1].movable);
	assert_range(n.node[1].pinned_by, 0x50000000, 0x50001000);
	assert_false(numa_is_movable(&n, 2 * GIB));
}

/* The lowest reserved bytes are named, whatever the order of the ranges. */
TEST(test_pinned_by_the_lowest)
{
	must_add(&mb, 0, 6 * GIB);
	entry(1, 4 * GIB, 6 * GIB, true);
	entry(0, 2 * GIB, 4 * GIB, false);
	entry(1, 0, 2 * GIB, true);
	must_reserve(&mb, 5 * GIB, 5 * GIB + 4096);
	must_reserve(&mb, 2 * GIB - 4096, 2 * GIB + 4096);
	assert_int_equal(cleanup(), OK);
	numa_judge(&n, &mb);
	assert_range(n.node[0].pinned_by, 2 * GIB - 4096, 2 * GIB);
	/* not hot-pluggable, so not pinned either */
	assert_range(n.node[1].pinned_by, 0, 0);
}

TEST(test_judge_again_starts_anew)
{
	partly_hot();
	must_reserve(&mb, 2 * GIB, 2 * GIB + 1);
	numa_judge(&n, &mb);
	assert_false(n.node[1].movable);
	assert_int_equal(memblock_free(&mb, (struct range){ 2 * GIB, 2 * GIB + 1 }), OK);
	numa_judge(&n, &mb);
	assert_true(n.node[1].movable);
	assert_range(n.node[1].pinned_by, 0, 0);
	assert_int_equal(n.node[1].present, 3 * GIB);
	assert_int_equal(n.node[1].hot_present, 2 * GIB);
}

/* Memory in as many regions as there can be, of which one more would have to be cut. */
static void full_memory(bool hotplug)
{
	must_add(&mb, 0, 4 * GIB);
	for (uint64_t i = 1; mb.memory.nr < MEMBLOCK_MAX; i++)
		must_add(&mb, 4 * GIB + 2 * i * MIB, 4 * GIB + 2 * i * MIB + 4096);
	entry(0, 0, hotplug ? 4 * GIB : 2 * GIB, false);
	entry(0, 4 * GIB, 1 * TIB, false);
	n.node[0].movable = hotplug;
	if (hotplug)
		n.hot[n.nr_hot++] = (struct numa_memblk){ { 2 * GIB, 4 * GIB }, 0 };
}

TEST(test_apply_full_memory)
{
	full_memory(false); /* at the border of a node */
	assert_int_equal(numa_apply(&n, &mb, LINUX_5_10), ERR_FULL);
	reset(NULL);
	full_memory(true); /* at the border of a mark */
	assert_int_equal(numa_apply(&n, &mb, LINUX_5_10), ERR_FULL);
	mb.memory.nr--;
	assert_int_equal(numa_apply(&n, &mb, LINUX_5_10), OK);
	assert_int_equal(mb.memory.nr, MEMBLOCK_MAX);
	assert_int_equal(mb.memory.r[1].r.start, 2 * GIB);
	assert_int_equal(mb.memory.r[1].flags, MEMBLOCK_HOTPLUG);
}

/*
 * Linux's array has room for 128 regions of memory, and it cuts while there are at most 126. Marks come first, in the
 * order of the table, then nodes.
 */
static void taking_turns(uint64_t pairs)
{
	reset(NULL);
	must_add(&mb, 0, 2 * pairs * 16 * MIB);
	for (uint64_t i = 0; i < pairs; i++) {
		entry(0, 2 * i * 16 * MIB, (2 * i + 1) * 16 * MIB, false);
		entry(1, (2 * i + 1) * 16 * MIB, (2 * i + 2) * 16 * MIB, true);
	}
	assert_int_equal(cleanup(), OK);
	numa_judge(&n, &mb);
}

static size_t marked(void)
{
	size_t nr = 0;

	for (size_t i = 0; i < mb.memory.nr; i++)
		nr += mb.memory.r[i].flags == MEMBLOCK_HOTPLUG;
	return nr;
}

TEST(test_apply_fits)
{
	taking_turns(63); /* 126 regions */
	assert_int_equal(numa_apply(&n, &mb, 0), OK);
	assert_false(mb.full);
	assert_int_equal(marked(), 63);
	assert_int_equal(mb.memory.r[125].nid, 1);
}

TEST(test_apply_loses_nodes)
{
	taking_turns(63);
	must_add(&mb, 1 * TIB, 1 * TIB + 4096); /* makes it 127 */
	assert_int_equal(numa_apply(&n, &mb, LINUX_RELEASE(6, 1, 0)), OK);
	assert_true(mb.full);
	assert_int_equal(marked(), 63);
	for (size_t i = 0; i < mb.memory.nr; i++)
		assert_int_equal(mb.memory.r[i].nid, NUMA_NO_NODE);
}

TEST(test_apply_loses_marks)
{
	taking_turns(80);
	assert_int_equal(numa_apply(&n, &mb, 0), OK);
	assert_true(mb.full);
	assert_int_equal(mb.memory.nr, 127);
	assert_int_equal(marked(), 63);
	assert_int_equal(mb.memory.r[126].r.start, 63 * 32 * MIB); /* all from there on is one region */
	assert_int_equal(mb.memory.r[126].flags, 0);
}

/* A node that something reserved pins keeps its marks, as there is no room to take them away. */
TEST(test_apply_cannot_unmark)
{
	taking_turns(80);
	must_reserve(&mb, 16 * MIB, 17 * MIB);
	numa_judge(&n, &mb);
	assert_false(n.node[1].movable);
	assert_int_equal(numa_apply(&n, &mb, 0), OK);
	assert_int_equal(marked(), 63);
}

/* In 5.10 the array grows, into the first MiB. */
TEST(test_apply_grows)
{
	taking_turns(80);
	mb.full = true; /* as the last one found it */
	assert_int_equal(numa_apply(&n, &mb, LINUX_5_10), OK);
	assert_false(mb.full);
	assert_int_equal(mb.memory.nr, 160);
	assert_int_equal(marked(), 80);
}

/* What memory has taken when it was added, an array of 256, is there to be used. */
TEST(test_apply_in_a_larger_array)
{
	taking_turns(50);
	for (uint64_t i = 1; mb.memory.nr < 129; i++)
		must_add(&mb, 1 * TIB + 2 * i * MIB, 1 * TIB + 2 * i * MIB + 4096);
	assert_int_equal(numa_apply(&n, &mb, 0), OK);
	assert_false(mb.full);
	assert_int_equal(mb.memory.nr, 228);
}

/* ---- option hotplug=, and no SRAT ---- */
TEST(test_force_hotplug)
{
	partly_hot();
	assert_int_equal(numa_force_hotplug(&n, 2), ERR_NOT_FOUND);
	assert_int_equal(numa_force_hotplug(&n, -1), ERR_NOT_FOUND);
	assert_int_equal(numa_force_hotplug(&n, 1), OK);
	assert_int_equal(numa_force_hotplug(&n, 1), ERR_RANGE);
	assert_int_equal(n.nr_hot, 1);
	numa_judge(&n, &mb);
	assert_int_equal(n.node[1].hot_present, 3 * GIB);
	assert_false(n.node[0].hotplug);
	assert_int_equal(numa_force_hotplug(&n, 0), OK);
	numa_judge(&n, &mb);
	assert_int_equal(n.node[0].hot_present, 1 * GIB);
	assert_true(n.node[0].movable);
	assert_int_equal(n.node[1].hot_present, 3 * GIB);
}

TEST(test_fake_one_node)
{
	must_add(&mb, 0, 2 * GIB);
	must_add(&mb, 4 * GIB, 6 * GIB);
	entry(7, 0, 2 * GIB, true);
	entry(8, 0, 6 * GIB, true);
	assert_int_equal(cleanup(), ERR_CONFLICT);
	numa_fake_one_node(&n, 6 * GIB);
	assert_int_equal(n.nr_nodes, 1);
	assert_int_equal(n.node[0].pxm, 0);
	assert_int_equal(n.nr_hot, 0);
	ASSERT_BLKS({ 0, 6 * GIB, 0 });
	numa_judge(&n, &mb);
	assert_int_equal(n.node[0].present, 4 * GIB);
	assert_false(n.node[0].hotplug);
	assert_int_equal(numa_map_pxm(&n, 0), 0);
	assert_int_equal(numa_node_of(&n, 3 * GIB), 0);
	assert_int_equal(numa_node_of(&n, 6 * GIB), NUMA_NO_NODE);
	numa_fake_one_node(&n, 0);
	assert_int_equal(n.nr_nodes, 1);
	assert_int_equal(n.nr_blk, 0);
}

/* ---- random tables beside a model with one record per 512K ---- */
#define UNIT (512 * KIB)
#define UNITS 96
#define TOLD 10

static struct flat_blk told[TOLD];
static bool told_hot[TOLD];
static bool is_ram[UNITS], is_reserved[UNITS];

static phys_t random_world(struct rng *r)
{
	phys_t end = 0;

	reset(NULL);
	for (int nid = 0; nid < 3; nid++)
		assert_int_equal(numa_map_pxm(&n, (uint32_t)nid), nid);
	for (uint64_t i = 0; i < UNITS; i++) {
		is_ram[i] = rng_below(r, 8) != 0;
		is_reserved[i] = rng_below(r, 40) == 0;
		if (is_ram[i])
			must_add(&mb, i * UNIT, end = (i + 1) * UNIT);
		if (is_reserved[i])
			must_reserve(&mb, i * UNIT, (i + 1) * UNIT);
	}
	return end;
}

/* Mostly neighbours, so that many tables are good; now and then a gap, or a range that lies anywhere. */
static void random_table(struct rng *r)
{
	phys_t at = 0;

	for (size_t i = 0; i < TOLD; i++) {
		bool stray = rng_below(r, 60) == 0;
		phys_t start = stray ? rng_below(r, UNITS) : at;
		phys_t end = min_u64(UNITS, start + rng_below(r, 20));

		if (i == TOLD - 1)
			end = UNITS;
		at = stray ? at : min_u64(UNITS, end + rng_below(r, 20) / 17);
		told[i] = (struct flat_blk){ start * UNIT, end * UNIT, (int)rng_below(r, 3) };
		told_hot[i] = rng_below(r, 2);
	}
	for (size_t i = TOLD - 1; i > 0; i--) {
		size_t j = (size_t)rng_below(r, i + 1);
		struct flat_blk swap = told[i];

		told[i] = told[j];
		told[j] = swap;
	}
	for (size_t i = 0; i < TOLD; i++)
		assert_int_equal(
			numa_add_memblk(&n, told[i].nid, (struct range){ told[i].start, told[i].end }, told_hot[i]),
			OK);
}

/* The told range cut at the end of RAM; empty when it holds no RAM. */
static struct range told_range(size_t i, phys_t end)
{
	struct range r = { told[i].start, min_u64(told[i].end, end) };

	for (phys_t p = r.start; p < r.end; p += UNIT)
		if (is_ram[p / UNIT])
			return r;
	return (struct range){ 0, 0 };
}

static bool told_conflict(phys_t end)
{
	for (size_t i = 0; i < TOLD; i++) {
		for (size_t j = 0; j < i; j++) {
			struct range a = told_range(i, end), b = told_range(j, end);

			if (told[i].nid != told[j].nid && !range_empty(a) && !range_empty(b) && range_overlaps(a, b))
				return true;
		}
	}
	return false;
}

/* Node of a byte: of the range that holds it, or the hull of two ranges of one node that no other node touches. */
static int model_node(phys_t p, phys_t end)
{
	for (size_t i = 0; i < TOLD; i++) {
		for (size_t j = 0; j < TOLD; j++) {
			struct range a = told_range(i, end), b = told_range(j, end), hull = { a.start, b.end };
			bool alone = !range_empty(a) && !range_empty(b) && told[i].nid == told[j].nid;

			for (size_t k = 0; alone && i != j && k < TOLD; k++) {
				struct range c = told_range(k, end);

				alone = told[k].nid == told[i].nid || range_empty(c) || !range_overlaps(hull, c);
			}
			if (alone && range_contains(hull, p))
				return told[i].nid;
		}
	}
	return NUMA_NO_NODE;
}

static bool model_hot(phys_t p, int nid)
{
	for (size_t i = 0; i < TOLD; i++)
		if (told_hot[i] && told[i].nid == nid && told[i].start <= p && p < told[i].end)
			return true;
	return false;
}

static void assert_judged(phys_t end)
{
	uint64_t present[3] = { 0 }, hot[3] = { 0 };
	bool pinned[3] = { false };

	for (phys_t p = 0; p < UNITS * UNIT; p += UNIT) {
		int nid = model_node(p, end);

		assert_int_equal(numa_node_of(&n, p), nid);
		if (nid == NUMA_NO_NODE)
			continue;
		present[nid] += is_ram[p / UNIT] ? UNIT : 0;
		hot[nid] += is_ram[p / UNIT] && model_hot(p, nid) ? UNIT : 0;
		pinned[nid] |= is_reserved[p / UNIT];
	}
	for (int i = 0; i < 3; i++) {
		assert_int_equal(n.node[i].present, present[i]);
		assert_int_equal(n.node[i].hot_present, hot[i]);
		assert_int_equal(n.node[i].hotplug, hot[i] > 0);
		assert_int_equal(n.node[i].movable, hot[i] > 0 && !pinned[i]);
		assert_int_equal(range_empty(n.node[i].pinned_by), hot[i] == 0 || !pinned[i]);
	}
	for (phys_t p = 0; p < UNITS * UNIT; p += UNIT) {
		int nid = model_node(p, end);
		bool movable = nid != NUMA_NO_NODE && n.node[nid].movable && model_hot(p, nid);
		struct range span = numa_span(&n, p);

		assert_int_equal(numa_is_movable(&n, p), movable);
		assert_true(range_contains(span, p));
		for (phys_t q = span.start; q < min_u64(span.end, UNITS * UNIT); q += UNIT) {
			assert_int_equal(numa_node_of(&n, q), nid);
			assert_int_equal(numa_is_movable(&n, q), movable);
		}
	}
}

/* memblock has the same node everywhere, and the mark exactly where a page would be a stain. */
static void assert_applied(void)
{
	assert_int_equal(numa_apply(&n, &mb, 0), OK);
	for (size_t i = 0; i < mb.memory.nr; i++) {
		const struct region *m = &mb.memory.r[i];

		for (phys_t p = m->r.start; p < m->r.end; p += UNIT) {
			assert_int_equal(m->nid, numa_node_of(&n, p));
			assert_int_equal(m->flags, numa_is_movable(&n, p) ? MEMBLOCK_HOTPLUG : 0);
		}
	}
}

TEST(test_random)
{
	unsigned good = 0, conflicts = 0, uncovered = 0;
	struct rng r;

	rng_seed(&r, 2048);
	for (int round = 0; round < 600; round++) {
		phys_t end = random_world(&r), missing = 0;

		random_table(&r);
		if (told_conflict(end)) {
			assert_int_equal(cleanup(), ERR_CONFLICT);
			conflicts++;
			continue;
		}
		for (phys_t p = 0; p < end; p += UNIT)
			missing += is_ram[p / UNIT] && model_node(p, end) == NUMA_NO_NODE ? UNIT : 0;
		assert_int_equal(cleanup(), missing >= 1 * MIB ? ERR_NOT_FOUND : OK);
		uncovered += missing >= 1 * MIB;
		good += missing < 1 * MIB;
		numa_judge(&n, &mb);
		assert_judged(end);
		assert_applied();
	}
	assert_true(good > 100 && conflicts > 20 && uncovered > 20);
}

/* ---- joining, beside Linux's own loops over all pairs ---- */

static bool model_foreign(const struct flat_blk *blk, size_t nr, struct flat_blk hull)
{
	for (size_t i = 0; i < nr; i++) {
		if (blk[i].nid != hull.nid && blk[i].start < hull.end && hull.start < blk[i].end)
			return true;
	}
	return false;
}

/* numa_cleanup_meminfo as it stands in Linux; events into *e. */
static size_t model_join(struct flat_blk *blk, size_t nr, struct numa_event *e, size_t *nr_e)
{
	for (size_t i = 0; i < nr; i++) {
		for (size_t j = i + 1; j < nr; j++) {
			struct flat_blk a = blk[i], b = blk[j];
			struct flat_blk hull = { min_u64(a.start, b.start), max_u64(a.end, b.end), a.nid };

			if (a.start < b.end && b.start < a.end)
				e[(*nr_e)++] = (struct numa_event){ .kind = NUMA_OVERLAPS_SELF };
			if (a.nid != b.nid || model_foreign(blk, nr, hull))
				continue;
			e[(*nr_e)++] = (struct numa_event){ .kind = NUMA_JOINED, .result = { hull.start, hull.end } };
			blk[i] = hull;
			memmove(&blk[j], &blk[j + 1], (--nr - j) * sizeof(blk[0]));
			j--;
		}
	}
	return nr;
}

/* Pieces in a row, some twice, in any order. */
TEST(joins_as_all_pairs_would)
{
	struct rng rng;

	rng_seed(&rng, 7);
	for (unsigned round = 0; round < 2000; round++) {
		struct flat_blk model[16];
		struct numa_event expected[64];
		size_t nr = 2 + rng_below(&rng, 12), nr_expected = 0;

		reset(NULL);
		assert_int_equal(memblock_add(&mb, (struct range){ 0, GIB }), OK);
		for (int i = 0; i < 3; i++)
			assert_int_equal(numa_map_pxm(&n, (uint32_t)i), i);
		for (size_t i = 0; i < nr; i++) {
			phys_t at = rng_below(&rng, 12) * 64 * MIB;
			struct flat_blk b = { at, at + 64 * MIB - rng_below(&rng, 2) * MIB,
					      (int)(at / (64 * MIB) * 7 % 3) };

			assert_int_equal(numa_add_memblk(&n, b.nid, (struct range){ b.start, b.end }, false), OK);
			model[i] = b;
		}
		(void)cleanup();
		nr = model_join(model, nr, expected, &nr_expected);
		assert_blks(n.blk, n.nr_blk, model, nr);
		nr_events -= events[nr_events - 1].kind == NUMA_NOT_COVERED;
		assert_int_equal(nr_events, nr_expected);
		for (size_t i = 0; i < nr_events; i++) {
			assert_int_equal(events[i].kind, expected[i].kind);
			if (events[i].kind == NUMA_JOINED)
				assert_range(events[i].result, expected[i].result.start, expected[i].result.end);
		}
	}
}

/* The next movable range, and what lies at an address, with an order of ranges and, where hot ones overlap, without. */
TEST(next_movable)
{
	for (unsigned overlap = 0; overlap < 2; overlap++) {
		reset(NULL);
		assert_int_equal(memblock_add(&mb, (struct range){ 0, 8 * GIB }), OK);
		entry(0, 0, GIB, false);
		entry(3, 6 * GIB, 7 * GIB, true);
		entry(1, GIB, 2 * GIB, true);
		entry(2, 4 * GIB, 6 * GIB, true);
		if (overlap)
			entry(2, 5 * GIB, 6 * GIB, true);
		entry(0, 7 * GIB, 8 * GIB, false);
		assert_int_equal(memblock_reserve(&mb, (struct range){ 5 * GIB, 5 * GIB + 1 }), OK);
		assert_null(numa_next_movable(&n, 0));
		numa_judge(&n, &mb);
		assert_int_equal(n.ordered, !overlap);
		assert_int_equal(numa_next_movable(&n, 0)->r.start, GIB);
		assert_int_equal(numa_next_movable(&n, GIB)->r.start, GIB);
		assert_int_equal(numa_next_movable(&n, GIB + 1)->r.start, 6 * GIB);
		assert_int_equal(numa_next_movable(&n, 6 * GIB)->nid, 1);
		assert_null(numa_next_movable(&n, 6 * GIB + 1));
		/* a node that becomes movable, above the next one, and one that stops being so */
		n.node[3].movable = true;
		assert_int_equal(numa_next_movable(&n, 0)->r.start, GIB);
		n.node[3].movable = false;
		n.node[2].movable = false;
		assert_int_equal(numa_next_movable(&n, 0)->r.start, 6 * GIB);
		assert_int_equal(numa_node_of(&n, 3 * GIB), NUMA_NO_NODE);
		assert_range(numa_span(&n, 3 * GIB), 2 * GIB, 4 * GIB);
		assert_range(numa_span(&n, 5 * GIB + 7), (4 + overlap) * GIB, 6 * GIB);
		assert_true(numa_is_movable(&n, 7 * GIB - 1));
	}
}
