/* SPDX-License-Identifier: MIT */
/* Fake physical memory and hand-made tables for the unit tests. */
#include "tests/unit/support.h"

#include "tools/table_writer.h"

/* Tests look for many words in long logs: ASan would measure the whole log for each of them. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=1:intercept_strstr=0";
}

static struct unit_test *first_test, **last_test = &first_test;
static size_t nr_tests;

void unit_test_register(struct unit_test *t)
{
	*last_test = t;
	last_test = &t->next;
	nr_tests++;
}

static int list_files(void)
{
	const char *last = "";

	for (struct unit_test *t = first_test; t; t = t->next) {
		if (strcmp(t->file, last) != 0)
			puts(t->file);
		last = t->file;
	}
	return 0;
}

/* usage: tests --list | tests FILE: the files with tests, or the tests of one of them. */
int main(int argc, char **argv)
{
	struct CMUnitTest *tests, *to;
	char name[100];
	int failed;

	if (argc != 2)
		return 2;
	if (strcmp(argv[1], "--list") == 0)
		return list_files();
	to = tests = calloc(nr_tests + 1, sizeof(*tests));
	for (struct unit_test *t = first_test; t; t = t->next) {
		if (strcmp(t->file, argv[1]) == 0)
			*to++ = t->test;
	}
	snprintf(name, sizeof(name), "%s", strrchr(argv[1], '/') + 1);
	*strrchr(name, '.') = '\0';
	failed = _cmocka_run_group_tests(name, tests, (size_t)(to - tests), NULL, NULL);
	free(tests);
	return failed;
}

FILE *open_recorded(const char *path)
{
	const char *data = getenv("LANDFALL_DATA");
	char whole[600];

	snprintf(whole, sizeof(whole), "%s/srat/%s", data ? data : "/nonexistent", path);
	return fopen(whole, "rb");
}

unsigned machines_by_chance(unsigned few, unsigned whole)
{
#if defined(__SANITIZE_ADDRESS__)
	unsigned usual = few;
#else
	unsigned usual = whole;
#endif
	const char *said = getenv("LANDFALL_MACHINES");
	unsigned n = said ? (unsigned)atoi(said) : 0;

	(void)few;
	return n ? (unsigned)min_u64(n, whole) : usual;
}

void table_u8(struct table *t, uint8_t v)
{
	assert_true(t->len < sizeof(t->bytes));
	t->bytes[t->len++] = v;
}

void table_u16(struct table *t, uint16_t v)
{
	table_u8(t, (uint8_t)v);
	table_u8(t, (uint8_t)(v >> 8));
}

void table_u32(struct table *t, uint32_t v)
{
	table_u16(t, (uint16_t)v);
	table_u16(t, (uint16_t)(v >> 16));
}

void table_u64(struct table *t, uint64_t v)
{
	table_u32(t, (uint32_t)v);
	table_u32(t, (uint32_t)(v >> 32));
}

void table_zero(struct table *t, size_t n)
{
	while (n--)
		table_u8(t, 0);
}

void table_begin(struct table *t, const char *signature, uint8_t revision)
{
	t->len = 0;
	for (size_t i = 0; i < 4; i++)
		table_u8(t, (uint8_t)signature[i]);
	table_u32(t, 0);
	table_u8(t, revision);
	table_u8(t, 0);
	for (const char *p = "LANDFLTESTTABL"; *p; p++)
		table_u8(t, (uint8_t)*p);
	table_u32(t, 1);
	for (const char *p = "LNDF"; *p; p++)
		table_u8(t, (uint8_t)*p);
	table_u32(t, 1);
}

void fix_checksum(uint8_t *bytes, size_t len, size_t at)
{
	uint8_t sum = 0;

	bytes[at] = 0;
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + bytes[i]);
	bytes[at] = (uint8_t)-sum;
}

