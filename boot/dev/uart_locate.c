/* SPDX-License-Identifier: MIT */
/* Finds UARTs behind ports, in memory and on PCI: PCI Local Bus 3.0, 6.2.5 (base registers). */
#include "boot/dev/uart_locate.h"

#include "boot/dev/bus.h"
#include "boot/early_map.h"

#define PCI_ID 0x00
#define PCI_COMMAND 0x04
#define PCI_BARS 0x10
#define PCI_NR_BARS 6
#define COMMAND_IO 1u
#define COMMAND_MEMORY 2u
#define BAR_IO 1u
#define BAR_64 4u
#define BAR_SPAN 0x1000u /* how far behind a base register its ports of a card may lie */
#define REGISTERS 8

static struct pci_function function_of(const struct acpi_uart *a)
{
	return (struct pci_function){ a->bus, a->slot, a->function };
}

/* The base register that holds a->address, or if none does the first of its kind (with address 0: of any kind). */
static bool choose_base(struct acpi_uart *a)
{
	struct acpi_uart first = { .address = 0 };

	for (unsigned i = 0; i < PCI_NR_BARS; i++) {
		uint32_t low = pci_read(function_of(a), PCI_BARS + 4 * i);
		bool io = low & BAR_IO;
		uint64_t base = low & (io ? ~3u : ~15u);

		if (!io && (low & BAR_64) && ++i < PCI_NR_BARS)
			base |= (uint64_t)pci_read(function_of(a), PCI_BARS + 4 * i) << 32;
		if (!base || (a->address && io != a->io))
			continue;
		if (a->address >= base && a->address - base < BAR_SPAN)
			return true;
		if (!first.address) {
			first.address = base;
			first.io = io;
		}
	}
	if (!first.address)
		return false;
	a->address = first.address;
	a->io = first.io;
	return true;
}

static bool wake_pci(struct acpi_uart *a)
{
	struct pci_function f = function_of(a);

	if (pci_read(f, PCI_ID) != ((uint32_t)a->device << 16 | a->vendor) || !choose_base(a))
		return false;
	pci_write16(f, PCI_COMMAND, (uint16_t)(pci_read(f, PCI_COMMAND) | (a->io ? COMMAND_IO : COMMAND_MEMORY)));
	return true;
}

bool uart_locate(const struct acpi_uart *told, struct uart *u)
{
	struct acpi_uart a = *told;

	if (a.pci && !wake_pci(&a) && !a.address)
		return false;
	*u = (struct uart){ .base = a.address, .io = a.io, .width = a.width, .stride = a.stride };
	if (a.io)
		return a.address && a.address <= 0x10000u - REGISTERS * a.stride;
	u->base = (uint64_t)device_map(a.address, REGISTERS * a.stride, DEVICE_REGISTERS);
	return u->base != 0;
}
