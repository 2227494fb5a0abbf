/* SPDX-License-Identifier: MIT */
/* Opens the consoles that the command line asks for, or the UART that firmware tells of, else all, and the screen. */
#include "boot/dev/console.h"

#include "acpi/root.h"
#include "boot/dev/cpu.h"
#include "boot/this_run.h"
#include "boot/dev/screen.h"
#include "boot/dev/uart_locate.h"
#include "lib/format.h"

#define BDA_COM_PORTS 0x400 /* BIOS data area: four words, the I/O bases of COM1 to COM4 */
#define BDA_VIDEO 0x449     /* mode, columns, and at 0x463 the controller's port */
#define VGA_MODE_TEXT 3
#define VGA_CONTROLLER 0x3d4
#define VGA_TEXT 0xb8000
#define PORT_MIN 0x100 /* below are the devices of the board itself */

static const uint16_t com_ports[] = { 0x3f8, 0x2f8, 0x3e8, 0x2e8 };

static struct uart uarts[OPT_MAX_CONSOLES];
static unsigned nr_uarts;
static struct screen screen; /* open when it has a base */
static char message[96];

/* A table that names ordinary memory is wrong, and writing there to find out would make it worse. */
static bool is_memory(phys_t at, uint64_t size)
{
	const struct e820 *map = &handover.bi.map;

	for (size_t i = 0; i < map->nr; i++) {
		if (map->e[i].type == E820_RAM && range_overlaps(map->e[i].r, (struct range){ at, at + size }))
			return true;
	}
	return false;
}

static bool add_uart(const struct acpi_uart *a, uint32_t baud)
{
	struct uart u;

	if ((!a->io && is_memory(a->address, PAGE_SIZE)) || !uart_locate(a, &u))
		return false;
	for (unsigned i = 0; i < nr_uarts; i++) {
		if (uarts[i].base == u.base)
			return true;
	}
	if (nr_uarts == ARRAY_SIZE(uarts) || !uart_open(&u, baud))
		return false;
	uarts[nr_uarts++] = u;
	return true;
}

/* One that no table describes: registers side by side, of a byte behind ports, of a word in memory. */
static bool add_plain(bool io, uint64_t address, uint32_t baud)
{
	uint8_t width = io ? 1 : 4;
	const struct acpi_uart a = { .io = io, .address = address, .width = width, .stride = width };

	return (!io || address >= PORT_MIN) && add_uart(&a, baud);
}

/* A sum that is wrong does not make an address wrong, and a UART is probed before it is used. */
static bool has_table(const struct acpi_root *root, const char *signature, struct acpi_table *t)
{
	enum status st = acpi_root_find(root, signature, t);

	return st == OK || st == ERR_CHECKSUM;
}

static bool open_by_tables(void)
{
	static struct acpi_root root;
	phys_t *rsdp = &handover.bi.rsdp, given = handover.opt.acpi_rsdp;
	struct acpi_table t;
	struct acpi_uart a;
	uint32_t next = 0;

	if (*rsdp == PHYS_NONE)
		*rsdp = acpi_rsdp_scan(&platform.phys);
	if (acpi_root_open(&root, &platform.phys, given != PHYS_NONE ? given : *rsdp) != OK)
		return false;
	if (has_table(&root, "SPCR", &t) && spcr_read(&t, &a) == OK && add_uart(&a, 0))
		return true;
	if (!has_table(&root, "DBG2", &t))
		return false;
	while (dbg2_read(&t, &next, &a) == OK) {
		if (add_uart(&a, 0))
			return true;
	}
	return false;
}

/*
 * All that answer: which of them is wired to a BMC, nobody says. The BIOS data area names the ports that the BIOS
 * found, and may name others than usual; UEFI has other things there.
 */
static void open_all_ports(void)
{
	uint16_t ports[4];

	for (unsigned i = 0; i < ARRAY_SIZE(com_ports); i++)
		add_plain(true, com_ports[i], 0);
	if (handover.bi.no_bios || !window_read(NULL, BDA_COM_PORTS, ports, sizeof(ports)))
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(ports); i++)
		add_plain(true, ports[i], 0);
}

