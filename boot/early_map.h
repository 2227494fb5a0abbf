/* SPDX-License-Identifier: MIT */
/*
 * The tables Landfall runs on until a direct map is loaded: the image with its permissions, and a window of four 2 MiB
 * mappings through which physical memory is reached a piece at a time; beside them, the devices used as consoles.
 * Nothing else is mapped.
 */
#ifndef BOOT_EARLY_MAP_H
#define BOOT_EARLY_MAP_H

#include "kernel/state/platform.h"
#include "mm/pagetable.h"

#define WINDOW_SLOTS 4
#define DEVICE_SLOT 8                     /* the window's slots from here on are for devices */
#define WINDOW_VIRT 0xffffffffc0000000ull /* right above the 1 GiB in which the image may lie */
#define KERNEL_WINDOW_VIRT 0xffffffff80000000ull

/* One page each; entry.asm knows the order. */
struct early_tables {
	uint64_t pgd[PT_ENTRIES], p4d[PT_ENTRIES], pud[PT_ENTRIES];
	uint64_t pmd[PT_ENTRIES];    /* the 1 GiB in which the image may lie */
	uint64_t pte[PT_ENTRIES];    /* the image */
	uint64_t window[PT_ENTRIES]; /* the window's PMDs */
};

/* How many of these are in use. */
#define EARLY_TABLES(levels) ((levels) + 1)

/* Where an image is, or shall be. */
struct image_place {
	phys_t phys;   /* 2M aligned */
	uint64_t virt; /* 2M aligned, in [KERNEL_WINDOW_VIRT + 16M, + 1G) */
	unsigned levels;
};

/*
 * Maps the 2 MiB around `at` where they are, by three zeroed pages at physical address `phys`. Returns the entry for a
 * top table of so many levels.
 */
static inline uint64_t map_identity(void *pages, phys_t phys, phys_t at, unsigned levels)
{
	uint64_t *pmd = pages, *pud = pmd + PT_ENTRIES, *p4d = pud + PT_ENTRIES;

	pmd[at / (2 * MIB) % PT_ENTRIES] = align_down(at, 2 * MIB) | PT_TABLE_FLAGS | PT_LARGE;
	pud[at / GIB % PT_ENTRIES] = phys | PT_TABLE_FLAGS;
	p4d[at / (512 * GIB) % PT_ENTRIES] = (phys + PAGE_SIZE) | PT_TABLE_FLAGS;
	return (phys + (levels == 5 ? 2 : 1) * PAGE_SIZE) | PT_TABLE_FLAGS;
}

/*
 * Replaces the first, coarse tables by real ones: W^X for the image, a guard page under the stack, the window. It
 * uses the set of tables that the entry did not. From then on window_map can be used.
 */
void early_map_init(const struct image_place *place, unsigned phys_bits);

/*
 * Builds a set of tables for an image at `place`, in the copy of the image that is mapped at `copy` (the running image
 * itself is a copy too): the set that the running image does not use. Returns its physical address for CR3.
 */
phys_t early_map_build(char *copy, const struct image_place *place);

/* Takes note that the CPU now runs on the set built last, at `place`. The window is empty then. */
void early_map_switched(const struct image_place *place);

/* The first keeps the old image mapped at its old address in tables just built, until the second is called. */
void early_map_keep_old(char *copy, const struct image_place *old);
void early_map_forget_old(const struct image_place *old);

/* Returns the physical address of the top table in use. */
phys_t early_map_root(void);

/* Fills the entries of another top table that keep image and window mapped. */
void early_map_share(uint64_t *pgd);

/*
 * Returns where the byte at physical address `at` is mapped, good until the end of its 2 MiB and until another piece is
 * asked for; NULL when the CPU has no such address.
 */
void *window_map(phys_t at);

/* How the CPU may write to a device: at once, or (a framebuffer) collected into lines. */
enum device_kind { DEVICE_REGISTERS, DEVICE_PIXELS };

/*
 * Maps [at, at + size) of a device, not cached, for good: the address stays the same over the move and in every map.
 * The same piece asked for again is not mapped twice. Returns where it is mapped; NULL when the CPU has no such address
 * or no room is left.
 */
void *device_map(phys_t at, uint64_t size, enum device_kind kind);

/* Read those bytes for a struct physmem, and return a page-table page for a struct pt_memory. */
bool window_read(void *ctx, phys_t at, void *buf, size_t len);
uint64_t *window_table(void *ctx, phys_t table);

#endif
