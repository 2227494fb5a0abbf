/* SPDX-License-Identifier: MIT */
/* GDT, TSS and IDT of the running image: Intel SDM vol. 3A, 3.4.5, 6.14, 7.7. */
#ifndef BOOT_DESCRIPTORS_H
#define BOOT_DESCRIPTORS_H

/*
 * Builds and loads all three for the image where it now runs. Double fault, NMI and machine check get stacks of their
 * own.
 */
void descriptors_load(void);

#endif
