/* SPDX-License-Identifier: MIT */
/* How a run ends: QEMU's exit port, power off, reboot, halt. */
#ifndef BOOT_DEV_POWER_H
#define BOOT_DEV_POWER_H

#include "kernel/state/handover.h"

/* Ends as exit= says, with `result` where a number can be given. What does not work is followed by the next best. */
_Noreturn void power_end(enum exit_kind how, enum run_result result, const struct acpi_power *power);

#endif
