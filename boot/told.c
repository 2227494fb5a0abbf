/* SPDX-License-Identifier: MIT */
/* What loaders of every protocol tell alike: strings, modules, entries of a memory map. */
#include "boot/told.h"

#include "boot/loaders.h"

_Static_assert(sizeof(struct told_entry) == 20, "ACPI 6.5, 15.4");

#define TYPE_SOFT_RESERVED 0xefffffffu /* Linux's own number */

void bootinfo_init(struct bootinfo *bi)
{
	memset(bi, 0, sizeof(*bi));
	bi->rsdp = bi->smbios = PHYS_NONE;
}

bool told_string(const struct physmem *mem, struct range from, char *to, size_t size)
{
	for (size_t i = 0; i < size; i++, from.start++) {
		char c = '\0';

		if (!range_empty(from) && !phys_read(mem, from.start, &c, 1))
			c = '\0';
		to[i] = c;
		if (c == '\0')
			return true;
	}
	to[size - 1] = '\0';
	return false;
}

void told_cmdline(const struct physmem *mem, struct range from, struct bootinfo *bi)
{
	bi->cmdline_truncated = !told_string(mem, from, bi->cmdline, sizeof(bi->cmdline));
}

char *told_next_word(char *line)
{
	while (*line && *line != ' ')
		line++;
	while (*line == ' ')
		line++;
	return line;
}

/* What stands at `from` becomes the line. */
static void begin_at(char *line, const char *from)
{
	do
		*line++ = *from;
	while (*from++);
}

void told_drop_first_word(char *line)
{
	begin_at(line, told_next_word(line));
}

bool told_drop_name(char *line, const char *ending)
{
	for (char *at = line; *at; at++) {
		size_t n = 0;

		while (n < 4 && (at[n] | 0x20) == ending[n])
			n++;
		if (n < 4)
			continue;
		if (at[n] == '"')
			n++;
		if (at[n] == '\0' || at[n] == ' ') {
			begin_at(line, told_next_word(at + n));
			return true;
		}
	}
	return false;
}

enum status told_module(struct bootinfo *bi, uint64_t start, uint64_t size)
{
	uint64_t end = start + size;

	if (!size)
		return OK;
	if (start > UINT64_MAX - PAGE_SIZE || size > UINT64_MAX - PAGE_SIZE - start)
		return ERR_MALFORMED;
	if (bi->nr_keep >= BOOT_MAX_KEEP || bi->nr_files >= BOOT_MAX_FILES)
		return ERR_FULL;
	bi->file[bi->nr_files++] = (struct range){ start, end };
	bi->keep[bi->nr_keep++] = (struct boot_keep){
		.r = { align_down(start, PAGE_SIZE), align_up(end, PAGE_SIZE) },
		.why = KEEP_MODULE,
	};
	return OK;
}

/* Those of the BIOS are e820's own; others (20: EFI runtime code) are not for use. */
static enum e820_type map_type(uint32_t type)
{
	switch (type) {
	case E820_RAM:
	case E820_ACPI:
	case E820_NVS:
	case E820_UNUSABLE:
	case E820_PMEM:
		return (enum e820_type)type;
	case TYPE_SOFT_RESERVED:
		return E820_SOFT_RESERVED;
	default:
		return E820_RESERVED;
	}
}

uint32_t told_colour(uint8_t at, uint8_t bits)
{
	return at < 32 && bits <= 32 ? (uint32_t)(((1ull << bits) - 1) << at) : 0;
}

enum status told_memory(const struct physmem *mem, struct told_list list, struct bootinfo *bi)
{
	enum status s = OK;
	struct told_entry e;

	for (; list.nr && s == OK; list.nr--, list.at += list.step) {
		if (!phys_read(mem, list.at, &e, sizeof(e)))
			return ERR_UNREADABLE;
		/* An entry that wraps round ends at the top. */
		if (e.base + e.length < e.base)
			e.length = 0 - e.base - 1;
		s = e820_add(&bi->map, e.base, e.length, map_type(e.type));
	}
	return s;
}
