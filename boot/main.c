/* SPDX-License-Identifier: MIT */
/* The story of a boot on metal: facts from the loader, the plan, the move, the maps, the end. */
#include "boot/dev/console.h"
#include "boot/dev/cpu.h"
#include "boot/dev/descriptors.h"
#include "boot/dry.h"
#include "boot/dev/entropy.h"
#include "boot/image.h"
#include "boot/loaders.h"
#include "boot/move.h"
#include "boot/dev/power.h"
#include "boot/this_run.h"
#include "boot/uefi.h"
#include "lib/crc32.h"
#include "kernel/kernel.h"
#include "kernel/report/report.h"

struct handover handover;
struct platform platform;
static struct image_place here; /* where this image runs */
_Alignas(PAGE_SIZE) uint64_t direct_map_pgd[PT_ENTRIES];
static uint32_t code_before; /* CRC-32 of the code, before it is moved and relocated */
static bool in_fault;
static enum run_result ended; /* 0: still running */

_Noreturn void boot_main(uint32_t magic, phys_t image, phys_t info);

static enum status load_map(void *ctx, phys_t root, uint64_t page_offset)
{
	(void)ctx;
	(void)page_offset;
	early_map_share(direct_map_pgd);
	cpu_load_map(root);
	return OK;
}

static void unload_map(void *ctx)
{
	(void)ctx;
	cpu_load_map(early_map_root());
}

static uint8_t peek(void *ctx, uint64_t virt)
{
	(void)ctx;
	return *(volatile const uint8_t *)virt;
}

static void clear_tables(void *ctx)
{
	(void)ctx;
	__builtin_memset(pt_buffer, 0, PT_BUFFER_PAGES * PAGE_SIZE);
	__builtin_memset(direct_map_pgd, 0, PAGE_SIZE);
}

/* Pointers and CPU facts; done again after the move. */
static void platform_init(uint64_t tsc_hz)
{
	platform = (struct platform){
		.phys = { .read = window_read },
		.tables = { .page = window_table },
		.cpu = cpu_detect(),
		.tsc_hz = tsc_hz,
		.tsc = cpu_tsc,
		.entropy = entropy_read,
		.write = console_write,
		.console_open = console_open,
		.canvas = console_canvas,
		.load_map = load_map,
		.unload_map = unload_map,
		.peek = peek,
		.clear_tables = clear_tables,
	};
}

void run_describe_image(phys_t at, unsigned levels)
{
	struct bootinfo *bi = &handover.bi;
	phys_t buffer = at + image_offset(pt_buffer);

	bi->image = (struct range){ at, at + image_size() };
	bi->buffer = (struct range){ buffer, buffer + PT_BUFFER_PAGES * PAGE_SIZE };
	bi->pgd = at + image_offset(direct_map_pgd);
	bi->image_tables = EARLY_TABLES(levels);
}

static uint32_t code_now(void)
{
	return crc32_update(0, text_start, (size_t)(rodata_start - text_start));
}

/* Relocating changes pointers, never code. */
static void compare_code(void)
{
	uint32_t now = code_now();
	struct run r = run_open(&handover, &platform);

	if (now != code_before)
		kassert_fail("the code is what it was before the move", __FILE__, __LINE__);
	log_text(&r.log, "code: CRC-32 %08x before and after the move", now);
}

/* First words of the image at its new place. */
static _Noreturn void boot_moved(void)
{
	struct image_place before = here;

	here = (struct image_place){ handover.choice.base, handover.choice.virt, handover.choice.levels };
	early_map_switched(&here);
	descriptors_load();
	early_map_forget_old(&before);
	platform_init(platform.tsc_hz);
	if (before.phys != here.phys)
		image_poison(before.phys);
	run_describe_image(here.phys, here.levels);
	compare_code();
	run_end(map_run(&handover, &platform));
}

static void read_loader(uint32_t magic, phys_t info)
{
	struct bootinfo *bi = &handover.bi;

	if (magic == UEFI_MAGIC)
		return; /* filled in place */
	bootinfo_init(bi);
	bi->told = ERR_NOT_FOUND;
	if (magic == MULTIBOOT1_MAGIC)
		bi->told = multiboot1_parse(&platform.phys, info, bi);
	else if (magic == MULTIBOOT2_MAGIC)
		bi->told = multiboot2_parse(&platform.phys, info, bi);
	else if (magic == LINUX_MAGIC)
		bi->told = linux_parse(&platform.phys, info, bi);
	else if (magic == PVH_MAGIC)
		bi->told = pvh_parse(&platform.phys, info, bi);
}

_Noreturn void boot_main(uint32_t magic, phys_t image, phys_t info)
{
	struct run r;

	here = (struct image_place){ image, LINK_VIRT, read_cr4() & CR4_LA57 ? 5 : 4 };
	descriptors_load();
	cpu_switch_on();
	early_map_init(&here, cpu_detect().phys_bits);
	cpu_tsc_start();
	code_before = code_now();
	platform_init(cpu_tsc_hz());
	read_loader(magic, info);
	run_describe_image(here.phys, here.levels);
	handover.result = plan_run(&handover, &platform);
	if (handover.result != RUN_CLEAN)
		run_end(handover.result);
	if (handover.choice.levels != here.levels)
		image_switch_levels(&here, handover.choice.levels);
	image_move(&here, &(struct image_place){ handover.choice.base, handover.choice.virt, here.levels }, boot_moved);
	r = run_open(&handover, &platform);
	(void)report_error(&r.log, NO_MEMORY_AT, (unsigned long long)handover.choice.base);
	run_end(report_bail_out(&r.log, &handover));
}

_Noreturn void run_end(enum run_result result)
{
	if (dry_running())
		dry_end(result);
	/* A fault while ending does not change how it ended. */
	if (!ended)
		ended = result;
	power_end(handover.opt.exit, ended, &handover.power);
}

static void log_write(void *ctx, const char *s, size_t len)
{
	(dry_running() ? platform.write : console_write)(ctx, s, len);
}

struct log *run_fault_begin(void)
{
	static struct log l;

	if (in_fault || ended)
		run_end(RUN_FAULT);
	in_fault = true;
	/* Field by field: a template of the whole struct would be all there is in .data, and take a page. */
	l.s = &handover.log;
	l.sink.write = log_write;
	l.sink.tsc = cpu_tsc;
	if (dry_running())
		dry_speak();
	else
		console_open_fallback();
	log_open(&l);
	return &l;
}

_Noreturn void run_fault_end(const char *what)
{
	report_fault(&handover, &platform, what);
	run_end(RUN_FAULT);
}
