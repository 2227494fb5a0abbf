/* SPDX-License-Identifier: MIT */
/* Every rule: what makes it speak, with what addresses, and what leaves it silent. */
#include "tests/unit/firmware.h"

#include <stdio.h>

#include "acpi/table_rules.h"
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
	numa_init(&numa);
	memblock_init(&mb);
	map.nr = 0;
	told[0] = '\0';
	return 0;
}

static const struct fixture fixture = { .setup = setup, .teardown = firmware_teardown };

/* A finding as one line of `told`. */
static void found(void *ctx, const struct finding *f)
{
	size_t len = strlen(told);
	char *s = told + len;
	size_t room = sizeof(told) - len;
	unsigned long long a = f->a.start, a_end = f->a.end, b = f->b.start, b_end = f->b.end, v = f->value;

	(void)ctx;
	switch (f->kind) {
	case FINDING_TABLE:
		snprintf(s, room, "%s\n", f->rule);
		break;
	case FINDING_ENTRY:
	case FINDING_NUMBER:
	case FINDING_APIC:
		snprintf(s, room, "%s %s 0x%llx\n", f->rule,
			 f->kind == FINDING_ENTRY    ? "at"
			 : f->kind == FINDING_NUMBER ? "number"
						     : "apic",
			 v);
		break;
	case FINDING_CPU:
		snprintf(s, room, "%s apic 0x%llx pxm %u\n", f->rule, v, f->pxm);
		break;
	case FINDING_DOMAIN:
		snprintf(s, room, "%s pxm %u\n", f->rule, f->pxm);
		break;
	case FINDING_DOMAINS:
		snprintf(s, room, "%s pxm %u pxm %u\n", f->rule, f->pxm, f->other_pxm);
		break;
	case FINDING_RANGE:
		snprintf(s, room, "%s 0x%llx-0x%llx pxm %u\n", f->rule, a, a_end, f->pxm);
		break;
	case FINDING_RANGES:
		snprintf(s, room, "%s 0x%llx-0x%llx pxm %u 0x%llx-0x%llx pxm %u\n", f->rule, a, a_end, f->pxm, b, b_end,
			 f->other_pxm);
		break;
	case FINDING_MEMORY:
		snprintf(s, room, "%s 0x%llx-0x%llx\n", f->rule, a, a_end);
		break;
	}
}

/* The same of nodes, told by their domains. */
static void found_in_memory(void *ctx, const struct memory_finding *f)
{
	static const enum finding_kind kinds[] = {
		[MEMORY_FINDING_ALL] = FINDING_TABLE,     [MEMORY_FINDING_NODE] = FINDING_DOMAIN,
		[MEMORY_FINDING_NODES] = FINDING_DOMAINS, [MEMORY_FINDING_RANGE] = FINDING_RANGE,
		[MEMORY_FINDING_RANGES] = FINDING_RANGES, [MEMORY_FINDING_NOBODY] = FINDING_MEMORY,
	};

	found(ctx, &(struct finding){ .rule = f->rule,
				      .kind = kinds[f->kind],
				      .pxm = numa.node[f->nid].pxm,
				      .other_pxm = numa.node[f->other_nid].pxm,
				      .a = f->a,
				      .b = f->b });
}

static const struct findings to = { found, NULL };
static const struct memory_findings memory_to = { found_in_memory, NULL };

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
	s = srat_parse(&srat_table, &srat);
	(void)s;
}

static void expect_srat(const char *want)
{
	srat_done();
	srat_findings(&srat_table, &srat, &to);
	assert_told(want);
}

static void raw_entry(uint8_t type, uint8_t length, size_t bytes)
{
	table_u8(&made, type);
	table_u8(&made, length);
	table_zero(&made, bytes - 2);
}

