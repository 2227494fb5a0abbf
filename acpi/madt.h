/* SPDX-License-Identifier: MIT */
/* Which processors the machine has: MADT, ACPI 6.5, 5.2.12. */
#ifndef ACPI_MADT_H
#define ACPI_MADT_H

#include "acpi/reader.h"

#define MADT_MAX_CPU 8192

struct madt {
	size_t nr;
	uint32_t apic_id[MADT_MAX_CPU]; /* enabled local APICs and x2APICs, in table order */
	unsigned disabled; /* not enabled, or with the invalid id 0xff (0xffffffff for an x2APIC), as Linux */
	unsigned unknown;  /* entries of a type that ACPI 6.5 does not define */
};

/*
 * Entries start at offset 44. ERR_MALFORMED: length under 2, past the end, or too short for its type. ERR_FULL,
 * ERR_UNREADABLE. *out holds what was read.
 */
MUST_CHECK enum status madt_parse(const struct acpi_table *t, struct madt *out);

/* True when the MADT lists that APIC id as enabled. */
bool madt_has(const struct madt *m, uint32_t apic_id);

#endif
