/* SPDX-License-Identifier: MIT */
/*
 * Reads a bzImage: the setup header (Documentation/arch/x86/boot.rst), and, through the program that its compression
 * has, the sections of the ELF file in it. _end is where section .brk ends.
 */
#include "tools/predict/image.h"

#include <stdlib.h>
#include <string.h>

#include "tools/predict/text.h"
#include "tools/predict/unpack.h"

#define SECTOR 512
#define ELF_MAX (512ull * MIB) /* no kernel's file is as large */
#define SIZE_MAX_TOLD (1ull * GIB)

enum header {
	H_SETUP_SECTS = 0x1f1,
	H_BOOT_FLAG = 0x1fe,
	H_MAGIC = 0x202,
	H_VERSION = 0x206,
	H_KERNEL_VERSION = 0x20e,
	H_ALIGNMENT = 0x230,
	H_PAYLOAD = 0x248,
	H_PREF = 0x258,
	H_INIT_SIZE = 0x260,
	H_END = 0x264,
};

static uint64_t get(const uint8_t *bytes, size_t at, size_t size)
{
	uint64_t v = 0;

	memcpy(&v, bytes + at, size);
	return v;
}

/* ---- the header ---- */

/* The words behind the release are of no use here. */
static bool read_release(const uint8_t *bytes, size_t setup, struct kernel_image *image)
{
	size_t at = get(bytes, H_KERNEL_VERSION, 2) + SECTOR, n = 0;
	const char *s = image->release;

	while (at > SECTOR && at + n < setup && bytes[at + n] > ' ' && bytes[at + n] < 0x7f &&
	       n < sizeof(image->release) - 1) {
		image->release[n] = (char)bytes[at + n];
		n++;
	}
	if (!linux_read_release(&s, &image->version))
		image->version = 0;
	return n > 0;
}

bool kernel_image_parse(const uint8_t *bytes, size_t len, struct kernel_image *image, struct input_error *err)
{
	uint64_t setup, start, size; /* whose sum may pass 32 bits */

	*image = (struct kernel_image){ 0 };
	if (len < H_END || get(bytes, H_BOOT_FLAG, 2) != 0xaa55 || memcmp(bytes + H_MAGIC, "HdrS", 4) != 0)
		return input_refuse(err, "not a bzImage of Linux");
	if (get(bytes, H_VERSION, 2) < 0x20a)
		return input_refuse(err, "its boot protocol is older than 2.10, and tells no size");
	setup = ((bytes[H_SETUP_SECTS] ? bytes[H_SETUP_SECTS] : 4) + 1) * SECTOR;
	start = setup + get(bytes, H_PAYLOAD, 4);
	size = get(bytes, H_PAYLOAD + 4, 4);
	if (!lies_within(len, start, size) || size < 8)
		return input_refuse(err, "it is cut short");
	if (!read_release(bytes, setup, image))
		return input_refuse(err, "it does not tell its version");
	image->pref = get(bytes, H_PREF, 8);
	image->alignment = get(bytes, H_ALIGNMENT, 4);
	image->init_size = get(bytes, H_INIT_SIZE, 4);
	image->output_len = get(bytes, start + size - 4, 4);
	image->payload = (struct range){ start, start + size - 4 };
	if (!image->pref || image->pref % PAGE_SIZE || image->pref > SIZE_MAX_TOLD || !image->init_size ||
	    image->init_size > SIZE_MAX_TOLD || image->output_len > SIZE_MAX_TOLD)
		return input_refuse(err, "its header tells no usable address and sizes");
	return true;
}

/* ---- the file in it ---- */

/* ELF of 64 bits, as the System V ABI has it (chapter 4). wasi-libc has no elf.h, and the page is built with that. */
struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_section {
	uint32_t name, type;
	uint64_t flags, addr, offset, size;
	uint32_t link, info;
	uint64_t addralign, entsize;
};

static const struct elf_section *section(const uint8_t *elf, size_t len, const char *name)
{
	const struct elf_header *h = (const void *)elf;
	const struct elf_section *s, *names;

	if (len < sizeof(*h) || memcmp(elf, "\177ELF", 4) != 0 || h->shentsize != sizeof(*s) || h->shoff % 8 ||
	    !lies_within(len, h->shoff, (uint64_t)h->shnum * sizeof(*s)) || h->shstrndx >= h->shnum)
		return NULL;
	s = (const void *)(elf + h->shoff);
	names = &s[h->shstrndx];
	if (!lies_within(len, names->offset, names->size))
		return NULL;
	for_each (found, s, h->shnum)
		if ((uint64_t)found->name + strlen(name) < names->size &&
		    !memcmp(elf + names->offset + found->name, name, strlen(name) + 1))
			return found;
	return NULL;
}

bool kernel_image_read_elf(const uint8_t *elf, size_t len, struct kernel_image *image)
{
	const struct elf_section *text = section(elf, len, ".text"), *brk = section(elf, len, ".brk");
	uint64_t size;

	if (!text || !brk || !brk->size || brk->addr < text->addr || brk->addr - text->addr > SIZE_MAX_TOLD ||
	    brk->size > SIZE_MAX_TOLD || text->addr % PAGE_SIZE || brk->addr % PAGE_SIZE)
		return false;
	size = align_up(brk->size, PAGE_SIZE);
	image->end = brk->addr - text->addr + size;
	image->buffer =
		linux_buffer_pages(image->version, (max_u64(size, FACTS_BRK_SIZE) - FACTS_BRK_SIZE) / PAGE_SIZE);
	return true;
}

static void read_elf(const uint8_t *bytes, struct kernel_image *image)
{
	const uint8_t *packed = bytes + image->payload.start;
	uint8_t *elf = image->output_len <= ELF_MAX ? malloc(image->output_len) : NULL;
	size_t len = elf ? unpack(packed, range_size(image->payload), elf, image->output_len) : 0;

	image->unpacker = unpacker(packed, range_size(image->payload));
	if (!kernel_image_read_elf(elf, len, image))
		image->end = 0;
	free(elf);
}

bool kernel_image_read(const char *path, struct kernel_image *image, struct input_error *err)
{
	const char *why;
	size_t len;
	uint8_t *bytes = (uint8_t *)text_read_file(path, &len, &why);
	bool good;

	err->file = path;
	if (!bytes)
		return input_refuse(err, "%s", why);
	good = kernel_image_parse(bytes, len, image, err);
	if (good)
		read_elf(bytes, image);
	free(bytes);
	return good;
}

uint64_t kernel_image_slot(const struct kernel_image *image)
{
	uint64_t size = max_u64(image->output_len, image->end ? image->end : image->init_size);

	return align_up(size, 2 * MIB);
}
