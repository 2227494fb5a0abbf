/* SPDX-License-Identifier: MIT */
/* Reads Multiboot 1 and 2 information: every length checked, memory map entries stepped by their own size. */
#include "boot/loaders.h"

#include "boot/told.h"
#include "lib/scan.h"

#define INFO1_CMDLINE (1u << 2)
#define INFO1_MODULES (1u << 3)
#define INFO1_MAP (1u << 6)
#define INFO1_LOADER (1u << 9)
#define INFO1_SCREEN (1u << 12)
#define INFO1_SCREEN_AT 88

#define INFO2_MAX (4 * MIB)
#define MAX_MAP_BYTES (4 * MIB)
#define MAX_MODULES 512u
#define MODULE1_SIZE 16

enum tag_type {
	TAG_END = 0,
	TAG_CMDLINE = 1,
	TAG_LOADER = 2,
	TAG_MODULE = 3,
	TAG_MAP = 6,
	TAG_FRAMEBUFFER = 8,
	TAG_SMBIOS = 13,
	TAG_ACPI_OLD = 14,
	TAG_ACPI_NEW = 15,
};

struct info1 {
	uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr;
	uint32_t syms[4];
	uint32_t mmap_length, mmap_addr, drives_length, drives_addr, config_table, boot_loader_name;
} __attribute__((packed));

/* As both versions begin one. */
struct module {
	uint32_t start, end;
};

struct tag {
	uint32_t type, size;
} __attribute__((packed));

/* Of a tag, and from byte 88 on in Multiboot 1's information. */
struct screen_info {
	uint64_t address;
	uint32_t pitch, width, height;
	uint8_t bpp, type;
} __attribute__((packed));

enum { SCREEN_RGB = 1, SCREEN_TEXT = 2 };

/* Position and size of each colour in a pixel. */
struct screen_rgb {
	uint8_t red_at, red, green_at, green, blue_at, blue;
};

struct map2 {
	uint32_t entry_size, entry_version;
} __attribute__((packed));

_Static_assert(sizeof(struct info1) == 68, "Multiboot 0.6.96, 3.3");
_Static_assert(sizeof(struct screen_info) == 22, "Multiboot 2.0, 3.6.12");

/* Some loaders put the file's name first, whatever it is: QEMU, iPXE and kexec (which signs as "kexec 2.0.25"). */
static bool names_file_first(const char *loader)
{
	return scan_skip(&loader, "qemu") || scan_skip(&loader, "iPXE") || scan_skip(&loader, "kexec");
}

static void drop_file_name(struct bootinfo *bi)
{
	if (!told_drop_name(bi->cmdline, ".elf") && names_file_first(bi->loader))
		told_drop_first_word(bi->cmdline);
}

static enum status read_module(const struct physmem *mem, phys_t at, struct bootinfo *bi)
{
	struct module m;

	if (!phys_read(mem, at, &m, sizeof(m)))
		return ERR_UNREADABLE;
	return m.end > m.start ? told_module(bi, m.start, m.end - m.start) : OK;
}

/* Palettes are not taken: then there is no screen. `rgb` is where the colours of a pixel are told. */
static void read_screen(const struct physmem *mem, phys_t at, phys_t rgb, struct bootinfo *bi)
{
	struct framebuffer *fb = &bi->screen;
	struct screen_info s;
	struct screen_rgb c;

	if (!phys_read(mem, at, &s, sizeof(s)))
		return;
	*fb = (struct framebuffer){ FRAMEBUFFER_NONE, s.address, s.pitch, s.width, s.height, s.bpp, 0, 0, 0 };
	if (s.type == SCREEN_TEXT)
		fb->kind = FRAMEBUFFER_TEXT;
	if (s.type != SCREEN_RGB || !phys_read(mem, rgb, &c, sizeof(c)))
		return;
	fb->kind = FRAMEBUFFER_PIXELS;
	fb->red = told_colour(c.red_at, c.red);
	fb->green = told_colour(c.green_at, c.green);
	fb->blue = told_colour(c.blue_at, c.blue);
}

/* Multiboot 1: each entry begins with its own size, which does not count itself. */
static enum status read_map1(const struct physmem *mem, const struct info1 *info, struct bootinfo *bi)
{
	uint64_t done = 0;

	if (info->mmap_length > MAX_MAP_BYTES)
		return ERR_MALFORMED;
	while (done + 4 + sizeof(struct told_entry) <= info->mmap_length) {
		phys_t at = (phys_t)info->mmap_addr + done;
		uint32_t size;
		enum status s;

		if (!phys_read(mem, at, &size, sizeof(size)))
			return ERR_UNREADABLE;
		if (size < sizeof(struct told_entry))
			return ERR_MALFORMED;
		s = told_memory(mem, (struct told_list){ at + 4, size, 1 }, bi);
		if (s != OK)
			return s;
		done += 4 + (uint64_t)size;
	}
	return OK;
}

