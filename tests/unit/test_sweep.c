/* SPDX-License-Identifier: MIT */
/* The sweep beside brute force: the real builder at every slot, for every policy. */
#include "tests/unit/slot_machine.h"

#include <glob.h>

#include "tools/machine.h"

#define RANDOM_MACHINES 60
#define RANDOM_FRAGMENTED 30
#define RANDOM_LARGE 150
#define RANDOM_SLOTS 400       /* at most in one of them */
#define BUILD_WORK (1u << 18)  /* tables times slots that the real builder is let do for one sweep */
#define COUNT_SLOTS (1u << 10) /* and slots counted one by one */
#define SAMPLES 100
#define FEW 7 /* slots tried for each node of a machine without holes */

/* What trying every slot gives. */
struct brute {
	bool failed;
	uint64_t stained;
	phys_t worst_base;
	uint64_t worst, worst_pinned;
	uint64_t distance;
	size_t nr;
	phys_t *base; /* stained, sorted */
};

static uint64_t gap_above(const struct slot_machine *m, phys_t end)
{
	uint64_t gap = UINT64_MAX;

	for (size_t i = 0; i < m->judged.nr_hot; i++)
		if (m->judged.node[m->judged.hot[i].nid].movable && m->judged.hot[i].r.start >= end)
			gap = min_u64(gap, m->judged.hot[i].r.start - end);
	return gap;
}

/* Pages on movable memory, and their nodes. */
struct stains {
	uint64_t pages;
	bool node[MAX_NUMNODES];
};

static void add_run(void *ctx, const struct count_run *run)
{
	struct stains *t = ctx;

	if (!run->movable)
		return;
	t->pages += range_size(run->pages) / PAGE_SIZE;
	t->node[run->nid] = true;
}

static bool count_stains(struct slot_machine *m, const struct pt_policy *policy, phys_t base, struct stains *t)
{
	struct count count = { .run = add_run, .ctx = t, .numa = &m->judged };
	struct direct_map dm;

	slot_machine_place(m, policy, base, &dm);
	dm.count = &count;
	return direct_map_build(&dm) == OK;
}

static bool build_stains(struct slot_machine *m, const struct pt_policy *policy, phys_t base, struct stains *t)
{
	struct direct_map dm;

	if (slot_machine_build(m, policy, base, &dm) != OK)
		return false;
	for (size_t i = 0; i < m->nr; i++) {
		if (slot_machine_is_trampoline(&dm, i, dm.levels - 1) || !numa_is_movable(&m->judged, m->page[i]))
			continue;
		t->pages++;
		t->node[numa_node_of(&m->judged, m->page[i])] = true;
	}
	return true;
}

/* What says the truth about one slot: the builder, or, where there are too many, the counting engine. */
typedef bool (*stains_of)(struct slot_machine *m, const struct pt_policy *policy, phys_t base, struct stains *t);

static void brute_slot(struct slot_machine *m, const struct pt_policy *policy, phys_t base, stains_of truth,
		       struct brute *b)
{
	struct stains t = { .pages = 0 };
	uint64_t pinned = 0, gap;

	if (!truth(m, policy, base, &t)) {
		b->failed = true;
		return;
	}
	if (!t.pages)
		return;
	for (unsigned nid = 0; nid < m->judged.nr_nodes; nid++)
		pinned += t.node[nid] ? m->judged.node[nid].hot_present : 0;
	b->base[b->stained++] = base;
	gap = gap_above(m, base + m->image.end);
	if (gap == UINT64_MAX)
		b->distance = SWEEP_NO_DISTANCE;
	else if (b->distance != SWEEP_NO_DISTANCE)
		b->distance = max_u64(b->distance, gap / KASLR_ALIGN + 1);
	if (t.pages > b->worst || (t.pages == b->worst && base < b->worst_base)) {
		b->worst = t.pages;
		b->worst_base = base;
		b->worst_pinned = pinned;
	}
}

static int by_address(const void *a, const void *b)
{
	phys_t x = *(const phys_t *)a, y = *(const phys_t *)b;

	return x < y ? -1 : x > y;
}

static void brute_force(struct slot_machine *m, const struct pt_policy *policy, stains_of truth, struct brute *b)
{
	*b = (struct brute){ .worst_base = PHYS_NONE };
	b->base = calloc(m->slots.total, sizeof(*b->base));
	assert_non_null(b->base);
	for (uint64_t i = 0; i < m->slots.total && !b->failed; i++)
		brute_slot(m, policy, kaslr_slot_base(&m->slots, i), truth, b);
	qsort(b->base, b->stained, sizeof(*b->base), by_address);
}

static struct sweep *new_sweep(struct slot_machine *m, const struct pt_policy *policy)
{
	struct sweep *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->policy = policy;
	s->map = m->map;
	s->image = m->image;
	s->slots = &m->slots;
	m->start.movable_node = m->movable_node;
	s->start = &m->start;
	s->work = &m->mb;
	s->numa = &m->numa;
	return s;
}

/* The intervals are the stained bases, neighbours joined. */
static void assert_intervals(const struct sweep *s, const struct brute *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->stained;) {
		size_t last = i;

		while (last + 1 < b->stained && b->base[last + 1] <= b->base[last] + KASLR_ALIGN)
			last++;
		assert_true(n < s->nr_intervals);
		assert_int_equal(s->interval[n].r.start, b->base[i]);
		assert_int_equal(s->interval[n].r.end - KASLR_ALIGN, b->base[last]);
		n++;
		i = last + 1;
	}
	assert_int_equal(s->nr_intervals, n);
	assert_false(s->more_intervals);
}

/* 1: swept; 0: some slot has no memory, and the sweep says so. *tries grows by what the sweep tried. */
static bool compare(struct slot_machine *m, const struct pt_policy *policy, stains_of truth, uint64_t *tries)
{
	struct sweep *s = new_sweep(m, policy);
	struct brute b;
	enum status found;

	brute_force(m, policy, truth, &b);
	for (unsigned i = 0; i < m->numa.nr_nodes; i++)
		m->numa.node[i].movable = i % 2;
	found = sweep_run(s);
	*tries += s->tries;
	for (unsigned i = 0; i < m->numa.nr_nodes; i++)
		assert_int_equal(m->numa.node[i].movable, i % 2); /* as it was judged with the image */
	if (b.failed) {
		struct stains t;

		assert_int_equal(found, ERR_NO_MEMORY);
		assert_false(truth(m, policy, s->failed_base, &t));
	} else {
		assert_int_equal(found, OK);
		assert_int_equal(s->nr_slots, m->slots.total);
		assert_int_equal(s->nr_stained, b.stained);
		assert_intervals(s, &b);
		assert_int_equal(s->worst_base, b.worst_base);
		assert_int_equal(s->worst_on_movable, b.worst);
		assert_int_equal(s->worst_pinned, b.worst_pinned);
		assert_int_equal(s->safe_distance, b.distance);
		assert_int_equal(s->failed_base, PHYS_NONE);
	}
	free(b.base);
	free(s);
	return !b.failed;
}

struct campaign {
	const char *truth_is;
	unsigned machines;
	uint64_t seed;
	bool fragment, tail;
	stains_of truth;
};

static void run_campaign(struct campaign c)
{
	uint64_t slots = 0, swept = 0, tries = 0, failed = 0;
	unsigned machines = 0;

	while (machines < machines_by_chance(c.machines * 2 / 5, c.machines)) {
		struct slot_machine *m = slot_machine_at_random(c.seed++, c.fragment, c.tail);

		if (!m)
			continue;
		if (m->slots.total > RANDOM_SLOTS) {
			slot_machine_free(m);
			continue;
		}
		machines++;
		for (unsigned i = 0; i < pt_policies_nr; i++) {
			if (compare(m, pt_policies[i], c.truth, &tries)) {
				swept++;
				slots += m->slots.total;
			} else {
				failed++;
			}
		}
		slot_machine_free(m);
	}
	print_message("%u machines, %llu sweeps over %llu slots, as %s at each slot; %llu tries; %llu without memory\n",
		      machines, (unsigned long long)swept, (unsigned long long)slots, c.truth_is,
		      (unsigned long long)tries, (unsigned long long)failed);
	assert_true(swept > failed);
	assert_true(slots > 5 * tries);
}

TEST(as_brute_force)
{
	run_campaign((struct campaign){ "the builder", RANDOM_MACHINES, 1, false, false, build_stains });
}

TEST(as_brute_force_with_fragment)
{
	run_campaign((struct campaign){ "the builder", RANDOM_FRAGMENTED, 100001, true, false, build_stains });
}

/* Tables for a node so large that they fill small ones. */
TEST(as_counting_every_slot)
{
	run_campaign((struct campaign){ "counting", RANDOM_LARGE, 1, false, true, count_stains });
	run_campaign((struct campaign){ "counting", RANDOM_LARGE, 50001, true, true, count_stains });
}

/* ---- by hand ---- */

/*
 * [0, 256M) stays, the rest of [256M, 1G) may go; 4K pages. What a case changes, it changes before slot_machine_finish.
 */
static struct slot_machine *two_nodes(phys_t border)
{
	struct slot_machine *m = slot_machine_new();

	slot_machine_ram(m, PAGE_SIZE, 0x9f000);
	slot_machine_ram(m, MIB, GIB);
	slot_machine_node(m, 0, 0, border, false);
	slot_machine_node(m, 1, border, GIB, true);
	m->map.trampoline = true;
	return m;
}

