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
 * Reads the number of localities. ERR_MALFORMED: the table is too short to hold it (s->localities is 0) or too short
 * for the distances of so many.
 */
MUST_CHECK enum status slit_measure(struct slit *s, const struct acpi_table *t);

/*
 * Copies `nr` distances from the one of index `first` on, row after row, of a table that slit_measure has found long
 * enough. Returns false when they cannot be read.
 */
MUST_CHECK bool slit_read_cells(const struct slit *s, uint32_t first, uint8_t *cells, uint32_t nr);

/*
 * Takes the table if it holds localities * localities distances, every diagonal is 10 and every other value is > 10
 * (what Linux asks). ERR_MALFORMED: it is too short. ERR_CONFLICT: a value is odd ("SLIT table looks invalid. Not
 * used."). On an error *s has no localities, so that it says 10 and 20.
 */
MUST_CHECK enum status slit_open(struct slit *s, const struct acpi_table *t);

/* Returns the distance from PXM a to PXM b; where the table does not say, 10 when they are equal and 20 otherwise. */
uint8_t slit_distance(const struct slit *s, uint32_t a, uint32_t b);

#endif
