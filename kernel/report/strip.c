/* SPDX-License-Identifier: MIT */
/* Cuts memory into blocks, gives each its share of the line, and marks cells by address. */
#include "kernel/report/strip.h"

#define LARGE_HOLE GIB

static const char priority[] = ".~#K&!"; /* later wins */

/* Appends a piece to the last block or begins a new one; false when there is no room. */
static bool add_piece(struct strip *strip, const struct numa_spot *piece)
{
	struct strip_block *last = strip->nr ? &strip->block[strip->nr - 1] : NULL;

	if (last && last->nid == piece->nid && last->movable == piece->movable &&
	    piece->span.start - last->r.end < LARGE_HOLE) {
		last->r.end = piece->span.end;
		return true;
	}
	if (strip->nr == STRIP_BLOCKS)
		return false;
	strip->block[strip->nr++] =
		(struct strip_block){ .r = piece->span, .nid = piece->nid, .movable = piece->movable };
	return true;
}

/* Leaves none where they are more than fit. */
static void cut_into_blocks(struct strip *strip, const struct memblock *mb, const struct numa *n)
{
	struct numa_spot piece = { .nid = NUMA_NO_NODE };
	bool fits = true;

	strip->nr = 0;
	while (fits && numa_next_piece(n, mb, &piece))
		fits = add_piece(strip, &piece);
	strip->nr = fits ? strip->nr : 0;
}

/* Widths grow with the order of magnitude, or small nodes would not be seen beside large ones. */
static unsigned weight(const struct strip_block *b)
{
	unsigned bits = 1;

	for (uint64_t mib = range_size(b->r) / MIB; mib; mib >>= 1)
		bits++;
	return bits;
}

void strip_init(struct strip *strip, const struct memblock *mb, const struct numa *n)
{
	unsigned taken, share, total = 0, cell = 0;

	cut_into_blocks(strip, mb, n);
	for_each (b, strip->block, strip->nr)
		total += weight(b);
	taken = strip->nr * (STRIP_FRAME + STRIP_MIN);
	share = STRIP_WIDTH - (unsigned)min_u64(taken, STRIP_WIDTH);
	for_each (b, strip->block, strip->nr) {
		b->cell = cell;
		b->cells = STRIP_MIN + weight(b) * share / total;
		cell += b->cells;
		memset(strip->cell + b->cell, b->movable ? '~' : '.', b->cells);
	}
}

static unsigned rank(char c)
{
	unsigned i = 0;

	while (priority[i] && priority[i] != c)
		i++;
	return i;
}

static void mark_block(struct strip *strip, const struct strip_block *b, struct range part, char mark)
{
	uint64_t size = b->r.end - b->r.start;
	uint64_t cell = (part.start - b->r.start) * b->cells / size;
	uint64_t last = (part.end - 1 - b->r.start) * b->cells / size;

	for (; cell <= last; cell++) {
		char *c = &strip->cell[b->cell + cell];
		char both = (*c ^ mark) == ('#' ^ 'K') ? '&' : mark;

		if (rank(both) > rank(*c))
			*c = both;
	}
}

void strip_mark(struct strip *strip, struct range r, char mark)
{
	for_each (b, strip->block, strip->nr) {
		struct range part = range_clamp(r, b->r);

		if (!range_empty(part))
			mark_block(strip, b, part, mark);
	}
}
