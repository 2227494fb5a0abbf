/* SPDX-License-Identifier: MIT */
/* Where each policy puts its pages: vectors measured on Linux 6.1, and machines worked out by hand. */
#include "mm/count.h"
#include "tests/unit/map_machine.h"

#define NODE1_LOW 0x44000000ull
#define NODE1_LOW_END 0x80000000ull
#define TOP (9 * GIB)

/* The machine of Linux's vectors: pc with 8 GiB, the kernel at 1G, node 1 = [0x44000000, 2G) and [4G, 9G). */
static struct map_machine *golden(unsigned page_sizes, unsigned buffer_pages)
{
	struct map_machine *m = map_machine_new();

	map_machine_memory(m, 0x1000, 0x9f000);
	map_machine_memory(m, MIB, 0xbffe0000);
	map_machine_memory(m, 4 * GIB, TOP);
	map_machine_reserve(m, 0, MIB);
	map_machine_image(m, 0x40000000, 0x43401000, buffer_pages, 0x43430000);
	m->dm.page_sizes = page_sizes;
	m->dm.trampoline = true;
	return m;
}

/* The same once SRAT is known: node borders and marks in memblock. */
static struct map_machine *golden_srat(unsigned page_sizes, bool movable_node)
{
	struct map_machine *m = golden(page_sizes, 16);

	map_machine_node(m, 0, NODE1_LOW, 0, false);
	map_machine_node(m, NODE1_LOW, NODE1_LOW_END, 1, true);
	map_machine_node(m, NODE1_LOW_END, 0xc0000000, 0, false);
	map_machine_node(m, 4 * GIB, TOP, 1, true);
	m->mb.movable_node = movable_node;
	return m;
}

static size_t on_node1(const struct map_machine *m)
{
	return map_machine_pages_in(m, NODE1_LOW, NODE1_LOW_END) + map_machine_pages_in(m, 4 * GIB, TOP);
}

/* Builds the map of a machine, which goes: these pages, and so many of them on node 1. */
#define EXPECT_PAGES(machine, policy, node1, ...)                                                                      \
	do {                                                                                                           \
		struct map_machine *m_ = machine;                                                                      \
		assert_int_equal(map_machine_build(m_, policy), OK);                                                   \
		MAP_PAGES(m_, __VA_ARGS__);                                                                            \
		assert_int_equal(on_node1(m_), node1);                                                                 \
		map_machine_free(m_);                                                                                  \
	} while (0)

TEST(bottom_up_1g)
{
	struct map_machine *m = golden(PAGE_2M | PAGE_1G, 16);

	assert_int_equal(map_machine_build(m, &policy_bottom_up), OK);
	/* PUD, PMD(0), PTE(0), trampoline, PMD(2G), PTE(0xbfe00000) */
	MAP_PAGES(m, { 0x43401000, 0x43407000 });
	MAP_ORDER(m, 0, 0x43401000, 0x43402000, 0x43403000, 0x43404000, 0x43405000, 0x43406000);
	assert_int_equal(on_node1(m), 0);
	assert_int_equal(m->dm.pages[PT_PUD], 1);
	assert_int_equal(m->dm.pages[PT_PMD], 2);
	assert_int_equal(m->dm.pages[PT_PTE], 2);
	assert_int_equal(m->dm.trampoline_pages, 1);
	assert_int_equal(m->dm.leaves[PT_PUD], 1 + 5);
	assert_int_equal(m->dm.leaves[PT_PMD], 511 + 511);
	assert_int_equal(m->dm.leaves[PT_PTE], 512 + 480);
	/* [0, 1M); above the kernel four pieces below 2G, one up to 3G, one above 4G; five steps below it */
	assert_int_equal(m->dm.ranges, 1 + 6 + 5);
	assert_int_equal(m->dm.max_mapped, TOP);
	assert_int_equal(m->dm.failed_at, PHYS_NONE);
	/* the last piece, [1G, kernel's end), held what is left of the buffer; that is over */
	assert_true(m->dm.alloc.buffer_ok);
	map_machine_free(m);
}

TEST(bottom_up_2m)
{
	EXPECT_PAGES(golden(PAGE_2M, 16), &policy_bottom_up, 0, { 0x43401000, 0x4340d000 });
}

