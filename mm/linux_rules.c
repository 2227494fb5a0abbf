/* SPDX-License-Identifier: MIT */
/* The table of rules by version: the commit, the release it came with, and stable kernels that took it. */
#include "mm/linux_rules.h"

#include "lib/scan.h"

#define RELEASES 4 /* of a rule */

/* The release that brought a rule, and of stable series the patch level from which they have it; 0: none more. */
static const uint32_t rules[LINUX_RULES][RELEASES] = {
	/* 167dcfc08b0b, "x86/mm: Increase pgt_buf size for 5-level page tables" */
	[LINUX_WIDE_BUFFER] = { LINUX_RELEASE(5, 12, 0) },
	/* 7212b58d6d71, "x86/mm/64: Make 5-level paging support unconditional" */
	[LINUX_ALWAYS_5LEVEL] = { LINUX_RELEASE(6, 16, 0) },
	/* a1b87d54f4e4, "x86/efistub: Avoid legacy decompressor when doing EFI boot" */
	[LINUX_STUB_CHOOSES] = { LINUX_RELEASE(6, 6, 0), LINUX_RELEASE(6, 1, 81) },
	/* ba69e0750b03, "efi: Avoid cold plugged memory for placing the kernel" */
	[LINUX_STUB_KEEPS_OFF] = { LINUX_RELEASE(6, 14, 0), LINUX_RELEASE(5, 10, 235), LINUX_RELEASE(6, 1, 129),
				   LINUX_RELEASE(6, 12, 16) },
	/* f1d4d47c5851, "x86/setup: Always reserve the first 1M of RAM" */
	[LINUX_RESERVES_FIRST_MIB] = { LINUX_RELEASE(5, 13, 0) },
	/* 631ca8909fd5, "x86/mm: Check return value from memblock_phys_alloc_range()" */
	[LINUX_TOP_WITHOUT_BLOCK] = { LINUX_RELEASE(6, 15, 0), LINUX_RELEASE(6, 1, 141), LINUX_RELEASE(6, 12, 31) },
};

bool linux_read_release(const char **s, uint32_t *release)
{
	uint64_t n;

	*release = 0;
	for (unsigned shift = 24;; shift = shift == 24 ? 16 : 0) {
		if (!scan_digits(s, 10, &n) || n > (shift ? UINT8_MAX : UINT16_MAX))
			return false;
		*release |= (uint32_t)n << shift;
		if (!shift || !scan_skip(s, "."))
			return shift < 24 && LINUX_MAJOR(*release);
	}
}

bool linux_follows(uint32_t release, enum linux_rule rule)
{
	const uint32_t *since = rules[rule];

	if (!release || release >= since[0])
		return true;
	for (size_t i = 1; i < RELEASES; i++)
		if (LINUX_SERIES(release) == LINUX_SERIES(since[i]))
			return !LINUX_PATCH(release) || release >= since[i];
	return false;
}

unsigned linux_buffer_pages(uint32_t release, uint64_t room)
{
	bool wide = linux_follows(release, LINUX_WIDE_BUFFER), always = linux_follows(release, LINUX_ALWAYS_5LEVEL);
	/* Tables of four levels or of three, for two mappings, and twice as many with memory KASLR configured. */
	const struct {
		unsigned pages;
		bool can;
	} sizes[] = { { 16, wide }, { 12, !always }, { 8, wide }, { 6, !always } };

	for_each (size, sizes, ARRAY_SIZE(sizes))
		if (size->can && size->pages <= room)
			return size->pages;
	return 0;
}
