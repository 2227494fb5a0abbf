/* SPDX-License-Identifier: MIT */
/* What the SRAT says, in firmware's terms (PXM): ACPI 6.5, 5.2.16. No node numbers, no judgement on overlaps. */
#ifndef ACPI_SRAT_H
#define ACPI_SRAT_H

#include "acpi/reader.h"

/* One entry, zero beyond its own length. */
union srat_entry {
	struct acpi_entry_head head;
	struct srat_apic_entry apic;
	struct srat_memory_entry memory;
	struct srat_x2apic_entry x2apic;
	struct srat_generic_entry generic;
};

/* Returns a walk over the entries. */
static inline struct acpi_entries srat_entries(const struct acpi_table *t)
{
	return (struct acpi_entries){ .table = t, .next = sizeof(struct srat_layout) };
}

/* Reads the next entry; acpi_entries_next says how the walk ends. */
MUST_CHECK bool srat_next(struct acpi_entries *it, struct acpi_entry *at, union srat_entry *e);

enum srat_form {
	SRAT_GOOD,       /* one of the five kinds above, long enough */
	SRAT_BAD_LENGTH, /* one of them, but too short, or a local APIC's that is too long */
	SRAT_FOREIGN,    /* of another architecture: GICC, ITS, RINTC */
	SRAT_UNKNOWN,    /* of a type that the specification does not define */
};

/* Returns which of these it is. */
enum srat_form srat_form(const union srat_entry *e);

/*
 * Returns the domain of a local APIC or memory entry in a table of that revision: 8 bits for memory if it is 1 at most;
 * of a local APIC's domain the high 24 bits count from 2 on.
 */
uint32_t srat_entry_pxm(const union srat_entry *e, uint8_t revision);

#define SRAT_MAX_MEM 4096
#define SRAT_MAX_CPU 8192

struct srat_mem {
	struct range r; /* end == start: length 0. base + length that wraps: end < start */
	uint32_t pxm;
	bool enabled, hotplug, nonvolatile;
};

enum srat_initiator_kind { SRAT_APIC, SRAT_X2APIC, SRAT_GENERIC_INITIATOR, SRAT_GENERIC_PORT };

struct srat_initiator { /* enabled ones only */
	uint32_t pxm;
	uint32_t apic_id; /* SRAT_APIC, SRAT_X2APIC */
	enum srat_initiator_kind kind;
};

struct srat {
	uint8_t revision;
	/* damage: where the walk stopped or which entry is wrong (offset in the table) */
	uint8_t bad_length;
	uint32_t bad_offset;
	size_t nr_mem, nr_initiator;
	struct srat_mem mem[SRAT_MAX_MEM];             /* every memory entry, in table order, disabled ones too */
	struct srat_initiator initiator[SRAT_MAX_CPU]; /* types 0, 2, 5, 6 in table order */
};

/*
 * Reads all entries. ERR_MALFORMED: a table under 48 bytes, an entry of length under 2, one that runs past the table, a
 * memory entry under 40 bytes, a type 0 entry of other than 16, a type 2 entry under 24 (what Linux rejects a SRAT
 * for). ERR_FULL: SRAT_MAX_MEM or SRAT_MAX_CPU. On an error *out holds what was read before it, and bad_offset and
 * bad_length say where it is; they are 0 otherwise.
 */
MUST_CHECK enum status srat_parse(const struct acpi_table *t, struct srat *out);

#endif