/* The problem this project shows: same kernel, same base, 529 pages on the next node. */
TEST(bottom_up_4k)
{
	EXPECT_PAGES(golden(PAGE_4K, 16), &policy_bottom_up, 529, { 0x43401000, 0x43411000 },
		     { 0x43430000, 0x44211000 }, { 0x100000, 0x319000 });
}

/* Linux counts in page numbers: the page in which the kernel ends is the first that may be given. */
TEST(kernel_ends_inside_a_page)
{
	struct map_machine *m = golden(PAGE_4K, 16);

	m->dm.kernel_end += 0x800;
	EXPECT_PAGES(m, &policy_bottom_up, 529, { 0x43401000, 0x43411000 }, { 0x43430000, 0x44211000 },
		     { 0x100000, 0x319000 });
}

TEST(top_down_1g)
{
	EXPECT_PAGES(golden(PAGE_2M | PAGE_1G, 16), &policy_top_down, 2, { 0x43401000, 0x43405000 },
		     { 0x23fffe000, 0x240000000 });
}

TEST(top_down_2m)
{
	struct map_machine *m = golden(PAGE_2M, 16);

	assert_int_equal(map_machine_build(m, &policy_top_down), OK);
	MAP_PAGES(m, { 0x43401000, 0x4340a000 }, { 0x23fffd000, 0x240000000 });
	/* PUD PMD(0) PTE(0) trampoline PMD(8G); the kernel's piece from memblock; then the buffer again */
	MAP_ORDER(m, 0, 0x43401000, 0x43402000, 0x43403000, 0x43404000, 0x43405000, 0x23ffff000, 0x23fffe000,
		  0x23fffd000, 0x43406000, 0x43407000, 0x43408000, 0x43409000);
	assert_int_equal(on_node1(m), 3);
	map_machine_free(m);
}

TEST(top_down_4k)
{
	EXPECT_PAGES(golden(PAGE_4K, 16), &policy_top_down, 4090, { 0x43401000, 0x43411000 },
		     { 0x23f006000, 0x240000000 });
}

TEST(memblock_1g)
{
	EXPECT_PAGES(golden_srat(PAGE_2M | PAGE_1G, true), &policy_memblock, 0, { 0x43401000, 0x43407000 },
		     { 0xbfdff000, 0xbfe00000 });
}

TEST(memblock_2m)
{
	EXPECT_PAGES(golden_srat(PAGE_2M, true), &policy_memblock, 0, { 0x43401000, 0x4340c000 },
		     { 0xbfdff000, 0xbfe00000 });
}

TEST(memblock_4k)
{
	EXPECT_PAGES(golden_srat(PAGE_4K, true), &policy_memblock, 0, { 0x43401000, 0x43411000 },
		     { 0xbefe6000, 0xbffe0000 });
}

/* Without movable_node the marks count for nothing: node borders only cost a PMD page. */
TEST(memblock_without_movable_node)
{
	/* PMD(1G) is wanted while node 0's part of that GiB, with the kernel in it, blocks the buffer */
	EXPECT_PAGES(golden_srat(PAGE_2M | PAGE_1G, false), &policy_memblock, 1, { 0x43401000, 0x43407000 },
		     { 0x23ffff000, 0x240000000 });
}

TEST(series)
{
	struct map_machine *m = golden_srat(PAGE_2M | PAGE_1G, true);

	assert_int_equal(map_machine_build(m, &policy_series), OK);
	/*
	 * as `memblock`, but the highest page of unmovable memory is taken, mapped or not: PMD(1G); then PMD(2G),
	 * PTE(0xbfe00000)
	 */
	MAP_ORDER(m, 4, 0xbffdf000, 0x43405000, 0x43406000);
	MAP_PAGES(m, { 0x43401000, 0x43407000 }, { 0xbffdf000, 0xbffe0000 });
	assert_int_equal(m->dm.ranges, 1 + 4);
	map_machine_free(m);

	EXPECT_PAGES(golden_srat(PAGE_2M, true), &policy_series, 0, { 0x43401000, 0x4340c000 },
		     { 0xbffdf000, 0xbffe0000 });

	EXPECT_PAGES(golden_srat(PAGE_4K, true), &policy_series, 0, { 0x43401000, 0x43411000 },
		     { 0xbefe6000, 0xbffe0000 });
}

