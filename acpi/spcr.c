/* SPDX-License-Identifier: MIT */
/*
 * Reads the serial ports of SPCR and DBG2. Addresses are taken as hints only: whether a UART is there, the one who
 * opens it finds out.
 */
#include "acpi/spcr.h"

/* Offsets in the SPCR. */
#define SPCR_INTERFACE 36
#define SPCR_ADDRESS 40
#define SPCR_BAUD 58
#define SPCR_PCI 64
#define SPCR_SEGMENT 75
#define SPCR_SIZE 76 /* all of it that revision 1 has, but for four reserved bytes */

/* Offsets in the DBG2 and in one of its devices. */
#define DBG2_DEVICES 36
#define DBG2_NR 40
#define DBG2_SIZE 44
#define DEVICE_LENGTH 1
#define DEVICE_REGISTERS 3
#define DEVICE_TYPE 12
#define DEVICE_SUBTYPE 14
#define DEVICE_ADDRESS 18
#define DEVICE_SIZE 22
#define DEVICE_SERIAL 0x8000

/* Generic Address Structure, ACPI 6.5, 5.2.3.2. */
#define GAS_SIZE 12
#define GAS_MEMORY 0
#define GAS_IO 1

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
static enum status decode_address(const uint8_t *gas, uint16_t interface, struct acpi_uart *out)
{
	uint8_t bits = gas[1], access = gas[3];

	out->io = gas[0] == GAS_IO;
	out->address = le64(gas + 4);
	if (gas[0] != GAS_MEMORY && gas[0] != GAS_IO)
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
	switch (code) {
	case 3:
		return 9600;
	case 4:
		return 19200;
	case 6:
		return 57600;
	case 7:
		return 115200;
	default:
		return 0;
	}
}

/* All ones in either id: not a PCI device. Tables made from templates have zeros, which no device has either. */
static void decode_pci(const uint8_t *spcr, struct acpi_uart *out)
{
	const uint8_t *p = spcr + SPCR_PCI;

	out->device = le16(p);
	out->vendor = le16(p + 2);
	out->bus = p[4];
	out->slot = p[5];
	out->function = p[6];
	out->pci = out->vendor != 0 && out->vendor != 0xffff && out->device != 0xffff && out->slot < 32 &&
		   out->function < 8 && spcr[SPCR_SEGMENT] == 0;
}

enum status spcr_read(const struct acpi_table *t, struct acpi_uart *out)
{
	uint8_t b[SPCR_SIZE];
	enum status st;

	*out = (struct acpi_uart){ .io = false };
	if (t->length < SPCR_SIZE)
		return ERR_MALFORMED;
	if (!acpi_table_read(t, 0, b, sizeof(b)))
		return ERR_UNREADABLE;
	if (!is_16550(b[SPCR_INTERFACE]))
		return ERR_NOT_FOUND;
	st = decode_address(b + SPCR_ADDRESS, b[SPCR_INTERFACE], out);
	out->baud = decode_baud(b[SPCR_BAUD]);
	decode_pci(b, out);
	return st == OK && !out->address && !out->pci ? ERR_NOT_FOUND : st;
}

/* The device at `offset`, `length` bytes long. ERR_NOT_FOUND: it is not what we look for. */
static enum status read_device(const struct acpi_table *t, uint32_t offset, uint16_t length, struct acpi_uart *out)
{
	uint8_t b[DEVICE_SIZE], gas[GAS_SIZE];
	uint16_t address;
	enum status st;

	if (!acpi_table_read(t, offset, b, sizeof(b)))
		return ERR_UNREADABLE;
	if (le16(b + DEVICE_TYPE) != DEVICE_SERIAL || !is_16550(le16(b + DEVICE_SUBTYPE)) || !b[DEVICE_REGISTERS])
		return ERR_NOT_FOUND;
	address = le16(b + DEVICE_ADDRESS);
	if (address < DEVICE_SIZE || address > length || length - address < GAS_SIZE)
		return ERR_MALFORMED;
	if (!acpi_table_read(t, offset + address, gas, sizeof(gas)))
		return ERR_UNREADABLE;
	st = decode_address(gas, le16(b + DEVICE_SUBTYPE), out);
	return st == OK && !out->address ? ERR_NOT_FOUND : st;
}

enum status dbg2_read(const struct acpi_table *t, uint32_t *next, struct acpi_uart *out)
{
	uint8_t head[8], size[2];
	uint32_t at, nr;

	if (t->length < DBG2_SIZE)
		return ERR_MALFORMED;
	if (!acpi_table_read(t, DBG2_DEVICES, head, sizeof(head)))
		return ERR_UNREADABLE;
	at = le32(head);
	nr = le32(head + (DBG2_NR - DBG2_DEVICES));
	/* Devices follow each other; a device has DEVICE_SIZE bytes at least, so that this ends with the table. */
	for (uint32_t i = 0; i < nr; i++) {
		enum status st;

		*out = (struct acpi_uart){ .io = false };
		if (at > t->length || t->length - at < DEVICE_SIZE)
			return ERR_MALFORMED;
		if (!acpi_table_read(t, at + DEVICE_LENGTH, size, sizeof(size)))
			return ERR_UNREADABLE;
		if (le16(size) < DEVICE_SIZE || le16(size) > t->length - at)
			return ERR_MALFORMED;
		st = i < *next ? ERR_NOT_FOUND : read_device(t, at, le16(size), out);
		if (st != ERR_NOT_FOUND) {
			*next = i + 1;
			return st;
		}
		at += le16(size);
	}
	return ERR_NOT_FOUND;
}
