/* SPDX-License-Identifier: MIT */
/*
 * Which rules a Linux follows on its way to the direct map. They changed between 5.10 and 7.3, and stable kernels took
 * some of the changes: this is the one table of them.
 */
#ifndef MM_LINUX_RULES_H
#define MM_LINUX_RULES_H

#include "lib/base.h"

/* Patch level 0 is taken for the newest of its series: the names of distributions' kernels do not tell it. */
struct linux_version {
	unsigned major, minor, patch; /* 0.0.0: not known; the newest rules */
};

/* The newest series whose rules are known, and the oldest. */
#define LINUX_NEWEST ((struct linux_version){ 7, 3, 0 })
#define LINUX_OLDEST ((struct linux_version){ 5, 10, 0 })

enum linux_rule {
	LINUX_WIDE_BUFFER,   /* the page-table buffer may have room for five levels */
	LINUX_ALWAYS_5LEVEL, /* it has so whatever is configured */
	LINUX_STUB_CHOOSES,  /* under UEFI the EFI stub draws the base, and SRAT is not read */
	LINUX_RULES
};

/* True when that Linux follows the rule. */
bool linux_follows(struct linux_version v, enum linux_rule rule);

/* Below 0: a's series, such as 6.1, is older than b's; above 0: newer. */
int linux_compare_series(struct linux_version a, struct linux_version b);

/*
 * Pages of the page-table buffer in the image (INIT_PGT_BUF_SIZE): the largest that this Linux can be configured for
 * and that fits into `room` pages; 0 when none does. With memory KASLR configured it is the largest of all.
 */
unsigned linux_buffer_pages(struct linux_version v, uint64_t room);

#endif
