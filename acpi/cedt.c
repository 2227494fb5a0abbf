/* SPDX-License-Identifier: MIT */
/* Walks the CEDT's structures for fixed memory windows. */
#include "acpi/cedt.h"

/* One structure, of which *window is the range if it is a window; a range that cannot be is left empty. */
static enum status next_structure(struct cedt_walk *w, struct range *window)
{
	uint32_t room = w->table->length - w->next;
	struct cedt_window s = { .head = { 0 } };
	bool is_window;

	*window = NO_RANGE;
	if (room < sizeof(s.head))
		return ERR_MALFORMED;
	if (!acpi_table_read(w->table, w->next, &s, (uint32_t)min_u64(room, sizeof(s))))
		return ERR_UNREADABLE;
	is_window = s.head.type == CEDT_TYPE_WINDOW;
	if (s.head.length < (is_window ? sizeof(s) : sizeof(s.head)) || s.head.length > room)
		return ERR_MALFORMED;
	w->next += s.head.length;
	if (is_window)
		*window = (struct range){ s.base, s.base + s.size };
	return OK;
}

bool cedt_next_window(struct cedt_walk *w, struct range *window)
{
	if (!w->next)
		w->next = sizeof(struct acpi_header);
	while (w->damage == OK && w->next < w->table->length) {
		w->damage = next_structure(w, window);
		if (w->damage == OK && !range_empty(*window))
			return true;
	}
	return false;
}
