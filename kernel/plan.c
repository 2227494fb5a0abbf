/* SPDX-License-Identifier: MIT */
/* The first half of the run, before the image moves: what is asked, what the machine is, where the image shall go. */
#include "kernel/kernel.h"

#include "acpi/fadt.h"
#include "acpi/madt.h"
#include "kernel/report/report.h"
#include "kernel/steps.h"
#include "lib/format.h"
#include "lib/version.h"
#include "mm/pagetable.h"

/* The console is opened with what was read of the options, so that an error in them is seen where they ask for it. */
static bool parse_options(struct run *r)
{
	struct handover *h = r->h;
	struct option_error err;
	const char *complaint;
	bool good;

	options_init(&h->opt);
	good = options_parse(&h->opt, h->bi.cmdline, &err) && options_check(&h->opt, h->bi.protocol == BOOT_UEFI, &err);
	h->log.text = h->opt.report_text;
	h->log.json = h->opt.report_json;
	complaint = r->p->console_open(r->p->ctx, &h->opt);
	log_open(&r->log);
	log_text(&r->log, "Landfall " LANDFALL_VERSION ": where do early page tables land?");
	if (h->bi.cmdline_truncated)
		return report_error(&r->log, "the command line is longer than %d characters", CMDLINE_MAX - 1);
	if (!good)
		return report_error(&r->log, "%s", err.text);
	if (complaint)
		return report_error(&r->log, "console=%s", complaint);
	return true;
}

/* What options alone cannot say: whether this machine can do it. */
static bool check_options(struct log *l, const struct options *o, const struct cpu_info *cpu)
{
	if (o->levels == 5 && !cpu->la57)
		return report_error(l, "levels=5: this CPU has no LA57");
	if (o->page_size == PAGE_SIZE_2M && !cpu->pse)
		return report_error(l, "page_size=2m: this CPU has no 2 MiB pages (PSE)");
	if (o->page_size == PAGE_SIZE_1G && !(cpu->pse && cpu->gbpages))
		return report_error(l, "page_size=1g: this CPU has no 1 GiB pages (PDPE1GB)");
	return true;
}

/* Linux's probe_page_size_mask: 1G pages only with 2M pages. */
static unsigned allowed_page_sizes(const struct options *o, const struct cpu_info *cpu)
{
	unsigned sizes = 0;

	if (cpu->pse && o->page_size != PAGE_SIZE_4K)
		sizes |= PAGE_2M;
	if (sizes && cpu->gbpages && o->page_size != PAGE_SIZE_2M)
		sizes |= PAGE_1G;
	return sizes;
}

static bool introduce(struct run *r)
{
	struct handover *h = r->h;
	struct options *o = &h->opt;
	enum status st;

	if (!check_options(&r->log, o, &r->p->cpu))
		return false;
	h->choice.levels = o->levels ? o->levels : r->p->cpu.la57 ? 5 : 4;
	h->choice.page_sizes = allowed_page_sizes(o, &r->p->cpu);
	if (!o->kaslr_given && o->as_linux && h->bi.nr_conventional) /* under UEFI: who chooses the base */
		o->efistub = linux_follows(o->as_linux, LINUX_STUB_CHOOSES);
	h->seed = o->seed_given ? o->seed : h->entropy.seed;
	rng_seed(&h->rng, h->seed);
	st = smbios_read(&r->p->phys, h->bi.smbios, &h->smbios);
	if (st != OK && st != ERR_NOT_FOUND)
		report_warning(&r->log, "SMBIOS: %s", status_str(st));
	report_start(&r->log, h, &r->p->cpu);
	if (LINUX_SERIES(o->as_linux) > LINUX_SERIES(LINUX_NEWEST))
		report_warning(&r->log, "linux=: 7.3 is the newest known: by its rules");
	if (o->selftest)
		selftest_run(r);
	return true;
}

/* Linux's trim_bios_range (arch/x86/kernel/setup.c): page 0 is firmware's, and [640K, 1M) is never RAM. */
static enum status trim_low_memory(struct e820 *map)
{
	enum status st = e820_update(map, range_below(PAGE_SIZE), E820_RAM, E820_RESERVED);

	return st == OK ? e820_remove(map, (struct range){ 640 * KIB, 1 * MIB }, E820_RAM) : st;
}

/* mem= or memmap=nn where no RAM is or may have been added above; the EFI stub's chooser looks at the word alone. */
static const struct map_op *idle_limit(const struct options *o, const struct e820 *map)
{
	phys_t top = o->efistub ? PHYS_NONE : e820_end_of_ram(map, PHYS_NONE);

	for_each (op, o->map_op, o->nr_map_ops) {
		if (op->to == E820_RAM)
			top = max_u64(top, op->r.end);
	}
	for_each (op, o->map_op, o->nr_map_ops) {
		if (op->kind == MAP_OP_LIMIT && op->r.start >= top)
			return op;
	}
	return NULL;
}

