/* SPDX-License-Identifier: MIT */
/*
 * Regions and the search between them: addresses worked out by hand, and random lists beside a model with one record
 * per byte.
 */
#include "tests/unit/support.h"

#include "lib/rng.h"
#include "mm/memblock.h"

static struct memblock mb;

static const struct range everywhere = { 0, PHYS_NONE };

static void give_back(phys_t start, phys_t end)
{
	assert_int_equal(memblock_free(&mb, (struct range){ start, end }), OK);
}

static void mark(phys_t start, phys_t end, unsigned flags, bool set)
{
	assert_int_equal(memblock_mark(&mb, (struct range){ start, end }, flags, set), OK);
}

static void set_node(phys_t start, phys_t end, int nid)
{
	assert_int_equal(memblock_set_node(&mb, (struct range){ start, end }, nid), OK);
}

static phys_t find_page(phys_t start, phys_t end)
{
	return memblock_find(
		&mb, &(struct memblock_wish){ (struct range){ start, end }, PAGE_SIZE, PAGE_SIZE, NUMA_NO_NODE }, NULL);
}

static int reset(void **state)
{
	(void)state;
	memset(&mb, 0xa5, sizeof(mb));
	memblock_init(&mb);
	return 0;
}

static const struct fixture fixture = { .setup = reset };

/* ---- lists ---- */
TEST(test_init)
{
	assert_int_equal(mb.memory.nr, 0);
	assert_int_equal(mb.reserved.nr, 0);
	assert_false(mb.bottom_up);
	assert_false(mb.movable_node);
	assert_true(find_page(0, PHYS_NONE) == PHYS_NONE);
}

TEST(test_add_joins_what_touches)
{
	must_add(&mb, 0x5000, 0x6000);
	must_add(&mb, 0x1000, 0x2000);
	must_add(&mb, 0x3000, 0x4000);
	ASSERT_REGIONS(&mb.memory, { 0x1000, 0x2000, -1, 0 }, { 0x3000, 0x4000, -1, 0 }, { 0x5000, 0x6000, -1, 0 });
	must_add(&mb, 0x2000, 0x3000);
	ASSERT_REGIONS(&mb.memory, { 0x1000, 0x4000, -1, 0 }, { 0x5000, 0x6000, -1, 0 });
	must_add(&mb, 0x6000, 0x7000);
	must_add(&mb, 0x4800, 0x5000);
	ASSERT_REGIONS(&mb.memory, { 0x1000, 0x4000, -1, 0 }, { 0x4800, 0x7000, -1, 0 });
	must_add(&mb, 0, 0x10000);
	ASSERT_REGIONS(&mb.memory, { 0, 0x10000, -1, 0 });
	assert_int_equal(mb.reserved.nr, 0);
}

TEST(test_empty_ranges_change_nothing)
{
	must_add(&mb, 0x1000, 0x3000);
	must_reserve(&mb, 0x1000, 0x3000);
	must_add(&mb, 0x9000, 0x9000);
	must_add(&mb, 0x9000, 0x8000);
	must_reserve(&mb, 0x9000, 0x8000);
	give_back(0x2000, 0x2000);
	give_back(0x2800, 0x2000);
	mark(0x2000, 0x2000, MEMBLOCK_HOTPLUG, true);
	set_node(0x2800, 0x2000, 1);
	ASSERT_REGIONS(&mb.memory, { 0x1000, 0x3000, -1, 0 });
	ASSERT_REGIONS(&mb.reserved, { 0x1000, 0x3000, -1, 0 });
}

/* Linux adds gaps only: what is there keeps its node and flags, and what differs does not join. */
TEST(test_add_keeps_what_is_there)
{
	must_add(&mb, 0x2000, 0x3000);
	set_node(0x2000, 0x3000, 7);
	mark(0x2000, 0x3000, MEMBLOCK_HOTPLUG, true);
	must_add(&mb, 0x1000, 0x5000);
	ASSERT_REGIONS(&mb.memory, { 0x1000, 0x2000, -1, 0 }, { 0x2000, 0x3000, 7, MEMBLOCK_HOTPLUG },
		       { 0x3000, 0x5000, -1, 0 });
}

