/* SPDX-License-Identifier: MIT */
/* Reads boot_params: every pointer through bounded reads, every list with an end. */
#include "boot/loaders.h"

#include "boot/efi_memmap.h"
#include "boot/told.h"
#include "lib/format.h"
#include "lib/scan.h"

#define HEADER_MAGIC 0x53726448u /* "HdrS" */
#define E820_TABLE 0x2d0
#define E820_ROOM 128
#define ENTRY_SIZE ((uint32_t)sizeof(struct told_entry))

#define EFI_LOADER_64 0x34364c45u /* "EL64" */
#define EFI_SYSTEM_TABLE_LIST 104 /* of struct EFI_SYSTEM_TABLE: number of tables, their address */
#define MAX_DESCRIPTORS 65536u

#define MAX_SETUP_DATA 64u
#define SETUP_E820_EXT 1u
#define SETUP_EFI 4u
#define MAX_E820_EXT (1u << 20)

#define LOW_MEMORY_END 0x9f000 /* what Linux takes for it where the BIOS has no memory map */

enum { SCREEN_VESA = 0x23, SCREEN_EFI = 0x70 };

struct screen_info {
	uint16_t position, ext_mem_k; /* the second is no word on the screen: zero-page.rst */
	uint8_t x[11], is_vga;
	uint16_t points, width, height, depth;
	uint32_t base, size;
	uint16_t magic, offset, pitch;
	uint8_t red, red_at, green, green_at, blue, blue_at, reserved, reserved_at;
	uint16_t vesapm_seg, vesapm_off, pages, attributes;
	uint32_t capabilities, base_high;
	uint16_t reserved2;
} __attribute__((packed));

struct efi_info {
	uint32_t signature, systab, descriptor_size, descriptor_version, memmap, memmap_size, systab_high, memmap_high;
};

/* As far as it is read in one piece: up to the end of the setup header. */
struct boot_params {
	struct screen_info screen;
	uint8_t apm_and_ist[0x30];
	uint64_t rsdp;
	uint8_t disks[0x48];
	uint32_t ramdisk_image_high, ramdisk_size_high, cmd_line_ptr_high;
	uint8_t edid_from_here[0xf4];
	struct efi_info efi;
	uint32_t alt_mem_k, scratch;
	uint8_t e820_entries, more_entries[8];
	/* The setup header. */
	uint8_t setup_sects, sizes_and_jump[0x10];
	uint32_t magic;
	uint8_t version_and_switch[0xa];
	uint8_t type_of_loader, loadflags, move_and_code32[6];
	uint32_t ramdisk_image, ramdisk_size, bootsect_kludge;
	uint16_t heap_end_ptr;
	uint8_t ext_loader_ver, ext_loader_type;
	uint32_t cmd_line_ptr;
	uint8_t limits_and_payload[0x24];
	uint64_t setup_data;
	uint8_t preferences[0x14];
} __attribute__((packed));

struct setup_data {
	uint64_t next;
	uint32_t type, len;
} __attribute__((packed));

_Static_assert(offsetof(struct boot_params, rsdp) == 0x70 && offsetof(struct boot_params, efi) == 0x1c0 &&
		       offsetof(struct boot_params, e820_entries) == 0x1e8,
	       "zero-page.rst");
_Static_assert(offsetof(struct boot_params, magic) == 0x202 && offsetof(struct boot_params, type_of_loader) == 0x210 &&
		       offsetof(struct boot_params, setup_data) == 0x250 && sizeof(struct boot_params) == 0x26c,
	       "boot.rst, 1.3");

/* What a parse has in hand. */
struct params {
	const struct physmem *mem;
	phys_t at;
	struct boot_params b;
	uint64_t efi_tables; /* where the list of configuration tables is, by setup_data; 0: by the system table */
	struct bootinfo *bi;
};

static uint64_t join(uint32_t low, uint32_t high)
{
	return low | (uint64_t)high << 32;
}

/* Words for Linux that its loaders add by themselves. */
static bool is_loaders_word(const char *word)
{
	return scan_skip(&word, "BOOT_IMAGE=") || scan_skip(&word, "initrd=");
}

static void read_command_line(struct params *p)
{
	struct range from = { join(p->b.cmd_line_ptr, p->b.cmd_line_ptr_high), UINT64_MAX };
	char *line = p->bi->cmdline;

	if (from.start)
		told_cmdline(p->mem, from, p->bi);
	while (*line) {
		if (is_loaders_word(line))
			told_drop_first_word(line);
		else
			line = told_next_word(line);
	}
}

static enum status read_initrd(struct params *p)
{
	uint64_t start = join(p->b.ramdisk_image, p->b.ramdisk_image_high);
	uint64_t size = join(p->b.ramdisk_size, p->b.ramdisk_size_high);

	return start ? told_module(p->bi, start, size) : OK;
}

/* boot.rst, 1.5: numbers given to loaders; 14 and more are behind an extension. */
static void name_loader(struct params *p)
{
	static const char names[] = "LILO\0Loadlin\0bootsect\0SYSLINUX\0iPXE\0ELILO\0loader\0GRUB\0U-Boot\0Xen\0"
				    "Gujin\0qemu\0Arcturus\0kexec\0";
	unsigned type = p->b.type_of_loader >> 4, version = p->b.type_of_loader & 15;
	const char *name;
	char number[16];

	version |= (unsigned)p->b.ext_loader_ver << 4;
	if (type == 14)
		type = p->b.ext_loader_type + 16u;
	name = scan_entry(names, type);
	if (!*name) {
		format(number, sizeof(number), "loader 0x%x", type);
		name = number;
	}
	format(p->bi->loader, LOADER_NAME_MAX, "%s (Linux boot protocol, version %u)", name, version);
}

