/* SPDX-License-Identifier: MIT */
/* PCI configuration space: an address goes to one port, the data through the other. */
#include "boot/dev/pci.h"

#include "boot/dev/cpu.h"

#define ADDRESS 0xcf8
#define DATA 0xcfc
#define ENABLE (1u << 31)

/* Returns the port at which `reg` is then found. */
static uint16_t choose(struct pci_function f, unsigned reg)
{
	outl(ADDRESS, ENABLE | (uint32_t)f.bus << 16 | (f.slot & 0x1fu) << 11 | (f.function & 7u) << 8 | (reg & 0xfc));
	return (uint16_t)(DATA + (reg & 3));
}

uint32_t pci_read(struct pci_function f, unsigned reg)
{
	return inl(choose(f, reg & ~3u));
}

void pci_write16(struct pci_function f, unsigned reg, uint16_t v)
{
	outw(choose(f, reg & ~1u), v);
}

void pci_write8(struct pci_function f, unsigned reg, uint8_t v)
{
	outb(choose(f, reg), v);
}
