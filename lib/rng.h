/* SPDX-License-Identifier: MIT */
/* One seeded generator for everything random, so that a run can be repeated (xoshiro256**, seeded by splitmix64). */
#ifndef LIB_RNG_H
#define LIB_RNG_H

#include "lib/base.h"

struct rng {
	uint64_t s[4];
};

/* Begins anew from a seed: any will do, 0 too. */
void rng_seed(struct rng *r, uint64_t seed);

/* Returns the next 64 random bits. */
uint64_t rng_next(struct rng *r);

/* Returns a uniform number in [0, n); n > 0. Rejects instead of taking a remainder, so no value is favoured. */
uint64_t rng_below(struct rng *r, uint64_t n);

#endif