TEST(test_mark_cuts_and_joins)
{
	must_add(&mb, 0x1000, 0x9000);
	must_add(&mb, 0xa000, 0xb000);
	mark(0x3000, 0xa800, MEMBLOCK_HOTPLUG, true);
	ASSERT_REGIONS(&mb.memory, { 0x1000, 0x3000, -1, 0 }, { 0x3000, 0x9000, -1, MEMBLOCK_HOTPLUG },
		       { 0xa000, 0xa800, -1, MEMBLOCK_HOTPLUG }, { 0xa800, 0xb000, -1, 0 });
	mark(0x4000, 0x5000, MEMBLOCK_NOMAP, true);
	ASSERT_REGIONS(&mb.memory, { 0x1000, 0x3000, -1, 0 }, { 0x3000, 0x4000, -1, MEMBLOCK_HOTPLUG },
		       { 0x4000, 0x5000, -1, MEMBLOCK_HOTPLUG | MEMBLOCK_NOMAP },
		       { 0x5000, 0x9000, -1, MEMBLOCK_HOTPLUG }, { 0xa000, 0xa800, -1, MEMBLOCK_HOTPLUG },
		       { 0xa800, 0xb000, -1, 0 });
	mark(0, PHYS_NONE, MEMBLOCK_NOMAP, false);
	mark(0, PHYS_NONE, MEMBLOCK_HOTPLUG, false);
	ASSERT_REGIONS(&mb.memory, { 0x1000, 0x9000, -1, 0 }, { 0xa000, 0xb000, -1, 0 });
}

/* A node's range that holds no memory cuts nothing. */
TEST(test_set_node)
{
	must_add(&mb, 0x1000, 0x9000);
	set_node(0, 0x4000, 0);
	set_node(0x4000, 0x20000, 1);
	set_node(0x20000, 0x30000, 2);
	ASSERT_REGIONS(&mb.memory, { 0x1000, 0x4000, 0, 0 }, { 0x4000, 0x9000, 1, 0 });
	set_node(0x4000, 0x9000, 0);
	ASSERT_REGIONS(&mb.memory, { 0x1000, 0x9000, 0, 0 });
}

TEST(test_give_back)
{
	must_reserve(&mb, 0x1000, 0x9000);
	must_reserve(&mb, 0xa000, 0xb000);
	give_back(0x3000, 0x4000);
	ASSERT_REGIONS(&mb.reserved, { 0x1000, 0x3000, -1, 0 }, { 0x4000, 0x9000, -1, 0 }, { 0xa000, 0xb000, -1, 0 });
	give_back(0x2000, 0x5000);
	give_back(0x8000, 0xa800);
	ASSERT_REGIONS(&mb.reserved, { 0x1000, 0x2000, -1, 0 }, { 0x5000, 0x8000, -1, 0 }, { 0xa800, 0xb000, -1, 0 });
	give_back(0x9000, 0xa000);
	give_back(0x1000, 0x2000);
	give_back(0, 0x6000);
	ASSERT_REGIONS(&mb.reserved, { 0x6000, 0x8000, -1, 0 }, { 0xa800, 0xb000, -1, 0 });
	give_back(0, PHYS_NONE);
	assert_int_equal(mb.reserved.nr, 0);
}

TEST(test_trim)
{
	must_add(&mb, 0x1, 0x9fc00);
	must_add(&mb, 0xa0000, 0xa0fff);
	must_add(&mb, 0xb0001, 0xb1fff);
	must_add(&mb, 0x100000, 0x200000);
	must_add(&mb, UINT64_MAX - 0x800, UINT64_MAX);
	memblock_trim(&mb, PAGE_SIZE);
	ASSERT_REGIONS(&mb.memory, { 0x1000, 0x9f000, -1, 0 }, { 0x100000, 0x200000, -1, 0 });
}

