/* SPDX-License-Identifier: MIT */
/* ACPI tables that come with the loader's modules and stand in for the firmware's. */
#ifndef KERNEL_UPGRADE_H
#define KERNEL_UPGRADE_H

#include "acpi/root.h"
#include "kernel/state/bootinfo.h"
#include "kernel/state/log.h"

/*
 * Looks at every file of bootinfo: a bare table (header, length, checksum in order) replaces the firmware's first one
 * of that name; tables in kernel/firmware/acpi/ of an uncompressed cpio are taken as Linux's table upgrade takes them.
 * Anything else stays what it is: memory that is kept.
 */
void upgrade_tables(struct log *l, const struct bootinfo *bi, struct acpi_root *root);

#endif