TEST(lowest)
{
	struct map_machine *m = golden(PAGE_2M | PAGE_1G, 16);

	assert_int_equal(map_machine_build(m, &policy_lowest), OK);
	/* PMD(2G) and PTE(0xbfe00000) are wanted while the kernel's own region is mapped: the lowest free pages */
	MAP_ORDER(m, 4, 0x100000, 0x101000);
	MAP_PAGES(m, { 0x43401000, 0x43405000 }, { 0x100000, 0x102000 });
	map_machine_free(m);

	EXPECT_PAGES(golden(PAGE_4K, 16), &policy_lowest, 0, { 0x43401000, 0x43411000 }, { 0x100000, 0x10fa000 });
}

TEST(hybrid)
{
	struct map_machine *m = golden(PAGE_2M | PAGE_1G, 16);

	assert_int_equal(map_machine_build(m, &policy_hybrid), OK);
	MAP_PAGES(m, { 0x43401000, 0x43407000 });
	map_machine_free(m);

	/*
	 * Linux 5.0's memblock never went below the kernel's end either: with its buffer of 12 the pages are its
	 * pages
	 */
	EXPECT_PAGES(golden(PAGE_4K, 12), &policy_hybrid, 1070, { 0x43401000, 0x4340d000 }, { 0x43430000, 0x4442e000 });
}

/* [1M, end) with the image at `base`, its buffer of four pages at `buffer`. */
static struct map_machine *small(phys_t end, phys_t base, phys_t buffer, phys_t kernel_end)
{
	struct map_machine *m = map_machine_new();

	map_machine_memory(m, MIB, end);
	map_machine_reserve(m, 0, MIB);
	map_machine_image(m, base, buffer, 4, kernel_end);
	m->dm.page_sizes = PAGE_4K;
	return m;
}

/* Two pages are free above the kernel. */
static struct map_machine *two_pages_above(void)
{
	struct map_machine *m = small(32 * MIB, 16 * MIB, 0x1100000, 0x1108000);

	map_machine_reserve(m, 0x1108000, 0x110a000);
	map_machine_reserve(m, 0x110c000, 32 * MIB);
	return m;
}

/* Nothing is free above 16M but two pages. */
static struct map_machine *two_pages_above_16m(void)
{
	struct map_machine *m = small(32 * MIB, 2 * MIB, 3 * MIB, 4 * MIB);

	map_machine_reserve(m, 0x1002000, 32 * MIB);
	return m;
}

/* Node 1 is full but for one page. */
static struct map_machine *node_1_full(void)
{
	struct map_machine *m = golden_srat(PAGE_2M, true);

	map_machine_reserve(m, NODE1_LOW, NODE1_LOW_END);
	map_machine_reserve(m, 4 * GIB, TOP - PAGE_SIZE);
	return m;
}

/* Two pages are free above the kernel, then it goes downwards from below its end. */
TEST(hybrid_turns_round)
{
	struct map_machine *m = two_pages_above();

	assert_int_equal(map_machine_build(m, &policy_hybrid), OK);
	/*
	 * PTE tables: [0, 2M) is there; 16M..30M: one from the buffer, two above the kernel, then below its end;
	 * 2M..14M
	 */
	MAP_ORDER(m, 0, 0x1100000, 0x1101000, 0x1102000, 0x1103000, 0x110a000, 0x110b000, 0x1107000, 0x1106000,
		  0x1105000, 0x1104000, 0xfff000, 0xffe000);
	MAP_PAGES(m, { 0x1100000, 0x1108000 }, { 0x110a000, 0x110c000 }, { 0xff8000, 0x1000000 });
	assert_int_equal(m->nr, 3 + 15);
	map_machine_free(m);
}

/* The kernel's end lies in a hole, as with a pretended image: nothing is below it but the kernel's own region. */
TEST(bottom_up_end_in_a_hole)
{
	struct map_machine *m = small(32 * MIB, 16 * MIB, 0x1100000, 48 * MIB);

	map_machine_memory(m, 64 * MIB, 66 * MIB);
	assert_int_equal(map_machine_build(m, &policy_bottom_up), OK);
	/* the buffer for [0, 2M) and for 64M, then from 1M up for [2M, 32M) */
	MAP_ORDER(m, 0, 0x1100000, 0x1101000, 0x1102000, 0x1103000, 0x100000, 0x101000);
	MAP_PAGES(m, { 0x1100000, 0x1104000 }, { 0x100000, 0x10f000 });
	assert_int_equal(m->dm.max_mapped, 66 * MIB);
	map_machine_free(m);
}

