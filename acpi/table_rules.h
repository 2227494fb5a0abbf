/* SPDX-License-Identifier: MIT */
/* What is legal but awkward in the tables themselves and between them. docs/firmware-rules.md has every rule. */
#ifndef ACPI_TABLE_RULES_H
#define ACPI_TABLE_RULES_H

#include "acpi/srat.h"
#include "lib/finding.h"

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
