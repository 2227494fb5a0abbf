/* SPDX-License-Identifier: MIT */
/* The firmware's memory map: taken as told, sanitised once, then only read. */
#ifndef MM_E820_H
#define MM_E820_H

#include "mm/regions.h"

#define E820_MAX 4096 /* machines with more than 512 entries are real */

/* Values as firmware and Linux give them. When entries overlap, the higher value wins, as in Linux. */
enum e820_type {
	E820_RAM = 1,
	E820_RESERVED = 2,
	E820_ACPI = 3,
	E820_NVS = 4,
	E820_UNUSABLE = 5,
	E820_PMEM = 7,
	E820_PRAM = 12,                       /* legacy persistent memory, memmap=nn!ss */
	E820_SOFT_RESERVED = (int)0x7fffffff, /* EFI_MEMORY_SP: ordinary memory set aside for drivers */
};

struct e820 {
	size_t nr;
	struct region e[E820_MAX];
};

/* Appends [start, start + size) as told, unless it is empty. ERR_MALFORMED: it wraps round. ERR_FULL: no place. */
MUST_CHECK enum status e820_add(struct e820 *m, phys_t start, uint64_t size, enum e820_type type);

/*
 * Sorts by address, gives every byte one type (the highest of those told for it), joins touching entries of one type;
 * type 0 vanishes. Follows Linux's e820__update_table. Fails with ERR_FULL, and the map is unusable, when the pieces
 * and the entries not yet looked at are too many.
 */
MUST_CHECK enum status e820_sanitize(struct e820 *m);

/* Returns the index of the first entry of a sanitised map that ends above p; m->nr when there is none. */
size_t e820_first(const struct e820 *m, phys_t p);

/* Gives the bytes of a sanitised map in r whose type is `from` the type `to` (Linux's e820__range_update). */
MUST_CHECK enum status e820_update(struct e820 *m, struct range r, enum e820_type from, enum e820_type to);

/* Takes the bytes in r out of a sanitised map; with type != 0 only those of that type. */
MUST_CHECK enum status e820_remove(struct e820 *m, struct range r, enum e820_type type);

/* Returns the end of RAM below limit, rounded down to a page: Linux's max_pfn * 4K. 0 says that there is no RAM. */
phys_t e820_end_of_ram(const struct e820 *m, phys_t limit);

/* Returns whether every byte of r has that type in a sanitised map. */
bool e820_covers(const struct e820 *m, struct range r, enum e820_type type);

/*
 * What a type is called in records ("usable", "reserved", "acpi", "nvs", "unusable", "persistent", "soft-reserved") and
 * in a BIOS-e820 line ("usable", "reserved", "ACPI data", "ACPI NVS", "unusable", ...).
 */
struct e820_names {
	enum e820_type type;
	const char *ours, *in_linux;
};

/* Returns what a type is called: one that is not known "unknown". */
const struct e820_names *e820_names(enum e820_type type);

#endif