static void fill(struct memblock_list *list)
{
	list->nr = MEMBLOCK_MAX;
	for (size_t i = 0; i < MEMBLOCK_MAX; i++)
		list->r[i] = (struct region){ { i * 0x4000 + 0x1000, i * 0x4000 + 0x3000 }, .nid = NUMA_NO_NODE };
}

TEST(test_full_list_stays_valid)
{
	fill(&mb.reserved);
	assert_int_equal(memblock_reserve(&mb, (struct range){ 0x3800, 0x3900 }), ERR_FULL);
	assert_int_equal(memblock_free(&mb, (struct range){ 0x1800, 0x1900 }), ERR_FULL);
	assert_int_equal(mb.reserved.nr, MEMBLOCK_MAX);
	assert_int_equal(mb.reserved.r[0].r.start, 0x1000);
	assert_int_equal(mb.reserved.r[0].r.end, 0x3000);
	assert_int_equal(mb.reserved.r[0].nid, NUMA_NO_NODE);
	/* what joins, or only moves an edge, still fits */
	must_reserve(&mb, 0x3000, 0x3800);
	give_back(0x1000, 0x1800);
	assert_int_equal(mb.reserved.r[0].r.start, 0x1800);
	assert_int_equal(mb.reserved.r[0].r.end, 0x3800);
	must_reserve(&mb, 0x3800, 0x5000);
	assert_int_equal(mb.reserved.nr, MEMBLOCK_MAX - 1);
	assert_int_equal(mb.reserved.r[0].r.end, 0x7000);
	assert_int_equal(mb.reserved.r[1].r.start, 0x9000);
}

TEST(test_full_memory)
{
	fill(&mb.memory);
	assert_int_equal(memblock_add(&mb, (struct range){ 0x3800, 0x3900 }), ERR_FULL);
	assert_int_equal(memblock_mark(&mb, (struct range){ 0x1800, 0x2000 }, MEMBLOCK_HOTPLUG, true), ERR_FULL);
	assert_int_equal(mb.memory.nr, MEMBLOCK_MAX);
	assert_int_equal(memblock_set_node(&mb, (struct range){ 0x1000, 0x2000 }, 3), ERR_FULL);
	assert_int_equal(mb.memory.r[0].nid, NUMA_NO_NODE);
	assert_int_equal(mb.memory.r[MEMBLOCK_MAX - 1].r.end, (MEMBLOCK_MAX - 1) * 0x4000ull + 0x3000);
	/* one place is left: a cut at the start alone fits, one at both ends does not and is undone */
	must_add(&mb, 0x3000, 0x5000);
	assert_int_equal(mb.memory.nr, MEMBLOCK_MAX - 1);
	assert_int_equal(memblock_set_node(&mb, (struct range){ 0x9800, 0xa000 }, 3), ERR_FULL);
	assert_int_equal(mb.memory.nr, MEMBLOCK_MAX - 1);
	assert_int_equal(mb.memory.r[1].r.end, 0xb000);
	set_node(0x9800, 0xb000, 3);
	assert_int_equal(mb.memory.nr, MEMBLOCK_MAX);
	assert_int_equal(mb.memory.r[2].nid, 3);
	set_node(0x9800, 0xb000, NUMA_NO_NODE);
	must_add(&mb, 0, PHYS_NONE);
	ASSERT_REGIONS(&mb.memory, { 0, PHYS_NONE, -1, 0 });
}

