/* SPDX-License-Identifier: MIT */
/*
 * Times the sweep on the host, on machines of equal nodes, every second one hot-pluggable, 5 levels, 4 KiB pages.
 *
 *   host_sweep growth NODES [POLICY [SHIFT]]
 *              a line for each of 2^10 to 2^31 slots, or 2^SHIFT only, and each policy, or that one only:
 *              slots, policy, slots stained, slots tried, nanoseconds
 *   host_sweep count
 *              a line for each of 1, 16 and 256 TiB, 1 and 4 PiB: TiB, page-table pages, nanoseconds to count them
 *   host_sweep brute
 *              64 nodes, 8 GiB, bottom-up, slots in immovable memory only: how long the sweep takes, counting in
 *              every slot, and building in every slot (measured in every STRIDE-th, on memory touched before):
 *              slots, then nanoseconds of each
 *
 * With SHIFT a sweep is made once, for those who count its instructions from outside.
 */
#define _GNU_SOURCE
#include "tests/bench/timing.h"

#include "mm/policy.h"
#include "mm/sweep.h"

#define MAX_NODES MAX_NUMNODES
#define BRUTE_NODES 64
#define ALL_SHIFTS 0
#define BRUTE_BYTES (8 * GIB)
#define STRIDE 64
#define ROUNDS 5 /* the best one counts */

static struct memblock start_state, work;
static struct numa numa;
static struct kaslr_slots slots;
static struct sweep sweep;
static uint64_t pages_taken;

/* Slots everywhere, as the EFI stub has them, or in what is not hot-pluggable only. */
static void make_machine(uint64_t bytes, unsigned nodes, bool everywhere)
{
	struct range ram = { 1 * MIB, bytes }, immovable[MAX_NODES];
	struct kaslr_request q = { &ram, 1, immovable, 0, NULL, 0, KASLR_PREFERRED, bytes, KASLR_ALIGN };

	memblock_init(&start_state);
	numa_init(&numa);
	need(memblock_add(&start_state, (struct range){ PAGE_SIZE, 0x9f000 }) == OK, "memory");
	need(memblock_add(&start_state, ram) == OK, "memory");
	need(memblock_reserve(&start_state, (struct range){ 0, 1 * MIB }) == OK, "low memory");
	start_state.movable_node = true;
	for (unsigned i = 0; i < nodes; i++) {
		struct range node = { bytes / nodes * i, bytes / nodes * (i + 1) };

		need(numa_add_memblk(&numa, numa_map_pxm(&numa, i), node, i % 2) == OK, "nodes");
		if (i % 2 == 0)
			immovable[q.nr_immovable++] = node;
	}
	need(numa_cleanup(&numa, &start_state, bytes, NULL) == OK, "nodes");
	if (everywhere)
		q.nr_immovable = 0;
	kaslr_find_slots(&q, &slots);
}

static void describe(const struct pt_policy *policy, uint64_t bytes)
{
	sweep.policy = policy;
	sweep.map = (struct direct_map){ .levels = 5, .page_offset = PAGE_OFFSET_5LEVEL, .end = bytes };
	sweep.image = (struct sweep_image){ 0x1e0000, 0x1f0000, 0x1f0000, 0x1f0000 };
	sweep.slots = &slots;
	sweep.start = &start_state;
	sweep.work = &work;
	sweep.numa = &numa;
}

/* The quickest of a few rounds. */
static void time_sweep(uint64_t bytes, const struct pt_policy *policy, unsigned rounds)
{
	uint64_t best = UINT64_MAX;

	describe(policy, bytes);
	for (unsigned i = 0; i < rounds; i++) {
		uint64_t start = now_ns();

		need(sweep_run(&sweep) == OK, "a sweep failed");
		best = min_u64(best, now_ns() - start);
	}
	printf("%llu %s %llu %llu %llu\n", (unsigned long long)slots.total, policy->name,
	       (unsigned long long)sweep.nr_stained, (unsigned long long)sweep.tries, (unsigned long long)best);
}

