/* SPDX-License-Identifier: MIT */
/* UEFI memory maps: every type, every attribute that counts, descriptors of any size, damage. */
#include "tests/unit/support.h"

#include "boot/efi_memmap.h"

#define MAX_DESCRIPTORS 3000
#define MAX_STRIDE 64

/* A map as firmware writes it: descriptors `stride` bytes apart, what is between them filled with ones. */
static uint8_t bytes[MAX_DESCRIPTORS * MAX_STRIDE];
static size_t nr, stride;
static struct bootinfo bi;

static void begin(size_t descriptor_size)
{
	memset(bytes, 0xff, sizeof(bytes));
	memset(&bi, 0xaa, sizeof(bi));
	bi.nr_files = 0;
	nr = 0;
	stride = descriptor_size;
}

static void add(uint32_t type, phys_t start, uint64_t pages, uint64_t attributes)
{
	struct efi_descriptor d = { .type = type, .start = start, .pages = pages, .attributes = attributes };

	assert_true(nr < MAX_DESCRIPTORS);
	memcpy(bytes + nr++ * stride, &d, sizeof(d));
}

static enum status convert(void)
{
	/* A copy of its exact size: reading beyond it is seen by the sanitizer. */
	void *copy = malloc(nr * stride);
	struct efi_memmap m = { copy, nr * stride, stride };
	enum status s;

	memcpy(copy, bytes, nr * stride);
	s = efi_memmap_convert(&m, &bi);
	free(copy);
	return s;
}

static void expect_map(size_t i, phys_t start, phys_t end, enum e820_type type)
{
	assert_true(i < bi.map.nr);
	assert_int_equal(bi.map.e[i].r.start, start);
	assert_int_equal(bi.map.e[i].r.end, end);
	assert_int_equal(bi.map.e[i].type, type);
}

static void expect_keep(size_t i, phys_t start, phys_t end, enum keep_reason why)
{
	assert_true(i < bi.nr_keep);
	assert_int_equal(bi.keep[i].r.start, start);
	assert_int_equal(bi.keep[i].r.end, end);
	assert_int_equal(bi.keep[i].why, why);
}

static void expect_free(size_t i, phys_t start, phys_t end, unsigned marks)
{
	assert_true(i < bi.nr_conventional);
	assert_int_equal(bi.conventional[i].start, start);
	assert_int_equal(bi.conventional[i].end, end);
	assert_int_equal(bi.conventional_marks[i], marks);
}

TEST(test_every_type)
{
	/* In the order of enum efi_type, then unaccepted memory and an OEM's own: UEFI 2.10, table 7.10. */
	static const int becomes[] = {
		E820_RESERVED, E820_RAM,      E820_RAM,      E820_RAM,      E820_RAM,
		E820_RESERVED, E820_RESERVED, E820_RAM,      E820_UNUSABLE, E820_ACPI,
		E820_NVS,      E820_RESERVED, E820_RESERVED, E820_RESERVED, E820_PMEM,
	};
	size_t out = 0;

	begin(48);
	for (uint32_t type = 0; type < ARRAY_SIZE(becomes); type++)
		add(type, (type + 1) * MIB, 16, 0);
	add(15, 32 * MIB, 16, 0);
	add(0x70000000, 33 * MIB, 16, 0);
	add(0x80000000, 34 * MIB, 16, 0);
	assert_int_equal(convert(), OK);
	assert_int_equal(bi.map.nr, ARRAY_SIZE(becomes));
	for (uint32_t type = 0; type < ARRAY_SIZE(becomes); type++, out++)
		expect_map(out, (type + 1) * MIB, (type + 1) * MIB + 64 * KIB, becomes[type]);
	/* What KASLR may take is type 7 alone, at 8 MiB; what firmware still uses are 3 and 4. */
	assert_int_equal(bi.nr_conventional, 1);
	expect_free(0, 8 * MIB, 8 * MIB + 64 * KIB, 0);
	assert_int_equal(bi.nr_keep, 2);
	expect_keep(0, 4 * MIB, 4 * MIB + 64 * KIB, KEEP_BOOT_SERVICES);
	expect_keep(1, 5 * MIB, 5 * MIB + 64 * KIB, KEEP_BOOT_SERVICES);
}

