/* SPDX-License-Identifier: MIT */
/* What a picture is drawn on: memory piece by piece with its node, and the slots in the chooser's order. */
#include "kernel/report/report.h"
#include "lib/format.h"
#include "mm/kaslr.h"
#include "tools/predict/predict.h"

static void report_piece(struct session *s, const struct numa_spot *p)
{
	const char *kind = !p->hot ? "fixed" : p->movable ? "movable" : "pinned";
	struct log *l = &s->run.log;

	if (p->nid == NUMA_NO_NODE)
		log_text(l, "piece: [mem 0x%08llx-0x%08llx] no node", (ull)p->span.start, (ull)p->span.end - 1);
	else
		log_text(l, "piece: [mem 0x%08llx-0x%08llx] node %d, %s", (ull)p->span.start, (ull)p->span.end - 1,
			 p->nid, kind);
	log_record(l, "piece", "start%llx end%llx node%d kind%s", (ull)p->span.start, (ull)p->span.end, p->nid, kind);
}

/* RAM from low to high, cut where the node or the mark ends. */
static void report_pieces(struct session *s)
{
	struct numa_spot piece = { .nid = NUMA_NO_NODE };

	while (numa_next_piece(&s->h->numa, s->run.mb, &piece))
		report_piece(s, &piece);
}

static void report_slots(struct session *s)
{
	const struct kaslr_slots *slots = &s->h->slots;
	struct log *l = &s->run.log;

	for_each (area, slots->area, slots->nr)
		log_text(l, "slots: %llu from base 0x%llx on", (ull)area->slots, (ull)area->start);
	log_begin(l, "slots", "areas[");
	for_each (area, slots->area, slots->nr) {
		log_members(l, "[%llx %llx]", (ull)area->start, (ull)(area->start + (area->slots - 1) * KASLR_ALIGN));
	}
	log_members(l, "]");
	log_end(l);
}

void layout_report(struct session *s)
{
	report_pieces(s);
	report_slots(s);
}
