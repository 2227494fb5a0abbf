/* SPDX-License-Identifier: MIT */
/* GDT, TSS and IDT of the running image: Intel SDM vol. 3A, 3.4.5, 6.14, 7.7. */
#ifndef BOOT_DEV_DESCRIPTORS_H
#define BOOT_DEV_DESCRIPTORS_H

/* Builds and loads all three where the image now runs. Double fault, NMI and machine check have stacks of their own. */
void descriptors_load(void);

/*
 * For code that runs on the firmware's segments: its IDT, but faults come to exception_handle. And the firmware's own
 * again, interrupts on.
 */
void descriptors_guard(void);
void descriptors_unguard(void);

#endif
