/* SPDX-License-Identifier: MIT */
/* How to reset the machine and switch it off: FADT (ACPI 6.5, 5.2.9) and the \_S5 package of the DSDT (7.4.2). */
#ifndef ACPI_FADT_H
#define ACPI_FADT_H

#include "acpi/root.h"

struct acpi_power {
	bool reset_supported; /* RESET_REG_SUP, and a register and a value are there */
	struct acpi_gas reset;
	uint8_t reset_value;
	bool hardware_reduced;
	uint16_t smi_command; /* I/O port; 0: none */
	uint8_t acpi_enable;
	struct acpi_gas pm1a, pm1b; /* control blocks; address 0: none */
	bool s5_found;
	uint8_t s5_a, s5_b;            /* SLP_TYP values */
	struct acpi_gas sleep_control; /* hardware-reduced ACPI; address 0: none */
};

/*
 * Reads FADT and DSDT (if that has no \_S5, the SSDTs). Fields that a short FADT lacks read as zero. ERR_NOT_FOUND:
 * there is no FADT. ERR_CHECKSUM, ERR_MALFORMED, ERR_UNREADABLE: it is damaged, and *out is all zero, as it must not
 * say which ports to write. A missing or odd \_S5 leaves s5_found false, which is not an error.
 */
MUST_CHECK enum status acpi_power_read(const struct acpi_root *root, struct acpi_power *out);

/* Finds DSDT and FACS, which no root table names; 0: there is none, or no FADT that can be read. */
void acpi_fadt_tables(const struct acpi_root *root, phys_t *dsdt, phys_t *facs);

#endif
