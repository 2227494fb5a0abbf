/* SPDX-License-Identifier: MIT */
/* Every rule: what makes it speak, with what addresses, and what leaves it silent. */
#include "tests/unit/cases.h"
#include "tests/unit/firmware.h"

#include "acpi/table_rules.h"
#include "lib/format.h"
#include "mm/memory_rules.h"

#define AT 0x7ffe1ff0ull
#define OTHER_AT 0x7fff0000ull

static struct acpi_table srat_table;
static struct srat srat;
static struct numa numa;
static struct memblock mb;
static struct e820 map;
static char told[8192];

static int setup(void **state)
{
	firmware_setup(state);
	FRESH(numa_init, &numa);
	FRESH(memblock_init, &mb);
	map.nr = 0;
	told[0] = '\0';
	return 0;
}

static const struct fixture fixture = { .setup = setup, .teardown = firmware_teardown };

/* A finding as one line of `told`. */
static void found(void *ctx, const char *rule, const char *about, va_list facts)
{
	char what[160];

	(void)ctx;
	format_v(what, sizeof(what), about, facts);
	format(told + strlen(told), sizeof(told) - strlen(told), "%s%s\n", rule, what);
}

static const struct findings to = { found, NULL };

static void assert_told(const char *want)
{
	assert_string_equal(told, want);
	told[0] = '\0';
}

/* ---- SRAT by itself ---- */

/* The finished table is parsed, whatever comes of it. */
static void srat_done(void)
{
	enum status s;

	firmware_put(AT);
	assert_int_equal(acpi_table_open(&srat_table, &mem, AT), OK);
	SOIL(&srat);
	s = srat_parse(&srat_table, &srat);
	(void)s;
}

/* Damage that can be read is a finding; what cannot be read is not made up. */
TEST(test_unreadable_srat)
{
	srat_begin(&made, 3);
	srat_add_mem(&made, 0, 0, GIB, SRAT_ENABLED | 8);
	table_entry(&made, 1, 39, 39);
	srat_done();
	for (unsigned n = 1; n <= 5; n++) {
		static const char *const want[] = {
			"", "", "srat-unknown-flags at offset 0x30\n", "srat-unknown-flags at offset 0x30\n",
			"srat-unknown-flags at offset 0x30\nsrat-entry-length at offset 0x58\n"
		};

		ram.reads = 0;
		ram.failing = n; /* type and length of the first entry, its bytes, the same of the second */
		srat_findings(&srat_table, &srat, &to);
		assert_told(want[n - 1]);
	}
}

/* ---- other tables beside an SRAT with PXM 0 (CPUs 0, 1), PXM 1 (CPU 300), PXM 4 (memory and initiator only) ---- */

static void make_srat(void)
{
	srat_begin(&made, 3);
	srat_add_apic(&made, 0, 0, SRAT_ENABLED);
	srat_add_apic(&made, 0, 1, SRAT_ENABLED);
	srat_add_x2apic(&made, 1, 300, SRAT_ENABLED);
	srat_add_apic(&made, 2, 9, 0);
	srat_add_generic(&made, 5, 4, SRAT_ENABLED);
	srat_add_mem(&made, 0, 0, 2 * GIB, SRAT_ENABLED);
	srat_add_mem(&made, 1, 4 * GIB, 4 * GIB, SRAT_ENABLED);
	srat_add_mem(&made, 4, 8 * GIB, 2 * GIB, SRAT_ENABLED | SRAT_HOTPLUG);
	srat_add_mem(&made, 7, 64 * GIB, GIB, 0);
	srat_done();
}

typedef void (*judge_t)(const struct acpi_table *t, const struct srat *s, const struct findings *f);

static void expect_table(judge_t judge, const char *want)
{
	assert_int_equal(firmware_open(OTHER_AT), OK);
	judge(&table, &srat, &to);
	assert_told(want);
}

static void madt_apic(uint8_t id, uint32_t flags)
{
	table_u16(&made, 0x800);
	table_u8(&made, 0);
	table_u8(&made, id);
	table_u32(&made, flags);
}

static void madt_x2apic(uint32_t id, uint32_t flags)
{
	table_u32(&made, 0x1009);
	table_u32(&made, id);
	table_u32(&made, flags);
	table_u32(&made, 0);
}

