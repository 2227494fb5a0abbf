/* SPDX-License-Identifier: MIT */
/* The image inside the application, in memory that firmware gives. */
#ifndef BOOT_EFI_EFI_IMAGE_H
#define BOOT_EFI_EFI_IMAGE_H

#include <efi.h>

#include "lib/base.h"

/* Puts the image at *image, in memory of its own below 4 GiB, 2 MiB aligned, and zeroes its .bss. */
EFI_STATUS efi_image_load(char **image);

/* Makes the image's text executable for a dry run, or with `text` false writable again, where firmware decides that. */
EFI_STATUS efi_image_protect(const char *image, bool text);

/* Frees the image's memory after a dry run. */
void efi_image_unload(char *image);

#endif
