/* SPDX-License-Identifier: MIT */
/* The ways out: which consoles there are, what goes to them. */
#ifndef BOOT_DEV_CONSOLE_H
#define BOOT_DEV_CONSOLE_H

#include "kernel/state/bootinfo.h"
#include "kernel/report/canvas.h"
#include "kernel/state/options.h"

/* platform.console_open: opens what is asked for; NULL, or one sentence saying what is missing (COM1 is open then). */
const char *console_open(void *ctx, const struct options *opt);

/* Opens a UART of the options. Returns NULL, or the sentence that it is not there. */
const char *console_open_uart(const struct console_option *c);

/* Opens a screen that is memory. Returns false for one that cannot be drawn on. */
bool console_open_canvas(const struct framebuffer *fb);

/* Opens what there is if nothing is open yet, for failures before the options are known. */
void console_open_fallback(void);

/* Writes to every open console: platform.write. */
void console_write(void *ctx, const char *s, size_t len);

/* Gives the screen to draw on, if one is a console: platform.canvas. */
bool console_canvas(void *ctx, struct canvas *out);

/* Lets what is written from now on appear on the last line, under the picture. */
void console_go_to_last_line(void);

/* Waits, bounded, until the last bytes have left. */
void console_drain(void);

#endif
