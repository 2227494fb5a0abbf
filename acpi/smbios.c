/* SPDX-License-Identifier: MIT */
/* Finds the SMBIOS table and takes the names of firmware and machine from it. */
#include "acpi/smbios.h"
#include "acpi/reader.h"

#define SCAN_START 0xf0000
#define SCAN_END 0x100000
#define TABLE_MAX (1 * MIB) /* names stand at the front; more is not looked at */

#define TYPE_FIRMWARE 0
#define TYPE_SYSTEM 1
#define TYPE_END 127

/* Either kind of entry point; longer ones are refused, as Linux (dmi_present). */
union entry {
	struct smbios_entry_32 narrow;
	struct smbios_entry_64 wide;
};

#define WIDE_ANCHOR "_SM3_"
#define NARROW_ANCHOR "_SM_"
#define NARROW_MIN 30 /* 31; old firmware says 30 */

/* The table, seen through a small buffer. */
struct view {
	const struct physmem *mem;
	phys_t addr;
	uint32_t size;
	uint32_t start, nr; /* what the buffer holds */
	uint8_t buf[256];
};

/* A structure: formatted area at `at`, its strings behind it. */
struct structure {
	uint32_t at, strings, next;
	uint8_t type, length;
};

static bool view_byte(struct view *v, uint32_t at, uint8_t *byte)
{
	if (at >= v->size)
		return false;
	if (at - v->start >= v->nr) { /* before it, too: 32 bits */
		uint32_t n = (uint32_t)min_u64(sizeof(v->buf), v->size - at);

		v->start = at;
		v->nr = 0;
		/* The size of a 64-bit table is only its upper limit: what lies behind it may be out of reach. */
		if (phys_read(v->mem, v->addr + at, v->buf, n))
			v->nr = n;
		else if (phys_read(v->mem, v->addr + at, v->buf, 1))
			v->nr = 1;
		else
			return false;
	}
	*byte = v->buf[at - v->start];
	return true;
}

/* Reads an entry point of that kind. */
static enum status entry_read(const struct physmem *mem, phys_t at, bool wide, union entry *e)
{
	const char *intermediate = e->narrow.intermediate_anchor;
	uint8_t length;

	if (!phys_read(mem, at, e, sizeof(e->wide)))
		return ERR_UNREADABLE;
	if (!bytes_begin(e, wide ? WIDE_ANCHOR : NARROW_ANCHOR))
		return ERR_NOT_FOUND;
	length = wide ? e->wide.length : e->narrow.length;
	if (length < (wide ? sizeof(e->wide) : NARROW_MIN) || length > sizeof(*e))
		return ERR_MALFORMED;
	/* The intermediate part ends at 31, also where old firmware says 30. */
	if (!phys_read(mem, at, e, wide ? length : sizeof(*e)))
		return ERR_UNREADABLE;
	if (sum8(e, length))
		return ERR_CHECKSUM;
	if (wide)
		return OK;
	if (!bytes_begin(intermediate, "_DMI_"))
		return ERR_MALFORMED;
	return sum8(intermediate, sizeof(e->narrow) - offsetof(struct smbios_entry_32, intermediate_anchor))
		       ? ERR_CHECKSUM
		       : OK;
}

/* The table that an entry point names. */
static enum status entry_decode(bool wide, const union entry *e, struct range *table, struct smbios *out)
{
	uint32_t size = wide ? e->wide.table_size : e->narrow.table_size;
	phys_t addr = wide ? e->wide.table : e->narrow.table;

	out->major = wide ? e->wide.major : e->narrow.major;
	out->minor = wide ? e->wide.minor : e->narrow.minor;
	if (addr > UINT64_MAX - size)
		return ERR_MALFORMED;
	*table = (struct range){ addr, addr + size };
	return OK;
}

/*
 * Tries every 16th byte for that kind of entry point; a bad one does not end the search but is told if no good one
 * follows.
 */
static enum status entry_find(const struct physmem *mem, bool wide, union entry *e)
{
	struct range where = { SCAN_START, SCAN_END };
	enum status first = ERR_NOT_FOUND;

