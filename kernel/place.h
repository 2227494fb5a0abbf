/* SPDX-License-Identifier: MIT */
/* Where the image goes. */
#ifndef KERNEL_PLACE_H
#define KERNEL_PLACE_H

#include "kernel/state/handover.h"

/* Finds h->slots and makes h->choice. Returns false when an error has been reported. */
MUST_CHECK bool place_choose(struct log *l, struct handover *h);

/* Finds h->slots alone, for an image of h->choice.size; reads h->bi, h->srat and the options. */
void place_find_slots(struct log *l, struct handover *h);

#endif