/* Linux looks for room for two regions more before it knows whether it needs any: what cuts nothing is left, too. */
TEST(test_no_room)
{
	must_add(&mb, 0x1000, 0x9000);
	mb.room = 4;
	mark(0x2000, 0x3000, MEMBLOCK_HOTPLUG, true);
	assert_false(mb.full);
	mark(0x2000, 0x3000, MEMBLOCK_HOTPLUG, false);
	set_node(0x1000, 0x9000, 1);
	assert_true(mb.full);
	ASSERT_REGIONS(&mb.memory, { 0x1000, 0x2000, -1, 0 }, { 0x2000, 0x3000, -1, MEMBLOCK_HOTPLUG },
		       { 0x3000, 0x9000, -1, 0 });
	mb.room = 5;
	set_node(0x1000, 0x3000, 1);
	ASSERT_REGIONS(&mb.memory, { 0x1000, 0x2000, 1, 0 }, { 0x2000, 0x3000, 1, MEMBLOCK_HOTPLUG },
		       { 0x3000, 0x9000, -1, 0 });
}

/* ---- questions ---- */
TEST(test_is_memory)
{
	must_add(&mb, 0x1000, 0x5000);
	set_node(0x3000, 0x5000, 1);
	assert_true(memblock_is_memory(&mb, (struct range){ 0x1000, 0x3000 }));
	assert_true(memblock_is_memory(&mb, (struct range){ 0x4fff, 0x5000 }));
	assert_false(memblock_is_memory(&mb, (struct range){ 0xfff, 0x2000 }));
	assert_false(memblock_is_memory(&mb, (struct range){ 0x4fff, 0x5001 }));
	/* touching, but two regions: this is what denies a 1G leaf across a node border */
	assert_false(memblock_is_memory(&mb, (struct range){ 0x2000, 0x4000 }));
}

TEST(test_overlaps)
{
	struct region hit = { .r = { 1, 2 } };

	must_reserve(&mb, 0x1000, 0x2000);
	must_reserve(&mb, 0x3000, 0x4000);
	assert_false(memblock_overlaps(&mb.reserved, (struct range){ 0x2000, 0x3000 }, &hit));
	assert_int_equal(hit.r.start, 1);
	assert_true(memblock_overlaps(&mb.reserved, (struct range){ 0x1fff, 0x9000 }, &hit));
	assert_int_equal(hit.r.start, 0x1000);
	assert_true(memblock_overlaps(&mb.reserved, (struct range){ 0x2000, 0x3001 }, &hit));
	assert_int_equal(hit.r.start, 0x3000);
	assert_int_equal(hit.r.end, 0x4000);
	assert_false(memblock_overlaps(&mb.reserved, (struct range){ 0x4000, PHYS_NONE }, NULL));
	assert_false(memblock_overlaps(&mb.reserved, (struct range){ 0x1800, 0x1800 }, NULL));
}

TEST(test_memory_in)
{
	must_add(&mb, 0x1000, 0x2000);
	must_add(&mb, 0x3000, 0x9000);
	mark(0x5000, 0x6000, MEMBLOCK_HOTPLUG, true);
	assert_int_equal(memblock_memory_in(&mb, everywhere), 0x7000);
	assert_int_equal(memblock_memory_in(&mb, (struct range){ 0x1800, 0x5800 }), 0x800 + 0x2800);
	assert_int_equal(memblock_memory_in(&mb, (struct range){ 0x2000, 0x3000 }), 0);
	assert_int_equal(memblock_memory_in(&mb, (struct range){ 0x5000, 0x4000 }), 0);
}

/* ---- search ---- */
static void example(void)
{
	must_add(&mb, 0, 0x9f000);
	must_add(&mb, 0x100000, 0xbffe0000);
	must_add(&mb, 0x100000000, 0x240000000);
	must_reserve(&mb, 0, 0x100000);
	must_reserve(&mb, 0x40000000, 0x43411000);
}

