/* SPDX-License-Identifier: MIT */
/*
 * Which rules a Linux follows on its way to the direct map. They changed between 5.10 and 7.3, and stable kernels took
 * some of the changes: this is the one table of them.
 */
#ifndef MM_LINUX_RULES_H
#define MM_LINUX_RULES_H

#include "lib/base.h"

/*
 * A release as one number, so that they compare. Patch level 0 is taken for the newest of its series: the names of
 * distributions' kernels do not tell it. 0 as a whole: not known, the newest rules.
 */
#define LINUX_RELEASE(major, minor, patch) ((uint32_t)(major) << 24 | (uint32_t)(minor) << 16 | (uint32_t)(patch))
#define LINUX_SERIES(release) ((release) >> 16)
#define LINUX_MAJOR(release) ((release) >> 24)
#define LINUX_MINOR(release) ((release) >> 16 & 0xff)
#define LINUX_PATCH(release) ((release)&0xffff)

/* The newest series whose rules are known, and the oldest. */
#define LINUX_NEWEST LINUX_RELEASE(7, 3, 0)
#define LINUX_OLDEST LINUX_RELEASE(5, 10, 0)

enum linux_rule {
	LINUX_WIDE_BUFFER,        /* the page-table buffer may have room for five levels */
	LINUX_ALWAYS_5LEVEL,      /* it has so whatever is configured */
	LINUX_STUB_CHOOSES,       /* under UEFI the EFI stub draws the base, and SRAT is not read */
	LINUX_STUB_KEEPS_OFF,     /* which keeps off memory that firmware calls hot-pluggable */
	LINUX_RESERVES_FIRST_MIB, /* all of it is reserved before the direct map is built */
	LINUX_TOP_WITHOUT_BLOCK,  /* top-down begins at the top where no 2 MiB block is free, not at 2 MiB */
	LINUX_RULES
};

/* Reads MAJOR.MINOR and, if it is there, .PATCH, and steps over it. Returns false for anything that is no release. */
MUST_CHECK bool linux_read_release(const char **s, uint32_t *release);

/* Returns whether that Linux follows the rule. */
bool linux_follows(uint32_t release, enum linux_rule rule);

/*
 * Returns how many pages the page-table buffer in the image has (INIT_PGT_BUF_SIZE): the most that this Linux can be
 * configured for and that fit into `room`; 0 when none do. With memory KASLR configured it is the largest of all.
 */
unsigned linux_buffer_pages(uint32_t release, uint64_t room);

#endif
