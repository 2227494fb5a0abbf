/* SPDX-License-Identifier: MIT */
/* The image inside the application, in memory that firmware gives. */
#ifndef BOOT_EFI_EFI_IMAGE_H
#define BOOT_EFI_EFI_IMAGE_H

#include <efi.h>

#include "lib/base.h"

/*
 * Allocates memory below 4 GiB for the image, 2 MiB aligned, copies the image into it and zeroes its .bss; *image
 * receives the address.
 */
EFI_STATUS efi_image_load(char **image);

/*
 * Makes the image's text executable, or with `text` false writable again, where firmware decides what is executable. A
 * dry run needs it.
 */
EFI_STATUS efi_image_protect(const char *image, bool text);

/* Frees the image's memory after a dry run. */
void efi_image_unload(char *image);

#endif
