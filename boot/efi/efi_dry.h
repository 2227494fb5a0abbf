/* SPDX-License-Identifier: MIT */
/* The firmware's side of a dry run. */
#ifndef BOOT_EFI_EFI_DRY_H
#define BOOT_EFI_EFI_DRY_H

#include <efi.h>

#include "kernel/state/bootinfo.h"

/*
 * Runs the dry run in the image loaded at `image`, whose facts are bi: it prints, and writes landfall.log if `save` is
 * given. Returns what the application shall return to firmware.
 */
EFI_STATUS efi_dry_run(char *image, struct bootinfo *bi);

#endif
