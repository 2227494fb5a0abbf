/* SPDX-License-Identifier: MIT */
/*
 * Both choosers of a base: golden counts, every rule at its edge, and random requests beside a test of every single
 * base.
 */
#include "tests/unit/support.h"

#include "lib/rng.h"
#include "mm/kaslr.h"

static struct kaslr_slots slots;

static void assert_areas(const struct kaslr_area *expected, size_t nr)
{
	uint64_t total = 0;

	assert_int_equal(slots.nr, nr);
	for (size_t i = 0; i < nr; i++) {
		assert_int_equal(slots.area[i].start, expected[i].start);
		assert_int_equal(slots.area[i].slots, expected[i].slots);
		total += expected[i].slots;
	}
	assert_int_equal(slots.total, total);
	assert_false(slots.truncated);
}

#define ASSERT_AREAS(...)                                                                                              \
	do {                                                                                                           \
		const struct kaslr_area expected[] = { __VA_ARGS__ };                                                  \
		assert_areas(expected, ARRAY_SIZE(expected));                                                          \
	} while (0)

/* One candidate [start, end), image of `size`, from 16M on, nothing else. */
static void find_simple(phys_t start, phys_t end, uint64_t size)
{
	const struct range ram = { start, end };
	const struct kaslr_request q = {
		.ram = &ram, .nr_ram = 1, .min = 16 * MIB, .limit = PHYS_NONE, .image_size = size
	};

	kaslr_find_slots(&q, &slots);
}

/* First slot whose base is `base`; total when it is none. */
static uint64_t slot_of(const struct kaslr_slots *s, phys_t base)
{
	uint64_t before = 0;

	for (size_t i = 0; i < s->nr; i++) {
		uint64_t offset = base - s->area[i].start;

		if (base >= s->area[i].start && offset % KASLR_ALIGN == 0 && offset / KASLR_ALIGN < s->area[i].slots)
			return before + offset / KASLR_ALIGN;
		before += s->area[i].slots;
	}
	return s->total;
}

/*
 * The machine that `make run` boots: 4 nodes, 8 GiB, SRAT leaves 96M at the bottom, 48M at the top of low memory, 96M
 * at 4G.
 */
TEST(test_default_machine)
{
	static const struct range ram[] = { { 0, 0x9fc00 }, { 1 * MIB, 0x7ffdf000 }, { 4 * GIB, 10 * GIB } };
	static const struct range immovable[] = { { 0, 96 * MIB },
						  { 0x7d000000, 2 * GIB },
						  { 4 * GIB, 4 * GIB + 96 * MIB } };
	static const struct range avoid[] = { { 0, 1 * MIB }, { 16 * MIB, 18 * MIB } };
	struct kaslr_request q = { ram, 3, immovable, 3, avoid, 2, 16 * MIB, 64 * TIB, 2 * MIB };

	kaslr_find_slots(&q, &slots);
	ASSERT_AREAS({ 18 * MIB, 39 }, { 0x7d000000, 23 }, { 4 * GIB, 48 });
	assert_int_equal(slots.total, 110);
	assert_int_equal(kaslr_slot_base(&slots, 0), 18 * MIB);
	assert_int_equal(kaslr_slot_base(&slots, 38), 94 * MIB);
	assert_int_equal(kaslr_slot_base(&slots, 39), 0x7d000000);
	assert_int_equal(kaslr_slot_base(&slots, 61), 0x7fc00000);
	assert_int_equal(kaslr_slot_base(&slots, 62), 4 * GIB);
	assert_int_equal(kaslr_slot_base(&slots, 109), 4 * GIB + 94 * MIB);
	assert_true(kaslr_slot_base(&slots, 110) == PHYS_NONE);
	for (uint64_t i = 0; i < 110; i++)
		assert_int_equal(slot_of(&slots, kaslr_slot_base(&slots, i)), i);
	assert_int_equal(slot_of(&slots, 16 * MIB), 110);
	assert_int_equal(slot_of(&slots, 18 * MIB + 4096), 110);
	assert_int_equal(slot_of(&slots, 96 * MIB), 110);
	assert_int_equal(slot_of(&slots, PHYS_NONE), 110);
	/* the EFI stub knows neither SRAT nor the list: all of free memory from 16M on */
	kaslr_find_slots_efistub(&q, &slots);
	ASSERT_AREAS({ 16 * MIB, (0x7fc00000 - 0x1000000) / 0x200000 + 1 }, { 4 * GIB, 3072 });
}

