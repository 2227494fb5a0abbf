/* SPDX-License-Identifier: MIT */
/* What the machine can grow to: MSCT, ACPI 6.5, 5.2.19. */
#ifndef ACPI_MSCT_H
#define ACPI_MSCT_H

#include "acpi/reader.h"

struct msct {
	uint64_t domains; /* proximity domains there can ever be */
	phys_t last_byte; /* highest physical address there can ever be */
};

/* Reads the limits at the head of the table. ERR_MALFORMED: it is too short for them. */
MUST_CHECK enum status msct_read(const struct acpi_table *t, struct msct *out);

#endif
