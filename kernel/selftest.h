/* SPDX-License-Identifier: MIT */
/*
 * Known answers, asked on the machine itself: a kernel miscompiled or damaged in memory is told from one that is right.
 */
#ifndef KERNEL_SELFTEST_H
#define KERNEL_SELFTEST_H

#include "kernel/state/run.h"

/*
 * Runs all of them, one check each ("selftest: crc32"): a failure is for the end of the run. Before the memory map is
 * read.
 */
void selftest_run(struct run *r);

#endif
