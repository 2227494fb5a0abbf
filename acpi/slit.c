/* SPDX-License-Identifier: MIT */
/* Checks the SLIT and looks distances up in it. */
#include "acpi/slit.h"

#define CHUNK 256

enum status slit_measure(struct slit *s, const struct acpi_table *t)
{
	const uint32_t head = sizeof(struct slit_layout);
	struct slit_layout layout;
	uint64_t n;

	*s = (struct slit){ .table = *t };
	if (t->length < head)
		return ERR_MALFORMED;
	if (!acpi_table_read(t, 0, &layout, head))
		return ERR_UNREADABLE;
	s->localities = n = layout.localities;
	/* Divided, as n * n may wrap. With OK it fits in the table's 32-bit length. */
	return n && (t->length - head) / n < n ? ERR_MALFORMED : OK;
}

bool slit_read_cells(const struct slit *s, uint32_t first, uint8_t *cells, uint32_t nr)
{
	return acpi_table_read(&s->table, (uint32_t)sizeof(struct slit_layout) + first, cells, nr);
}

/* What Linux's slit_valid asks of row i. */
static enum status row_check(const struct slit *s, uint32_t i)
{
	uint32_t n = (uint32_t)s->localities;
	uint8_t chunk[CHUNK];

	for (uint32_t from = 0, len; from != n; from += len) {
		len = (uint32_t)min_u64(CHUNK, n - from);
		if (!slit_read_cells(s, i * n + from, chunk, len))
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
	enum status status = slit_measure(s, t);

	for (uint32_t i = 0; status == OK && i < s->localities; i++)
		status = row_check(s, i);
	if (status != OK)
		s->localities = 0;
	return status;
}

uint8_t slit_distance(const struct slit *s, uint32_t a, uint32_t b)
{
	uint8_t distance;

	if (a < s->localities && b < s->localities && slit_read_cells(s, a * (uint32_t)s->localities + b, &distance, 1))
		return distance;
	return a == b ? SLIT_LOCAL : SLIT_REMOTE;
}
