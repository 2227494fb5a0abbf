/* SPDX-License-Identifier: MIT */
/* Any bytes as a MADT: processors are those that a plain loop over the entries finds. */
#include "tests/fuzz/fuzz.h"

#include "acpi/madt.h"

#define FIRST_ENTRY 44

static struct fuzz_memory memory;
static struct madt madt;

/* Enabled APICs (type 0) and x2APICs (type 9), in a table that the parser has found whole. */
static bool enabled(const uint8_t *e, uint32_t *id)
{
	if (e[0] == 0)
		*id = e[3];
	else if (e[0] == 9)
		*id = le32(e + 4);
	else
		return false;
	return (e[0] == 0 ? le32(e + 4) & 1 && *id != 0xff : le32(e + 8) & 1 && *id != UINT32_MAX);
}

static void check_processors(size_t size)
{
	size_t nr = 0;
	uint32_t id;

	for (size_t at = FIRST_ENTRY; at + 2 < size; at += memory.bytes[at + 1]) {
		FUZZ_CHECK(memory.bytes[at + 1] >= 2 && memory.bytes[at + 1] <= size - at);
		if (!enabled(memory.bytes + at, &id))
			continue;
		FUZZ_CHECK(nr < madt.nr && madt.apic_id[nr] == id && madt_has(&madt, id));
		nr++;
	}
	FUZZ_CHECK(nr == madt.nr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acpi_table t;
	struct physmem mem;
	enum status st;

	fuzz_memory_fill(&memory, data, size);
	if (!fuzz_open_table(&memory, &mem, "APIC", &t))
		return 0;
	st = madt_parse(&t, &madt);
	FUZZ_CHECK(madt.nr <= MADT_MAX_CPU);
	if (st == OK)
		check_processors(memory.size);
	return 0;
}
