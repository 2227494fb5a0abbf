/* SPDX-License-Identifier: MIT */
/* What the parts of a run share: the handover with its helpers, and the steps that have a file of their own. */
#ifndef KERNEL_RUN_H
#define KERNEL_RUN_H

#include "acpi/root.h"
#include "kernel/kernel.h"

struct chart;
struct cost;

struct run {
	struct handover *h;
	const struct platform *p;
	struct log log;
	struct memblock *mb; /* memory, and what is reserved before the direct map is built */
	struct chart *chart; /* what the screen will show; NULL: there is no screen */
};

/* A run over h: sets the log's way out. Once per half. */
struct run run_open(struct handover *h, const struct platform *p);

/*
 * The steps return true to go on. False: an error has been reported in full (report_error) and h->result is set.
 */

/* r->mb: the RAM of h->map below h->end_of_ram in whole pages, nothing reserved (Linux's e820__memblock_setup). */
MUST_CHECK bool run_fill_memory(struct run *r);

/* Reserves that in r->mb. */
MUST_CHECK bool run_reserve(struct run *r, struct range what);

/* nodes.c: reads the SRAT into h->srat and h->numa, both passes; h->srat_state says how that went. */
MUST_CHECK bool nodes_join(struct run *r, const struct acpi_root *root);

/*
 * nodes.c: joins and judges the ranges of h->numa, or fakes one node. Fills r->mb; needs h->map as it stays, h->choice.
 */
MUST_CHECK bool nodes_accept(struct run *r);

/* place.c: h->slots and h->choice. */
MUST_CHECK bool place_choose(struct run *r);

/* place.c: h->slots alone, for an image of h->choice.size; reads h->bi, h->srat and the options. */
void place_find_slots(struct run *r);

/*
 * audit.c: clears the tables, builds the direct map with that policy, loads it, checks it, reports where its pages lie
 * and what they cost.
 */
MUST_CHECK bool audit_policy(struct run *r, const struct pt_policy *policy, bool last, struct cost *cost);

#endif
