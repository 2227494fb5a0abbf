/* SPDX-License-Identifier: MIT */
/* The UART driver on registers made by hand: ports and memory, widths and strides, what is absent, what hangs. */
#include "tests/unit/support.h"

#include "boot/dev/bus.h"
#include "boot/dev/serial.h"

#define MAX_POLLS 200000u
#define PORT 0x2f8

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR };

/* One UART as its user sees it. Any access that is not to one of its registers, in its width, fails the test. */
static struct fake {
	bool io;
	uint64_t base;
	unsigned width, stride;
	bool absent;       /* reads all ones, as a bus where nothing answers */
	bool floats;       /* nothing answers, but what was written last comes back */
	bool never_empty;  /* LSR says so for ever */
	unsigned busy;     /* LSR reads until the transmitter is empty again */
	unsigned has_fifo; /* bytes; 0: a 16450 */
	/* what has become of it */
	uint32_t last;
	uint8_t reg[8], fcr;
	uint16_t divisor;
	unsigned polls, in_fifo, divisor_writes;
	size_t sent;
	char out[256];
} f;

static uint8_t read_register(unsigned reg)
{
	if (reg == DATA && f.reg[LCR] & 0x80)
		return (uint8_t)f.divisor;
	if (reg == IER && f.reg[LCR] & 0x80)
		return (uint8_t)(f.divisor >> 8);
	if (reg == IIR)
		return f.has_fifo && f.fcr & 1 ? 0xc1 : 0x01;
	if (reg == LSR) {
		f.polls++;
		if (f.never_empty)
			return 0x00;
		if (f.busy) {
			f.busy--;
			return 0x00;
		}
		f.in_fifo = 0;
		return 0x60;
	}
	return f.reg[reg];
}

static void write_register(unsigned reg, uint8_t v)
{
	bool latch = f.reg[LCR] & 0x80;

	if (reg <= IER && latch) {
		f.divisor = (uint16_t)(reg == DATA ? (f.divisor & 0xff00) | v : (f.divisor & 0xff) | v << 8);
		f.divisor_writes++;
	} else if (reg == DATA) {
		/* A byte written into a full transmitter would be lost. */
		assert_true(f.in_fifo < (f.has_fifo && f.fcr & 1 ? f.has_fifo : 1));
		f.in_fifo++;
		f.out[f.sent++ % sizeof(f.out)] = (char)v;
	} else if (reg == IIR) {
		f.fcr = v;
	} else {
		f.reg[reg] = v;
	}
}

static unsigned find_register(bool io, uint64_t at, unsigned width)
{
	assert_int_equal(io, f.io);
	assert_int_equal(width, f.width);
	assert_true(at >= f.base);
	assert_int_equal((at - f.base) % f.stride, 0);
	assert_true((at - f.base) / f.stride < 8);
	return (unsigned)((at - f.base) / f.stride);
}

uint32_t bus_read(bool io, uint64_t at, unsigned width)
{
	unsigned reg = find_register(io, at, width);

	if (f.absent)
		return UINT32_MAX;
	if (f.floats)
		return f.last;
	/* Above the byte a wide register may hold anything. */
	return read_register(reg) | (width > 1 ? 0xdead5500u : 0);
}

void bus_write(bool io, uint64_t at, unsigned width, uint32_t v)
{
	unsigned reg = find_register(io, at, width);

	assert_true(v <= 0xff);
	f.last = v;
	if (!f.absent && !f.floats)
		write_register(reg, (uint8_t)v);
}

/* As firmware left it: 9600 baud, interrupts on. */
static int setup(void **state)
{
	(void)state;
	f = (struct fake){ .io = true, .base = PORT, .width = 1, .stride = 1, .has_fifo = 16, .divisor = 12 };
	f.reg[IER] = 0x0f;
	f.reg[SCR] = 0x42;
	return 0;
}

static const struct fixture fixture = { .setup = setup };

static const struct uart at_port = { .base = PORT, .io = true, .width = 1, .stride = 1 };

static struct uart opened(uint32_t baud)
{
	struct uart u = { .base = f.base, .io = f.io, .width = (uint8_t)f.width, .stride = (uint8_t)f.stride };

	assert_true(uart_open(&u, baud));
	assert_true(u.base == f.base);
	return u;
}

