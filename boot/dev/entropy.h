/* SPDX-License-Identifier: MIT */
/* Random words from the CPU and from UEFI; what they are worth is judged by the caller. */
#ifndef BOOT_DEV_ENTROPY_H
#define BOOT_DEV_ENTROPY_H

#include "kernel/state/platform.h"

/* platform.entropy: a word from that source; false when there is none, it is used up, or gave nothing in ten tries. */
bool entropy_read(void *ctx, enum entropy_source source, uint64_t *out);

#endif
