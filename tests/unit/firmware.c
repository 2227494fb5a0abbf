/* SPDX-License-Identifier: MIT */
/* Memory with tables in it, and reads that fail. */
#include "tests/unit/firmware.h"

struct fake_ram ram;
struct physmem mem;
struct table made;
struct acpi_table table;

int firmware_setup(void **state)
{
	(void)state;
	fake_ram_init(&ram);
	mem = fake_ram_physmem(&ram);
	return 0;
}

int firmware_teardown(void **state)
{
	(void)state;
	fake_ram_free(&ram);
	return 0;
}

void put8(phys_t at, uint8_t v)
{
	fake_ram_write(&ram, at, &v, sizeof(v));
}

void put16(phys_t at, uint16_t v)
{
	fake_ram_write(&ram, at, &v, sizeof(v));
}

void put32(phys_t at, uint32_t v)
{
	fake_ram_write(&ram, at, &v, sizeof(v));
}

void put64(phys_t at, uint64_t v)
{
	fake_ram_write(&ram, at, &v, sizeof(v));
}

void put_string(phys_t at, const char *s)
{
	fake_ram_write(&ram, at, s, strlen(s) + 1);
}

void spoil(phys_t at)
{
	uint8_t byte;

	assert_true(phys_read(&mem, at, &byte, 1));
	put8(at, byte ^ 0x10);
}

void firmware_put(phys_t at)
{
	table_end(&made);
	fake_ram_write(&ram, at, made.bytes, made.len);
}

enum status firmware_open(phys_t at)
{
	firmware_put(at);
	return acpi_table_open(&table, &mem, at);
}

unsigned assert_each_read_counts(enum status (*f)(void))
{
	unsigned reads;

	ram.reads = 0;
	assert_int_equal(f(), OK);
	reads = ram.reads;
	for (ram.failing = 1; ram.failing <= reads; ram.failing++) {
		ram.reads = 0;
		assert_int_equal(f(), ERR_UNREADABLE);
	}
	ram.failing = 0;
	return reads;
}
