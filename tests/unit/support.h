/* SPDX-License-Identifier: MIT */
/* What the unit tests share: cmocka, sparse fake physical memory, and ACPI tables put together by hand. */
#ifndef TESTS_UNIT_SUPPORT_H
#define TESTS_UNIT_SUPPORT_H

/* clang-format off: cmocka needs these before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acpi/layout.h"
#include "lib/base.h"
#include "tools/host/ram.h"

/*
 * ---- a test: TEST(name) { ... }. It registers itself. `fixture` of the file, where it defines one, is set up before
 * each of its tests and torn down after it; TEST_WITH names functions for one test. ----
 */
struct fixture {
	int (*setup)(void **state), (*teardown)(void **state);
};

__attribute__((unused)) static const struct fixture fixture;

struct unit_test {
	struct CMUnitTest test;
	const char *file; /* where it stands: tests of one file are a group */
	struct unit_test *next;
};

/* Called before main, by TEST. */
void unit_test_register(struct unit_test *t);

#define TEST_WITH(test_name, setup, teardown)                                                                          \
	static void test_name(void);                                                                                   \
	static void test_name##_run(void **state)                                                                      \
	{                                                                                                              \
		(void)state;                                                                                           \
		test_name();                                                                                           \
	}                                                                                                              \
	__attribute__((constructor)) static void test_name##_register(void)                                            \
	{                                                                                                              \
		static struct unit_test t;                                                                             \
                                                                                                                       \
		t.test = (struct CMUnitTest)cmocka_unit_test_setup_teardown(test_name##_run, setup, teardown);         \
		t.test.name = #test_name;                                                                              \
		t.file = __FILE__;                                                                                     \
		unit_test_register(&t);                                                                                \
	}                                                                                                              \
	static void test_name(void)
#define TEST(test_name) TEST_WITH(test_name, fixture.setup, fixture.teardown)

/* A file of the recorded machines: srat/PATH below the folder that LANDFALL_DATA names; NULL: there is none. */
FILE *open_recorded(const char *path);
/*
 * How many machines a test makes by chance: `whole`, or `few` with sanitizers, which make a program several times as
 * slow. What LANDFALL_MACHINES says goes instead, up to the whole number.
 */
unsigned machines_by_chance(unsigned few, unsigned whole);

/* ---- ACPI tables by hand ---- */
struct table {
	size_t len;
	uint8_t bytes[1 << 20];
};

/* Starts a table: 36-byte header with that signature and revision, length and checksum still wrong. */
void table_begin(struct table *t, const char *signature, uint8_t revision);
void table_u8(struct table *t, uint8_t v);
void table_u16(struct table *t, uint16_t v);
void table_u32(struct table *t, uint32_t v);
void table_u64(struct table *t, uint64_t v);
void table_zero(struct table *t, size_t n);
/* Sets length and checksum. */
void table_end(struct table *t);
/* Makes the sum of len bytes 0 by changing the byte at `at`. */
void fix_checksum(uint8_t *bytes, size_t len, size_t at);

/* SRAT: header with the 12 bytes after it, and entries; flags are SRAT_ENABLED and so on. */
void srat_begin(struct table *t, uint8_t revision);
void srat_add_mem(struct table *t, uint32_t pxm, uint64_t base, uint64_t length, uint32_t flags);
void srat_add_apic(struct table *t, uint32_t pxm, uint8_t apic_id, uint32_t flags);
void srat_add_x2apic(struct table *t, uint32_t pxm, uint32_t apic_id, uint32_t flags);
/* A generic initiator or port. */
void srat_add_generic(struct table *t, uint8_t type, uint32_t pxm, uint32_t flags);
/* Type and length of an entry, and zeros behind them: so many bytes in all. */
void table_entry(struct table *t, uint8_t type, uint8_t length, size_t bytes);

#define SRAT_ENABLED SRAT_FLAG_ENABLED
#define SRAT_HOTPLUG SRAT_FLAG_HOTPLUG
#define SRAT_NONVOLATILE SRAT_FLAG_NONVOLATILE

/* ---- lists of memory that must have room ---- */
void must_add(struct memblock *mb, phys_t start, phys_t end);
void must_reserve(struct memblock *mb, phys_t start, phys_t end);

void assert_range(struct range r, phys_t start, phys_t end);

/* Appends to a list of pages, which is made longer when it is full: *nr of *room. The caller frees *list. */
void keep_page(phys_t **list, size_t *nr, size_t *room, phys_t page);

/* Memory that is not empty, and what is made in it: who reads behind the end of a list shall find [0, 1T) there. */
void soil(void *p, size_t len);
#define SOIL(p) soil(p, sizeof(*(p)))
#define FRESH(init, p) (SOIL(p), init(p))

/*
 * Calls `call`; true: it was left by unwind() with that tag: by a jump, or in WebAssembly, which has none, by an
 * exception of tests/unit32/wasm.mjs.
 */
enum unwinding { FROM_KASSERT, FROM_TEST };
bool caught(enum unwinding tag, void (*call)(void *arg), void *arg);
_Noreturn void unwind(enum unwinding tag);

/* Runs f and fails the test unless it ends in a KASSERT. */
void assert_kassert(void (*f)(void *arg), void *arg);

#endif
