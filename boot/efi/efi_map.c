/* SPDX-License-Identifier: MIT */
/* Reads the firmware's memory map into a buffer that is large enough for it to grow. */
#include "boot/efi/efi_map.h"

#include "boot/efi/efi.h"

#define SPARE_DESCRIPTORS 64 /* each allocation or split adds a few; nothing can be allocated between tries to exit */

EFI_STATUS efi_map_read(struct efi_map *m)
{
	UINT32 version;
	UINTN size = m->capacity;
	EFI_STATUS s = efi.bs->GetMemoryMap(&size, m->buffer, &m->key, &m->map.descriptor_size, &version);

	m->map.descriptors = m->buffer;
	m->map.size = EFI_ERROR(s) ? 0 : size;
	return s;
}

EFI_STATUS efi_map_init(struct efi_map *m)
{
	UINTN size = 0, key, descriptor_size = 0;
	UINT32 version;
	EFI_STATUS s = efi.bs->GetMemoryMap(&size, NULL, &key, &descriptor_size, &version);

	if (s != EFI_BUFFER_TOO_SMALL)
		return efi_fail(EFI_ERROR(s) ? s : EFI_DEVICE_ERROR, "the memory map's size cannot be had");
	m->capacity = size + SPARE_DESCRIPTORS * descriptor_size;
	s = efi.bs->AllocatePool(EfiLoaderData, m->capacity, &m->buffer);
	if (EFI_ERROR(s))
		return efi_fail(s, "no memory for the memory map");
	s = efi_map_read(m);
	return EFI_ERROR(s) ? efi_fail(s, "the memory map cannot be read") : s;
}
