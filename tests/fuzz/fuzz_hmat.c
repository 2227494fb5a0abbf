/* SPDX-License-Identifier: MIT */
/* Any bytes as a HMAT: the walk over its domains ends, and every domain stands in the table. */
#include "tests/fuzz/fuzz.h"

#include "acpi/hmat.h"

static struct fuzz_memory memory;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acpi_table t;
	struct physmem mem;
	struct hmat_walk w;
	uint32_t pxm, domains = 0;

	fuzz_memory_fill(&memory, data, size);
	if (!fuzz_open_table(&memory, &mem, "HMAT", &t))
		return 0;
	w = hmat_domains(&t);
	while (hmat_next_domain(&w, &pxm)) {
		domains++;
		FUZZ_CHECK(w.domain >= 4 && w.domain <= memory.size && le32(memory.bytes + w.domain - 4) == pxm);
	}
	/* A structure of 40 bytes names two domains at most; the lists of others take four bytes each. */
	FUZZ_CHECK(domains <= memory.size / 4);
	FUZZ_CHECK(w.structures.damage == OK || w.structures.damage == ERR_MALFORMED);
	FUZZ_CHECK(w.structures.damage != OK || w.structures.next >= memory.size);
	FUZZ_CHECK(!hmat_next_domain(&w, &pxm));
	return 0;
}
