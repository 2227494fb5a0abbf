/* SPDX-License-Identifier: MIT */
/*
 * The memory map: every shape of overlap, the real maps that gave trouble, and random messes beside a byte-per-byte
 * model.
 */
#include "tests/unit/cases.h"

#include "lib/rng.h"
#include "mm/e820.h"

static struct e820 map;

static void add(phys_t start, phys_t end, enum e820_type type)
{
	assert_int_equal(e820_add(&map, start, end - start, type), OK);
}

static void sanitize(void)
{
	assert_int_equal(e820_sanitize(&map), OK);
}

static int reset(void **state)
{
	(void)state;
	map.nr = 0;
	return 0;
}

static const struct fixture fixture = { .setup = reset };

static uint64_t total_of(enum e820_type type)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < map.nr; i++)
		sum += map.e[i].type == type ? map.e[i].r.end - map.e[i].r.start : 0;
	return sum;
}

/* ---- as data: e820.cases ---- */

static bool e820_line(const struct words *w)
{
	const char *last = w->word[w->nr - 1];

	if (begins(w, "told"))
		add(number_at(w, 1), number_at(w, 2), e820_type_named(last));
	else if (begins(w, "add"))
		assert_int_equal(e820_add(&map, number_at(w, 1), number_at(w, 3), e820_type_named(w->word[4])),
				 status_named(last));
	else if (begins(w, "sanitize"))
		assert_int_equal(e820_sanitize(&map), status_named(last));
	else if (begins(w, "update"))
		assert_int_equal(
			e820_update(&map, range_at(w, 1), e820_type_named(w->word[4]), e820_type_named(w->word[6])),
			status_named(last));
	else if (begins(w, "remove"))
		assert_int_equal(e820_remove(&map, range_at(w, 1), e820_type_named(w->word[4])), status_named(last));
	else if (begins(w, "map"))
		assert_map_listed(w, 2, &map);
	else if (begins(w, "has"))
		ASSERT_FIELDS(w, 1, FIELD("entries", map.nr));
	else if (begins(w, "end"))
		assert_int_equal(e820_end_of_ram(&map, number_at(w, 4)), number(last));
	else if (begins(w, "total"))
		assert_int_equal(total_of(e820_type_named(w->word[2])), number(last));
	else if (begins(w, "all"))
		assert_true(e820_covers(&map, range_at(w, 2), e820_type_named(last)));
	else if (begins(w, "not"))
		assert_false(e820_covers(&map, range_at(w, 3), e820_type_named(last)));
	else
		return false;
	return true;
}

CASES(e820, reset, NULL, e820_line)

/* ---- full maps ---- */

TEST(test_add_full)
{
	for (unsigned i = 0; i < E820_MAX; i++)
		add(i * 0x2000ull, i * 0x2000ull + 0x1000, E820_RAM);
	assert_int_equal(e820_add(&map, 1 * TIB, 0x1000, E820_RAM), ERR_FULL);
	assert_int_equal(map.nr, E820_MAX);
	sanitize();
	assert_int_equal(map.nr, E820_MAX);
	assert_int_equal(total_of(E820_RAM), E820_MAX * 0x1000ull);
}

/* One range of RAM with holes: 2047 of them make 4095 entries, 2048 one too many for the array. */
static void holes(unsigned nr)
{
	map.nr = 0;
	add(0, (nr + 1) * 0x2000ull, E820_RAM);
	for (unsigned i = 0; i < nr; i++)
		add(i * 0x2000ull + 0x1000, i * 0x2000ull + 0x2000, E820_RESERVED);
}

TEST(test_result_fills_the_array)
{
	holes(2047);
	sanitize();
	assert_int_equal(map.nr, 4095);
	assert_int_equal(map.e[4094].r.start, 2047 * 0x2000ull);
	assert_int_equal(map.e[4094].r.end, 2048 * 0x2000ull);
	assert_int_equal(map.e[4093].type, E820_RESERVED);
}

TEST(test_result_exceeds_the_array)
{
	holes(2048);
	assert_int_equal(e820_sanitize(&map), ERR_FULL);
}

/*
 * A full array has no place for pieces while entries wait, be they as idle as these: refused, and nothing is lost in
 * silence.
 */
TEST(test_pieces_need_room)
{
	holes(1500);
	while (map.nr < E820_MAX)
		add(0, 0x1000, E820_RAM);
	assert_int_equal(e820_sanitize(&map), ERR_FULL);
}

/* 4096 ranges, each inside the one before: sorting and laying down stay correct at full size. */
TEST(test_full_array_of_nested_ranges)
{
	for (uint64_t i = 0; i < E820_MAX; i++)
		add(i * 0x1000, 0x10000000 - i * 0x1000, E820_RAM);
	sanitize();
	assert_int_equal(map.nr, 1);
	assert_range(map.e[0].r, 0, 0x10000000);
	assert_int_equal(map.e[0].type, E820_RAM);
}

/* ---- random maps beside a model with one type per byte ---- */
#define BYTES 200

static const uint32_t types[] = { 1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 12, 0x7fffffff, 0xffffffff, 0 };

static uint32_t random_type(struct rng *r)
{
	return types[rng_below(r, ARRAY_SIZE(types))];
}

