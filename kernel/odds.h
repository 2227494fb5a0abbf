/* SPDX-License-Identifier: MIT */
/* The option "sweep": the verdict of every policy asked for, for every slot that KASLR could have drawn. */
#ifndef KERNEL_ODDS_H
#define KERNEL_ODDS_H

#include "kernel/state/run.h"
#include "mm/sweep.h"

/*
 * Sweeps and reports after the maps, policy by policy. Leaves r->mb without the image. Returns false when an error has
 * been reported.
 */
MUST_CHECK bool sweep_policies(struct run *r);

/* Does the same for any image, where r->mb has all that is reserved but the image. */
MUST_CHECK bool sweep_image(struct run *r, const struct sweep_image *image);

#endif