/* Damage that can be read is a finding; what cannot be read is not made up. */
TEST(test_unreadable_srat)
{
	srat_begin(&made, 3);
	srat_add_mem(&made, 0, 0, GIB, SRAT_ENABLED | 8);
	raw_entry(1, 39, 39);
	srat_done();
	for (unsigned n = 1; n <= 5; n++) {
		static const char *const want[] = { "", "", "srat-unknown-flags at 0x30\n",
						    "srat-unknown-flags at 0x30\n",
						    "srat-unknown-flags at 0x30\nsrat-entry-length at 0x58\n" };

		ram.reads = 0;
		ram.failing = n; /* type and length of the first entry, its bytes, the same of the second */
		srat_findings(&srat_table, &srat, &to);
		assert_told(want[n - 1]);
	}
}

/* A generic initiator or port, enabled. */
static void generic_entry(uint8_t type, uint32_t pxm)
{
	raw_entry(type, 32, 4);
	table_u32(&made, pxm);
	table_zero(&made, 16);
	table_u32(&made, SRAT_ENABLED);
	table_u32(&made, 0);
}

TEST(test_clean_srat)
{
	srat_begin(&made, 3);
	srat_add_apic(&made, 0, 0, SRAT_ENABLED);
	srat_add_apic(&made, 1, 254, SRAT_ENABLED);
	srat_add_apic(&made, 0xffffff, 255, 0); /* fillers: disabled, and so of no interest */
	srat_add_x2apic(&made, 0xffffffff, 0xffffffff, 0);
	srat_add_x2apic(&made, 1023, 32767, SRAT_ENABLED);
	srat_add_mem(&made, 0, 0, 0xa0000, SRAT_ENABLED);
	srat_add_mem(&made, 1, MIB, GIB, SRAT_ENABLED | SRAT_HOTPLUG | SRAT_NONVOLATILE);
	srat_add_mem(&made, 0, 0, 0, 0);
	srat_add_mem(&made, 5000, 0x123, 0x456, SRAT_HOTPLUG | 0x80);
	raw_entry(5, 32, 32);
	raw_entry(6, 32, 32);
	generic_entry(5, 2);
	generic_entry(5, 3);
	generic_entry(6, 4);
	expect_srat("");
}

TEST(test_srat_damage)
{
	srat_begin(&made, 3);
	srat_add_mem(&made, 0, 0, GIB, SRAT_ENABLED);
	raw_entry(1, 0, 40);
	expect_srat("srat-zero-length-entry at 0x58\n");
	srat_begin(&made, 3);
	srat_add_mem(&made, 0, 0, GIB, SRAT_ENABLED);
	raw_entry(1, 40, 39);
	expect_srat("srat-truncated-entry at 0x58\n");
	srat_begin(&made, 3);
	srat_add_mem(&made, 0, 0, GIB, SRAT_ENABLED);
	table_u16(&made, 0x2801);
	expect_srat("srat-stray-bytes at 0x58\n");
	srat_begin(&made, 3);
	expect_srat("srat-no-memory\n");
	/* There may be some behind what cannot be passed. */
	srat_begin(&made, 3);
	raw_entry(1, 0, 40);
	srat_add_mem(&made, 0, 0, GIB, SRAT_ENABLED);
	expect_srat("srat-zero-length-entry at 0x30\n");
	srat_begin(&made, 3);
	raw_entry(1, 39, 39);
	srat_add_mem(&made, 0, 0, GIB, SRAT_ENABLED);
	expect_srat("srat-entry-length at 0x30\n");
}

TEST(test_srat_lengths)
{
	srat_begin(&made, 3);
	srat_add_mem(&made, 0, 0, GIB, SRAT_ENABLED);
	raw_entry(0, 15, 15); /* 0x58 */
	raw_entry(0, 17, 17); /* 0x67 */
	raw_entry(1, 39, 39); /* 0x78 */
	raw_entry(1, 41, 41); /* 0x9f: longer is fine */
	raw_entry(2, 23, 23); /* 0xc8 */
	raw_entry(2, 25, 25); /* 0xdf */
	raw_entry(5, 31, 31); /* 0xf8 */
	raw_entry(6, 31, 31); /* 0x117 */
	expect_srat("srat-entry-length at 0x58\nsrat-entry-length at 0x67\nsrat-entry-length at 0x78\n"
		    "srat-entry-length at 0xc8\nsrat-entry-length at 0xf8\nsrat-entry-length at 0x117\n");
}

