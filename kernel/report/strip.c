/* SPDX-License-Identifier: MIT */
/* Cuts memory into blocks, gives each its share of the line, and marks cells by address. */
#include "kernel/report/strip.h"

#define LARGE_HOLE GIB

static const char priority[] = ".~#K&!"; /* later wins */

/* Appends [start, end) to the last block or begins a new one; false when there is no room. */
static bool add_piece(struct strip *strip, const struct strip_block *piece)
{
	struct strip_block *last = strip->nr ? &strip->block[strip->nr - 1] : NULL;

	if (last && last->nid == piece->nid && last->movable == piece->movable &&
	    piece->start - last->end < LARGE_HOLE) {
		last->end = piece->end;
		return true;
	}
	if (strip->nr == STRIP_BLOCKS)
		return false;
	strip->block[strip->nr++] = *piece;
	return true;
}

static bool cut_into_blocks(struct strip *strip, const struct memblock *mb, const struct numa *n)
{
	strip->nr = 0;
	for (size_t i = 0; i < mb->memory.nr; i++) {
		struct range left = { mb->memory.r[i].start, mb->memory.r[i].end };

		while (!range_empty(left)) {
			struct range piece = range_clamp(left, numa_span(n, left.start));
			struct strip_block block = { .start = piece.start,
						     .end = piece.end,
						     .nid = numa_node_of(n, piece.start),
						     .movable = numa_is_movable(n, piece.start) };

			if (!add_piece(strip, &block))
				return false;
			left.start = piece.end;
		}
	}
	return true;
}

/* Widths grow with the order of magnitude, or small nodes would not be seen beside large ones. */
static unsigned weight(const struct strip_block *b)
{
	unsigned bits = 1;

	for (uint64_t mib = (b->end - b->start) / MIB; mib; mib >>= 1)
		bits++;
	return bits;
}

void strip_init(struct strip *strip, const struct memblock *mb, const struct numa *n)
{
	unsigned taken, share, total = 0, cell = 0;

	if (!cut_into_blocks(strip, mb, n)) {
		strip->nr = 0;
		return;
	}
	for (unsigned i = 0; i < strip->nr; i++)
		total += weight(&strip->block[i]);
	taken = strip->nr * (STRIP_FRAME + STRIP_MIN);
	share = taken < STRIP_WIDTH ? STRIP_WIDTH - taken : 0;
	for (unsigned i = 0; i < strip->nr; i++) {
		struct strip_block *b = &strip->block[i];

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
	uint64_t size = b->end - b->start;
	uint64_t cell = (part.start - b->start) * b->cells / size;
	uint64_t last = (part.end - 1 - b->start) * b->cells / size;

	for (; cell <= last; cell++) {
		char *c = &strip->cell[b->cell + cell];
		char both = (*c ^ mark) == ('#' ^ 'K') ? '&' : mark;

		if (rank(both) > rank(*c))
			*c = both;
	}
}

void strip_mark(struct strip *strip, struct range r, char mark)
{
	for (unsigned i = 0; i < strip->nr; i++) {
		const struct strip_block *b = &strip->block[i];
		struct range part = range_clamp(r, (struct range){ b->start, b->end });

		if (!range_empty(part))
			mark_block(strip, b, part, mark);
	}
}
