/* SPDX-License-Identifier: MIT */
/* Where CXL memory may appear: the fixed memory windows of the CEDT (CXL 3.0, 9.17.1.3). */
#ifndef ACPI_CEDT_H
#define ACPI_CEDT_H

#include "acpi/reader.h"

/* A walk over the windows. Start with the table alone. */
struct cedt_walk {
	const struct acpi_table *table;
	uint32_t next; /* offset of the next structure; 0: at the start */
	/* OK at a clean end; ERR_MALFORMED: a structure is too short or runs past the end; ERR_UNREADABLE */
	enum status damage;
};

/*
 * Reads the next window, and steps over other structures and over a window that is empty or wraps. Returns false at the
 * end and on damage, and w->next then says where. Always advances.
 */
MUST_CHECK bool cedt_next_window(struct cedt_walk *w, struct range *window);

#endif
