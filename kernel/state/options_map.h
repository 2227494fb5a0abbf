/* SPDX-License-Identifier: MIT */
/* The options that change the memory map: mem= and memmap=. */
#ifndef KERNEL_STATE_OPTIONS_MAP_H
#define KERNEL_STATE_OPTIONS_MAP_H

#include "kernel/state/options_read.h"

/* Read one of these options. Of a refused list nothing is kept. */
bool option_read_mem(struct option_word *p);
bool option_read_memmap(struct option_word *p);

/*
 * Applies mem= and memmap= to a sanitised map in the order given, as Linux does (arch/x86/kernel/e820.c,
 * parse_memmap_one).
 */
MUST_CHECK enum status options_apply_map(const struct options *o, struct e820 *map);

#endif