TEST(floor_16m)
{
	struct map_machine *m = golden(PAGE_2M | PAGE_1G, 16);

	assert_int_equal(map_machine_build(m, &policy_floor), OK);
	MAP_PAGES(m, { 0x43401000, 0x43405000 }, { 0x1000000, 0x1002000 });
	map_machine_free(m);

	/* nothing is free above 16M but two pages: from 1M on then */
	m = two_pages_above_16m();
	assert_int_equal(map_machine_build(m, &policy_floor), OK);
	MAP_ORDER(m, 3, 0x1000000, 0x1001000, 0x100000, 0x101000);
	MAP_PAGES(m, { 0x300000, 0x303000 }, { 0x1000000, 0x1002000 }, { 0x100000, 0x10d000 });
	map_machine_free(m);
}

TEST(node_local)
{
	struct map_machine *m = golden_srat(PAGE_2M, true);

	assert_int_equal(map_machine_build(m, &policy_node_local), OK);
	/*
	 * PMD(1G) is wanted while the kernel's region blocks the buffer: the top of node 0. PMD(2G), PTE(0xbfe00000)
	 * are node 0's: buffer. PMDs for 4G..8G: the top of node 1, hot-pluggable as it is.
	 */
	MAP_ORDER(m, 4, 0xbffdf000, 0x43405000, 0x43406000, 0x23ffff000, 0x23fffe000, 0x23fffd000, 0x23fffc000,
		  0x23fffb000);
	assert_int_equal(m->nr, 12);
	assert_true(m->mb.movable_node);
	map_machine_free(m);

	/* node 1 is full but for one page: then any node, and now marks count: node 0 */
	m = node_1_full();
	assert_int_equal(map_machine_build(m, &policy_node_local), OK);
	MAP_ORDER(m, 4, 0xbffdf000, 0x43405000, 0x43406000, 0x23ffff000, 0xbffde000, 0xbffdd000, 0xbffdc000,
		  0xbffdb000);
	assert_int_equal(m->nr, 12);
	assert_true(m->mb.movable_node);
	map_machine_free(m);
}

/*
 * The highest memory is a third, hot-pluggable node: it has its own tables, but gets none of node 1's when that one
 * is full.
 */
TEST(node_local_fallback_honours_marks)
{
	struct map_machine *m = golden(PAGE_2M, 16);

	map_machine_node(m, 0, 4 * GIB, 0, false);
	map_machine_node(m, 4 * GIB, 8 * GIB, 1, true);
	map_machine_node(m, 8 * GIB, TOP, 2, true);
	map_machine_reserve(m, 4 * GIB, 8 * GIB);
	map_machine_reserve(m, 0xbff00000, 0xbffdc000);
	m->mb.movable_node = true;
	assert_int_equal(map_machine_build(m, &policy_node_local), OK);
	/* node 0: PMD(1G), PMD(2G), PTE(0xbfe00000), with the buffer blocked; 4G..7G fall back to it; 8G */
	MAP_ORDER(m, 4, 0xbffdf000, 0xbffde000, 0xbffdd000, 0xbffdc000, 0xbfeff000, 0xbfefe000, 0xbfefd000,
		  0x23ffff000);
	assert_int_equal(m->nr, 12);
	map_machine_free(m);
}

/* pc with 64 GiB, the kernel at 16M without KASLR, 2M leaves. */
static struct map_machine *pc_64g(void)
{
	struct map_machine *m = map_machine_new();

	map_machine_memory(m, 0x1000, 0x9f000);
	map_machine_memory(m, MIB, 0xbffe0000);
	map_machine_memory(m, 4 * GIB, 65 * GIB);
	map_machine_reserve(m, 0, MIB);
	map_machine_image(m, 0x1000000, 0x4401000, 16, 0x4430000);
	m->dm.page_sizes = PAGE_2M;
	return m;
}

/* Table that maps the entry for `phys` at that level, from the top of the tables down. */
static phys_t table_for(struct map_machine *m, enum pt_level level, phys_t phys)
{
	uint64_t virt = m->dm.page_offset + phys;
	phys_t table = m->dm.root;

	for (int l = PT_P4D; l > (int)level; l--) {
		const uint64_t *entry = fake_ram_page(&m->ram, table);

		table = entry[virt >> (12 + 9 * l) & 511] & PT_ADDRESS;
	}
	return table;
}

