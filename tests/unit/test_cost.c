/* SPDX-License-Identifier: MIT */
/* What page tables cost: blocks against a plain list of all of them, borders of low memory, distances, steps. */
#include "mm/cost.h"
#include "tests/unit/map_machine.h"

#define SMALL (128 * MIB)

static struct numa numa;
static struct placement placement;
static struct cost_sum sum;
static struct direct_map dm;

static int setup(void **state)
{
	(void)state;
	memset(&dm, 0, sizeof(dm));
	FRESH(numa_init, &numa);
	placement_init(&placement, &numa);
	memset(&sum, 0, sizeof(sum));
	return 0;
}

static const struct fixture fixture = { .setup = setup };

static struct cost result(int home)
{
	return cost_of(&sum, &placement, &dm, home);
}

static void stain(phys_t start, phys_t end)
{
	cost_add(&sum, (struct range){ start, end }, true);
}

static void assert_blocks(uint64_t small, uint64_t large)
{
	struct cost c = result(0);

	assert_true(c.blocks_known);
	assert_int_equal(c.small_blocks, small);
	assert_int_equal(c.large_blocks, large);
}

/* ---- blocks ---- */

TEST(test_nothing)
{
	struct cost c = result(0);

	sum.span[0].r = (struct range){ 0, TIB }; /* behind the last */
	assert_blocks(0, 0);
	assert_int_equal(c.pages + c.on_movable + c.pinned + c.below_16m + c.below_4g + c.distance, 0);
}

TEST(test_borders_of_blocks)
{
	stain(SMALL - PAGE_SIZE, SMALL);
	assert_blocks(1, 1);
	stain(SMALL, SMALL + PAGE_SIZE);
	assert_blocks(2, 1);
	stain(2 * GIB - PAGE_SIZE, 2 * GIB + PAGE_SIZE);
	assert_blocks(4, 2);
	stain(0, 4 * GIB);
	assert_blocks(32, 2);
}

/* A run of another level, behind or before, finds its block counted. */
TEST(test_a_block_counts_once)
{
	stain(5 * GIB, 5 * GIB + PAGE_SIZE);
	stain(3 * GIB, 3 * GIB + PAGE_SIZE);
	stain(5 * GIB + PAGE_SIZE, 5 * GIB + 2 * PAGE_SIZE);
	stain(3 * GIB + MIB, 3 * GIB + 2 * MIB);
	stain(5 * GIB + SMALL - PAGE_SIZE, 5 * GIB + SMALL);
	assert_blocks(2, 2);
	stain(4 * GIB - PAGE_SIZE, 4 * GIB);
	assert_blocks(3, 2);
	/* joins all three */
	stain(3 * GIB, 5 * GIB);
	assert_blocks(17, 2);
	assert_int_equal(sum.nr_spans, 1);
}

TEST(test_only_stains_hold_blocks)
{
	cost_add(&sum, (struct range){ GIB, 2 * GIB }, false);
	cost_add(&sum, (struct range){ GIB, GIB }, true);
	assert_blocks(0, 0);
}

static uint64_t dice(uint64_t *state, uint64_t below)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (*state >> 33) % below;
}

/* Runs of all lengths in no order, beside a list with an entry for each block of 128 GiB. */
TEST(test_any_order)
{
	for (uint64_t seed = 1; seed <= 300; seed++) {
		bool small[1024] = { false }, large[64] = { false };
		uint64_t s = seed, nr_small = 0, nr_large = 0;
		uint64_t runs = 1 + dice(&s, 1 + seed);

		setup(NULL);
		for (uint64_t i = 0; i < runs; i++) {
			phys_t start = dice(&s, 128 * GIB / PAGE_SIZE - 1) * PAGE_SIZE;
			uint64_t longest = (PAGE_SIZE << dice(&s, 22));
			phys_t end = min_u64(128 * GIB, start + PAGE_SIZE * (1 + dice(&s, longest / PAGE_SIZE)));

			stain(start, end);
			for (phys_t at = align_down(start, SMALL); at < end; at += SMALL)
				small[at / SMALL] = large[at / (2 * GIB)] = true;
		}
		for (unsigned i = 0; i < ARRAY_SIZE(small); i++)
			nr_small += small[i];
		for (unsigned i = 0; i < ARRAY_SIZE(large); i++)
			nr_large += large[i];
		assert_blocks(nr_small, nr_large);
	}
}

