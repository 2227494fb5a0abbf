/* SPDX-License-Identifier: MIT */
/* Which processors the machine has: MADT, ACPI 6.5, 5.2.12. */
#ifndef ACPI_MADT_H
#define ACPI_MADT_H

#include "acpi/reader.h"

struct madt_cpu {
	uint32_t apic_id;
	bool enabled; /* and not with an id of all ones, which is none */
};

/* Returns a walk over the entries. */
static inline struct acpi_entries madt_entries(const struct acpi_table *t)
{
	return (struct acpi_entries){ .table = t, .next = sizeof(struct madt_layout) };
}

/*
 * Reads the next processor, a local APIC or x2APIC, and steps over other entries. Returns false at the end and on
 * damage as acpi_entries_next does, and when the entry is too short for its type. *at then says where.
 */
MUST_CHECK bool madt_next_cpu(struct acpi_entries *it, struct acpi_entry *at, struct madt_cpu *cpu);

/*
 * Counts the enabled processors up to the end or the damage. ERR_MALFORMED: the table or an entry is too short, or runs
 * past the end. Here and in all of acpi/, ERR_UNREADABLE says that memory could not be read.
 */
MUST_CHECK enum status madt_count(const struct acpi_table *t, uint32_t *enabled);

#endif