TEST(test_srat_strangers)
{
	srat_begin(&made, 3);
	srat_add_mem(&made, 0, 0, GIB, SRAT_ENABLED | 8);
	raw_entry(3, 18, 18); /* 0x58 GICC */
	raw_entry(4, 12, 12); /* 0x6a ITS */
	raw_entry(7, 20, 20); /* 0x76 RINTC */
	raw_entry(8, 2, 2);   /* 0x8a */
	raw_entry(255, 9, 9); /* 0x8c */
	expect_srat("srat-unknown-flags at 0x30\nsrat-foreign-entry at 0x58\nsrat-foreign-entry at 0x6a\n"
		    "srat-foreign-entry at 0x76\nsrat-unknown-entry at 0x8a\nsrat-unknown-entry at 0x8c\n");
}

/* Memory has 8 bits in revision 1, CPUs below revision 2; disabled entries say nothing. */
TEST(test_pxm_high_bytes)
{
	for (uint8_t revision = 1; revision <= 2; revision++) {
		srat_begin(&made, revision);
		srat_add_mem(&made, 1, 0, GIB, SRAT_ENABLED);
		srat_add_mem(&made, 0x101, GIB, GIB, SRAT_ENABLED);          /* 0x58 */
		srat_add_mem(&made, 0x01000001, 2 * GIB, GIB, SRAT_ENABLED); /* 0x80 */
		srat_add_mem(&made, 0x101, 3 * GIB, GIB, 0);
		srat_add_apic(&made, 0x10001, 3, SRAT_ENABLED); /* 0xd0 */
		srat_add_apic(&made, 0x10001, 4, 0);
		srat_add_x2apic(&made, 0x300, 5, SRAT_ENABLED);
		expect_srat(revision == 1 ? "pxm-high-bytes at 0x58\npxm-high-bytes at 0x80\npxm-high-bytes at 0xd0\n"
					  : "pxm-too-large pxm 16777217\npxm-too-large pxm 65537\n");
	}
}

TEST(test_pxm_too_large)
{
	srat_begin(&made, 3);
	srat_add_mem(&made, 1023, 0, GIB, SRAT_ENABLED);
	srat_add_mem(&made, 1024, GIB, GIB, SRAT_ENABLED);
	srat_add_mem(&made, 1024, 2 * GIB, GIB, SRAT_ENABLED);
	srat_add_x2apic(&made, 1024, 1, SRAT_ENABLED);
	srat_add_x2apic(&made, 0x80000000, 2, SRAT_ENABLED);
	expect_srat("pxm-too-large pxm 1024\npxm-too-large pxm 2147483648\n");
}

TEST(test_srat_ranges)
{
	srat_begin(&made, 3);
	srat_add_mem(&made, 1, 0xfffffffffffff000, 0x2000, SRAT_ENABLED);
	srat_add_mem(&made, 2, 0x180000000, 0, SRAT_ENABLED | SRAT_HOTPLUG);
	srat_add_mem(&made, 3, 0x1000, 0x9e801, SRAT_ENABLED);
	srat_add_mem(&made, 4, 0x100800, 0x800, SRAT_ENABLED);
	srat_add_mem(&made, 5, 0x101000, 0x1000, SRAT_ENABLED);
	expect_srat("srat-range-wraps 0xfffffffffffff000-0x1000 pxm 1\nsrat-empty-range 0x180000000-0x180000000 pxm 2\n"
		    "unaligned-range 0x1000-0x9f801 pxm 3\nunaligned-range 0x100800-0x101000 pxm 4\n");
}

