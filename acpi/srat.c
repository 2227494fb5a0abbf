/* SPDX-License-Identifier: MIT */
/* Reads the SRAT's entries into plain records. */
#include "acpi/srat.h"

bool srat_next(struct acpi_entries *it, struct acpi_entry *at, union srat_entry *e)
{
	return acpi_entries_next(it, at) && acpi_entries_read(it, at, e, sizeof(*e));
}

enum srat_form srat_form(const union srat_entry *e)
{
	/* 0: of another architecture */
	static const uint8_t sizes[SRAT_TYPE_RINTC + 1] = {
		[SRAT_TYPE_APIC] = sizeof(e->apic),     [SRAT_TYPE_MEMORY] = sizeof(e->memory),
		[SRAT_TYPE_X2APIC] = sizeof(e->x2apic), [SRAT_TYPE_INITIATOR] = sizeof(e->generic),
		[SRAT_TYPE_PORT] = sizeof(e->generic),
	};
	uint8_t type = e->head.type, length = e->head.length;

	if (type >= ARRAY_SIZE(sizes))
		return SRAT_UNKNOWN;
	if (!sizes[type])
		return SRAT_FOREIGN;
	return length < sizes[type] || (length != sizes[type] && type == SRAT_TYPE_APIC) ? SRAT_BAD_LENGTH : SRAT_GOOD;
}

uint32_t srat_entry_pxm(const union srat_entry *e, uint8_t revision)
{
	const uint8_t *high = e->apic.pxm_high;

	if (e->head.type == SRAT_TYPE_MEMORY)
		return revision <= 1 ? e->memory.pxm & 0xff : e->memory.pxm;
	if (revision < 2)
		return e->apic.pxm_low;
	return e->apic.pxm_low | (uint32_t)high[0] << 8 | (uint32_t)high[1] << 16 | (uint32_t)high[2] << 24;
}

static enum status memory_add(struct srat *out, const union srat_entry *e)
{
	const struct srat_memory_entry *m = &e->memory;

	if (out->nr_mem == SRAT_MAX_MEM)
		return ERR_FULL;
	out->mem[out->nr_mem++] = (struct srat_mem){
		.r = { m->base, m->base + m->length },
		.pxm = srat_entry_pxm(e, out->revision),
		.enabled = m->flags & SRAT_FLAG_ENABLED,
		.hotplug = m->flags & SRAT_FLAG_HOTPLUG,
		.nonvolatile = m->flags & SRAT_FLAG_NONVOLATILE,
	};
	return OK;
}

static APART enum status initiator_add(struct srat *out, uint32_t flags, struct srat_initiator initiator)
{
	if (!(flags & SRAT_FLAG_ENABLED))
		return OK;
	if (out->nr_initiator == SRAT_MAX_CPU)
		return ERR_FULL;
	out->initiator[out->nr_initiator++] = initiator;
	return OK;
}

/* Linux passes over what it does not know, and over an initiator or port that is too short. */
static enum status entry_add(struct srat *out, const union srat_entry *e)
{
	enum srat_form form = srat_form(e);
	uint8_t type = e->head.type;

	if (form == SRAT_BAD_LENGTH && type <= SRAT_TYPE_X2APIC)
		return ERR_MALFORMED;
	if (form != SRAT_GOOD)
		return OK;
	switch (type) {
	case SRAT_TYPE_APIC:
		return initiator_add(
			out, e->apic.flags,
			(struct srat_initiator){ srat_entry_pxm(e, out->revision), e->apic.apic_id, SRAT_APIC });
	case SRAT_TYPE_MEMORY:
		return memory_add(out, e);
	case SRAT_TYPE_X2APIC:
		return initiator_add(out, e->x2apic.flags,
				     (struct srat_initiator){ e->x2apic.pxm, e->x2apic.apic_id, SRAT_X2APIC });
	case SRAT_TYPE_PORT:
		return initiator_add(out, e->generic.flags,
				     (struct srat_initiator){ e->generic.pxm, 0, SRAT_GENERIC_PORT });
	default:
		return initiator_add(out, e->generic.flags,
				     (struct srat_initiator){ e->generic.pxm, 0, SRAT_GENERIC_INITIATOR });
	}
}

enum status srat_parse(const struct acpi_table *t, struct srat *out)
{
	struct acpi_entries it = srat_entries(t);
	enum status s = t->length < sizeof(struct srat_layout) ? ERR_MALFORMED : OK;
	struct acpi_entry at = { 0 };
	union srat_entry e;

	out->revision = t->revision;
	out->nr_mem = out->nr_initiator = out->bad_offset = out->bad_length = 0;
	while (s == OK && srat_next(&it, &at, &e))
		s = entry_add(out, &e);
	if (s == OK)
		s = it.damage;
	if (s != OK) {
		out->bad_offset = at.offset;
		out->bad_length = (uint8_t)at.length;
	}
	return s;
}
