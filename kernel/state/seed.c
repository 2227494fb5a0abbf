/* SPDX-License-Identifier: MIT */
/* Draws from every source, tells rubbish apart, mixes the rest. */
#include "kernel/state/platform.h"

#include "lib/rng.h"

#define DRAWS 8
#define SEED_START 0x4c616e6466616c6cull    /* "Landfall" */
#define BOOT_ID_START 0x626f6f745f69645full /* "boot_id_" */

static unsigned draw(const struct platform *p, enum entropy_source source, uint64_t word[DRAWS])
{
	unsigned n = 0;

	while (n < DRAWS && p->entropy(p->ctx, source, &word[n]))
		n++;
	return n;
}

/* Broken generators are known to answer with all ones, or with one word for ever; a counter may stand still. */
static bool is_rubbish(const uint64_t *word, unsigned n)
{
	bool all_equal = n > 1;

	for_each (w, word, n) {
		if (*w == 0 || *w == UINT64_MAX)
			return true;
		all_equal &= *w == word[0];
	}
	return all_equal;
}

static uint64_t mix(uint64_t state, uint64_t word)
{
	struct rng r;

	rng_seed(&r, state ^ word);
	return rng_next(&r);
}

void entropy_gather(const struct platform *p, struct entropy *e)
{
	uint64_t word[DRAWS];

	*e = (struct entropy){ .seed = SEED_START, .boot_id = BOOT_ID_START };
	for (unsigned s = 0; s < ENTROPY_SOURCES; s++) {
		unsigned n = draw(p, s, word);

		e->rubbish[s] = n && is_rubbish(word, n);
		e->used[s] = n && !e->rubbish[s];
		for (unsigned i = 0; e->used[s] && i < n; i++) {
			e->seed = mix(e->seed, word[i]);
			e->boot_id = mix(e->boot_id, word[i]);
		}
	}
	/* A JSON number of up to 53 bits is exact in every reader. */
	e->seed >>= 11;
}
