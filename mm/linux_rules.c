/* SPDX-License-Identifier: MIT */
/* The table of rules by version: the commit, the release it came with, and stable kernels that took it. */
#include "mm/linux_rules.h"

#define MAX_BACKPORTS 4

static const struct {
	struct linux_version since;
	struct linux_version backport[MAX_BACKPORTS]; /* from that patch level of its series on */
} rules[LINUX_RULES] = {
	/* 167dcfc08b0b, "x86/mm: Increase pgt_buf size for 5-level page tables" */
	[LINUX_WIDE_BUFFER] = { { 5, 12, 0 }, { { 0 } } },
	/* 7212b58d6d71, "x86/mm/64: Make 5-level paging support unconditional" */
	[LINUX_ALWAYS_5LEVEL] = { { 6, 16, 0 }, { { 0 } } },
	/* a1b87d54f4e4, "x86/efistub: Avoid legacy decompressor when doing EFI boot" */
	[LINUX_STUB_CHOOSES] = { { 6, 6, 0 }, { { 6, 1, 81 } } },
};

bool linux_follows(struct linux_version v, enum linux_rule rule)
{
	if (!v.major || linux_compare_series(v, rules[rule].since) >= 0)
		return true;
	for (size_t i = 0; i < MAX_BACKPORTS; i++) {
		struct linux_version b = rules[rule].backport[i];

		if (b.major && linux_compare_series(v, b) == 0)
			return !v.patch || v.patch >= b.patch;
	}
	return false;
}

int linux_compare_series(struct linux_version a, struct linux_version b)
{
	if (a.major != b.major)
		return a.major < b.major ? -1 : 1;
	return a.minor < b.minor ? -1 : a.minor > b.minor;
}

unsigned linux_buffer_pages(struct linux_version v, uint64_t room)
{
	bool wide = linux_follows(v, LINUX_WIDE_BUFFER), always = linux_follows(v, LINUX_ALWAYS_5LEVEL);
	/* Tables of four levels or of three, for two mappings, and twice as many with memory KASLR configured. */
	const struct {
		unsigned pages;
		bool can;
	} sizes[] = { { 16, wide }, { 12, !always }, { 8, wide }, { 6, !always } };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		if (sizes[i].can && sizes[i].pages <= room)
			return sizes[i].pages;
	return 0;
}
