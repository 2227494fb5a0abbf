/* SPDX-License-Identifier: MIT */
/*
 * A machine on which direct maps are built: memory, reservations, fake tables, a journal of every page handed out. As
 * on a real one, tables are seen through a window that shows one page at a time.
 */
#ifndef TESTS_UNIT_MAP_MACHINE_H
#define TESTS_UNIT_MAP_MACHINE_H

#include "mm/policy.h"
#include "tests/unit/support.h"

struct map_machine {
	struct memblock mb, before; /* before: as it was when the build began */
	struct direct_map dm;
	struct fake_ram ram;
	_Alignas(pt_pair) uint64_t window[PT_ENTRIES];
	phys_t shown; /* what the window shows; PHYS_NONE: nothing */
	phys_t *page; /* pages handed out, in order */
	size_t nr, room;
};

static inline void map_machine_tell(void *ctx, phys_t page, bool from_buffer)
{
	struct map_machine *m = ctx;

	(void)from_buffer;
	keep_page(&m->page, &m->nr, &m->room, page);
}

/* Puts what the window shows back where it belongs. */
static inline void map_machine_close(struct map_machine *m)
{
	if (m->shown != PHYS_NONE)
		memcpy(fake_ram_page(&m->ram, m->shown), m->window, sizeof(m->window));
	m->shown = PHYS_NONE;
}

static inline uint64_t *map_machine_table(void *ctx, phys_t table)
{
	struct map_machine *m = ctx;

	if (m->shown != table) {
		map_machine_close(m);
		memcpy(m->window, fake_ram_page(&m->ram, table), sizeof(m->window));
		m->shown = table;
	}
	return m->window;
}

static inline struct map_machine *map_machine_new(void)
{
	struct map_machine *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	fake_ram_init(&m->ram);
	FRESH(memblock_init, &m->mb);
	m->shown = PHYS_NONE;
	m->dm = (struct direct_map){
		.mem = { map_machine_table, m },
		.levels = 4,
		.page_sizes = PAGE_2M | PAGE_1G,
		.page_offset = PAGE_OFFSET_4LEVEL,
	};
	m->dm.max_mapped = m->dm.trampoline_pages = m->dm.ranges = m->dm.big_leaves = m->dm.forced = m->dm.steps =
		m->dm.passes = m->dm.in_pass = 9; /* of another build */
	return m;
}

static inline void map_machine_free(struct map_machine *m)
{
	fake_ram_free(&m->ram);
	free(m->page);
	free(m);
}

static inline void map_machine_memory(struct map_machine *m, phys_t start, phys_t end)
{
	must_add(&m->mb, start, end);
	m->dm.end = max_u64(m->dm.end, end);
}

static inline void map_machine_reserve(struct map_machine *m, phys_t start, phys_t end)
{
	must_reserve(&m->mb, start, end);
}

/*
 * The image: reserved from base to the end of its buffer, whose unused part is `pages` long; the top table lies in
 * it.
 */
static inline void map_machine_image(struct map_machine *m, phys_t base, phys_t buffer, unsigned pages, phys_t end)
{
	m->dm.root = base + 0x10000;
	m->dm.kernel_end = end;
	pt_alloc_init(&m->dm.alloc, &m->mb, (struct range){ buffer, buffer + pages * PAGE_SIZE });
	m->dm.alloc.tell = map_machine_tell;
	m->dm.alloc.tell_ctx = m;
	map_machine_reserve(m, base, buffer + pages * PAGE_SIZE);
}

/* Node and mark of a range, as SRAT would give them. */
static inline void map_machine_node(struct map_machine *m, phys_t start, phys_t end, int nid, bool hotplug)
{
	struct range r = { start, end };

	assert_int_equal(memblock_set_node(&m->mb, r, nid), OK);
	if (hotplug)
		assert_int_equal(memblock_mark(&m->mb, r, MEMBLOCK_HOTPLUG, true), OK);
}

static inline enum status map_machine_build(struct map_machine *m, const struct pt_policy *policy)
{
	m->before = m->mb;
	m->dm.policy = policy;
	memset(map_machine_table(m, m->dm.root), 0, PAGE_SIZE);
	return direct_map_build(&m->dm);
}

/* Pages handed out inside [start, end). */
static inline size_t map_machine_pages_in(const struct map_machine *m, phys_t start, phys_t end)
{
	size_t n = 0;

	for (size_t i = 0; i < m->nr; i++)
		n += start <= m->page[i] && m->page[i] < end;
	return n;
}

static inline int map_machine_compare(const void *a, const void *b)
{
	phys_t x = *(const phys_t *)a, y = *(const phys_t *)b;

	return x < y ? -1 : x > y;
}

/* The pages handed out are exactly those of the ranges, which are disjoint, each page once. */
static inline void map_machine_assert_pages(const struct map_machine *m, const struct range *want, size_t nr)
{
	size_t total = 0;

	for (size_t i = 0; i < nr; i++) {
		size_t pages = (size_t)(range_size(want[i]) / PAGE_SIZE);

		assert_int_equal(map_machine_pages_in(m, want[i].start, want[i].end), pages);
		total += pages;
	}
	assert_int_equal(m->nr, total);
	phys_t *sorted = malloc((m->nr + 1) * sizeof(*sorted));
	assert_non_null(sorted);
	memcpy(sorted, m->page, m->nr * sizeof(*sorted));
	qsort(sorted, m->nr, sizeof(*sorted), map_machine_compare);
	for (size_t i = 1; i < m->nr; i++)
		assert_true(sorted[i - 1] < sorted[i]);
	free(sorted);
}

#endif
