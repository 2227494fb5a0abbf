/* SPDX-License-Identifier: MIT */
/* Any bytes as a CEDT: the walk over its windows ends, and no window is empty or wraps. */
#include "tests/fuzz/fuzz.h"

#include "acpi/cedt.h"

static struct fuzz_memory memory;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acpi_table t;
	struct physmem mem;
	struct cedt_walk w = { .table = &t };
	uint32_t before = 0;
	struct range window;

	fuzz_memory_fill(&memory, data, size);
	if (!fuzz_open_table(&memory, &mem, "CEDT", &t))
		return 0;
	for (; cedt_next_window(&w, &window); before = w.next) {
		FUZZ_CHECK(window.start < window.end);
		FUZZ_CHECK(w.next > before && w.next <= memory.size);
	}
	FUZZ_CHECK(w.damage == OK || w.damage == ERR_MALFORMED);
	FUZZ_CHECK(w.damage != OK || w.next >= memory.size);
	FUZZ_CHECK(!cedt_next_window(&w, &window));
	return 0;
}