/* One stretch more than can be told apart: the numbers are gone, and stay so. Until then every one counts. */
TEST(test_too_many_stretches)
{
	for (uint64_t i = COST_MAX_SPANS; i-- > 0;)
		stain(2 * i * SMALL, 2 * i * SMALL + PAGE_SIZE);
	assert_blocks(COST_MAX_SPANS, COST_MAX_SPANS / 8);
	stain(2 * SMALL + MIB, 2 * SMALL + 2 * MIB);
	stain(3 * SMALL, 4 * SMALL); /* touches two */
	assert_blocks(COST_MAX_SPANS + 1, COST_MAX_SPANS / 8);
	stain(TIB, TIB + PAGE_SIZE);
	assert_true(result(0).blocks_known);
	stain(2 * TIB, 2 * TIB + PAGE_SIZE);
	assert_false(result(0).blocks_known);
	stain(0, TIB);
	assert_false(result(0).blocks_known);
	memset(&sum, 0, sizeof(sum));
	assert_blocks(0, 0);
}

/* ---- low memory ---- */

TEST(test_low_memory)
{
	struct cost c;

	cost_add(&sum, (struct range){ 0, PAGE_SIZE }, false);
	cost_add(&sum, (struct range){ 16 * MIB - 3 * PAGE_SIZE, 16 * MIB + 5 * PAGE_SIZE }, false);
	c = result(0);
	assert_int_equal(c.below_16m, 1 + 3);
	assert_int_equal(c.below_4g, 1 + 8);
	cost_add(&sum, (struct range){ 4 * GIB - 2 * PAGE_SIZE, 4 * GIB + PAGE_SIZE }, true);
	cost_add(&sum, (struct range){ TIB, TIB + GIB }, false);
	c = result(0);
	assert_int_equal(c.below_16m, 1 + 3);
	assert_int_equal(c.below_4g, 1 + 10);
}

/* ---- what a placement has ---- */

/* Node 0 [0, 1G), node 1 [1G, 2G), node 2 [2G, 3G), movable; [3G, 4G) on none. */
static void three_nodes(void)
{
	static struct memblock mb;

	FRESH(memblock_init, &mb);
	for (unsigned i = 0; i < 3; i++) {
		struct range r = { i * GIB, (i + 1) * GIB };

		assert_int_equal(memblock_add(&mb, r), OK);
		assert_int_equal(numa_map_pxm(&numa, 10 + i), i);
		assert_int_equal(numa_add_memblk(&numa, (int)i, r, i == 2), OK);
	}
	assert_int_equal(numa_cleanup(&numa, &mb, 3 * GIB, NULL), OK);
	numa_judge(&numa, &mb);
	numa.node[0].distance = 10;
	numa.node[1].distance = 17;
	numa.node[2].distance = 254;
}

TEST(test_placement)
{
	struct cost c;

	three_nodes();
	placement_add(&placement, 0x1000, PT_PGD);
	placement_add(&placement, 0x2000, PT_P4D);
	placement_add(&placement, GIB, PT_PUD);
	placement_add(&placement, GIB + 0x1000, PT_PMD);
	placement_add(&placement, 2 * GIB, PT_PTE);
	placement_add(&placement, 2 * GIB + 0x1000, PT_PTE);
	placement_add(&placement, 2 * GIB + 0x2000, PT_PMD);
	placement_finish(&placement);
	dm.policy = &policy_series;
	dm.levels = 5;
	dm.steps = 7;
	dm.passes = 3;
	dm.ranges = 9;
	c = result(0);
	assert_int_equal(c.pages, 6);
	assert_int_equal(c.on_movable, 3);
	assert_int_equal(c.level_movable[PT_PTE], 2);
	assert_int_equal(c.level_movable[PT_PMD], 1);
	assert_int_equal(c.level_movable[PT_PUD] + c.level_movable[PT_P4D] + c.level_movable[PT_PGD], 0);
	assert_int_equal(c.pinned, GIB);
	assert_int_equal(c.distance, 10 + 2 * 17 + 3 * 254);
	assert_ptr_equal(c.policy, &policy_series);
	assert_int_equal(c.levels, 5);
	assert_int_equal(c.steps, 7);
	assert_int_equal(c.passes, 3);
	assert_int_equal(c.ranges, 9);
}

