/* SPDX-License-Identifier: MIT */
/*
 * Which serial port the firmware uses: SPCR (Microsoft's Serial Port Console Redirection table) and DBG2 (Debug Port
 * Table 2).
 */
#ifndef ACPI_SPCR_H
#define ACPI_SPCR_H

#include "acpi/reader.h"

/* A 16550-compatible UART as a table describes it. */
struct acpi_uart {
	bool io;          /* behind I/O ports, else in memory */
	uint8_t width;    /* bytes of one access: 1, 2 or 4 */
	uint8_t stride;   /* bytes from one register to the next: 1, 2, 4 or 8 */
	uint64_t address; /* of the first register; of a PCI device it may be 0 or stale */
	uint32_t baud;    /* 0: as the firmware left it */
	bool pci;         /* on segment 0, at the place that follows */
	uint8_t bus, slot, function;
	uint16_t vendor, device; /* what must be there */
};

/*
 * Reads the port of an SPCR. ERR_NOT_FOUND: redirection is off (address 0), or it is no 16550 (interface types 0, 1,
 * 0x12 and 0x14 are) in memory or I/O space. ERR_MALFORMED: it is too short, or a width, stride or port cannot be.
 */
MUST_CHECK enum status spcr_read(const struct acpi_table *t, struct acpi_uart *out);

/*
 * Finds the first serial port of a DBG2 from its device number *next on that is a 16550, and puts *next behind it.
 * ERR_NOT_FOUND: there are no more. ERR_MALFORMED: a device runs past the table or is too short.
 */
MUST_CHECK enum status dbg2_read(const struct acpi_table *t, uint32_t *next, struct acpi_uart *out);

#endif
