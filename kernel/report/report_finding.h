/* SPDX-License-Identifier: MIT */
/* The lines that tell what is legal but awkward in what firmware says. */
#ifndef KERNEL_REPORT_REPORT_FINDING_H
#define KERNEL_REPORT_REPORT_FINDING_H

#include "acpi/table_rules.h"
#include "kernel/state/run.h"

/* One finding. */
void report_finding(struct run *r, const struct finding *f);

/* How many more of that rule are not told one by one. */
void report_more_findings(struct run *r, const char *rule, uint64_t nr);

#endif
