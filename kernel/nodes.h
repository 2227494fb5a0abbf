/* SPDX-License-Identifier: MIT */
/* From what firmware says of memory to nodes. */
#ifndef KERNEL_NODES_H
#define KERNEL_NODES_H

#include "acpi/root.h"
#include "acpi/slit.h"
#include "kernel/state/run.h"

/*
 * Reads the SRAT into h->srat and h->numa, in both of Linux's passes, and the SLIT; h->srat_state says how that went.
 * Returns false when an error has been reported.
 */
MUST_CHECK bool nodes_join(struct run *r, const struct acpi_root *root, struct slit *slit);

/*
 * Joins and judges the ranges of h->numa, or fakes one node, and measures how far each node is from the image. Fills
 * mb; needs h->map as it stays, and h->choice. Returns false when an error has been reported.
 */
MUST_CHECK bool nodes_accept(struct log *l, struct handover *h, const struct slit *slit, struct memblock *mb);

/*
 * Notes on which nodes the ACPI tables lie, DSDT and FACS included: Linux reserves all of them before it reads SRAT.
 * The nodes must have been accepted.
 */
void nodes_note_tables(const struct acpi_root *root, struct numa *n);

#endif