/* Linux's node_distance: two places on no node are the same place. */
TEST(test_pages_on_no_node)
{
	three_nodes();
	placement_add(&placement, 3 * GIB, PT_PTE);
	placement_add(&placement, 3 * GIB + 0x1000, PT_PMD);
	placement_finish(&placement);
	assert_int_equal(result(1).distance, 40);
	assert_int_equal(result(NUMA_NO_NODE).distance, 20);
}

/* ---- steps ---- */

static struct map_machine *machine(void)
{
	struct map_machine *m = map_machine_new();

	map_machine_memory(m, 0x1000, 0x9f000);
	map_machine_memory(m, MIB, 4 * GIB);
	map_machine_reserve(m, 0, MIB);
	map_machine_image(m, 30 * MIB, 32 * MIB - 16 * PAGE_SIZE, 16, 32 * MIB);
	return m;
}

static void assert_steps(struct map_machine *m, const struct pt_policy *policy, uint64_t steps, uint64_t passes)
{
	assert_int_equal(map_machine_build(m, policy), OK);
	assert_int_equal(m->dm.steps, steps);
	assert_int_equal(m->dm.passes, passes);
	map_machine_free(m);
}

/*
 * Steps of 2M until 2M are mapped, of 512M until 512M are, then of 128G. Upwards: 32M, 34M, 512M, 1G; 1M, 2M, 4M; or
 * 1M, 2M, 4M, 512M, 1G. Downwards: 4G, 4G - 2M, 3.5G.
 */
TEST(test_steps)
{
	static const struct {
		const struct pt_policy *policy;
		uint64_t steps, passes;
	} want[] = {
		{ &policy_bottom_up, 4 + 3, 2 }, { &policy_lowest, 5, 1 },     { &policy_top_down, 3, 1 },
		{ &policy_memblock, 3, 1 },      { &policy_series, 1, 1 },     { &policy_hybrid, 2, 2 },
		{ &policy_floor, 1, 1 },         { &policy_node_local, 1, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		assert_steps(machine(), want[i].policy, want[i].steps, want[i].passes);
}

/* No free 2M block at the top: the steps begin 2M below it, 2M, 510M, 512M and the rest; the top itself comes last. */
TEST(test_top_is_a_pass_of_its_own)
{
	struct map_machine *m = machine();

	map_machine_reserve(m, 4 * GIB - PAGE_SIZE, 4 * GIB);
	assert_steps(m, &policy_top_down, 4 + 1, 2);
}

/* Node by node from low to high is one pass; a hole in memory does not end it, and windows in it are no steps. */
TEST(test_holes)
{
	struct map_machine *m = machine();

	map_machine_memory(m, TIB, TIB + GIB);
	map_machine_node(m, 0, GIB, 0, false);
	map_machine_node(m, GIB, TIB + 512 * MIB, 1, false);
	map_machine_node(m, TIB + 512 * MIB, 2 * TIB, 2, false);
	assert_steps(m, &policy_node_local, 4, 1);
	m = machine();
	map_machine_memory(m, TIB, TIB + GIB);
	assert_steps(m, &policy_lowest, 6, 1);
}

TEST(test_nothing_above_the_kernel)
{
	struct map_machine *m = map_machine_new();

	map_machine_memory(m, 0x1000, 0x9f000);
	map_machine_memory(m, MIB, 32 * MIB);
	map_machine_reserve(m, 0, MIB);
	map_machine_image(m, 30 * MIB, 32 * MIB - 16 * PAGE_SIZE, 16, 32 * MIB);
	assert_steps(m, &policy_hybrid, 1, 1);
}
