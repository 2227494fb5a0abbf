/* SPDX-License-Identifier: MIT */
/* The platform of a dry run: firmware's console and memory instead of hardware, shadows instead of page-table pages. */
#include "boot/dry.h"

#include "boot/console.h"
#include "boot/cpu.h"
#include "boot/entropy.h"
#include "boot/image.h"
#include "boot/move.h"
#include "boot/run.h"
#include "boot/serial.h"
#include "kernel/format.h"

#define COM1 0x3f8

static const struct dry_host *host; /* NULL: this is no dry run */
static struct uart uart;
static void *way_back[5]; /* as __builtin_setjmp wants it */
static enum run_result outcome;

static uint64_t read_tsc(void *ctx)
{
	(void)ctx;
	return rdtsc();
}

static void write_all(void *ctx, const char *s, size_t len)
{
	(void)ctx;
	host->write(host->ctx, s, len);
	uart_write(&uart, &uart_hardware, s, len);
}

static bool open_port(uint64_t port, uint32_t baud)
{
	uart = uart_at_port((uint16_t)port);
	return port != 0 && port <= 0xfff8 && uart_open(&uart, &uart_hardware, baud);
}

/* The firmware's console is always one; a UART is added unless that console goes out of a serial line already. */
static const char *open_console(void *ctx, const struct options *opt)
{
	static const uint16_t com_ports[] = { COM1, 0x2f8, 0x3e8, 0x2e8 };

	(void)ctx;
	/* The options are known now: what early_map_tables would say on the levels they ask for. */
	handover.bi.image_tables = early_map_tables(opt->levels ? opt->levels : platform.cpu.la57 ? 5 : 4);
	if (opt->nr_consoles == 0 && !host->console_is_serial)
		open_port(COM1, 0);
	for (unsigned i = 0; i < opt->nr_consoles; i++) {
		const struct console_option *c = &opt->console[i];
		bool good = true;

		if (c->kind == CONSOLE_TTYS)
			good = open_port(c->port < ARRAY_SIZE(com_ports) ? com_ports[c->port] : 0, c->baud);
		else if (c->kind == CONSOLE_UART_IO)
			good = open_port(c->address, c->baud);
		else if (c->kind == CONSOLE_UART_MMIO32)
			return "uart,mmio32: not in a dry run";
		if (!good)
			return console_missing(c);
	}
	return NULL;
}

/*
 * There was room for it when the policy was begun (dry_host.room): that firmware took it since then is no case to go on
 * in.
 */
static uint64_t *shadow(void *ctx, phys_t table)
{
	uint64_t *page = host->table(host->ctx, table);

	(void)ctx;
	if (!page) {
		struct log *l = run_fault_begin();

		log_always(l, "error: dry: firmware has no memory left for the shadow of the page tables");
		run_end(RUN_ERROR);
	}
	return page;
}

/* The top table is cleared last before a policy starts: then the shadows of the policy before are of no more use. */
static void clear_page(void *ctx, phys_t page)
{
	if (page == handover.bi.pgd)
		host->forget(host->ctx);
	__builtin_memset(shadow(ctx, page), 0, PAGE_SIZE);
}

static void describe_image(struct bootinfo *bi)
{
	phys_t at = (phys_t)image_start(), buffer = (phys_t)pt_buffer;

	bi->image = (struct range){ at, at + image_size() };
	bi->buffer = (struct range){ buffer, buffer + PT_BUFFER_PAGES * PAGE_SIZE };
	bi->pgd = (phys_t)direct_map_pgd;
}

bool dry_running(void)
{
	return host != NULL;
}

enum run_result boot_dry(const struct dry_host *h)
{
	image_relocate(image_start(), (uint64_t)image_start() - LINK_VIRT);
	host = h;
	platform = (struct platform){
		.phys = { h->read, h->ctx },
		.tables = { .page = shadow },
		.cpu = cpu_detect(),
		.tsc_hz = cpu_tsc_hz(),
		.tsc = read_tsc,
		.entropy = entropy_read,
		.write = write_all,
		.console_open = open_console,
		.room = h->room,
		.clear_page = clear_page,
	};
	describe_image(&handover.bi);
	entropy_take_efi(&handover.bi);
	if (__builtin_setjmp(way_back) == 0)
		outcome = kernel_run(&handover, &platform);
	uart_drain(&uart, &uart_hardware);
	return outcome;
}

void dry_end(enum run_result result)
{
	outcome = result;
	__builtin_longjmp(way_back, 1);
}
