/* SPDX-License-Identifier: MIT */
/* The ways out: which consoles there are, what goes to them. */
#ifndef BOOT_DEV_CONSOLE_H
#define BOOT_DEV_CONSOLE_H

#include "kernel/state/bootinfo.h"
#include "kernel/report/canvas.h"
#include "kernel/state/options.h"

/*
 * platform.console_open: opens what the options ask for; NULL or one sentence saying what could not be had (COM1 is
 * open then).
 */
const char *console_open(void *ctx, const struct options *opt);

/* Opens a UART of the options that lies behind ports; NULL, or the sentence that it is not there. */
const char *console_open_port(const struct console_option *c);

/* Opens a screen that is memory; false for one that cannot be drawn on. */
bool console_open_canvas(const struct framebuffer *fb);

/* Opens what there is if nothing is open yet: for failures before the options are known. */
void console_open_fallback(void);

/* platform.write: to every open console. */
void console_write(void *ctx, const char *s, size_t len);

/* platform.canvas: the screen, if one is a console. */
bool console_canvas(void *ctx, struct canvas *out);

/* What is written from now on is written there: under the picture. */
void console_go_to_last_line(void);

/* Lets the last bytes leave; bounded. */
void console_drain(void);

#endif
