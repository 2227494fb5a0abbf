/* SPDX-License-Identifier: MIT */
/* Memory with tables in it: what the tests of parsers start from, and reads that fail. */
#ifndef TESTS_UNIT_FIRMWARE_H
#define TESTS_UNIT_FIRMWARE_H

#include "acpi/reader.h"
#include "tests/unit/support.h"

extern struct fake_ram ram;
extern struct physmem mem; /* ram, as parsers see it */
extern struct table made;  /* the table at hand */
extern struct acpi_table table;

/* Empty memory, and its end. */
int firmware_setup(void **state);
int firmware_teardown(void **state);

/* Write a number, or a string with its end, there. */
void put8(phys_t at, uint8_t v);
void put16(phys_t at, uint16_t v);
void put32(phys_t at, uint32_t v);
void put64(phys_t at, uint64_t v);
void put_string(phys_t at, const char *s);

/* Changes a bit of the byte there. */
void spoil(phys_t at);

/* Ends `made` and writes it there. */
void firmware_put(phys_t at);

/* The same, and opens it as `table`. */
enum status firmware_open(phys_t at);

/*
 * f says OK when all can be read. Then memory fails from the first read on, from the second, ... from the last: f must
 * say ERR_UNREADABLE each time. Returns how many reads there were.
 */
unsigned assert_each_read_counts(enum status (*f)(void));

#endif
