/* SPDX-License-Identifier: MIT */
/*
 * What a hypervisor tells that starts the ELF by its PVH entry, as boot facts: Xen's
 * xen/include/public/arch-x86/hvm/start_info.h. Pure: reads memory only.
 */
#ifndef BOOT_PVH_H
#define BOOT_PVH_H

#include "kernel/state/bootinfo.h"

/*
 * Takes over command line, memory map, modules and RSDP from hvm_start_info at `info`. Start from bootinfo_init.
 * ERR_UNREADABLE, ERR_MALFORMED (not its magic, too many of anything), ERR_FULL.
 */
MUST_CHECK enum status pvh_parse(const struct physmem *mem, phys_t info, struct bootinfo *bi);

#endif