/* Measured on Debian's kernel, which needs 64M: one immovable entry at 1G. */
static void count_at_1g(uint64_t entry_size, const struct kaslr_area *expected, size_t nr)
{
	static const struct range ram[] = { { 0, 0x9fc00 }, { 1 * MIB, 0xbffe0000 }, { 4 * GIB, 9 * GIB } };
	static const struct range avoid[] = { { 16 * MIB, 16 * MIB + 0x3f98000 } };
	const struct range immovable = { 1 * GIB, 1 * GIB + entry_size };
	const struct kaslr_request q = { ram, 3, &immovable, 1, avoid, 1, 16 * MIB, 64 * TIB, 64 * MIB };

	kaslr_find_slots(&q, &slots);
	assert_areas(expected, nr);
}

TEST(test_debian_image)
{
	count_at_1g(62 * MIB, NULL, 0);
	count_at_1g(64 * MIB - 1, NULL, 0);
	count_at_1g(64 * MIB, &(struct kaslr_area){ 1 * GIB, 1 }, 1);
	count_at_1g(66 * MIB - 1, &(struct kaslr_area){ 1 * GIB, 1 }, 1);
	count_at_1g(66 * MIB, &(struct kaslr_area){ 1 * GIB, 2 }, 1);
	count_at_1g(68 * MIB, &(struct kaslr_area){ 1 * GIB, 3 }, 1);
}

/* The loaded image in the middle of [0, 128M) leaves no 64M on either side. */
TEST(test_obstacle_in_the_middle)
{
	static const struct range ram = { 1 * MIB, 0xbffe0000 }, immovable = { 0, 128 * MIB };
	static const struct range avoid = { 16 * MIB, 16 * MIB + 0x3f98000 };
	struct kaslr_request q = { &ram, 1, &immovable, 1, &avoid, 1, 16 * MIB, 64 * TIB, 64 * MIB };

	kaslr_find_slots(&q, &slots);
	assert_areas(NULL, 0);
	assert_true(kaslr_slot_base(&slots, 0) == PHYS_NONE);
	assert_int_equal(slot_of(&slots, 16 * MIB), 0);
	q.nr_avoid = 0;
	kaslr_find_slots(&q, &slots);
	ASSERT_AREAS({ 16 * MIB, 25 });
}

TEST(test_edges_of_a_region)
{
	find_simple(0, 18 * MIB, 2 * MIB);
	ASSERT_AREAS({ 16 * MIB, 1 });
	find_simple(0, 18 * MIB - 1, 2 * MIB);
	assert_areas(NULL, 0);
	find_simple(0, 20 * MIB - 1, 2 * MIB);
	ASSERT_AREAS({ 16 * MIB, 1 });
	find_simple(0, 20 * MIB, 2 * MIB);
	ASSERT_AREAS({ 16 * MIB, 2 });
	find_simple(18 * MIB + 1, 22 * MIB, 2 * MIB);
	ASSERT_AREAS({ 20 * MIB, 1 });
	find_simple(21 * MIB, 21 * MIB + 4096, 2 * MIB);
	assert_areas(NULL, 0);
	find_simple(20 * MIB, 20 * MIB, 2 * MIB);
	assert_areas(NULL, 0);
	find_simple(40 * MIB, 20 * MIB, 2 * MIB);
	assert_areas(NULL, 0);
}

TEST(test_min_and_limit)
{
	static const struct range ram = { 0, 1 * GIB };
	struct kaslr_request q = {
		.ram = &ram, .nr_ram = 1, .min = 17 * MIB, .limit = 32 * MIB, .image_size = 4 * MIB
	};

	kaslr_find_slots(&q, &slots);
	ASSERT_AREAS({ 18 * MIB, 6 });
	kaslr_find_slots_efistub(&q, &slots);
	ASSERT_AREAS({ 18 * MIB, 6 });
	q.limit = 22 * MIB - 1;
	kaslr_find_slots(&q, &slots);
	assert_areas(NULL, 0);
	kaslr_find_slots_efistub(&q, &slots);
	assert_areas(NULL, 0);
	q.limit = 0;
	kaslr_find_slots(&q, &slots);
	assert_areas(NULL, 0);
	kaslr_find_slots_efistub(&q, &slots);
	assert_areas(NULL, 0);
}

