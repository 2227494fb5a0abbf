/* SPDX-License-Identifier: MIT */
/* The image inside the application. */
#ifndef BOOT_EFI_EFI_IMAGE_H
#define BOOT_EFI_EFI_IMAGE_H

#include <efi.h>

#include "boot/uefi.h"

/* The image inside the application, as it was linked. */
const struct image_words *efi_image_words(void);

/* The place in an image loaded at `image` of something that image_words gives the link address of. */
void *efi_image_at(char *image, uint32_t link);

/* Memory below 4 GiB for the image, 2 MiB aligned, with the image in it and its .bss zeroed. */
EFI_STATUS efi_image_load(char **image);

/*
 * Makes the image's text executable where firmware says what is (and writable again); its memory free again. For dry
 * runs.
 */
EFI_STATUS efi_image_protect(const char *image, bool text);
void efi_image_unload(char *image);

/* Goes to the image's entry: after ExitBootServices. */
_Noreturn void efi_image_enter(char *image);

#endif
