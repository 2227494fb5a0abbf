/* SPDX-License-Identifier: MIT */
/* The SRAT: legal but awkward tables, damaged ones, and those of real machines where they are at hand. */
#include "tests/unit/support.h"

#include "acpi/srat.h"

#include <stdio.h>

#define AT 0x7ffe1234ull

/* A table that lies in a heap block of just its size, so that the sanitizer sees any read beyond it. */
struct block {
	uint8_t *bytes;
	size_t len, hole; /* hole: an offset that cannot be read; beyond len: none */
};

static struct table made;
static struct srat srat;

static bool block_read(void *ctx, phys_t at, void *buf, size_t len)
{
	const struct block *b = ctx;

	if (at < AT || at - AT > b->len || len > b->len - (at - AT))
		return false;
	if (b->hole >= at - AT && b->hole < at - AT + len)
		return false;
	memcpy(buf, b->bytes + (at - AT), len);
	return true;
}

/* Opens and parses; a table that does not open is not parsed. */
static enum status parse_block(const uint8_t *bytes, size_t len, size_t hole)
{
	struct block b = { malloc(len), len, SIZE_MAX };
	const struct physmem mem = { block_read, &b };
	struct acpi_table t;
	enum status s;

	assert_non_null(b.bytes);
	memcpy(b.bytes, bytes, len);
	s = acpi_table_open(&t, &mem, AT);
	b.hole = hole;
	if (s == OK || s == ERR_CHECKSUM)
		s = srat_parse(&t, &srat);
	free(b.bytes);
	return s;
}

static enum status parse(void)
{
	table_end(&made);
	return parse_block(made.bytes, made.len, SIZE_MAX);
}

static void begin(uint8_t revision)
{
	srat_begin(&made, revision);
}

/* Types 5 and 6 have one layout. */
static void add_generic(uint8_t type, uint32_t pxm, uint32_t flags)
{
	table_u8(&made, type);
	table_u8(&made, 32);
	table_u16(&made, 0x0100);
	table_u32(&made, pxm);
	for (uint8_t i = 0; i < 16; i++)
		table_u8(&made, 0xf0 | i);
	table_u32(&made, flags);
	table_u32(&made, 0);
}

static void add_blank(uint8_t type, uint8_t length)
{
	table_u8(&made, type);
	table_u8(&made, length);
	table_zero(&made, length - 2u);
}

static void assert_mem(size_t i, uint32_t pxm, phys_t start, phys_t end, uint32_t flags)
{
	assert_true(i < srat.nr_mem);
	assert_int_equal(srat.mem[i].pxm, pxm);
	assert_range(srat.mem[i].r, start, end);
	assert_int_equal(srat.mem[i].enabled, flags & SRAT_ENABLED ? 1 : 0);
	assert_int_equal(srat.mem[i].hotplug, flags & SRAT_HOTPLUG ? 1 : 0);
	assert_int_equal(srat.mem[i].nonvolatile, flags & SRAT_NONVOLATILE ? 1 : 0);
}

static void assert_initiator(size_t i, enum srat_initiator_kind kind, uint32_t pxm, uint32_t apic_id)
{
	assert_true(i < srat.nr_initiator);
	assert_int_equal(srat.initiator[i].kind, kind);
	assert_int_equal(srat.initiator[i].pxm, pxm);
	assert_int_equal(srat.initiator[i].apic_id, apic_id);
}

static void assert_counts(size_t nr_mem, size_t nr_initiator)
{
	assert_int_equal(srat.nr_mem, nr_mem);
	assert_int_equal(srat.nr_initiator, nr_initiator);
}

static void assert_bad(uint32_t offset, uint8_t length)
{
	assert_int_equal(srat.bad_offset, offset);
	assert_int_equal(srat.bad_length, length);
}

/* ---- legal tables ---- */

