/* SPDX-License-Identifier: MIT */
/* A few known answers for each part whose errors would be hard to see in a report. */
#include "kernel/steps.h"

#include "lib/crc32.h"
#include "lib/format.h"
#include "kernel/report/report.h"
#include "mm/pgwalk.h"

static _Alignas(PAGE_SIZE) uint64_t tables[4][PT_ENTRIES];

static bool test_crc32(struct run *run)
{
	(void)run;
	return crc32_update(0, "123456789", 9) == 0xcbf43926 &&
	       crc32_update(crc32_update(0, "1234", 4), "56789", 5) == 0xcbf43926;
}

/* xoshiro256** after splitmix64, seed 42: the authors' C code gives the same. */
static bool test_rng(struct run *run)
{
	struct rng r;
	bool good = true;

	(void)run;
	rng_seed(&r, 42);
	good &= rng_next(&r) == 0x15780b2e0c2ec716;
	good &= rng_next(&r) == 0x6104d9866d113a7e;
	for (unsigned i = 0; i < 1000; i++)
		good &= rng_below(&r, 3) < 3;
	return good;
}

/* RAM below, under and above a reserved hole: the higher type wins, touching pieces join. */
static bool test_e820(struct run *run)
{
	struct e820 *m = &run->h->map;

	m->nr = 0;
	return e820_add(m, 0x100000, 0x100000, E820_RAM) == OK && e820_add(m, 0, 0x100000, E820_RAM) == OK &&
	       e820_add(m, 0x80000, 0x1000, E820_RESERVED) == OK && e820_sanitize(m) == OK && m->nr == 3 &&
	       m->e[0].r.end == 0x80000 && m->e[1].type == E820_RESERVED && m->e[2].r.start == 0x81000 &&
	       m->e[2].r.end == 0x200000 && e820_end_of_ram(m, UINT64_MAX) == 0x200000;
}

static phys_t find_page(const struct memblock *mb, uint64_t align)
{
	return memblock_find(mb, &(struct memblock_wish){ { 0, 8 * MIB }, PAGE_SIZE, align, NUMA_NO_NODE }, NULL);
}

static bool test_memblock(struct run *run)
{
	struct memblock *mb = run->mb;
	bool good;

	memblock_init(mb);
	if (memblock_add(mb, (struct range){ 1 * MIB, 8 * MIB }) != OK ||
	    memblock_reserve(mb, (struct range){ 7 * MIB, 8 * MIB }) != OK)
		return false;
	good = find_page(mb, PAGE_SIZE) == 7 * MIB - PAGE_SIZE;
	mb->bottom_up = true;
	good &= find_page(mb, 2 * MIB) == 2 * MIB;
	mb->movable_node = true;
	return memblock_mark(mb, (struct range){ 1 * MIB, 4 * MIB }, MEMBLOCK_HOTPLUG, true) == OK && good &&
	       find_page(mb, PAGE_SIZE) == 4 * MIB;
}

/* Two nodes, the second hot-pluggable; a reserved page pins it. */
static bool test_numa(struct run *run)
{
	struct numa *n = &run->h->numa;
	struct memblock *mb = run->mb;
	struct range first = { 0, 4 * MIB }, second = { 4 * MIB, 8 * MIB };
	bool good;

	memblock_init(mb);
	numa_init(n);
	if (memblock_add(mb, (struct range){ 0, 8 * MIB }) != OK || numa_map_pxm(n, 7) != 0 ||
	    numa_map_pxm(n, 3) != 1 || numa_add_memblk(n, 0, first, false) != OK ||
	    numa_add_memblk(n, 1, second, true) != OK || numa_cleanup(n, mb, 8 * MIB, NULL) != OK)
		return false;
	numa_judge(n, mb);
	good = !n->node[0].movable && n->node[1].movable && numa_look_at(n, 4 * MIB).nid == 1 &&
	       numa_look_at(n, 8 * MIB - 1).movable && !numa_look_at(n, 4 * MIB - 1).movable;
	if (memblock_reserve(mb, (struct range){ 5 * MIB, 5 * MIB + PAGE_SIZE }) != OK)
		return false;
	numa_judge(n, mb);
	return good && !n->node[1].movable && n->node[1].pinned_by.start == 5 * MIB;
}

static uint64_t *read_table(void *ctx, phys_t table)
{
	(void)ctx;
	return table < sizeof(tables) ? tables[table / PAGE_SIZE] : NULL;
}

/* One 4K page at the start of the direct map, one 2M page behind it, nothing after that. */
static bool test_pgwalk(struct run *run)
{
	struct pgwalk w = { .table = read_table, .root = 0, .levels = 4 };
	uint64_t base = PAGE_OFFSET_4LEVEL;
	struct pgwalk_leaf leaf;
	phys_t phys;
	bool good;

	(void)run;
	memset(tables, 0, sizeof(tables));
	tables[0][273] = 1 * PAGE_SIZE | PT_TABLE_FLAGS;
	tables[1][0] = 2 * PAGE_SIZE | PT_TABLE_FLAGS;
	tables[2][0] = 3 * PAGE_SIZE | PT_TABLE_FLAGS;
	tables[2][1] = 0x40200000 | PT_LEAF_FLAGS | PT_LARGE;
	tables[3][5] = 0x123000 | PT_LEAF_FLAGS;
	good = pgwalk_lookup(&w, base + 0x5678, &leaf, &phys) == OK && phys == 0x123678 && leaf.level == PT_PTE;
	good &= pgwalk_lookup(&w, base + 0x200678, &leaf, &phys) == OK && phys == 0x40200678 && leaf.level == PT_PMD;
	return good && pgwalk_lookup(&w, base + 0x400000, &leaf, &phys) == ERR_NOT_FOUND;
}

void selftest_run(struct run *r)
{
	static const struct {
		const char *name;
		/* May use what the run has not filled yet: its map, nodes and memblock. */
		bool (*passes)(struct run *run);
	} tests[] = {
		{ "crc32", test_crc32 },       { "rng", test_rng },   { "e820", test_e820 },
		{ "memblock", test_memblock }, { "numa", test_numa }, { "pgwalk", test_pgwalk },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(tests); i++) {
		struct check c = { .why = "a known answer is wrong",
				   .outcome = tests[i].passes(r) ? CHECK_OK : CHECK_FAILED };

		format(c.name, sizeof(c.name), "selftest: %s", tests[i].name);
		report_check(&r->log, r->h, &c);
	}
}