TEST(test_srat_cpus)
{
	srat_begin(&made, 3);
	srat_add_mem(&made, 0, 0, GIB, SRAT_ENABLED);
	srat_add_apic(&made, 0, 7, SRAT_ENABLED);
	srat_add_apic(&made, 1, 255, SRAT_ENABLED);
	srat_add_x2apic(&made, 1, 255, SRAT_ENABLED); /* an x2APIC may have that id */
	srat_add_x2apic(&made, 1, 0xffffffff, SRAT_ENABLED);
	srat_add_x2apic(&made, 1, 32768, SRAT_ENABLED);
	srat_add_x2apic(&made, 2, 7, SRAT_ENABLED);
	srat_add_apic(&made, 0, 7, 0);
	generic_entry(5, 2); /* has no APIC id: 0 is free */
	srat_add_apic(&made, 0, 0, SRAT_ENABLED);
	expect_srat("srat-broadcast-cpu apic 0xff pxm 1\nsrat-duplicate-cpu apic 0xff pxm 1\n"
		    "srat-broadcast-cpu apic 0xffffffff pxm 1\n"
		    "srat-apic-too-large apic 0x8000 pxm 1\nsrat-duplicate-cpu apic 0x7 pxm 2\n");
}

/* ---- other tables beside an SRAT with PXM 0 (CPUs 0, 1), PXM 1 (CPU 300), PXM 4 (memory and initiator only) ---- */

