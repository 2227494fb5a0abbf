/* SPDX-License-Identifier: MIT */
/* Reads the limits at the head of the MSCT. */
#include "acpi/msct.h"

enum status msct_read(const struct acpi_table *t, struct msct *out)
{
	struct msct_layout m;

	if (t->length < sizeof(m))
		return ERR_MALFORMED;
	if (!acpi_table_read(t, 0, &m, sizeof(m)))
		return ERR_UNREADABLE;
	*out = (struct msct){ (uint64_t)m.last_domain + 1, m.last_byte };
	return OK;
}
