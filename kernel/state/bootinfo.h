/* SPDX-License-Identifier: MIT */
/*
 * What any loader must tell: the contract between boot/ and kernel/. Filled inside the image, no pointers, so it moves
 * with it.
 */
#ifndef KERNEL_STATE_BOOTINFO_H
#define KERNEL_STATE_BOOTINFO_H

#include "mm/e820.h"

#define CMDLINE_MAX 16384
#define LOADER_NAME_MAX 64
#define BOOT_MAX_KEEP 1024
#define BOOT_MAX_FILES 512
#define BOOT_MAX_CONVENTIONAL 1024
#define BOOT_RUNTIME_GIB 512 /* what four-level tables reach through one PUD page */
#define BOOT_RANDOM_WORDS 8
#define BOOT_NOTES_MAX 512

enum boot_protocol {
	BOOT_MULTIBOOT1,
	BOOT_MULTIBOOT2,
	BOOT_LINUX,
	BOOT_PVH,
	BOOT_UEFI,
	BOOT_PREDICT, /* none: a prediction on a host */
};

/* What a range is kept for: neither KASLR nor the page tables may use it. */
enum keep_reason { KEEP_MODULE, KEEP_BOOT_SERVICES };

/* What UEFI says of free memory beyond that it is free: bits. */
enum memory_mark { MEMORY_MIRRORED = 1, MEMORY_HOT_PLUGGABLE = 2 };

struct boot_keep {
	struct range r;
	enum keep_reason why;
};

/* The screen as the loader left it. A mask says which bits of a pixel hold that colour. */
enum framebuffer_kind { FRAMEBUFFER_NONE, FRAMEBUFFER_PIXELS, FRAMEBUFFER_TEXT };

struct framebuffer {
	enum framebuffer_kind kind;
	phys_t address;
	uint32_t pitch;         /* bytes from one row to the next */
	uint32_t width, height; /* pixels; of a text screen characters */
	uint32_t bpp;           /* 15, 16, 24 or 32 bits in memory for a pixel */
	uint32_t red, green, blue;
};

struct bootinfo {
	enum boot_protocol protocol;
	enum status told;       /* not OK: the loader's information is damaged: an error, said by the kernel */
	bool cmdline_truncated; /* the loader's line did not fit: an error, said by the kernel */
	bool map_cut;           /* the loader's memory map did not fit: a warning, said by the kernel */
	struct range image;     /* where the image is now: 2M aligned start, up to _end */
	struct range buffer;    /* the page-table buffer inside it */
	phys_t pgd;             /* the top table of the direct map, inside the image */
	unsigned image_tables;  /* pages of Landfall's own tables (image, early window), inside the image */
	phys_t rsdp;            /* PHYS_NONE: scan for it */
	phys_t smbios;          /* entry point; PHYS_NONE: scan for it */
	size_t nr_keep;
	size_t nr_files;
	size_t nr_conventional; /* UEFI: EfiConventionalMemory, what KASLR may take; 0: RAM of the map */
	unsigned nr_random;     /* UEFI: words that its random number generator gave */
	bool no_bios;           /* UEFI's memory: there is no BIOS data area */
	phys_t efi_reset;       /* UEFI: the ResetSystem service; 0: none */
	struct framebuffer screen;
	char loader[LOADER_NAME_MAX]; /* as the loader names itself; printable ASCII */
	char cmdline[CMDLINE_MAX];    /* options only: a file name put first by the loader is already gone */
	struct e820 map;              /* as told, not yet sanitised; empty: an error, said by the kernel */
	struct boot_keep keep[BOOT_MAX_KEEP];
	struct range file
		[BOOT_MAX_FILES]; /* exact bytes of the modules: one may be an ACPI table; whole pages are in keep */
	struct range conventional[BOOT_MAX_CONVENTIONAL];
	uint8_t conventional_marks[BOOT_MAX_CONVENTIONAL]; /* enum memory_mark of each */
	char notes[BOOT_NOTES_MAX]; /* what the loader did without, a sentence a line; said by the kernel */
	uint64_t random[BOOT_RANDOM_WORDS];
	uint64_t runtime_gib[BOOT_RUNTIME_GIB / 64]; /* UEFI: a bit for each GiB with memory of runtime services */
};

#endif
