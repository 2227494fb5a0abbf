/* SPDX-License-Identifier: MIT */
/* Puts the bytes of ACPI tables together. */
#include "tools/table_writer.h"

#include <string.h>

#define LOCAL_APIC 0xfee00000u
#define PCAT_COMPAT 1u /* the machine also has two 8259 */

void table_put(struct table_writer *w, const void *from, uint32_t size)
{
	if (w->len <= w->room && size <= w->room - w->len) {
		if (from)
			memcpy(w->bytes + w->len, from, size);
		else
			memset(w->bytes + w->len, 0, size);
	}
	w->len += size;
}

struct table_writer table_start(uint8_t *bytes, uint32_t room, const char *signature, uint8_t revision)
{
	struct table_writer w = { .bytes = bytes, .room = room };
	struct acpi_header h = {
		.revision = revision,
		.oem_id = "LNDFLL",
		.oem_table_id = "MACHINE ",
		.oem_revision = 1,
		.creator_id = "LNDF",
		.creator_revision = 1,
	};

	memcpy(h.signature, signature, sizeof(h.signature));
	table_put(&w, &h, sizeof(h));
	return w;
}

uint32_t table_finish(struct table_writer *w)
{
	struct acpi_header h;
	uint8_t sum = 0;

	if (w->len > w->room)
		return 0;
	memcpy(&h, w->bytes, sizeof(h));
	h.length = w->len;
	h.checksum = 0;
	memcpy(w->bytes, &h, sizeof(h));
	for (uint32_t i = 0; i < w->len; i++)
		sum = (uint8_t)(sum + w->bytes[i]);
	h.checksum = (uint8_t)-sum;
	memcpy(w->bytes, &h, sizeof(h));
	return w->len;
}

/* What a layout has behind the header. */
static void put_fields(struct table_writer *w, const void *layout, uint32_t size)
{
	table_put(w, (const uint8_t *)layout + sizeof(struct acpi_header), size - (uint32_t)sizeof(struct acpi_header));
}

void srat_put_head(struct table_writer *w)
{
	const struct srat_layout s = { .one = 1 };

	put_fields(w, &s, sizeof(s));
}

void slit_put_head(struct table_writer *w, uint64_t localities)
{
	const struct slit_layout s = { .localities = localities };

	put_fields(w, &s, sizeof(s));
}

void madt_put_head(struct table_writer *w)
{
	const struct madt_layout m = { .local_apic = LOCAL_APIC, .flags = PCAT_COMPAT };

	put_fields(w, &m, sizeof(m));
}

void srat_put_apic(struct table_writer *w, uint32_t pxm, uint8_t apic_id, uint32_t flags)
{
	const struct srat_apic_entry e = {
		.head = { SRAT_TYPE_APIC, sizeof(e) },
		.pxm_low = (uint8_t)pxm,
		.apic_id = apic_id,
		.flags = flags,
		.pxm_high = { (uint8_t)(pxm >> 8), (uint8_t)(pxm >> 16), (uint8_t)(pxm >> 24) },
	};

	table_put(w, &e, sizeof(e));
}

void srat_put_x2apic(struct table_writer *w, uint32_t pxm, uint32_t apic_id, uint32_t flags)
{
	const struct srat_x2apic_entry e = {
		.head = { SRAT_TYPE_X2APIC, sizeof(e) },
		.pxm = pxm,
		.apic_id = apic_id,
		.flags = flags,
	};

	table_put(w, &e, sizeof(e));
}

void srat_put_memory(struct table_writer *w, uint32_t pxm, struct range r, uint32_t flags)
{
	const struct srat_memory_entry e = {
		.head = { SRAT_TYPE_MEMORY, sizeof(e) },
		.pxm = pxm,
		.base = r.start,
		.length = r.end - r.start,
		.flags = flags,
	};

	table_put(w, &e, sizeof(e));
}

void srat_put_generic(struct table_writer *w, uint8_t type, uint32_t pxm, uint32_t flags)
{
	const struct srat_generic_entry e = { .head = { type, sizeof(e) }, .pxm = pxm, .flags = flags };

	table_put(w, &e, sizeof(e));
}

void madt_put_apic(struct table_writer *w, uint8_t apic_id)
{
	const struct madt_apic_entry e = {
		.head = { MADT_TYPE_APIC, sizeof(e) },
		.uid = apic_id,
		.apic_id = apic_id,
		.flags = MADT_FLAG_ENABLED,
	};

	table_put(w, &e, sizeof(e));
}

void madt_put_x2apic(struct table_writer *w, uint32_t apic_id)
{
	const struct madt_x2apic_entry e = {
		.head = { MADT_TYPE_X2APIC, sizeof(e) },
		.apic_id = apic_id,
		.flags = MADT_FLAG_ENABLED,
		.uid = apic_id,
	};

	table_put(w, &e, sizeof(e));
}