TEST(test_keeps_the_rate)
{
	struct uart u = opened(0);

	assert_int_equal(f.divisor, 12);
	assert_int_equal(f.divisor_writes, 0);
	assert_int_equal(f.reg[LCR], 0x03); /* 8n1, latch closed */
	assert_int_equal(f.reg[IER], 0);
	assert_int_equal(f.reg[MCR], 0x03);
	assert_int_equal(f.reg[SCR], 0x42); /* as it was */
	assert_int_equal(f.fcr, 0x07);
	assert_int_equal(u.fifo, 16);
	assert_false(u.dead);
}

TEST(test_sets_the_rate)
{
	opened(115200);
	assert_int_equal(f.divisor, 1);
	opened(300);
	assert_int_equal(f.divisor, 384); /* both bytes of the latch */
	f.divisor = 0;                    /* never set: 115200 */
	opened(0);
	assert_int_equal(f.divisor, 1);
}

TEST(test_writes_in_pieces)
{
	static const char text[] = "forty-two bytes, and not one more or less.";
	struct uart u = opened(0);

	f.polls = 0;
	uart_write(&u, text, 42);
	assert_int_equal(f.sent, 42);
	assert_memory_equal(f.out, text, 42);
	assert_int_equal(f.polls, 3); /* 16 + 16 + 10 */
}

TEST(test_without_fifo)
{
	struct uart u;

	f.has_fifo = 0;
	u = opened(0);
	assert_int_equal(u.fifo, 1);
	f.polls = 0;
	uart_write(&u, "abcde", 5);
	assert_memory_equal(f.out, "abcde", 5);
	assert_int_equal(f.polls, 5); /* asked before each byte */
}

TEST(test_waits_while_busy)
{
	struct uart u = opened(0);

	f.busy = 1000;
	uart_write(&u, "a", 1);
	assert_int_equal(f.sent, 1);
	assert_int_equal(f.busy, 0);
	f.busy = 77;
	uart_drain(&u);
	assert_int_equal(f.busy, 0);
	assert_false(u.dead);
}

/* What firmware still has in the FIFO leaves before the line is set up anew. */
TEST(test_lets_firmware_finish)
{
	f.busy = 500;
	opened(115200);
	assert_int_equal(f.busy, 0);
}

TEST(test_absent)
{
	struct uart u = at_port;

	f.absent = true;
	assert_false(uart_open(&u, 0));
	assert_int_equal(u.base, 0);
	assert_true(f.polls < 10);
	uart_write(&u, "x", 1); /* not open: nothing happens */
	uart_drain(&u);
	f.absent = false;
	f.floats = true;
	u = at_port;
	assert_false(uart_open(&u, 0)); /* LSR would be the last pattern for ever */
	assert_int_equal(u.base, 0);
}

TEST(test_never_ready_at_open)
{
	struct uart u = at_port;

	f.never_empty = true;
	assert_false(uart_open(&u, 0));
	assert_int_equal(u.base, 0);
	assert_true(f.polls >= 1000 && f.polls <= MAX_POLLS + 10);
}

TEST(test_dies_later)
{
	struct uart u = opened(0);

	uart_write(&u, "ab", 2);
	f.never_empty = true;
	f.polls = 0;
	uart_write(&u, "cd", 2);
	assert_true(u.dead);
	assert_int_equal(f.sent, 2);
	assert_int_equal(f.polls, MAX_POLLS);
	f.polls = 0;
	uart_write(&u, "ef", 2); /* given up: not asked again */
	uart_drain(&u);
	assert_int_equal(f.polls, 0);
	assert_int_equal(f.sent, 2);
}

TEST(test_drain_is_bounded)
{
	struct uart u = opened(0);

	f.never_empty = true;
	f.polls = 0;
	uart_drain(&u);
	assert_true(u.dead);
	assert_int_equal(f.polls, MAX_POLLS);
}

/* Registers in memory: every width and stride the tables can give. */
TEST(test_memory)
{
	static const struct {
		unsigned width, stride;
	} shapes[] = { { 1, 1 }, { 1, 4 }, { 2, 2 }, { 4, 4 }, { 4, 8 } };

	for (unsigned i = 0; i < ARRAY_SIZE(shapes); i++) {
		struct uart u;

		setup(NULL);
		f.io = false;
		f.base = 0xffffffffc1000400;
		f.width = shapes[i].width;
		f.stride = shapes[i].stride;
		u = opened(57600);
		assert_int_equal(f.divisor, 2);
		uart_write(&u, "memory", 6);
		uart_drain(&u);
		assert_memory_equal(f.out, "memory", 6);
		assert_int_equal(f.sent, 6);
	}
}
