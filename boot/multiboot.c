/* SPDX-License-Identifier: MIT */
/* Reads Multiboot 1 and 2 information: every length checked, memory map entries stepped by their own size. */
#include "boot/multiboot.h"

#define INFO1_CMDLINE (1u << 2)
#define INFO1_MODULES (1u << 3)
#define INFO1_MAP (1u << 6)
#define INFO1_LOADER (1u << 9)
#define INFO1_SCREEN (1u << 12)
#define INFO1_SCREEN_AT 88

#define INFO2_MAX (4 * MIB)
#define MAX_MAP_BYTES (4 * MIB)
#define MAX_MODULES 512u

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

struct module1 {
	uint32_t start, end, string, reserved;
} __attribute__((packed));

struct map_entry {
	uint64_t base, length;
	uint32_t type;
} __attribute__((packed));

struct tag {
	uint32_t type, size;
} __attribute__((packed));

struct module2 {
	uint32_t start, end;
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
_Static_assert(sizeof(struct module1) == 16, "Multiboot 0.6.96, 3.3");
_Static_assert(sizeof(struct map_entry) == 20, "both versions");
_Static_assert(sizeof(struct screen_info) == 22, "Multiboot 2.0, 3.6.12");

void bootinfo_init(struct bootinfo *bi)
{
	bi->protocol = BOOT_MULTIBOOT1;
	bi->loader[0] = bi->cmdline[0] = '\0';
	bi->cmdline_truncated = false;
	bi->map_missing = true;
	bi->map.nr = 0;
	bi->nr_keep = bi->nr_files = bi->nr_conventional = 0;
	bi->rsdp = bi->smbios = PHYS_NONE;
	bi->notes[0] = '\0';
	bi->nr_random = 0;
	bi->efi_reset = 0;
	bi->screen = (struct framebuffer){ .kind = FRAMEBUFFER_NONE };
}

/* Copies a string that ends inside `from`, or with it; false when it did not end within size - 1 characters. */
static bool read_string(const struct physmem *mem, struct range from, char *to, size_t size)
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

/* Some loaders put the file's name first: QEMU, iPXE and kexec (which signs as "kexec 2.0.25"). */
static bool names_file_first(const char *loader)
{
	static const char *const names[] = { "qemu", "iPXE", "kexec" };

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		const char *a = names[i], *b = loader;

		while (*a && *a == *b)
			a++, b++;
		if (*a == '\0')
			return true;
	}
	return false;
}

static void drop_first_word(char *s)
{
	char *from = s;

	while (*from && *from != ' ')
		from++;
	while (*from == ' ')
		from++;
	do
		*s++ = *from;
	while (*from++);
}

static enum status add_module(struct bootinfo *bi, uint64_t start, uint64_t end)
{
	if (end <= start)
		return OK;
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
	default:
		return E820_RESERVED;
	}
}

static enum status add_map_entry(const struct physmem *mem, phys_t at, struct bootinfo *bi)
{
	struct map_entry e;
	enum status s;

	if (!phys_read(mem, at, &e, sizeof(e)))
		return ERR_UNREADABLE;
	/* An entry that wraps round ends at the top. */
	if (e.base + e.length < e.base)
		e.length = 0 - e.base - 1;
	s = e820_add(&bi->map, e.base, e.length, map_type(e.type));
	bi->map_missing = false;
	return s;
}

static uint32_t colour_mask(uint8_t at, uint8_t bits)
{
	return at < 32 && bits <= 32 ? (uint32_t)(((1ull << bits) - 1) << at) : 0;
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
	fb->red = colour_mask(c.red_at, c.red);
	fb->green = colour_mask(c.green_at, c.green);
	fb->blue = colour_mask(c.blue_at, c.blue);
}

/* Multiboot 1: each entry begins with its own size, which does not count itself. */
static enum status read_map1(const struct physmem *mem, const struct info1 *info, struct bootinfo *bi)
{
	uint64_t done = 0;

	if (info->mmap_length > MAX_MAP_BYTES)
		return ERR_MALFORMED;
	while (done + 4 + sizeof(struct map_entry) <= info->mmap_length) {
		phys_t at = (phys_t)info->mmap_addr + done;
		uint32_t size;
		enum status s;

		if (!phys_read(mem, at, &size, sizeof(size)))
			return ERR_UNREADABLE;
		if (size < sizeof(struct map_entry))
			return ERR_MALFORMED;
		s = add_map_entry(mem, at + 4, bi);
		if (s != OK)
			return s;
		done += 4 + (uint64_t)size;
	}
	return OK;
}

static enum status read_modules1(const struct physmem *mem, const struct info1 *info, struct bootinfo *bi)
{
	if (info->mods_count > MAX_MODULES)
		return ERR_FULL;
	for (uint32_t i = 0; i < info->mods_count; i++) {
		struct module1 m;
		enum status s;

		if (!phys_read(mem, (phys_t)info->mods_addr + i * sizeof(m), &m, sizeof(m)))
			return ERR_UNREADABLE;
		s = add_module(bi, m.start, m.end);
		if (s != OK)
			return s;
	}
	return OK;
}

enum status multiboot1_parse(const struct physmem *mem, phys_t at, struct bootinfo *bi)
{
	struct info1 info;
	enum status s = OK;

	bi->protocol = BOOT_MULTIBOOT1;
	if (!phys_read(mem, at, &info, sizeof(info)))
		return ERR_UNREADABLE;
	if (info.flags & INFO1_LOADER)
		read_string(mem, (struct range){ info.boot_loader_name, UINT64_MAX }, bi->loader, sizeof(bi->loader));
	if (info.flags & INFO1_CMDLINE)
		bi->cmdline_truncated =
			!read_string(mem, (struct range){ info.cmdline, UINT64_MAX }, bi->cmdline, sizeof(bi->cmdline));
	if (names_file_first(bi->loader))
		drop_first_word(bi->cmdline);
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
	struct map2 head;

	if (size < sizeof(struct tag) + sizeof(head))
		return ERR_MALFORMED;
	if (!phys_read(mem, at + sizeof(struct tag), &head, sizeof(head)))
		return ERR_UNREADABLE;
	if (head.entry_size < sizeof(struct map_entry))
		return ERR_MALFORMED;
	for (uint64_t done = sizeof(struct tag) + sizeof(head); done + head.entry_size <= size;
	     done += head.entry_size) {
		enum status s = add_map_entry(mem, at + done, bi);

		if (s != OK)
			return s;
	}
	return OK;
}

static enum status read_module2(const struct physmem *mem, phys_t at, uint32_t size, struct bootinfo *bi)
{
	struct module2 m;

	if (size < sizeof(struct tag) + sizeof(m))
		return ERR_MALFORMED;
	if (!phys_read(mem, at + sizeof(struct tag), &m, sizeof(m)))
		return ERR_UNREADABLE;
	return add_module(bi, m.start, m.end);
}

static enum status read_tag(const struct physmem *mem, phys_t at, const struct tag *tag, struct bootinfo *bi)
{
	uint64_t payload = tag->size - sizeof(*tag);
	struct range text = { at + sizeof(*tag), at + tag->size };

	switch (tag->type) {
	case TAG_CMDLINE:
		bi->cmdline_truncated = !read_string(mem, text, bi->cmdline, sizeof(bi->cmdline));
		return OK;
	case TAG_LOADER:
		read_string(mem, text, bi->loader, sizeof(bi->loader));
		return OK;
	case TAG_MODULE:
		return read_module2(mem, at, tag->size, bi);
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
	if (names_file_first(bi->loader))
		drop_first_word(bi->cmdline);
	return OK;
}
