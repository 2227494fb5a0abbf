/* SPDX-License-Identifier: MIT */
/* Checks the SLIT and looks distances up in it. */
#include "acpi/slit.h"

#define LOCALITIES 36
#define MATRIX 44
#define CHUNK 256

/* What Linux's slit_valid asks of row i. */
static enum status row_check(const struct slit *s, uint32_t i)
{
	uint32_t n = (uint32_t)s->localities;
	uint8_t chunk[CHUNK];

	for (uint32_t from = 0; from < n; from += CHUNK) {
		uint32_t len = (uint32_t)min_u64(CHUNK, n - from);

		if (!acpi_table_read(&s->table, MATRIX + i * n + from, chunk, len))
			return ERR_UNREADABLE;
		for (uint32_t k = 0; k < len; k++) {
			if (from + k == i ? chunk[k] != SLIT_LOCAL : chunk[k] <= SLIT_LOCAL)
				return ERR_CONFLICT;
		}
	}
	return OK;
}

enum status slit_open(struct slit *s, const struct acpi_table *t)
{
	uint8_t bytes[8];
	enum status status = OK;
	uint64_t n;

	*s = (struct slit){ .table = *t };
	if (t->length < MATRIX)
		return ERR_MALFORMED;
	if (!acpi_table_read(t, LOCALITIES, bytes, sizeof(bytes)))
		return ERR_UNREADABLE;
	n = le64(bytes);
	/* Divided, as n * n may wrap. From here on it fits in the table's 32-bit length. */
	if (n && (t->length - MATRIX) / n < n)
		return ERR_MALFORMED;
	s->localities = n;
	for (uint32_t i = 0; i < n && status == OK; i++)
		status = row_check(s, i);
	if (status != OK)
		s->localities = 0;
	return status;
}

uint8_t slit_distance(const struct slit *s, uint32_t a, uint32_t b)
{
	uint8_t distance;

	if (a < s->localities && b < s->localities &&
	    acpi_table_read(&s->table, MATRIX + a * (uint32_t)s->localities + b, &distance, 1))
		return distance;
	return a == b ? SLIT_LOCAL : SLIT_REMOTE;
}
