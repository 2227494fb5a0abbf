/* SPDX-License-Identifier: MIT */
/*
 * Where an image may be placed: Linux's two choosers of a physical base, as lists of slots.
 * reference: arch/x86/boot/compressed/kaslr.c (decompressor) and drivers/firmware/efi/libstub/randomalloc.c (EFI stub).
 */
#ifndef MM_KASLR_H
#define MM_KASLR_H

#include "lib/base.h"

#define KASLR_ALIGN (2 * MIB)       /* CONFIG_PHYSICAL_ALIGN */
#define KASLR_PREFERRED (16 * MIB)  /* LOAD_PHYSICAL_ADDR: where the image is loaded */
#define KASLR_MAX_AREAS 100         /* the chooser stops scanning when it has that many, as Linux does */
#define KASLR_VIRT_WINDOW (1 * GIB) /* KERNEL_IMAGE_SIZE: virtual bases lie in [16M, 1G) of the top window */

/* A run of slots: bases start, start + 2M, ... */
struct kaslr_area {
	phys_t start;
	uint64_t slots;
};

struct kaslr_slots {
	size_t nr;
	uint64_t total;
	bool truncated; /* the scan stopped at KASLR_MAX_AREAS */
	struct kaslr_area area[KASLR_MAX_AREAS];
};

struct kaslr_request {
	const struct range *ram; /* candidate memory, in table order */
	size_t nr_ram;
	const struct range *immovable; /* what is not hot-pluggable, in SRAT order; none: no restriction at all */
	size_t nr_immovable;
	const struct range *avoid; /* what the image must not overlap, any order */
	size_t nr_avoid;
	phys_t min;          /* lowest base; rounded up to 2M */
	phys_t limit;        /* end of the last image byte */
	uint64_t image_size; /* what a slot must hold; a multiple of 2M */
};

/*
 * Lists all slots of the decompressor's chooser in Linux's order. An image never spans two candidates. Those of the EFI
 * stub's chooser are the same without `immovable` and `avoid`: it does not read SRAT, and firmware's own map says what
 * is free.
 */
void kaslr_find_slots(const struct kaslr_request *q, struct kaslr_slots *out);

/* Returns the base of slot `index`, counted over the areas in order; PHYS_NONE when there is no such slot. */
phys_t kaslr_slot_base(const struct kaslr_slots *s, uint64_t index);

/* Returns how many virtual bases an image of that size has: 1 + (1G - 16M - size) / 2M, or 0 when it does not fit. */
uint64_t kaslr_virt_slots(uint64_t image_size);

#endif
