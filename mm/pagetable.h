/* SPDX-License-Identifier: MIT */
/* The format of x86-64 page tables and Linux's names for their levels: Intel SDM vol. 3A, 4.5. */
#ifndef MM_PAGETABLE_H
#define MM_PAGETABLE_H

#include "lib/base.h"

enum pt_level { PT_PTE, PT_PMD, PT_PUD, PT_P4D, PT_PGD, PT_LEVELS };

#define PT_ENTRIES 512

#define PT_PRESENT (1ull << 0)
#define PT_WRITE (1ull << 1)
#define PT_ACCESSED (1ull << 5)
#define PT_DIRTY (1ull << 6)
#define PT_LARGE (1ull << 7) /* PMD and PUD entries: a 2M or 1G leaf */
#define PT_GLOBAL (1ull << 8)
#define PT_NX (1ull << 63)
#define PT_ADDRESS 0x000ffffffffff000ull

#define PT_TABLE_FLAGS (PT_PRESENT | PT_WRITE | PT_ACCESSED | PT_DIRTY)
/* The direct map's leaves: Linux's PAGE_KERNEL. */
#define PT_LEAF_FLAGS (PT_PRESENT | PT_WRITE | PT_ACCESSED | PT_DIRTY | PT_GLOBAL | PT_NX)

/* Two neighbouring entries of a table: for PAIRWISE functions. */
typedef uint64_t pt_pair __attribute__((vector_size(16), may_alias));
#define PT_PAIRS (PT_ENTRIES / 2)

/*
 * Returns the logarithm of what one entry of that level maps: 4K, 2M, 1G, 512G, 256T. A PGD of 4-level tables maps 512G
 * an entry: it is like a P4D.
 */
static inline unsigned pt_shift(enum pt_level level)
{
	return PAGE_SHIFT + 9 * (unsigned)level;
}

/* Returns "pte", "pmd", "pud", "p4d" or "pgd". */
static inline const char *pt_level_name(enum pt_level level)
{
	return &"pte\0pmd\0pud\0p4d\0pgd"[4 * level];
}

/* Direct-map base without KASLR. */
#define PAGE_OFFSET_4LEVEL 0xffff888000000000ull
#define PAGE_OFFSET_5LEVEL 0xff11000000000000ull
/* End of what memory may be placed in: Linux's CPU entry area. */
#define DIRECT_MAP_LIMIT 0xfffffe0000000000ull
#define MAXMEM_4LEVEL (64 * TIB)
#define MAXMEM_5LEVEL (4096 * TIB)

#endif
