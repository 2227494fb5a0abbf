/* SPDX-License-Identifier: MIT */
/* The lines and records that say what the machine is: memory map, ACPI tables, SRAT and nodes. */
#ifndef KERNEL_REPORT_REPORT_MACHINE_H
#define KERNEL_REPORT_REPORT_MACHINE_H

#include "acpi/root.h"
#include "acpi/slit.h"
#include "kernel/state/run.h"

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

#endif
