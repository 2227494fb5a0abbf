/* SPDX-License-Identifier: MIT */
/*
 * What stands beside the SRAT: processors of the MADT (ACPI 6.5, 5.2.12), domains that the HMAT speaks of (5.2.28; its
 * latencies and bandwidths are not read), and where CXL memory may appear, by the CEDT (CXL 3.0, 9.17.1.3).
 */
#ifndef ACPI_BESIDE_H
#define ACPI_BESIDE_H

#include "acpi/reader.h"

/* ---- MADT ---- */

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

/* ---- HMAT ---- */

/* A walk over every domain named, in table order, as often as it is named. */
struct hmat_walk {
	struct acpi_entries structures; /* ERR_MALFORMED: or a list runs past the end of its structure */
	struct acpi_entry at;           /* the one looked at */
	uint32_t domain, left;          /* its domains that are still to come: offset of the first, number */
};

/* Returns a walk that is to begin. */
static inline struct hmat_walk hmat_domains(const struct acpi_table *t)
{
	return (struct hmat_walk){ .structures = { t, sizeof(struct hmat_layout), ACPI_HEAD_8, OK } };
}

/* Reads the next domain. Returns false at the end and on damage, and w->at then says where. Always advances. */
MUST_CHECK bool hmat_next_domain(struct hmat_walk *w, uint32_t *pxm);

/* ---- CEDT ---- */

/* Returns a walk over the structures. */
static inline struct acpi_entries cedt_entries(const struct acpi_table *t)
{
	return (struct acpi_entries){ .table = t, .next = sizeof(struct acpi_header), .head = ACPI_HEAD_4 };
}

/* Reads the next window as madt_next_cpu a processor, and steps over one that is empty or wraps as well. */
MUST_CHECK bool cedt_next_window(struct acpi_entries *it, struct acpi_entry *at, struct range *window);

#endif
