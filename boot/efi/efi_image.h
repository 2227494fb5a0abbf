/* SPDX-License-Identifier: MIT */
/* The image inside the application, in memory that firmware gives. */
#ifndef BOOT_EFI_EFI_IMAGE_H
#define BOOT_EFI_EFI_IMAGE_H

#include <efi.h>

#include "lib/base.h"

/* Memory below 4 GiB for the image, 2 MiB aligned, with the image in it and its .bss zeroed. */
EFI_STATUS efi_image_load(char **image);

/*
 * Makes the image's text executable where firmware says what is (and writable again); its memory free again. For dry
 * runs.
 */
EFI_STATUS efi_image_protect(const char *image, bool text);
void efi_image_unload(char *image);

#endif
