/* SPDX-License-Identifier: MIT */
/* Carries the image to its new place. */
#ifndef BOOT_MOVE_H
#define BOOT_MOVE_H

#include "boot/early_map.h"

/*
 * Moves every pointer of the copy mapped at `copy` by delta, the distance from where it is linked or was relocated to
 * until now. Uses no pointer that needs relocation itself.
 */
void image_relocate(char *copy, uint64_t delta);

/*
 * Copies the image to its place, relocates the copy, and goes on in it at `entry` on a fresh stack. Same place:
 * relocates only. Returns when the memory there does not hold what is written to it.
 */
void image_move(const struct image_place *from, const struct image_place *to, void (*entry)(void));

/*
 * Fills what was the image's data with 0xcc, so that a stray use of it by its physical address is seen. Code and
 * constants are used by virtual addresses alone, and their old ones are not mapped any more. They are left as they are:
 * stores to code cost an emulator that has translated it more than the rest of the move.
 */
void image_poison(phys_t old);

/* Runs the same image on another number of paging levels, by way of its page-table buffer. It lies below 4 GiB. */
void image_switch_levels(struct image_place *place, unsigned levels);

#endif
