/* SPDX-License-Identifier: MIT */
/* What loaders of every protocol tell alike: strings, modules, entries of a memory map. */
#include "boot/told.h"

#define TYPE_SOFT_RESERVED 0xefffffffu /* Linux's own number */

void bootinfo_init(struct bootinfo *bi)
{
	bi->protocol = BOOT_MULTIBOOT1;
	bi->loader[0] = bi->cmdline[0] = '\0';
	bi->cmdline_truncated = false;
	bi->map_missing = true;
	bi->map_cut = false;
	bi->map.nr = 0;
	bi->nr_keep = bi->nr_files = bi->nr_conventional = 0;
	bi->rsdp = bi->smbios = PHYS_NONE;
	bi->notes[0] = '\0';
	bi->nr_random = 0;
	bi->efi_reset = 0;
	bi->no_bios = false;
	bi->screen = (struct framebuffer){ .kind = FRAMEBUFFER_NONE };
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

/* Types 1 to 5 are those of e820; others (20: EFI runtime code) are not for use. */
static enum e820_type map_type(uint32_t type)
{
	switch (type) {
	case 1:
		return E820_RAM;
	case 3:
		return E820_ACPI;
	case 4:
		return E820_NVS;
	case 5:
		return E820_UNUSABLE;
	case 7:
		return E820_PMEM;
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

enum status told_memory(struct bootinfo *bi, uint64_t base, uint64_t length, uint32_t type)
{
	bi->map_missing = false;
	/* An entry that wraps round ends at the top. */
	if (base + length < base)
		length = 0 - base - 1;
	return e820_add(&bi->map, base, length, map_type(type));
}