static void hmat_domain(uint16_t flags, uint32_t initiator, uint32_t memory)
{
	table_u32(&made, 0);
	table_u32(&made, 40);
	table_u32(&made, flags);
	table_u32(&made, initiator);
	table_u32(&made, memory);
	table_zero(&made, 20);
}

static void cedt_window(uint64_t base, uint64_t size)
{
	table_u32(&made, 1 | 36 << 16);
	table_u32(&made, 0);
	table_u64(&made, base);
	table_u64(&made, size);
	table_zero(&made, 12);
}

static void slit(uint64_t n, const uint8_t *values, size_t nr)
{
	table_begin(&made, "SLIT", 1);
	table_u64(&made, n);
	for (size_t i = 0; i < nr; i++)
		table_u8(&made, values[i]);
}

static void entry(uint32_t pxm, phys_t start, phys_t end, bool hotplug)
{
	assert_int_equal(numa_add_memblk(&numa, numa_map_pxm(&numa, pxm), (struct range){ start, end }, hotplug), OK);
}

/* ---- as data: findings.cases ---- */

/* Parts of tables, besides those that all tests of tables know. */
static bool part_line(const struct words *w)
{
	uint64_t first = first_number(w);

	if (begins(w, "madt-apic")) {
		madt_apic((uint8_t)first, (uint32_t)number_at(w, 2));
	} else if (begins(w, "madt-x2apic")) {
		madt_x2apic((uint32_t)first, (uint32_t)number_at(w, 2));
	} else if (begins(w, "domain")) {
		hmat_domain((uint16_t)first, (uint32_t)number_at(w, 2), (uint32_t)number_at(w, 3));
	} else if (begins(w, "window")) {
		cedt_window(first, number_at(w, 2));
	} else if (begins(w, "slit")) {
		slit(first, NULL, 0);
		for (unsigned i = 2; i < w->nr; i++)
			table_u8(&made, (uint8_t)number_at(w, i));
	} else if (begins(w, "done")) {
		srat_done();
	} else {
		return false;
	}
	return true;
}

static bool memory_part(const struct words *w)
{
	if (begins(w, "range"))
		entry((uint32_t)number_at(w, 1), number_at(w, 2), number_at(w, 3), has_word(w, "hotplug"));
	else if (begins(w, "ranges"))
		for (unsigned i = 0; i < number_at(w, 1); i++)
			entry(i % 2, i * MIB, (i + 1) * MIB, false);
	else if (begins(w, "cpu"))
		numa.node[numa_map_pxm(&numa, (uint32_t)number_at(w, 1))].cpus++;
	else if (begins(w, "e820"))
		map.e[map.nr++] = (struct region){ range_at(w, 1), .type = e820_type_named(w->word[3]) };
	else
		return memory_line(w, &mb);
	return true;
}

/* The findings of one kind become `told`. */
static void find(const struct words *w)
{
	static const struct {
		const char *name;
		judge_t judge;
	} judges[] = { { "madt", madt_findings },
		       { "slit", slit_findings },
		       { "hmat", hmat_findings },
		       { "cedt", cedt_findings },
		       { "msct", msct_findings } };
	size_t i = 0;

	if (begins(w, "srat")) {
		srat_done();
		srat_findings(&srat_table, &srat, &to);
	} else if (begins(w, "memory")) {
		phys_t limit = has_word(w, "below") ? number(word_behind(w, "below")) : 1ull << 46;

		numa_judge(&numa, &mb);
		numa_findings(&(struct numa_evidence){ &numa, &mb, &map, limit }, &to);
	} else {
		while (strcmp(judges[i].name, w->word[0]) != 0)
			assert_true(++i < ARRAY_SIZE(judges));
		assert_int_equal(firmware_open(OTHER_AT), OK);
		judges[i].judge(&table, &srat, &to);
	}
}

/* TABLE says FINDING; FINDING; ... or nothing. */
static bool findings_line(const struct words *w)
{
	const char *want = strstr(w->line, " says ");

	if (!want)
		return part_line(w) || table_line(w, &made) || memory_part(w);
	find(w);
	for (char *end = told; (end = strchr(end, '\n')) && end[1];) {
		memmove(end + 2, end + 1, strlen(end));
		memcpy(end, "; ", 2);
	}
	told[strcspn(told, "\n")] = '\0';
	assert_told(strcmp(want, " says nothing") == 0 ? "" : want + strlen(" says "));
	return true;
}