TEST(test_nothing_wraps)
{
	static const struct range ram[] = { { 0, UINT64_MAX }, { UINT64_MAX - 3 * MIB, UINT64_MAX } };
	struct kaslr_request q = { .ram = ram, .nr_ram = 2, .min = 0, .limit = PHYS_NONE };

	q.image_size = align_down(UINT64_MAX, KASLR_ALIGN);
	kaslr_find_slots(&q, &slots);
	ASSERT_AREAS({ 0, 1 });
	kaslr_find_slots_efistub(&q, &slots);
	ASSERT_AREAS({ 0, 1 });
	q.image_size = 2 * MIB;
	q.min = UINT64_MAX - 100;
	kaslr_find_slots(&q, &slots);
	assert_areas(NULL, 0);
	kaslr_find_slots_efistub(&q, &slots);
	assert_areas(NULL, 0);
	q.min = UINT64_MAX - 6 * MIB + 1;
	kaslr_find_slots(&q, &slots);
	ASSERT_AREAS({ UINT64_MAX - 6 * MIB + 1, 2 });
	kaslr_find_slots_efistub(&q, &slots);
	ASSERT_AREAS({ UINT64_MAX - 6 * MIB + 1, 2 });
}

/* The part before an obstacle counts when it holds exactly one image: Linux 5.0 asked for more. */
TEST(test_head_region)
{
	static const struct range ram = { 16 * MIB, 64 * MIB };
	struct range avoid = { 24 * MIB, 24 * MIB + 1 };
	struct kaslr_request q = { .ram = &ram,
				   .nr_ram = 1,
				   .avoid = &avoid,
				   .nr_avoid = 1,
				   .min = 16 * MIB,
				   .limit = PHYS_NONE,
				   .image_size = 8 * MIB };

	kaslr_find_slots(&q, &slots);
	ASSERT_AREAS({ 16 * MIB, 1 }, { 26 * MIB, 16 });
	avoid.start--;
	kaslr_find_slots(&q, &slots);
	ASSERT_AREAS({ 26 * MIB, 16 });
	/* touching is not overlapping */
	avoid = (struct range){ 64 * MIB, 65 * MIB };
	kaslr_find_slots(&q, &slots);
	ASSERT_AREAS({ 16 * MIB, 21 });
	avoid = (struct range){ 0, 16 * MIB };
	kaslr_find_slots(&q, &slots);
	ASSERT_AREAS({ 16 * MIB, 21 });
	avoid = (struct range){ 30 * MIB, 30 * MIB };
	kaslr_find_slots(&q, &slots);
	ASSERT_AREAS({ 16 * MIB, 21 });
	avoid = (struct range){ 0, UINT64_MAX };
	kaslr_find_slots(&q, &slots);
	assert_areas(NULL, 0);
}

/* Obstacles in any order, one inside another, two with one start. */
TEST(test_avoid_list_needs_no_order)
{
	static const struct range ram = { 16 * MIB, 64 * MIB };
	static const struct range avoid[] = { { 50 * MIB, 52 * MIB },
					      { 20 * MIB, 30 * MIB },
					      { 22 * MIB, 24 * MIB },
					      { 20 * MIB, 34 * MIB },
					      { 40 * MIB, 41 * MIB } };
	const struct kaslr_request q = { .ram = &ram,
					 .nr_ram = 1,
					 .avoid = avoid,
					 .nr_avoid = 5,
					 .min = 16 * MIB,
					 .limit = PHYS_NONE,
					 .image_size = 4 * MIB };

	kaslr_find_slots(&q, &slots);
	ASSERT_AREAS({ 16 * MIB, 1 }, { 34 * MIB, 2 }, { 42 * MIB, 3 }, { 52 * MIB, 5 });
}

