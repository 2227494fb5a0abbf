/* SPDX-License-Identifier: MIT */
/*
 * Both choosers of a base: golden counts, every rule at its edge, and random requests beside a test of every single
 * base.
 */
#include "tests/unit/cases.h"

#include "lib/rng.h"
#include "mm/kaslr.h"

static struct kaslr_slots slots;

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

/* ---- as data: kaslr.cases ---- */

static struct range told_ram[8], told_immovable[8], told_avoid[8];
static struct kaslr_request request;

static int no_request(void **state)
{
	(void)state;
	request = (struct kaslr_request){
		.ram = told_ram, .immovable = told_immovable, .avoid = told_avoid, .limit = PHYS_NONE
	};
	request.min = 16 * MIB;
	return 0;
}

/* Its words from 1 on, which may be none. */
static size_t ranges_of(const struct words *w, struct range *list)
{
	size_t nr = 0;

	for (unsigned i = 1; i < w->nr; i += 2)
		list[nr++] = range_at(w, i);
	return nr;
}

static void assert_areas(const struct words *w)
{
	uint64_t total = 0;

	assert_int_equal(slots.nr, (w->nr - 1) / 2);
	for (size_t i = 0; i < slots.nr; i++) {
		assert_int_equal(slots.area[i].start, number_at(w, 1 + 2 * (unsigned)i));
		assert_int_equal(slots.area[i].slots, number_at(w, 2 + 2 * (unsigned)i));
		total += slots.area[i].slots;
	}
	assert_int_equal(slots.total, total);
	assert_false(slots.truncated);
	for (uint64_t i = 0; i <= total; i++)
		assert_int_equal(kaslr_slot_base(&slots, i) == PHYS_NONE, i == total);
}

/* What the EFI stub's chooser is told. */
static void find_slots_of_stub(const struct kaslr_request *q)
{
	struct kaslr_request unrestricted = *q;

	unrestricted.nr_immovable = unrestricted.nr_avoid = 0;
	kaslr_find_slots(&unrestricted, &slots);
}

static bool kaslr_line(const struct words *w)
{
	if (begins(w, "ram")) {
		request.nr_ram = ranges_of(w, told_ram);
	} else if (begins(w, "immovable")) {
		request.nr_immovable = ranges_of(w, told_immovable);
	} else if (begins(w, "avoid")) {
		request.nr_avoid = ranges_of(w, told_avoid);
	} else if (begins(w, "min")) {
		request.min = number_at(w, 1);
	} else if (begins(w, "limit")) {
		request.limit = number_at(w, 1);
	} else if (begins(w, "size")) {
		request.image_size = number_at(w, 1);
	} else if (begins(w, "slots")) {
		kaslr_find_slots(&request, &slots);
		assert_areas(w);
	} else if (begins(w, "stub")) {
		find_slots_of_stub(&request);
		assert_areas(w);
	} else if (begins(w, "base")) {
		assert_int_equal(kaslr_slot_base(&slots, number_at(w, 1)), number_at(w, 3));
	} else if (begins(w, "slot")) {
		assert_int_equal(slot_of(&slots, number_at(w, 2)), number_at(w, 4));
	} else if (begins(w, "virtual")) {
		assert_int_equal(kaslr_virt_slots(number_at(w, 2)), number_at(w, 4));
	} else {
		return false;
	}
	return true;
}

CASES(kaslr, no_request, NULL, kaslr_line)

/* 100 areas and no more; exactly 100 is not cut short. */
TEST(test_areas_run_out)
{
	struct range ram[101];
	struct kaslr_request q = { .ram = ram, .nr_ram = 100, .min = 0, .limit = PHYS_NONE, .image_size = 2 * MIB };

	for (size_t i = 0; i < ARRAY_SIZE(ram); i++)
		ram[i] = (struct range){ (i + 1) * 16 * MIB, (i + 1) * 16 * MIB + 4 * MIB };
	kaslr_find_slots(&q, &slots);
	assert_int_equal(slots.nr, 100);
	assert_int_equal(slots.total, 200);
	assert_false(slots.truncated);
	q.nr_ram = 101;
	kaslr_find_slots(&q, &slots);
	assert_int_equal(slots.nr, 100);
	assert_int_equal(slots.total, 200);
	assert_true(slots.truncated);
	assert_int_equal(kaslr_slot_base(&slots, 199), 1602 * MIB);
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
		find_slots_of_stub(&q);
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
	const struct range ram = { 16 * MIB, 236 * MIB };
	const struct kaslr_request q = { &ram, 1, NULL, 0, NULL, 0, 16 * MIB, PHYS_NONE, 2 * MIB };
	struct rng r;

	kaslr_find_slots(&q, &slots);
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
