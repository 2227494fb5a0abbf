/* SPDX-License-Identifier: MIT */
/*
 * UEFI's memory map as boot facts: what Linux makes of it (arch/x86 EFI stub, setup_e820; efi_reserve_boot_services),
 * and its list of tables. Pure.
 */
#ifndef BOOT_EFI_MEMMAP_H
#define BOOT_EFI_MEMMAP_H

#include "kernel/state/bootinfo.h"

/* A map as GetMemoryMap gives it: descriptors of a size that the firmware chooses (UEFI 2.10, 7.2.3). */
struct efi_memmap {
	const void *descriptors;
	size_t size, descriptor_size;
};

struct efi_descriptor {
	uint32_t type, pad;
	uint64_t start, virt, pages, attributes;
};

/* Memory types of UEFI 2.10, table 7.10; those above are OEM's and loaders' own. */
enum efi_type {
	EFI_RESERVED,
	EFI_LOADER_CODE,
	EFI_LOADER_DATA,
	EFI_BOOT_CODE,
	EFI_BOOT_DATA,
	EFI_RUNTIME_CODE,
	EFI_RUNTIME_DATA,
	EFI_CONVENTIONAL,
	EFI_UNUSABLE,
	EFI_ACPI_RECLAIM,
	EFI_ACPI_NVS,
	EFI_MMIO,
	EFI_MMIO_PORTS,
	EFI_PAL_CODE,
	EFI_PERSISTENT,
};

#define EFI_ATTR_MORE_RELIABLE (1ull << 16)
#define EFI_ATTR_SPECIFIC_PURPOSE (1ull << 18)
#define EFI_ATTR_HOT_PLUGGABLE (1ull << 20)
#define EFI_ATTR_RUNTIME (1ull << 63)

/*
 * Reads the descriptor at byte *at of the map, 0 for the first, or the next one whose range is neither empty nor wraps
 * round; *at moves behind it. Returns false at the end, or when the sizes make no sense.
 */
MUST_CHECK bool efi_memmap_next(const struct efi_memmap *m, size_t *at, struct efi_descriptor *d);

/*
 * Fills map, keep (with the pages of bi's files), conventional, and runtime_gib of bi; other fields stay. A descriptor
 * that wraps round or is empty, or of a type unknown to Linux, is left out. ERR_MALFORMED: descriptors smaller than 40
 * bytes, or none. ERR_FULL: more ranges than bootinfo holds.
 */
MUST_CHECK enum status efi_memmap_convert(const struct efi_memmap *m, struct bootinfo *bi);

/*
 * Reads from one descriptor what a memory map of another kind does not say: keep, conventional, and runtime_gib. What
 * is empty or wraps round is left out. ERR_FULL as above.
 */
MUST_CHECK enum status efi_memmap_read(const struct efi_descriptor *d, struct bootinfo *bi);

/*
 * Finds RSDP and SMBIOS in the list of configuration tables at `at`; a table that cannot be read ends it. What is known
 * of either in bi stays, and so it does where the list has none.
 */
void efi_tables_find(const struct physmem *mem, phys_t at, uint64_t nr, struct bootinfo *bi);

#endif
