/* SPDX-License-Identifier: MIT */
/* The findings of acpi/ and mm/ as lines of the log: `finding: RULE [mem ...] of PXM n`. */
#ifndef KERNEL_REPORT_FINDINGS_H
#define KERNEL_REPORT_FINDINGS_H

#include "kernel/run.h"

/* Looks at the SRAT, if there is one, at the tables beside it and, when the SRAT was joined, at memory. */
MUST_CHECK bool findings_report(struct run *r, const struct acpi_root *root, bool joined);

#endif