/* How many slots the policy stains; the machine is no longer needed then. */
static uint64_t stained_at_last(struct slot_machine *m, const struct pt_policy *policy)
{
	struct sweep *s = new_sweep(m, policy);
	uint64_t stained;

	assert_int_equal(sweep_run(s), OK);
	stained = s->nr_stained;
	free(s);
	slot_machine_free(m);
	return stained;
}

/* All policies against brute force; the number of stained slots of `bottom-up`. */
static uint64_t compare_all(struct slot_machine *m)
{
	uint64_t tries = 0;

	assert_true(slot_machine_finish(m));
	for (unsigned i = 0; i < pt_policies_nr; i++)
		assert_true(compare(m, pt_policies[i], build_stains, &tries));
	return stained_at_last(m, &policy_bottom_up);
}

/*
 * 1 GiB in 4K pages, border at 256M: the last slots. At base 254M the kernel ends 16 pages below the border and 386
 * tables are wanted above it: 385 PTE pages (from 0xfe00000 on), and no other; 12 come from the buffer.
 */
TEST(next_node_is_movable)
{
	struct slot_machine *m = two_nodes(256 * MIB);
	struct sweep *s = new_sweep(m, &policy_bottom_up);

	assert_true(slot_machine_finish(m));
	assert_int_equal(m->slots.total, (256 - 16) / 2);
	assert_int_equal(sweep_run(s), OK);
	assert_int_equal(s->nr_stained, 1);
	assert_int_equal(s->nr_intervals, 1);
	assert_int_equal(s->interval[0].r.start, 254 * MIB);
	assert_int_equal(s->interval[0].r.end - KASLR_ALIGN, 254 * MIB);
	assert_int_equal(s->worst_base, 254 * MIB);
	assert_int_equal(s->worst_on_movable, 385 - 12 - 16);
	assert_int_equal(s->worst_pinned, GIB - 256 * MIB);
	/* 64K below the border: less than a slot, and from one slot on it is safe */
	assert_int_equal(s->safe_distance, 1);
	free(s);
	assert_int_equal(compare_all(m), 1);
}

TEST(border_is_unaligned)
{
	/* 13 pages less: the slot at 254M no longer holds the image, 252M does, 16 + 499 pages below the border */
	assert_int_equal(compare_all(two_nodes(256 * MIB - 13 * PAGE_SIZE)), 0);
	assert_int_equal(compare_all(two_nodes(255 * MIB)), 1);
}

/* A pretended image as linux-6.1's: 3024 pages behind it are never the next node's. */
TEST(linux_image)
{
	struct slot_machine *m = two_nodes(256 * MIB);

	m->slot_size = 64 * MIB;
	m->image = (struct sweep_image){ 0x3401000, 0x3411000, 0x3411000, 0x3430000 };
	assert_int_equal(compare_all(m), 0);
}

/* The golden machine of Linux's own vectors, with slots all over node 0: 529 pages over the border at 1G. */
TEST(golden)
{
	struct slot_machine *m = slot_machine_new();
	struct sweep *s;

	slot_machine_ram(m, 0x1000, 0x9f000);
	slot_machine_ram(m, MIB, 0xbffe0000);
	slot_machine_ram(m, 4 * GIB, 9 * GIB);
	slot_machine_node(m, 0, GIB, 0x44000000, false);
	slot_machine_node(m, 1, 0x44000000, 0x80000000, true);
	slot_machine_node(m, 2, 0, GIB, true);
	slot_machine_node(m, 2, 0x80000000, 0xc0000000, true);
	slot_machine_node(m, 1, 4 * GIB, 9 * GIB, true);
	m->slot_size = 64 * MIB;
	m->image = (struct sweep_image){ 0x3401000, 0x3411000, 0x3411000, 0x3430000 };
	m->map.trampoline = true;
	assert_true(slot_machine_finish(m));
	s = new_sweep(m, &policy_bottom_up);
	assert_int_equal(m->slots.total, 1);
	assert_int_equal(sweep_run(s), OK);
	assert_int_equal(s->nr_stained, 1);
	assert_int_equal(s->worst_base, 0x40000000);
	assert_int_equal(s->worst_on_movable, 529);
	assert_int_equal(s->worst_pinned, 0x80000000 - 0x44000000 + 5 * GIB);
	assert_int_equal(s->safe_distance, (0x44000000 - 0x43430000) / (2 * MIB) + 1);
	s->map.page_sizes = PAGE_2M;
	assert_int_equal(sweep_run(s), OK);
	assert_int_equal(s->nr_stained, 0);
	assert_int_equal(s->worst_base, PHYS_NONE);
	assert_int_equal(s->safe_distance, 0);
	free(s);
	slot_machine_free(m);
}

/* Nothing but hot-pluggable memory: slots everywhere, and the node that holds the image stays. */
TEST(all_movable)
{
	struct slot_machine *m = slot_machine_new();

	slot_machine_ram(m, PAGE_SIZE, 0x9f000);
	slot_machine_ram(m, MIB, 300 * MIB);
	for (int i = 0; i < 5; i++)
		slot_machine_node(m, i, i * 60 * MIB + (i ? 0x5000 : 0), (i + 1) * 60 * MIB + 0x5000, true);
	m->slot_size = 4 * MIB;
	m->image.end = m->image.taken = 4 * MIB - PAGE_SIZE;
	assert_true(compare_all(m) > 0);
}

/* Tables of `floor` lie on the node at 16M, which the image passes on its way: it is stained but for those slots. */
TEST(image_passes_the_tables)
{
	struct slot_machine *m = slot_machine_new();
	struct sweep *s;

	slot_machine_ram(m, PAGE_SIZE, 0x9f000);
	slot_machine_ram(m, MIB, 128 * MIB);
	slot_machine_node(m, 0, 0, 16 * MIB, true);
	slot_machine_node(m, 1, 16 * MIB, 48 * MIB, true);
	slot_machine_node(m, 2, 48 * MIB, 128 * MIB, true);
	m->min = 2 * MIB;
	assert_true(slot_machine_finish(m));
	assert_int_equal(m->slots.total, 63);
	s = new_sweep(m, &policy_floor);
	assert_int_equal(sweep_run(s), OK);
	assert_int_equal(s->nr_stained, 7 + 40);
	assert_int_equal(s->nr_intervals, 2);
	assert_int_equal(s->interval[0].r.end - KASLR_ALIGN, 14 * MIB);
	assert_int_equal(s->interval[1].r.start, 48 * MIB);
	assert_int_equal(s->worst_base, 2 * MIB);
	assert_int_equal(s->worst_pinned, 32 * MIB);
	free(s);
	(void)compare_all(m);
}

/* Two tops of 512G: the tables of a direct map whose base is 1G aligned only. */
TEST(random_page_offset)
{
	for (unsigned k = 509; k < 513; k++) {
		struct slot_machine *m = two_nodes(256 * MIB);

		m->map.page_offset += k * GIB;
		m->map.trampoline = k & 1;
		slot_machine_ram(m, 3 * GIB, 3 * GIB + 64 * MIB);
		slot_machine_node(m, 0, 3 * GIB, 3 * GIB + 64 * MIB, false);
		(void)compare_all(m);
	}
}

/* Large leaves: 64 TiB of movable memory behind a small node, tables for 2M and 1G pages. */
TEST(large_leaves)
{
	struct slot_machine *m = two_nodes(64 * MIB);

	m->map.page_sizes = PAGE_2M;
	slot_machine_ram(m, 4 * GIB, 1028 * GIB);
	slot_machine_node(m, 1, 4 * GIB, 1028 * GIB, true);
	assert_int_equal(compare_all(m), 2); /* 1024 + 1 + 2 tables want 16 pages, then 528 */
	m = two_nodes(64 * MIB);
	m->map.levels = 5;
	m->map.page_offset = PAGE_OFFSET_5LEVEL;
	m->map.page_sizes = PAGE_2M | PAGE_1G;
	slot_machine_ram(m, 4 * GIB + PAGE_SIZE, 64 * 1024 * GIB);
	slot_machine_node(m, 1, 4 * GIB, 64 * 1024 * GIB, true);
	assert_int_equal(compare_all(m), 1); /* 127 + 2 tables want 16 pages */
}

/* [0, 2M) and [8M, 100M) stay. What lies beside the image is what a case is about. */
static struct slot_machine *movable_below(phys_t end)
{
	struct slot_machine *m = slot_machine_new();

	slot_machine_ram(m, MIB, end);
	slot_machine_node(m, 0, 0, 2 * MIB, false);
	slot_machine_node(m, 1, 2 * MIB, 8 * MIB, true);
	slot_machine_node(m, 0, 8 * MIB, end, false);
	assert_int_equal(numa_cleanup(&m->numa, &m->start, m->map.end, NULL), OK);
	return m;
}

/* All policies against brute force at `slots` slots from `first` on; how many of them `policy` stains. */
static uint64_t compare_slots(struct slot_machine *m, phys_t first, uint64_t slots, const struct pt_policy *policy)
{
	uint64_t tries = 0;

	m->slots = (struct kaslr_slots){ .nr = 1, .total = slots, .area = { { first, slots } } };
	for (unsigned i = 0; i < pt_policies_nr; i++)
		(void)compare(m, pt_policies[i], build_stains, &tries);
	return stained_at_last(m, policy);
}

