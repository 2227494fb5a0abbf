/* SPDX-License-Identifier: MIT */
/* What is legal but awkward in the tables themselves and between them. docs/firmware-rules.md has every rule. */
#ifndef ACPI_TABLE_RULES_H
#define ACPI_TABLE_RULES_H

#include "acpi/srat.h"

/*
 * Something legal but awkward in what firmware says, in firmware's terms: the id of its rule (docs/firmware-rules.md)
 * and what it is about. `kind` says which of the other members count.
 */
enum finding_kind {
	FINDING_TABLE,   /* the whole table */
	FINDING_ENTRY,   /* value: offset in the table */
	FINDING_NUMBER,  /* value: what the table says */
	FINDING_APIC,    /* value: APIC id */
	FINDING_CPU,     /* value: APIC id, pxm */
	FINDING_DOMAIN,  /* pxm */
	FINDING_DOMAINS, /* pxm, other_pxm */
	FINDING_RANGE,   /* a of pxm */
	FINDING_RANGES,  /* a of pxm, b of other_pxm */
	FINDING_MEMORY,  /* a, of no domain */
};

struct finding {
	const char *rule;
	enum finding_kind kind;
	uint32_t pxm, other_pxm;
	struct range a, b;
	uint64_t value;
};

/* Who is told. */
struct findings {
	void (*found)(void *ctx, const struct finding *f);
	void *ctx;
};

/*
 * Each looks at one table, whatever its checksum, up to where it is damaged, and at what srat_parse read of the SRAT.
 * Each tells of findings rule by rule or in table order, as often as they apply.
 */
void srat_findings(const struct acpi_table *t, const struct srat *s, const struct findings *to);
void madt_findings(const struct acpi_table *t, const struct srat *s, const struct findings *to);
void slit_findings(const struct acpi_table *t, const struct srat *s, const struct findings *to);
void hmat_findings(const struct acpi_table *t, const struct srat *s, const struct findings *to);
void cedt_findings(const struct acpi_table *t, const struct srat *s, const struct findings *to);
void msct_findings(const struct acpi_table *t, const struct srat *s, const struct findings *to);

#endif
