/* SPDX-License-Identifier: MIT */
/* Bounded reads of firmware tables, their checksums, and the walk over type-length entries. */
#include "acpi/reader.h"

#define CHUNK 512

void acpi_copy_text(char *to, const void *from, size_t len)
{
	for (const char *p = from; len-- && *p; p++)
		*to++ = *p >= ' ' && *p <= '~' ? *p : '?';
	*to = '\0';
}

bool acpi_anchor_next(const struct physmem *mem, struct range *where, const char *text)
{
	uint32_t chunk[CHUNK / sizeof(uint32_t)], anchor;

	__builtin_memcpy(&anchor, text, sizeof(anchor));
	while (!range_empty(*where)) {
		uint64_t n = min_u64(CHUNK, align_up(range_size(*where), ACPI_ANCHOR_STEP));

		if (!phys_read(mem, where->start, chunk, n)) {
			n = ACPI_ANCHOR_STEP;
			if (!phys_read(mem, where->start, chunk, n))
				return true;
		}
		for (uint64_t i = 0; i < n; i += ACPI_ANCHOR_STEP) {
			if (chunk[i / sizeof(uint32_t)] == anchor) {
				where->start += i;
				return true;
			}
		}
		where->start += n;
	}
	return false;
}

static enum status table_sum(const struct acpi_table *t)
{
	uint8_t chunk[CHUNK], sum = 0;

	for (uint32_t at = 0, n; at != t->length; at += n) {
		n = (uint32_t)min_u64(CHUNK, t->length - at);
		if (!acpi_table_read(t, at, chunk, n))
			return ERR_UNREADABLE;
		sum = (uint8_t)(sum + sum8(chunk, n));
	}
	return sum ? ERR_CHECKSUM : OK;
}

enum status acpi_table_open(struct acpi_table *t, const struct physmem *mem, phys_t addr)
{
	struct acpi_header h;
	enum status s;

	*t = (struct acpi_table){ .mem = mem, .addr = addr };
	if (!phys_read(mem, addr, &h, sizeof(h)))
		return ERR_UNREADABLE;
	acpi_copy_text(t->signature, h.signature, sizeof(h.signature));
	t->length = h.length;
	t->revision = h.revision;
	acpi_copy_text(t->oem_id, h.oem_id, sizeof(h.oem_id));
	acpi_copy_text(t->oem_table_id, h.oem_table_id, sizeof(h.oem_table_id));
	t->oem_revision = h.oem_revision;
	acpi_copy_text(t->creator_id, h.creator_id, sizeof(h.creator_id));
	t->creator_revision = h.creator_revision;
	if (t->length < ACPI_HEADER_SIZE || t->length > ACPI_TABLE_MAX)
		return ERR_MALFORMED;
	s = table_sum(t);
	t->checksum_ok = s == OK;
	return s;
}

bool acpi_table_read(const struct acpi_table *t, uint32_t offset, void *buf, uint32_t len)
{
	return lies_within(t->length, offset, len) && phys_read(t->mem, t->addr + offset, buf, len);
}

bool acpi_entries_next(struct acpi_entries *it, struct acpi_entry *e)
{
	uint32_t size = 2u << it->head, length = it->table->length;
	uint64_t head = 0;

	if (it->damage != OK)
		return false;
	*e = (struct acpi_entry){ .offset = it->next };
	if (it->next >= length || (it->head == ACPI_HEAD_2 && length - it->next <= size))
		return false;
	if (length - it->next >= size && !acpi_table_read(it->table, it->next, &head, size)) {
		it->damage = ERR_UNREADABLE;
		return false;
	}
	e->type = it->head == ACPI_HEAD_8 ? (uint16_t)head : (uint8_t)head;
	e->length = (uint32_t)(head >> 4 * size);
	if (e->length < size || e->length > length - it->next) {
		it->damage = ERR_MALFORMED;
		return false;
	}
	it->next += e->length;
	return true;
}

bool acpi_entries_has(struct acpi_entries *it, const struct acpi_entry *e, size_t least)
{
	if (e->length < least)
		it->damage = ERR_MALFORMED;
	return e->length >= least;
}

bool acpi_entries_read(struct acpi_entries *it, const struct acpi_entry *e, void *buf, uint32_t size)
{
	uint32_t n = (uint32_t)min_u64(e->length, size);

	memset(buf, 0, size);
	if (acpi_table_read(it->table, e->offset, buf, n))
		return true;
	it->damage = ERR_UNREADABLE;
	return false;
}