TEST(pc_64g_bottom_up)
{
	struct map_machine *m = pc_64g();

	assert_int_equal(map_machine_build(m, &policy_bottom_up), OK);
	MAP_PAGES(m, { 0x4401000, 0x4411000 }, { 0x4430000, 0x4463000 });
	assert_int_equal(m->nr, 67);
	/* the tables of 13G are the last from the buffer */
	assert_int_equal(table_for(m, PT_PMD, 0x340000000), 0x4410000);
	assert_int_equal(table_for(m, PT_PMD, 0x380000000), 0x4430000);
	map_machine_free(m);
}

TEST(pc_64g_top_down)
{
	struct map_machine *m = pc_64g();

	assert_int_equal(map_machine_build(m, &policy_top_down), OK);
	assert_int_equal(m->nr, 67);
	/*
	 * PUD, PMD(0), PTE(0), PMD(64G); the kernel's piece: PMD(1G), PMD(2G), PTE(0xbfe00000); the buffer again;
	 * then downwards
	 */
	MAP_ORDER(m, 0, 0x4401000, 0x4402000, 0x4403000, 0x4404000, 0x103ffff000, 0x103fffe000, 0x103fffd000,
		  0x4405000);
	assert_int_equal(table_for(m, PT_PMD, 0x1000000000), 0x4404000);
	assert_int_equal(table_for(m, PT_PMD, 0x40000000), 0x103ffff000);
	assert_int_equal(table_for(m, PT_PMD, 0x80000000), 0x103fffe000);
	assert_int_equal(table_for(m, PT_PTE, 0xbfe00000), 0x103fffd000);
	MAP_ORDER(m, 4 + 3 + 12, 0x103fffc000, 0x103fffb000);
	map_machine_free(m);
}

TEST(kaslr_48g_bottom_up)
{
	struct map_machine *m = map_machine_new();

	map_machine_memory(m, 0x1000, 0x9f000);
	map_machine_memory(m, MIB, 0xbffe0000);
	map_machine_memory(m, 4 * GIB, 49 * GIB);
	map_machine_reserve(m, 0, MIB);
	map_machine_image(m, 0x598c00000, 0x59c001000, 16, 0x59c030000);
	m->dm.page_sizes = PAGE_2M;
	m->dm.trampoline = true;
	assert_int_equal(map_machine_build(m, &policy_bottom_up), OK);
	/* above the kernel 15 pages, then 21 from 1M on */
	MAP_PAGES(m, { 0x59c001000, 0x59c011000 }, { 0x59c030000, 0x59c03f000 }, { 0x100000, 0x115000 });
	map_machine_free(m);
}

TEST(la57_24g_bottom_up)
{
	struct map_machine *m = map_machine_new();
	const uint64_t *entry;

	map_machine_memory(m, 0x1000, 0x9f000);
	map_machine_memory(m, MIB, 0xbffe0000);
	map_machine_memory(m, 4 * GIB, 25 * GIB);
	map_machine_reserve(m, 0, MIB);
	map_machine_image(m, 0x40000000, 0x43401000, 16, 0x43430000);
	m->dm.page_sizes = PAGE_2M;
	m->dm.levels = 5;
	m->dm.page_offset = PAGE_OFFSET_5LEVEL;
	m->dm.trampoline = true;
	assert_int_equal(map_machine_build(m, &policy_bottom_up), OK);
	/* P4D, PUD, PMD(0), PTE(0), two trampoline pages, then PMD(1G) */
	entry = fake_ram_page(&m->ram, m->dm.root);
	assert_int_equal(entry[273], 0x43401000 | PT_TABLE_FLAGS);
	entry = fake_ram_page(&m->ram, 0x43401000);
	assert_int_equal(entry[0], 0x43402000 | PT_TABLE_FLAGS);
	entry = fake_ram_page(&m->ram, 0x43402000);
	assert_int_equal(entry[0], 0x43403000 | PT_TABLE_FLAGS);
	assert_int_equal(entry[1], 0x43407000 | PT_TABLE_FLAGS);
	entry = fake_ram_page(&m->ram, 0x43403000);
	assert_int_equal(entry[0], 0x43404000 | PT_TABLE_FLAGS);
	assert_int_equal(m->dm.alloc.from_buffer, 16);
	assert_int_equal(m->dm.trampoline_pages, 2);
	map_machine_free(m);
}