TEST(test_find_top_down)
{
	example();
	assert_int_equal(find_page(0, PHYS_NONE), 0x23ffff000);
	assert_int_equal(find_page(0, 0x240000000), 0x23ffff000);
	assert_int_equal(find_page(0, 0x23fffffff), 0x23fffe000);
	assert_int_equal(find_page(0, 0x100000fff), 0xbffdf000);
	assert_int_equal(find_page(0, 0x43412000), 0x43411000);
	assert_int_equal(find_page(0, 0x43411fff), 0x3ffff000);
	assert_int_equal(find_page(0, 0x101000), 0x100000);
	assert_true(find_page(0, 0x100fff) == PHYS_NONE);
	assert_true(find_page(0xbffe0000, 0x100000000) == PHYS_NONE);
	assert_true(find_page(0x5000000, 0x5000000) == PHYS_NONE);
	assert_true(find_page(0x6000000, 0x5000000) == PHYS_NONE);
}

TEST(test_find_bottom_up)
{
	example();
	mb.bottom_up = true;
	assert_int_equal(find_page(0, PHYS_NONE), 0x100000);
	assert_int_equal(find_page(0x40000000, 0xbffe0000), 0x43411000);
	assert_int_equal(find_page(0x43430000, 0x240000000), 0x43430000);
	assert_int_equal(find_page(0x43430001, 0x240000000), 0x43431000);
	assert_int_equal(find_page(0xbffdf001, 0x240000000), 0x100000000);
	assert_true(find_page(0x3ffff001, 0x43411fff) == PHYS_NONE);
	assert_true(find_page(0x23ffff001, PHYS_NONE) == PHYS_NONE);
}

TEST(test_find_aligned_and_large)
{
	const struct range low = { 0, 0x100000000 };

	example();
	/* Linux's top-down loop asks for an aligned 2M block first */
	assert_int_equal(memblock_find(&mb, &(struct memblock_wish){ low, 2 * MIB, 2 * MIB, NUMA_NO_NODE }, NULL),
			 0xbfc00000);
	assert_int_equal(
		memblock_find(&mb, &(struct memblock_wish){ everywhere, 0x140000000, PAGE_SIZE, NUMA_NO_NODE }, NULL),
		0x100000000);
	assert_true(memblock_find(&mb, &(struct memblock_wish){ everywhere, 0x140000001, PAGE_SIZE, NUMA_NO_NODE },
				  NULL) == PHYS_NONE);
	mb.bottom_up = true;
	assert_int_equal(memblock_find(&mb, &(struct memblock_wish){ low, 2 * MIB, 2 * MIB, NUMA_NO_NODE }, NULL),
			 0x200000);
	assert_int_equal(memblock_find(&mb, &(struct memblock_wish){ low, 1 * GIB, 2 * MIB, NUMA_NO_NODE }, NULL),
			 0x43600000);
	assert_int_equal(memblock_find(&mb, &(struct memblock_wish){ low, 3, 1, NUMA_NO_NODE }, NULL), 0x100000);
	assert_true(memblock_find(&mb, &(struct memblock_wish){ everywhere, UINT64_MAX, PAGE_SIZE, NUMA_NO_NODE },
				  NULL) == PHYS_NONE);
}

TEST(test_page_zero_is_never_given)
{
	must_add(&mb, 0, 0x2000);
	assert_int_equal(find_page(0, PHYS_NONE), 0x1000);
	mb.bottom_up = true;
	assert_int_equal(find_page(0, PHYS_NONE), 0x1000);
	assert_int_equal(memblock_find(&mb, &(struct memblock_wish){ everywhere, 1, 1, NUMA_NO_NODE }, NULL), 0x1000);
	must_reserve(&mb, 0x1000, 0x2000);
	assert_true(find_page(0, PHYS_NONE) == PHYS_NONE);
}

TEST(test_top_of_space_does_not_wrap)
{
	must_add(&mb, UINT64_MAX - 0x7ff, UINT64_MAX);
	assert_true(find_page(0, PHYS_NONE) == PHYS_NONE);
	assert_int_equal(memblock_find(&mb, &(struct memblock_wish){ everywhere, 16, 16, NUMA_NO_NODE }, NULL),
			 UINT64_MAX - 0x1f);
	mb.bottom_up = true;
	assert_true(find_page(0, PHYS_NONE) == PHYS_NONE);
	assert_true(memblock_find(&mb, &(struct memblock_wish){ everywhere, 1, 1 * GIB, NUMA_NO_NODE }, NULL) ==
		    PHYS_NONE);
}

