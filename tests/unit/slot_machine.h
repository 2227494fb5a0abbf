/* SPDX-License-Identifier: MIT */
/*
 * Machines with every slot an image may take: made at random from a seed, or by hand; and what the real builder does at
 * a slot.
 */
#ifndef TESTS_UNIT_SLOT_MACHINE_H
#define TESTS_UNIT_SLOT_MACHINE_H

#include <stdio.h>
#include <sys/mman.h>

#include "mm/count.h"
#include "mm/kaslr.h"
#include "mm/numa.h"
#include "mm/placement.h"
#include "mm/policy.h"
#include "mm/sweep.h"
#include "tests/unit/support.h"

/*
 * Page tables by address, as many as a build needs; fast, since slots are many. The builder writes all of a table
 * before it reads.
 */
#define SLOT_TABLES (1u << 16)

struct slot_tables {
	phys_t at[SLOT_TABLES]; /* open hashing; 0: free, no table lies there */
	uint32_t index[SLOT_TABLES];
	uint32_t used[SLOT_TABLES]; /* places taken, to free them */
	uint32_t nr;
	_Alignas(pt_pair) uint64_t table[SLOT_TABLES / 2][PT_ENTRIES];
};

struct slot_machine {
	struct memblock start; /* memory, and what is reserved but for the image */
	struct numa numa;
	struct direct_map map; /* levels, page_sizes, page_offset, end, trampoline, fragment */
	struct sweep_image image;
	struct kaslr_slots slots;
	uint64_t slot_size;
	phys_t min; /* lowest base */
	bool movable_node;
	uint64_t rng;
	/* one build */
	struct memblock mb;
	struct numa judged;
	struct slot_tables *tables;
	phys_t *page; /* handed out, in order, trampoline included */
	size_t nr, room;
};

/* ---- putting one together ---- */

