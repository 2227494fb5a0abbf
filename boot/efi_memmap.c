/* SPDX-License-Identifier: MIT */
/* Turns UEFI's memory descriptors into a memory map, what KASLR may take, and what firmware still uses. */
#include "boot/efi_memmap.h"

#define MAX_TABLES 4096u

/* What UEFI's list of configuration tables has for each: UEFI 2.10, 4.6. */
struct efi_table {
	uint32_t guid[4];
	uint64_t at;
} __attribute__((packed));

_Static_assert(sizeof(struct efi_descriptor) == 40, "UEFI 2.10, 7.2.3");

/* What Linux takes each type for; 0: it leaves the range out of its map. */
static enum e820_type e820_type_of(const struct efi_descriptor *d)
{
	static const uint8_t types[] = {
		[EFI_RESERVED] = E820_RESERVED,     [EFI_LOADER_CODE] = E820_RAM,   [EFI_LOADER_DATA] = E820_RAM,
		[EFI_BOOT_CODE] = E820_RAM,         [EFI_BOOT_DATA] = E820_RAM,     [EFI_RUNTIME_CODE] = E820_RESERVED,
		[EFI_RUNTIME_DATA] = E820_RESERVED, [EFI_CONVENTIONAL] = E820_RAM,  [EFI_UNUSABLE] = E820_UNUSABLE,
		[EFI_ACPI_RECLAIM] = E820_ACPI,     [EFI_ACPI_NVS] = E820_NVS,      [EFI_MMIO] = E820_RESERVED,
		[EFI_MMIO_PORTS] = E820_RESERVED,   [EFI_PAL_CODE] = E820_RESERVED, [EFI_PERSISTENT] = E820_PMEM,
	};
	enum e820_type type = d->type < ARRAY_SIZE(types) ? types[d->type] : 0;

	return type == E820_RAM && d->attributes & EFI_ATTR_SPECIFIC_PURPOSE ? E820_SOFT_RESERVED : type;
}

static APART bool is_whole(const struct efi_descriptor *d)
{
	return d->pages != 0 && d->pages <= (UINT64_MAX - d->start) >> PAGE_SHIFT;
}

bool efi_memmap_next(const struct efi_memmap *m, size_t *at, struct efi_descriptor *d)
{
	while (m->descriptor_size >= sizeof(*d) && m->size - *at >= m->descriptor_size) {
		memcpy(d, (const char *)m->descriptors + *at, sizeof(*d));
		*at += m->descriptor_size;
		if (is_whole(d))
			return true;
	}
	return false;
}

/* Touching ranges of one type become one, in the order of the map. */
static APART enum status add_to_map(struct e820 *map, struct range r, enum e820_type type)
{
	struct region *last = map->nr ? &map->e[map->nr - 1] : NULL;

	if (last && last->type == type && last->r.end == r.start) {
		last->r.end = r.end;
		return OK;
	}
	return e820_add(map, r.start, range_size(r), type);
}

static APART enum status add_keep(struct bootinfo *bi, struct range r, enum keep_reason why)
{
	struct boot_keep *last = bi->nr_keep ? &bi->keep[bi->nr_keep - 1] : NULL;

	if (last && last->why == why && last->r.end == r.start) {
		last->r.end = r.end;
		return OK;
	}
	if (bi->nr_keep == BOOT_MAX_KEEP)
		return ERR_FULL;
	bi->keep[bi->nr_keep++] = (struct boot_keep){ r, why };
	return OK;
}

/* Not joined: an image never spans two descriptors, neither in Linux's choosers. */
static enum status add_conventional(struct bootinfo *bi, struct range r, uint64_t attributes)
{
	uint8_t marks = 0;

	if (bi->nr_conventional == BOOT_MAX_CONVENTIONAL)
		return ERR_FULL;
	if (attributes & EFI_ATTR_MORE_RELIABLE)
		marks |= MEMORY_MIRRORED;
	if (attributes & EFI_ATTR_HOT_PLUGGABLE)
		marks |= MEMORY_HOT_PLUGGABLE;
	bi->conventional_marks[bi->nr_conventional] = marks;
	bi->conventional[bi->nr_conventional++] = r;
	return OK;
}

