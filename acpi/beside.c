/* SPDX-License-Identifier: MIT */
/* Finds processors among the MADT's entries, domains and windows in the structures of HMAT and CEDT. */
#include "acpi/beside.h"

/* Reads an entry that must be `least` bytes long. */
static bool read_entry(struct acpi_entries *it, const struct acpi_entry *at, size_t least, void *buf, size_t size)
{
	if (at->length >= least)
		return acpi_entries_read(it, at, buf, (uint32_t)size);
	it->damage = ERR_MALFORMED;
	return false;
}

/* ---- MADT ---- */

/* The two kinds of entries that tell a processor, zero beyond the entry's own length. */
union madt_entry {
	struct madt_apic_entry apic;
	struct madt_x2apic_entry x2apic;
};

bool madt_next_cpu(struct acpi_entries *it, struct acpi_entry *at, struct madt_cpu *cpu)
{
	union madt_entry e;
	bool x2apic;

	do {
		if (!acpi_entries_next(it, at))
			return false;
		x2apic = at->type == MADT_TYPE_X2APIC;
	} while (at->type != MADT_TYPE_APIC && !x2apic);
	if (!read_entry(it, at, x2apic ? sizeof(e.x2apic) : sizeof(e.apic), &e, sizeof(e)))
		return false;
	if (x2apic)
		*cpu = (struct madt_cpu){ e.x2apic.apic_id,
					  (e.x2apic.flags & MADT_FLAG_ENABLED) && e.x2apic.apic_id != UINT32_MAX };
	else
		*cpu = (struct madt_cpu){ e.apic.apic_id,
					  (e.apic.flags & MADT_FLAG_ENABLED) && e.apic.apic_id != UINT8_MAX };
	return true;
}

enum status madt_count(const struct acpi_table *t, uint32_t *enabled)
{
	struct acpi_entries it = madt_entries(t);
	struct acpi_entry at;
	struct madt_cpu cpu;

	*enabled = 0;
	if (t->length < sizeof(struct madt_layout))
		return ERR_MALFORMED;
	while (madt_next_cpu(&it, &at, &cpu))
		*enabled += cpu.enabled;
	return it.damage;
}

/* ---- HMAT ---- */

/* One structure, zero beyond its own length. */
union structure {
	struct hmat_domain domain;
	struct hmat_locality locality;
	struct hmat_cache cache;
};

/* Walks on over the domains of one structure; those of a later specification have none. */
static enum status list_domains(struct hmat_walk *w, const union structure *s)
{
	bool initiator = s->domain.flags & HMAT_INITIATOR_VALID;
	uint64_t nr = 0, least = 0;
	size_t first = 0;

	switch (w->at.type) {
	case HMAT_TYPE_DOMAIN:
		nr = initiator ? 2 : 1;
		first = initiator ? offsetof(struct hmat_domain, initiator) : offsetof(struct hmat_domain, memory);
		least = sizeof(s->domain);
		break;
	case HMAT_TYPE_LOCALITY:
		nr = (uint64_t)s->locality.initiators + s->locality.targets;
		first = sizeof(s->locality);
		least = first + nr * sizeof(uint32_t);
		break;
	case HMAT_TYPE_CACHE:
		nr = 1;
		first = offsetof(struct hmat_cache, memory);
		least = sizeof(s->cache);
	}
	if (w->at.length < least)
		return ERR_MALFORMED;
	w->left = (uint32_t)nr;
	w->domain = w->at.offset + (uint32_t)first;
	return OK;
}

bool hmat_next_domain(struct hmat_walk *w, uint32_t *pxm)
{
	struct acpi_entries *it = &w->structures;
	union structure s;

	while (!w->left && acpi_entries_next(it, &w->at) && acpi_entries_read(it, &w->at, &s, sizeof(s)))
		it->damage = list_domains(w, &s);
	if (it->damage != OK || !w->left)
		return false;
	if (!acpi_table_read(it->table, w->domain, pxm, sizeof(*pxm))) {
		it->damage = ERR_UNREADABLE;
		return false;
	}
	w->left--;
	w->domain += sizeof(*pxm);
	return true;
}

/* ---- CEDT ---- */

bool cedt_next_window(struct acpi_entries *it, struct acpi_entry *at, struct range *window)
{
	struct cedt_window w;

	while (acpi_entries_next(it, at)) {
		if (at->type != CEDT_TYPE_WINDOW)
			continue;
		if (!read_entry(it, at, sizeof(w), &w, sizeof(w)))
			return false;
		*window = (struct range){ w.base, w.base + w.size };
		if (!range_empty(*window))
			return true;
	}
	return false;
}