/* Touching SRAT entries are two regions: no image lies across; and they count in SRAT's order, not by address. */
TEST(test_immovable_entries_do_not_join)
{
	static const struct range ram[] = { { 64 * MIB, 1 * GIB }, { 0, 64 * MIB } };
	static const struct range immovable[] = { { 102 * MIB, 106 * MIB },
						  { 98 * MIB, 102 * MIB },
						  { 32 * MIB, 66 * MIB } };
	const struct kaslr_request q = { .ram = ram,
					 .nr_ram = 2,
					 .immovable = immovable,
					 .nr_immovable = 3,
					 .min = 16 * MIB,
					 .limit = PHYS_NONE,
					 .image_size = 4 * MIB };

	kaslr_find_slots(&q, &slots);
	ASSERT_AREAS({ 102 * MIB, 1 }, { 98 * MIB, 1 }, { 32 * MIB, 15 });
}

/* Two equal candidates give their slots twice: a base is then found by its first slot. */
TEST(test_candidate_twice)
{
	static const struct range ram[] = { { 16 * MIB, 20 * MIB }, { 16 * MIB, 20 * MIB } };
	const struct kaslr_request q = { .ram = ram, .nr_ram = 2, .min = 0, .limit = PHYS_NONE, .image_size = 2 * MIB };

	kaslr_find_slots(&q, &slots);
	ASSERT_AREAS({ 16 * MIB, 2 }, { 16 * MIB, 2 });
	assert_int_equal(kaslr_slot_base(&slots, 3), 18 * MIB);
	assert_int_equal(slot_of(&slots, 18 * MIB), 1);
}

/* 100 areas and no more; exactly 100 is not cut short. */
TEST(test_areas_run_out)
{
	struct range ram[101];
	struct kaslr_request q = { .ram = ram, .nr_ram = 100, .min = 0, .limit = PHYS_NONE, .image_size = 2 * MIB };

	for (size_t i = 0; i < ARRAY_SIZE(ram); i++)
		ram[i] = (struct range){ (i + 1) * 16 * MIB, (i + 1) * 16 * MIB + 4 * MIB };
	for (int chooser = 0; chooser < 2; chooser++) {
		void (*find)(const struct kaslr_request *, struct kaslr_slots *) =
			chooser ? kaslr_find_slots_efistub : kaslr_find_slots;

		q.nr_ram = 100;
		find(&q, &slots);
		assert_int_equal(slots.nr, 100);
		assert_int_equal(slots.total, 200);
		assert_false(slots.truncated);
		q.nr_ram = 101;
		find(&q, &slots);
		assert_int_equal(slots.nr, 100);
		assert_int_equal(slots.total, 200);
		assert_true(slots.truncated);
		assert_int_equal(kaslr_slot_base(&slots, 199), 1602 * MIB);
	}
}

/* One candidate that obstacles cut into more areas than can be kept. */
TEST(test_areas_run_out_inside_a_region)
{
	static struct range avoid[120];
	const struct range ram = { 16 * MIB, 4 * GIB };
	const struct kaslr_request q = {
		.ram = &ram,
		.nr_ram = 1,
		.avoid = avoid,
		.nr_avoid = ARRAY_SIZE(avoid),
		.min = 16 * MIB,
		.limit = 4 * GIB,
		.image_size = 2 * MIB,
	};

	for (size_t i = 0; i < ARRAY_SIZE(avoid); i++)
		avoid[i] = (struct range){ (18 + 4 * i) * MIB, (20 + 4 * i) * MIB };
	kaslr_find_slots(&q, &slots);
	assert_int_equal(slots.nr, 100);
	assert_int_equal(slots.total, 100);
	assert_true(slots.truncated);
	assert_int_equal(kaslr_slot_base(&slots, 99), (16 + 4 * 99) * MIB);
}

TEST(test_virtual_slots)
{
	assert_int_equal(kaslr_virt_slots(2 * MIB), 504);
	assert_int_equal(kaslr_virt_slots(64 * MIB), 473);
	assert_int_equal(kaslr_virt_slots(1008 * MIB), 1);
	assert_int_equal(kaslr_virt_slots(1010 * MIB), 0);
	assert_int_equal(kaslr_virt_slots(UINT64_MAX), 0);
}