/* Two regions touch, but differ: no block lies across. */
TEST(test_block_spans_no_border)
{
	must_add(&mb, 0x1000, 0x7000);
	set_node(0x4000, 0x7000, 1);
	assert_true(memblock_find(&mb, &(struct memblock_wish){ everywhere, 0x4000, PAGE_SIZE, NUMA_NO_NODE }, NULL) ==
		    PHYS_NONE);
	assert_int_equal(
		memblock_find(&mb, &(struct memblock_wish){ everywhere, 0x3000, PAGE_SIZE, NUMA_NO_NODE }, NULL),
		0x4000);
	set_node(0x4000, 0x7000, NUMA_NO_NODE);
	assert_int_equal(
		memblock_find(&mb, &(struct memblock_wish){ everywhere, 0x4000, PAGE_SIZE, NUMA_NO_NODE }, NULL),
		0x3000);
}

TEST(test_find_on_node)
{
	example();
	set_node(0, 0x44000000, 0);
	set_node(0x44000000, 0x240000000, 1);
	assert_int_equal(memblock_find(&mb, &(struct memblock_wish){ everywhere, PAGE_SIZE, PAGE_SIZE, 0 }, NULL),
			 0x43fff000);
	assert_int_equal(memblock_find(&mb, &(struct memblock_wish){ everywhere, PAGE_SIZE, PAGE_SIZE, 1 }, NULL),
			 0x23ffff000);
	assert_true(memblock_find(&mb, &(struct memblock_wish){ everywhere, PAGE_SIZE, PAGE_SIZE, 2 }, NULL) ==
		    PHYS_NONE);
	mb.bottom_up = true;
	assert_int_equal(memblock_find(&mb, &(struct memblock_wish){ everywhere, PAGE_SIZE, PAGE_SIZE, 1 }, NULL),
			 0x44000000);
	assert_int_equal(
		memblock_find(&mb, &(struct memblock_wish){ everywhere, PAGE_SIZE, PAGE_SIZE, NUMA_NO_NODE }, NULL),
		0x100000);
}

/* The mark means nothing without movable_node. */
TEST(test_hotplug_needs_movable_node)
{
	example();
	mark(0x44000000, 0x240000000, MEMBLOCK_HOTPLUG, true);
	assert_int_equal(find_page(0, PHYS_NONE), 0x23ffff000);
	mb.movable_node = true;
	assert_int_equal(find_page(0, PHYS_NONE), 0x43fff000);
	assert_true(find_page(0x44000000, PHYS_NONE) == PHYS_NONE);
	mb.bottom_up = true;
	assert_true(find_page(0x44000000, PHYS_NONE) == PHYS_NONE);
	mb.movable_node = false;
	assert_int_equal(find_page(0x44000000, PHYS_NONE), 0x44000000);
}

TEST(test_skipped_flags)
{
	must_add(&mb, 0x1000, 0x9000);
	mark(0x7000, 0x9000, MEMBLOCK_NOMAP, true);
	mark(0x5000, 0x7000, MEMBLOCK_DRIVER_MANAGED, true);
	mark(0x3000, 0x5000, MEMBLOCK_MIRROR, true);
	assert_int_equal(find_page(0, PHYS_NONE), 0x4000);
}

static void assert_room(struct range within, phys_t at, struct range expected)
{
	struct range room = { 1, 1 };

	assert_int_equal(
		memblock_find(&mb, &(struct memblock_wish){ within, PAGE_SIZE, PAGE_SIZE, NUMA_NO_NODE }, &room), at);
	assert_int_equal(room.start, expected.start);
	assert_int_equal(room.end, expected.end);
}

