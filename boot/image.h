/* SPDX-License-Identifier: MIT */
/* The image as the linker script lays it out. Addresses are those of the running image, wherever it lies. */
#ifndef BOOT_IMAGE_H
#define BOOT_IMAGE_H

#include "lib/base.h"

#define LINK_VIRT 0xffffffff81000000ull /* linker.ld */
#define LOAD_PHYS 0x1000000ull
#define IMAGE_SLOT (2 * MIB)                /* the image never needs more */
#define BOOT_VAR_LEVELS_SWITCH (0x180 + 88) /* offset of the word that holds the link address of levels_switch_low */

extern char image_first[], text_start[], rodata_start[], data_start[], image_data_end[], image_end[], pt_buffer[];
extern char boot_stack_guard[], boot_stack_top[];
extern const char relr_start[], relr_end[];

/* First byte of the image: its boot page, which is linked elsewhere but always lies right before .text. */
static inline char *image_start(void)
{
	return image_first;
}

static inline uint64_t image_size(void)
{
	return (uint64_t)(image_end - image_start());
}

#endif