static enum status read_modules1(const struct physmem *mem, const struct info1 *info, struct bootinfo *bi)
{
	enum status s = info->mods_count > MAX_MODULES ? ERR_FULL : OK;

	for (uint32_t i = 0; i < info->mods_count && s == OK; i++)
		s = read_module(mem, (phys_t)info->mods_addr + i * MODULE1_SIZE, bi);
	return s;
}

enum status multiboot1_parse(const struct physmem *mem, phys_t at, struct bootinfo *bi)
{
	struct info1 info;
	enum status s = OK;

	bi->protocol = BOOT_MULTIBOOT1;
	if (!phys_read(mem, at, &info, sizeof(info)))
		return ERR_UNREADABLE;
	if (info.flags & INFO1_LOADER)
		told_string(mem, (struct range){ info.boot_loader_name, UINT64_MAX }, bi->loader, sizeof(bi->loader));
	if (info.flags & INFO1_CMDLINE)
		told_cmdline(mem, (struct range){ info.cmdline, UINT64_MAX }, bi);
	drop_file_name(bi);
	if (info.flags & INFO1_SCREEN)
		read_screen(mem, at + INFO1_SCREEN_AT, at + INFO1_SCREEN_AT + sizeof(struct screen_info), bi);
	if (info.flags & INFO1_MAP)
		s = read_map1(mem, &info, bi);
	if (s == OK && info.flags & INFO1_MODULES)
		s = read_modules1(mem, &info, bi);
	return s;
}

static enum status read_map2(const struct physmem *mem, phys_t at, uint32_t size, struct bootinfo *bi)
{
	uint32_t before = sizeof(struct tag) + sizeof(struct map2);
	struct told_list list;
	struct map2 head;

	if (size < before)
		return ERR_MALFORMED;
	if (!phys_read(mem, at + sizeof(struct tag), &head, sizeof(head)))
		return ERR_UNREADABLE;
	if (head.entry_size < sizeof(struct told_entry))
		return ERR_MALFORMED;
	list = (struct told_list){ at + before, head.entry_size, (size - before) / head.entry_size };
	return told_memory(mem, list, bi);
}

static enum status read_tag(const struct physmem *mem, phys_t at, const struct tag *tag, struct bootinfo *bi)
{
	uint64_t payload = tag->size - sizeof(*tag);
	struct range text = { at + sizeof(*tag), at + tag->size };

	switch (tag->type) {
	case TAG_CMDLINE:
		told_cmdline(mem, text, bi);
		return OK;
	case TAG_LOADER:
		told_string(mem, text, bi->loader, sizeof(bi->loader));
		return OK;
	case TAG_MODULE:
		return payload < sizeof(struct module) ? ERR_MALFORMED : read_module(mem, at + sizeof(*tag), bi);
	case TAG_MAP:
		return read_map2(mem, at, tag->size, bi);
	case TAG_FRAMEBUFFER:
		/* Two reserved bytes lie before the colours. */
		if (payload >= sizeof(struct screen_info))
			read_screen(mem, at + sizeof(*tag), at + sizeof(*tag) + sizeof(struct screen_info) + 2, bi);
		return OK;
	case TAG_SMBIOS:
		/* Major, minor, six reserved bytes, then a copy of the entry point. */
		if (payload > 8)
			bi->smbios = at + sizeof(*tag) + 8;
		return OK;
	case TAG_ACPI_OLD:
		if (bi->rsdp == PHYS_NONE && payload >= 20)
			bi->rsdp = at + sizeof(*tag);
		return OK;
	case TAG_ACPI_NEW:
		if (payload >= 36)
			bi->rsdp = at + sizeof(*tag);
		return OK;
	default:
		return OK;
	}
}

enum status multiboot2_parse(const struct physmem *mem, phys_t at, struct bootinfo *bi)
{
	uint32_t head[2];
	uint64_t done = sizeof(head);

	bi->protocol = BOOT_MULTIBOOT2;
	if (!phys_read(mem, at, head, sizeof(head)))
		return ERR_UNREADABLE;
	if (head[0] < sizeof(head) || head[0] > INFO2_MAX)
		return ERR_MALFORMED;
	while (done + sizeof(struct tag) <= head[0]) {
		struct tag tag;
		enum status s;

		if (!phys_read(mem, at + done, &tag, sizeof(tag)))
			return ERR_UNREADABLE;
		if (tag.type == TAG_END)
			break;
		if (tag.size < sizeof(tag) || tag.size > head[0] - done)
			return ERR_MALFORMED;
		s = read_tag(mem, at + done, &tag, bi);
		if (s != OK)
			return s;
		done += align_up(tag.size, 8);
	}
	drop_file_name(bi);
	return OK;
}
