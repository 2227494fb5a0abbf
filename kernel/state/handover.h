/* SPDX-License-Identifier: MIT */
/* All that is known of a run, and all that crosses the move: it lies in the image and holds no pointer. */
#ifndef KERNEL_STATE_HANDOVER_H
#define KERNEL_STATE_HANDOVER_H

#include "acpi/fadt.h"
#include "acpi/smbios.h"
#include "acpi/srat.h"
#include "kernel/state/bootinfo.h"
#include "kernel/state/log.h"
#include "kernel/state/options.h"
#include "kernel/state/platform.h"
#include "lib/rng.h"
#include "mm/kaslr.h"
#include "mm/memblock.h"
#include "mm/numa.h"
#include "mm/placement.h"

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

#define MAX_CHECKS 64

enum srat_state { SRAT_ABSENT, SRAT_OK, SRAT_REJECTED };

/* Where the image goes: decided by plan_run, carried out by boot/move.c. */
struct choice {
	phys_t base;         /* 2M aligned; == bootinfo.image.start: stay */
	uint64_t virt;       /* virtual address of the image's first byte */
	unsigned levels;     /* paging levels to run on */
	unsigned page_sizes; /* leaves allowed: enum page_sizes */
	phys_t end;          /* what Linux calls _end: base + the (pretended) image */
	uint64_t length;     /* of the (pretended) image: end - base */
	uint64_t size;       /* what a slot must hold */
	uint64_t slot;       /* UINT64_MAX with base= or nokaslr */
	uint64_t page_offset;
	bool trampoline; /* its base is random: a Linux takes pages of its real-mode trampoline (a prediction only) */
	bool put_back;   /* mem= or memmap= had taken away the memory that the image lies in */
};

/* What is asked for most comes first, where the code that reads it is shortest; what is large comes last. */
struct handover {
	struct choice choice;
	uint64_t seed;
	phys_t end_of_ram;
	enum run_result result;
	enum srat_state srat_state;
	bool srat_walked; /* the whole SRAT could be read: KASLR honours it even when it is rejected, as Linux */
	struct entropy entropy;
	uint32_t madt_cpus; /* that the MADT calls enabled */
	unsigned nr_findings;
	unsigned nr_checks;
	struct rng rng;
	char srat_why[96]; /* why it is not SRAT_OK */
	char finding[96];  /* the first one */
	struct options opt;
	struct smbios smbios;
	struct acpi_power power;
	struct log_state log;
	struct check check[MAX_CHECKS];
	struct bootinfo bi;
	struct e820 map; /* sanitised, with mem= and memmap= applied */
	struct numa numa;
	struct kaslr_slots slots;
	struct srat srat;
};

#endif
