/* SPDX-License-Identifier: MIT */
/* Which proximity domains the HMAT speaks of: ACPI 6.5, 5.2.28. Its latencies and bandwidths are not read. */
#ifndef ACPI_HMAT_H
#define ACPI_HMAT_H

#include "acpi/reader.h"

/* A walk over every domain named, in table order, as often as it is named. */
struct hmat_walk {
	struct acpi_entries structures; /* ERR_MALFORMED: or a list runs past the end of its structure */
	struct acpi_entry at;           /* the one looked at */
	uint32_t domain, left;          /* its domains that are still to come: offset of the first, number */
};

/* Returns a walk that is to begin. */
static inline struct hmat_walk hmat_domains(const struct acpi_table *t)
{
	return (struct hmat_walk){ .structures = { t, sizeof(struct hmat_layout), ACPI_HEAD_8, OK } };
}

/* Reads the next domain. Returns false at the end and on damage, and w->at then says where. Always advances. */
MUST_CHECK bool hmat_next_domain(struct hmat_walk *w, uint32_t *pxm);

#endif
