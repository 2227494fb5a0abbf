/* SPDX-License-Identifier: MIT */
/* One policy's direct map: built, checked by an independent reader, and its pages counted by node. */
#ifndef KERNEL_AUDIT_H
#define KERNEL_AUDIT_H

#include "kernel/report/report.h"

/*
 * Clears the tables, builds the direct map with that policy, loads it, checks it, reports where its pages lie and what
 * they cost. Returns false when an error has been reported.
 */
MUST_CHECK bool audit_policy(struct run *r, const struct pt_policy *policy, bool last, struct cost *cost);

/* Describes the direct map of a run, but for its policy and where its pages come from. */
struct direct_map audit_direct_map(const struct handover *h);

/* Lends the memblock that policies build from, between two of them. */
struct memblock *audit_memblock(void);

#endif
