/* SPDX-License-Identifier: MIT */
/* The command line of the UEFI application. */
#ifndef BOOT_EFI_EFI_OPTIONS_H
#define BOOT_EFI_EFI_OPTIONS_H

#include "kernel/state/bootinfo.h"

/* Fills bi->cmdline from the load options, or from landfall.cfg. What it cannot use becomes a note. */
void efi_options_read(struct bootinfo *bi);

/* Returns true when `word`, in quotes or not, is one of the command line's words. */
bool efi_options_have(const struct bootinfo *bi, const char *word);

#endif
