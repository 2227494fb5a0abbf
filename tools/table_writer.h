/* SPDX-License-Identifier: MIT */
/* Writes ACPI tables: the one place that puts their bytes together. Their layout is acpi/layout.h's. */
#ifndef TOOLS_TABLE_WRITER_H
#define TOOLS_TABLE_WRITER_H

#include "acpi/layout.h"

/* A table that grows at `len`. What does not fit in `room` is not written, but counted: table_finish says so. */
struct table_writer {
	uint8_t *bytes;
	uint32_t room, len;
};

/* Begins a table with a header of ours; length and checksum are wrong until it is finished. */
struct table_writer table_start(uint8_t *bytes, uint32_t room, const char *signature, uint8_t revision);

/* Appends `size` bytes; with `from` NULL, zeros. */
void table_put(struct table_writer *w, const void *from, uint32_t size);

/* Sets length and checksum. Returns the length; 0: it did not fit. */
MUST_CHECK uint32_t table_finish(struct table_writer *w);

/* The fields between the header of an SRAT, SLIT or MADT and its entries. */
void srat_put_head(struct table_writer *w);
void slit_put_head(struct table_writer *w, uint64_t localities);
void madt_put_head(struct table_writer *w);

/* One entry each; flags are SRAT_FLAG_...; type: SRAT_TYPE_INITIATOR or SRAT_TYPE_PORT, of a device without a name. */
void srat_put_apic(struct table_writer *w, uint32_t pxm, uint8_t apic_id, uint32_t flags);
void srat_put_x2apic(struct table_writer *w, uint32_t pxm, uint32_t apic_id, uint32_t flags);
void srat_put_memory(struct table_writer *w, uint32_t pxm, struct range r, uint32_t flags);
void srat_put_generic(struct table_writer *w, uint8_t type, uint32_t pxm, uint32_t flags);

/* An enabled processor whose UID is its APIC id. */
void madt_put_apic(struct table_writer *w, uint8_t apic_id);
void madt_put_x2apic(struct table_writer *w, uint32_t apic_id);

#endif
