/* SPDX-License-Identifier: MIT */
/* The lines that tell what is legal but awkward in what firmware says. */
#ifndef KERNEL_REPORT_REPORT_FINDING_H
#define KERNEL_REPORT_REPORT_FINDING_H

#include "acpi/table_rules.h"
#include "kernel/state/run.h"
#include "mm/memory_rules.h"

/* Prints one finding. The handover counts them and keeps the first. */
void report_finding(struct log *l, struct handover *h, const struct finding *f);

/* Prints how many more of that rule are not told one by one. */
void report_more_findings(struct log *l, struct handover *h, const char *rule, uint64_t nr);

/* Prints a finding about what a policy leaves fixed of all RAM, and how many times as much is movable. */
void report_memory_left(struct log *l, struct handover *h, const char *policy, const struct memory_split *s);

/* Prints a finding about a policy: Linux's memblock has no room for the SRAT that it reads first. */
void report_memblock_full(struct log *l, struct handover *h, const char *policy);

#endif