/* Nothing is reserved but the image, not even [0, 1M). */
TEST(nothing_reserved)
{
	struct slot_machine *m = movable_below(100 * MIB);

	m->start.reserved.nr = 0;
	assert_int_equal(compare_slots(m, 16 * MIB, 30, &policy_lowest), 0);
}

/* The EFI stub does not look at what is reserved: slots begin inside it, or reach into it. */
TEST(slots_on_reserved_memory)
{
	struct slot_machine *m = movable_below(100 * MIB);

	slot_machine_reserve(m, MIB + 64 * KIB, 2 * MIB);
	slot_machine_reserve(m, 31 * MIB, 37 * MIB);
	assert_int_equal(compare_slots(m, 16 * MIB, 30, &policy_lowest), 30);
}

/* Nothing is free below 16M: at base 16M the tables for what lies below the kernel lie above it, else below. */
TEST(no_room_below_the_first_slot)
{
	struct slot_machine *m = movable_below(100 * MIB);

	slot_machine_reserve(m, MIB, 16 * MIB);
	assert_int_equal(compare_slots(m, 16 * MIB, 30, &policy_bottom_up), 0);
}

/*
 * Steps below the kernel: [1M, 2M), [2M, 4M), then 512M at once, and from 512M on another one if the kernel ends more
 * than 512M above 4M. Memory ends so close above that the buffer serves all of it, with pages left for below.
 */
TEST(buffer_pages_are_left)
{
	struct slot_machine *m = movable_below(528 * MIB);

	slot_machine_reserve(m, MIB + 64 * KIB, 2 * MIB);
	assert_int_equal(compare_slots(m, 500 * MIB, 14, &policy_bottom_up), 14);
}

/*
 * Top-down begins at the end of the highest free 2M, here 32M, so the tables lie in [30M, 32M). An image at 30M leaves
 * [28M, 30M), which is movable; one at 32M gives [30M, 32M) back.
 */
TEST(block_moves)
{
	struct slot_machine *m = slot_machine_new();

	slot_machine_ram(m, MIB, 64 * MIB);
	slot_machine_reserve(m, 34 * MIB - 64 * KIB, 64 * MIB);
	slot_machine_node(m, 0, 0, 28 * MIB, false);
	slot_machine_node(m, 1, 28 * MIB, 30 * MIB, true);
	slot_machine_node(m, 0, 30 * MIB, 64 * MIB, false);
	assert_int_equal(compare_slots(m, 16 * MIB, 9, &policy_top_down), 1);
}

/*
 * The page at 32M begins on node 0, so it is node 0's, with the image there as well as without: the only one that it
 * has for two PTE tables, those of the image and of the page itself. Node 1 gets the other one beside its own 15.
 */
TEST(border_inside_a_page)
{
	struct slot_machine *m = slot_machine_new();
	struct sweep *s;
	uint64_t tries = 0;

	m->movable_node = false;
	m->image = (struct sweep_image){ 0x1fd000, 0x200000, 0x200000, 0x200000 };
	slot_machine_ram(m, PAGE_SIZE, 0x9f000);
	slot_machine_ram(m, 16 * MIB, 18 * MIB);
	slot_machine_ram(m, 32 * MIB, 64 * MIB);
	slot_machine_node(m, 2, 0, MIB, false);
	slot_machine_node(m, 0, MIB, 32 * MIB + 0x800, true);
	slot_machine_node(m, 1, 32 * MIB + 0x800, 64 * MIB, true);
	m->slots = (struct kaslr_slots){ .nr = 1, .total = 1, .area = { { 16 * MIB, 1 } } };
	assert_true(compare(m, &policy_node_local, build_stains, &tries));
	s = new_sweep(m, &policy_node_local);
	assert_int_equal(sweep_run(s), OK);
	assert_int_equal(s->worst_on_movable, 1 + 15);
	free(s);
	slot_machine_free(m);
}

/* Only hybrid takes pages that are not mapped yet and can do without a buffer. */
TEST(without_a_buffer)
{
	struct slot_machine *m = two_nodes(256 * MIB);
	uint64_t tries = 0;

	m->image.buffer = m->image.buffer_end;
	assert_true(slot_machine_finish(m));
	for (unsigned i = 0; i < pt_policies_nr; i++)
		assert_int_equal(compare(m, pt_policies[i], build_stains, &tries), pt_policies[i] == &policy_hybrid);
	slot_machine_free(m);
}

/* ---- what is refused, and how ---- */

/* Slots where there is no memory, below some and above all of it, and one that memory holds only the start of. */
static void assert_memory_ends(struct slot_machine *m, struct sweep *s)
{
	static const struct pt_policy *const policies[] = { &policy_lowest, &policy_bottom_up };
	static const phys_t none[] = { 0xfe000, GIB - MIB, 2 * GIB };

	for (size_t i = 0; i < 2 * ARRAY_SIZE(none); i++) {
		phys_t base = none[i / 2];

		m->slots.area[m->slots.nr++] = (struct kaslr_area){ base, 1 };
		m->slots.total++;
		s->policy = policies[i % 2];
		assert_int_equal(sweep_run(s), ERR_RANGE);
		assert_int_equal(s->failed_base, base);
		m->slots.nr--;
		m->slots.total--;
	}
}

TEST(refusals)
{
	/* The end before what is taken, that before the end of the buffer, that before its start; nothing; half. */
	static const struct sweep_image no_image[] = {
		{ 0x1e0000, 0x1f0000, 0x1f0000, 0x1ef000 }, { 0x1e0000, 0x1f0000, 0x1ef000, 0x1f0000 },
		{ 0x1f1000, 0x1f0000, 0x1f2000, 0x1f2000 }, { 0, 0, 0, 0x1f0000 },
		{ 0x1e0000, 0x1f0000, 0x1f0800, 0x1f1000 },
	};
	struct slot_machine *m = two_nodes(256 * MIB);
	struct sweep *s = new_sweep(m, &policy_bottom_up);

	assert_int_equal(sweep_run(s), ERR_NOT_FOUND);
	assert_true(slot_machine_finish(m));
	for (size_t i = 0; i < ARRAY_SIZE(no_image); i++) {
		s->image = no_image[i];
		assert_int_equal(sweep_run(s), ERR_RANGE);
	}
	s->image = m->image;
	assert_memory_ends(m, s);
	/* no room for the image among what is reserved */
	for (phys_t at = TIB; m->start.reserved.nr < MEMBLOCK_MAX; at += 2 * PAGE_SIZE)
		slot_machine_reserve(m, at, at + PAGE_SIZE);
	assert_int_equal(sweep_run(s), ERR_FULL);
	assert_int_equal(s->failed_base, 254 * MIB); /* from above */
	m->start.reserved.nr = 1;
	/* no page in the buffer, and nothing mapped yet that could give one */
	s->image.buffer = s->image.buffer_end;
	assert_int_equal(sweep_run(s), ERR_NO_MEMORY);
	s->image.buffer = s->image.buffer_end - 16 * PAGE_SIZE;
	/* 2^20 leaves of 2M are 2 TiB */
	s->map.fragment.permille = 1;
	s->map.page_sizes = PAGE_2M;
	slot_machine_ram(m, 4 * GIB, 4 * GIB + 2 * TIB);
	s->map.end = m->map.end;
	assert_int_equal(sweep_run(s), ERR_CONFLICT);
	assert_int_equal(memblock_memory_in(&m->start, (struct range){ 4 * GIB, m->map.end }), 2 * TIB);
	m->start.memory.nr--;
	s->map = m->map;
	s->map.end = GIB;
	assert_int_equal(sweep_run(s), OK);
	assert_int_equal(s->nr_stained, 1);
	free(s);
	slot_machine_free(m);
}

/*
 * Two hot-pluggable ranges of node 1 lie side by side, one region of memory. While the image lies on them, the marks
 * are taken away one by one: between the first and the second that is a region more, and with 4096 there is none.
 */
TEST(marks_do_not_fit)
{
	for (unsigned spare = 0; spare < 2; spare++) {
		struct slot_machine *m = slot_machine_new();
		struct sweep *s;

		slot_machine_ram(m, MIB, 56 * MIB);
		for (phys_t at = TIB; m->start.memory.nr < MEMBLOCK_MAX - 3 - spare; at += 2 * PAGE_SIZE)
			slot_machine_ram(m, at, at + PAGE_SIZE);
		slot_machine_node(m, 0, 0, 16 * MIB, false);
		slot_machine_node(m, 1, 16 * MIB, 32 * MIB, true);
		slot_machine_node(m, 1, 32 * MIB, 48 * MIB, true);
		slot_machine_node(m, 2, 48 * MIB, 52 * MIB, false);
		slot_machine_node(m, 2, 52 * MIB, 56 * MIB, true);
		slot_machine_node(m, 3, TIB, 2 * TIB, false);
		assert_int_equal(numa_cleanup(&m->numa, &m->start, m->map.end, NULL), OK);
		m->slots = (struct kaslr_slots){ .nr = 1, .total = 1, .area = { { 20 * MIB, 1 } } };
		s = new_sweep(m, &policy_memblock);
		s->map.as_linux = LINUX_OLDEST; /* whose own array grows */
		assert_int_equal(sweep_run(s), spare ? OK : ERR_FULL);
		assert_int_equal(s->failed_base, spare ? PHYS_NONE : 20 * MIB);
		assert_int_equal(s->nr_stained, 0);
		/* nodes 0, 1, 2 and the hot-pluggable part of 2, then the pages */
		assert_int_equal(s->work->memory.nr, MEMBLOCK_MAX - spare);
		free(s);
		slot_machine_free(m);
	}
}

