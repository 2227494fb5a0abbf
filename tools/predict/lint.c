/* SPDX-License-Identifier: MIT */
/* Looks at a SRAT for which no memory map is known: every range is taken to be full of RAM. */
#include "tools/predict/lint.h"

#include <stdio.h>
#include <string.h>

#include "acpi/srat.h"
#include "kernel/steps.h"
#include "kernel/report/report.h"
#include "lib/format.h"
#include "mm/memory_rules.h"

#define ALL_ADDRESSES (1ull << 52)
#define CHECKSUM_AT offsetof(struct acpi_header, checksum)
#define LINES_MAX 4 /* of one rule */

typedef unsigned long long ull;

struct lint {
	struct session s;
	struct acpi_table table;
	bool sum_ok, truncated;
	bool overlap; /* of different domains */
	uint32_t told[2];
};

/* ---- the entries as a table ---- */

static const char *word(uint32_t flags, uint32_t flag, const char *yes)
{
	return flags & flag ? yes : "";
}

static void print_memory(struct log *l, const union srat_entry *e, uint32_t pxm, uint32_t offset)
{
	const struct srat_memory_entry *m = &e->memory;

	log_text(l, "  0x%04x: memory of PXM %u [mem 0x%08llx-0x%08llx]%s%s%s", offset, pxm, (ull)m->base,
		 (ull)(m->base + m->length - 1), m->flags & SRAT_FLAG_ENABLED ? "" : " disabled",
		 word(m->flags, SRAT_FLAG_HOTPLUG, " hot-pluggable"),
		 word(m->flags, SRAT_FLAG_NONVOLATILE, " non-volatile"));
}

static void print_cpu(struct log *l, uint32_t offset, uint32_t pxm, uint32_t apic_id, uint32_t flags)
{
	log_text(l, "  0x%04x: CPU of PXM %u APIC 0x%02x%s", offset, pxm, apic_id,
		 flags & SRAT_FLAG_ENABLED ? "" : " disabled");
}

static void print_entry(struct log *l, const union srat_entry *e, uint8_t revision, uint32_t offset)
{
	uint8_t type = e->head.type;

	if (srat_form(e) != SRAT_GOOD)
		log_text(l, "  0x%04x: type %u, %u bytes", offset, type, e->head.length);
	else if (type == SRAT_TYPE_MEMORY)
		print_memory(l, e, srat_entry_pxm(e, revision), offset);
	else if (type == SRAT_TYPE_APIC)
		print_cpu(l, offset, srat_entry_pxm(e, revision), e->apic.apic_id, e->apic.flags);
	else if (type == SRAT_TYPE_X2APIC)
		print_cpu(l, offset, e->x2apic.pxm, e->x2apic.apic_id, e->x2apic.flags);
	else
		log_text(l, "  0x%04x: generic %s of PXM %u%s", offset, type == SRAT_TYPE_PORT ? "port" : "initiator",
			 e->generic.pxm, e->generic.flags & SRAT_FLAG_ENABLED ? "" : " disabled");
}

static void print_entries(struct lint *t)
{
	struct log *l = &t->s.run.log;
	struct acpi_entries it = srat_entries(&t->table);
	struct acpi_entry at;
	union srat_entry e;

	log_text(l, "SRAT of %u bytes, revision %u, by %s %s", t->table.length, t->table.revision, t->table.oem_id,
		 t->table.oem_table_id);
	while (srat_next(&it, &at, &e))
		print_entry(l, &e, t->table.revision, at.offset);
	t->truncated = it.damage == ERR_MALFORMED && at.length >= sizeof(e.head);
}

/* ---- findings ---- */

/* Ranges against each other: of the rules that speak of memory only these do without a memory map. */
static void see_overlap(void *ctx, const char *rule, const char *about, va_list facts)
{
	struct lint *t = ctx;
	char what[FINDING_WORDS];
	bool self = !strcmp(rule, "srat-self-overlap");

	if (!self && strcmp(rule, "srat-overlap"))
		return;
	t->overlap |= !self;
	if (++t->told[self] > LINES_MAX)
		return;
	format_v(what, sizeof(what), about, facts);
	report_finding(&t->s.run.log, t->s.h, rule, what);
}

