/* SPDX-License-Identifier: MIT */
/* The screen as firmware has it, and a canvas in memory that the picture is drawn on. */
#ifndef BOOT_EFI_EFI_SCREEN_H
#define BOOT_EFI_EFI_SCREEN_H

#include "kernel/state/bootinfo.h"

/* Reads the screen as it is; its kind is FRAMEBUFFER_NONE when there is none that can be drawn into. */
void efi_screen_read(struct framebuffer *screen);

/* Allocates memory to draw on, of the screen's size. Returns false when there is no screen or no memory. */
bool efi_screen_canvas(struct framebuffer *canvas);

/* Puts the canvas on the screen. */
void efi_screen_show(void);

/* Waits, bounded, until a key is pressed; then makes the screen what it was, and frees the canvas. */
void efi_screen_end(void);

#endif
