/* SPDX-License-Identifier: MIT */
/* Finds the processors among the MADT's entries. */
#include "acpi/madt.h"

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
	if (!acpi_entries_has(it, at, x2apic ? sizeof(e.x2apic) : sizeof(e.apic)) ||
	    !acpi_entries_read(it, at, &e, sizeof(e)))
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
