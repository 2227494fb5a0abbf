/* SPDX-License-Identifier: MIT */
/* Any bytes as UEFI's memory map: no byte of RAM comes from nowhere, and what KASLR may take is RAM of the map. */
#include "tests/fuzz/fuzz.h"

#include "boot/efi_memmap.h"

static struct bootinfo bi;

/* A range was told if some descriptor of one of the types holds its first page. */
static bool told(const struct efi_memmap *m, phys_t at, uint32_t types)
{
	struct efi_descriptor d;

	for (size_t i = 0; efi_memmap_next(m, &i, &d);) {
		if (d.type < 32 && types >> d.type & 1 && d.start <= at && at < d.start + (d.pages << PAGE_SHIFT))
			return true;
	}
	return false;
}

#define RAM_TYPES                                                                                                      \
	(1u << EFI_LOADER_CODE | 1u << EFI_LOADER_DATA | 1u << EFI_BOOT_CODE | 1u << EFI_BOOT_DATA |                   \
	 1u << EFI_CONVENTIONAL)

static void check_bootinfo(const struct efi_memmap *m)
{
	FUZZ_CHECK(bi.map.nr <= E820_MAX && bi.nr_keep <= BOOT_MAX_KEEP && bi.nr_conventional <= BOOT_MAX_CONVENTIONAL);
	for (size_t i = 0; i < bi.map.nr; i++) {
		const struct region *e = &bi.map.e[i];

		FUZZ_CHECK(e->r.start < e->r.end);
		FUZZ_CHECK(e->type != E820_RAM || told(m, e->r.start, RAM_TYPES));
	}
	for (size_t i = 0; i < bi.nr_keep; i++)
		FUZZ_CHECK(told(m, bi.keep[i].r.start, 1u << EFI_BOOT_CODE | 1u << EFI_BOOT_DATA));
	for (size_t i = 0; i < bi.nr_conventional; i++)
		FUZZ_CHECK(told(m, bi.conventional[i].start, 1u << EFI_CONVENTIONAL));
}

/* The first byte is the size of a descriptor beyond the 40 that all have, or less than that. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct efi_memmap m;
	enum status st;

	if (!size)
		return 0;
	m = (struct efi_memmap){ data + 1, size - 1, data[0] & 0x80 ? data[0] & 0x3f : 40u + (data[0] & 0x3f) };
	st = efi_memmap_convert(&m, &bi);
	FUZZ_CHECK(st == OK || st == ERR_MALFORMED || st == ERR_FULL);
	if (m.size <= 64 * m.descriptor_size)
		check_bootinfo(&m);
	return 0;
}
