/* SPDX-License-Identifier: MIT */
/* Distances between proximity domains, read in place: ACPI 6.5, 5.2.17. */
#ifndef ACPI_SLIT_H
#define ACPI_SLIT_H

#include "acpi/reader.h"

/* Where there is no table (Linux's LOCAL_DISTANCE, REMOTE_DISTANCE). */
#define SLIT_LOCAL 10
#define SLIT_REMOTE 20

struct slit {
	struct acpi_table table;
	uint64_t localities;
};

/*
 * Takes the table if its length holds localities * localities bytes, every diagonal is 10 and every other value is >
 * 10 (what Linux asks). ERR_MALFORMED: too short. ERR_CONFLICT: values ("SLIT table looks invalid. Not used.").
 * ERR_UNREADABLE. On an error *s has no localities, so that it says 10 and 20.
 */
MUST_CHECK enum status slit_open(struct slit *s, const struct acpi_table *t);

/* Distance from PXM a to PXM b; 10 when equal, 20 otherwise, where the table does not say. */
uint8_t slit_distance(const struct slit *s, uint32_t a, uint32_t b);

#endif
