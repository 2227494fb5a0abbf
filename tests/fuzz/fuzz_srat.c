/* SPDX-License-Identifier: MIT */
/* Any bytes as a SRAT: taken as a plain loop over its entries takes it, or refused with the place of the damage. */
#include "tests/fuzz/fuzz.h"

#include "acpi/srat.h"

#define FIRST_ENTRY 48
#define TYPE_MEMORY 1

static struct fuzz_memory memory;
static struct srat srat;

static bool same_memory(const uint8_t *e, const struct srat_mem *m)
{
	uint32_t pxm = srat.revision <= 1 ? e[2] : le32(e + 2);
	uint32_t flags = le32(e + 28);

	return m->r.start == le64(e + 8) && m->r.end == le64(e + 8) + le64(e + 16) && m->pxm == pxm &&
	       m->enabled == !!(flags & 1) && m->hotplug == !!(flags & 2) && m->nonvolatile == !!(flags & 4);
}

/* The memory entries once more, without any of the parser's checks: the table has passed them. */
static void check_memory(size_t size)
{
	size_t nr = 0;

	for (size_t at = FIRST_ENTRY; at + 2 < size; at += memory.bytes[at + 1]) {
		const uint8_t *e = memory.bytes + at;

		FUZZ_CHECK(e[1] >= 2 && e[1] <= size - at);
		if (e[0] != TYPE_MEMORY)
			continue;
		FUZZ_CHECK(nr < srat.nr_mem && same_memory(e, &srat.mem[nr]));
		nr++;
	}
	FUZZ_CHECK(nr == srat.nr_mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acpi_table t;
	struct physmem mem;
	enum status st;

	fuzz_memory_fill(&memory, data, size);
	if (!fuzz_open_table(&memory, &mem, "SRAT", &t))
		return 0;
	st = srat_parse(&t, &srat);
	FUZZ_CHECK(srat.nr_mem <= SRAT_MAX_MEM && srat.nr_initiator <= SRAT_MAX_CPU);
	FUZZ_CHECK(st == OK || st == ERR_MALFORMED || st == ERR_FULL);
	if (st == OK) {
		FUZZ_CHECK(!srat.bad_offset && !srat.bad_length);
		check_memory(memory.size);
	} else if (st == ERR_MALFORMED) {
		FUZZ_CHECK(srat.bad_offset < memory.size || memory.size < FIRST_ENTRY);
	}
	return 0;
}
