/* SPDX-License-Identifier: MIT */
/* Findings in words: `finding: RULE [mem ...] of PXM n`. */
#include "kernel/report/report.h"

#include "lib/format.h"

/* A line of text, and the same as a record; `what` begins with a blank, or is empty. */
void report_finding(struct log *l, struct handover *h, const char *rule, const char *what)
{
	if (!h->nr_findings++)
		format(h->finding, sizeof(h->finding), "%s%s", rule, what);
	log_text(l, "finding: %s%s", rule, what);
	log_record(l, "finding", "rule%s about%s", rule, *what ? what + 1 : what);
}

static void PRINTF_LIKE(4, 5) tell(struct log *l, struct handover *h, const char *rule, const char *about, ...)
{
	char what[FINDING_WORDS];
	va_list facts;

	va_start(facts, about);
	format_v(what, sizeof(what), about, facts);
	va_end(facts);
	report_finding(l, h, rule, what);
}

void report_memory_left(struct log *l, struct handover *h, const char *policy, const struct memory_split *s)
{
	tell(l, h, "unmovable-scarce", " %s: %llu of %llu MiB, 1:%llu", policy, (ull)(s->fixed / MIB),
	     (ull)((s->fixed + s->movable) / MIB), (ull)(s->movable / max_u64(s->fixed, 1)));
}

void report_memblock_full(struct log *l, struct handover *h, const char *policy)
{
	tell(l, h, "memblock-full", " %s", policy);
}

void report_more_findings(struct log *l, struct handover *h, const char *rule, uint64_t nr)
{
	h->nr_findings += (unsigned)nr;
	log_text(l, "finding: %s: %llu more", rule, (ull)nr);
	log_record(l, "finding", "rule%s more%llu", rule, (ull)nr);
}
