/* SPDX-License-Identifier: MIT */
/* The image inside the application: unpacked, and entered on first tables of its own. */
#include "boot/efi/efi_image.h"

#include "boot/early_map.h"
#include "boot/efi/efi.h"
#include "boot/image.h"

#define MAPPED (PT_PRESENT | PT_WRITE)
#define CR4_LA57 (1ull << 12)
#define MEMORY_RO (1ull << 17) /* EFI_MEMORY_RO, UEFI 2.10, 7.2.3 */

extern const char efi_payload[], efi_payload_end[], efi_jump[];

_Noreturn void efi_jump_call(uint64_t cr3, uint64_t stack, uint64_t entry, uint64_t image) __asm__("efi_jump");

const struct image_words *efi_image_words(void)
{
	return (const struct image_words *)(efi_payload + WORDS_OFFSET);
}

void *efi_image_at(char *image, uint32_t link)
{
	return image + (link - LOAD_PHYS);
}

/*
 * 16 MiB, where Linux prefers to be; else any 2 MiB boundary below 4 GiB. What is beyond the image's end stays free for
 * a slot.
 */
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
	const struct image_words *w = efi_image_words();
	size_t data = w->data_end - LOAD_PHYS, size = w->end - LOAD_PHYS;
	EFI_PHYSICAL_ADDRESS at;
	EFI_STATUS s;

	if (data - IMAGE_HEADERS != (size_t)(efi_payload_end - efi_payload))
		return efi_fail(EFI_LOAD_ERROR, "the image inside the application is incomplete");
	s = allocate(size / PAGE_SIZE, &at);
	if (EFI_ERROR(s))
		return efi_fail(s, "no %llu KiB of free memory below 4 GiB", (unsigned long long)size / KIB);
	*image = (char *)at;
	memcpy(*image + IMAGE_HEADERS, efi_payload, data - IMAGE_HEADERS);
	memset(*image + data, 0, size - data);
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
	UINT64 len = efi_image_words()->text_end - LOAD_PHYS;
	struct memory_attributes *m;
	EFI_STATUS s;

	if (EFI_ERROR(efi.bs->LocateProtocol(&guid, NULL, (void **)&m)))
		return EFI_SUCCESS;
	/* Never writable and executable at once. */
	s = text ? m->set(m, at, len, MEMORY_RO) : m->set(m, at, len, EFI_MEMORY_XP);
	if (!EFI_ERROR(s))
		s = text ? m->clear(m, at, len, EFI_MEMORY_XP) : m->clear(m, at, len, MEMORY_RO);
	return s;
}

void efi_image_unload(char *image)
{
	efi.bs->FreePages((EFI_PHYSICAL_ADDRESS)image, (efi_image_words()->end - LOAD_PHYS) / PAGE_SIZE);
}

/* The 2 MiB around `code` where they are, so that the jump goes on after CR3 is loaded. */
static void map_code(uint64_t *root, uint64_t *scratch, uint64_t code, bool la57)
{
	uint64_t *pmd = scratch, *pud = scratch + PT_ENTRIES, *p4d = scratch + 2 * PT_ENTRIES;
	uint64_t *top = la57 ? p4d : root;

	pmd[code >> 21 & 511] = align_down(code, 2 * MIB) | MAPPED | PT_LARGE;
	pud[code >> 30 & 511] = (uint64_t)pmd | MAPPED;
	top[code >> 39 & 511] = (uint64_t)pud | MAPPED;
	if (la57)
		root[code >> 48 & 511] = (uint64_t)p4d | MAPPED;
}

/*
 * As boot/entry.asm: coarse tables in the first set, the image at its link address; C in the image builds the real
 * ones.
 */
static uint64_t *map_image(char *image, bool la57)
{
	struct early_tables *t = efi_image_at(image, efi_image_words()->tables);

	t->pmd[(LINK_VIRT - KERNEL_WINDOW_VIRT) / IMAGE_SLOT] = (uint64_t)image | MAPPED | PT_LARGE;
	t->pud[510] = (uint64_t)t->pmd | MAPPED;
	t->p4d[511] = (uint64_t)t->pud | MAPPED;
	t->pgd[511] = (uint64_t)(la57 ? t->p4d : t->pud) | MAPPED;
	return t->pgd;
}

static bool has_la57_on(void)
{
	uint64_t cr4;

	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	return cr4 & CR4_LA57;
}

_Noreturn void efi_image_enter(char *image)
{
	const struct image_words *w = efi_image_words();
	uint64_t *root = map_image(image, has_la57_on());

	map_code(root, efi_image_at(image, w->pt_buffer), (uint64_t)efi_jump, has_la57_on());
	efi_jump_call((uint64_t)root, w->stack_top_virt, w->entry_virt, (uint64_t)image);
}
