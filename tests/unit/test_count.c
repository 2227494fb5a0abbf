/* SPDX-License-Identifier: MIT */
/* The counting engine beside the real builder: page for page, level for level, node for node, in the same order. */
#include "tests/unit/slot_machine.h"

#define RANDOM_MACHINES 300

/* What the engine tells, laid out as single pages. */
struct told {
	struct slot_machine *m;
	phys_t *page;
	size_t nr, room;
	struct count_run *run;
	size_t nr_runs, run_room;
	uint64_t level[PT_LEVELS][MAX_NUMNODES + 1];
	uint64_t movable;
};

static void note_run(void *ctx, const struct count_run *run)
{
	struct told *t = ctx;
	uint64_t pages = range_size(run->pages) / PAGE_SIZE, sum = 0;

	assert_true(pages > 0);
	for (uint64_t i = 0; i < pages; i++)
		keep_page(&t->page, &t->nr, &t->room,
			  run->up ? run->pages.start + i * PAGE_SIZE : run->pages.end - (i + 1) * PAGE_SIZE);
	if (t->nr_runs == t->run_room) {
		t->run_room = t->run_room ? 2 * t->run_room : 64;
		t->run = realloc(t->run, t->run_room * sizeof(*t->run));
		assert_non_null(t->run);
	}
	t->run[t->nr_runs++] = *run;
	for (unsigned i = 0; i < PT_LEVELS; i++) {
		sum += run->level[i];
		t->level[i][run->nid == NUMA_NO_NODE ? MAX_NUMNODES : (unsigned)run->nid] += run->level[i];
	}
	assert_int_equal(sum, pages);
	t->movable += run->movable ? pages : 0;
}

/* ---- the real one ---- */

struct walked {
	struct placement placement;
	phys_t *table; /* by level */
	uint8_t *level;
	size_t nr, room;
};

static void see_table(void *ctx, phys_t table, enum pt_level level, uint64_t virt)
{
	struct walked *w = ctx;

	(void)virt;
	placement_add(&w->placement, table, level);
	if (w->nr == w->room) {
		w->room = w->room ? 2 * w->room : 1024;
		w->table = realloc(w->table, w->room * sizeof(*w->table));
		w->level = realloc(w->level, w->room);
		assert_true(w->table && w->level);
	}
	w->table[w->nr] = table;
	w->level[w->nr++] = (uint8_t)level;
}

static void see_leaves(void *ctx, const struct pgwalk_leaf *first, uint64_t count)
{
	(void)ctx;
	(void)first;
	(void)count;
}

static void walk(struct slot_machine *m, const struct direct_map *dm, struct walked *w)
{
	const struct pgwalk_visit visit = { see_table, see_leaves, w };
	struct pgwalk walker = slot_machine_walk(m, dm);
	uint64_t first = dm->levels == 5 ? 0xff00000000000000 : 0xffff800000000000;

	placement_init(&w->placement, &m->judged);
	assert_int_equal(pgwalk_range(&walker, first, DIRECT_MAP_LIMIT - 1, &visit), OK);
	placement_finish(&w->placement);
}

/* The levels of the pages of a run, by the walk. */
static void assert_run_levels(const struct walked *w, const struct count_run *run)
{
	uint64_t level[PT_LEVELS] = { 0 };

	for (size_t i = 0; i < w->nr; i++)
		if (range_contains(run->pages, w->table[i]))
			level[w->level[i]]++;
	for (unsigned i = 0; i < PT_LEVELS; i++)
		assert_int_equal(run->level[i], level[i]);
}

static void compare_maps(const struct direct_map *real, const struct direct_map *counted)
{
	for (unsigned i = 0; i < PT_LEVELS; i++)
		assert_int_equal(counted->pages[i], real->pages[i]);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(counted->leaves[i], real->leaves[i]);
	assert_int_equal(counted->max_mapped, real->max_mapped);
	assert_int_equal(counted->trampoline_pages, real->trampoline_pages);
	assert_int_equal(counted->ranges, real->ranges);
	assert_int_equal(counted->steps, real->steps);
	assert_int_equal(counted->passes, real->passes);
	assert_int_equal(counted->big_leaves, real->big_leaves);
	assert_int_equal(counted->forced, real->forced);
	assert_int_equal(counted->forced, real->forced);
}