TEST(test_two_nodes)
{
	begin(3);
	srat_add_apic(&made, 0, 0, SRAT_ENABLED);
	srat_add_apic(&made, 1, 2, SRAT_ENABLED);
	srat_add_mem(&made, 0, 0, 0xa0000, SRAT_ENABLED);
	srat_add_mem(&made, 0, 0x100000, 0x7ff00000, SRAT_ENABLED);
	srat_add_mem(&made, 1, 0x100000000, 0x80000000, SRAT_ENABLED | SRAT_HOTPLUG);
	assert_int_equal(parse(), OK);
	assert_int_equal(srat.revision, 3);
	assert_counts(3, 2);
	assert_mem(0, 0, 0, 0xa0000, SRAT_ENABLED);
	assert_mem(1, 0, 0x100000, 0x80000000, SRAT_ENABLED);
	assert_mem(2, 1, 0x100000000, 0x180000000, SRAT_ENABLED | SRAT_HOTPLUG);
	assert_initiator(0, SRAT_APIC, 0, 0);
	assert_initiator(1, SRAT_APIC, 1, 2);
	assert_bad(0, 0);
}

TEST(test_flags)
{
	begin(3);
	for (uint32_t flags = 0; flags < 8; flags++)
		srat_add_mem(&made, flags, flags << 30, 0x40000000, flags | 0xfffffff8);
	assert_int_equal(parse(), OK);
	assert_counts(8, 0);
	for (uint32_t flags = 0; flags < 8; flags++)
		assert_mem(flags, flags, (phys_t)(flags << 30), (phys_t)(flags << 30) + 0x40000000, flags);
}

/* A Ryzen Threadripper 2970WX has two dies without memory. */
TEST(test_cpu_only_domain)
{
	begin(3);
	srat_add_apic(&made, 0, 0, SRAT_ENABLED);
	srat_add_apic(&made, 1, 8, SRAT_ENABLED);
	srat_add_mem(&made, 0, 0, 0x80000000, SRAT_ENABLED);
	assert_int_equal(parse(), OK);
	assert_counts(1, 2);
	assert_initiator(1, SRAT_APIC, 1, 8);
	assert_mem(0, 0, 0, 0x80000000, SRAT_ENABLED);
}

/* CXL and HBM: memory without a processor. */
TEST(test_memory_only_domain)
{
	begin(3);
	srat_add_apic(&made, 0, 0, SRAT_ENABLED);
	srat_add_mem(&made, 0, 0, 0x80000000, SRAT_ENABLED);
	srat_add_mem(&made, 7, 0x8000000000, 0x4000000000, SRAT_ENABLED | SRAT_HOTPLUG | SRAT_NONVOLATILE);
	assert_int_equal(parse(), OK);
	assert_counts(2, 1);
	assert_mem(1, 7, 0x8000000000, 0xc000000000, SRAT_ENABLED | SRAT_HOTPLUG | SRAT_NONVOLATILE);
}

TEST(test_initiator_kinds_in_table_order)
{
	begin(3);
	add_generic(6, 0x04030201, SRAT_ENABLED);
	srat_add_x2apic(&made, 0x12345678, 0x00010002, SRAT_ENABLED);
	srat_add_mem(&made, 2, 0, 0x1000, SRAT_ENABLED);
	add_generic(5, 0xdeadbeef, SRAT_ENABLED);
	srat_add_apic(&made, 5, 0xfe, SRAT_ENABLED);
	assert_int_equal(parse(), OK);
	assert_counts(1, 4);
	assert_initiator(0, SRAT_GENERIC_PORT, 0x04030201, 0);
	assert_initiator(1, SRAT_X2APIC, 0x12345678, 0x00010002);
	assert_initiator(2, SRAT_GENERIC_INITIATOR, 0xdeadbeef, 0);
	assert_initiator(3, SRAT_APIC, 5, 0xfe);
}

