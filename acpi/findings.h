/* SPDX-License-Identifier: MIT */
/* What is legal but awkward in the tables themselves and between them. docs/firmware-rules.md has every rule. */
#ifndef ACPI_FINDINGS_H
#define ACPI_FINDINGS_H

#include "acpi/srat.h"

/*
 * Each looks at one table, whatever its checksum, and beside it at what srat_parse read of the SRAT; a table that is
 * damaged is looked at up to there. Findings come rule by rule or in table order, as often as they apply.
 */
void srat_findings(const struct acpi_table *t, const struct srat *s, const struct findings *to);
void madt_findings(const struct acpi_table *t, const struct srat *s, const struct findings *to);
void slit_findings(const struct acpi_table *t, const struct srat *s, const struct findings *to);
void hmat_findings(const struct acpi_table *t, const struct srat *s, const struct findings *to);
void cedt_findings(const struct acpi_table *t, const struct srat *s, const struct findings *to);
void msct_findings(const struct acpi_table *t, const struct srat *s, const struct findings *to);

#endif
