/* SPDX-License-Identifier: MIT */
/* Gathers what acpi/ and mm/ find awkward, and stops repeating itself. */
#include "kernel/steps.h"

#include "kernel/report/report.h"
#include "lib/format.h"

#define RULES_MAX 64
#define LINES_MAX 4 /* of one rule */

struct tally {
	const char *rule;
	uint64_t nr;
};

struct gathering {
	struct run *r;
	size_t nr;
	struct tally tally[RULES_MAX];
};

/* How often that rule has been told, this time included. */
static uint64_t count(struct gathering *g, const char *rule)
{
	size_t i = 0;

	while (i < g->nr && !scan_equal(g->tally[i].rule, rule))
		i++;
	if (i == g->nr) {
		KASSERT(g->nr < RULES_MAX);
		g->tally[g->nr++] = (struct tally){ rule, 0 };
	}
	return ++g->tally[i].nr;
}

static void see_finding(void *ctx, const char *rule, const char *about, va_list facts)
{
	struct gathering *g = ctx;
	char what[FINDING_WORDS];

	if (count(g, rule) > LINES_MAX)
		return;
	format_v(what, sizeof(what), about, facts);
	report_finding(&g->r->log, g->r->h, rule, what);
}

static void report_rest(struct gathering *g)
{
	for_each (t, g->tally, g->nr) {
		if (t->nr > LINES_MAX)
			report_more_findings(&g->r->log, g->r->h, t->rule, t->nr - LINES_MAX);
	}
}

/* ---- tables ---- */

/* The tables looked at, and the rule of a wrong checksum. The SRAT comes first: the others are held against it. */
static const struct {
	void (*find)(const struct acpi_table *t, const struct srat *s, const struct findings *to);
	char name[5], sum[14];
} tables[] = {
	{ srat_findings, "SRAT", "srat-checksum" }, { madt_findings, "APIC", "madt-checksum" },
	{ slit_findings, "SLIT", "slit-checksum" }, { hmat_findings, "HMAT", "hmat-checksum" },
	{ cedt_findings, "CEDT", "cedt-checksum" }, { msct_findings, "MSCT", "msct-checksum" },
};

static void judge_tables(const struct acpi_root *root, const struct srat *srat, const struct findings *to)
{
	for (unsigned i = 0; i < ARRAY_SIZE(tables); i++) {
		struct acpi_table t;
		enum status s = acpi_root_find(root, tables[i].name, &t);

		if (s == ERR_CHECKSUM)
			finding_tell(to, tables[i].sum, FINDING_TABLE);
		if (s == OK || s == ERR_CHECKSUM)
			tables[i].find(&t, srat, to);
		else if (i == 0)
			break;
	}
}

/* ---- memory ---- */

/* Non-volatile is a word of the SRAT that nodes do not know. */
static void judge_nonvolatile(const struct srat *s, const struct memblock *mb, const struct findings *to)
{
	for_each (m, s->mem, s->nr_mem) {
		if (m->enabled && m->nonvolatile && memblock_overlap(&mb->memory, m->r))
			finding_tell(to, "nonvolatile-ram", FINDING_RANGE, &m->r, m->pxm);
	}
}

static bool judge_memory(struct run *r, const struct findings *to)
{
	struct handover *h = r->h;
	unsigned bits = r->p->cpu.phys_bits;

	if (!memory_fill(&r->log, &h->map, h->end_of_ram, r->mb))
		return false;
	numa_count(&h->numa, r->mb);
	numa_findings(&(struct numa_evidence){ &h->numa, r->mb, &h->bi.map, bits ? 1ull << bits : PHYS_NONE }, to);
	judge_nonvolatile(&h->srat, r->mb, to);
	return true;
}

bool judge_firmware(struct run *r, const struct acpi_root *root, bool joined)
{
	struct gathering g = { .r = r };
	const struct findings to = { see_finding, &g };

	if (r->h->srat_state == SRAT_ABSENT)
		return true;
	judge_tables(root, &r->h->srat, &to);
	if (joined && !judge_memory(r, &to))
		return false;
	report_rest(&g);
	return true;
}
