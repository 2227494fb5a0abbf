/* SPDX-License-Identifier: MIT */
/* The firmware's side of a dry run. */
#ifndef BOOT_EFI_EFI_DRY_H
#define BOOT_EFI_EFI_DRY_H

#include <efi.h>

/*
 * The dry run in the image loaded at `image`: prints, writes landfall.log if `save` is given, and returns what the
 * application shall.
 */
EFI_STATUS efi_dry_run(char *image);

#endif
