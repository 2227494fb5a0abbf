/* SPDX-License-Identifier: MIT */
/* Any bytes as a MADT: processors are those that a plain loop over the entries finds. */
#include "tests/fuzz/fuzz.h"

#include "acpi/madt.h"

#define FIRST_ENTRY 44

static struct fuzz_memory memory;

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

static void check_processors(const struct acpi_table *t, size_t size, uint32_t counted)
{
	struct acpi_entries it = madt_entries(t);
	struct acpi_entry place;
	struct madt_cpu cpu;
	uint32_t nr = 0, id;

	for (size_t at = FIRST_ENTRY; at + 2 < size; at += memory.bytes[at + 1]) {
		const uint8_t *e = memory.bytes + at;

		FUZZ_CHECK(e[1] >= 2 && e[1] <= size - at);
		if (e[0] != 0 && e[0] != 9)
			continue;
		FUZZ_CHECK(madt_next_cpu(&it, &place, &cpu) && place.offset == at);
		FUZZ_CHECK(cpu.enabled == enabled(e, &id) && cpu.apic_id == id);
		nr += cpu.enabled;
	}
	FUZZ_CHECK(!madt_next_cpu(&it, &place, &cpu) && nr == counted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acpi_table t;
	struct physmem mem;
	enum status st;
	uint32_t nr;

	fuzz_memory_fill(&memory, data, size);
	if (!fuzz_open_table(&memory, &mem, "APIC", &t))
		return 0;
	st = madt_count(&t, &nr);
	FUZZ_CHECK(st == OK || st == ERR_MALFORMED);
	if (st == OK)
		check_processors(&t, memory.size, nr);
	return 0;
}
