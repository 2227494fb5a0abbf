/* SPDX-License-Identifier: MIT */
/*
 * Builds the direct map: [0, 1M), then memory in the policy's order. Follows Linux's init_mem_mapping
 * (arch/x86/mm/init.c). Tables are filled by mm/tables.c, or only counted by mm/count.h.
 */
#ifndef MM_DIRECT_MAP_H
#define MM_DIRECT_MAP_H

#include "mm/mapping.h"

/*
 * Builds the whole direct map with dm->policy: [0, 1M), the trampoline if asked, then the policy's order. Sets
 * memblock's direction to the policy's, counts results anew and flushes dm->alloc. Fails with ERR_NO_MEMORY when no
 * page was left (failed_at says for what): the tables are half built and must not be loaded. Fails with ERR_FULL when
 * memblock has no region left.
 */
MUST_CHECK enum status direct_map_build(struct direct_map *dm);

/* Maps for a policy all memory inside r by region (init_range_memory_mapping). */
MUST_CHECK enum status direct_map_ram(struct direct_map *dm, struct range r);

/* Sets for a policy the bounds inside which memblock gives page-table pages; the end may be MAPPED_SO_FAR. */
MUST_CHECK enum status direct_map_bounds(struct direct_map *dm, struct range pages);

#endif
