/* SPDX-License-Identifier: MIT */
/* Any bytes as SMBIOS entry point and structures: names come out printable, trimmed and ended. */
#include "tests/fuzz/fuzz.h"

#include "acpi/smbios.h"

static struct fuzz_memory memory;

static void check_name(const char *name)
{
	size_t len = strnlen(name, SMBIOS_NAME_MAX);

	FUZZ_CHECK(len < SMBIOS_NAME_MAX);
	for (size_t i = 0; i < len; i++)
		FUZZ_CHECK(name[i] >= ' ' && name[i] <= '~');
	if (len)
		FUZZ_CHECK(name[0] != ' ' && name[len - 1] != ' ');
}

static void read_names(const struct physmem *mem, phys_t entry_point)
{
	struct smbios s;

	(void)smbios_read(mem, entry_point, &s);
	check_name(s.vendor);
	check_name(s.product);
	check_name(s.firmware_vendor);
	check_name(s.firmware_version);
	check_name(s.firmware_date);
}

/* The first bit says which kind of entry point stands at the beginning; the second, that it is scanned for as well. */
static void fix_entry_point(bool wide)
{
	uint8_t *p = memory.bytes;

	if (memory.size < 32)
		return;
	if (wide) {
		memcpy(p, "_SM3_", 5);
		fuzz_fix_checksum(&memory, 0, p[6], 5);
		return;
	}
	memcpy(p, "_SM_", 4);
	memcpy(p + 16, "_DMI_", 5);
	fuzz_fix_checksum(&memory, 16, 15, 5);
	fuzz_fix_checksum(&memory, 0, p[5], 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct physmem mem = fuzz_memory_reader(&memory);

	if (!size)
		return 0;
	fuzz_memory_fill(&memory, data + 1, size - 1);
	fix_entry_point(data[0] & 1);
	read_names(&mem, 0);
	if (data[0] & 2)
		read_names(&mem, PHYS_NONE);
	return 0;
}
