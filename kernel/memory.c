/* SPDX-License-Identifier: MIT */
/* From the memory map to memblock. */
#include "kernel/memory.h"

#include "kernel/report/report.h"

bool memory_fill(struct run *r)
{
	const struct e820 *map = &r->h->map;

	memblock_init(r->mb);
	for (size_t i = 0; i < map->nr; i++) {
		struct range ram = { map->e[i].r.start, min_u64(map->e[i].r.end, r->h->end_of_ram) };

		if (map->e[i].type == E820_RAM && memblock_add(r->mb, ram) != OK)
			return report_error(r, "memory has more than %d regions", MEMBLOCK_MAX);
	}
	memblock_trim(r->mb, PAGE_SIZE);
	return true;
}

bool memory_reserve(struct run *r, struct range what)
{
	return memblock_reserve(r->mb, what) == OK || report_error(r, "more than %d reserved ranges", MEMBLOCK_MAX);
}
