/* SPDX-License-Identifier: MIT */
/* Registers behind ports, in memory, and in PCI configuration space by its two ports (PCI Local Bus 3.0, 3.2.2.3.2). */
#ifndef BOOT_DEV_BUS_H
#define BOOT_DEV_BUS_H

#include "lib/base.h"

/* Reads or writes `width` bytes (1, 2 or 4) at port or virtual address `at`. */
uint32_t bus_read(bool io, uint64_t at, unsigned width);
void bus_write(bool io, uint64_t at, unsigned width, uint32_t v);

/* A function on the first segment; slot and function count no more bits than they have. */
struct pci_function {
	uint8_t bus, slot, function;
};

/* Returns the word that holds register `reg`. */
uint32_t pci_read(struct pci_function f, unsigned reg);

/* Write two bytes at `reg`, which is even, or one byte at any. The rest of the word is not touched. */
void pci_write16(struct pci_function f, unsigned reg, uint16_t v);
void pci_write8(struct pci_function f, unsigned reg, uint8_t v);

#endif