static void make_srat(void)
{
	srat_begin(&made, 3);
	srat_add_apic(&made, 0, 0, SRAT_ENABLED);
	srat_add_apic(&made, 0, 1, SRAT_ENABLED);
	srat_add_x2apic(&made, 1, 300, SRAT_ENABLED);
	srat_add_apic(&made, 2, 9, 0);
	generic_entry(5, 4);
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

static void madt_begin(void)
{
	table_begin(&made, "APIC", 5);
	table_zero(&made, 8);
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

TEST(test_madt)
{
	make_srat();
	madt_begin();
	madt_apic(0, 1);
	madt_apic(1, 0); /* may be added later */
	madt_x2apic(300, 1);
	madt_apic(255, 1); /* nobody */
	madt_x2apic(301, 0);
	raw_entry(1, 12, 12);
	madt_apic(200, 0);
	expect_table(madt_findings, "");
	madt_begin();
	madt_apic(0, 1);
	madt_apic(2, 1);
	madt_x2apic(301, 1);
	madt_x2apic(0xffffffff, 1);
	madt_x2apic(9, 1); /* disabled in the SRAT */
	expect_table(madt_findings, "madt-extra-cpu apic 0x2\nmadt-extra-cpu apic 0x12d\nmadt-extra-cpu apic 0x9\n"
				    "madt-missing-cpu apic 0x1 pxm 0\nmadt-missing-cpu apic 0x12c pxm 1\n");
	madt_begin();
	madt_apic(0, 1);
	madt_apic(1, 1);
	madt_x2apic(300, 1);
	raw_entry(0, 0, 8);
	expect_table(madt_findings, "madt-damaged at 0x4c\n");
	for (unsigned x2apic = 0; x2apic < 2; x2apic++) {
		madt_begin();
		madt_apic(0, 1);
		madt_apic(1, 1);
		madt_x2apic(300, 1);
		raw_entry(x2apic ? 9 : 0, x2apic ? 15 : 7, 16); /* too short for a CPU */
		expect_table(madt_findings, "madt-damaged at 0x4c\n");
	}
}

static void slit(uint64_t n, const uint8_t *values, size_t nr)
{
	table_begin(&made, "SLIT", 1);
	table_u64(&made, n);
	for (size_t i = 0; i < nr; i++)
		table_u8(&made, values[i]);
}

TEST(test_slit)
{
	static const uint8_t good[] = { 10, 20, 20, 20, 20, 20, 10, 20, 20, 20, 20, 20, 10,
					20, 20, 20, 20, 20, 10, 20, 20, 20, 20, 20, 10 };
	static const uint8_t crooked[] = { 10, 20, 16,  255, 11, 21, 10, 16, 20, 20, 16, 16, 9,
					   30, 20, 255, 20,  30, 10, 20, 11, 20, 20, 10, 10 };
	static const uint8_t far[] = { 10, 12, 50, 12, 10, 12, 50, 12, 10 };

	make_srat();
	slit(5, good, 25);
	expect_table(slit_findings, "");
	slit(2, good, 4);
	expect_table(slit_findings, "slit-diagonal pxm 1\nslit-mismatch pxm 4\n");
	slit(5, good, 24);
	expect_table(slit_findings, "slit-length number 0x5\n");
	slit(0x100000000, good, 25);
	expect_table(slit_findings, "slit-length number 0x100000000\n");
	slit(0, good, 0);
	expect_table(slit_findings, "slit-mismatch pxm 0\nslit-mismatch pxm 1\nslit-mismatch pxm 4\n");
	table_begin(&made, "SLIT", 1);
	table_u32(&made, 2);
	expect_table(slit_findings, "slit-length\n");
	/* From 0: to 1 and back differ, 3 cannot be reached; 2 is 9 from itself; from 3 to 4 20, back 10. */
	slit(5, crooked, 25);
	expect_table(slit_findings, "slit-asymmetric pxm 0 pxm 1\nslit-unreachable pxm 0 pxm 3\n"
				    "slit-diagonal pxm 2\n"
				    "slit-distance pxm 3 pxm 4\nslit-asymmetric pxm 3 pxm 4\n");
	slit(3, far, 9);
	expect_table(slit_findings, "slit-triangle pxm 0 pxm 1\nslit-triangle pxm 1 pxm 2\nslit-mismatch pxm 4\n");
}

/* The head and the first row can be read, the second row cannot; then not even the head. */
TEST(test_unreadable_slit)
{
	static const uint8_t values[] = { 10, 20, 20, 9 };

	make_srat();
	slit(2, values, 4);
	expect_table(slit_findings, "slit-diagonal pxm 1\nslit-mismatch pxm 4\n");
	fake_ram_write(&ram, 0x7fff9000 - 46, made.bytes, 46);
	ram.strict = true;
	table.addr = 0x7fff9000 - 46;
	slit_findings(&table, &srat, &to);
	assert_told("slit-mismatch pxm 4\n");
	table.addr += 0x100000;
	slit_findings(&table, &srat, &to);
	assert_told("slit-length\n");
}

TEST(test_short_distances)
{
	static const uint8_t there[] = { 10, 10, 20, 10 }, back[] = { 10, 20, 10, 10 };

	make_srat();
	slit(2, there, 4);
	expect_table(slit_findings, "slit-distance pxm 0 pxm 1\nslit-asymmetric pxm 0 pxm 1\nslit-mismatch pxm 4\n");
	slit(2, back, 4);
	expect_table(slit_findings, "slit-distance pxm 0 pxm 1\nslit-asymmetric pxm 0 pxm 1\nslit-mismatch pxm 4\n");
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
	expect_table(slit_findings, "slit-diagonal pxm 255\n");
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

TEST(test_hmat)
{
	make_srat();
	table_begin(&made, "HMAT", 2);
	table_zero(&made, 4);
	hmat_domain(1, 0, 4);
	hmat_domain(0, 99, 1); /* the initiator does not count */
	expect_table(hmat_findings, "");
	table_begin(&made, "HMAT", 2);
	table_zero(&made, 4);
	hmat_domain(1, 99, 7);
	hmat_domain(1, 7, 98);
	table_u32(&made, 9);
	table_u32(&made, 7);
	expect_table(hmat_findings, "hmat-unknown-domain pxm 99\nhmat-unknown-domain pxm 7\n"
				    "hmat-unknown-domain pxm 98\nhmat-damaged at 0x78\n");
	/* One domain after the other, none known: sixteen are enough. */
	table_begin(&made, "HMAT", 2);
	table_zero(&made, 4);
	for (unsigned i = 0; i < 20; i++)
		hmat_domain(0, 0, 100 + i);
	assert_int_equal(firmware_open(OTHER_AT), OK);
	hmat_findings(&table, &srat, &to);
	assert_non_null(strstr(told, "hmat-unknown-domain pxm 115\n"));
	assert_null(strstr(told, "pxm 116"));
}

static void cedt_window(uint64_t base, uint64_t size)
{
	table_u32(&made, 1 | 36 << 16);
	table_u32(&made, 0);
	table_u64(&made, base);
	table_u64(&made, size);
	table_zero(&made, 12);
}

TEST(test_cedt)
{
	make_srat();
	table_begin(&made, "CEDT", 1);
	cedt_window(4 * GIB, 6 * GIB); /* all of it in ranges of PXM 1 and 4 */
	cedt_window(8 * GIB, 2 * GIB);
	cedt_window(9 * GIB, GIB);
	expect_table(cedt_findings, "");
	/* three ranges of two domains, the third one after it is known that they share it */
	srat_begin(&made, 3);
	srat_add_mem(&made, 1, 4 * GIB, GIB, SRAT_ENABLED);
	srat_add_mem(&made, 2, 5 * GIB, GIB, SRAT_ENABLED);
	srat_add_mem(&made, 1, 6 * GIB, GIB, SRAT_ENABLED);
	srat_done();
	table_begin(&made, "CEDT", 1);
	cedt_window(4 * GIB, GIB); /* all of it in the first of them */
	cedt_window(4 * GIB, 4 * GIB);
	expect_table(cedt_findings, "cedt-window-shared 0x100000000-0x200000000\n");
	make_srat();
	table_begin(&made, "CEDT", 1);
	cedt_window(64 * GIB, GIB); /* the entry there is disabled */
	cedt_window(8 * GIB, 4 * GIB);
	cedt_window(5 * GIB, 6 * GIB);
	cedt_window(10 * GIB, GIB);
	table_u32(&made, 2 << 16);
	expect_table(cedt_findings, "cedt-window-uncovered 0x1000000000-0x1040000000\n"
				    "cedt-window-partial 0x200000000-0x300000000\n"
				    "cedt-window-shared 0x140000000-0x2c0000000\n"
				    "cedt-window-uncovered 0x280000000-0x2c0000000\ncedt-damaged at 0xb4\n");
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
		expect_table(hmat_findings, known < 65536 ? "hmat-unknown-domain pxm 50\n" : "");
	}
	for (unsigned known = 1023; known <= 1024; known++) {
		table_begin(&made, "CEDT", 1);
		for (unsigned i = 0; i < known; i++)
			cedt_window(5 * GIB, GIB);
		cedt_window(32 * GIB, GIB);
		expect_table(cedt_findings, known < 1024 ? "cedt-window-uncovered 0x800000000-0x840000000\n" : "");
	}
}

static void msct(uint32_t domains, uint64_t last)
{
	table_begin(&made, "MSCT", 1);
	table_u32(&made, 56);
	table_u32(&made, domains);
	table_u32(&made, 0);
	table_u64(&made, last);
}

TEST(test_msct)
{
	make_srat();
	msct(2, 10 * GIB - 1); /* 3 domains; the last byte of the highest range */
	expect_table(msct_findings, "");
	msct(1, 10 * GIB - 2);
	expect_table(msct_findings, "msct-domains number 0x3\nmsct-address 0x200000000-0x280000000 pxm 4\n");
	/* an empty range has no last byte, and one that wraps has none that counts */
	srat_begin(&made, 3);
	srat_add_mem(&made, 0, 20 * GIB, 0, SRAT_ENABLED);
	srat_add_mem(&made, 0, 20 * GIB, UINT64_MAX, SRAT_ENABLED);
	srat_add_mem(&made, 0, 20 * GIB, GIB, 0);
	srat_done();
	msct(1, 10 * GIB - 1);
	expect_table(msct_findings, "");
	table_begin(&made, "MSCT", 1);
	table_zero(&made, 19);
	expect_table(msct_findings, "msct-damaged\n");
}

/* ---- memory ---- */

static void entry(uint32_t pxm, phys_t start, phys_t end, bool hotplug)
{
	assert_int_equal(numa_add_memblk(&numa, numa_map_pxm(&numa, pxm), (struct range){ start, end }, hotplug), OK);
}

static void cpu(uint32_t pxm)
{
	numa.node[numa_map_pxm(&numa, pxm)].cpus++;
}

static void expect_numa(const char *want)
{
	numa_judge(&numa, &mb);
	numa_findings(&(struct numa_evidence){ &numa, &mb, &map, 1ull << 46 }, &memory_to);
	assert_told(want);
}

/* Two sockets, low memory and what lies above 4 GiB, a window for more memory, a slot for a whole node. */
TEST(test_clean_numa)
{
	must_add(&mb, 0x1000, 0x9f000);
	must_add(&mb, MIB, 2 * GIB);
	must_add(&mb, 4 * GIB, 10 * GIB);
	map.e[map.nr++] = (struct region){ { 2 * GIB, 2 * GIB + MIB }, .type = E820_ACPI };
	cpu(0);
	cpu(8);
	entry(0, 0, 0xa0000, false);
	entry(0, MIB, 3 * GIB, false);
	entry(0, 4 * GIB, 6 * GIB, false);
	entry(8, 6 * GIB, 10 * GIB, true);
	entry(8, 10 * GIB, 64 * TIB, true);
	expect_numa("");
}

TEST(test_overlaps)
{
	must_add(&mb, 0, 2 * GIB);
	cpu(3);
	cpu(5);
	entry(3, 0, GIB + MIB, false);
	entry(5, GIB, 2 * GIB, false);
	entry(5, GIB, GIB + 1, false);
	entry(5, 4 * GIB, 8 * GIB, true); /* no memory: Linux does not look */
	entry(3, 5 * GIB, 6 * GIB, false);
	entry(5, 1536 * MIB, 2560 * MIB, false);
	entry(3, 2 * GIB, 3 * GIB, false); /* no memory either */
	expect_numa("srat-overlap 0x0-0x40100000 pxm 3 0x40000000-0x80000000 pxm 5\n"
		    "srat-overlap 0x0-0x40100000 pxm 3 0x40000000-0x40000001 pxm 5\n"
		    "srat-self-overlap 0x40000000-0x80000000 pxm 5 0x40000000-0x40000001 pxm 5\n"
		    "srat-self-overlap 0x40000000-0x80000000 pxm 5 0x60000000-0xa0000000 pxm 5\n");
}

TEST(test_turns)
{
	must_add(&mb, 0, 6 * GIB);
	cpu(1);
	cpu(0);
	entry(1, 0, GIB, false);
	entry(0, 2 * GIB, 3 * GIB, false);
	entry(1, 3 * GIB, 5 * GIB, false);
	entry(0, GIB, 2 * GIB, false); /* in between: 1 0 1 */
	entry(0, 8 * GIB, 9 * GIB, false);
	told[0] = '\0';
	numa_judge(&numa, &mb);
	numa_findings(&(struct numa_evidence){ &numa, &mb, &map, PHYS_NONE }, &memory_to);
	assert_told("srat-uncovered-ram 0x140000000-0x180000000\n");
	entry(0, 5 * GIB, 6 * GIB, false);
	expect_numa("node-interleaved pxm 1 pxm 0\n");
}

/* Of more than 256 ranges it is not asked which take turns. */
TEST(test_too_many_to_take_turns)
{
	must_add(&mb, 0, 257 * MIB);
	for (unsigned i = 0; i < 256; i++)
		entry(i % 2, i * MIB, (i + 1) * MIB, false);
	told[0] = '\0';
	numa_judge(&numa, &mb);
	numa_findings(&(struct numa_evidence){ &numa, &mb, &map, PHYS_NONE }, &memory_to);
	assert_told("node-interleaved pxm 0 pxm 1\nsrat-uncovered-ram 0x10000000-0x10100000\n");
	entry(0, 256 * MIB, 257 * MIB, false);
	expect_numa("");
}

TEST(test_reach_and_cover)
{
	must_add(&mb, 0x1000, 0x9f000);
	must_add(&mb, MIB, GIB);
	must_add(&mb, 2 * GIB, 3 * GIB);
	entry(0, 0x2000, 64 * MIB, false);
	entry(0, 64 * MIB + PAGE_SIZE, 3 * GIB - PAGE_SIZE, false);
	entry(0, 63 * TIB, 64 * TIB, false);
	entry(0, 1ull << 46, (1ull << 46) + 1, false);
	expect_numa("range-out-of-reach 0x400000000000-0x400000000001 pxm 0\n"
		    "srat-uncovered-ram 0x1000-0x2000\nsrat-uncovered-ram 0x4000000-0x4001000\n"
		    "srat-uncovered-ram 0xbffff000-0xc0000000\n");
}

TEST(test_all_hotplug)
{
	must_add(&mb, 0x1000, 0x9f000);
	must_add(&mb, MIB, GIB);
	map.e[map.nr++] = (struct region){ { 0xe0000, MIB }, .type = E820_RESERVED };
	map.e[map.nr++] = (struct region){ { GIB, GIB + 0x1000 }, .type = E820_ACPI };
	map.e[map.nr++] = (struct region){ { GIB + 0x1000, GIB + 0x3000 }, .type = E820_NVS };
	entry(2, 0, 0x9f000, true);
	entry(2, MIB, GIB + 0x2000, true);
	expect_numa("hotplug-all\nhotplug-low-memory 0x0-0x9f000 pxm 2\n"
		    "hotplug-firmware-memory 0x40000000-0x40001000 pxm 2\n"
		    "hotplug-firmware-memory 0x40001000-0x40002000 pxm 2\n");
}

TEST(test_mixed_hotplug)
{
	must_add(&mb, MIB, 2 * GIB);
	map.e[map.nr++] = (struct region){ { 4 * GIB, 5 * GIB }, .type = E820_ACPI };
	entry(0, 0, GIB, false);
	entry(0, GIB, 2 * GIB, true);
	entry(6, 4 * GIB, 8 * GIB, true); /* a whole node to come: no memory of firmware counts */
	expect_numa("hotplug-mixed-node pxm 0\nhotplug-without-ram 0x100000000-0x200000000 pxm 6\n");
}

TEST(test_lonely_domains)
{
	must_add(&mb, MIB, 2 * GIB);
	entry(0, 0, GIB, false);
	entry(1, GIB, 2 * GIB, false);
	entry(2, 4 * GIB, 8 * GIB, false);
	expect_numa(""); /* nobody has CPUs: the table speaks of memory only */
	cpu(0);
	cpu(2);
	cpu(9);
	expect_numa("memory-only-domain pxm 1\ncpu-only-domain pxm 2\ncpu-only-domain pxm 9\n");
}

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
	s = numa_split(&numa, 0);
	assert_int_equal(s.fixed, 2 * GIB - MIB);
	assert_int_equal(s.movable, 2 * GIB);
	s = numa_split(&numa, GIB);
	assert_int_equal(s.fixed, 3 * GIB - MIB);
	assert_int_equal(s.movable, GIB);
}
