/* SPDX-License-Identifier: MIT */
/* Walks the CEDT's structures for fixed memory windows. */
#include "acpi/cedt.h"

#define HEAD 4
#define TYPE_CFMWS 1
#define WINDOW_BASE 8
#define WINDOW_SIZE 16
#define WINDOW_LENGTH 36 /* without its targets */

/* One structure, of which *window is the range if it is a window; a range that cannot be is left empty. */
static enum status next_structure(struct cedt_walk *w, struct range *window)
{
	uint32_t length, room = w->table->length - w->next;
	uint8_t p[WINDOW_SIZE + 8] = { 0 };

	*window = (struct range){ 0, 0 };
	if (room < HEAD)
		return ERR_MALFORMED;
	if (!acpi_table_read(w->table, w->next, p, (uint32_t)min_u64(room, sizeof(p))))
		return ERR_UNREADABLE;
	length = le16(p + 2);
	if (length < HEAD || length > room || (p[0] == TYPE_CFMWS && length < WINDOW_LENGTH))
		return ERR_MALFORMED;
	w->next += length;
	if (p[0] == TYPE_CFMWS)
		*window = (struct range){ le64(p + WINDOW_BASE), le64(p + WINDOW_BASE) + le64(p + WINDOW_SIZE) };
	return OK;
}

bool cedt_next_window(struct cedt_walk *w, struct range *window)
{
	if (!w->next)
		w->next = ACPI_HEADER_SIZE;
	while (w->damage == OK && w->next < w->table->length) {
		w->damage = next_structure(w, window);
		if (w->damage == OK && !range_empty(*window))
			return true;
	}
	return false;
}
