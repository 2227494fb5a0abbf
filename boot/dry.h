/* SPDX-License-Identifier: MIT */
/* A dry run: all but the move and the loading of maps, called by the UEFI application while boot services are there. */
#ifndef BOOT_DRY_H
#define BOOT_DRY_H

#include "boot/uefi.h"

/* Runs where the image was loaded, on the firmware's tables and stack, with interrupts on. */
dry_entry boot_dry;

bool dry_running(void);

/* Sends what follows to the firmware's console, console=none or not. */
void dry_speak(void);

/* Returns true for an instruction of a dry run's own, in the image or the application: what else runs is firmware's. */
bool dry_executes(uint64_t rip);

/* Ends the dry run from anywhere inside it: boot_dry returns `result`. */
_Noreturn void dry_end(enum run_result result);

#endif
