/* SPDX-License-Identifier: MIT */
/* Reads the SRAT's entries into plain records. */
#include "acpi/srat.h"

#define ENTRIES_START 48
#define FLAG_ENABLED 1u
#define FLAG_HOTPLUG 2u
#define FLAG_NONVOLATILE 4u

/* ACPI 6.5, table 5.56 and 5.2.16.1 to 5.2.16.7; RINTC is of ACPI 6.6. */
enum srat_type {
	TYPE_APIC = 0,
	TYPE_MEMORY = 1,
	TYPE_X2APIC = 2,
	TYPE_GICC = 3,
	TYPE_ITS = 4,
	TYPE_GENERIC_INITIATOR = 5,
	TYPE_GENERIC_PORT = 6,
	TYPE_RINTC = 7,
};

#define APIC_LENGTH 16
#define MEMORY_LENGTH 40
#define X2APIC_LENGTH 24
#define GENERIC_LENGTH 32
#define LENGTH_MAX MEMORY_LENGTH

static enum status memory_add(struct srat *out, const uint8_t *p)
{
	uint32_t pxm = le32(p + 2), flags = le32(p + 28);
	phys_t base = le64(p + 8);

	if (out->nr_mem == SRAT_MAX_MEM)
		return ERR_FULL;
	out->mem[out->nr_mem++] = (struct srat_mem){
		.start = base,
		.end = base + le64(p + 16), /* may wrap: the header says so */
		.pxm = out->revision <= 1 ? pxm & 0xff : pxm,
		.enabled = flags & FLAG_ENABLED,
		.hotplug = flags & FLAG_HOTPLUG,
		.nonvolatile = flags & FLAG_NONVOLATILE,
	};
	return OK;
}

static enum status initiator_add(struct srat *out, uint32_t flags, struct srat_initiator initiator)
{
	if (!(flags & FLAG_ENABLED)) {
		out->disabled_initiators++;
		return OK;
	}
	if (out->nr_initiator == SRAT_MAX_CPU)
		return ERR_FULL;
	out->initiator[out->nr_initiator++] = initiator;
	return OK;
}

static enum status apic_add(struct srat *out, const uint8_t *p)
{
	uint32_t high = out->revision >= 2 ? (uint32_t)p[9] << 8 | (uint32_t)p[10] << 16 | (uint32_t)p[11] << 24 : 0;

	return initiator_add(out, le32(p + 4), (struct srat_initiator){ p[2] | high, p[3], SRAT_APIC });
}

static enum status x2apic_add(struct srat *out, const uint8_t *p)
{
	return initiator_add(out, le32(p + 12), (struct srat_initiator){ le32(p + 4), le32(p + 8), SRAT_X2APIC });
}

static enum status generic_add(struct srat *out, const uint8_t *p)
{
	enum srat_initiator_kind kind = p[0] == TYPE_GENERIC_PORT ? SRAT_GENERIC_PORT : SRAT_GENERIC_INITIATOR;

	return initiator_add(out, le32(p + 24), (struct srat_initiator){ .pxm = le32(p + 4), .kind = kind });
}

/* p: the first LENGTH_MAX bytes at most of an entry of that length. */
static enum status entry_add(struct srat *out, const uint8_t *p, uint8_t length)
{
	switch (p[0]) {
	case TYPE_APIC:
		return length == APIC_LENGTH ? apic_add(out, p) : ERR_MALFORMED;
	case TYPE_MEMORY:
		return length >= MEMORY_LENGTH ? memory_add(out, p) : ERR_MALFORMED;
	case TYPE_X2APIC:
		return length >= X2APIC_LENGTH ? x2apic_add(out, p) : ERR_MALFORMED;
	case TYPE_GENERIC_INITIATOR:
	case TYPE_GENERIC_PORT:
		if (length >= GENERIC_LENGTH)
			return generic_add(out, p);
		out->unknown++;
		return OK;
	case TYPE_GICC:
	case TYPE_ITS:
	case TYPE_RINTC:
		out->not_x86++;
		return OK;
	default:
		out->unknown++;
		return OK;
	}
}

/* Starts *out without touching its large arrays. */
static void srat_clear(struct srat *out, uint8_t revision)
{
	out->revision = revision;
	out->nr_mem = out->nr_initiator = 0;
	out->disabled_initiators = out->not_x86 = out->unknown = 0;
	out->bad_offset = 0;
	out->bad_type = out->bad_length = 0;
}

enum status srat_parse(const struct acpi_table *t, struct srat *out)
{
	struct acpi_entries it = { .table = t, .next = ENTRIES_START };
	enum status s = t->length < ENTRIES_START ? ERR_MALFORMED : OK;
	uint8_t bytes[LENGTH_MAX];
	struct acpi_entry e = { 0 };

	srat_clear(out, t->revision);
	while (s == OK && acpi_entries_next(&it, &e)) {
		uint32_t n = (uint32_t)min_u64(e.length, sizeof(bytes));

		s = acpi_entry_read(&it, &e, bytes, n) ? entry_add(out, bytes, e.length) : ERR_UNREADABLE;
	}
	if (s == OK)
		s = it.damage;
	if (s != OK) {
		out->bad_offset = e.offset;
		out->bad_type = e.type;
		out->bad_length = e.length;
	}
	return s;
}
