/* SPDX-License-Identifier: MIT */
/* 16550 UART: open, write, drain. Register names as in National's PC16550D data sheet. */
#include "boot/dev/serial.h"

#include "boot/dev/bus.h"
#include "boot/dev/cpu.h"

#define CLOCK_BAUD 115200u /* 1.8432 MHz / 16 */
#define FIFO_BYTES 16
#define MAX_POLLS 200000u /* reads of LSR: at about 1 us each on real machines, some 100 bytes at 9600 baud */

enum { THR = 0, DLL = 0, IER = 1, DLM = 1, IIR = 2, FCR = 2, LCR = 3, MCR = 4, LSR = 5, SCR = 7 };

#define FCR_ON_AND_EMPTY 0x07
#define IIR_FIFO_WORKS 0xc0
#define LCR_8N1 0x03
#define LCR_DLAB 0x80
#define MCR_DTR_RTS 0x03
#define LSR_THRE 0x20
#define LSR_TEMT 0x40

static uint8_t get(const struct uart *u, unsigned reg)
{
	return (uint8_t)bus_read(u->io, u->base + reg * u->stride, u->width);
}

static void put(const struct uart *u, unsigned reg, uint8_t v)
{
	bus_write(u->io, u->base + reg * u->stride, u->width, v);
}

static bool wait_for(struct uart *u, uint8_t bit)
{
	for (unsigned polls = 0; polls < MAX_POLLS; polls++) {
		if (get(u, LSR) & bit)
			return true;
		pause();
	}
	u->dead = true;
	return false;
}

/* The scratch register holds what is written to it, and LSR never reads all ones: both only where there is a UART. */
static bool probe(const struct uart *u)
{
	uint8_t saved = get(u, SCR);
	bool there = true;

	for (unsigned i = 0; i < 2 && there; i++) {
		uint8_t pattern = i ? 0xa5 : 0x5a;

		put(u, SCR, pattern);
		there = get(u, SCR) == pattern;
	}
	put(u, SCR, saved);
	return there && get(u, LSR) != 0xff;
}

static void set_baud(const struct uart *u, uint32_t baud)
{
	uint32_t divisor, kept;

	put(u, LCR, LCR_8N1 | LCR_DLAB);
	kept = get(u, DLL) | (uint32_t)get(u, DLM) << 8;
	divisor = baud ? CLOCK_BAUD / baud : kept;
	if (divisor == 0)
		divisor = 1;
	if (divisor != kept) {
		put(u, DLL, (uint8_t)divisor);
		put(u, DLM, (uint8_t)(divisor >> 8));
	}
	put(u, LCR, LCR_8N1);
}

bool uart_open(struct uart *u, uint32_t baud)
{
	u->dead = false;
	/* What the firmware wrote last shall leave first: setting the line up anew would cut it off. */
	if (!probe(u) || !wait_for(u, LSR_TEMT)) {
		u->base = 0;
		return false;
	}
	put(u, IER, 0);
	set_baud(u, baud);
	put(u, FCR, FCR_ON_AND_EMPTY);
	u->fifo = (get(u, IIR) & IIR_FIFO_WORKS) == IIR_FIFO_WORKS ? FIFO_BYTES : 1;
	put(u, MCR, MCR_DTR_RTS);
	return true;
}

void uart_write(struct uart *u, const char *s, size_t len)
{
	while (len && u->base && !u->dead) {
		size_t n = len < u->fifo ? len : u->fifo;

		if (!wait_for(u, LSR_THRE))
			return;
		for (size_t i = 0; i < n; i++)
			put(u, THR, (uint8_t)s[i]);
		s += n;
		len -= n;
	}
}

void uart_drain(struct uart *u)
{
	if (u->base && !u->dead)
		wait_for(u, LSR_TEMT);
}
