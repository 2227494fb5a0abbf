/* SPDX-License-Identifier: MIT */
/* The glyphs of printable ASCII, eight dots wide. tools/font makes them at build time. */
#ifndef BOOT_DEV_FONT_H
#define BOOT_DEV_FONT_H

#include "lib/base.h"

#define FONT_FIRST ' '
#define FONT_LAST '~'
#define FONT_WIDTH 8
#define FONT_HEIGHT 16

/* A byte a row, the leftmost dot in bit 7. */
extern const uint8_t font_glyphs[FONT_LAST - FONT_FIRST + 1][FONT_HEIGHT];

#endif