TEST(test_room)
{
	struct range room = { 1, 2 };

	example();
	assert_room(everywhere, 0x23ffff000, (struct range){ 0x100000000, 0x240000000 });
	assert_room((struct range){ 0x50000800, 0xbffdf800 }, 0xbffde000, (struct range){ 0x50000800, 0xbffdf800 });
	mb.bottom_up = true;
	assert_room(everywhere, 0x100000, (struct range){ 0x100000, 0x40000000 });
	assert_room((struct range){ 0x30000001, 0x50000000 }, 0x30001000, (struct range){ 0x30000001, 0x40000000 });
	give_back(0, 0x100000);
	assert_room(everywhere, 0x1000, (struct range){ 0x1000, 0x9f000 });
	/* nothing found, nothing told */
	assert_true(memblock_find(&mb, &(struct memblock_wish){ everywhere, TIB, PAGE_SIZE, NUMA_NO_NODE }, &room) ==
		    PHYS_NONE);
	assert_int_equal(room.start, 1);
	assert_int_equal(room.end, 2);
}

/* Full lists, asked as often as a direct map of 4K leaves asks: this ends at once or not in a minute. */
TEST(test_search_in_full_lists_is_fast)
{
	fill(&mb.reserved);
	fill(&mb.memory);
	must_add(&mb, 0x3000, 0x4000);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(find_page(0, PHYS_NONE), 0x3000);
	mb.bottom_up = true;
	for (int i = 0; i < 5000; i++)
		assert_int_equal(find_page(0, PHYS_NONE), 0x3000);
}

static void find_unaligned(void *arg)
{
	*(phys_t *)arg = memblock_find(&mb, &(struct memblock_wish){ everywhere, PAGE_SIZE, 3, NUMA_NO_NODE }, NULL);
}

TEST(test_odd_alignment_is_our_bug)
{
	phys_t at;

	assert_kassert(find_unaligned, &at);
}

/* ---- random lists beside a model; the bytes lie around 4K, so that the lowest ones are never given ---- */
#define BASE 4000
#define BYTES 256

struct byte {
	bool there;
	int nid;
	unsigned flags;
};

struct model {
	struct byte memory[BYTES], reserved[BYTES];
};

static struct range random_range(struct rng *r, uint64_t longest)
{
	phys_t start = BASE + rng_below(r, BYTES);

	return (struct range){ start, min_u64(BASE + BYTES, start + rng_below(r, longest + 1)) };
}

static bool same(const struct byte *a, const struct byte *b)
{
	return a->there == b->there && (!a->there || (a->nid == b->nid && a->flags == b->flags));
}

/* The list must hold the longest runs of equal bytes, and nothing else. */
static void assert_runs(const struct memblock_list *list, const struct byte *model)
{
	size_t nr = 0;

	for (size_t i = 0, end; i < BYTES; i = end) {
		for (end = i + 1; end < BYTES && same(&model[i], &model[end]);)
			end++;
		if (!model[i].there)
			continue;
		assert_true(nr < list->nr);
		assert_int_equal(list->r[nr].r.start, BASE + i);
		assert_int_equal(list->r[nr].r.end, BASE + end);
		assert_int_equal(list->r[nr].nid, model[i].nid);
		assert_int_equal(list->r[nr].flags, model[i].flags);
		nr++;
	}
	assert_int_equal(list->nr, nr);
}

static void model_put(struct byte *model, struct range r, bool there)
{
	for (phys_t p = r.start; p < r.end; p++)
		if (model[p - BASE].there != there)
			model[p - BASE] = (struct byte){ there, NUMA_NO_NODE, 0 };
}

