/* SPDX-License-Identifier: MIT */
/* From facts to page tables: the kernel's own steps and objects, run over shadow memory. */
#ifndef TOOLS_PREDICT_PREDICT_H
#define TOOLS_PREDICT_PREDICT_H

#include "acpi/root.h"
#include "kernel/steps.h"
#include "tools/predict/facts.h"
#include "tools/predict/shadow.h"

/* The tables of one map: beyond this they are counted, not built, */
#define PREDICT_MAX_BUILT (1ull << 24)
/* and beyond this they cannot be listed one by one. */
#define PREDICT_MAX_LISTED (1ull << 27)
/* Where the shadow keeps the top table when nobody knows its place: no RAM is there. */
#define TOP_TABLE (1ull << 60)

struct page_list {
	phys_t *page;
	size_t nr, room;
};

struct session {
	struct facts *facts;
	struct handover *h;
	struct platform platform;
	struct run run; /* run.mb: what every map starts from */
	struct shadow *shadow;
	/* set by the caller */
	bool quiet;                     /* no text, no records */
	bool counts;                    /* no tables are built */
	bool layout;                    /* layout_report is called */
	const struct range_list *avoid; /* what KASLR must keep off besides; NULL: nothing */
	struct page_list *pages;        /* receives the pages that memblock hands out, in order; NULL: nobody asks */
};

/*
 * Begins a zeroed session: options, log, tables. What comes before everything else, and enough for what needs no
 * memory. False: *err.
 */
MUST_CHECK bool session_start(struct session *s, struct facts *f, const char *options, struct input_error *err);

/* The tables of the facts, the SRAT first. */
struct acpi_root session_tables(const struct session *s);

/*
 * Takes a zeroed session but for what the caller sets, completed facts and kernel options (as on its command line:
 * alloc=, page_size=, ...), finds the nodes and judges them. The lines and records go to standard output. False:
 * *err, or an error line has been printed (err->text empty).
 */
MUST_CHECK bool session_open(struct session *s, struct facts *f, const char *options, struct input_error *err);
void session_close(struct session *s);

/* Page-table pages that one map needs at most. */
uint64_t predict_estimate(const struct session *s);

/* slots.c: h->slots and h->choice.slot. Between nodes_join and nodes_accept, as in the kernel. */
MUST_CHECK bool slots_find(struct session *s, struct input_error *err);

/*
 * slots.c: after the maps, the verdict of every policy for every slot: report_sweep. Takes the image out of run.mb.
 * False: an error has been reported.
 */
MUST_CHECK bool slots_sweep(struct session *s);

/* layout.c: memory by node and the slots, for pictures. After numa_judge. */
void layout_report(struct session *s);

/* The running host's facts. False: *err says what could not be read, and whether root could. */
MUST_CHECK bool host_read(struct facts *f, struct input_error *err);

#endif