/* Real firmware fills its table with disabled entries, APIC ids of 0xff and lengths of zero. */
TEST(test_disabled_filler)
{
	begin(3);
	srat_add_apic(&made, 0, 0, SRAT_ENABLED);
	srat_add_apic(&made, 0, 0xff, 0);
	srat_add_x2apic(&made, 0, 0xffffffff, 0);
	add_generic(5, 9, 0);
	add_generic(6, 9, ~SRAT_ENABLED);
	srat_add_mem(&made, 3, 0x1480000000, 0, 0);
	srat_add_mem(&made, 0, 0, 0x80000000, SRAT_ENABLED);
	assert_int_equal(parse(), OK);
	assert_counts(2, 1);
	assert_mem(0, 3, 0x1480000000, 0x1480000000, 0);
	assert_mem(1, 0, 0, 0x80000000, SRAT_ENABLED);
}

TEST(test_other_types)
{
	begin(3);
	add_blank(3, 18);
	add_blank(4, 12);
	add_blank(7, 20);
	add_blank(8, 6);
	add_blank(8, 2);
	add_blank(0xff, 2);
	add_blank(5, 31);
	add_blank(6, 2);
	srat_add_mem(&made, 1, 0, 0x1000, SRAT_ENABLED);
	assert_int_equal(parse(), OK);
	assert_counts(1, 0);
}

/* What becomes of an entry, by type and length. */
TEST(test_forms)
{
	static const uint8_t least[] = { [0] = 16, [1] = 40, [2] = 24, [5] = 32, [6] = 32, [7] = 0 };

	for (unsigned type = 0; type < 256; type++) {
		for (unsigned length = 2; length < 256; length++) {
			const union srat_entry e = { .head = { (uint8_t)type, (uint8_t)length } };
			enum srat_form want = type >= ARRAY_SIZE(least)  ? SRAT_UNKNOWN
					      : !least[type]             ? SRAT_FOREIGN
					      : length < least[type]     ? SRAT_BAD_LENGTH
					      : type == 0 && length > 16 ? SRAT_BAD_LENGTH
									 : SRAT_GOOD;

			assert_int_equal(srat_form(&e), want);
		}
	}
}

/* A processor that no MADT knows is nothing for this parser to refuse. */
TEST(test_any_apic_id)
{
	begin(3);
	srat_add_apic(&made, 0, 0xff, SRAT_ENABLED);
	srat_add_x2apic(&made, 0, 0xffffffff, SRAT_ENABLED);
	assert_int_equal(parse(), OK);
	assert_counts(0, 2);
	assert_initiator(0, SRAT_APIC, 0, 0xff);
	assert_initiator(1, SRAT_X2APIC, 0, 0xffffffff);
}

TEST(test_descending_order_is_kept)
{
	begin(3);
	for (uint32_t i = 4; i-- > 0;)
		srat_add_mem(&made, i, (uint64_t)i << 32, 1ull << 32, SRAT_ENABLED);
	assert_int_equal(parse(), OK);
	assert_counts(4, 0);
	for (uint32_t i = 0; i < 4; i++)
		assert_mem(i, 3 - i, (uint64_t)(3 - i) << 32, (uint64_t)(4 - i) << 32, SRAT_ENABLED);
}

/* Overlap and interleaving are for others to judge. */
TEST(test_overlap_is_kept)
{
	begin(3);
	srat_add_mem(&made, 0, 0, 0x3000, SRAT_ENABLED);
	srat_add_mem(&made, 1, 0x1000, 0x1000, SRAT_ENABLED);
	srat_add_mem(&made, 0, 0x3000, 0x1000, SRAT_ENABLED);
	assert_int_equal(parse(), OK);
	assert_counts(3, 0);
	assert_mem(0, 0, 0, 0x3000, SRAT_ENABLED);
	assert_mem(1, 1, 0x1000, 0x2000, SRAT_ENABLED);
	assert_mem(2, 0, 0x3000, 0x4000, SRAT_ENABLED);
}

