/* SPDX-License-Identifier: MIT */
/* What the SRAT says, in firmware's terms (PXM): ACPI 6.5, 5.2.16. No node numbers, no judgement on overlaps. */
#ifndef ACPI_SRAT_H
#define ACPI_SRAT_H

#include "acpi/reader.h"

#define SRAT_MAX_MEM 4096
#define SRAT_MAX_CPU 8192

struct srat_mem {
	phys_t start, end; /* end == start: length 0. base + length that wraps: end < start */
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
	size_t nr_mem, nr_initiator;
	struct srat_mem mem[SRAT_MAX_MEM];             /* every memory entry, in table order, disabled ones too */
	struct srat_initiator initiator[SRAT_MAX_CPU]; /* types 0, 2, 5, 6 in table order */
	/* legal entries that were not taken, by reason; a generic initiator or port under 32 bytes counts as unknown */
	unsigned disabled_initiators, not_x86 /* GICC, ITS, RINTC */, unknown;
	/* damage: where the walk stopped or which entry is wrong (offset in the table) */
	uint32_t bad_offset;
	uint8_t bad_type, bad_length;
};

/*
 * Reads all entries. PXM: 8 bits for memory if revision <= 1; for type 0 the high 24 bits count if revision >= 2; 32
 * bits elsewhere. ERR_MALFORMED: a table under 48 bytes, an entry of length under 2, one that runs past the table, a
 * memory entry under 40 bytes, a type 0 entry of other than 16, a type 2 entry under 24 (what Linux rejects a SRAT
 * for). ERR_FULL, ERR_UNREADABLE. On an error *out holds what was read before it, and bad_offset, bad_type,
 * bad_length say where it is; they are 0 otherwise.
 */
MUST_CHECK enum status srat_parse(const struct acpi_table *t, struct srat *out);

#endif
