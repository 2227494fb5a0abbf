/* SPDX-License-Identifier: MIT */
/* Heapsort: the same cost for hostile input as for any other. */
#include "lib/sort.h"

struct heap {
	uint16_t *at;
	size_t nr;
	bool (*before)(const void *ctx, unsigned a, unsigned b);
	const void *ctx;
};

/* Lets what lies at `i` sink until nothing below it comes later than it does. */
static void sink(const struct heap *h, size_t i)
{
	uint16_t value = h->at[i];

	for (size_t child = 2 * i + 1; child < h->nr; child = 2 * i + 1) {
		if (child + 1 < h->nr && h->before(h->ctx, h->at[child], h->at[child + 1]))
			child++;
		if (!h->before(h->ctx, value, h->at[child]))
			break;
		h->at[i] = h->at[child];
		i = child;
	}
	h->at[i] = value;
}

void sort_indices(uint16_t *at, size_t nr, bool (*before)(const void *ctx, unsigned a, unsigned b), const void *ctx)
{
	struct heap h = { at, nr, before, ctx };

	for (size_t i = nr / 2; i-- > 0;)
		sink(&h, i);
	while (h.nr > 1) {
		uint16_t last = at[--h.nr];

		at[h.nr] = at[0];
		at[0] = last;
		sink(&h, 0);
	}
}
