/* SPDX-License-Identifier: MIT */
/* Gives the firmware its identity map back for one last call. */
#include "boot/dev/runtime.h"

#include "boot/dev/cpu.h"
#include "boot/early_map.h"

#define IDENTITY (PT_PRESENT | PT_WRITE)
#define CHIPSET_GIB 3 /* registers right below 4 GiB, which not every firmware says it uses */

enum { RESET_COLD = 0, RESET_SHUTDOWN = 2 };

typedef __attribute__((ms_abi)) uint64_t reset_system(uint32_t type, uint64_t status, uint64_t size, const void *data);

/* Pages of the buffer, taken one after the other. */
struct pool {
	phys_t next, end;
};

/* A zeroed page; PHYS_NONE when none is left. */
static phys_t alloc_page(struct pool *p)
{
	phys_t page = p->next;

	if (page == p->end)
		return PHYS_NONE;
	p->next += PAGE_SIZE;
	__builtin_memset(window_map(page), 0, PAGE_SIZE);
	return page;
}

/* All pages of the pool lie in the image, so in one 2 MiB piece: pointers into the window stay good. */
static bool map_gib(struct pool *p, uint64_t *pud, unsigned gib)
{
	phys_t page;

	if (cpu_detect().gbpages) {
		pud[gib] = gib * GIB | IDENTITY | PT_LARGE;
		return true;
	}
	page = alloc_page(p);
	if (page == PHYS_NONE)
		return false;
	for (unsigned i = 0; i < PT_ENTRIES; i++)
		((uint64_t *)window_map(page))[i] = (gib * GIB + i * 2 * MIB) | IDENTITY | PT_LARGE;
	pud[gib] = page | IDENTITY;
	return true;
}

/* The new root, with the image and the window in it too; PHYS_NONE when the buffer is too small. */
static phys_t build(const struct bootinfo *bi, struct pool *p)
{
	phys_t root = alloc_page(p), pud = alloc_page(p), below = pud;

	if (read_cr4() & CR4_LA57) {
		below = alloc_page(p);
		((uint64_t *)window_map(below))[0] = pud | IDENTITY;
	}
	((uint64_t *)window_map(root))[0] = below | IDENTITY;
	early_map_share(window_map(root));
	for (unsigned gib = 0; gib < BOOT_RUNTIME_GIB; gib++) {
		bool used = bi->runtime_gib[gib / 64] >> gib % 64 & 1;

		if ((used || gib == CHIPSET_GIB) && !map_gib(p, window_map(pud), gib))
			return PHYS_NONE;
	}
	return root;
}

void runtime_reset(const struct bootinfo *bi, bool power_off)
{
	static bool tried;
	struct pool pool = { bi->buffer.start, bi->buffer.end };
	phys_t root;

	if (tried || bi->protocol != BOOT_UEFI || !bi->efi_reset)
		return;
	tried = true;
	cpu_load_map(early_map_root());
	root = build(bi, &pool);
	if (root == PHYS_NONE)
		return;
	cpu_load_map(root);
	((reset_system *)bi->efi_reset)(power_off ? RESET_SHUTDOWN : RESET_COLD, 0, 0, NULL);
}
