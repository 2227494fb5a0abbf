/* SPDX-License-Identifier: MIT */
/* Whether the firmware's console is a serial line. */
#ifndef BOOT_EFI_EFI_CONSOLE_H
#define BOOT_EFI_EFI_CONSOLE_H

#include "lib/base.h"

/*
 * Returns true when the firmware's console goes out of a serial line. Sets a bit in *ports for each COM port among
 * them.
 */
bool efi_console_is_serial(uint32_t *ports);

#endif