static struct range random_range(struct rng *r, uint64_t longest)
{
	phys_t start = rng_below(r, BYTES);

	return (struct range){ start, min_u64(BYTES, start + rng_below(r, longest + 1)) };
}

static void assert_model(const uint32_t *model)
{
	uint32_t seen[BYTES] = { 0 };

	for (size_t i = 0; i < map.nr; i++) {
		const struct region *e = &map.e[i], *last = i ? e - 1 : NULL;

		assert_true(e->r.start < e->r.end && e->r.end <= BYTES);
		assert_true(!last || last->r.end < e->r.start || (last->r.end == e->r.start && last->type != e->type));
		for (phys_t p = e->r.start; p < e->r.end; p++)
			seen[p] = e->type;
	}
	assert_memory_equal(seen, model, sizeof(seen));
}

static void random_map(struct rng *r, uint32_t *model)
{
	unsigned nr = (unsigned)rng_below(r, 30);

	map.nr = 0;
	memset(model, 0, BYTES * sizeof(*model));
	for (unsigned i = 0; i < nr; i++) {
		struct range a = random_range(r, rng_below(r, 4) ? 30 : BYTES);
		uint32_t type = random_type(r);

		add(a.start, a.end, (enum e820_type)type);
		for (phys_t p = a.start; p < a.end; p++)
			model[p] = type > model[p] ? type : model[p];
	}
	sanitize();
}

TEST(test_random_sanitize)
{
	uint32_t model[BYTES];
	struct rng r;

	rng_seed(&r, 820);
	for (int round = 0; round < 3000; round++) {
		random_map(&r, model);
		assert_model(model);
	}
}

TEST(test_random_update_and_remove)
{
	uint32_t model[BYTES];
	struct rng r;

	rng_seed(&r, 821);
	for (int round = 0; round < 1000; round++) {
		random_map(&r, model);
		for (int i = 0; i < 5; i++) {
			struct range a = random_range(&r, 60);
			uint32_t from = random_type(&r), to = types[rng_below(&r, 13)];
			bool update = from != 0 && rng_below(&r, 2);

			assert_int_equal(update ? e820_update(&map, a, (enum e820_type)from, (enum e820_type)to)
						: e820_remove(&map, a, (enum e820_type)from),
					 OK);
			for (phys_t p = a.start; p < a.end; p++)
				if (model[p] == from || (!update && from == 0))
					model[p] = update ? to : 0;
			assert_model(model);
		}
	}
}

TEST(test_random_questions)
{
	uint32_t model[BYTES];
	struct rng r;

	rng_seed(&r, 822);
	for (int round = 0; round < 500; round++) {
		struct range a = random_range(&r, 20);
		uint32_t type = types[rng_below(&r, 13)];
		uint64_t total = 0;
		bool covered = true;

		random_map(&r, model);
		for (phys_t p = 0; p < BYTES; p++) {
			total += model[p] == type;
			covered &= !range_contains(a, p) || model[p] == type;
		}
		assert_int_equal(total_of((enum e820_type)type), total);
		assert_int_equal(e820_covers(&map, a, (enum e820_type)type), covered);
	}
}

/* ---- limits, names ---- */

/* A full map that cannot be cut is left as it was. */
TEST(test_update_full)
{
	const struct range inside = { 0x800, 0x900 };

	for (unsigned i = 0; i < E820_MAX; i++)
		add(i * 0x2000ull, i * 0x2000ull + 0x1000, E820_RAM);
	assert_int_equal(e820_update(&map, inside, E820_RAM, E820_RESERVED), ERR_FULL);
	assert_int_equal(e820_remove(&map, inside, E820_RAM), ERR_FULL);
	assert_int_equal(map.nr, E820_MAX);
	assert_int_equal(map.e[0].r.end, 0x1000);
	map.nr--;
	assert_int_equal(e820_remove(&map, inside, E820_RAM), ERR_FULL);
	assert_int_equal(map.nr, E820_MAX - 1);
	assert_int_equal(map.e[0].r.end, 0x1000);
	map.nr--;
	assert_int_equal(e820_remove(&map, inside, E820_RAM), OK);
	assert_int_equal(map.nr, E820_MAX - 1);
	assert_int_equal(map.e[1].r.start, 0x900);
}

TEST(test_names)
{
	static const struct {
		unsigned type;
		const char *ours, *in_linux;
	} names[] = {
		{ E820_RAM, "usable", "usable" },
		{ E820_RESERVED, "reserved", "reserved" },
		{ E820_ACPI, "acpi", "ACPI data" },
		{ E820_NVS, "nvs", "ACPI NVS" },
		{ E820_UNUSABLE, "unusable", "unusable" },
		{ E820_PMEM, "persistent", "persistent (type 7)" },
		{ E820_PRAM, "persistent", "persistent (type 12)" },
		{ E820_SOFT_RESERVED, "soft-reserved", "soft reserved" },
		{ 6, "unknown", "unknown" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_string_equal(e820_names((enum e820_type)names[i].type)->ours, names[i].ours);
		assert_string_equal(e820_names((enum e820_type)names[i].type)->in_linux, names[i].in_linux);
	}
}
