/* SPDX-License-Identifier: MIT */
/* Memory as a run starts from it: what of RAM is there, and what of it is taken. */
#ifndef KERNEL_MEMORY_H
#define KERNEL_MEMORY_H

#include "kernel/state/run.h"

/*
 * Fills r->mb with the RAM of h->map below h->end_of_ram in whole pages, nothing reserved (Linux's
 * e820__memblock_setup). False: an error has been reported.
 */
MUST_CHECK bool memory_fill(struct run *r);

/* Reserves that in r->mb. False: an error has been reported. */
MUST_CHECK bool memory_reserve(struct run *r, struct range what);

#endif
