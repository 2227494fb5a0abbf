/* SPDX-License-Identifier: MIT */
/* Judges what is legal but awkward in what firmware says: its tables, and the memory that they describe. */
#ifndef KERNEL_JUDGE_H
#define KERNEL_JUDGE_H

#include "acpi/root.h"
#include "kernel/state/run.h"
#include "mm/cost.h"

/*
 * Looks at the SRAT, if there is one, at the tables beside it and, when the SRAT was joined, at memory. Reports what
 * it finds. Returns false when an error has been reported.
 */
MUST_CHECK bool judge_firmware(struct run *r, const struct acpi_root *root, bool joined);

/*
 * Looks at how much memory a policy's direct map has left for data that cannot move; nothing is said unless
 * movable_node is on.
 */
void judge_memory_left(struct log *l, struct handover *h, const struct cost *c);

#endif
