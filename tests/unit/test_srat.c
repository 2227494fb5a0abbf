/* SPDX-License-Identifier: MIT */
/* The SRAT: legal but awkward tables, damaged ones, and those of real machines where they are at hand. */
#include "tests/unit/cases.h"

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

/* ---- as data: srat.cases ---- */

static bool srat_line(const struct words *w)
{
	static const char *const kinds[] = { [SRAT_APIC] = "apic",
					     [SRAT_X2APIC] = "x2apic",
					     [SRAT_GENERIC_INITIATOR] = "generic-initiator",
					     [SRAT_GENERIC_PORT] = "generic-port" };
	size_t at = first_number(w);

	if (begins(w, "parse")) {
		assert_int_equal(parse(), status_named(w->word[1]));
	} else if (begins(w, "has")) {
		ASSERT_FIELDS(w, 1, FIELD("memory", srat.nr_mem), FIELD("initiators", srat.nr_initiator),
			      FIELD("revision", srat.revision), FIELD("bad_offset", srat.bad_offset),
			      FIELD("bad_length", srat.bad_length));
	} else if (begins(w, "memory")) {
		assert_mem(at, (uint32_t)number_at(w, 3), number_at(w, 4), number_at(w, 5), srat_flags_at(w, 6));
	} else if (begins(w, "initiator")) {
		assert_string_equal(kinds[srat.initiator[at].kind], w->word[3]);
		assert_initiator(at, srat.initiator[at].kind, (uint32_t)number_at(w, 4), (uint32_t)number_at(w, 5));
	} else if (begins(w, "byte")) {
		made.bytes[at] = (uint8_t)number_at(w, 3);
	} else {
		return table_line(w, &made);
	}
	return true;
}

CASES(srat, NULL, NULL, srat_line)

/* ---- tables by the number ---- */

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
	table_entry(&made, type, length, length < 2 ? 62 : length);
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
	srat_add_generic(&made, 5, 2, SRAT_ENABLED);
	table_entry(&made, 9, 3, 3);
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
	make_mixed();
	assert_int_equal(parse(), OK);
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
static uint64_t value_of(const char *object, const char *key)
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
	uint64_t type = value_of(object, "type");
	uint32_t flags;

	if (type == 3 || type == 4 || type == 7)
		return;
	assert_in_range(type, 0, 6);
	flags = (uint32_t)value_of(object, "flags");
	if (type == 1) {
		uint64_t base = value_of(object, "base");

		assert_mem(p->mem++, (uint32_t)value_of(object, "pxm"), base, base + value_of(object, "length"), flags);
	} else if (flags & SRAT_ENABLED) {
		assert_initiator(p->initiator++, kind[type], (uint32_t)value_of(object, "pxm"),
				 type == 0 || type == 2 ? (uint32_t)value_of(object, "apic") : 0);
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
