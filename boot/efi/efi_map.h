/* SPDX-License-Identifier: MIT */
/* The memory map as firmware gives it. */
#ifndef BOOT_EFI_EFI_MAP_H
#define BOOT_EFI_EFI_MAP_H

#include <efi.h>

#include "boot/efi_memmap.h"

/* A memory map, with room for it to grow; `key` is what ExitBootServices asks for. */
struct efi_map {
	void *buffer;
	UINTN capacity, key;
	struct efi_memmap map;
};

/* Allocates the buffer and reads the map into it. */
EFI_STATUS efi_map_init(struct efi_map *m);

/* Reads the map again, into the same buffer: between two tries of ExitBootServices nothing else may be called. */
EFI_STATUS efi_map_read(struct efi_map *m);

#endif
