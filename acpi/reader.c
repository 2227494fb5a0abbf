/* SPDX-License-Identifier: MIT */
/* Bounded reads of firmware tables, their checksums, and the walk over type-length entries. */
#include "acpi/reader.h"

#define SUM_CHUNK 512
#define ENTRY_HEADER 2

void acpi_copy_text(char *to, const uint8_t *from, size_t len)
{
	while (len-- && *from) {
		*to++ = *from >= ' ' && *from <= '~' ? (char)*from : '?';
		from++;
	}
	*to = '\0';
}

static enum status table_sum(const struct acpi_table *t)
{
	uint8_t chunk[SUM_CHUNK], sum = 0;

	for (uint32_t at = 0; at < t->length; at += SUM_CHUNK) {
		uint32_t n = (uint32_t)min_u64(SUM_CHUNK, t->length - at);

		if (!acpi_table_read(t, at, chunk, n))
			return ERR_UNREADABLE;
		sum = (uint8_t)(sum + sum8(chunk, n));
	}
	return sum ? ERR_CHECKSUM : OK;
}

enum status acpi_table_open(struct acpi_table *t, const struct physmem *mem, phys_t addr)
{
	uint8_t h[ACPI_HEADER_SIZE];
	enum status s;

	*t = (struct acpi_table){ .mem = mem, .addr = addr };
	if (addr > UINT64_MAX - ACPI_HEADER_SIZE || !phys_read(mem, addr, h, sizeof(h)))
		return ERR_UNREADABLE;
	/* ACPI 6.5, 5.2.6 */
	acpi_copy_text(t->signature, h, 4);
	t->length = le32(h + 4);
	t->revision = h[8];
	acpi_copy_text(t->oem_id, h + 10, 6);
	acpi_copy_text(t->oem_table_id, h + 16, 8);
	t->oem_revision = le32(h + 24);
	acpi_copy_text(t->creator_id, h + 28, 4);
	t->creator_revision = le32(h + 32);
	if (t->length < ACPI_HEADER_SIZE || t->length > ACPI_TABLE_MAX || addr > UINT64_MAX - t->length)
		return ERR_MALFORMED;
	s = table_sum(t);
	t->checksum_ok = s == OK;
	return s;
}

bool acpi_table_read(const struct acpi_table *t, uint32_t offset, void *buf, uint32_t len)
{
	if (offset > t->length || len > t->length - offset)
		return false;
	return phys_read(t->mem, t->addr + offset, buf, len);
}

bool acpi_entries_next(struct acpi_entries *it, struct acpi_entry *e)
{
	uint32_t length = it->table->length;
	uint8_t head[ENTRY_HEADER];

	*e = (struct acpi_entry){ .offset = it->next };
	if (it->damage != OK || it->next >= length || length - it->next <= ENTRY_HEADER)
		return false;
	if (!acpi_table_read(it->table, it->next, head, sizeof(head))) {
		it->damage = ERR_UNREADABLE;
		return false;
	}
	e->type = head[0];
	e->length = head[1];
	if (e->length < ENTRY_HEADER || e->length > length - it->next) {
		it->damage = ERR_MALFORMED;
		return false;
	}
	it->next += e->length;
	return true;
}

bool acpi_entry_read(const struct acpi_entries *it, const struct acpi_entry *e, void *buf, uint32_t len)
{
	return len <= e->length && acpi_table_read(it->table, e->offset, buf, len);
}
