/* SPDX-License-Identifier: MIT */
/* Collects the APIC ids of the processors that the MADT calls enabled. */
#include "acpi/madt.h"

#define ENTRIES_START 44
#define TYPE_APIC 0
#define TYPE_X2APIC 9
#define TYPE_LAST 0x17 /* ACPI 6.5, table 5.21 */
#define APIC_LENGTH 8
#define X2APIC_LENGTH 16
#define FLAG_ENABLED 1u
#define APIC_INVALID 0xff
#define X2APIC_INVALID 0xffffffff

static enum status cpu_add(struct madt *out, uint32_t apic_id, bool enabled)
{
	if (!enabled) {
		out->disabled++;
		return OK;
	}
	if (out->nr == MADT_MAX_CPU)
		return ERR_FULL;
	out->apic_id[out->nr++] = apic_id;
	return OK;
}

/* Local APIC: ACPI 6.5, 5.2.12.2. */
static enum status apic_add(const uint8_t *p, struct madt *out)
{
	return cpu_add(out, p[3], (le32(p + 4) & FLAG_ENABLED) && p[3] != APIC_INVALID);
}

/* Local x2APIC: 5.2.12.12. */
static enum status x2apic_add(const uint8_t *p, struct madt *out)
{
	return cpu_add(out, le32(p + 4), (le32(p + 8) & FLAG_ENABLED) && le32(p + 4) != X2APIC_INVALID);
}

static enum status entry_add(const struct acpi_entries *it, const struct acpi_entry *e, struct madt *out)
{
	uint32_t length = e->type == TYPE_APIC ? APIC_LENGTH : X2APIC_LENGTH;
	uint8_t p[X2APIC_LENGTH];

	if (e->type != TYPE_APIC && e->type != TYPE_X2APIC) {
		out->unknown += e->type > TYPE_LAST;
		return OK;
	}
	if (e->length < length)
		return ERR_MALFORMED;
	if (!acpi_entry_read(it, e, p, length))
		return ERR_UNREADABLE;
	return e->type == TYPE_APIC ? apic_add(p, out) : x2apic_add(p, out);
}

enum status madt_parse(const struct acpi_table *t, struct madt *out)
{
	struct acpi_entries it = { .table = t, .next = ENTRIES_START };
	enum status s = t->length < ENTRIES_START ? ERR_MALFORMED : OK;
	struct acpi_entry e;

	out->nr = 0;
	out->disabled = out->unknown = 0;
	while (s == OK && acpi_entries_next(&it, &e))
		s = entry_add(&it, &e, out);
	return s == OK ? it.damage : s;
}

bool madt_has(const struct madt *m, uint32_t apic_id)
{
	for (size_t i = 0; i < m->nr; i++) {
		if (m->apic_id[i] == apic_id)
			return true;
	}
	return false;
}