TEST(test_touching_joined)
{
	begin(40);
	add(EFI_CONVENTIONAL, 1 * MIB, 256, 0);
	add(EFI_LOADER_DATA, 2 * MIB, 256, 0);
	add(EFI_BOOT_CODE, 3 * MIB, 256, 0);
	add(EFI_BOOT_DATA, 4 * MIB, 256, 0);
	add(EFI_BOOT_DATA, 6 * MIB, 256, 0);
	add(EFI_RUNTIME_DATA, 7 * MIB, 256, 0);
	add(EFI_RESERVED, 8 * MIB, 256, 0);
	assert_int_equal(convert(), OK);
	assert_int_equal(bi.map.nr, 3);
	expect_map(0, 1 * MIB, 5 * MIB, E820_RAM);
	expect_map(1, 6 * MIB, 7 * MIB, E820_RAM);
	expect_map(2, 7 * MIB, 9 * MIB, E820_RESERVED);
	assert_int_equal(bi.nr_keep, 2);
	expect_keep(0, 3 * MIB, 5 * MIB, KEEP_BOOT_SERVICES);
	expect_keep(1, 6 * MIB, 7 * MIB, KEEP_BOOT_SERVICES);
}

/* What the application has read for the kernel is kept in whole pages, beside what firmware still uses. */
TEST(test_files_are_kept)
{
	begin(40);
	add(EFI_CONVENTIONAL, 1 * MIB, 256, 0);
	add(EFI_BOOT_DATA, 2 * MIB, 256, 0);
	add(EFI_LOADER_DATA, 3 * MIB, 256, 0);
	bi.nr_files = 1;
	bi.file[0] = (struct range){ 3 * MIB, 3 * MIB + 0x1234 };
	assert_int_equal(convert(), OK);
	assert_int_equal(bi.nr_keep, 2);
	expect_keep(0, 2 * MIB, 3 * MIB, KEEP_BOOT_SERVICES);
	expect_keep(1, 3 * MIB, 3 * MIB + 0x2000, KEEP_MODULE);
	assert_int_equal(bi.nr_files, 1);
}

/* Joined only where one ends at the next one's start in the order of the map; a backward step stays as told. */
TEST(test_order_kept)
{
	begin(40);
	add(EFI_CONVENTIONAL, 4 * MIB, 256, 0);
	add(EFI_CONVENTIONAL, 3 * MIB, 256, 0);
	add(EFI_CONVENTIONAL, 5 * MIB, 256, 0);
	assert_int_equal(convert(), OK);
	assert_int_equal(bi.map.nr, 3);
	expect_map(1, 3 * MIB, 4 * MIB, E820_RAM);
	assert_int_equal(bi.nr_conventional, 3);
}

TEST(test_attributes)
{
	begin(48);
	add(EFI_CONVENTIONAL, 16 * MIB, 512, EFI_ATTR_MORE_RELIABLE | 0xf);
	add(EFI_CONVENTIONAL, 18 * MIB, 512, EFI_ATTR_HOT_PLUGGABLE);
	add(EFI_CONVENTIONAL, 20 * MIB, 512, EFI_ATTR_HOT_PLUGGABLE | EFI_ATTR_MORE_RELIABLE);
	add(EFI_CONVENTIONAL, 22 * MIB, 512, EFI_ATTR_SPECIFIC_PURPOSE);
	add(EFI_LOADER_CODE, 24 * MIB, 512, EFI_ATTR_SPECIFIC_PURPOSE);
	add(EFI_RESERVED, 26 * MIB, 512, EFI_ATTR_SPECIFIC_PURPOSE);
	assert_int_equal(convert(), OK);
	assert_int_equal(bi.map.nr, 3);
	expect_map(0, 16 * MIB, 22 * MIB, E820_RAM);
	expect_map(1, 22 * MIB, 26 * MIB, E820_SOFT_RESERVED);
	expect_map(2, 26 * MIB, 28 * MIB, E820_RESERVED);
	/* Specific-purpose memory is not for KASLR; touching ranges stay apart, as in Linux's choosers. */
	assert_int_equal(bi.nr_conventional, 3);
	expect_free(0, 16 * MIB, 18 * MIB, MEMORY_MIRRORED);
	expect_free(1, 18 * MIB, 20 * MIB, MEMORY_HOT_PLUGGABLE);
	expect_free(2, 20 * MIB, 22 * MIB, MEMORY_MIRRORED | MEMORY_HOT_PLUGGABLE);
}

static bool runtime_bit(unsigned gib)
{
	return bi.runtime_gib[gib / 64] >> gib % 64 & 1;
}

