/* SPDX-License-Identifier: MIT */
/* The screen as firmware has it, and a canvas in memory that the picture is drawn on. */
#ifndef BOOT_EFI_EFI_SCREEN_H
#define BOOT_EFI_EFI_SCREEN_H

#include "kernel/state/bootinfo.h"

/* Reads what screen there is; its kind becomes FRAMEBUFFER_NONE when none can be drawn into. */
void efi_screen_read(struct framebuffer *screen);

/* Allocates memory of the screen's size to draw on. Returns false when there is no screen or no memory. */
bool efi_screen_canvas(struct framebuffer *canvas);

/* Copies the canvas to the screen. */
void efi_screen_show(void);

/* Waits until a key is pressed, but not for ever; then makes the screen what it was, and frees the canvas. */
void efi_screen_end(void);

#endif
