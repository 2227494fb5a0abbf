/* SPDX-License-Identifier: MIT */
/* The option "sweep": the verdict of every policy asked for, for every slot that KASLR could have drawn. */
#ifndef KERNEL_ODDS_H
#define KERNEL_ODDS_H

#include "kernel/state/run.h"
#include "mm/sweep.h"

/*
 * After the maps: sweeps and reports, policy by policy. r->mb is made anew, and left as it was. False: an error has
 * been reported.
 */
MUST_CHECK bool sweep_policies(struct run *r);

/*
 * The same where r->mb has all that is reserved but the image, for any image. Leaves r->mb without the image, and
 * r->h->numa judged by it.
 */
MUST_CHECK bool sweep_image(struct run *r, const struct sweep_image *image);

#endif
