/* SPDX-License-Identifier: MIT */
/* A 16550-compatible UART, behind I/O ports or memory. Every wait is bounded, and one that is not there is noticed. */
#ifndef BOOT_DEV_SERIAL_H
#define BOOT_DEV_SERIAL_H

#include "lib/base.h"

struct uart {
	uint64_t base;  /* port or virtual address of the first register; 0: not open */
	bool io;        /* behind ports, else memory */
	bool dead;      /* stopped taking bytes: nothing more is sent */
	uint8_t width;  /* bytes of one access */
	uint8_t stride; /* bytes from one register to the next */
	uint8_t fifo;   /* bytes taken at once */
};

/*
 * Opens the UART that u describes (base, io, width, stride) with 8n1 and its FIFO on. baud 0 keeps what the firmware
 * set, or 115200 if it set nothing. False, and base 0: no UART there, or one that never becomes ready.
 */
bool uart_open(struct uart *u, uint32_t baud);

/* Sends bytes in FIFO-sized pieces. Gives the UART up when it is not ready for about 200 ms. */
void uart_write(struct uart *u, const char *s, size_t len);

/* Waits, bounded, until the last bit has left. */
void uart_drain(struct uart *u);

#endif
