/* SPDX-License-Identifier: MIT */
/* From what firmware says of memory to nodes. */
#ifndef KERNEL_NODES_H
#define KERNEL_NODES_H

#include "acpi/root.h"
#include "kernel/state/run.h"

/*
 * Reads the SRAT into h->srat and h->numa, in both of Linux's passes; h->srat_state says how that went. False: an error
 * has been reported.
 */
MUST_CHECK bool nodes_join(struct run *r, const struct acpi_root *root);

/*
 * Joins and judges the ranges of h->numa, or fakes one node. Fills r->mb; needs h->map as it stays, and h->choice.
 * False: an error has been reported.
 */
MUST_CHECK bool nodes_accept(struct run *r);

/*
 * Notes on which nodes the ACPI tables lie, DSDT and FACS included: Linux reserves all of them before it reads SRAT.
 * After nodes_accept.
 */
void nodes_note_tables(struct run *r, const struct acpi_root *root);

#endif
