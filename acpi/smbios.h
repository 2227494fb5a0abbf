/* SPDX-License-Identifier: MIT */
/* The machine's name: SMBIOS 3.6, 5.2 (entry points), 7.1 (BIOS), 7.2 (system). */
#ifndef ACPI_SMBIOS_H
#define ACPI_SMBIOS_H

#include "lib/base.h"

#define SMBIOS_NAME_MAX 64

struct smbios { /* printable ASCII, trimmed; empty when unknown */
	char vendor[SMBIOS_NAME_MAX], product[SMBIOS_NAME_MAX];
	char firmware_vendor[SMBIOS_NAME_MAX], firmware_version[SMBIOS_NAME_MAX], firmware_date[SMBIOS_NAME_MAX];
	uint8_t major, minor;
};

/*
 * Looks at `entry_point` (PHYS_NONE: scan 0xF0000-0xFFFFF in steps of 16 for "_SM3_", then "_SM_") and reads types 0
 * and 1. Fails with ERR_NOT_FOUND, ERR_CHECKSUM, ERR_MALFORMED or ERR_UNREADABLE, and *out is what is known all the
 * same.
 */
MUST_CHECK enum status smbios_read(const struct physmem *mem, phys_t entry_point, struct smbios *out);

#endif