static void random_step(struct rng *r, struct model *m)
{
	struct range a = random_range(r, 50);
	bool set = rng_below(r, 2);
	unsigned flag = 1u << rng_below(r, 4);
	int nid = (int)rng_below(r, 3);

	switch (rng_below(r, 5)) {
	case 0:
		must_add(&mb, a.start, a.end);
		model_put(m->memory, a, true);
		break;
	case 1:
		must_reserve(&mb, a.start, a.end);
		model_put(m->reserved, a, true);
		break;
	case 2:
		give_back(a.start, a.end);
		model_put(m->reserved, a, false);
		break;
	case 3:
		mark(a.start, a.end, flag, set);
		for (phys_t p = a.start; p < a.end; p++)
			m->memory[p - BASE].flags =
				set ? m->memory[p - BASE].flags | flag : m->memory[p - BASE].flags & ~flag;
		break;
	default:
		set_node(a.start, a.end, nid);
		for (phys_t p = a.start; p < a.end; p++)
			m->memory[p - BASE].nid = nid;
	}
	/* what is not there has no node and no flags */
	for (size_t i = 0; i < BYTES; i++) {
		if (!m->memory[i].there)
			m->memory[i] = (struct byte){ false, NUMA_NO_NODE, 0 };
		if (!m->reserved[i].there)
			m->reserved[i] = (struct byte){ false, NUMA_NO_NODE, 0 };
	}
}

/* Whether byte p may be given. */
static bool is_free(const struct model *m, struct range within, int nid, phys_t p)
{
	const struct byte *b = &m->memory[p - BASE];

	if (!b->there || m->reserved[p - BASE].there || p < 4096 || !range_contains(within, p))
		return false;
	return (nid == NUMA_NO_NODE || b->nid == nid) && !(b->flags & (MEMBLOCK_NOMAP | MEMBLOCK_DRIVER_MANAGED)) &&
	       !(mb.movable_node && (b->flags & MEMBLOCK_HOTPLUG));
}

/* The free range around p inside one region; empty when p is not free. */
static struct range model_room(const struct model *m, struct range within, int nid, phys_t p)
{
	struct range r = { p, p };

	if (!is_free(m, within, nid, p))
		return r;
	while (r.start > BASE && is_free(m, within, nid, r.start - 1) &&
	       same(&m->memory[r.start - 1 - BASE], &m->memory[r.start - BASE]))
		r.start--;
	while (r.end < BASE + BYTES && is_free(m, within, nid, r.end) &&
	       same(&m->memory[r.end - BASE], &m->memory[p - BASE]))
		r.end++;
	return r;
}

static void assert_search(struct rng *r, const struct model *m)
{
	struct range within = random_range(r, BYTES), room = { 0, 0 }, expected_room = { 0, 0 };
	uint64_t size = 1 + rng_below(r, 12), align = 1ull << rng_below(r, 6);
	int nid = (int)rng_below(r, 4) - 1;
	phys_t expected = PHYS_NONE, at;

	mb.bottom_up = rng_below(r, 2);
	mb.movable_node = rng_below(r, 2);
	for (phys_t p = BASE; p < BASE + BYTES && !(mb.bottom_up && expected != PHYS_NONE); p++) {
		struct range free = model_room(m, within, nid, p);

		if (p % align == 0 && !range_empty(free) && p + size <= free.end) {
			expected = p;
			expected_room = free;
		}
	}
	at = memblock_find(&mb, &(struct memblock_wish){ within, size, align, nid }, &room);
	assert_int_equal(at, expected);
	assert_int_equal(room.start, expected_room.start);
	assert_int_equal(room.end, expected_room.end);
}

TEST(test_random)
{
	struct rng r;

	rng_seed(&r, 4096);
	for (int round = 0; round < 60; round++) {
		struct model m;

		memblock_init(&mb);
		for (size_t i = 0; i < BYTES; i++)
			m.memory[i] = m.reserved[i] = (struct byte){ false, NUMA_NO_NODE, 0 };
		for (int step = 0; step < 60; step++) {
			random_step(&r, &m);
			assert_runs(&mb.memory, m.memory);
			assert_runs(&mb.reserved, m.reserved);
			for (int i = 0; i < 4; i++)
				assert_search(&r, &m);
		}
	}
}
