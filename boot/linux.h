/* SPDX-License-Identifier: MIT */
/*
 * What a loader of the Linux boot protocol tells, as boot facts: Documentation/arch/x86/boot.rst and zero-page.rst of
 * Linux 6.12. Pure: reads memory only.
 */
#ifndef BOOT_LINUX_H
#define BOOT_LINUX_H

#include "kernel/state/bootinfo.h"

/*
 * Reads command line, loader name, memory map, initrd, RSDP, screen and what there is of UEFI from boot_params at
 * `params`. Start from bootinfo_init. ERR_UNREADABLE, ERR_MALFORMED (no header of the protocol, sizes), ERR_FULL (too
 * many entries).
 */
MUST_CHECK enum status linux_parse(const struct physmem *mem, phys_t params, struct bootinfo *bi);

/* Reads the command line and the initrd alone, which count when UEFI is asked for the rest. Fails as linux_parse. */
MUST_CHECK enum status linux_parse_words(const struct physmem *mem, phys_t params, struct bootinfo *bi);

#endif
