/* SPDX-License-Identifier: MIT */
/* The generator: published and independently computed values, and no favoured number below any bound. */
#include "tests/unit/support.h"

#include "lib/rng.h"

#define DRAWS 1000000

/* The values the authors' own code yields from this state. */
TEST(test_reference_values)
{
	static const uint64_t expected[] = {
		11520,
		0,
		1509978240,
		1215971899390074240,
		1216172134540287360,
		607988272756665600,
		16172922978634559625u,
		8476171486693032832,
		10595114339597558777u,
		2904607092377533576,
	};
	struct rng r = { { 1, 2, 3, 4 } };

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_int_equal(rng_next(&r), expected[i]);
}

TEST(test_splitmix_fills_the_state)
{
	static const uint64_t expected[] = { 6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
					     4593380528125082431u };
	struct rng r;

	rng_seed(&r, 1234567);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_int_equal(r.s[i], expected[i]);
}

static void assert_sequence(uint64_t seed, const uint64_t *expected)
{
	struct rng r;

	rng_seed(&r, seed);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(rng_next(&r), expected[i]);
}

TEST(test_seeds)
{
	static const uint64_t zero[] = { 0x99ec5f36cb75f2b4, 0xbf6e1f784956452a, 0x1a5f849d4933e6e0, 0x6aa594f1262d2d2c,
					 0xbba5ad4a1f842e59 };
	static const uint64_t some[] = { 0x15780b2e0c2ec716, 0x6104d9866d113a7e, 0xae17533239e499a1, 0xecb8ad4703b360a1,
					 0xfde6dc7fe2ec5e64 };
	static const uint64_t ones[] = { 0x8f5520d52a7ead08, 0xc476a018caa1802d, 0x81de31c0d260469e, 0xbf658d7e065f3c2f,
					 0x913593fda1bca32a };

	assert_sequence(0, zero);
	assert_sequence(42, some);
	assert_sequence(UINT64_MAX, ones);
}

TEST(test_below_values)
{
	static const uint64_t seed42[] = { 22, 62, 79, 93, 16, 104, 94, 107 };
	static const uint64_t seed7[] = { 94, 24, 98, 74, 14, 1, 56, 86 };
	struct rng a, b;

	rng_seed(&a, 42);
	rng_seed(&b, 7);
	for (size_t i = 0; i < ARRAY_SIZE(seed42); i++) {
		assert_int_equal(rng_below(&a, 110), seed42[i]);
		assert_int_equal(rng_below(&b, 110), seed7[i]);
	}
}

/* 2^63 + 1: nearly every second number must be drawn again, here the first two at once. */
TEST(test_below_draws_again)
{
	static const uint64_t expected[] = { 0x2e17533239e499a0, 0x6cb8ad4703b360a0, 0x7de6dc7fe2ec5e63,
					     0x450da53101795237 };
	struct rng r;

	rng_seed(&r, 42);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_int_equal(rng_below(&r, (1ull << 63) + 1), expected[i]);
}

TEST(test_below_one)
{
	struct rng r;

	rng_seed(&r, 1);
	for (int i = 0; i < 100; i++)
		assert_int_equal(rng_below(&r, 1), 0);
}

/* Draws below n, sorted into equal buckets of `width`; the sum of squares must lie within 5 sigma of its mean. */
static void assert_uniform(uint64_t n, uint64_t width, uint64_t seed)
{
	uint64_t buckets = n / width, count[1000] = { 0 };
	double mean = (double)DRAWS / (double)buckets, chi2 = 0, freedom = (double)(buckets - 1), off;
	struct rng r;

	assert_true(n % width == 0 && buckets <= ARRAY_SIZE(count));
	rng_seed(&r, seed);
	for (int i = 0; i < DRAWS; i++) {
		uint64_t x = rng_below(&r, n);

		assert_true(x < n);
		count[x / width]++;
	}
	for (uint64_t i = 0; i < buckets; i++)
		chi2 += ((double)count[i] - mean) * ((double)count[i] - mean) / mean;
	off = chi2 - freedom;
	if (off * off > 25 * 2 * freedom)
		fail_msg("below %llu, seed %llu: chi squared %f", (unsigned long long)n, (unsigned long long)seed,
			 chi2);
}

TEST(test_below_is_uniform)
{
	static const uint64_t bounds[] = { 2, 3, 7, 64, 100, 110, 997, 1000 };

	for (size_t i = 0; i < ARRAY_SIZE(bounds); i++)
		assert_uniform(bounds[i], 1, 0x2a + i);
	assert_uniform(110, 1, 0);
	assert_uniform(110, 1, UINT64_MAX);
}

/* A remainder alone would give the lowest third twice its share. */
TEST(test_large_bound_is_uniform)
{
	assert_uniform(3ull << 62, 1ull << 62, 1);
	assert_uniform(3ull << 62, 1ull << 54, 2);
}

static void below_zero(void *arg)
{
	rng_below(arg, 0);
}

TEST(test_below_zero_is_our_bug)
{
	struct rng r;

	rng_seed(&r, 3);
	assert_kassert(below_zero, &r);
}