/*
 * No free 2M block: Linux since 6.1.141 starts at the top of the map rounded down to 2M. A page is reserved in each
 * 2M block but the half one at the end.
 */
TEST(top_down_no_free_block)
{
	struct map_machine *m = small(9 * MIB, 4 * MIB, 0x480000, 0x490000);

	map_machine_reserve(m, 2 * MIB, 2 * MIB + PAGE_SIZE);
	map_machine_reserve(m, 6 * MIB, 6 * MIB + PAGE_SIZE);
	assert_int_equal(map_machine_build(m, &policy_top_down), OK);
	/*
	 * [6M, 8M) with the last page of the buffer; then [1M, 6M) with pages of [6M, 8M); [8M, 9M) at last, below 8M
	 * too
	 */
	MAP_ORDER(m, 0, 0x480000, 0x481000, 0x482000, 0x483000, 0x7ff000, 0x7fe000, 0x7fd000);
	assert_int_equal(m->nr, 7);
	assert_int_equal(m->dm.ranges, 1 + 3);
	assert_int_equal(table_for(m, PT_PTE, 8 * MIB), 0x7fd000);
	map_machine_free(m);
}

/* Before, and in 5.10 still, no block is one at address 0: [1M, 2M) first, then all the rest with pages of that. */
TEST(top_down_no_free_block_as_before)
{
	static const uint32_t releases[] = { LINUX_RELEASE(6, 1, 140), LINUX_RELEASE(5, 10, 262) };

	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		struct map_machine *m = small(9 * MIB, 4 * MIB, 0x480000, 0x490000);

		m->dm.as_linux = releases[i];
		map_machine_reserve(m, 2 * MIB, 2 * MIB + PAGE_SIZE);
		map_machine_reserve(m, 6 * MIB, 6 * MIB + PAGE_SIZE);
		assert_int_equal(map_machine_build(m, &policy_top_down), OK);
		MAP_ORDER(m, 0, 0x480000, 0x481000, 0x482000, 0x1ff000, 0x1fe000, 0x1fd000, 0x1fc000);
		assert_int_equal(m->dm.ranges, 1 + 2);
		map_machine_free(m);
	}
}

/* What is only counted says the same, and that there was no block to begin below. */
TEST(top_down_no_free_block_counted)
{
	struct map_machine *m = small(9 * MIB, 4 * MIB, 0x480000, 0x490000);
	struct count c = { .block = { 1, 2 } };

	map_machine_reserve(m, 2 * MIB, 2 * MIB + PAGE_SIZE);
	map_machine_reserve(m, 6 * MIB, 6 * MIB + PAGE_SIZE);
	m->dm.count = &c;
	assert_int_equal(map_machine_build(m, &policy_top_down), OK);
	assert_true(range_empty(c.block));
	MAP_PAGES(m, { 0x480000, 0x484000 }, { 0x7fd000, 0x800000 });
	map_machine_free(m);
}

/* Tables come from what the steps before have mapped; memory below that is free, but not asked for. */
TEST(top_down_stays_in_what_is_mapped)
{
	struct map_machine *m = small(9 * MIB, 4 * MIB, 0x480000, 0x490000);

	map_machine_reserve(m, 2 * MIB, 2 * MIB + PAGE_SIZE);
	map_machine_reserve(m, 6 * MIB, 8 * MIB - PAGE_SIZE);
	/* [6M, 8M) has one free page, for PTE(2M); none is left for PTE(4M) */
	assert_int_equal(map_machine_build(m, &policy_top_down), ERR_NO_MEMORY);
	MAP_ORDER(m, 3, 0x483000, 0x7ff000);
	assert_int_equal(m->nr, 5);
	assert_int_equal(m->dm.failed_at, 4 * MIB);
	map_machine_free(m);
}