/*
 * Node 1 has two hot-pluggable ranges side by side and a third one between ranges that stay. Its marks are taken away
 * in the order third, second, first, which takes no region more. They come back in that order, too: after the third,
 * the second one is cut off from the first, a region more than there is.
 */
TEST(marks_do_not_fit_again)
{
	for (unsigned spare = 0; spare < 2; spare++) {
		struct slot_machine *m = slot_machine_new();
		struct sweep *s;

		m->image.buffer = 0x20000;
		slot_machine_ram(m, MIB, 104 * MIB);
		for (phys_t at = TIB; m->start.memory.nr < MEMBLOCK_MAX - 6 - spare; at += 2 * PAGE_SIZE)
			slot_machine_ram(m, at, at + PAGE_SIZE);
		slot_machine_node(m, 0, 0, 16 * MIB, false);
		slot_machine_node(m, 1, 16 * MIB, 24 * MIB, true);
		slot_machine_node(m, 1, 24 * MIB, 32 * MIB, true);
		slot_machine_node(m, 2, 32 * MIB, 40 * MIB, false);
		slot_machine_node(m, 1, 40 * MIB, 48 * MIB, false);
		slot_machine_node(m, 1, 48 * MIB, 56 * MIB, true);
		slot_machine_node(m, 1, 56 * MIB, 64 * MIB, false);
		slot_machine_node(m, 2, 64 * MIB, 104 * MIB, false);
		slot_machine_node(m, 3, TIB, 2 * TIB, false);
		assert_int_equal(numa_cleanup(&m->numa, &m->start, m->map.end, NULL), OK);
		m->slots = (struct kaslr_slots){ .nr = 2, .total = 2 };
		m->slots.area[0] = (struct kaslr_area){ 20 * MIB, 1 };
		m->slots.area[1] = (struct kaslr_area){ 100 * MIB, 1 };
		s = new_sweep(m, &policy_memblock);
		s->map.as_linux = LINUX_OLDEST; /* whose own array grows */
		assert_int_equal(sweep_run(s), spare ? OK : ERR_FULL);
		assert_int_equal(s->failed_base, spare ? PHYS_NONE : 100 * MIB);
		free(s);
		slot_machine_free(m);
	}
}

/* 4096 regions of memory, of which one lies on two nodes. */
TEST(nodes_do_not_fit)
{
	struct slot_machine *m = two_nodes(256 * MIB);
	struct sweep *s = new_sweep(m, &policy_memblock);

	assert_true(slot_machine_finish(m));
	for (phys_t at = TIB; m->start.memory.nr < MEMBLOCK_MAX; at += 2 * PAGE_SIZE)
		slot_machine_ram(m, at, at + PAGE_SIZE);
	s->map.as_linux = LINUX_OLDEST; /* whose own array grows */
	assert_int_equal(sweep_run(s), ERR_FULL);
	assert_int_equal(s->failed_base, PHYS_NONE);
	free(s);
	slot_machine_free(m);
}

/*
 * No region is left for what is reserved, so an image has to touch something that is, and does at both ends of the
 * slots or at one: tables touch it. A slot in between is refused, tried to find where stains begin, or which slot is
 * the lowest of the worst, in a list that has it twice; so is an end that touches nothing.
 */
TEST(image_fits_at_the_ends_only)
{
	static const struct {
		const struct pt_policy *policy;
		struct range reserved;
		phys_t first, last, failed, more;
	} cases[] = {
		{ &policy_hybrid, { MIB, 16 * MIB }, 16 * MIB, 254 * MIB, 252 * MIB, 0 },
		{ &policy_hybrid, { MIB, 16 * MIB }, 32 * MIB, 254 * MIB, 32 * MIB, 0 },
		{ &policy_hybrid, { MIB, 244 * MIB }, 244 * MIB, 254 * MIB, 252 * MIB, 8 * GIB },
		{ &policy_lowest, { 8 * MIB, 16 * MIB }, 16 * MIB, 22 * MIB, 22 * MIB, 8 * GIB },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct slot_machine *m = two_nodes(256 * MIB);
		uint64_t slots = (cases[i].last - cases[i].first) / KASLR_ALIGN + 1;
		struct kaslr_area area = { cases[i].first, slots };
		struct sweep *s = new_sweep(m, cases[i].policy);

		slot_machine_reserve(m, cases[i].reserved.start, cases[i].reserved.end);
		slot_machine_reserve(m, 256 * MIB - 64 * KIB, 256 * MIB);
		if (cases[i].more) {
			slot_machine_ram(m, 4 * GIB, 4 * GIB + cases[i].more);
			slot_machine_node(m, 0, 4 * GIB, 4 * GIB + cases[i].more, false);
		}
		assert_int_equal(numa_cleanup(&m->numa, &m->start, m->map.end, NULL), OK);
		s->map.end = m->map.end;
		for (phys_t at = TIB; m->start.reserved.nr < MEMBLOCK_MAX; at += 2 * PAGE_SIZE)
			slot_machine_reserve(m, at, at + PAGE_SIZE);
		m->slots = (struct kaslr_slots){ .nr = 2, .total = 2 * slots, .area = { area, area } };
		assert_int_equal(sweep_run(s), ERR_FULL);
		assert_int_equal(s->failed_base, cases[i].failed);
		free(s);
		slot_machine_free(m);
	}
}

/* ---- steps above the kernel ---- */

/* Reservations that leave few pages for the steps, at any of the distances that are looked at, or far from there. */
TEST(mostly_reserved)
{
	static const struct range taken[] = {
		{ 64 * MIB, 570 * MIB }, { GIB, 71 * GIB }, { GIB, 140 * GIB }, { 150 * GIB, 150 * GIB + PAGE_SIZE }
	};

	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		struct slot_machine *m = slot_machine_new();
		uint64_t tries = 0;

		slot_machine_ram(m, MIB, 160 * GIB);
		slot_machine_node(m, 0, 0, 600 * MIB, false);
		slot_machine_node(m, 1, 600 * MIB, 800 * MIB, true);
		slot_machine_node(m, 0, 800 * MIB, 160 * GIB, false);
		slot_machine_reserve(m, taken[i].start, taken[i].end);
		assert_int_equal(numa_cleanup(&m->numa, &m->start, m->map.end, NULL), OK);
		m->slots.area[m->slots.nr++] = (struct kaslr_area){ 16 * MIB, 23 };
		m->slots.total = 23;
		assert_true(compare(m, &policy_bottom_up, count_stains, &tries));
		slot_machine_free(m);
	}
}

/* Slots with no movable memory above them first, then slots with some: the answer for all of them stays "none". */
TEST(no_safe_distance)
{
	struct slot_machine *m = slot_machine_new();
	struct sweep *s;
	uint64_t tries = 0;

	slot_machine_ram(m, MIB, 4 * GIB);
	slot_machine_node(m, 0, 0, 8 * MIB, false);
	slot_machine_node(m, 1, 8 * MIB, 12 * MIB, true);
	slot_machine_node(m, 0, 12 * MIB, 512 * MIB, false);
	slot_machine_node(m, 2, 512 * MIB, 516 * MIB, true);
	slot_machine_node(m, 0, 516 * MIB, 4 * GIB, false);
	assert_int_equal(numa_cleanup(&m->numa, &m->start, m->map.end, NULL), OK);
	m->slots.area[m->slots.nr++] = (struct kaslr_area){ 600 * MIB, 5 };
	m->slots.area[m->slots.nr++] = (struct kaslr_area){ 64 * MIB, 5 };
	m->slots.total = 10;
	assert_true(compare(m, &policy_lowest, count_stains, &tries));
	s = new_sweep(m, &policy_lowest);
	assert_int_equal(sweep_run(s), OK);
	assert_int_equal(s->nr_stained, 10);
	assert_int_equal(s->safe_distance, SWEEP_NO_DISTANCE);
	free(s);
	slot_machine_free(m);
}

/* ---- more than can be kept ---- */

/* Every other page from 1M on is taken, so that each page-table page is a run of its own. */
TEST(too_many_runs)
{
	struct slot_machine *m = slot_machine_new();
	uint64_t tries = 0;

	slot_machine_ram(m, MIB, 5 * GIB);
	slot_machine_node(m, 0, 0, 8 * MIB, false);
	slot_machine_node(m, 1, 8 * MIB, 12 * MIB, true);
	slot_machine_node(m, 0, 12 * MIB, 5 * GIB, false);
	for (phys_t at = MIB; at < 18 * MIB; at += 2 * PAGE_SIZE)
		slot_machine_reserve(m, at, at + PAGE_SIZE);
	assert_int_equal(numa_cleanup(&m->numa, &m->start, m->map.end, NULL), OK);
	m->slots = (struct kaslr_slots){ .nr = 1, .total = 6, .area = { { 6 * MIB, 6 } } };
	assert_true(17 * MIB / (2 * PAGE_SIZE) > SWEEP_MAX_RUNS);
	assert_true(compare(m, &policy_lowest, build_stains, &tries));
	/* once without the image; one by one, and the last one, beside which the first is held */
	assert_int_equal(tries, 1 + 7);
	/* where no page-table page lies, none is tried */
	m->slots.area[0] = (struct kaslr_area){ 64 * MIB, 6 };
	tries = 0;
	assert_true(compare(m, &policy_lowest, build_stains, &tries));
	assert_true(tries <= 2);
	slot_machine_free(m);
}