/* A BIOS without a memory map counts what lies above 1 MiB, one way or the other. */
static enum status read_counted(struct params *p)
{
	uint64_t kib = max_u64(p->b.alt_mem_k, p->b.screen.ext_mem_k);
	enum status s;

	if (!kib)
		return OK;
	s = e820_add(&p->bi->map, 0, LOW_MEMORY_END, E820_RAM);
	return s == OK ? e820_add(&p->bi->map, MIB, kib * KIB, E820_RAM) : s;
}

static enum status read_map(struct params *p)
{
	if (p->b.e820_entries > E820_ROOM)
		return ERR_MALFORMED;
	if (!p->b.e820_entries)
		return read_counted(p);
	return told_memory(p->mem, (struct told_list){ p->at + E820_TABLE, ENTRY_SIZE, p->b.e820_entries }, p->bi);
}

static enum status read_setup_data(struct params *p)
{
	struct setup_data d = { .next = p->b.setup_data };
	enum status s = OK;

	for (unsigned i = 0; d.next && s == OK; i++) {
		phys_t at = d.next;

		if (i == MAX_SETUP_DATA)
			return ERR_MALFORMED;
		if (!phys_read(p->mem, at, &d, sizeof(d)))
			return ERR_UNREADABLE;
		at += sizeof(d);
		if (d.type == SETUP_E820_EXT) {
			struct told_list more = { at, ENTRY_SIZE, d.len / ENTRY_SIZE };

			s = d.len > MAX_E820_EXT ? ERR_MALFORMED : told_memory(p->mem, more, p->bi);
			p->bi->map_cut |= d.len % ENTRY_SIZE != 0;
		} else if (d.type == SETUP_EFI && d.len >= 24 &&
			   !phys_read(p->mem, at + 16, &p->efi_tables, sizeof(p->efi_tables)))
			s = ERR_UNREADABLE;
	}
	return s;
}

static void read_screen(struct params *p)
{
	const struct screen_info *s = &p->b.screen;

	if (s->is_vga != SCREEN_VESA && s->is_vga != SCREEN_EFI)
		return;
	p->bi->screen = (struct framebuffer){ FRAMEBUFFER_PIXELS,
					      join(s->base, s->capabilities & 2 ? s->base_high : 0),
					      s->pitch,
					      s->width,
					      s->height,
					      s->depth,
					      told_colour(s->red_at, s->red),
					      told_colour(s->green_at, s->green),
					      told_colour(s->blue_at, s->blue) };
}

static enum status read_descriptors(struct params *p)
{
	phys_t at = join(p->b.efi.memmap, p->b.efi.memmap_high);
	uint32_t size = p->b.efi.descriptor_size, nr;
	enum status s = OK;

	if (size < sizeof(struct efi_descriptor))
		return OK;
	nr = p->b.efi.memmap_size / size;
	if (nr > MAX_DESCRIPTORS)
		return ERR_MALFORMED;
	for (uint32_t i = 0; i < nr && s == OK; i++) {
		struct efi_descriptor d;

		if (!phys_read(p->mem, at + (uint64_t)i * size, &d, sizeof(d)))
			return ERR_UNREADABLE;
		s = efi_memmap_read(&d, p->bi);
	}
	return s;
}

/*
 * Firmware that has been left by ExitBootServices. After kexec its pointers are virtual ones of the Linux before; where
 * the tables are stands in setup_data then.
 */
static enum status read_efi(struct params *p)
{
	uint64_t list[2];

	if (p->b.efi.signature != EFI_LOADER_64)
		return OK;
	p->bi->no_bios = true;
	if (phys_read(p->mem, join(p->b.efi.systab, p->b.efi.systab_high) + EFI_SYSTEM_TABLE_LIST, list, sizeof(list)))
		efi_tables_find(p->mem, p->efi_tables ? p->efi_tables : list[1], list[0], p->bi);
	return read_descriptors(p);
}

static enum status begin(struct params *p)
{
	if (!phys_read(p->mem, p->at, &p->b, sizeof(p->b)))
		return ERR_UNREADABLE;
	if (p->b.magic != HEADER_MAGIC)
		return ERR_MALFORMED;
	read_command_line(p);
	return read_initrd(p);
}

enum status linux_parse_words(const struct physmem *mem, phys_t at, struct bootinfo *bi)
{
	struct params p = { .mem = mem, .at = at, .bi = bi };

	return begin(&p);
}

enum status linux_parse(const struct physmem *mem, phys_t at, struct bootinfo *bi)
{
	struct params p = { .mem = mem, .at = at, .bi = bi };
	enum status s = begin(&p);

	bi->protocol = BOOT_LINUX;
	if (s == ERR_UNREADABLE)
		return s;
	name_loader(&p);
	if (p.b.rsdp)
		bi->rsdp = p.b.rsdp;
	read_screen(&p);
	if (s == OK)
		s = read_map(&p);
	if (s == OK)
		s = read_setup_data(&p);
	return s == OK ? read_efi(&p) : s;
}