/* Firmware's map in order, and *map: the same with mem= and memmap= applied. */
static bool read_memory_map(struct log *l, struct bootinfo *bi, const struct options *o, struct e820 *map)
{
	const struct map_op *idle;

	if (bi->told != OK)
		return report_error(l, "what the loader tells cannot be used: %s", status_str(bi->told));
	if (!bi->map.nr)
		return report_error(l, "the loader gave no memory map");
	if (e820_sanitize(&bi->map) != OK)
		return report_error(l, "the memory map has more than %d entries", E820_MAX);
	report_memory_map(l, "BIOS-e820", &bi->map);
	*map = bi->map;
	idle = idle_limit(o, map);
	if (idle)
		return report_error(l, "%s: nothing lies above", idle->text);
	if (options_apply_map(o, map) != OK)
		return report_error(l, "mem=, memmap=: the memory map gets more than %d entries", E820_MAX);
	if (o->nr_map_ops)
		report_memory_map(l, "user", map);
	report_memory_records(l, map);
	report_memory_marks(l, bi);
	if (bi->map_cut)
		report_warning(l, "the memory map has more entries than were taken: memory may be missing");
	return trim_low_memory(map) == OK || report_error(l, "the memory map has more than %d entries", E820_MAX);
}

/* Where RAM ends that so many levels of paging reach. */
static bool find_end_of_ram(struct log *l, const struct e820 *map, unsigned levels, phys_t *end)
{
	*end = e820_end_of_ram(map, levels == 5 ? MAXMEM_5LEVEL : MAXMEM_4LEVEL);
	if (!*end)
		return report_error(l, "there is no RAM in the memory map");
	report_end_of_ram(l, map, levels);
	return true;
}

static APART phys_t find_rsdp(const struct handover *h, const struct physmem *mem)
{
	phys_t rsdp = h->opt.acpi_rsdp != PHYS_NONE ? h->opt.acpi_rsdp : h->bi.rsdp;

	return rsdp != PHYS_NONE ? rsdp : acpi_rsdp_scan(mem);
}

/* Leaves root->nr at 0 when there is no ACPI: that is a machine without SRAT. */
static bool open_acpi(struct log *l, const struct handover *h, const struct physmem *mem, struct acpi_root *root)
{
	phys_t rsdp = find_rsdp(h, mem);
	enum status st = ERR_NOT_FOUND;

	if (rsdp != PHYS_NONE)
		st = acpi_root_open(root, mem, rsdp);
	if (st == OK) {
		report_acpi_root(l, root);
		return true;
	}
	if (h->opt.acpi_rsdp != PHYS_NONE)
		return report_error(l, "acpi_rsdp=0x%llx: %s", (ull)rsdp,
				    st == ERR_NOT_FOUND ? "no RSDP there" : status_str(st));
	*root = (struct acpi_root){ .mem = mem, .rsdp = PHYS_NONE };
	report_no_acpi(l, rsdp, st);
	return true;
}

static void read_processors(struct log *l, const struct acpi_root *root, uint32_t *cpus)
{
	struct acpi_table t;
	enum status st = acpi_root_find(root, "APIC", &t);

	if (st == OK || st == ERR_CHECKSUM) {
		report_acpi_table(l, &t);
		st = madt_count(&t, cpus);
	}
	if (st != OK && st != ERR_NOT_FOUND)
		report_warning(l, "MADT: %s", status_str(st));
}

/* A machine without \_S5 is halted instead of switched off: nothing to say about it here. */
static void read_power(const struct acpi_root *root, struct acpi_power *power)
{
	if (acpi_power_read(root, power) != OK)
		power->s5_found = false;
}

static bool read_tables(struct log *l, struct handover *h, const struct physmem *mem, struct acpi_root *root)
{
	if (!open_acpi(l, h, mem, root))
		return false;
	upgrade_tables(l, &h->bi, root);
	read_power(root, &h->power);
	read_processors(l, root, &h->madt_cpus);
	if (h->opt.report_tables)
		report_tables(l, &h->bi.map, root);
	return true;
}

/* An error before the tables are read: exit=poweroff has to find its way all the same. */
static void find_power(struct handover *h, const struct physmem *mem)
{
	struct acpi_root root;
	phys_t rsdp = find_rsdp(h, mem);

	if (rsdp != PHYS_NONE && acpi_root_open(&root, mem, rsdp) == OK)
		read_power(&root, &h->power);
}

enum run_result plan_run(struct handover *h, const struct platform *p)
{
	struct run r = run_open(h, p);
	struct acpi_root root;
	struct slit slit;
	bool planned;

	entropy_gather(p, &h->entropy);
	log_init(&h->log, p->tsc(p->ctx), p->tsc_hz, h->entropy.boot_id);
	planned = parse_options(&r) &&                                 /* what is asked, where to report it */
		  introduce(&r) &&                                     /* Landfall, the seed, self-tests */
		  read_memory_map(&r.log, &h->bi, &h->opt, &h->map) && /* what is RAM */
		  find_end_of_ram(&r.log, &h->map, h->choice.levels, &h->end_of_ram) &&
		  read_tables(&r.log, h, &p->phys, &root) && /* ACPI: processors, how to switch off */
		  nodes_join(&r, &root, &slit) &&            /* SRAT: which PXM is which node */
		  place_choose(&r.log, h) &&                 /* where the image goes */
		  nodes_accept(&r.log, h, &slit, r.mb);      /* which memory lies on which node */
	if (planned) {
		nodes_note_tables(&root, &h->numa);
		return RUN_CLEAN;
	}
	if (h->opt.exit == EXIT_POWEROFF && !h->power.s5_found)
		find_power(h, &p->phys);
	return report_bail_out(&r.log, h);
}
