/* SPDX-License-Identifier: MIT */
/* What the application did without. */
#ifndef BOOT_EFI_EFI_NOTE_H
#define BOOT_EFI_EFI_NOTE_H

#include "kernel/state/bootinfo.h"

/* Adds a line to bi->notes, or drops it where there is no room for it. */
void efi_note(struct bootinfo *bi, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
