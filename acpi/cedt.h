/* SPDX-License-Identifier: MIT */
/* Where CXL memory may appear: the fixed memory windows of the CEDT (CXL 3.0, 9.17.1.3). */
#ifndef ACPI_CEDT_H
#define ACPI_CEDT_H

#include "acpi/reader.h"

/* Returns a walk over the structures. */
static inline struct acpi_entries cedt_entries(const struct acpi_table *t)
{
	return (struct acpi_entries){ .table = t, .next = sizeof(struct acpi_header), .head = ACPI_HEAD_4 };
}

/*
 * Reads the next window, and steps over other structures and over a window that is empty or wraps. Returns false at the
 * end and on damage as acpi_entries_next does, and when a window is too short. *at then says where.
 */
MUST_CHECK bool cedt_next_window(struct acpi_entries *it, struct acpi_entry *at, struct range *window);

#endif