/* Free pages 17 apart, with an image of 16: none of the runs meet. */
TEST(too_many_free_runs)
{
	struct slot_machine *m = slot_machine_new();
	uint64_t tries = 0;

	m->image = (struct sweep_image){ 0, 0x10000, 0x10000, 0x10000 };
	slot_machine_ram(m, MIB, 5 * GIB);
	slot_machine_node(m, 0, 0, 8 * MIB, false);
	slot_machine_node(m, 1, 8 * MIB, 12 * MIB, true);
	slot_machine_node(m, 0, 12 * MIB, 5 * GIB, false);
	for (phys_t at = 3 * MIB; at < 63 * MIB; at += 18 * PAGE_SIZE)
		slot_machine_reserve(m, at, at + 17 * PAGE_SIZE);
	assert_int_equal(numa_cleanup(&m->numa, &m->start, m->map.end, NULL), OK);
	m->slots = (struct kaslr_slots){ .nr = 1, .total = 2, .area = { { 64 * MIB, 2 } } };
	assert_true(60 * MIB / (18 * PAGE_SIZE) > SWEEP_MAX_FREE_RUNS);
	assert_true(compare(m, &policy_lowest, count_stains, &tries));
	slot_machine_free(m);
}

/* The buffer has pages for more ranges than are kept: nothing is derived, not even where it lies in one of them. */
TEST(too_many_served)
{
	struct slot_machine *m = two_nodes(256 * MIB);

	m->image.buffer = 0x20000;
	for (phys_t at = 4 * GIB; m->start.memory.nr < 3 + SWEEP_MAX_SERVED; at += GIB)
		slot_machine_ram(m, at, at + PAGE_SIZE);
	slot_machine_node(m, 0, 4 * GIB, m->map.end, false);
	assert_int_equal(numa_cleanup(&m->numa, &m->start, m->map.end, NULL), OK);
	(void)compare_slots(m, 16 * MIB, 4, &policy_series);
}

/* The buffer has pages for each of two stretches of slots, of which the lower one comes last. */
TEST(lower_slots_come_last)
{
	struct slot_machine *m = two_nodes(256 * MIB);
	uint64_t tries = 0;

	m->image.buffer = 0x20000;
	slot_machine_ram(m, 4 * GIB, 4 * GIB + 64 * MIB);
	slot_machine_node(m, 0, 4 * GIB, 4 * GIB + 64 * MIB, false);
	assert_int_equal(numa_cleanup(&m->numa, &m->start, m->map.end, NULL), OK);
	m->slots = (struct kaslr_slots){ .nr = 2, .total = 8, .area = { { 4 * GIB, 4 }, { 16 * MIB, 4 } } };
	for (unsigned i = 0; i < pt_policies_nr; i++)
		assert_true(compare(m, pt_policies[i], build_stains, &tries));
	slot_machine_free(m);
}

/* Less than 1M of memory of no node, which Linux lets pass: whoever has pages gives them for it. */
TEST(memory_of_no_node)
{
	struct slot_machine *m = slot_machine_new();

	slot_machine_ram(m, PAGE_SIZE, 0x9f000);
	slot_machine_ram(m, MIB, 64 * MIB);
	slot_machine_node(m, 0, 0, 48 * MIB, false);
	slot_machine_node(m, 1, 48 * MIB + 64 * KIB, 64 * MIB, true);
	assert_int_equal(numa_cleanup(&m->numa, &m->start, m->map.end, NULL), OK);
	(void)compare_slots(m, 16 * MIB, 12, &policy_node_local);
}

/*
 * Linux's memblock has room for one mark, and none to say whose memory is. So `node-local` takes the highest pages
 * that bear no mark: of node 1, which needs them. An image fills that place; [64M, 66M) of node 1 is marked, so they
 * then lie on node 0, which is movable. The buffer serves the first MiB alone.
 */
TEST(memblock_is_full)
{
	struct slot_machine *m = slot_machine_new();
	uint64_t tries = 0;
	phys_t at = 66 * MIB;

	m->map.page_sizes = PAGE_2M;
	m->image.buffer = m->image.buffer_end - 3 * PAGE_SIZE;
	m->start.reserved.nr = 0;
	slot_machine_ram(m, PAGE_SIZE, 0x9f000);
	slot_machine_ram(m, MIB, at);
	for (; m->start.memory.nr < 125; at += 2 * MIB) {
		slot_machine_ram(m, at + MIB, at + 2 * MIB - PAGE_SIZE);
		slot_machine_reserve(m, at + MIB, at + 2 * MIB - PAGE_SIZE);
	}
	slot_machine_ram(m, at, at + m->image.taken);
	slot_machine_node(m, 1, 64 * MIB, 66 * MIB, true);
	slot_machine_node(m, 1, 66 * MIB, m->map.end, true);
	slot_machine_node(m, 0, 0, 64 * MIB, true);
	assert_int_equal(numa_cleanup(&m->numa, &m->start, m->map.end, NULL), OK);
	m->slots = (struct kaslr_slots){ .nr = 2, .total = 25, .area = { { 16 * MIB, 24 }, { at, 1 } } };
	assert_true(compare(m, &policy_node_local, build_stains, &tries));
	assert_true(m->mb.full);
	slot_machine_free(m);
}

/*
 * All free blocks of 2M lie on the movable node: `memblock` finds none, and goes on all the same, until the image makes
 * that node stay. Memory above it may use the buffer up, so that the node's own tables do not depend on it.
 */
TEST(no_free_block)
{
	for (phys_t end = 64 * MIB; end <= 128 * MIB; end += 64 * MIB) {
		struct slot_machine *m = slot_machine_new();

		slot_machine_ram(m, MIB, end);
		slot_machine_node(m, 0, 0, 32 * MIB, false);
		slot_machine_node(m, 1, 32 * MIB, 64 * MIB, true);
		slot_machine_node(m, 0, 64 * MIB, 128 * MIB, false);
		for (phys_t at = 2 * MIB; at < end; at += 2 * MIB)
			if (at < 32 * MIB || at >= 64 * MIB)
				slot_machine_reserve(m, at, at + PAGE_SIZE);
		assert_int_equal(numa_cleanup(&m->numa, &m->start, m->map.end, NULL), OK);
		(void)compare_slots(m, 32 * MIB, 12, &policy_memblock);
	}
}

/* Firmware's tables lie on node 1, so it stays: no slot is stained, whether the image is there or not. */
TEST(tables_of_firmware)
{
	struct slot_machine *m = two_nodes(256 * MIB);

	assert_true(slot_machine_finish(m));
	numa_note_table(&m->numa, (struct range){ 512 * MIB, 512 * MIB + 64 });
	assert_int_equal(compare_slots(m, 246 * MIB, 20, &policy_bottom_up), 0);
}

/* Every other slot lies on the movable node, which then has no stain; in between it has. */
TEST(too_many_intervals)
{
	struct slot_machine *m = slot_machine_new();
	const uint64_t stained = SWEEP_MAX_INTERVALS + 6;
	struct sweep *s;

	slot_machine_ram(m, MIB, 16 * MIB + stained * 4 * MIB + 64 * MIB);
	for (uint64_t i = 0; i < stained; i++)
		slot_machine_node(m, 0, 18 * MIB + i * 4 * MIB, 20 * MIB + i * 4 * MIB, true);
	m->slots.area[m->slots.nr++] = (struct kaslr_area){ 16 * MIB, 2 * stained };
	m->slots.total = 2 * stained;
	s = new_sweep(m, &policy_bottom_up);
	assert_int_equal(sweep_run(s), OK);
	assert_int_equal(s->nr_stained, stained);
	assert_true(s->more_intervals);
	assert_int_equal(s->nr_intervals, SWEEP_MAX_INTERVALS);
	for (uint64_t i = 1; i < SWEEP_MAX_INTERVALS; i++)
		assert_int_equal(s->interval[i].r.start - s->interval[i - 1].r.start, 4 * MIB);
	free(s);
	slot_machine_free(m);
}

/* ---- machines as described for QEMU ---- */

static bool load_description(const char *path, struct machine *d)
{
	static char text[1 << 16];
	struct machine_error err;
	FILE *f = fopen(path, "r");
	size_t len;

	assert_non_null(f);
	len = fread(text, 1, sizeof(text), f);
	fclose(f);
	assert_true(len < sizeof(text));
	return machine_parse(d, text, len, &err);
}