/* With nothing unmovable free, `memblock` gives up and says where; bottom-up does not know better and goes on. */
TEST(all_movable)
{
	struct map_machine *m = golden_srat(PAGE_2M, true);

	map_machine_reserve(m, 0, NODE1_LOW);
	map_machine_reserve(m, NODE1_LOW_END, 0xc0000000);
	/* PMD(8G) is the buffer's; PMD(1G) is wanted while the buffer is blocked */
	assert_int_equal(map_machine_build(m, &policy_memblock), ERR_NO_MEMORY);
	assert_int_equal(m->dm.failed_at, 0x40000000);
	map_machine_free(m);
}

static struct map_machine *golden_4k(void)
{
	return golden_srat(PAGE_4K, true);
}

/* Two pages far above the kernel, next to nothing; below it there is room. */
static struct map_machine *island(void)
{
	struct map_machine *m = small(16 * MIB, 2 * MIB, 3 * MIB, 4 * MIB);

	map_machine_reserve(m, 4 * MIB, 16 * MIB);
	map_machine_memory(m, 64 * MIB, 64 * MIB + 2 * PAGE_SIZE);
	return m;
}

/* Two pages of a node of their own, which takes three tables. */
static struct map_machine *small_node(void)
{
	struct map_machine *m = small(16 * MIB, 2 * MIB, 3 * MIB, 4 * MIB);

	map_machine_reserve(m, 4 * MIB, 16 * MIB);
	map_machine_memory(m, 512 * GIB, 512 * GIB + 2 * PAGE_SIZE);
	map_machine_node(m, 0, GIB, 0, false);
	map_machine_node(m, 512 * GIB, TIB, 1, false);
	return m;
}

/*
 * How many reservations more memblock must be able to hold. With fewer the build says so, wherever it was when the list
 * was full; with so many it goes on to the end.
 */
static unsigned room_needed(struct map_machine *(*make)(void), const struct pt_policy *policy)
{
	unsigned room = 0;

	for (;; room++) {
		struct map_machine *m = make();
		enum status s;

		for (phys_t at = TIB; m->mb.reserved.nr < MEMBLOCK_MAX - room; at += 2 * PAGE_SIZE)
			map_machine_reserve(m, at, at + PAGE_SIZE);
		s = map_machine_build(m, policy);
		map_machine_free(m);
		if (s == OK)
			return room;
		assert_int_equal(s, ERR_FULL);
		assert_true(room < 16);
	}
}

TEST(list_of_reservations_full)
{
	/* next to [0, 1M): no new region at all */
	assert_int_equal(room_needed(golden_4k, &policy_lowest), 0);
	/* one run below what lies on top, or above 16M */
	assert_int_equal(room_needed(golden_4k, &policy_memblock), 1);
	assert_int_equal(room_needed(golden_4k, &policy_top_down), 1);
	assert_int_equal(room_needed(golden_4k, &policy_series), 1);
	assert_int_equal(room_needed(golden_4k, &policy_floor), 1);
	/* above the kernel, and behind the hot-pluggable range; on either node */
	assert_int_equal(room_needed(golden_4k, &policy_bottom_up), 2);
	assert_int_equal(room_needed(golden_4k, &policy_hybrid), 2);
	assert_int_equal(room_needed(golden_4k, &policy_node_local), 2);
	/* those that try elsewhere when nothing is left */
	assert_int_equal(room_needed(island, &policy_hybrid), 1);
	assert_int_equal(room_needed(island, &policy_floor), 1);
	assert_int_equal(room_needed(small_node, &policy_node_local), 1);
}

TEST(table_of_policies)
{
	static const char *const names[] = { "bottom-up", "memblock", "lowest", "top-down",
					     "series",    "hybrid",   "floor",  "node-local" };
	static const bool srat_first[] = { false, true, false, false, true, false, false, true };

	assert_true(pt_policies_nr >= ARRAY_SIZE(names));
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		assert_string_equal(pt_policies[i]->name, names[i]);
		assert_int_equal(pt_policies[i]->srat_first, srat_first[i]);
		assert_in_range(strlen(pt_policies[i]->says), 1, 59);
		assert_ptr_equal(pt_policy_find(names[i], strlen(names[i])), pt_policies[i]);
	}
	assert_ptr_equal(pt_policy_find("floor,lowest", 5), &policy_floor);
	assert_null(pt_policy_find("floor,lowest", 6));
	assert_null(pt_policy_find("floo", 4));
	assert_null(pt_policy_find("floors", 6));
	assert_null(pt_policy_find("Floor", 5));
	assert_null(pt_policy_find("", 0));
}
