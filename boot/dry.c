/* SPDX-License-Identifier: MIT */
/* The platform of a dry run: firmware's console and memory instead of hardware, shadows instead of page-table pages. */
#include "boot/dry.h"

#include "boot/dev/console.h"
#include "boot/dev/cpu.h"
#include "boot/dev/descriptors.h"
#include "boot/dev/entropy.h"
#include "boot/image.h"
#include "boot/move.h"
#include "boot/this_run.h"
#include "kernel/kernel.h"

static const struct dry_host *host; /* NULL: this is no dry run */
static bool quiet;                  /* nothing to the firmware's console */
static bool has_canvas;             /* a picture is drawn */
static void *way_back[5];           /* as __builtin_setjmp wants it */
static enum run_result outcome;

static void write_all(void *ctx, const char *s, size_t len)
{
	(void)ctx;
	host->write(s, len, quiet);
	console_write(NULL, s, len);
}

static bool open_draft(void)
{
	struct framebuffer fb;

	if (!has_canvas)
		has_canvas = host->canvas(&fb) && console_open_canvas(&fb);
	return has_canvas;
}

/* Beside the firmware's console, which is there by itself. */
static const char *open_one(const struct console_option *c)
{
	switch (c->kind) {
	case CONSOLE_AUTO:
		if (!host->console_ports)
			console_open_fallback();
		break;
	case CONSOLE_NONE:
		quiet = true;
		break;
	case CONSOLE_TTYS:
		return host->console_ports >> c->port & 1 ? NULL : console_open_uart(c);
	case CONSOLE_UART_IO:
		return console_open_uart(c);
	case CONSOLE_UART_MMIO32:
		return "uart,mmio32: not in a dry run: firmware need not map it";
	case CONSOLE_FB:
		return open_draft() ? NULL : "fb: there is no screen";
	}
	return NULL;
}

static const char *open_console(void *ctx, const struct options *opt)
{
	const char *complaint = NULL;

	(void)ctx;
	/* The options are known now, and the levels they ask for. */
	run_describe_image((phys_t)image_first, opt->levels ? opt->levels : platform.cpu.la57 ? 5 : 4);
	for (unsigned i = 0; i < max_u64(opt->nr_consoles, 1) && !complaint; i++)
		complaint = open_one(&opt->console[i]);
	return complaint;
}

/* There was room for it when the policy was begun (dry_host.room): with what has taken it since, no run can go on. */
static uint64_t *shadow(void *ctx, phys_t table)
{
	uint64_t *page = host->table(table);

	(void)ctx;
	if (!page) {
		struct log *l = run_fault_begin();

		log_always(l, "error: dry: firmware has no memory left for the shadow of the page tables");
		run_end(RUN_ERROR);
	}
	return page;
}

bool dry_running(void)
{
	return host != NULL;
}

void dry_speak(void)
{
	quiet = false;
}

bool dry_executes(uint64_t rip)
{
	return range_contains(host->application, rip) || rip - (uint64_t)image_first < image_size();
}

enum run_result boot_dry(const struct dry_host *h)
{
	image_relocate(image_first, (uint64_t)image_first - LINK_VIRT);
	host = h;
	cpu_tsc_start();
	platform = (struct platform){
		.phys = { .read = h->read },
		.tables = { .page = shadow },
		.cpu = cpu_detect(),
		.tsc_hz = cpu_tsc_hz(),
		.tsc = cpu_tsc,
		.entropy = entropy_read,
		.write = write_all,
		.console_open = open_console,
		.canvas = console_canvas,
		.room = h->room,
		.clear_tables = h->forget,
	};
	descriptors_guard();
	if (__builtin_setjmp(way_back) == 0)
		outcome = kernel_run(&handover, &platform);
	descriptors_unguard();
	console_drain();
	if (has_canvas && (outcome == RUN_CLEAN || outcome == RUN_STAINED))
		h->show();
	return outcome;
}

void dry_end(enum run_result result)
{
	outcome = result;
	__builtin_longjmp(way_back, 1);
}
