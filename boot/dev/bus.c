/* SPDX-License-Identifier: MIT */
/* Ports and memory; PCI configuration space, where an address goes to one port, the data through the other. */
#include "boot/dev/bus.h"

#include "boot/dev/cpu.h"

#define ADDRESS 0xcf8
#define DATA 0xcfc
#define ENABLE (1u << 31)

uint32_t bus_read(bool io, uint64_t at, unsigned width)
{
	if (io)
		return width == 1 ? inb((uint16_t)at) : width == 2 ? inw((uint16_t)at) : inl((uint16_t)at);
	if (width == 1)
		return *(volatile uint8_t *)at;
	return width == 2 ? *(volatile uint16_t *)at : *(volatile uint32_t *)at;
}

void bus_write(bool io, uint64_t at, unsigned width, uint32_t v)
{
	if (io && width == 1)
		outb((uint16_t)at, (uint8_t)v);
	else if (io && width == 2)
		outw((uint16_t)at, (uint16_t)v);
	else if (io)
		outl((uint16_t)at, v);
	else if (width == 1)
		*(volatile uint8_t *)at = (uint8_t)v;
	else if (width == 2)
		*(volatile uint16_t *)at = (uint16_t)v;
	else
		*(volatile uint32_t *)at = v;
}

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
