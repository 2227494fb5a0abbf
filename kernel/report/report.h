/* SPDX-License-Identifier: MIT */
/* Every line of text and every record that leaves. The code elsewhere finds facts; here they are worded. */
#ifndef KERNEL_REPORT_REPORT_H
#define KERNEL_REPORT_REPORT_H

#include "acpi/slit.h"
#include "kernel/audit.h"
#include "kernel/entropy.h"
#include "kernel/run.h"

/* "2 MiB", "1.9 GiB": exact when it can be, else one decimal, rounded down. */
struct human {
	char s[16];
};
struct human human(uint64_t bytes);

/* What a reserved range is called: "module", "boot services". */
const char *keep_name(enum keep_reason why);

/* "ok", "absent", "rejected". */
const char *srat_name(enum srat_state s);

/* ---- report.c: the frame ---- */

/*
 * The last words of a run that could not be completed: the error line, the end record, the KTAP bail-out. Always false.
 */
bool report_error(struct run *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
#define NO_MEMORY_AT "the memory at 0x%llx does not hold what is written to it"

/* Something that degrades the run or changes what is asked. */
void report_warning(struct run *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A line spelled as Linux 6.1 spells it. */
void report_linux(struct run *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Keeps a check for the KTAP lines at the end. */
void report_check(struct run *r, struct check c);

/* The first line of all; then what booted it, on what, with which seed. */
void report_banner(struct run *r);
void report_start(struct run *r, const struct entropy *e);
void report_boot_record(struct run *r);

/* The last lines of a whole run; the final result, RUN_FAULT when a check of Landfall itself failed. */
enum run_result report_end(struct run *r);
void report_end_record(struct run *r);

/* ---- report_machine.c: memory map, ACPI tables, SRAT and nodes ---- */
void report_memory_map(struct run *r, const char *prefix, const struct e820 *map);
void report_memory_records(struct run *r);
void report_memory_marks(struct run *r);
void report_end_of_ram(struct run *r);
void report_no_acpi(struct run *r, phys_t rsdp, enum status why);
void report_acpi_root(struct run *r, const struct acpi_root *root);
void report_acpi_table(struct run *r, const struct acpi_table *t);
void report_tables(struct run *r, const struct acpi_root *root);
void report_affinity_records(struct run *r);
void report_srat_processor(struct run *r, const struct srat_initiator *i, int nid, bool usable);
void report_srat_memory(struct run *r, const struct srat_mem *e, int nid);
void report_srat_wrapped(struct run *r, const struct srat_mem *e, int nid);
void report_distances(struct run *r, const struct slit *slit);
void report_numa_event(struct run *r, const struct numa_event *e);
void report_faked_node(struct run *r);
void report_nodes(struct run *r);

/* ---- report_place.c: where the image goes, and where page-table pages lie ---- */
void report_choice(struct run *r);
void report_reserved(struct run *r, struct range what, const char *name);
void report_geometry(struct run *r);
void report_run(struct audit *a, const struct placement_run *run);
void report_policy(struct audit *a);
/* The lowest movable range at or above the image's end; NULL when there is none. */
const struct numa_memblk *report_next_movable(const struct numa *n, phys_t end);

/* ---- report_cost.c: policies side by side ---- */
void report_cost(struct run *r, const struct cost *c);
/* All of them as a table of text. */
void report_costs(struct run *r, const struct cost *c, unsigned nr);

#endif
