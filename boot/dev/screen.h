/* SPDX-License-Identifier: MIT */
/*
 * A screen: text that scrolls, and a canvas for the picture at the end; on a framebuffer of pixels or on VGA text.
 * Never reads the screen: what it shows is kept here.
 */
#ifndef BOOT_DEV_SCREEN_H
#define BOOT_DEV_SCREEN_H

#include "kernel/state/bootinfo.h"
#include "kernel/report/canvas.h"

#define SCREEN_COLUMNS 200
#define SCREEN_ROWS 100

struct screen {
	struct framebuffer fb;
	uint64_t base;          /* virtual address of the first pixel or character */
	unsigned grow;          /* pixels for a dot of the font: 1, 2 or 4 */
	unsigned columns, rows; /* of text */
	unsigned row;           /* where the next line goes */
	uint32_t pixel[COLOURS];
	uint8_t colour[SCREEN_ROWS];
	char text[SCREEN_ROWS][SCREEN_COLUMNS];
};

/* Returns the bytes that the framebuffer takes, or 0 when it is none that we can draw on (size, pitch, format). */
uint64_t screen_size(const struct framebuffer *fb);

/* Opens a framebuffer of screen_size bytes that is mapped at `base`, and clears it. */
void screen_open(struct screen *s, const struct framebuffer *fb, uint64_t base);

/* Shows one line of the log, given with its line end. Records are for machines and not shown. */
void screen_write(struct screen *s, const char *line, size_t len);

/* Returns the whole screen to draw on, over the text. It is good until the screen is moved. */
struct canvas screen_canvas(struct screen *s);

#endif
