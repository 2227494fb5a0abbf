/* SPDX-License-Identifier: MIT */
/* Cuts memory into blocks, gives each its share of the line, and marks cells by address. */
#include "kernel/report/picture.h"

#define LARGE_HOLE GIB

static const char priority[] = ".~#K!"; /* later wins */

/* Appends [start, end) to the last block or begins a new one; false when there is no room. */
static bool add_piece(struct picture *pic, const struct picture_block *piece)
{
	struct picture_block *last = pic->nr ? &pic->block[pic->nr - 1] : NULL;

	if (last && last->nid == piece->nid && last->movable == piece->movable &&
	    piece->start - last->end < LARGE_HOLE) {
		last->end = piece->end;
		return true;
	}
	if (pic->nr == PICTURE_BLOCKS)
		return false;
	pic->block[pic->nr++] = *piece;
	return true;
}

static bool cut_into_blocks(struct picture *pic, const struct memblock *mb, const struct numa *n)
{
	pic->nr = 0;
	for (size_t i = 0; i < mb->memory.nr; i++) {
		struct range left = { mb->memory.r[i].start, mb->memory.r[i].end };

		while (!range_empty(left)) {
			struct range piece = range_clamp(left, numa_span(n, left.start));
			struct picture_block block = { .start = piece.start,
						       .end = piece.end,
						       .nid = numa_node_of(n, piece.start),
						       .movable = numa_is_movable(n, piece.start) };

			if (!add_piece(pic, &block))
				return false;
			left.start = piece.end;
		}
	}
	return true;
}

/* Widths grow with the order of magnitude, or small nodes would not be seen beside large ones. */
static unsigned weight(const struct picture_block *b)
{
	unsigned bits = 1;

	for (uint64_t mib = (b->end - b->start) / MIB; mib; mib >>= 1)
		bits++;
	return bits;
}

void picture_init(struct picture *pic, const struct memblock *mb, const struct numa *n)
{
	unsigned taken, share, total = 0, cell = 0;

	if (!cut_into_blocks(pic, mb, n)) {
		pic->nr = 0;
		return;
	}
	for (unsigned i = 0; i < pic->nr; i++)
		total += weight(&pic->block[i]);
	taken = pic->nr * (PICTURE_FRAME + PICTURE_MIN);
	share = taken < PICTURE_WIDTH ? PICTURE_WIDTH - taken : 0;
	for (unsigned i = 0; i < pic->nr; i++) {
		struct picture_block *b = &pic->block[i];

		b->cell = cell;
		b->cells = PICTURE_MIN + weight(b) * share / total;
		cell += b->cells;
		memset(pic->cell + b->cell, b->movable ? '~' : '.', b->cells);
	}
}

static unsigned rank(char c)
{
	unsigned i = 0;

	while (priority[i] && priority[i] != c)
		i++;
	return i;
}

static void mark_block(struct picture *pic, const struct picture_block *b, struct range part, char mark)
{
	uint64_t size = b->end - b->start;
	uint64_t cell = (part.start - b->start) * b->cells / size;
	uint64_t last = (part.end - 1 - b->start) * b->cells / size;

	for (; cell <= last; cell++) {
		char *c = &pic->cell[b->cell + cell];

		if (rank(mark) > rank(*c))
			*c = mark;
	}
}

void picture_mark(struct picture *pic, struct range r, char mark)
{
	for (unsigned i = 0; i < pic->nr; i++) {
		const struct picture_block *b = &pic->block[i];
		struct range part = range_clamp(r, (struct range){ b->start, b->end });

		if (!range_empty(part))
			mark_block(pic, b, part, mark);
	}
}