TEST(test_sizes_zero_and_wrapping)
{
	begin(3);
	srat_add_mem(&made, 0, 0x180000000, 0, SRAT_ENABLED);
	srat_add_mem(&made, 1, 0xfffffffffffff000, 0x2000, SRAT_ENABLED);
	srat_add_mem(&made, 2, 0xfffffffffffff000, 0x1000, SRAT_ENABLED);
	srat_add_mem(&made, 3, 0, UINT64_MAX, SRAT_ENABLED);
	srat_add_mem(&made, 4, 1, UINT64_MAX, SRAT_ENABLED);
	assert_int_equal(parse(), OK);
	assert_mem(0, 0, 0x180000000, 0x180000000, SRAT_ENABLED);
	assert_mem(1, 1, 0xfffffffffffff000, 0x1000, SRAT_ENABLED);
	assert_mem(2, 2, 0xfffffffffffff000, 0, SRAT_ENABLED);
	assert_mem(3, 3, 0, UINT64_MAX, SRAT_ENABLED);
	assert_mem(4, 4, 1, 0, SRAT_ENABLED);
}

/*
 * ACPI 1.0's table had 8 bits; Linux looks at the high ones of type 0 from revision 2 on, of types 2, 5 and 6 always.
 */
TEST(test_pxm_width)
{
	static const struct {
		uint8_t revision;
		uint32_t mem, apic;
	} c[] = {
		{ 0, 0x2c, 0x2c },
		{ 1, 0x2c, 0x2c },
		{ 2, 0x9a56012c, 0x9a56012c },
		{ 3, 0x9a56012c, 0x9a56012c },
	};

	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		begin(c[i].revision);
		srat_add_apic(&made, 0x9a56012c, 1, SRAT_ENABLED);
		srat_add_x2apic(&made, 0x9a56012c, 2, SRAT_ENABLED);
		add_generic(5, 0x9a56012c, SRAT_ENABLED);
		srat_add_mem(&made, 0x9a56012c, 0, 0x1000, SRAT_ENABLED);
		assert_int_equal(parse(), OK);
		assert_int_equal(srat.revision, c[i].revision);
		assert_initiator(0, SRAT_APIC, c[i].apic, 1);
		assert_initiator(1, SRAT_X2APIC, 0x9a56012c, 2);
		assert_initiator(2, SRAT_GENERIC_INITIATOR, 0x9a56012c, 0);
		assert_mem(0, c[i].mem, 0, 0x1000, SRAT_ENABLED);
	}
}

TEST(test_pxm_300)
{
	begin(3);
	srat_add_mem(&made, 0, 0, 0x1000, SRAT_ENABLED);
	srat_add_mem(&made, 300, 0x1000, 0x1000, SRAT_ENABLED);
	srat_add_apic(&made, 300, 4, SRAT_ENABLED);
	assert_int_equal(parse(), OK);
	assert_mem(0, 0, 0, 0x1000, SRAT_ENABLED);
	assert_mem(1, 300, 0x1000, 0x2000, SRAT_ENABLED);
	assert_initiator(0, SRAT_APIC, 300, 4);
}

/* Only type 0 must have its exact length. */
TEST(test_longer_entries)
{
	begin(3);
	srat_add_mem(&made, 6, 0x1000, 0x1000, SRAT_ENABLED);
	made.bytes[48 + 1] = 44;
	table_zero(&made, 4);
	srat_add_x2apic(&made, 6, 7, SRAT_ENABLED);
	made.bytes[48 + 44 + 1] = 30;
	table_zero(&made, 6);
	srat_add_apic(&made, 6, 8, SRAT_ENABLED);
	assert_int_equal(parse(), OK);
	assert_mem(0, 6, 0x1000, 0x2000, SRAT_ENABLED);
	assert_initiator(0, SRAT_X2APIC, 6, 7);
	assert_initiator(1, SRAT_APIC, 6, 8);
}

