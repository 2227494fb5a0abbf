/* SPDX-License-Identifier: MIT */
/*
 * A machine that is only told of: kernel_run() on fake memory, with the tables of a machine description in it. Nothing
 * but the log leaves it.
 */
#ifndef TOOLS_HOST_HOST_H
#define TOOLS_HOST_HOST_H

#include "kernel/kernel.h"
#include "tools/host/ram.h"
#include "tools/machine.h"

#define HOST_IMAGE_AT (16 * MIB) /* where a loader puts the image */
#define HOST_RSDP_AT 0xf5000ull

/* An image's parts, as offsets from its start. */
struct host_image {
	uint64_t size, buffer, buffer_end, pgd;
};

struct host {
	struct fake_ram ram;
	struct handover *h;
	struct machine *m; /* the caller's */
	struct platform p; /* its ctx is this; members may be replaced before the run */
	char *out;         /* the log so far, without carriage returns; NUL behind it */
	size_t len, room;
	uint64_t now, tsc, draws; /* the clock of the log, what entropy reads, how often it did */
	phys_t root;              /* in "CR3"; PHYS_NONE: the early tables */
	uint64_t page_offset;
	unsigned loads;
	phys_t next_table; /* where the next ACPI table goes */
	uint8_t table[MACHINE_TABLE_MAX];
};

/* Where firmware puts the ACPI tables: right above the RAM below 4 GiB. */
phys_t host_tables_at(const struct machine *m);

/*
 * A machine before its boot: m in memory, its ACPI tables from `tables` on, the image at 16 MiB, m's options and then
 * `options` on the command line.
 */
struct host *host_new(struct machine *m, const struct host_image *image, phys_t tables, const char *options);
void host_free(struct host *f);

/* Reads the parts of build/landfall.elf. False: *why says what is wrong with the file. */
MUST_CHECK bool host_image_read(const char *path, struct host_image *image, const char **why);

#endif
