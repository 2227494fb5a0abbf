/* SPDX-License-Identifier: MIT */
/* The image inside the one file: unpacked, and entered on first tables of its own. */
#ifndef BOOT_FILE_PAYLOAD_H
#define BOOT_FILE_PAYLOAD_H

#include "boot/uefi.h"

/* Returns the image's words, as it was linked. */
const struct image_words *payload_words(void);

/* Returns the bytes of memory that the image needs, from a 2 MiB border on. */
size_t payload_size(void);

/* Returns false when the file is incomplete. */
bool payload_is_whole(void);

/* Returns the place, in an image at `image`, of something that the words give the link address of. */
void *payload_at(char *image, uint32_t link);

/* Puts the image there, its .bss zeroed. */
void payload_unpack(char *image);

/*
 * Goes to the image's entry, with the first and third arguments of boot_main. In long mode, on tables that map the
 * image, the code that runs and the stack where they are; no interrupts or firmware afterwards.
 */
_Noreturn void payload_enter(char *image, uint32_t magic, uint64_t info);

#endif
