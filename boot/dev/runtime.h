/* SPDX-License-Identifier: MIT */
/* UEFI's runtime services after ExitBootServices, in physical mode (UEFI 2.10, 8.1): only to reset or switch off. */
#ifndef BOOT_DEV_RUNTIME_H
#define BOOT_DEV_RUNTIME_H

#include "kernel/state/bootinfo.h"

/*
 * ResetSystem. Returns when there is none, when its memory cannot be mapped, or when it came back: then the next way is
 * tried. The page-table buffer in the image is used for the identity map, so no direct map is of use afterwards. A
 * fault in the firmware's code ends the run by the next way too (run_fault_begin). Only tried once.
 */
void runtime_reset(const struct bootinfo *bi, bool power_off);

#endif
