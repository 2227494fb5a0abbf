/* SPDX-License-Identifier: MIT */
/*
 * Fills the page tables of one range: how it is split, in which leaves, and in which order page-table pages are asked
 * for. Follows Linux's init_memory_mapping and kernel_physical_mapping_init (arch/x86/mm/init.c, init_64.c).
 */
#ifndef MM_TABLES_H
#define MM_TABLES_H

#include "mm/mapping.h"

/*
 * Maps the whole pages of r below dm->root. Sets *end to the end of what is really mapped, as large leaves reach
 * further. ERR_NO_MEMORY: no page was left (dm->failed_at says for what); the tables are half built.
 */
MUST_CHECK enum status tables_fill_range(struct direct_map *dm, struct range r, phys_t *end);

#endif