/* A loader that says nothing of the screen leaves it as the BIOS has set it: text, if its data area says so. */
static void find_vga_text(struct framebuffer *fb)
{
	struct {
		uint8_t mode;
		uint16_t columns;
		uint8_t size_and_cursors[23];
		uint16_t controller;
	} __attribute__((packed)) video;

	if (handover.bi.no_bios || !window_read(NULL, BDA_VIDEO, &video, sizeof(video)))
		return;
	if ((video.mode & 0x7f) == VGA_MODE_TEXT && video.columns == 80 && video.controller == VGA_CONTROLLER)
		*fb = (struct framebuffer){ FRAMEBUFFER_TEXT, VGA_TEXT, 160, 80, 25, 16, 0, 0, 0 };
}

static bool open_screen(void)
{
	struct framebuffer fb = handover.bi.screen;
	uint64_t size;
	void *base;

	if (screen.base)
		return true;
	if (fb.kind == FRAMEBUFFER_NONE)
		find_vga_text(&fb);
	size = screen_size(&fb);
	if (!size || is_memory(fb.address, size))
		return false;
	base = device_map(fb.address, size, fb.kind == FRAMEBUFFER_TEXT ? DEVICE_REGISTERS : DEVICE_PIXELS);
	if (!base)
		return false;
	screen_open(&screen, &fb, (uint64_t)base);
	return true;
}

static void open_auto(void)
{
	open_screen();
	if (!open_by_tables())
		open_all_ports();
}

static const char *missing(const struct console_option *c)
{
	if (c->kind == CONSOLE_TTYS)
		format(message, sizeof(message), "ttyS%u: no UART there", c->port);
	else
		format(message, sizeof(message), "uart,%s,0x%llx: no UART there",
		       c->kind == CONSOLE_UART_IO ? "io" : "mmio32", (ull)c->address);
	return message;
}

const char *console_open_uart(const struct console_option *c)
{
	uint64_t address = c->kind == CONSOLE_TTYS ? com_ports[c->port] : c->address;

	return add_plain(c->kind != CONSOLE_UART_MMIO32, address, c->baud) ? NULL : missing(c);
}

bool console_open_canvas(const struct framebuffer *fb)
{
	if (!screen_size(fb))
		return false;
	screen_open(&screen, fb, fb->address);
	return true;
}

static const char *open_one(const struct console_option *c)
{
	switch (c->kind) {
	case CONSOLE_AUTO:
		open_auto();
		return NULL;
	case CONSOLE_NONE:
		return NULL;
	case CONSOLE_FB:
		return open_screen() ? NULL : "fb: there is no screen";
	default:
		return console_open_uart(c);
	}
}

const char *console_open(void *ctx, const struct options *opt)
{
	const char *complaint = NULL;

	(void)ctx;
	for (unsigned i = 0; i < max_u64(opt->nr_consoles, 1) && !complaint; i++)
		complaint = open_one(&opt->console[i]);
	if (complaint) {
		open_screen();
		console_open_fallback();
	}
	return complaint;
}

void console_open_fallback(void)
{
	if (nr_uarts == 0)
		add_plain(true, com_ports[0], 0);
}

void console_write(void *ctx, const char *s, size_t len)
{
	(void)ctx;
	for (unsigned i = 0; i < nr_uarts; i++)
		uart_write(&uarts[i], s, len);
	if (screen.base)
		screen_write(&screen, s, len);
}

bool console_canvas(void *ctx, struct canvas *out)
{
	(void)ctx;
	if (screen.base)
		*out = screen_canvas(&screen);
	return screen.base != 0;
}

void console_go_to_last_line(void)
{
	screen.row = screen.rows - 1;
}

void console_drain(void)
{
	for (unsigned i = 0; i < nr_uarts; i++)
		uart_drain(&uarts[i]);
	sfence(); /* what is left of the picture in write-combining buffers */
}
