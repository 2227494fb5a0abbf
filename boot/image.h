/* SPDX-License-Identifier: MIT */
/* The image as the linker script lays it out. Addresses are those of the running image, wherever it lies. */
#ifndef BOOT_IMAGE_H
#define BOOT_IMAGE_H

#include "boot/image_layout.h"
#include "lib/base.h"

/* image_first is the boot page, which is linked elsewhere but always lies right before .text. */
extern char image_first[], text_start[], rodata_start[], data_start[], image_data_end[], image_end[], pt_buffer[];
extern char boot_stack_guard[], boot_stack_top[];
extern const char relr_start[], relr_end[];

static inline uint64_t image_size(void)
{
	return (uint64_t)(image_end - image_first);
}

/* Returns how far behind the image's first byte something of it lies. */
static inline uint64_t image_offset(const void *at)
{
	return (uint64_t)((const char *)at - image_first);
}

#endif
