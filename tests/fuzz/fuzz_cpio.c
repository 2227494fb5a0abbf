/* SPDX-License-Identifier: MIT */
/* Any bytes as a cpio archive: the walk ends, and every file lies inside the archive, behind the one before. */
#include "tests/fuzz/fuzz.h"

#include "acpi/cpio.h"

static struct fuzz_memory memory;

static void walk(const struct physmem *mem, struct range archive, const char *folder)
{
	struct cpio_walk w = { mem, archive };
	phys_t before = archive.start;
	struct cpio_file f;

	while (cpio_next_file(&w, folder, &f)) {
		FUZZ_CHECK(f.data.start >= before && f.data.start <= f.data.end && f.data.end <= archive.end);
		FUZZ_CHECK(strnlen(f.name, CPIO_NAME_MAX) < CPIO_NAME_MAX);
		FUZZ_CHECK(w.left.start > before && w.left.end == archive.end);
		before = f.data.end;
	}
	FUZZ_CHECK(!cpio_next_file(&w, folder, &f));
}

/* At the bottom and at the very top of the address space; and said to be longer than can be read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct physmem mem = fuzz_memory_reader(&memory);

	fuzz_memory_fill(&memory, data, size);
	if (!memory.size)
		return 0;
	walk(&mem, (struct range){ 0, memory.size }, "");
	walk(&mem, (struct range){ 0, memory.size }, "kernel/firmware/acpi/");
	walk(&mem, (struct range){ 0, memory.size + 4096 }, "");
	walk(&mem, (struct range){ 0 - (uint64_t)memory.size, UINT64_MAX }, "");
	return 0;
}
