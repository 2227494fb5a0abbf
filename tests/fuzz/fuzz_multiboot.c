/* SPDX-License-Identifier: MIT */
/* Any bytes as Multiboot 1 and Multiboot 2 information: taken over within bounds, or refused. */
#include "tests/fuzz/fuzz.h"

#include "boot/multiboot.h"

static struct fuzz_memory memory;
static struct bootinfo bi;

static void check_bootinfo(void)
{
	FUZZ_CHECK(strnlen(bi.cmdline, CMDLINE_MAX) < CMDLINE_MAX &&
		   strnlen(bi.loader, LOADER_NAME_MAX) < LOADER_NAME_MAX);
	FUZZ_CHECK(strnlen(bi.notes, BOOT_NOTES_MAX) < BOOT_NOTES_MAX);
	FUZZ_CHECK(bi.map.nr <= E820_MAX && bi.nr_keep <= BOOT_MAX_KEEP && bi.nr_conventional == 0);
	FUZZ_CHECK(bi.map_missing == (bi.map.nr == 0) || !bi.map_missing);
	for (size_t i = 0; i < bi.map.nr; i++)
		FUZZ_CHECK(bi.map.e[i].start < bi.map.e[i].end);
	for (size_t i = 0; i < bi.nr_keep; i++) {
		FUZZ_CHECK(bi.keep[i].r.start < bi.keep[i].r.end && bi.keep[i].why == KEEP_MODULE);
		FUZZ_CHECK(bi.keep[i].r.start % PAGE_SIZE == 0 && bi.keep[i].r.end % PAGE_SIZE == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct physmem mem = fuzz_memory_reader(&memory);
	enum status st;

	if (!size)
		return 0;
	fuzz_memory_fill(&memory, data + 1, size - 1);
	bootinfo_init(&bi);
	st = data[0] & 1 ? multiboot2_parse(&mem, 0, &bi) : multiboot1_parse(&mem, 0, &bi);
	FUZZ_CHECK(st == OK || st == ERR_UNREADABLE || st == ERR_MALFORMED || st == ERR_FULL);
	check_bootinfo();
	return 0;
}