	for (; acpi_anchor_next(mem, &where, wide ? WIDE_ANCHOR : NARROW_ANCHOR); where.start += ACPI_ANCHOR_STEP) {
		enum status s = entry_read(mem, where.start, wide, e);

		if (s == OK)
			return OK;
		if (first == ERR_NOT_FOUND)
			first = s;
	}
	return first;
}

static enum status entry_at(const struct physmem *mem, phys_t entry_point, bool wide, union entry *e)
{
	return entry_point == PHYS_NONE ? entry_find(mem, wide, e) : entry_read(mem, entry_point, wide, e);
}

static enum status table_find(const struct physmem *mem, phys_t entry_point, struct range *table, struct smbios *out)
{
	union entry e;
	enum status s, wide;

	wide = entry_at(mem, entry_point, true, &e);
	if (wide == OK)
		return entry_decode(true, &e, table, out);
	s = entry_at(mem, entry_point, false, &e);
	if (s == OK)
		return entry_decode(false, &e, table, out);
	return s == ERR_NOT_FOUND ? wide : s;
}

/*
 * Strings and their set end with a zero byte each (6.1.3); without strings there are two. False: the table ends
 * before.
 */
static bool structure_open(struct view *v, uint32_t at, struct structure *s)
{
	uint8_t byte = 1, before;

	if (!view_byte(v, at, &s->type) || !view_byte(v, at + 1, &s->length) || s->length < sizeof(struct smbios_head))
		return false;
	s->at = at;
	s->strings = s->next = at + s->length;
	if (s->type == TYPE_END)
		return true;
	do {
		before = byte;
		if (!view_byte(v, s->next++, &byte))
			return false;
	} while (byte || before);
	return true;
}

/* Copies the string whose number stands at `field`; leaves `to` empty when there is none. */
static void string_copy(struct view *v, const struct structure *s, uint8_t field, char to[SMBIOS_NAME_MAX])
{
	uint8_t text[SMBIOS_NAME_MAX - 1], number, byte;
	uint32_t at = s->strings;
	size_t n = 0;

	if (field >= s->length || !view_byte(v, s->at + field, &number) || !number)
		return;
	while (--number) {
		do {
			if (at >= s->next || !view_byte(v, at++, &byte))
				return;
		} while (byte);
	}
	while (at < s->next && n < sizeof(text) && view_byte(v, at++, &byte) && byte) {
		if (n || byte != ' ')
			text[n++] = byte;
	}
	while (n && text[n - 1] == ' ')
		n--;
	acpi_copy_text(to, text, n);
}

/* Walks until both structures are found, or the end. */
static enum status names_read(struct view *v, struct smbios *out)
{
	bool firmware = false, system = false;
	struct structure s;

	for (uint32_t at = 0; at < v->size && !(firmware && system); at = s.next) {
		if (!structure_open(v, at, &s))
			return v->nr ? ERR_MALFORMED : ERR_UNREADABLE;
		if (s.type == TYPE_END)
			break;
		if (s.type == TYPE_FIRMWARE && !firmware) { /* 7.1 */
			string_copy(v, &s, offsetof(struct smbios_firmware, vendor), out->firmware_vendor);
			string_copy(v, &s, offsetof(struct smbios_firmware, version), out->firmware_version);
			string_copy(v, &s, offsetof(struct smbios_firmware, date), out->firmware_date);
			firmware = true;
		} else if (s.type == TYPE_SYSTEM && !system) { /* 7.2 */
			string_copy(v, &s, offsetof(struct smbios_system, manufacturer), out->vendor);
			string_copy(v, &s, offsetof(struct smbios_system, product), out->product);
			system = true;
		}
	}
	return OK;
}

enum status smbios_read(const struct physmem *mem, phys_t entry_point, struct smbios *out)
{
	struct range table;
	enum status s;
	struct view v;

	*out = (struct smbios){ 0 };
	s = table_find(mem, entry_point, &table, out);
	if (s != OK)
		return s;
	v = (struct view){ .mem = mem, .addr = table.start, .size = (uint32_t)min_u64(range_size(table), TABLE_MAX) };
	return names_read(&v, out);
}
