/* SPDX-License-Identifier: MIT */
/* Sparse physical memory on a host: pages come into being, zeroed, when they are first written or asked for. */
#ifndef TOOLS_HOST_RAM_H
#define TOOLS_HOST_RAM_H

#include <stddef.h>

#include "mm/direct_map.h"
#include "mm/pgwalk.h"

struct fake_page;

struct fake_ram {
	struct fake_page **bucket;
	size_t nr_buckets, nr_pages;
	bool strict;             /* reading a page that was never written fails, as outside of all memory */
	unsigned reads, failing; /* counts up; that read and all after it fail, 0: none */
};

void fake_ram_init(struct fake_ram *ram);
void fake_ram_free(struct fake_ram *ram);

/* The page at that address (page aligned), made if it is not there yet. */
void *fake_ram_page(struct fake_ram *ram, phys_t page);

/* Copies bytes in, over page borders too. */
void fake_ram_write(struct fake_ram *ram, phys_t at, const void *data, size_t len);

/* The same memory as the code under test sees it. */
struct physmem fake_ram_physmem(struct fake_ram *ram);
struct pt_memory fake_ram_tables(struct fake_ram *ram);
struct pgwalk fake_ram_walk(struct fake_ram *ram, phys_t root, unsigned levels);

#endif