static void compare_memblocks(const struct memblock *a, const struct memblock *b)
{
	assert_int_equal(a->reserved.nr, b->reserved.nr);
	for (size_t i = 0; i < a->reserved.nr; i++) {
		assert_int_equal(a->reserved.r[i].r.start, b->reserved.r[i].r.start);
		assert_int_equal(a->reserved.r[i].r.end, b->reserved.r[i].r.end);
	}
}

/* The pages told one by one are those handed out, the trampoline's left out. */
static void compare_pages(const struct slot_machine *m, const struct direct_map *real, const struct told *t)
{
	size_t k = 0, isa = 0;

	/* The first tables are those of [0, 1M); with a trampoline the next ones are its pages. */
	while (isa < t->nr && isa < m->nr && t->page[isa] == m->page[isa])
		isa++;
	for (size_t i = 0; i < m->nr; i++) {
		if (m->nr != t->nr && i == isa && k == isa) {
			i += real->trampoline_pages;
			if (i >= m->nr)
				break;
		}
		assert_true(k < t->nr);
		assert_int_equal(t->page[k], m->page[i]);
		k++;
	}
	assert_int_equal(k, t->nr);
}

static void compare_placement(const struct walked *w, const struct told *t)
{
	assert_int_equal(t->movable, w->placement.on_movable);
	for (unsigned level = 0; level < PT_PGD; level++)
		for (unsigned nid = 0; nid <= MAX_NUMNODES; nid++)
			assert_int_equal(t->level[level][nid], w->placement.pages[level][nid]);
}

/* One base: 1 built, 0 no memory for it. */
static bool compare_at(struct slot_machine *m, const struct pt_policy *policy, phys_t base, bool levels)
{
	struct direct_map real, counted;
	struct walked *w = calloc(1, sizeof(*w));
	struct told *t = calloc(1, sizeof(*t));
	struct memblock *after = malloc(sizeof(*after));
	struct count count = { .run = note_run, .ctx = t, .numa = &m->judged, .by_level = levels };
	enum status built, found;

	assert_true(w && t && after);
	built = slot_machine_build(m, policy, base, &real);
	after->reserved.nr = m->mb.reserved.nr;
	memcpy(after->reserved.r, m->mb.reserved.r, m->mb.reserved.nr * sizeof(after->reserved.r[0]));
	if (built == OK)
		walk(m, &real, w);
	slot_machine_place(m, policy, base, &counted);
	counted.count = &count;
	if (!levels)
		count.run = NULL;
	found = direct_map_build(&counted);
	assert_int_equal(found, built);
	/* A leaf that is forced is filled from its start on: there the builder's address is lower. */
	if (m->map.fragment.every || m->map.fragment.permille)
		assert_int_equal(counted.failed_at / GIB, real.failed_at / GIB);
	else
		assert_int_equal(counted.failed_at, real.failed_at);
	assert_int_equal(counted.alloc.from_buffer, real.alloc.from_buffer);
	assert_int_equal(counted.alloc.from_memblock, real.alloc.from_memblock);
	compare_memblocks(&m->mb, after);
	if (built == OK) {
		compare_maps(&real, &counted);
		if (levels) {
			compare_pages(m, &real, t);
			compare_placement(w, t);
			for (size_t i = 0; i < t->nr_runs; i++)
				assert_run_levels(w, &t->run[i]);
		}
	}
	free(w->table);
	free(w->level);
	free(w);
	free(t->page);
	free(t->run);
	free(t);
	free(after);
	return built == OK;
}