TEST(test_runtime_gibs)
{
	unsigned bits = 0;

	begin(40);
	add(EFI_RUNTIME_CODE, 2 * GIB - 8 * KIB, 4, EFI_ATTR_RUNTIME); /* over a border */
	add(EFI_MMIO, 3 * GIB, 1, EFI_ATTR_RUNTIME);
	add(EFI_RUNTIME_DATA, 100 * GIB, (2 * GIB) >> PAGE_SHIFT, EFI_ATTR_RUNTIME);
	add(EFI_RUNTIME_DATA, 511 * GIB, (2 * GIB) >> PAGE_SHIFT, EFI_ATTR_RUNTIME); /* beyond what is kept */
	add(EFI_RUNTIME_DATA, 7 * GIB, 1, 0);                                        /* not marked */
	assert_int_equal(convert(), OK);
	for (unsigned gib = 0; gib < BOOT_RUNTIME_GIB; gib++)
		bits += runtime_bit(gib);
	assert_int_equal(bits, 6);
	assert_true(runtime_bit(1) && runtime_bit(2) && runtime_bit(3));
	assert_true(runtime_bit(100) && runtime_bit(101) && runtime_bit(511));
}

TEST(test_descriptor_sizes)
{
	for (size_t size = 40; size <= MAX_STRIDE; size += 8) {
		begin(size);
		add(EFI_CONVENTIONAL, 1 * MIB, 1, 0);
		add(EFI_ACPI_RECLAIM, 2 * MIB, 2, 0);
		assert_int_equal(convert(), OK);
		assert_int_equal(bi.map.nr, 2);
		expect_map(0, 1 * MIB, 1 * MIB + 4 * KIB, E820_RAM);
		expect_map(1, 2 * MIB, 2 * MIB + 8 * KIB, E820_ACPI);
	}
}

TEST(test_damage)
{
	struct efi_memmap m = { bytes, 10 * 39, 39 };

	/* Too small a descriptor, none at all, not even one whole. */
	begin(40);
	assert_int_equal(efi_memmap_convert(&m, &bi), ERR_MALFORMED);
	assert_int_equal(bi.map.nr, 0);
	m = (struct efi_memmap){ bytes, 0, 48 };
	assert_int_equal(efi_memmap_convert(&m, &bi), ERR_MALFORMED);
	m = (struct efi_memmap){ bytes, 47, 48 };
	assert_int_equal(efi_memmap_convert(&m, &bi), ERR_MALFORMED);
	m = (struct efi_memmap){ bytes, 40, 0 };
	assert_int_equal(efi_memmap_convert(&m, &bi), ERR_MALFORMED);
	/* Empty ranges and such that wrap round are left out; the last page of all is not. */
	begin(48);
	add(EFI_CONVENTIONAL, 1 * MIB, 0, 0);
	add(EFI_CONVENTIONAL, 2 * MIB, UINT64_MAX, 0);
	add(EFI_CONVENTIONAL, 0xfffffffffffff000, 1, 0);
	add(EFI_CONVENTIONAL, 0xffffffffffffe000, 1, 0);
	add(EFI_BOOT_DATA, 3 * MIB, 1ull << 52, 0);
	assert_int_equal(convert(), OK);
	assert_int_equal(bi.map.nr, 1);
	expect_map(0, 0xffffffffffffe000, 0xfffffffffffff000, E820_RAM);
	assert_int_equal(bi.nr_conventional, 1);
	assert_int_equal(bi.nr_keep, 0);
}

TEST(test_capacities)
{
	begin(40);
	for (unsigned i = 0; i < BOOT_MAX_CONVENTIONAL; i++)
		add(EFI_CONVENTIONAL, (i + 1) * 2 * MIB, 1, 0);
	assert_int_equal(convert(), OK);
	assert_int_equal(bi.nr_conventional, BOOT_MAX_CONVENTIONAL);
	add(EFI_CONVENTIONAL, 1 * MIB, 1, 0);
	assert_int_equal(convert(), ERR_FULL);
	begin(40);
	for (unsigned i = 0; i < BOOT_MAX_KEEP; i++)
		add(EFI_BOOT_DATA, (i + 1) * 2 * MIB, 1, 0);
	assert_int_equal(convert(), OK);
	assert_int_equal(bi.nr_keep, BOOT_MAX_KEEP);
	add(EFI_BOOT_CODE, 1 * MIB, 1, 0);
	assert_int_equal(convert(), ERR_FULL);
}