static void judge_overlaps(struct lint *t)
{
	static const char *const rules[] = { "srat-overlap", "srat-self-overlap" };
	const struct findings to = { see_overlap, t };

	numa_findings(&(struct numa_evidence){ &t->s.h->numa, t->s.run.mb, &t->s.h->map, PHYS_NONE }, &to);
	for (unsigned i = 0; i < ARRAY_SIZE(rules); i++)
		if (t->told[i] > LINES_MAX)
			report_more_findings(&t->s.run.log, t->s.h, rules[i], t->told[i] - LINES_MAX);
}

/* ---- what Linux does ---- */

/* Takes the kernel's steps without a word, with a checksum that is right, as Linux does not look at it. */
static bool join_quietly(struct lint *t, const struct acpi_root *root)
{
	struct handover *h = t->s.h;
	struct log_state *l = &h->log;
	bool text = l->text, json = l->json, good;
	struct slit slit;
	uint8_t *sum = t->s.facts->srat_bytes + CHECKSUM_AT, told = *sum;

	*sum = (uint8_t)(*sum - sum8(t->s.facts->srat_bytes, t->table.length));
	h->end_of_ram = ALL_ADDRESSES;
	l->text = l->json = false;
	good = e820_add(&h->map, 0, ALL_ADDRESSES, E820_RAM) == OK && nodes_join(&t->s.run, root, &slit);
	l->text = text;
	l->json = json;
	h->nr_findings = 0; /* with RAM everywhere; nobody was told */
	*sum = told;
	return good;
}

static bool accepted(const struct lint *t)
{
	return t->s.h->srat_state == SRAT_OK && !t->overlap;
}

static void report_verdict(struct lint *t)
{
	const char *why = t->s.h->srat_state == SRAT_OK ? "ranges of different domains overlap" : t->s.h->srat_why;
	struct log *l = &t->s.run.log;

	if (accepted(t))
		log_text(l, "result: Linux accepts the table%s",
			 t->sum_ok ? "" : "; it does not look at the checksum, which is wrong");
	else if (t->truncated)
		log_text(l, "result: Linux reads on behind the end of the table; Landfall rejects it: %s", why);
	else
		log_text(l, "result: Linux rejects the table: %s%s", why,
			 t->overlap ? ", unless one of the two holds no RAM" : "");
	log_record(l, "lint", "accepted%i why%s checksum_ok%i findings%llu", accepted(t), accepted(t) ? "" : why,
		   t->sum_ok, (ull)t->s.h->nr_findings);
}

static bool judge_table(struct lint *t, bool *clean, struct input_error *err)
{
	struct acpi_root root = session_tables(&t->s);
	enum status st = acpi_table_open(&t->table, &t->s.platform.phys, root.table[0]);

	if (st != OK && st != ERR_CHECKSUM)
		return input_refuse(err, "the table says it is %u bytes long; the file has %zu", t->table.length,
				    t->s.facts->srat_len);
	t->sum_ok = st == OK;
	if (!join_quietly(t, &root))
		return input_refuse(err, "the table cannot be judged");
	print_entries(t);
	report_affinity_records(&t->s.run.log, &t->s.h->srat, &t->s.h->numa);
	if (!judge_firmware(&t->s.run, &root, false))
		return input_refuse(err, "the table cannot be judged");
	if (t->s.h->srat_state == SRAT_OK)
		judge_overlaps(t);
	report_verdict(t);
	*clean = accepted(t) && !t->s.h->nr_findings;
	return true;
}

bool lint_report(struct facts *f, const char *report, bool *clean, struct input_error *err)
{
	static struct lint t;
	bool good;

	t = (struct lint){ .sum_ok = false };
	if (!session_start(&t.s, f, report, err))
		return false;
	good = judge_table(&t, clean, err);
	session_close(&t.s);
	return good;
}