/* PXMs of processors first, then memory, as Linux numbers nodes; an unusable SRAT gives one node. */
static void join_nodes(struct slot_machine *m, const struct machine *d, struct range *immovable, size_t *nr_immovable)
{
	bool good = d->has_srat && d->damage == DAMAGE_NONE;

	for (size_t i = 0; i < d->nr_entries; i++)
		if (d->entry[i].kind == MACHINE_CPU && !d->entry[i].disabled)
			good &= numa_map_pxm(&m->numa, d->entry[i].pxm) != NUMA_NO_NODE;
	for (size_t i = 0; i < d->nr_entries; i++) {
		const struct machine_entry *e = &d->entry[i];
		int nid;

		if (e->kind != MACHINE_MEM)
			continue;
		if (!e->hotplug && !range_empty(e->r))
			immovable[(*nr_immovable)++] = e->r;
		if (e->disabled)
			continue;
		nid = numa_map_pxm(&m->numa, e->pxm);
		good &= nid != NUMA_NO_NODE && numa_add_memblk(&m->numa, nid, e->r, e->hotplug) == OK;
	}
	if (!good || numa_cleanup(&m->numa, &m->start, m->map.end, NULL) != OK)
		numa_fake_one_node(&m->numa, m->map.end);
}

static struct slot_machine *from_description(const struct machine *d)
{
	static struct range ram[E820_MAX], immovable[MACHINE_MAX_ENTRIES];
	struct slot_machine *m = slot_machine_new();
	struct range avoid[1 + MACHINE_MAX_RESERVE] = { { 0, MIB } };
	struct kaslr_request q = { ram, 0, immovable, 0, avoid, 1, KASLR_PREFERRED, UINT64_MAX, KASLR_ALIGN };
	static struct e820 map;

	map = d->map;
	assert_int_equal(e820_sanitize(&map), OK);
	assert_int_equal(e820_update(&map, (struct range){ 0, PAGE_SIZE }, E820_RAM, E820_RESERVED), OK);
	assert_int_equal(e820_remove(&map, (struct range){ 640 * KIB, MIB }, E820_RAM), OK);
	m->map.levels = d->la57 ? 5 : 4;
	m->map.page_offset = d->la57 ? PAGE_OFFSET_5LEVEL : PAGE_OFFSET_4LEVEL;
	m->map.end = e820_end_of_ram(&map, d->la57 ? MAXMEM_5LEVEL : MAXMEM_4LEVEL);
	for (size_t i = 0; i < map.nr; i++) {
		struct range r = { map.e[i].r.start, min_u64(map.e[i].r.end, m->map.end) };

		if (map.e[i].type != E820_RAM)
			continue;
		assert_int_equal(memblock_add(&m->start, r), OK);
		ram[q.nr_ram++] = r;
	}
	memblock_trim(&m->start, PAGE_SIZE);
	for (size_t i = 0; i < d->nr_reserve; i++) {
		slot_machine_reserve(m, d->reserve[i].start, d->reserve[i].end);
		avoid[q.nr_avoid++] = d->reserve[i];
	}
	join_nodes(m, d, immovable, &q.nr_immovable);
	q.limit = m->map.end;
	kaslr_find_slots(&q, &m->slots);
	return m;
}

/* Too many slots for the builder: counting says what each of them, or of some, gives, and which is worst. */
static void compare_counted(struct slot_machine *m, const struct sweep *s)
{
	uint64_t stride = m->slots.total <= COUNT_SLOTS ? 1 : m->slots.total / SAMPLES, stained = 0, worst = 0;

	for (uint64_t i = 0; i < m->slots.total; i += stride) {
		phys_t base = kaslr_slot_base(&m->slots, i);
		struct stains t = { .pages = 0 };
		bool listed = false;

		assert_true(count_stains(m, s->policy, base, &t));
		for (size_t k = 0; k < s->nr_intervals; k++)
			listed |= s->interval[k].r.start <= base && base < s->interval[k].r.end;
		assert_int_equal(listed, t.pages > 0);
		assert_true(t.pages <= s->worst_on_movable);
		assert_true(!t.pages || t.pages < s->worst_on_movable || base >= s->worst_base);
		stained += t.pages > 0;
		worst = max_u64(worst, t.pages);
	}
	if (stride == 1) {
		assert_int_equal(s->nr_stained, stained);
		assert_int_equal(s->worst_on_movable, worst);
	}
}

static uint64_t tables_at_most(const struct slot_machine *m)
{
	uint64_t ram = memblock_memory_in(&m->start, (struct range){ 0, m->map.end });

	return 64 + 4 * m->start.memory.nr +
	       ram / (m->map.page_sizes & PAGE_1G   ? 512 * GIB
		      : m->map.page_sizes & PAGE_2M ? GIB
						    : 2 * MIB);
}

/* How many slots were compared one by one with the builder. */
static uint64_t compare_description(struct slot_machine *m, const struct pt_policy *policy)
{
	struct sweep *s = new_sweep(m, policy);
	uint64_t tries = 0;
	enum status st = sweep_run(s);
	bool build = tables_at_most(m) * m->slots.total <= BUILD_WORK;
	struct direct_map dm;

	/* Where all memory may go, SRAT-first policies can have none. */
	if (st == ERR_NO_MEMORY) {
		assert_int_equal(slot_machine_build(m, policy, s->failed_base, &dm), ERR_NO_MEMORY);
	} else {
		assert_int_equal(st, OK);
	}
	if (st == OK && build)
		assert_true(compare(m, policy, build_stains, &tries));
	else if (st == OK)
		compare_counted(m, s);
	free(s);
	return st == OK && build ? m->slots.total : 0;
}

