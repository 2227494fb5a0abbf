/* SPDX-License-Identifier: MIT */
/* Physical memory as a line of characters, node by node, large holes left out. */
#ifndef KERNEL_REPORT_PICTURE_H
#define KERNEL_REPORT_PICTURE_H

#include "mm/numa.h"

#define PICTURE_BLOCKS 64
#define PICTURE_WIDTH 64 /* columns, if every block can have PICTURE_MIN cells */
#define PICTURE_MIN 2
#define PICTURE_FRAME 4 /* columns of a block beside its cells: " 1[", "]" */

/* Memory of one node and kind without a large hole. */
struct picture_block {
	phys_t start, end;
	int nid;
	bool movable;
	unsigned cell, cells; /* first, number */
};

struct picture {
	unsigned nr; /* 0: more blocks than fit */
	struct picture_block block[PICTURE_BLOCKS];
	char cell[PICTURE_WIDTH + PICTURE_BLOCKS * PICTURE_MIN];
};

/* '.' memory, '~' movable memory. Needs numa_judge. */
void picture_init(struct picture *pic, const struct memblock *mb, const struct numa *n);

/* Puts `mark` over r; '#' wins over memory, 'K' over '#', '!' over all. */
void picture_mark(struct picture *pic, struct range r, char mark);

#endif
