/* SPDX-License-Identifier: MIT */
/* Any bytes as a CEDT: the walk over its windows ends, and no window is empty or wraps. */
#include "tests/fuzz/fuzz.h"

#include "acpi/cedt.h"

static struct fuzz_memory memory;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acpi_table t;
	struct physmem mem;
	struct acpi_entries it;
	struct acpi_entry at;
	uint32_t before = 0;
	struct range window;

	fuzz_memory_fill(&memory, data, size);
	if (!fuzz_open_table(&memory, &mem, "CEDT", &t))
		return 0;
	for (it = cedt_entries(&t); cedt_next_window(&it, &at, &window); before = it.next) {
		FUZZ_CHECK(window.start < window.end);
		FUZZ_CHECK(it.next > before && it.next <= memory.size);
	}
	FUZZ_CHECK(it.damage == OK || it.damage == ERR_MALFORMED);
	FUZZ_CHECK(it.damage != OK || it.next >= memory.size);
	FUZZ_CHECK(!cedt_next_window(&it, &at, &window));
	return 0;
}
