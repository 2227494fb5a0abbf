/* SPDX-License-Identifier: MIT */
/* Where UARTs are in hardware: how a table's words become ports or mapped memory. */
#ifndef BOOT_DEV_UART_LOCATE_H
#define BOOT_DEV_UART_LOCATE_H

#include "acpi/spcr.h"
#include "boot/dev/serial.h"

/*
 * What the tables say of a UART, as uart_open wants it. A PCI device is looked up: its base register wins over an
 * address that no longer lies in it, and it is made to answer. False: there is no such device, or its memory cannot be
 * mapped.
 */
bool uart_locate(const struct acpi_uart *a, struct uart *u);

#endif
