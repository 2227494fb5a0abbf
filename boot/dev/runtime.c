/* SPDX-License-Identifier: MIT */
/* Gives the firmware its identity map back for one last call. */
#include "boot/dev/runtime.h"

#include "boot/dev/cpu.h"
#include "boot/early_map.h"
#include "boot/image.h"

#define IDENTITY (PT_PRESENT | PT_WRITE)
#define CHIPSET_GIB 3 /* registers right below 4 GiB, which not every firmware says it uses */

enum { RESET_COLD = 0, RESET_SHUTDOWN = 2 };

typedef __attribute__((ms_abi)) uint64_t reset_system(uint32_t type, uint64_t status, uint64_t size, const void *data);

/* Takes page number *nr of the buffer, zeroed, for a table; *entry is what leads to it. NULL: none is left. */
static uint64_t *add_table(const struct bootinfo *bi, unsigned *nr, uint64_t *entry)
{
	char *table = pt_buffer + *nr * PAGE_SIZE;

	if (*nr == PT_BUFFER_PAGES)
		return NULL;
	++*nr;
	*entry = (bi->image.start + image_offset(table)) | IDENTITY;
	return __builtin_memset(table, 0, PAGE_SIZE);
}

static bool map_gib(const struct bootinfo *bi, unsigned *nr, uint64_t *pud, unsigned gib)
{
	uint64_t *pmd;

	if (cpu_detect().gbpages) {
		pud[gib] = gib * GIB | IDENTITY | PT_LARGE;
		return true;
	}
	pmd = add_table(bi, nr, &pud[gib]);
	for (unsigned i = 0; pmd && i < PT_ENTRIES; i++)
		pmd[i] = (gib * GIB + i * 2 * MIB) | IDENTITY | PT_LARGE;
	return pmd;
}

/* Builds the map at *cr3, with the image and the window in it too. Returns false when the buffer is too small. */
static bool build(const struct bootinfo *bi, uint64_t *cr3)
{
	unsigned nr = 0;
	uint64_t *root = add_table(bi, &nr, cr3), *pud = root;

	for (unsigned level = read_cr4() & CR4_LA57 ? 5 : 4; level > 3; level--)
		pud = add_table(bi, &nr, pud);
	early_map_share(root);
	for (unsigned gib = 0; gib < BOOT_RUNTIME_GIB; gib++) {
		bool used = bi->runtime_gib[gib / 64] >> gib % 64 & 1;

		if ((used || gib == CHIPSET_GIB) && !map_gib(bi, &nr, pud, gib))
			return false;
	}
	return true;
}

void runtime_reset(const struct bootinfo *bi, bool power_off)
{
	static bool tried;
	uint64_t cr3;

	if (tried || bi->protocol != BOOT_UEFI || !bi->efi_reset)
		return;
	tried = true;
	cpu_load_map(early_map_root());
	if (!build(bi, &cr3))
		return;
	cpu_load_map(align_down(cr3, PAGE_SIZE));
	((reset_system *)bi->efi_reset)(power_off ? RESET_SHUTDOWN : RESET_COLD, 0, 0, NULL);
}
