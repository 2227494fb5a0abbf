/* SPDX-License-Identifier: MIT */
/* The screen as firmware has it, and a canvas in memory that the picture is drawn on. */
#ifndef BOOT_EFI_EFI_SCREEN_H
#define BOOT_EFI_EFI_SCREEN_H

#include "kernel/state/bootinfo.h"

/* The screen as it is; kind FRAMEBUFFER_NONE when there is none that can be drawn into. */
void efi_screen_read(struct framebuffer *screen);

/* Memory to draw on, of the screen's size; false when there is no screen or no memory. */
bool efi_screen_canvas(struct framebuffer *canvas);

/* Puts the canvas on the screen. */
void efi_screen_show(void);

/* What was shown stays until a key is pressed, bounded; then the screen is as it was, and the canvas freed. */
void efi_screen_end(void);

#endif
