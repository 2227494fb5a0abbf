/* SPDX-License-Identifier: MIT */
/*
 * The one bounded reader through which all firmware tables are read: no pointer arithmetic on tables anywhere else.
 */
#ifndef ACPI_READER_H
#define ACPI_READER_H

#include "acpi/layout.h"

#define ACPI_HEADER_SIZE sizeof(struct acpi_header)
#define ACPI_TABLE_MAX (16 * MIB) /* a longer table is damage */

/* A table whose header, length and checksum have been looked at. Lies in physical memory, is never copied whole. */
struct acpi_table {
	const struct physmem *mem;
	phys_t addr;
	uint32_t length; /* with the header */
	uint8_t revision;
	bool checksum_ok;
	char signature[5], oem_id[7], oem_table_id[9];
	uint32_t oem_revision;
	char creator_id[5];
	uint32_t creator_revision;
};

/*
 * Reads the header at addr and sums the whole table. ERR_MALFORMED: its length cannot be. ERR_CHECKSUM: *t is filled
 * all the same. The texts end at their first zero byte; a byte that is not printable shows as '?'.
 */
MUST_CHECK enum status acpi_table_open(struct acpi_table *t, const struct physmem *mem, phys_t addr);

/* Copies [offset, offset + len) of the table. Returns false when a byte lies outside it or cannot be read. */
MUST_CHECK bool acpi_table_read(const struct acpi_table *t, uint32_t offset, void *buf, uint32_t len);

/* How long the head of an entry is: its first half has the type, its second half the length. */
enum acpi_head {
	ACPI_HEAD_2, /* bytes, in SRAT and MADT */
	ACPI_HEAD_4, /* in CEDT */
	ACPI_HEAD_8, /* in HMAT */
};

/* One type-length entry. */
struct acpi_entry {
	uint32_t offset; /* in the table */
	uint32_t length;
	uint16_t type;
};

/* Steps over entries. Start with next = offset of the first one. */
struct acpi_entries {
	const struct acpi_table *table;
	uint32_t next;
	enum acpi_head head;
	/* OK at a clean end; ERR_MALFORMED: shorter than a head or past the end of the table; ERR_UNREADABLE */
	enum status damage;
};

/*
 * Reads the next entry's head. Returns false at the end and on damage, and *e then says where. Always advances. One or
 * two bytes after the last entry of SRAT or MADT are no damage: Linux (acpi_parse_entries_array) stops there as well.
 */
MUST_CHECK bool acpi_entries_next(struct acpi_entries *it, struct acpi_entry *e);

/* Returns whether an entry has that many bytes, type and length included; if not, the walk ends with that damage. */
MUST_CHECK bool acpi_entries_has(struct acpi_entries *it, const struct acpi_entry *e, size_t least);

/*
 * Copies the first `size` bytes of an entry, type and length included; what it is too short for reads as zero. Returns
 * false when it cannot be read, and the walk ends with that damage.
 */
MUST_CHECK bool acpi_entries_read(struct acpi_entries *it, const struct acpi_entry *e, void *buf, uint32_t size);

#define ACPI_ANCHOR_STEP 16

/*
 * Moves where->start up in steps of 16 bytes to a place that begins with the first four characters of text, or that
 * cannot be read: what looks closer says so. Returns false when there is none before the end. To go on behind it, the
 * caller adds ACPI_ANCHOR_STEP.
 */
MUST_CHECK bool acpi_anchor_next(const struct physmem *mem, struct range *where, const char *text);

/* Returns the sum of a copied buffer, modulo 256. */
static inline uint8_t sum8(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint8_t sum = 0;

	while (len--)
		sum = (uint8_t)(sum + *p++);
	return sum;
}

/* Returns whether the buffer begins with the characters of text. */
static inline bool bytes_begin(const void *bytes, const char *text)
{
	const char *p = bytes;

	while (*text && *p == *text) {
		p++;
		text++;
	}
	return !*text;
}

/*
 * Copies up to len characters and ends them with a zero; stops at a zero byte, writes '?' for what is not printable.
 */
void acpi_copy_text(char *to, const void *from, size_t len);

#endif
