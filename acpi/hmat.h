/* SPDX-License-Identifier: MIT */
/* Which proximity domains the HMAT speaks of: ACPI 6.5, 5.2.28. Its latencies and bandwidths are not read. */
#ifndef ACPI_HMAT_H
#define ACPI_HMAT_H

#include "acpi/reader.h"

/* A walk over every domain named, in table order, as often as it is named. Start with the table alone. */
struct hmat_walk {
	const struct acpi_table *table;
	uint32_t next;     /* offset of the next structure; 0: at the start */
	uint32_t at, left; /* domains of the structure that are still to come */
	/* OK at a clean end; ERR_MALFORMED: a structure or list runs past its end; ERR_UNREADABLE */
	enum status damage;
};

/* Reads the next domain. Returns false at the end and on damage, and w->next then says where. Always advances. */
MUST_CHECK bool hmat_next_domain(struct hmat_walk *w, uint32_t *pxm);

#endif