TEST(test_stray_bytes_at_the_end)
{
	for (size_t stray = 0; stray < 4; stray++) {
		begin(3);
		srat_add_mem(&made, 1, 0, 0x1000, SRAT_ENABLED);
		table_zero(&made, stray);
		assert_int_equal(parse(), stray <= 2 ? OK : ERR_MALFORMED);
		assert_counts(1, 0);
	}
	assert_bad(88, 0);
}

TEST(test_no_entries)
{
	begin(3);
	assert_int_equal(parse(), OK);
	assert_counts(0, 0);
}

/* ---- damage ---- */

TEST(test_short_table)
{
	for (size_t len = 36; len < 48; len++) {
		begin(3);
		made.len = len;
		assert_int_equal(parse(), ERR_MALFORMED);
		assert_counts(0, 0);
		assert_bad(0, 0);
	}
}

/* One good entry, then one that Linux, or the end of the table, does not stand; then one that is not looked at. */
static void assert_damage(uint8_t type, uint8_t length)
{
	begin(3);
	srat_add_apic(&made, 2, 3, SRAT_ENABLED);
	table_u8(&made, type);
	table_u8(&made, length);
	table_zero(&made, length < 2 ? 60 : length - 2u);
	srat_add_mem(&made, 1, 0, 0x1000, SRAT_ENABLED);
	assert_int_equal(parse(), ERR_MALFORMED);
	assert_counts(0, 1);
	assert_initiator(0, SRAT_APIC, 2, 3);
	assert_bad(64, length);
}

TEST(test_bad_lengths)
{
	for (unsigned length = 2; length < 256; length++) {
		if (length != 16)
			assert_damage(0, (uint8_t)length);
		if (length < 40)
			assert_damage(1, (uint8_t)length);
		if (length < 24)
			assert_damage(2, (uint8_t)length);
	}
	for (unsigned type = 0; type < 256; type++) {
		assert_damage((uint8_t)type, 0);
		assert_damage((uint8_t)type, 1);
	}
}

TEST(test_entry_past_the_end)
{
	begin(3);
	srat_add_mem(&made, 1, 0, 0x1000, SRAT_ENABLED);
	srat_add_mem(&made, 2, 0x1000, 0x1000, SRAT_ENABLED);
	made.len--;
	assert_int_equal(parse(), ERR_MALFORMED);
	assert_counts(1, 0);
	assert_mem(0, 1, 0, 0x1000, SRAT_ENABLED);
	assert_bad(88, 40);
}

/* The end of a table falls at every byte of it, with the length field following and without. */
static void make_mixed(void)
{
	begin(3);
	srat_add_apic(&made, 0, 1, SRAT_ENABLED);
	srat_add_x2apic(&made, 1, 2, SRAT_ENABLED);
	srat_add_mem(&made, 0, 0, 0x80000000, SRAT_ENABLED);
	add_generic(5, 2, SRAT_ENABLED);
	add_blank(9, 3);
	srat_add_mem(&made, 1, 0x100000000, 0x80000000, SRAT_ENABLED | SRAT_HOTPLUG);
	table_end(&made);
}

TEST(test_every_truncation)
{
	static const size_t entry_end[] = { 48, 64, 88, 128, 160, 163, 203 };
	static const size_t nr_mem[] = { 0, 0, 0, 1, 1, 1, 2 }, nr_initiator[] = { 0, 1, 2, 2, 3, 3, 3 };
	size_t k = 0;

	make_mixed();
	assert_int_equal(made.len, 203);
	for (size_t len = 48; len <= 203; len++) {
		if (k + 1 < ARRAY_SIZE(entry_end) && len == entry_end[k + 1])
			k++;
		make_mixed();
		made.len = len;
		assert_int_equal(parse(), len - entry_end[k] <= 2 ? OK : ERR_MALFORMED);
		assert_counts(nr_mem[k], nr_initiator[k]);
		if (len - entry_end[k] > 2)
			assert_int_equal(srat.bad_offset, entry_end[k]);
	}
	for (size_t len = 1; len < 203; len++) {
		make_mixed();
		assert_int_equal(parse_block(made.bytes, len, SIZE_MAX), ERR_UNREADABLE);
	}
}