void table_end(struct table *t)
{
	for (unsigned i = 0; i < 4; i++)
		t->bytes[4 + i] = (uint8_t)(t->len >> 8 * i);
	fix_checksum(t->bytes, t->len, 9);
}

/* A writer that goes on where the table ends. */
static struct table_writer writer(struct table *t)
{
	return (struct table_writer){ t->bytes, sizeof(t->bytes), (uint32_t)t->len };
}

static void keep_written(struct table *t, struct table_writer w)
{
	t->len = w.len;
	assert_true(t->len <= sizeof(t->bytes));
}

void srat_begin(struct table *t, uint8_t revision)
{
	struct table_writer w;

	table_begin(t, "SRAT", revision);
	w = writer(t);
	srat_put_head(&w);
	keep_written(t, w);
}

void srat_add_mem(struct table *t, uint32_t pxm, uint64_t base, uint64_t length, uint32_t flags)
{
	struct table_writer w = writer(t);

	srat_put_memory(&w, pxm, (struct range){ base, base + length }, flags);
	keep_written(t, w);
}

void srat_add_apic(struct table *t, uint32_t pxm, uint8_t apic_id, uint32_t flags)
{
	struct table_writer w = writer(t);

	srat_put_apic(&w, pxm, apic_id, flags);
	keep_written(t, w);
}

void srat_add_x2apic(struct table *t, uint32_t pxm, uint32_t apic_id, uint32_t flags)
{
	struct table_writer w = writer(t);

	srat_put_x2apic(&w, pxm, apic_id, flags);
	keep_written(t, w);
}

void srat_add_generic(struct table *t, uint8_t type, uint32_t pxm, uint32_t flags)
{
	table_entry(t, type, 32, 2);
	table_u16(t, 0x0100);
	table_u32(t, pxm);
	for (uint8_t i = 0; i < 16; i++)
		table_u8(t, 0xf0 | i);
	table_u32(t, flags);
	table_u32(t, 0);
}

void table_entry(struct table *t, uint8_t type, uint8_t length, size_t bytes)
{
	table_u8(t, type);
	table_u8(t, length);
	table_zero(t, bytes - 2);
}

void must_add(struct memblock *mb, phys_t start, phys_t end)
{
	assert_int_equal(memblock_add(mb, (struct range){ start, end }), OK);
}

void must_reserve(struct memblock *mb, phys_t start, phys_t end)
{
	assert_int_equal(memblock_reserve(mb, (struct range){ start, end }), OK);
}

void assert_range(struct range r, phys_t start, phys_t end)
{
	assert_int_equal(r.start, start);
	assert_int_equal(r.end, end);
}

void keep_page(phys_t **list, size_t *nr, size_t *room, phys_t page)
{
	if (*nr == *room) {
		*room = *room ? 2 * *room : 1024;
		*list = realloc(*list, *room * sizeof(**list));
		assert_non_null(*list);
	}
	(*list)[(*nr)++] = page;
}

void soil(void *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)p)[i] = i % 16 >= 8 && i % 16 < 14;
}

#ifndef __wasm__
static jmp_buf jump[FROM_TEST + 1];

bool caught(enum unwinding tag, void (*call)(void *arg), void *arg)
{
	if (setjmp(jump[tag]) != 0)
		return true;
	call(arg);
	return false;
}

void unwind(enum unwinding tag)
{
	longjmp(jump[tag], 1);
}
#endif

static bool kassert_expected;

void kassert_fail(const char *expr, const char *file, int line)
{
	if (kassert_expected)
		unwind(FROM_KASSERT);
	fprintf(stderr, "KASSERT %s:%d: %s\n", file, line, expr);
	abort();
}

void assert_kassert(void (*f)(void *arg), void *arg)
{
	bool failed;

	kassert_expected = true;
	failed = caught(FROM_KASSERT, f, arg);
	kassert_expected = false;
	if (!failed)
		fail_msg("no KASSERT");
}
