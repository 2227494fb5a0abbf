/* SPDX-License-Identifier: MIT */
/*
 * What a Multiboot loader tells, as boot facts: Multiboot 0.6.96, 3.3, and Multiboot 2.0, 3.6. Pure: reads memory only.
 */
#ifndef BOOT_MULTIBOOT_H
#define BOOT_MULTIBOOT_H

#include "kernel/state/bootinfo.h"

#define MULTIBOOT1_MAGIC 0x2badb002u
#define MULTIBOOT2_MAGIC 0x36d76289u

/*
 * Takes over command line, loader name, modules, memory map and RSDP from the information at `info`. Fields of bi that
 * the loader says nothing of keep their values, so start from bootinfo_init. ERR_UNREADABLE, ERR_MALFORMED (sizes),
 * ERR_FULL (too many entries or modules).
 */
MUST_CHECK enum status multiboot1_parse(const struct physmem *mem, phys_t info, struct bootinfo *bi);
MUST_CHECK enum status multiboot2_parse(const struct physmem *mem, phys_t info, struct bootinfo *bi);

#endif