TEST(test_every_byte_unreadable)
{
	make_mixed();
	for (size_t hole = 48; hole < 203; hole++)
		assert_int_equal(parse_block(made.bytes, made.len, hole), ERR_UNREADABLE);
}

/*
 * Any single changed byte: parsed or refused, never more than the table can hold, and a change of a value shows as
 * that.
 */
TEST(test_every_byte_changed)
{
	make_mixed();
	for (size_t at = 8; at < made.len; at++) {
		for (unsigned flip = 1; flip < 256; flip++) {
			enum status s;

			made.bytes[at] ^= (uint8_t)flip;
			s = parse_block(made.bytes, made.len, SIZE_MAX);
			made.bytes[at] ^= (uint8_t)flip;
			assert_true(s == OK || s == ERR_MALFORMED);
			assert_true(srat.nr_mem * 40 + srat.nr_initiator * 16 <= 203 - 48);
			if (s == ERR_MALFORMED)
				assert_in_range(srat.bad_offset, 48, 203);
			else
				assert_int_equal(srat.bad_offset, 0);
			/* Base and length of the first range. */
			if (at >= 88 + 8 && at < 88 + 24) {
				assert_int_equal(s, OK);
				assert_counts(2, 3);
				assert_true(srat.mem[0].r.start != 0 || srat.mem[0].r.end != 0x80000000);
				assert_mem(1, 1, 0x100000000, 0x180000000, SRAT_ENABLED | SRAT_HOTPLUG);
			}
		}
	}
}

TEST(test_checksum_does_not_matter_here)
{
	make_mixed();
	made.bytes[9] ^= 1;
	assert_int_equal(parse_block(made.bytes, made.len, SIZE_MAX), OK);
	assert_counts(2, 3);
}

TEST(test_full)
{
	begin(3);
	for (uint32_t i = 0; i < SRAT_MAX_MEM; i++)
		srat_add_mem(&made, i, (uint64_t)i << 30, 1 << 30, SRAT_ENABLED);
	assert_int_equal(parse(), OK);
	assert_mem(SRAT_MAX_MEM - 1, 4095, 4095ull << 30, 4096ull << 30, SRAT_ENABLED);
	srat_add_mem(&made, 0, 0, 0x1000, 0);
	assert_int_equal(parse(), ERR_FULL);
	assert_int_equal(srat.nr_mem, SRAT_MAX_MEM);
	assert_bad(48 + 4096 * 40, 40);

	begin(3);
	for (uint32_t i = 0; i < SRAT_MAX_CPU; i++)
		srat_add_x2apic(&made, 1, i, SRAT_ENABLED);
	srat_add_x2apic(&made, 1, SRAT_MAX_CPU, 0); /* a disabled one needs no place */
	assert_int_equal(parse(), OK);
	assert_initiator(SRAT_MAX_CPU - 1, SRAT_X2APIC, 1, 8191);
	srat_add_x2apic(&made, 1, SRAT_MAX_CPU, SRAT_ENABLED);
	assert_int_equal(parse(), ERR_FULL);
	assert_int_equal(srat.nr_initiator, SRAT_MAX_CPU);
}

/* What an earlier, larger table left behind does not show. */
TEST(test_parsed_anew)
{
	test_disabled_filler();
	test_bad_lengths();
	begin(2);
	srat_add_mem(&made, 1, 0, 0x1000, SRAT_ENABLED);
	assert_int_equal(parse(), OK);
	assert_counts(1, 0);
	assert_bad(0, 0);
}

