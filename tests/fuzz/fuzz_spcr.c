/* SPDX-License-Identifier: MIT */
/* Any bytes as SPCR or DBG2: a UART comes out that can be driven, and the walk over devices ends. */
#include "tests/fuzz/fuzz.h"

#include "acpi/spcr.h"

static struct fuzz_memory memory;

static bool power_of_two_up_to(uint8_t v, uint8_t max)
{
	return v && v <= max && !(v & (v - 1));
}

static void check_uart(const struct acpi_uart *u)
{
	FUZZ_CHECK(power_of_two_up_to(u->width, 4) && power_of_two_up_to(u->stride, 8));
	FUZZ_CHECK(u->address || u->pci);
	FUZZ_CHECK(!u->io || u->address <= 0xffff);
	FUZZ_CHECK(!u->pci || (u->slot < 32 && u->function < 8));
}

static void read_all_devices(const struct acpi_table *t)
{
	uint32_t next = 0, before;
	struct acpi_uart uart;
	enum status st;

	do {
		before = next;
		st = dbg2_read(t, &next, &uart);
		if (st == OK) {
			check_uart(&uart);
			FUZZ_CHECK(next > before && next <= memory.size);
		}
	} while (st == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acpi_uart uart;
	struct acpi_table t;
	struct physmem mem;

	fuzz_memory_fill(&memory, data, size);
	if (fuzz_open_table(&memory, &mem, "SPCR", &t) && spcr_read(&t, &uart) == OK)
		check_uart(&uart);
	if (fuzz_open_table(&memory, &mem, "DBG2", &t))
		read_all_devices(&t);
	return 0;
}
