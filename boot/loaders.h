/* SPDX-License-Identifier: MIT */
/* What loaders tell, each by its own protocol, as boot facts. Pure: reads memory only. */
#ifndef BOOT_LOADERS_H
#define BOOT_LOADERS_H

#include "kernel/state/bootinfo.h"

#define MULTIBOOT1_MAGIC 0x2badb002u
#define MULTIBOOT2_MAGIC 0x36d76289u

/* An empty bootinfo: nothing told, tables to be scanned for. */
void bootinfo_init(struct bootinfo *bi);

/*
 * Each takes over what there is of command line, loader name, memory map, modules, RSDP, SMBIOS, screen and UEFI from
 * the information at `info`. Fields of bi that the loader says nothing of keep their values, so start from
 * bootinfo_init. ERR_UNREADABLE. ERR_MALFORMED: not the protocol's magic, or sizes and numbers that cannot be.
 * ERR_FULL: too many entries or modules.
 */

/* Multiboot 0.6.96, 3.3, and Multiboot 2.0, 3.6. */
MUST_CHECK enum status multiboot1_parse(const struct physmem *mem, phys_t info, struct bootinfo *bi);
MUST_CHECK enum status multiboot2_parse(const struct physmem *mem, phys_t info, struct bootinfo *bi);

/* boot_params: Documentation/arch/x86/boot.rst and zero-page.rst of Linux 6.12. */
MUST_CHECK enum status linux_parse(const struct physmem *mem, phys_t info, struct bootinfo *bi);

/* The command line and the initrd of boot_params alone, which count when UEFI is asked for the rest. */
MUST_CHECK enum status linux_parse_words(const struct physmem *mem, phys_t info, struct bootinfo *bi);

/* hvm_start_info, of a hypervisor that starts the ELF by its PVH entry: Xen's include/public/arch-x86/hvm. */
MUST_CHECK enum status pvh_parse(const struct physmem *mem, phys_t info, struct bootinfo *bi);

#endif
