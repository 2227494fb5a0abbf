/* SPDX-License-Identifier: MIT */
/* Names for the levels of a page table, as Linux has them. */
#include "mm/pagetable.h"

const char *pt_level_name(enum pt_level level)
{
	static const char *const names[PT_LEVELS] = { "pte", "pmd", "pud", "p4d", "pgd" };

	KASSERT((unsigned)level < PT_LEVELS);
	return names[level];
}
