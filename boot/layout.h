/* SPDX-License-Identifier: MIT */
/*
 * The numbers that C, NASM and the linker script share about the image. Only #define NAME NUMBER, a line each: the
 * Makefile makes NASM's form of them, the linker script goes through the preprocessor.
 */
#ifndef BOOT_LAYOUT_H
#define BOOT_LAYOUT_H

#define LOAD_PHYS 0x1000000 /* where the image is linked to be loaded */
#define LINK_VIRT 0xffffffff81000000
#define IMAGE_HEADERS 0x1c0 /* bytes kept for the ELF headers in front of the boot page's first word */
#define WORDS_OFFSET 0x40   /* of struct image_words, from there */
#define ENTRY_OFFSET 0x80   /* of the 32-bit code, from there */
#define IMAGE_SLOT 0x200000 /* alignment of the image, and the most it needs */

/* What the first argument of boot_main says of the second and third: who called. */
#define UEFI_MAGIC 0x4c465545

#endif
