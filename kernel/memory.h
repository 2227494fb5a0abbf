/* SPDX-License-Identifier: MIT */
/* Memory as a run starts from it: what of RAM is there, and what of it is taken. */
#ifndef KERNEL_MEMORY_H
#define KERNEL_MEMORY_H

#include "kernel/state/handover.h"

/*
 * Fills mb with the RAM of the map below `end` in whole pages, nothing reserved (Linux's e820__memblock_setup). Returns
 * false when an error has been reported.
 */
MUST_CHECK bool memory_fill(struct log *l, const struct e820 *map, phys_t end, struct memblock *mb);

/* Whether the image is reserved, and what is reserved is said. */
enum memory_start { MEMORY_WITH_IMAGE, MEMORY_WITHOUT_IMAGE };

/*
 * Makes mb what a policy starts from: RAM, and reserved of it what docs/log-format.md lists and nothing else. Without
 * the image nothing is said. Returns false when an error has been reported.
 */
MUST_CHECK bool memory_start(struct log *l, const struct handover *h, enum memory_start how, struct memblock *mb);

#endif
