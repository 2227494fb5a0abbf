/* SPDX-License-Identifier: MIT */
/* Any bytes as what a loader of each protocol tells: taken over within bounds, or refused. */
#include "tests/fuzz/fuzz.h"

#include "boot/loaders.h"

static enum status (*const parsers[])(const struct physmem *mem, phys_t at, struct bootinfo *bi) = {
	multiboot1_parse,
	multiboot2_parse,
	linux_parse,
	pvh_parse,
};

static struct fuzz_memory memory;
static struct bootinfo bi;

static void check_bootinfo(void)
{
	FUZZ_CHECK(strnlen(bi.cmdline, CMDLINE_MAX) < CMDLINE_MAX &&
		   strnlen(bi.loader, LOADER_NAME_MAX) < LOADER_NAME_MAX);
	FUZZ_CHECK(strnlen(bi.notes, BOOT_NOTES_MAX) < BOOT_NOTES_MAX);
	FUZZ_CHECK(bi.map.nr <= E820_MAX && bi.nr_keep <= BOOT_MAX_KEEP && bi.nr_conventional <= BOOT_MAX_CONVENTIONAL);
	for (size_t i = 0; i < bi.map.nr; i++)
		FUZZ_CHECK(bi.map.e[i].r.start < bi.map.e[i].r.end);
	for (size_t i = 0; i < bi.nr_keep; i++) {
		FUZZ_CHECK(bi.keep[i].r.start < bi.keep[i].r.end);
		FUZZ_CHECK(bi.keep[i].why != KEEP_MODULE ||
			   (bi.keep[i].r.start % PAGE_SIZE == 0 && bi.keep[i].r.end % PAGE_SIZE == 0));
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
	st = parsers[data[0] % ARRAY_SIZE(parsers)](&mem, 0, &bi);
	FUZZ_CHECK(st == OK || st == ERR_UNREADABLE || st == ERR_MALFORMED || st == ERR_FULL);
	check_bootinfo();
	return 0;
}
