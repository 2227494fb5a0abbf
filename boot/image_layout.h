/* SPDX-License-Identifier: MIT */
/*
 * The numbers that C, NASM and the linker script share about the image. Only #define NAME NUMBER, a line each: the
 * Makefile makes NASM's form of them, the linker script goes through the preprocessor.
 */
#ifndef BOOT_IMAGE_LAYOUT_H
#define BOOT_IMAGE_LAYOUT_H

#define LOAD_PHYS 0x1000000 /* where the image is linked to be loaded */
#define LINK_VIRT 0xffffffff81000000
/* Offsets in the image's first page, the boot page: what loaders read of the ELF comes first. */
#define IMAGE_HEADERS 0x1c0 /* the Multiboot headers, behind the ELF's */
#define IMAGE_WORDS 0x240   /* struct image_words (boot/uefi.h) */
#define IMAGE_ENTRY 0x280   /* the 32-bit code */
#define FONT_ROOM 0x600     /* for the screen's font, at the end of the boot page */

#define IMAGE_SLOT 0x200000 /* alignment of the image, and the most it needs */

/* The first argument of boot_main: who called, and what its third is then. */
#define UEFI_MAGIC 0x4c465545  /* nothing: the application has filled the handover */
#define LINUX_MAGIC 0x53726448 /* boot_params of the Linux boot protocol */
#define PVH_MAGIC 0x336ec578   /* hvm_start_info */

#endif
