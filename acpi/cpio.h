/* SPDX-License-Identifier: MIT */
/* Files in an uncompressed cpio archive ("newc", with or without checksums), as Linux's find_cpio_data reads them. */
#ifndef ACPI_CPIO_H
#define ACPI_CPIO_H

#include "lib/base.h"

#define CPIO_NAME_MAX 64

struct cpio_walk {
	const struct physmem *mem;
	struct range left; /* what has not been looked at yet; at the start the archive */
};

struct cpio_file {
	char name[CPIO_NAME_MAX]; /* behind the folder's; printable, cut when longer */
	struct range data;
};

/*
 * Finds the next regular file whose name begins with `folder`. Zeros between members are padding, at most 64 KiB.
 * Returns false where the first bytes begin that are no member (they may be a compressed archive). Always advances.
 */
MUST_CHECK bool cpio_next_file(struct cpio_walk *w, const char *folder, struct cpio_file *f);

#endif