/* One store for all machines, which are built one after the other: fresh memory would cost more than the builds. */
static inline struct slot_tables *slot_tables_shared(void)
{
	static struct slot_tables *tables;

	if (!tables)
		tables = mmap(NULL, sizeof(*tables), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(tables != MAP_FAILED);
	return tables;
}

static inline struct slot_machine *slot_machine_new(void)
{
	struct slot_machine *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	FRESH(memblock_init, &m->start);
	FRESH(numa_init, &m->numa);
	m->movable_node = true;
	m->map = (struct direct_map){ .levels = 4, .page_offset = PAGE_OFFSET_4LEVEL };
	m->image =
		(struct sweep_image){ .buffer = 0x1e0000, .buffer_end = 0x1f0000, .taken = 0x1f0000, .end = 0x1f0000 };
	m->slot_size = 2 * MIB;
	m->min = KASLR_PREFERRED;
	m->tables = slot_tables_shared();
	assert_int_equal(memblock_reserve(&m->start, (struct range){ 0, MIB }), OK);
	return m;
}

static inline void slot_machine_free(struct slot_machine *m)
{
	free(m->page);
	free(m);
}

static inline void slot_machine_ram(struct slot_machine *m, phys_t start, phys_t end)
{
	assert_int_equal(memblock_add(&m->start, (struct range){ start, end }), OK);
	m->map.end = max_u64(m->map.end, end);
}

static inline void slot_machine_reserve(struct slot_machine *m, phys_t start, phys_t end)
{
	assert_int_equal(memblock_reserve(&m->start, (struct range){ start, end }), OK);
}

/* Memory of a node, as SRAT lists it; PXM and node number are the same. */
static inline void slot_machine_node(struct slot_machine *m, int nid, phys_t start, phys_t end, bool hotplug)
{
	while ((int)m->numa.nr_nodes <= nid)
		assert_int_not_equal(numa_map_pxm(&m->numa, m->numa.nr_nodes), NUMA_NO_NODE);
	assert_int_equal(numa_add_memblk(&m->numa, nid, (struct range){ start, end }, hotplug), OK);
}

/*
 * Joins the nodes and finds the slots in what is not hot-pluggable (in all RAM if everything is). False: no such
 * machine.
 */
static inline bool slot_machine_finish(struct slot_machine *m)
{
	struct range ram[64], immovable[64];
	struct kaslr_request q = { .ram = ram, .immovable = immovable, .min = m->min, .limit = m->map.end };
	struct range avoid[1 + 64] = { { 0, MIB } };

	q.image_size = m->slot_size;
	q.avoid = avoid;
	q.nr_avoid = 1;
	for (size_t i = 0; i < m->start.reserved.nr && i < 64; i++)
		avoid[q.nr_avoid++] = m->start.reserved.r[i].r;
	for (size_t i = 0; i < m->start.memory.nr && i < 64; i++)
		ram[q.nr_ram++] = m->start.memory.r[i].r;
	for (size_t i = 0; i < m->numa.mem.nr; i++) {
		bool hot = false;

		for (size_t k = 0; k < m->numa.hot.nr; k++)
			hot |= m->numa.hot.blk[k].r.start == m->numa.mem.blk[i].r.start;
		if (!hot && q.nr_immovable < 64)
			immovable[q.nr_immovable++] = m->numa.mem.blk[i].r;
	}
	if (!m->numa.mem.nr)
		numa_fake_one_node(&m->numa, m->map.end);
	else if (numa_cleanup(&m->numa, &m->start, m->map.end, NULL) != OK)
		return false;
	kaslr_find_slots(&q, &m->slots);
	return true;
}

/* ---- one build ---- */

static inline void slot_machine_tell(void *ctx, phys_t page, bool from_buffer)
{
	struct slot_machine *m = ctx;

	(void)from_buffer;
	keep_page(&m->page, &m->nr, &m->room, page);
}

/* The starting state with the image at that base; *dm is ready for direct_map_build. False: memblock is too small. */
static inline void slot_machine_place(struct slot_machine *m, const struct pt_policy *policy, phys_t base,
				      struct direct_map *dm)
{
	m->mb.memory.nr = m->start.memory.nr;
	memcpy(m->mb.memory.r, m->start.memory.r, m->start.memory.nr * sizeof(m->mb.memory.r[0]));
	m->mb.reserved.nr = m->start.reserved.nr;
	memcpy(m->mb.reserved.r, m->start.reserved.r, m->start.reserved.nr * sizeof(m->mb.reserved.r[0]));
	m->mb.movable_node = m->movable_node;
	assert_int_equal(memblock_reserve(&m->mb, (struct range){ base, base + m->image.taken }), OK);
	m->judged.nr_nodes = m->numa.nr_nodes;
	m->judged.mem.nr = m->numa.mem.nr;
	m->judged.hot.nr = m->numa.hot.nr;
	memcpy(m->judged.node, m->numa.node, m->numa.nr_nodes * sizeof(m->numa.node[0]));
	memcpy(m->judged.mem.blk, m->numa.mem.blk, m->numa.mem.nr * sizeof(m->numa.mem.blk[0]));
	memcpy(m->judged.hot.blk, m->numa.hot.blk, m->numa.hot.nr * sizeof(m->numa.hot.blk[0]));
	numa_judge(&m->judged, &m->mb);
	if (policy->srat_first)
		assert_int_equal(numa_apply(&m->judged, &m->mb, m->map.as_linux), OK);
	*dm = m->map;
	dm->policy = policy;
	dm->root = base + 0x10000;
	dm->kernel_end = base + m->image.end;
	pt_alloc_init(&dm->alloc, &m->mb, (struct range){ base + m->image.buffer, base + m->image.buffer_end });
}

static inline uint64_t *slot_tables_page(void *ctx, phys_t at)
{
	struct slot_tables *t = ctx;
	uint32_t place = (uint32_t)(at >> PAGE_SHIFT) * 2654435761u % SLOT_TABLES;

	while (t->at[place] && t->at[place] != at)
		place = (place + 1) % SLOT_TABLES;
	if (t->at[place] == at)
		return t->table[t->index[place]];
	assert_true(t->nr < ARRAY_SIZE(t->table));
	t->at[place] = at;
	t->index[place] = t->nr;
	t->used[t->nr] = place;
	return t->table[t->nr++];
}

static inline struct pgwalk slot_machine_walk(struct slot_machine *m, const struct direct_map *dm)
{
	return (struct pgwalk){ slot_tables_page, m->tables, dm->root, dm->levels };
}

static inline void slot_tables_clear(struct slot_tables *t)
{
	while (t->nr)
		t->at[t->used[--t->nr]] = 0;
}

/* Real tables, until the next build. */
static inline enum status slot_machine_build(struct slot_machine *m, const struct pt_policy *policy, phys_t base,
					     struct direct_map *dm)
{
	slot_machine_place(m, policy, base, dm);
	slot_tables_clear(m->tables);
	memset(slot_tables_page(m->tables, dm->root), 0, PAGE_SIZE);
	dm->mem = (struct pt_memory){ slot_tables_page, m->tables };
	dm->alloc.tell = slot_machine_tell;
	dm->alloc.tell_ctx = m;
	m->nr = 0;
	return direct_map_build(dm);
}

/* Trampoline pages are the ones right after the tables of the first MiB. */
static inline bool slot_machine_is_trampoline(const struct direct_map *dm, size_t nth, uint64_t isa_pages)
{
	return nth >= isa_pages && nth < isa_pages + dm->trampoline_pages;
}

/* ---- at random ---- */

static inline uint64_t slot_machine_random(struct slot_machine *m, uint64_t below)
{
	m->rng = m->rng * 6364136223846793005ull + 1442695040888963407ull;
	return (m->rng >> 33) % below;
}

/* A length of one of several grains, so that edges of every alignment come up. */
static inline uint64_t slot_machine_length(struct slot_machine *m)
{
	switch (slot_machine_random(m, 6)) {
	case 0:
		return (1 + slot_machine_random(m, 700)) * PAGE_SIZE;
	case 1:
		return (1 + slot_machine_random(m, 24)) * 2 * MIB;
	case 2:
		return (1 + slot_machine_random(m, 12)) * 2 * MIB + slot_machine_random(m, 512) * PAGE_SIZE;
	case 3:
		return (8 + slot_machine_random(m, 56)) * MIB;
	case 4:
		return (24 + slot_machine_random(m, 40)) * 2 * MIB - slot_machine_random(m, 3) * PAGE_SIZE;
	default:
		return (2 + slot_machine_random(m, 3)) * 32 * MIB;
	}
}

static inline uint64_t slot_machine_hole(struct slot_machine *m)
{
	switch (slot_machine_random(m, 8)) {
	case 0:
		return (1 + slot_machine_random(m, 600)) * PAGE_SIZE;
	case 1:
		return slot_machine_random(m, 700) * 2 * MIB;
	case 2:
		return slot_machine_random(m, 3) * GIB + slot_machine_random(m, 512) * PAGE_SIZE;
	case 3:
		return slot_machine_random(m, 600) * GIB;
	default:
		return 0;
	}
}

static inline void slot_machine_options(struct slot_machine *m, bool fragment)
{
	static const unsigned sizes[] = { PAGE_4K, PAGE_4K, PAGE_2M, PAGE_2M | PAGE_1G };
	uint64_t buffer = 1 + slot_machine_random(m, 20);

	m->map.levels = 4 + (unsigned)slot_machine_random(m, 2);
	m->map.page_offset = (m->map.levels == 5 ? PAGE_OFFSET_5LEVEL : PAGE_OFFSET_4LEVEL) +
			     slot_machine_random(m, 2) * slot_machine_random(m, 900) * GIB;
	m->map.page_sizes = sizes[slot_machine_random(m, 4)];
	m->map.trampoline = slot_machine_random(m, 2);
	m->movable_node = slot_machine_random(m, 5) != 0;
	/* Lower than KASLR goes: the image then meets the tables of policies that begin at 1M or 16M. */
	if (slot_machine_random(m, 2))
		m->min = 2 * MIB;
	if (fragment && slot_machine_random(m, 2))
		m->map.fragment.every = 1 + slot_machine_random(m, 9);
	else if (fragment)
		m->map.fragment = (struct fragment){ .permille = 1 + (unsigned)slot_machine_random(m, 1000),
						     .seed = slot_machine_random(m, 1000) };
	if (slot_machine_random(m, 3) == 0) {
		m->slot_size = (1 + slot_machine_random(m, 8)) * 2 * MIB;
		m->image.end = m->slot_size - slot_machine_random(m, 256) * PAGE_SIZE;
		m->image.taken = m->image.end - (slot_machine_random(m, 2) ? 0x1f000 : 0);
		/* within 2M, or across a border of 2M, at which steps of policies end */
		m->image.buffer_end = min_u64(m->image.taken, slot_machine_random(m, 2) ? 0x1f0000 : 0x205000);
		m->image.buffer = m->image.buffer_end - buffer * PAGE_SIZE;
	}
}

/* One more node, far above and large, whose tables fill others: too much for real tables in every slot. */
static inline void slot_machine_tail(struct slot_machine *m, phys_t at, int nid)
{
	bool hot = slot_machine_random(m, 4) != 0;
	uint64_t length = (1 + slot_machine_random(m, hot ? 40 : 2)) * GIB - slot_machine_length(m);

	at = align_up(at, 2 * MIB) + slot_machine_random(m, 3) * GIB;
	slot_machine_ram(m, at, at + length);
	slot_machine_node(m, nid, at, at + length, hot);
}

/* Small: at most a few hundred MiB of RAM, spread over up to some TiB. NULL: what came up is no machine. */
static inline struct slot_machine *slot_machine_at_random(uint64_t seed, bool fragment, bool tail)
{
	struct slot_machine *m = slot_machine_new();
	unsigned pieces;
	phys_t at = MIB;

	m->rng = seed * 0x9e3779b97f4a7c15ull + 1;
	slot_machine_ram(m, PAGE_SIZE, 0x9f000);
	slot_machine_options(m, fragment);
	pieces = 2 + (unsigned)slot_machine_random(m, 7);
	for (unsigned i = 0; i < pieces; i++) {
		uint64_t length = i ? slot_machine_length(m) : 64 * MIB + slot_machine_length(m);
		int nid = (int)(i < 2 ? i : slot_machine_random(m, i));
		bool hot = i && slot_machine_random(m, 2);

		slot_machine_ram(m, at, at + length);
		slot_machine_node(m, nid, i ? at : 0, at + length, hot);
		if (slot_machine_random(m, 4) == 0) {
			phys_t from = at + slot_machine_random(m, length / PAGE_SIZE) * PAGE_SIZE;

			slot_machine_reserve(m, from, min_u64(at + length, from + slot_machine_length(m) / 4));
		}
		at += length + slot_machine_hole(m);
	}
	if (tail)
		slot_machine_tail(m, at, (int)pieces);
	if (slot_machine_finish(m) && m->slots.total)
		return m;
	slot_machine_free(m);
	return NULL;
}

#endif
