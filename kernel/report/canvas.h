/* SPDX-License-Identifier: MIT */
/*
 * What the picture is drawn on: filled boxes and words. The picture (picture.h) decides what goes where, a canvas how
 * that becomes pixels or the cells of a text screen. These two words are all there are for the drawing.
 */
#ifndef KERNEL_REPORT_CANVAS_H
#define KERNEL_REPORT_CANVAS_H

#include "lib/base.h"

enum colour {
	COLOUR_BACK,
	COLOUR_BAND, /* behind the title */
	COLOUR_TITLE,
	COLOUR_TEXT,
	COLOUR_DIM,
	COLOUR_GOOD,
	COLOUR_WARNING,
	COLOUR_STAIN,   /* and errors */
	COLOUR_MEMORY,  /* that stays */
	COLOUR_MOVABLE, /* hatched */
	COLOUR_IMAGE,
	COLOUR_LANE,   /* where no page table is */
	COLOUR_POLICY, /* the first of eight */
	COLOURS = COLOUR_POLICY + 8,
};

struct box {
	unsigned x, y, width, height;
};

/* Where words begin, and on which ground. Everything is measured in dots, from the upper left corner. */
struct spot {
	unsigned x, y;
	enum colour colour, ground;
};

struct canvas {
	unsigned width, height;
	unsigned column, line; /* size of a character */
	bool fine;             /* boxes may be placed anywhere; otherwise whole characters are filled */
	void (*fill)(void *ctx, struct box b, enum colour colour);
	/* Ends at the right edge. */
	void (*text)(void *ctx, struct spot at, const char *s);
	void *ctx;
};

#endif
