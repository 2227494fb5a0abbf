/* SPDX-License-Identifier: MIT */
/* Sorts small numbers that stand for things: what is sorted itself does not move. */
#ifndef LIB_SORT_H
#define LIB_SORT_H

#include "lib/base.h"

/*
 * Puts at[0..nr) into the order in which `before` says that one comes before another; it must be a strict order of all
 * of them. Takes nr * log(nr) steps, whatever the order is, and no memory.
 */
void sort_indices(uint16_t *at, size_t nr, bool (*before)(const void *ctx, unsigned a, unsigned b), const void *ctx);

#endif
