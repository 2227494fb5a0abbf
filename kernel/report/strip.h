/* SPDX-License-Identifier: MIT */
/* Physical memory as a line of characters, node by node, large holes left out. */
#ifndef KERNEL_REPORT_STRIP_H
#define KERNEL_REPORT_STRIP_H

#include "mm/numa.h"

#define STRIP_BLOCKS 64
#define STRIP_WIDTH 64 /* columns, if every block can have STRIP_MIN cells */
#define STRIP_MIN 2
#define STRIP_FRAME 4 /* columns of a block beside its cells: " 1[", "]" */

/* Memory of one node and kind without a large hole. */
struct strip_block {
	struct range r;
	int nid;
	bool movable;
	unsigned cell, cells; /* first, number */
};

struct strip {
	unsigned nr; /* 0: more blocks than fit */
	struct strip_block block[STRIP_BLOCKS];
	char cell[STRIP_WIDTH + STRIP_BLOCKS * STRIP_MIN];
};

/* Draws an empty strip: '.' is memory, '~' movable memory. Needs numa_judge. */
void strip_init(struct strip *strip, const struct memblock *mb, const struct numa *n);

/* Puts `mark` over r; '#' and 'K' win over memory, in one cell they are '&'; '!' wins over all. */
void strip_mark(struct strip *strip, struct range r, char mark);

#endif
