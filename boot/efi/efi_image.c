/* SPDX-License-Identifier: MIT */
/* The image inside the application: memory for it, as firmware gives it. */
#include "boot/efi/efi_image.h"

#include "boot/efi/efi.h"
#include "boot/file/payload.h"

#define MEMORY_RO (1ull << 17) /* EFI_MEMORY_RO, UEFI 2.10, 7.2.3 */

/* 16 MiB, where Linux prefers to be; else any 2 MiB boundary below 4 GiB. What is beyond the image's end stays free. */
static EFI_STATUS allocate(UINTN pages, EFI_PHYSICAL_ADDRESS *at)
{
	UINTN more = pages + IMAGE_SLOT / PAGE_SIZE - 1, before;
	EFI_PHYSICAL_ADDRESS first;
	EFI_STATUS s;

	*at = LOAD_PHYS;
	/* LoaderCode: a dry run executes it through the firmware's own tables. */
	if (!EFI_ERROR(efi.bs->AllocatePages(AllocateAddress, EfiLoaderCode, pages, at)))
		return EFI_SUCCESS;
	first = UINT32_MAX;
	s = efi.bs->AllocatePages(AllocateMaxAddress, EfiLoaderCode, more, &first);
	if (EFI_ERROR(s))
		return s;
	*at = align_up(first, IMAGE_SLOT);
	before = (*at - first) / PAGE_SIZE;
	if (before)
		efi.bs->FreePages(first, before);
	if (more - before > pages)
		efi.bs->FreePages(*at + pages * PAGE_SIZE, more - before - pages);
	return EFI_SUCCESS;
}

EFI_STATUS efi_image_load(char **image)
{
	EFI_PHYSICAL_ADDRESS at;
	EFI_STATUS s;

	if (!payload_is_whole())
		return efi_fail(EFI_LOAD_ERROR, "the image inside the application is incomplete");
	s = allocate(payload_size() / PAGE_SIZE, &at);
	if (EFI_ERROR(s))
		return efi_fail(s, "no %llu KiB of free memory below 4 GiB", payload_size() / KIB);
	*image = (char *)at;
	payload_unpack(*image);
	return EFI_SUCCESS;
}

/* UEFI 2.10, 37.4; newer than GNU-EFI's headers. Firmware without it lets all of EfiLoaderCode be executed. */
struct memory_attributes {
	EFI_STATUS(EFIAPI *get)(struct memory_attributes *self, EFI_PHYSICAL_ADDRESS at, UINT64 len, UINT64 *bits);
	EFI_STATUS(EFIAPI *set)(struct memory_attributes *self, EFI_PHYSICAL_ADDRESS at, UINT64 len, UINT64 bits);
	EFI_STATUS(EFIAPI *clear)(struct memory_attributes *self, EFI_PHYSICAL_ADDRESS at, UINT64 len, UINT64 bits);
};

EFI_STATUS efi_image_protect(const char *image, bool text)
{
	EFI_GUID guid = { 0xf4560cf6, 0x40ec, 0x4b4a, { 0xa1, 0x92, 0xbf, 0x1d, 0x57, 0xd0, 0xb1, 0x89 } };
	EFI_PHYSICAL_ADDRESS at = (EFI_PHYSICAL_ADDRESS)image;
	UINT64 len = payload_words()->text_end - LOAD_PHYS;
	UINT64 set = text ? MEMORY_RO : EFI_MEMORY_XP, clear = text ? EFI_MEMORY_XP : MEMORY_RO;
	struct memory_attributes *m;
	EFI_STATUS s;

	if (EFI_ERROR(efi.bs->LocateProtocol(&guid, NULL, (void **)&m)))
		return EFI_SUCCESS;
	/* Never writable and executable at once. */
	s = m->set(m, at, len, set);
	return EFI_ERROR(s) ? s : m->clear(m, at, len, clear);
}

void efi_image_unload(char *image)
{
	efi.bs->FreePages((EFI_PHYSICAL_ADDRESS)image, payload_size() / PAGE_SIZE);
}
