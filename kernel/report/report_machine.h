/* SPDX-License-Identifier: MIT */
/* The lines and records that say what the machine is: memory map, ACPI tables, SRAT and nodes. */
#ifndef KERNEL_REPORT_REPORT_MACHINE_H
#define KERNEL_REPORT_REPORT_MACHINE_H

#include "acpi/root.h"
#include "acpi/slit.h"
#include "kernel/state/run.h"

/* Each prints the lines or the records of one fact. A faked node's `why` is empty when there is no SRAT at all. */
void report_memory_map(struct log *l, const char *prefix, const struct e820 *map);
void report_memory_records(struct log *l, const struct e820 *map);
void report_memory_marks(struct log *l, const struct bootinfo *bi);
void report_end_of_ram(struct log *l, const struct e820 *map, unsigned levels);
void report_no_acpi(struct log *l, phys_t rsdp, enum status why);
void report_acpi_root(struct log *l, const struct acpi_root *root);
void report_acpi_table(struct log *l, const struct acpi_table *t);
void report_tables(struct log *l, const struct e820 *map, const struct acpi_root *root);
void report_affinity_records(struct log *l, const struct srat *s, const struct numa *n);
void report_srat_processor(struct log *l, const struct srat_initiator *i, int nid, bool usable);
void report_srat_memory(struct log *l, const struct srat_mem *e, int nid);
void report_srat_wrapped(struct log *l, const struct srat_mem *e, int nid);
void report_distances(struct log *l, const struct numa *n, const struct slit *slit);
void report_numa_event(struct log *l, const struct numa_event *e);
void report_faked_node(struct log *l, phys_t end, const char *why);
void report_nodes(struct log *l, const struct numa *numa, struct range kernel);

#endif
