/* SPDX-License-Identifier: MIT */
/* Findings in words: `finding: RULE [mem ...] of PXM n`. */
#include "kernel/report/report.h"

#include "lib/format.h"

#define RANGE_OF " [mem 0x%08llx-0x%08llx] of PXM %llu"

/* What the kinds are about, one text behind the other in their order; a table of equal rows would be twice as long. */
static const char texts[] =
	"\0"
	" at offset 0x%llx\0"
	" %llu\0"
	" APIC 0x%02llx\0"
	" APIC 0x%02llx of PXM %llu\0"
	" PXM %llu\0"
	" PXM %llu and PXM %llu\0" RANGE_OF "\0"
	" and" RANGE_OF "\0" /* of FINDING_RANGES the second; the first is as FINDING_RANGE has it */
	" [mem 0x%08llx-0x%08llx]";

static const char *about(enum finding_kind kind)
{
	const char *s = texts;

	while (kind--)
		s += scan_length(s) + 1;
	return s;
}

/* A line of text, and the same as a record; what it is about begins with a blank, or is empty. */
static void tell(struct log *l, struct handover *h, const char *rule, const char *what)
{
	if (!h->nr_findings++)
		format(h->finding, sizeof(h->finding), "%s%s", rule, what);
	log_text(l, "finding: %s%s", rule, what);
	log_record(l, "finding", "rule%s about%s", rule, *what ? what + 1 : what);
}

void report_finding(struct log *l, struct handover *h, const struct finding *f)
{
	enum finding_kind kind = f->kind;
	bool domain = kind >= FINDING_DOMAIN;
	char what[160];
	int len;

	if (kind >= FINDING_RANGE)
		len = format(what, sizeof(what), about(kind == FINDING_RANGES ? FINDING_RANGE : kind), (ull)f->a.start,
			     (ull)f->a.end - 1, (ull)f->pxm);
	else
		len = format(what, sizeof(what), about(kind), domain ? f->pxm : (ull)f->value,
			     domain ? f->other_pxm : (ull)f->pxm);
	if (kind == FINDING_RANGES)
		format(what + len, sizeof(what) - (size_t)len, about(kind), (ull)f->b.start, (ull)f->b.end - 1,
		       (ull)f->other_pxm);
	tell(l, h, f->rule, what);
}

void report_memory_left(struct log *l, struct handover *h, const char *policy, const struct memory_split *s)
{
	char what[160];

	format(what, sizeof(what), " %s: %llu of %llu MiB, 1:%llu", policy, (ull)(s->fixed / MIB),
	       (ull)((s->fixed + s->movable) / MIB), (ull)(s->movable / max_u64(s->fixed, 1)));
	tell(l, h, "unmovable-scarce", what);
}

void report_memblock_full(struct log *l, struct handover *h, const char *policy)
{
	char what[32];

	format(what, sizeof(what), " %s", policy);
	tell(l, h, "memblock-full", what);
}

void report_more_findings(struct log *l, struct handover *h, const char *rule, uint64_t nr)
{
	h->nr_findings += (unsigned)nr;
	log_text(l, "finding: %s: %llu more", rule, (ull)nr);
	log_record(l, "finding", "rule%s more%llu", rule, (ull)nr);
}