CASES(findings, setup, firmware_teardown, findings_line)

/* ---- one thing at a time ---- */

/* The head and the first row can be read, the second row cannot; then not even the head. */
TEST(test_unreadable_slit)
{
	static const uint8_t values[] = { 10, 20, 20, 9 };

	make_srat();
	slit(2, values, 4);
	expect_table(slit_findings, "slit-diagonal PXM 1\nslit-mismatch PXM 4\n");
	fake_ram_write(&ram, 0x7fff9000 - 46, made.bytes, 46);
	ram.strict = true;
	table.addr = 0x7fff9000 - 46;
	slit_findings(&table, &srat, &to);
	assert_told("slit-mismatch PXM 4\n");
	table.addr += 0x100000;
	slit_findings(&table, &srat, &to);
	assert_told("slit-length\n");
}

/* 300 localities: the first 256 are looked at. */
TEST(test_large_slit)
{
	make_srat();
	table_begin(&made, "SLIT", 1);
	table_u64(&made, 300);
	for (unsigned a = 0; a < 300; a++) {
		for (unsigned b = 0; b < 300; b++)
			table_u8(&made, a == b && a != 255 && a != 256 ? 10 : a == b ? 11 : 20);
	}
	expect_table(slit_findings, "slit-diagonal PXM 255\n");
}

/* Tables that name the same again and again are not looked at without end. */
TEST(test_endless_tables)
{
	make_srat();
	for (unsigned known = 65535; known <= 65536; known++) {
		table_begin(&made, "HMAT", 2);
		table_zero(&made, 4);
		table_u32(&made, 1);
		table_u32(&made, 32 + 4 * (known + 1));
		table_u32(&made, 0);
		table_u32(&made, known + 1);
		table_zero(&made, 16 + 4 * known);
		table_u32(&made, 50);
		expect_table(hmat_findings, known < 65536 ? "hmat-unknown-domain PXM 50\n" : "");
	}
	for (unsigned known = 1023; known <= 1024; known++) {
		table_begin(&made, "CEDT", 1);
		for (unsigned i = 0; i < known; i++)
			cedt_window(5 * GIB, GIB);
		cedt_window(32 * GIB, GIB);
		expect_table(cedt_findings,
			     known < 1024 ? "cedt-window-uncovered [mem 0x800000000-0x83fffffff]\n" : "");
	}
}

/* ---- memory ---- */

/* ---- what is left for data that cannot move ---- */

/* 8 GiB: 128 MiB of page structures, and 168 MiB. */
TEST(test_scarce)
{
	const struct memory_split least = { 296 * MIB, 8 * GIB - 296 * MIB };
	const struct memory_split less = { 296 * MIB - PAGE_SIZE, 8 * GIB - 296 * MIB + PAGE_SIZE };
	const struct memory_split nothing_movable = { 64 * MIB, 0 };

	assert_false(memory_is_scarce(&least, 0));
	assert_true(memory_is_scarce(&least, 1));
	assert_true(memory_is_scarce(&less, 0));
	assert_false(memory_is_scarce(&nothing_movable, 1));
}

/* A node that is not movable is fixed, and so is what a policy has pinned of another. */
TEST(test_split)
{
	struct memory_split s;

	must_add(&mb, MIB, 4 * GIB);
	entry(0, 0, GIB, false);
	entry(1, GIB, 2 * GIB, true);
	entry(2, 2 * GIB, 3 * GIB, true);
	entry(3, 3 * GIB, 4 * GIB, true);
	numa_note_table(&numa, (struct range){ 2 * GIB, 2 * GIB + 1 });
	numa_judge(&numa, &mb);
	numa.node[4].present = GIB; /* there is no such node */
	s = numa_split(&numa, 0);
	assert_int_equal(s.fixed, 2 * GIB - MIB);
	assert_int_equal(s.movable, 2 * GIB);
	s = numa_split(&numa, GIB);
	assert_int_equal(s.fixed, 3 * GIB - MIB);
	assert_int_equal(s.movable, GIB);
}
