/* SPDX-License-Identifier: MIT */
/*
 * Reads the serial ports of SPCR and DBG2. Addresses are taken as hints only: whether a UART is there, the one who
 * opens it finds out.
 */
#include "acpi/spcr.h"

/* Interface types (DBG2, table 3): what speaks 16550. */
enum { FULL_16550 = 0, SUBSET_16550 = 1, GAS_16550 = 0x12, INTEL_LPSS = 0x14 };

static bool is_16550(uint16_t interface)
{
	return interface == FULL_16550 || interface == SUBSET_16550 || interface == GAS_16550 ||
	       interface == INTEL_LPSS;
}

/*
 * Width and stride. The tables have no field for a stride: the register's width stands in for it, but for the PC's
 * ports, where bytes lie side by side whatever the table says. Access size 0 is "undefined, legacy" and means bytes
 * (seen on EC2 i3.metal); and a register is never narrower than an access to it (seen as width 8, access 32).
 */
static enum status decode_address(const struct acpi_gas *gas, uint16_t interface, struct acpi_uart *out)
{
	uint8_t bits = gas->bit_width, access = gas->access_size;

	out->io = gas->space == ACPI_SPACE_IO;
	out->address = gas->address;
	if (gas->space != ACPI_SPACE_MEMORY && gas->space != ACPI_SPACE_IO)
		return ERR_NOT_FOUND;
	out->width = out->stride = 1;
	if (out->io && interface != GAS_16550)
		return out->address > 0xfff8 ? ERR_MALFORMED : OK;
	if (access > 3 || (bits & 7) || bits > 64 || (bits & (bits - 1)))
		return ERR_MALFORMED;
	out->width = access ? (uint8_t)(1u << (access - 1)) : 1;
	out->stride = (uint8_t)max_u64(bits / 8, out->width);
	return out->address > (out->io ? 0x10000u : UINT64_MAX) - 8u * out->stride ? ERR_MALFORMED : OK;
}

static uint32_t decode_baud(uint8_t code)
{
	static const uint32_t bauds[] = { [3] = 9600, [4] = 19200, [6] = 57600, [7] = 115200 };

	return code < ARRAY_SIZE(bauds) ? bauds[code] : 0;
}

/* All ones in either id: not a PCI device. Tables made from templates have zeros, which no device has either. */
static void decode_pci(const struct spcr_layout *s, struct acpi_uart *out)
{
	out->device = s->pci_device;
	out->vendor = s->pci_vendor;
	out->bus = s->pci_bus;
	out->slot = s->pci_slot;
	out->function = s->pci_function;
	out->pci = out->vendor != 0 && out->vendor != 0xffff && out->device != 0xffff && out->slot < 32 &&
		   out->function < 8 && s->pci_segment == 0;
}

enum status spcr_read(const struct acpi_table *t, struct acpi_uart *out)
{
	struct acpi_gas registers;
	struct spcr_layout s;
	enum status st;

	*out = (struct acpi_uart){ .io = false };
	if (t->length < sizeof(s))
		return ERR_MALFORMED;
	if (!acpi_table_read(t, 0, &s, sizeof(s)))
		return ERR_UNREADABLE;
	if (!is_16550(s.interface))
		return ERR_NOT_FOUND;
	registers = s.registers;
	st = decode_address(&registers, s.interface, out);
	out->baud = decode_baud(s.baud);
	decode_pci(&s, out);
	return st == OK && !out->address && !out->pci ? ERR_NOT_FOUND : st;
}

/* Reads the device at `offset`, of which the table holds `room` bytes. */
static enum status open_device(const struct acpi_table *t, uint32_t offset, uint32_t room, struct dbg2_device *d)
{
	if (room < sizeof(*d))
		return ERR_MALFORMED;
	if (!acpi_table_read(t, offset, d, sizeof(*d)))
		return ERR_UNREADABLE;
	return d->length < sizeof(*d) || d->length > room ? ERR_MALFORMED : OK;
}

/* The port of the device at `offset`. ERR_NOT_FOUND: it is not what we look for. */
static enum status decode_device(const struct acpi_table *t, uint32_t offset, const struct dbg2_device *d,
				 struct acpi_uart *out)
{
	struct acpi_gas gas;
	enum status st;

	if (d->port_type != DBG2_PORT_SERIAL || !is_16550(d->port_subtype) || !d->registers)
		return ERR_NOT_FOUND;
	if (d->address < sizeof(*d) || d->address + sizeof(gas) > d->length)
		return ERR_MALFORMED;
	if (!acpi_table_read(t, offset + d->address, &gas, sizeof(gas)))
		return ERR_UNREADABLE;
	st = decode_address(&gas, d->port_subtype, out);
	return st == OK && !out->address ? ERR_NOT_FOUND : st;
}

enum status dbg2_read(const struct acpi_table *t, uint32_t *next, struct acpi_uart *out)
{
	struct dbg2_layout head;
	struct dbg2_device d;
	uint32_t at;

	if (t->length < sizeof(head))
		return ERR_MALFORMED;
	if (!acpi_table_read(t, 0, &head, sizeof(head)))
		return ERR_UNREADABLE;
	at = head.devices;
	/* Devices follow each other; a device has its fixed part at least, so that this ends with the table. */
	for (uint32_t i = 0; i < head.nr; i++) {
		enum status st = at > t->length ? ERR_MALFORMED : open_device(t, at, t->length - at, &d);

		*out = (struct acpi_uart){ .io = false };
		if (st != OK)
			return st;
		st = i < *next ? ERR_NOT_FOUND : decode_device(t, at, &d, out);
		if (st != ERR_NOT_FOUND) {
			*next = i + 1;
			return st;
		}
		at += d.length;
	}
	return ERR_NOT_FOUND;
}