/* ---- random requests: every base of every candidate is tried on its own ---- */
#define SPACE (256 * MIB)

static phys_t random_address(struct rng *r)
{
	static const uint64_t steps[] = { 4096, 512 * KIB, 2 * MIB };
	uint64_t step = steps[rng_below(r, ARRAY_SIZE(steps))];

	return rng_below(r, SPACE / step + 1) * step;
}

static size_t random_ranges(struct rng *r, struct range *list, size_t max)
{
	size_t nr = (size_t)rng_below(r, max + 1);

	for (size_t i = 0; i < nr; i++) {
		phys_t a = random_address(r), b = random_address(r);

		list[i] = (struct range){ min_u64(a, b), max_u64(a, b) };
	}
	return nr;
}

static bool base_fits(const struct kaslr_request *q, struct range region, phys_t base)
{
	struct range image = { base, base + q->image_size };

	if (base < region.start || image.end > region.end || base < q->min || image.end > q->limit)
		return false;
	for (size_t i = 0; i < q->nr_avoid; i++)
		if (!range_empty(q->avoid[i]) && range_overlaps(q->avoid[i], image))
			return false;
	return true;
}

static void assert_region(const struct kaslr_request *q, struct range region, uint64_t *next)
{
	for (phys_t base = 0; base < SPACE; base += KASLR_ALIGN)
		if (base_fits(q, region, base))
			assert_int_equal(kaslr_slot_base(&slots, (*next)++), base);
}

TEST(test_random)
{
	struct rng r;

	rng_seed(&r, 110);
	for (int round = 0; round < 3000; round++) {
		struct range ram[4], immovable[4], avoid[6];
		struct kaslr_request q = { .ram = ram, .immovable = immovable, .avoid = avoid };
		uint64_t next = 0;

		q.nr_ram = random_ranges(&r, ram, 4);
		q.nr_immovable = random_ranges(&r, immovable, 4);
		q.nr_avoid = random_ranges(&r, avoid, 6);
		for (size_t i = 0; i < q.nr_avoid; i++)
			avoid[i].end = min_u64(avoid[i].end, avoid[i].start + 20 * MIB);
		q.min = rng_below(&r, 2) ? 0 : random_address(&r) / 4;
		q.limit = rng_below(&r, 2) ? PHYS_NONE : random_address(&r);
		q.image_size = (1 + rng_below(&r, 8)) * KASLR_ALIGN;
		kaslr_find_slots(&q, &slots);
		for (size_t i = 0; i < q.nr_ram; i++) {
			if (q.nr_immovable == 0)
				assert_region(&q, ram[i], &next);
			for (size_t j = 0; j < q.nr_immovable; j++)
				assert_region(&q, range_clamp(ram[i], immovable[j]), &next);
		}
		assert_int_equal(slots.total, next);
		next = q.nr_avoid = 0;
		kaslr_find_slots_efistub(&q, &slots);
		for (size_t i = 0; i < q.nr_ram; i++)
			assert_region(&q, ram[i], &next);
		assert_int_equal(slots.total, next);
	}
}

/* What a run does: a slot drawn with the generator that boots. Every slot occurs, and none is favoured (5 sigma). */
TEST(test_choice_is_uniform)
{
	const unsigned draws = 1000000;
	uint64_t count[110] = { 0 };
	double chi2 = 0, mean = draws / 110.0;
	struct rng r;

	find_simple(16 * MIB, 16 * MIB + 220 * MIB, 2 * MIB);
	assert_int_equal(slots.total, 110);
	rng_seed(&r, 0x2a);
	for (unsigned i = 0; i < draws; i++) {
		phys_t base = kaslr_slot_base(&slots, rng_below(&r, slots.total));

		count[(base - 16 * MIB) / KASLR_ALIGN]++;
	}
	for (size_t i = 0; i < ARRAY_SIZE(count); i++)
		chi2 += ((double)count[i] - mean) * ((double)count[i] - mean) / mean;
	/* 109 degrees of freedom: variance 218 */
	assert_true((chi2 - 109) * (chi2 - 109) < 25 * 218);
}
