/* SPDX-License-Identifier: MIT */
/*
 * The run: facts in, page tables and a report out. On metal in two halves, plan_run() before the move and map_run()
 * after it; on a host kernel_run() does both. All that crosses the move is struct handover, which lies in the image and
 * holds no pointer.
 */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include "acpi/fadt.h"
#include "acpi/madt.h"
#include "acpi/smbios.h"
#include "acpi/srat.h"
#include "kernel/bootinfo.h"
#include "kernel/report/log.h"
#include "kernel/options.h"
#include "kernel/platform.h"
#include "lib/rng.h"
#include "mm/kaslr.h"
#include "mm/memblock.h"
#include "mm/numa.h"
#include "mm/placement.h"

#define LANDFALL_VERSION "0.1.0"

/* The numbers written to QEMU's debug-exit port. */
enum run_result {
	RUN_CLEAN = 0x10,
	RUN_STAINED = 0x11,
	RUN_ERROR = 0x12,
	RUN_FAULT = 0x13,
};

/* What the log says of Landfall itself at its end, as KTAP. */
enum check_outcome { CHECK_FAILED, CHECK_OK, CHECK_SKIPPED };

struct check {
	char name[40];
	char why[120]; /* of a failure or a skip; empty otherwise */
	enum check_outcome outcome;
	bool verdict; /* speaks of the machine: a failure is no fault of Landfall */
};

#define MAX_CHECKS 48

enum srat_state { SRAT_ABSENT, SRAT_OK, SRAT_REJECTED };

/* Where the image goes: decided by plan_run, carried out by boot/move.c. */
struct choice {
	phys_t base;          /* 2M aligned; == bootinfo.image.start: stay */
	uint64_t virt;        /* virtual address of the image's first byte */
	unsigned levels;      /* paging levels to run on */
	unsigned page_sizes;  /* leaves allowed: enum page_sizes */
	phys_t end;           /* what Linux calls _end: base + the (pretended) image */
	uint64_t size;        /* what a slot must hold */
	uint64_t slots, slot; /* slot: UINT64_MAX with base= or nokaslr */
	uint64_t page_offset;
	bool on_hotplug; /* the base lies on hot-pluggable memory */
	bool put_back;   /* mem= or memmap= had taken away the memory that the image lies in */
};

struct handover {
	struct bootinfo bi;
	struct options opt;
	struct log_state log;
	struct rng rng;
	uint64_t seed;
	bool entropy_used[ENTROPY_SOURCES];
	struct e820 map; /* sanitised, with mem= and memmap= applied */
	phys_t end_of_ram;
	enum srat_state srat_state;
	char srat_why[96]; /* why it is not SRAT_OK */
	bool srat_walked;  /* the whole SRAT could be read: KASLR honours it even when it is rejected, as Linux */
	struct srat srat;
	struct madt madt;
	struct smbios smbios;
	struct acpi_power power;
	struct numa numa;
	struct kaslr_slots slots;
	struct choice choice;
	unsigned nr_checks;
	struct check check[MAX_CHECKS];
	enum run_result result;
};

/*
 * First half: command line, tables, nodes, the choice of a base. bi is filled in h->bi by the boot code. RUN_CLEAN: go
 * on with h->choice; RUN_ERROR: an error line has been printed, the end record too, only the exit is left.
 */
enum run_result plan_run(struct handover *h, const struct platform *p);

/*
 * Second half, at the new place (h->bi.image, buffer and pgd moved by the boot code): maps, audit, report. The verdict.
 */
enum run_result map_run(struct handover *h, const struct platform *p);

/* Both halves in a row, as on a host: image, buffer and pgd are moved in h->bi only. */
enum run_result kernel_run(struct handover *h, const struct platform *p);

/* Prints a fault's first lines and the end record with status "fault": for the exception handler and kassert_fail. */
void report_fault(struct handover *h, const struct platform *p, const char *what);

#endif