static void random_machines(bool fragment, bool tail)
{
	unsigned machines = 0;
	uint64_t built = 0, failed = 0;

	const unsigned whole = tail ? RANDOM_MACHINES / 4 : RANDOM_MACHINES;

	for (uint64_t seed = 1; machines < machines_by_chance(whole / 2, whole); seed++) {
		struct slot_machine *m = slot_machine_at_random(seed, fragment, tail);

		if (!m)
			continue;
		machines++;
		/* Regions that hold whole slots of 1G: in small pages that were too many tables. */
		if (tail)
			m->map.page_sizes = PAGE_2M | (seed % 4 ? PAGE_1G : 0);
		for (unsigned i = 0; i < 4; i++) {
			const struct pt_policy *policy = pt_policies[slot_machine_random(m, pt_policies_nr)];
			uint64_t slot = slot_machine_random(m, m->slots.total);

			if (compare_at(m, policy, kaslr_slot_base(&m->slots, slot), true))
				built++;
			else
				failed++;
		}
		slot_machine_free(m);
	}
	print_message("%llu maps as built, %llu without memory alike\n", (unsigned long long)built,
		      (unsigned long long)failed);
	assert_true(built > 10 * failed && failed > 2);
}

TEST(as_the_builder)
{
	random_machines(false, false);
	random_machines(false, true);
}

TEST(as_the_builder_with_fragment)
{
	random_machines(true, false);
	random_machines(true, true);
}

/* ---- up to 4 PiB ---- */

/* 64 nodes, every second one hot-pluggable, without a hole but below 1M. */
static struct slot_machine *large_machine(uint64_t bytes, unsigned page_sizes)
{
	struct slot_machine *m = slot_machine_new();

	m->map.levels = 5;
	m->map.page_offset = PAGE_OFFSET_5LEVEL;
	m->map.page_sizes = page_sizes;
	slot_machine_ram(m, PAGE_SIZE, 0x9f000);
	slot_machine_ram(m, MIB, bytes);
	for (int i = 0; i < 64; i++)
		slot_machine_node(m, i, bytes / 64 * (uint64_t)i, bytes / 64 * (uint64_t)(i + 1), i & 1);
	assert_true(slot_machine_finish(m));
	return m;
}

/* Real tables where there are at most some 16000 of them. */
TEST(large_leaves_as_the_builder)
{
	static const struct {
		uint64_t tib;
		unsigned page_sizes;
	} cases[] = { { 1, PAGE_2M }, { 16, PAGE_2M }, { 256, PAGE_2M | PAGE_1G }, { 4096, PAGE_2M | PAGE_1G } };

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct slot_machine *m = large_machine(cases[i].tib * TIB, cases[i].page_sizes);

		for (unsigned p = i % 2; p < pt_policies_nr; p += 2)
			assert_true(compare_at(m, pt_policies[p], kaslr_slot_base(&m->slots, 77), false));
		slot_machine_free(m);
	}
}

/* 4K pages: by arithmetic, whatever the policy. */
TEST(small_leaves_up_to_4_pib)
{
	static const uint64_t sizes[] = { 1, 16, 256, 1024, 4096 };

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct slot_machine *m = large_machine(sizes[i] * TIB, PAGE_4K);

		for (unsigned p = 0; p < pt_policies_nr; p++) {
			struct count count = { .numa = &m->judged };
			struct direct_map dm;

			slot_machine_place(m, pt_policies[p], 16 * MIB, &dm);
			dm.count = &count;
			assert_int_equal(direct_map_build(&dm), OK);
			assert_int_equal(dm.pages[PT_PTE], sizes[i] << 19);
			assert_int_equal(dm.pages[PT_PMD], sizes[i] << 10);
			assert_int_equal(dm.pages[PT_PUD], sizes[i] << 1);
			assert_int_equal(dm.pages[PT_P4D], (sizes[i] + 255) / 256);
			assert_int_equal(dm.leaves[PT_PTE], sizes[i] << 28); /* [0, 1M) with its holes */
		}
		slot_machine_free(m);
	}
}
