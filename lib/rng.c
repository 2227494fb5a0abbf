/* SPDX-License-Identifier: MIT */
/* xoshiro256** 1.0 (Blackman and Vigna, 2018), its state filled by splitmix64, so that it is all zeros for no seed. */
#include "lib/rng.h"

static uint64_t rotate_left(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static uint64_t splitmix64(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

void rng_seed(struct rng *r, uint64_t seed)
{
	for_each (word, r->s, ARRAY_SIZE(r->s))
		*word = splitmix64(&seed);
}

uint64_t rng_next(struct rng *r)
{
	uint64_t *s = r->s, result = rotate_left(s[1] * 5, 7) * 9, shifted = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= shifted;
	s[3] = rotate_left(s[3], 45);
	return result;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
	uint64_t x;

	KASSERT(n > 0);
	/* 2^64 mod n numbers too many to be dealt out evenly: the lowest ones are drawn again. */
	do {
		x = rng_next(r);
	} while (x < -n % n);
	return x % n;
}