static void time_growth(unsigned nodes, const char *policy, unsigned only)
{
	for (unsigned shift = 10; shift <= 31; shift++) {
		uint64_t bytes = KASLR_ALIGN << shift;

		if (only != ALL_SHIFTS && shift != only)
			continue;
		make_machine(bytes, nodes, true);
		for (unsigned p = 0; p < pt_policies_nr; p++) {
			if (!strcmp(policy, "all") || !strcmp(policy, pt_policies[p]->name))
				time_sweep(bytes, pt_policies[p], only == ALL_SHIFTS ? ROUNDS : 1);
		}
	}
}

/* ---- every slot ---- */

static void copy_list(struct memblock_list *to, const struct memblock_list *from)
{
	to->nr = from->nr;
	memcpy(to->r, from->r, from->nr * sizeof(from->r[0]));
}

static uint64_t time_slot(phys_t base, struct count *count)
{
	struct direct_map dm = sweep.map;
	uint64_t start = now_ns();

	copy_list(&work.memory, &start_state.memory);
	copy_list(&work.reserved, &start_state.reserved);
	need(memblock_reserve(&work, (struct range){ base, base + sweep.image.taken }) == OK, "image");
	dm.policy = sweep.policy;
	dm.count = count;
	dm.mem = (struct pt_memory){ .page = page };
	dm.root = base;
	dm.kernel_end = base + sweep.image.end;
	pt_alloc_init(&dm.alloc, &work, (struct range){ base + sweep.image.buffer, base + sweep.image.buffer_end });
	if (!count)
		memset(page(NULL, base), 0, PAGE_SIZE);
	need(direct_map_build(&dm) == OK, "a slot has no memory");
	pages_taken = dm.alloc.from_buffer + dm.alloc.from_memblock;
	return now_ns() - start;
}

static uint64_t time_slots(bool counting, unsigned stride)
{
	struct count count = { .numa = &numa };
	uint64_t ns = 0;

	for (uint64_t i = 0; i < slots.total; i += stride) {
		phys_t base = kaslr_slot_base(&slots, i);

		if (!counting)
			(void)time_slot(base, NULL);
		ns += time_slot(base, counting ? &count : NULL);
	}
	return ns * stride;
}

static void time_brute(void)
{
	uint64_t start, swept;

	map_arena(BRUTE_BYTES);
	make_machine(BRUTE_BYTES, BRUTE_NODES, false);
	describe(&policy_bottom_up, BRUTE_BYTES);
	start = now_ns();
	need(sweep_run(&sweep) == OK, "the sweep failed");
	swept = now_ns() - start;
	printf("%llu %llu %llu %llu\n", (unsigned long long)slots.total, (unsigned long long)swept,
	       (unsigned long long)time_slots(true, 1), (unsigned long long)time_slots(false, STRIDE));
}

static void time_counts(void)
{
	static const uint64_t tib[] = { 1, 16, 256, 1024, 4096 };

	for (unsigned i = 0; i < ARRAY_SIZE(tib); i++) {
		struct count count = { .numa = &numa };
		uint64_t best = UINT64_MAX;

		make_machine(tib[i] * TIB, BRUTE_NODES, true);
		describe(&policy_bottom_up, tib[i] * TIB);
		for (unsigned k = 0; k < ROUNDS; k++)
			best = min_u64(best, time_slot(KASLR_PREFERRED, &count));
		printf("%llu %llu %llu\n", (unsigned long long)tib[i], (unsigned long long)pages_taken,
		       (unsigned long long)best);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	unsigned nodes = argc > 2 ? (unsigned)atoi(argv[2]) : 0;

	if (!strcmp(what, "growth") && nodes > 0 && nodes <= MAX_NODES)
		time_growth(nodes, argc > 3 ? argv[3] : "all", argc > 4 ? (unsigned)atoi(argv[4]) : ALL_SHIFTS);
	else if (!strcmp(what, "count"))
		time_counts();
	else if (!strcmp(what, "brute"))
		time_brute();
	else
		need(false, "usage: sweep growth NODES [POLICY [SHIFT]] | count | brute");
	return 0;
}