TEST(descriptions)
{
	static const unsigned sizes[] = { PAGE_4K, PAGE_2M, PAGE_2M | PAGE_1G };
	static struct machine d;
	unsigned built = 0, machines = 0;
	uint64_t slots = 0;
	glob_t files;

	assert_int_equal(glob("tests/machines/*.machine", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct slot_machine *m;
		uint64_t before = slots;

		assert_true(load_description(files.gl_pathv[i], &d));
		m = from_description(&d);
		for (unsigned k = 0; m->slots.total && k < ARRAY_SIZE(sizes); k++) {
			m->map.page_sizes = sizes[k];
			slots += compare_description(m, &policy_bottom_up);
			slots += compare_description(m, &policy_memblock);
			slots += compare_description(m, pt_policies[(i + k) % pt_policies_nr]);
		}
		machines += m->slots.total > 0;
		built += slots > before;
		slot_machine_free(m);
	}
	globfree(&files);
	print_message(
		"%u machines swept; %u of them, %llu slots, as the builder at each slot, the others as counting\n",
		machines, built, (unsigned long long)slots);
	assert_true(machines >= 30);
	assert_true(built >= 15);
}

/* ---- arithmetic of its own ---- */

/*
 * Tables for [k, end) that [0, 1M) does not have yet, in 4K pages, where all is memory; the base of the map is aligned.
 */
static uint64_t tables_above(phys_t k, phys_t end, unsigned levels)
{
	static const uint64_t size[] = { 2 * MIB, GIB, 512 * GIB, 256 * TIB };
	uint64_t tables = 0;

	for (unsigned i = 0; i < levels - 1; i++)
		tables += (end + size[i] - 1) / size[i] - k / size[i] - (k / size[i] == 0);
	return tables;
}

struct closed_form {
	uint64_t stained, worst, distance;
	phys_t first, worst_base;
};

/*
 * Slots of one node that ends at `end`, before a movable one: tables run over when the pages up to there are too few.
 * Below them lies enough of node 0 for what is mapped last.
 */
static struct closed_form closed_form(const struct slot_machine *m, phys_t start, phys_t end)
{
	struct closed_form c = { .first = PHYS_NONE, .worst_base = PHYS_NONE };
	uint64_t buffer = 16 - (m->map.levels - 1) - (m->map.trampoline ? m->map.levels - 3 : 0);

	for (phys_t base = end - m->slot_size; base >= start; base -= KASLR_ALIGN) {
		phys_t k = base + m->image.end;
		uint64_t pages = tables_above(k, m->map.end, m->map.levels) - buffer, room = (end - k) / PAGE_SIZE;

		if (pages <= room)
			break;
		if (!c.stained++)
			c.worst = pages - room, c.worst_base = base;
		c.first = base;
		c.distance = (end - k) / KASLR_ALIGN + 1;
	}
	return c;
}

/*
 * P / (S - image): one node of S bytes, P bytes of tables, far more movable memory above; as near as slots of 2M can
 * be.
 */
TEST(as_the_closed_form)
{
	static const uint64_t above[] = { 4, 16, 64, 100 };

	for (unsigned i = 0; i < ARRAY_SIZE(above); i++) {
		struct slot_machine *m = slot_machine_new();
		struct sweep *s;
		struct closed_form c;
		uint64_t bytes;

		slot_machine_ram(m, PAGE_SIZE, (1 + above[i]) * GIB);
		slot_machine_node(m, 0, 0, GIB, false);
		slot_machine_node(m, 1, GIB, (1 + above[i]) * GIB, true);
		m->map.trampoline = true;
		assert_true(slot_machine_finish(m));
		s = new_sweep(m, &policy_bottom_up);
		assert_int_equal(sweep_run(s), OK);
		c = closed_form(m, 16 * MIB, GIB);
		assert_int_equal(s->nr_stained, c.stained);
		assert_int_equal(s->interval[0].r.start, c.first);
		assert_int_equal(s->interval[0].r.end - KASLR_ALIGN, GIB - 2 * MIB);
		assert_int_equal(s->worst_on_movable, c.worst);
		assert_int_equal(s->safe_distance, c.distance);
		/* P: tables of what lies above the node, less what the buffer gives; slots begin at 16M */
		bytes = (tables_above(GIB, m->map.end, 4) - 12) * PAGE_SIZE;
		assert_in_range(s->nr_stained, bytes / KASLR_ALIGN, bytes / KASLR_ALIGN + 1);
		assert_int_equal(s->nr_slots, (GIB - 16 * MIB - m->slot_size) / KASLR_ALIGN + 1);
		assert_in_range(s->nr_stained, bytes * s->nr_slots / (GIB - 16 * MIB - m->slot_size),
				bytes * s->nr_slots / (GIB - 16 * MIB - m->slot_size) + 1);
		free(s);
		slot_machine_free(m);
	}
}

/* 4 PiB in 64 nodes, 5 levels, 4K pages: 8 TiB of tables, of which none is built. */
TEST(four_pib)
{
	const uint64_t node = 64 * TIB;
	struct slot_machine *m = slot_machine_new();
	struct sweep *s;
	uint64_t stained = 0;
	struct count count = { .by_level = true };
	struct direct_map dm;

	m->map.levels = 5;
	m->map.page_offset = PAGE_OFFSET_5LEVEL;
	slot_machine_ram(m, PAGE_SIZE, 64 * node);
	for (int i = 0; i < 64; i++)
		slot_machine_node(m, i, i * node, (i + 1) * node, i & 1);
	assert_true(slot_machine_finish(m));
	assert_int_equal(m->slots.total, 32 * (node / KASLR_ALIGN) - 8);
	slot_machine_place(m, &policy_bottom_up, 16 * MIB, &dm);
	dm.count = &count;
	assert_int_equal(direct_map_build(&dm), OK);
	assert_int_equal(dm.pages[PT_PTE], 2147483648);
	assert_int_equal(dm.pages[PT_PMD], 4194304);
	assert_int_equal(dm.pages[PT_PUD], 8192);
	assert_int_equal(dm.pages[PT_P4D], 16);
	assert_int_equal(dm.alloc.from_buffer + dm.alloc.from_memblock, 2151686160);

	s = new_sweep(m, &policy_bottom_up);
	assert_int_equal(sweep_run(s), OK);
	assert_int_equal(s->nr_intervals, 32);
	for (unsigned i = 0; i < 32; i++) {
		struct closed_form c = { 0 };
		phys_t end = (2 * i + 1) * node, first = s->interval[i].r.start;

		/* the border of what is stained, from both sides */
		assert_int_equal(s->interval[i].r.end - KASLR_ALIGN, end - 2 * MIB);
		assert_true(tables_above(first + m->image.end, m->map.end, 5) - 12 >
			    (end - first - m->image.end) / PAGE_SIZE);
		first -= KASLR_ALIGN;
		assert_true(tables_above(first + m->image.end, m->map.end, 5) - 12 <=
			    (end - first - m->image.end) / PAGE_SIZE);
		c.stained = (s->interval[i].r.end - KASLR_ALIGN - first) / KASLR_ALIGN;
		stained += c.stained;
	}
	assert_int_equal(s->nr_stained, stained);
	assert_int_equal(s->worst_base, node - 2 * MIB);
	assert_int_equal(s->worst_on_movable, tables_above(node - 2 * MIB + m->image.end, m->map.end, 5) - 12 - 16);
	assert_int_equal(s->worst_pinned, node);
	for (unsigned i = 0; i < pt_policies_nr; i++) {
		s->policy = pt_policies[i];
		assert_int_equal(sweep_run(s), OK);
		assert_true(s->tries <= FEW * 64);
		assert_true(!s->policy->srat_first || s->policy == &policy_node_local || !s->nr_stained);
		compare_counted(m, s);
	}
	free(s);
	slot_machine_free(m);
}

/* ---- large machines: counted in some slots, as all of them would take too long ---- */

static bool is_stained(const struct sweep *s, phys_t base)
{
	for (size_t i = 0; i < s->nr_intervals; i++) {
		if (base >= s->interval[i].r.start && base < s->interval[i].r.end)
			return true;
	}
	return false;
}

static void assert_slot(struct slot_machine *m, const struct sweep *s, phys_t base)
{
	struct stains t = { .pages = 0 };
	uint64_t pinned = 0;

	assert_true(count_stains(m, s->policy, base, &t));
	assert_int_equal(is_stained(s, base), t.pages > 0);
	assert_true(t.pages < s->worst_on_movable ||
		    (t.pages == s->worst_on_movable && (!t.pages || base >= s->worst_base)));
	if (base != s->worst_base)
		return;
	assert_int_equal(t.pages, s->worst_on_movable);
	for (unsigned nid = 0; nid < m->judged.nr_nodes; nid++)
		pinned += t.node[nid] ? m->judged.node[nid].hot_present : 0;
	assert_int_equal(pinned, s->worst_pinned);
}

static bool is_slot(const struct kaslr_slots *slots, phys_t base)
{
	for (size_t i = 0; i < slots->nr; i++) {
		const struct kaslr_area *a = &slots->area[i];

		if (base >= a->start && (base - a->start) / KASLR_ALIGN < a->slots)
			return true;
	}
	return false;
}

/* A slot of each of some places, and those at the borders of some of the intervals. */
static void assert_sample(struct slot_machine *m, const struct sweep *s, unsigned places)
{
	if (s->more_intervals)
		return;
	for (unsigned i = 0; i < places; i++) {
		uint64_t slot = slot_machine_random(m, 1u << 30) * 2654435761u % m->slots.total;
		size_t nth = s->nr_intervals ? slot_machine_random(m, s->nr_intervals) : 0;
		phys_t edge[] = { s->interval[nth].r.start - KASLR_ALIGN, s->interval[nth].r.start,
				  s->interval[nth].r.end - KASLR_ALIGN, s->interval[nth].r.end };

		assert_slot(m, s, kaslr_slot_base(&m->slots, slot));
		edge[0] = s->nr_intervals ? edge[i % 4] : 0;
		if (is_slot(&m->slots, edge[0]))
			assert_slot(m, s, edge[0]);
	}
	if (s->nr_stained)
		assert_slot(m, s, s->worst_base);
}

/* Equal pieces in a row, RAM or a hole between two of them; who owns which, and which are hot-pluggable, at random. */
static struct slot_machine *many_nodes(uint64_t seed, unsigned nodes, unsigned pieces)
{
	struct slot_machine *m = slot_machine_new();
	uint64_t piece, holes, hot, at;

	m->rng = seed * 0x9e3779b97f4a7c15ull + 7;
	m->map.as_linux = seed / 2 % 2 ? LINUX_OLDEST : LINUX_NEWEST; /* memblock's array grows, or runs full */
	slot_machine_options(m, slot_machine_random(m, 8) == 0);
	m->map.fragment.permille = 0;
	piece = (1 + slot_machine_random(m, 4)) << (21 + slot_machine_random(m, 12));
	holes = slot_machine_random(m, 3) ? 0 : 1 + slot_machine_random(m, 8);
	hot = 1 + slot_machine_random(m, 9);
	slot_machine_ram(m, PAGE_SIZE, 0x9f000);
	at = MIB;
	for (unsigned i = 0; i < pieces; i++) {
		int nid = i < nodes ? (int)i : (int)slot_machine_random(m, nodes);
		phys_t end = align_down(at + piece, piece) - slot_machine_random(m, 16) / 15 * PAGE_SIZE * 3;

		slot_machine_ram(m, at, end);
		slot_machine_node(m, nid, i ? at : 0, end, i && slot_machine_random(m, 10) < hot);
		if (slot_machine_random(m, 20) == 0)
			slot_machine_reserve(m, end - piece / 4, end - piece / 8);
		at = end;
		if (holes && slot_machine_random(m, holes) == 0)
			at += slot_machine_random(m, 3) * piece / 2 + PAGE_SIZE;
	}
	if (numa_cleanup(&m->numa, &m->start, m->map.end, NULL) != OK) {
		slot_machine_free(m);
		return NULL;
	}
	return m;
}

/* Slots wherever memory is, as the EFI stub finds them: up to 100 stretches. */
static bool slots_everywhere(struct slot_machine *m)
{
	static struct range ram[MEMBLOCK_MAX];
	struct kaslr_request q = { .ram = ram, .min = m->min, .limit = m->map.end, .image_size = m->slot_size };

	for (size_t i = 0; i < m->start.memory.nr; i++)
		ram[q.nr_ram++] = m->start.memory.r[i].r;
	kaslr_find_slots_efistub(&q, &m->slots);
	return m->slots.total > 0;
}

/* Work grows with the square of the nodes, so few machines have very many. */
TEST(machines_of_up_to_1024_nodes)
{
	unsigned machines = 0, refused = 0;
	uint64_t slots = 0, tries = 0;

	for (uint64_t seed = 1; machines < machines_by_chance(60, 200); seed++) {
		unsigned chance = (unsigned)(seed * 2654435761u), nodes = 65 + chance % 960 / (1 + chance / 960 % 25);
		struct slot_machine *m = many_nodes(seed, nodes, nodes + (unsigned)(seed % 3) * nodes / 4);
		struct sweep *s;

		if (!m)
			continue;
		s = new_sweep(m, pt_policies[seed % pt_policies_nr]);
		machines++;
		for (unsigned i = 0; i < 2 && slots_everywhere(m); i++) {
			s->policy = pt_policies[(seed + i * 3) % pt_policies_nr];
			if (sweep_run(s) != OK) {
				refused++;
				continue;
			}
			tries += s->tries;
			slots += s->nr_slots;
			assert_sample(m, s, 2);
		}
		free(s);
		slot_machine_free(m);
	}
	print_message("%u machines, %llu slots, %llu tries, %u refused\n", machines, (unsigned long long)slots,
		      (unsigned long long)tries, refused);
	assert_true(refused < machines / 2);
}

/* All policies on a machine made by hand, in some slots of each. */
static void assert_machine(struct slot_machine *m, unsigned places)
{
	for (unsigned i = 0; i < pt_policies_nr; i++) {
		struct sweep *s = new_sweep(m, pt_policies[i]);

		if (sweep_run(s) == OK)
			assert_sample(m, s, places);
		else
			assert_int_not_equal(s->failed_base, PHYS_NONE);
		free(s);
	}
	slot_machine_free(m);
}

/*
 * Nodes take turns every 2 MiB, so that an image as large lies on one node or on two; every second one is movable. In
 * the newest Linux memblock has no room for so many.
 */
TEST(nodes_take_turns)
{
	static const unsigned nodes[] = { 2, 64, 600 };

	for (unsigned i = 0; i < 2 * ARRAY_SIZE(nodes); i++) {
		struct slot_machine *m = slot_machine_new();

		m->map.as_linux = i < ARRAY_SIZE(nodes) ? LINUX_OLDEST : LINUX_NEWEST;
		slot_machine_ram(m, PAGE_SIZE, 4 * GIB);
		for (unsigned k = 0; k < 1200; k++)
			slot_machine_node(m, (int)(k % nodes[i % 3]), k * 2 * MIB, (k + 1) * 2 * MIB,
					  k % nodes[i % 3] % 2);
		slot_machine_node(m, 0, 1200 * 2 * MIB, 4 * GIB, false);
		assert_int_equal(numa_cleanup(&m->numa, &m->start, m->map.end, NULL), OK);
		assert_true(slots_everywhere(m));
		assert_machine(m, 2);
	}
}

/* Islands of one page below the memory that the image fits in, or thousands of holes in it, of RAM or reserved. */
TEST(thousands_of_holes)
{
	for (unsigned how = 0; how < 3; how++) {
		struct slot_machine *m = slot_machine_new();

		m->map.page_sizes = how == 1 ? PAGE_2M : 0;
		if (how)
			slot_machine_ram(m, MIB, 64 * GIB);
		for (phys_t i = 0; i < 1100 && how == 0; i++)
			slot_machine_ram(m, MIB + i * MIB, MIB + i * MIB + PAGE_SIZE);
		for (phys_t i = 0; i < 1100 && how == 1; i++)
			slot_machine_reserve(m, GIB + i * 20 * MIB, GIB + i * 20 * MIB + PAGE_SIZE);
		for (phys_t i = 0; i < 1100 && how == 2; i++)
			slot_machine_reserve(m, 32 * MIB + i * 2 * PAGE_SIZE, 32 * MIB + i * 2 * PAGE_SIZE + PAGE_SIZE);
		if (!how)
			slot_machine_ram(m, 4 * GIB, 64 * GIB);
		slot_machine_node(m, 0, 0, 6 * GIB, false);
		slot_machine_node(m, 1, 6 * GIB, 20 * GIB, true);
		slot_machine_node(m, 2, 20 * GIB, 64 * GIB, how);
		assert_int_equal(numa_cleanup(&m->numa, &m->start, m->map.end, NULL), OK);
		assert_true(slots_everywhere(m));
		assert_machine(m, 2);
	}
}

/* Tables fill a small movable node from several slots, so that many are as bad as the worst. */
static struct slot_machine *small_movable_node(void)
{
	struct slot_machine *m = slot_machine_new();

	slot_machine_ram(m, PAGE_SIZE, 0x9f000);
	slot_machine_ram(m, MIB, 6 * GIB);
	slot_machine_node(m, 0, 0, 512 * MIB, false);
	slot_machine_node(m, 1, 512 * MIB, 514 * MIB, true);
	slot_machine_node(m, 2, 514 * MIB, 6 * GIB, false);
	return m;
}

/* Stretches of slots that overlap: of slots as bad as each other the lowest is named, in whatever order they come. */
TEST(worst_of_areas_that_overlap)
{
	static const struct kaslr_area area[][3] = {
		{ { 200 * MIB, 20 }, { 100 * MIB, 60 }, { 150 * MIB, 30 } },
		{ { 150 * MIB, 30 }, { 200 * MIB, 20 }, { 100 * MIB, 60 } },
		{ { 100 * MIB, 60 }, { 90 * MIB, 200 }, { 80 * MIB, 30 } },
		{ { 300 * MIB, 105 }, { 100 * MIB, 205 }, { 200 * MIB, 155 } },
		{ { 300 * MIB, 106 }, { 508 * MIB, 2 }, { 200 * MIB, 155 } },
		{ { 508 * MIB, 2 }, { 300 * MIB, 106 }, { 506 * MIB, 2 } },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(area); i++) {
		struct slot_machine *m = i < 4 ? two_nodes(512 * MIB) : small_movable_node();
		uint64_t tries = 0;

		for (unsigned k = 0; k < 3; k++) {
			m->slots.area[m->slots.nr++] = area[i][k];
			m->slots.total += area[i][k].slots;
		}
		assert_int_equal(numa_cleanup(&m->numa, &m->start, m->map.end, NULL), OK);
		for (unsigned p = 0; p < pt_policies_nr; p++) {
			struct sweep *s = new_sweep(m, pt_policies[p]);
			struct brute b;

			brute_force(m, pt_policies[p], count_stains, &b);
			assert_int_equal(sweep_run(s), OK);
			tries += s->tries;
			assert_int_equal(s->nr_stained, b.stained);
			assert_int_equal(s->worst_base, b.worst_base);
			assert_int_equal(s->worst_on_movable, b.worst);
			assert_int_equal(s->worst_pinned, b.worst_pinned);
			free(b.base);
			free(s);
		}
		assert_true(tries < 3000);
		slot_machine_free(m);
	}
}

/* ---- how much work ---- */

/*
 * 64 nodes with 2^10 to 2^31 slots among them: how many are tried grows with the nodes, however their sizes and the
 * tables for them lie. 16 GiB in 4K pages take 32M and 64K of tables: so far below a node's end, the image at its
 * highest slot without a table below it ends where they begin.
 */
TEST(tries_grow_with_ranges)
{
	uint64_t most = 0;

	for (unsigned shift = 10; shift <= 31; shift += 3) {
		const uint64_t node = (KASLR_ALIGN << shift) / 64;
		struct slot_machine *m = slot_machine_new();
		struct sweep *s;

		m->map.levels = 5;
		m->map.page_offset = PAGE_OFFSET_5LEVEL;
		slot_machine_ram(m, PAGE_SIZE, 64 * node);
		for (int i = 0; i < 64; i++)
			slot_machine_node(m, i, i * node, (i + 1) * node, i & 1);
		assert_true(slot_machine_finish(m));
		s = new_sweep(m, &policy_bottom_up);
		m->slots = (struct kaslr_slots){ .nr = 1, .area = { { 16 * MIB, 64 * node / KASLR_ALIGN - 8 } } };
		m->slots.total = m->slots.area[0].slots;
		for (unsigned i = 0; i < pt_policies_nr; i++) {
			s->policy = pt_policies[i];
			assert_int_equal(sweep_run(s), OK);
			most = max_u64(most, s->tries);
			compare_counted(m, s);
		}
		free(s);
		slot_machine_free(m);
	}
	assert_true(most <= FEW * 64);
}

/* Ranges that all policies count on a machine of so many equal nodes, every second one hot-pluggable. */
static uint64_t ranges_counted(unsigned nodes, unsigned shift)
{
	const uint64_t node = (KASLR_ALIGN << shift) / nodes;
	struct slot_machine *m = slot_machine_new();
	struct sweep *s;
	uint64_t ranges = 0;

	m->map.levels = 5;
	m->map.page_offset = PAGE_OFFSET_5LEVEL;
	m->map.as_linux = LINUX_OLDEST; /* memblock has room for all of them */
	slot_machine_ram(m, PAGE_SIZE, nodes * node);
	for (unsigned i = 0; i < nodes; i++)
		slot_machine_node(m, (int)i, i * node, (i + 1) * node, i & 1);
	assert_int_equal(numa_cleanup(&m->numa, &m->start, m->map.end, NULL), OK);
	assert_true(slots_everywhere(m));
	s = new_sweep(m, &policy_bottom_up);
	for (unsigned i = 0; i < pt_policies_nr; i++) {
		s->policy = pt_policies[i];
		assert_int_equal(sweep_run(s), OK);
		ranges += s->ranges;
	}
	free(s);
	slot_machine_free(m);
	return ranges;
}

/* What docs/performance.md promises: sixteen times the nodes are no more than twenty times the work. */
TEST(work_grows_with_nodes)
{
	static const unsigned shifts[] = { 28, 31 };

	for (unsigned i = 0; i < ARRAY_SIZE(shifts); i++) {
		uint64_t small = ranges_counted(64, shifts[i]);

		assert_true(ranges_counted(256, shifts[i]) <= 5 * small);
		assert_true(ranges_counted(1024, shifts[i]) <= 20 * small);
	}
}
