/* SPDX-License-Identifier: MIT */
/* The firmware's side of a dry run. */
#ifndef BOOT_EFI_EFI_DRY_H
#define BOOT_EFI_EFI_DRY_H

#include <efi.h>

/*
 * Runs the dry run in the image loaded at `image`: it prints, and writes landfall.log if `save` is given. Returns what
 * the application shall return to firmware.
 */
EFI_STATUS efi_dry_run(char *image);

#endif
