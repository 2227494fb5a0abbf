/* SPDX-License-Identifier: MIT */
/*
 * Tests as data. A file NAME.cases beside the tests holds cases: a line `case NAME`, and the lines below it up to the
 * next one, each of which does something or says what must have come of it. Cases that begin alike share lines: `like
 * NAME` stands for the lines below `lines NAME`. A comment begins with # and stands alone, or
 * behind two spaces.
 */
#ifndef TESTS_UNIT_CASES_H
#define TESTS_UNIT_CASES_H

#include "mm/e820.h"
#include "tests/unit/support.h"

/* A line: as it stands, what stands behind its first word, and its words; commas between them are for the eye. */
struct words {
	const char *line, *rest;
	char *word[256];
	unsigned nr;
};

struct cases {
	const char *path, *source; /* tests/unit/NAME.cases, and the C file that it is run by */
	int (*setup)(void **state), (*teardown)(void **state);
	bool (*line)(const struct words *w); /* false: no such line, which fails the test */
};

/* Registers a test for each case. */
void cases_register(const struct cases *c);

#define CASES(name, ...)                                                                                               \
	__attribute__((constructor)) static void name##_cases(void)                                                    \
	{                                                                                                              \
		static const struct cases cases = { "tests/unit/" #name ".cases", __FILE__, __VA_ARGS__ };             \
                                                                                                                       \
		cases_register(&cases);                                                                                \
	}

/* The line begins with this word; any of its words is this one; the word behind that one, NULL without one. */
bool begins(const struct words *w, const char *word);
bool has_word(const struct words *w, const char *word);
const char *word_behind(const struct words *w, const char *word);

/* A number, with products, then sums: 5G+4K, 3*2M-1, none (all ones). */
uint64_t number(const char *s);
/* The number that is word i, and the range that words i and i + 1 are. */
uint64_t number_at(const struct words *w, unsigned i);
uint64_t first_number(const struct words *w); /* word 1; 0 where that is none */
struct range range_at(const struct words *w, unsigned i);

/*
 * Words i, i + 1 are a field's name and the number it must have, and so on to the end of the line; a range is
 * `START to END`.
 */
struct field {
	const char *name;
	uint64_t is, end;
};
void assert_fields(const struct words *w, unsigned i, const struct field *field, size_t nr);
#define ASSERT_FIELDS(w, i, ...)                                                                                       \
	assert_fields(w, i, (const struct field[]){ __VA_ARGS__ },                                                     \
		      sizeof((const struct field[]){ __VA_ARGS__ }) / sizeof(struct field))

#define FIELD(field, value)                                                                                            \
	{                                                                                                              \
		.name = field, .is = (uint64_t)(value)                                                                 \
	}
#define RANGE_FIELD(field, r)                                                                                          \
	{                                                                                                              \
		.name = field, .is = (r).start, .end = (r).end                                                         \
	}

/* The status that a word names: ok, full, ... */
enum status status_named(const char *word);

/* The mark of memory that a word names: hotplug, mirror, nomap, driver-managed. */
unsigned flag_named(const char *word);

/* Words from i on are regions, `START END [node N] [MARKS]`, and the list is these. */
void assert_listed(const struct words *w, unsigned i, const struct memblock_list *list);

/* `ram A B`, `reserve A B`, `free A B`; `scraps N`: pages 2M apart, from 1T on, until there are N regions of memory. */
bool memory_line(const struct words *w, struct memblock *mb);

/*
 * Parts of a table: `srat REVISION`, `mem PXM BASE LENGTH FLAGS`, `apic PXM ID FLAGS`, `x2apic PXM ID FLAGS`,
 * `generic TYPE PXM FLAGS`, `begin SIGNATURE REVISION`, `entry TYPE LENGTH BYTES`, `u8 VALUES` to `u64 VALUES`,
 * `zero BYTES`. FLAGS are words and numbers.
 */
bool table_line(const struct words *w, struct table *t);
/* Words from i on as flags of the SRAT: enabled, hotplug, nonvolatile, numbers. */
uint32_t srat_flags_at(const struct words *w, unsigned i);

/* The type of memory that a word names: ram, reserved, acpi, nvs, unusable, ... or a number. */
enum e820_type e820_type_named(const char *word);
/* Words from i on are entries of a memory map, `START END TYPE`, and the map is these. */
void assert_map_listed(const struct words *w, unsigned i, const struct e820 *map);

#endif
