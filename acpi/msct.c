/* SPDX-License-Identifier: MIT */
/* Reads the limits at the head of the MSCT. */
#include "acpi/msct.h"

#define MAX_DOMAIN 40 /* the number of domains less one */
#define MAX_ADDRESS 48
#define HEAD_LENGTH 56

enum status msct_read(const struct acpi_table *t, struct msct *out)
{
	uint8_t p[HEAD_LENGTH];

	if (t->length < HEAD_LENGTH)
		return ERR_MALFORMED;
	if (!acpi_table_read(t, 0, p, sizeof(p)))
		return ERR_UNREADABLE;
	*out = (struct msct){ (uint64_t)le32(p + MAX_DOMAIN) + 1, le64(p + MAX_ADDRESS) };
	return OK;
}
