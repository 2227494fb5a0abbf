/* SPDX-License-Identifier: MIT */
/* From the RSDP to a table: ACPI 6.5, 5.2.5 (RSDP), 5.2.7 (RSDT), 5.2.8 (XSDT). */
#ifndef ACPI_ROOT_H
#define ACPI_ROOT_H

#include "acpi/reader.h"

#define ACPI_MAX_TABLES 256

struct acpi_root {
	const struct physmem *mem;
	phys_t rsdp;
	uint8_t rsdp_revision;
	char oem_id[7];
	bool xsdt;               /* XSDT in use, else RSDT */
	enum status xsdt_status; /* why an XSDT that the RSDP names is not in use; OK otherwise */
	phys_t sdt;              /* address of the XSDT or RSDT; its checksum may be wrong, as for Linux */
	size_t nr;
	phys_t table[ACPI_MAX_TABLES]; /* addresses in table order; zero entries left out */
	size_t left_out;               /* entries beyond ACPI_MAX_TABLES */
};

/*
 * Returns the address of a valid RSDP: in the first KiB of the EBDA (segment word at 0x40E, only if > 0x400), else in
 * 0xE0000-0xFFFFF, in steps of 16 bytes. PHYS_NONE: there is none.
 */
phys_t acpi_rsdp_scan(const struct physmem *mem);

/*
 * Checks the RSDP (signature, checksum, extended checksum if revision >= 2), takes the XSDT if revision >= 2 and it
 * is usable, else the RSDT. A root table is usable with the right signature and room for one entry. ERR_NOT_FOUND: no
 * RSDP is there. ERR_CHECKSUM, ERR_MALFORMED, ERR_UNREADABLE: the RSDP, or the last root table tried, is damaged; one
 * that names no root table is malformed.
 */
MUST_CHECK enum status acpi_root_open(struct acpi_root *root, const struct physmem *mem, phys_t rsdp);

/*
 * Returns how many entries of the root table nothing comes of, zero addresses aside, which Linux skips as well: those
 * left out, those that lead back to the root table, and those to a place that cannot be read or names no table.
 */
size_t acpi_root_lost(const struct acpi_root *root);

/*
 * Opens the first table with that signature whose length is sane, and passes over what cannot be read. ERR_NOT_FOUND:
 * there is none. ERR_CHECKSUM: *t is filled, as Linux takes the first one whatever its sum. ERR_MALFORMED,
 * ERR_UNREADABLE: so is the first one with that signature, and there is no better one.
 */
MUST_CHECK enum status acpi_root_find(const struct acpi_root *root, const char *signature, struct acpi_table *t);

/* What becomes of a table that a file brings. */
enum acpi_upgrade {
	ACPI_OVERRIDE, /* it stands in for one of the firmware's from now on */
	ACPI_INSTALL,  /* it is added behind them: acpi_root_find takes the first of a name */
	ACPI_OLDER,    /* left out: the OEM revision is not above that of the firmware's */
	ACPI_FULL,     /* left out: there are ACPI_MAX_TABLES already */
};

/*
 * Takes t, which acpi_table_open has opened, as Linux's table upgrade does: it replaces the first table with the same
 * signature and OEM table id if its OEM revision is higher. `always`: the first with the same signature, whatever the
 * rest.
 */
MUST_CHECK enum acpi_upgrade acpi_root_upgrade(struct acpi_root *root, const struct acpi_table *t, bool always);

#endif
