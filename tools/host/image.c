/* SPDX-License-Identifier: MIT */
/* The parts of the kernel's image, by the symbols in its file. */
#include "tools/host/host.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mm/pt_alloc.h"

#define FILE_MAX (64u << 20)

struct elf {
	uint8_t *bytes;
	size_t len;
};

/* len bytes of the file at an offset; NULL: not all of them are there. */
static const void *elf_at(const struct elf *e, uint64_t offset, uint64_t len)
{
	return offset <= e->len && len <= e->len - offset ? e->bytes + offset : NULL;
}

/* The section header with that number; false: none. */
static bool elf_section(const struct elf *e, unsigned nr, Elf64_Shdr *out)
{
	const Elf64_Ehdr *head = elf_at(e, 0, sizeof(*head));
	const void *at = head ? elf_at(e, head->e_shoff + (uint64_t)nr * sizeof(*out), sizeof(*out)) : NULL;

	if (!at || nr >= head->e_shnum)
		return false;
	memcpy(out, at, sizeof(*out));
	return true;
}

/* The address of a symbol; 0: it has none. */
static uint64_t elf_symbol(const struct elf *e, const char *name)
{
	Elf64_Shdr table, names;

	for (unsigned i = 0; elf_section(e, i, &table); i++) {
		if (table.sh_type != SHT_SYMTAB || !elf_section(e, table.sh_link, &names))
			continue;
		for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= table.sh_size; at += sizeof(Elf64_Sym)) {
			const void *found = elf_at(e, table.sh_offset + at, sizeof(Elf64_Sym));
			const char *own;
			Elf64_Sym symbol;

			if (!found)
				return 0;
			memcpy(&symbol, found, sizeof(symbol));
			own = elf_at(e, names.sh_offset + symbol.st_name, strlen(name) + 1);
			if (own && memcmp(own, name, strlen(name) + 1) == 0)
				return symbol.st_value;
		}
	}
	return 0;
}

static bool read_parts(const struct elf *e, struct host_image *image, const char **why)
{
	static const unsigned char magic[] = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB };
	const void *head = elf_at(e, 0, sizeof(magic));
	uint64_t first, end, buffer, pgd;

	*why = "no 64-bit ELF file";
	if (!head || memcmp(head, magic, sizeof(magic)) != 0)
		return false;
	*why = "no symbols of Landfall's kernel in it";
	first = elf_symbol(e, "image_first");
	end = elf_symbol(e, "image_end");
	buffer = elf_symbol(e, "pt_buffer");
	pgd = elf_symbol(e, "direct_map_pgd");
	if (!first || end < first || buffer < first || buffer > end || pgd < first || pgd > end)
		return false;
	*image = (struct host_image){ end - first, buffer - first, buffer - first + PT_BUFFER_PAGES * PAGE_SIZE,
				      pgd - first };
	return image->size <= 2 * MIB && image->buffer_end <= image->size;
}

bool host_image_read(const char *path, struct host_image *image, const char **why)
{
	FILE *f = fopen(path, "rb");
	struct elf e = { malloc(FILE_MAX), 0 };
	bool good = false;

	*why = f ? "out of memory" : "cannot be opened";
	if (f && e.bytes) {
		e.len = fread(e.bytes, 1, FILE_MAX, f);
		good = read_parts(&e, image, why);
	}
	if (f)
		fclose(f);
	free(e.bytes);
	return good;
}
