/* SPDX-License-Identifier: MIT */
/*
 * Page-table memory on a host: every page reads back what was written to it, but a page whose entries form one row of
 * equal steps is kept in a few bytes. Nearly all tables of a direct map are such rows, so the tables of 64 TiB in 4K
 * pages fit.
 */
#ifndef TOOLS_PREDICT_SHADOW_H
#define TOOLS_PREDICT_SHADOW_H

#include "mm/direct_map.h"
#include "mm/pgwalk.h"

struct shadow;

/* NULL: out of memory. */
struct shadow *shadow_new(void);
void shadow_free(struct shadow *s);

/* Forgets all pages. */
void shadow_clear(struct shadow *s);

/* The same memory for the builder and for the reader. Ends the program (exit 2) when the host has no memory left. */
struct pt_memory shadow_tables(struct shadow *s);
struct pgwalk shadow_walk(struct shadow *s, phys_t root, unsigned levels);

#endif