/* ---- recorded tables, each compared with what another parser made of it ---- */
static char *slurp(const char *path, size_t *len)
{
	FILE *f = open_recorded(path);
	char *text;

	if (!f)
		return NULL;
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	*len = (size_t)ftell(f);
	rewind(f);
	text = malloc(*len + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, *len, f), *len);
	text[*len] = '\0';
	fclose(f);
	return text;
}

/* Value of a key of the flat object that begins at `object`. */
static uint64_t number(const char *object, const char *key)
{
	const char *end = strchr(object, '}'), *at;
	char quoted[32];

	snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	at = strstr(object, quoted);
	assert_true(at && end && at < end);
	return strtoull(at + strlen(quoted), NULL, 10);
}

struct progress {
	size_t mem, initiator;
};

/* One decoded entry against the next of ours. */
static void compare_entry(const char *object, struct progress *p)
{
	static const enum srat_initiator_kind kind[] = {
		[0] = SRAT_APIC, [2] = SRAT_X2APIC, [5] = SRAT_GENERIC_INITIATOR, [6] = SRAT_GENERIC_PORT
	};
	uint64_t type = number(object, "type");
	uint32_t flags;

	if (type == 3 || type == 4 || type == 7)
		return;
	assert_in_range(type, 0, 6);
	flags = (uint32_t)number(object, "flags");
	if (type == 1) {
		uint64_t base = number(object, "base");

		assert_mem(p->mem++, (uint32_t)number(object, "pxm"), base, base + number(object, "length"), flags);
	} else if (flags & SRAT_ENABLED) {
		assert_initiator(p->initiator++, kind[type], (uint32_t)number(object, "pxm"),
				 type == 0 || type == 2 ? (uint32_t)number(object, "apic") : 0);
	}
}

/* decoded: from the table's name on. */
static void compare_table(const char *decoded, enum status s)
{
	const char *errors = strstr(decoded, "\"errors\": ["), *entries = strstr(decoded, "\"entries\": [");
	const char *object, *end;
	struct progress p = { 0 };

	assert_non_null(errors);
	assert_non_null(entries);
	assert_int_equal(s, errors[strlen("\"errors\": [")] == ']' ? OK : ERR_MALFORMED);
	end = strchr(entries + strlen("\"entries\": ["), ']');
	for (object = strchr(entries, '{'); object && object < end; object = strchr(object + 1, '{'))
		compare_entry(object, &p);
	assert_counts(p.mem, p.initiator);
}

TEST(test_recorded_tables)
{
	static const char key[] = "\n\"";
	size_t len, tables = 0;
	char *json = slurp("decoded.json", &len), path[256];

	if (!json)
		skip();
	/* Tables are named by lines `"folder/file": {`; no other key has a slash. */
	for (char *at = strstr(json, key); at; at = strstr(at + 1, key)) {
		char *name = at + strlen(key), *quote = strchr(name, '"'), *bytes;

		if (!memchr(name, '/', (size_t)(quote - name)))
			continue;
		snprintf(path, sizeof(path), "%.*s", (int)(quote - name), name);
		bytes = slurp(path, &len);
		assert_non_null(bytes);
		print_message("%s\n", path);
		compare_table(quote, parse_block((const uint8_t *)bytes, len, SIZE_MAX));
		free(bytes);
		tables++;
	}
	assert_true(tables > 100);
	free(json);
}

/* The table that a Dell Precision Tower 5810 carries second: an entry of length 0 in the middle. */
TEST(test_recorded_zero_length)
{
	size_t len;
	char *bytes = slurp("linuxhw-Dell-Precision-Tower-5810-998589835EA1/SRAT.dat", &len);

	if (!bytes)
		skip();
	assert_int_equal(parse_block((const uint8_t *)bytes, len, SIZE_MAX), ERR_MALFORMED);
	assert_counts(32, 4);
	assert_bad(0x1148, 0);
	free(bytes);
}