/* Runtime services may touch these; a bit a GiB is all that an identity map for one last call needs. */
static void add_runtime(struct bootinfo *bi, struct range r)
{
	for (phys_t gib = r.start / GIB; gib <= (r.end - 1) / GIB && gib < BOOT_RUNTIME_GIB; gib++)
		bi->runtime_gib[gib / 64] |= 1ull << gib % 64;
}

enum status efi_memmap_read(const struct efi_descriptor *d, struct bootinfo *bi)
{
	struct range r = { d->start, d->start + (d->pages << PAGE_SHIFT) };

	if (!is_whole(d))
		return OK;
	if (d->attributes & EFI_ATTR_RUNTIME)
		add_runtime(bi, r);
	if (d->type == EFI_BOOT_CODE || d->type == EFI_BOOT_DATA)
		return add_keep(bi, r, KEEP_BOOT_SERVICES);
	if (d->type == EFI_CONVENTIONAL && e820_type_of(d) == E820_RAM)
		return add_conventional(bi, r, d->attributes);
	return OK;
}

static enum status add_descriptor(struct bootinfo *bi, const struct efi_descriptor *d)
{
	struct range r = { d->start, d->start + (d->pages << PAGE_SHIFT) };
	enum e820_type type = e820_type_of(d);
	enum status s = type ? add_to_map(&bi->map, r, type) : OK;

	return s == OK ? efi_memmap_read(d, bi) : s;
}

enum status efi_memmap_convert(const struct efi_memmap *m, struct bootinfo *bi)
{
	enum status s = OK;
	struct efi_descriptor d;

	if (m->descriptor_size < sizeof(d) || m->size < m->descriptor_size)
		s = ERR_MALFORMED;
	bi->map.nr = bi->nr_keep = bi->nr_conventional = 0;
	memset(bi->runtime_gib, 0, sizeof(bi->runtime_gib));
	for (size_t at = 0; s == OK && efi_memmap_next(m, &at, &d);)
		s = add_descriptor(bi, &d);
	for (size_t i = 0; i < bi->nr_files && s == OK; i++)
		s = add_keep(bi,
			     (struct range){ align_down(bi->file[i].start, PAGE_SIZE),
					     align_up(bi->file[i].end, PAGE_SIZE) },
			     KEEP_MODULE);
	return s;
}

void efi_tables_find(const struct physmem *mem, phys_t at, uint64_t nr, struct bootinfo *bi)
{
	static const uint32_t guids[][4] = {
		{ 0x8868e871, 0x11d3e4f1, 0x800022bc, 0x81883cc7 }, /* ACPI 2 */
		{ 0xf2fd1544, 0x4a2c9794, 0xbbe52e99, 0x94e320cf }, /* SMBIOS 3 */
		{ 0xeb9d2d30, 0x11d32d88, 0x9000169a, 0x4dc13f27 }, /* ACPI 1 */
		{ 0xeb9d2d31, 0x11d32d88, 0x9000169a, 0x4dc13f27 }, /* SMBIOS */
	};
	phys_t found[] = { bi->rsdp, bi->smbios, PHYS_NONE, PHYS_NONE };
	struct efi_table t;

	for (uint64_t i = 0; i < nr && i < MAX_TABLES; i++) {
		if (!phys_read(mem, at + i * sizeof(t), &t, sizeof(t)))
			break;
		for (unsigned g = 0; g < ARRAY_SIZE(guids); g++) {
			if (!memcmp(t.guid, guids[g], sizeof(guids[g])) && found[g] == PHYS_NONE)
				found[g] = t.at;
		}
	}
	bi->rsdp = found[found[0] == PHYS_NONE ? 2 : 0];
	bi->smbios = found[found[1] == PHYS_NONE ? 3 : 1];
}
