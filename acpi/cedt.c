/* SPDX-License-Identifier: MIT */
/* Finds the fixed memory windows among the CEDT's structures. */
#include "acpi/cedt.h"

bool cedt_next_window(struct acpi_entries *it, struct acpi_entry *at, struct range *window)
{
	struct cedt_window w;

	while (acpi_entries_next(it, at)) {
		if (at->type != CEDT_TYPE_WINDOW)
			continue;
		if (!acpi_entries_has(it, at, sizeof(w)) || !acpi_entries_read(it, at, &w, sizeof(w)))
			return false;
		*window = (struct range){ w.base, w.base + w.size };
		if (!range_empty(*window))
			return true;
	}
	return false;
}
