/* SPDX-License-Identifier: MIT */
/*
 * The log byte for byte: stamps, line ends, JSON and its CRC, and what becomes of lines printed before a console is
 * open.
 */
#include "tests/unit/support.h"

#include <stdio.h>

#include "kernel/state/log.h"
#include "lib/format.h"

#define BOOT_ID 0x0123456789abcdefull
#define HEAD(kind, seq) "{\"rec\":\"" kind "\",\"boot_id\":\"0123456789abcdef\",\"seq\":" seq

/* A console that keeps all it is given, and a counter that the test turns. */
struct wire {
	char bytes[1 << 17];
	size_t len;
	unsigned writes;
	uint64_t tsc;
};

static struct wire wire;
static struct log_state log_state;
static struct log lg;

static void wire_write(void *ctx, const char *s, size_t len)
{
	struct wire *w = ctx;

	assert_true(w->len + len < sizeof(w->bytes));
	memcpy(w->bytes + w->len, s, len);
	w->len += len;
	w->bytes[w->len] = '\0';
	w->writes++;
}

static uint64_t wire_tsc(void *ctx)
{
	return ((struct wire *)ctx)->tsc;
}

/* 1 GHz from 1000 on: a tick is a nanosecond. */
static int start(void **state)
{
	(void)state;
	memset(&wire, 0, sizeof(wire));
	memset(&log_state, 0xaa, sizeof(log_state));
	wire.tsc = 1000;
	lg = (struct log){ .s = &log_state, .sink = { wire_write, wire_tsc, &wire } };
	log_init(&log_state, 1000, 1000000000, BOOT_ID);
	return 0;
}

static int start_open(void **state)
{
	start(state);
	log_open(&lg);
	assert_int_equal(wire.len, 0);
	return 0;
}

static void expect(const char *bytes)
{
	assert_string_equal(wire.bytes, bytes);
	wire.len = 0;
	wire.bytes[0] = '\0';
}

/* CRC-32 bit by bit, from the polynomial's definition: not the code under test. */
static uint32_t crc_by_definition(const char *s, size_t len)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= (uint8_t)s[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	return ~crc;
}

/* The wire holds exactly `body`, its CRC and the line's end. */
static void expect_record(const char *body)
{
	static char line[sizeof(wire.bytes) + 64];

	snprintf(line, sizeof(line), "%s,\"crc\":\"%08x\"}\r\n", body, crc_by_definition(body, strlen(body)));
	expect(line);
}

/* ---- text ---- */

TEST_WITH(test_stamp, start_open, NULL)
{
	log_text(&lg, "first");
	expect("[    0.000000] first\r\n");
	wire.tsc = 1000 + 1234999;
	log_text(&lg, "%s %d", "second", 2);
	expect("[    0.001234] second 2\r\n");
	wire.tsc = 1000 + 123456987654321;
	log_text(&lg, "late");
	expect("[123456.987654] late\r\n");
	assert_int_equal(wire.writes, 3);
}

TEST_WITH(test_raw_has_no_stamp, start_open, NULL)
{
	log_raw(&lg, "\aKTAP version %d", 1);
	expect("?KTAP version 1\r\n");
}

TEST_WITH(test_clock, start_open, NULL)
{
	wire.tsc = 1000 + 77;
	assert_int_equal(log_now_ns(&lg), 77);
	wire.tsc = 999; /* behind the start */
	assert_int_equal(log_now_ns(&lg), 0);
	wire.tsc = 5000;
	log_state.tsc_hz = 0;
	assert_int_equal(log_now_ns(&lg), 0);
	log_state.tsc_start = 0;
	log_state.tsc_hz = 3;
	wire.tsc = 7;
	assert_int_equal(log_now_ns(&lg), 2333333333);
	log_state.tsc_hz = 2999999999; /* a day */
	wire.tsc = 2999999999ull * 86400;
	assert_int_equal(log_now_ns(&lg), 86400000000000ull);
	log_state.tsc_hz = 1ull << 40; /* no such machine, but no overflow either */
	wire.tsc = 3ull << 39;
	assert_int_equal(log_now_ns(&lg), 1500000000);
	log_state.tsc_hz = 1;
	wire.tsc = UINT64_MAX / 1000000000 - 1;
	assert_int_equal(log_now_ns(&lg), 18446744072000000000ull);
	wire.tsc = UINT64_MAX;
	assert_true(log_now_ns(&lg) == UINT64_MAX);
}

TEST_WITH(test_text_off, start_open, NULL)
{
	log_state.text = false;
	log_text(&lg, "dropped");
	expect("");
	log_always(&lg, "error: %s", "said");
	expect("[    0.000000] error: said\r\n");
	log_raw(&lg, "1..1");
	expect("1..1\r\n");
}

TEST_WITH(test_columns, start_open, NULL)
{
	char text[300], line[400];

	memset(text, 'x', sizeof(text));
	text[185] = '\0'; /* with the stamp's 15: exactly 200 */
	log_text(&lg, "%s", text);
	snprintf(line, sizeof(line), "[    0.000000] %s\r\n", text);
	expect(line);

	text[185] = 'x';
	text[186] = '\0'; /* one too many */
	log_text(&lg, "%s", text);
	memcpy(line + 197, "...", 3);
	expect(line);

	text[186] = 'x';
	text[299] = '\0';
	log_raw(&lg, "%s", text);
	memset(line, 'x', 197);
	expect(line);
}

TEST_WITH(test_plain_ascii, start_open, NULL)
{
	log_text(&lg, "a\nb\tc\x7f\xc3\xa4~ \x1b[0m");
	expect("[    0.000000] a?b?c???~ ?[0m\r\n");
}

/* ---- records ---- */

/* The CRC here was computed by zlib. */
TEST_WITH(test_record_bytes, start_open, NULL)
{
	log_record(&lg, "reserved", "start%llx end%llx what%s", (ull)0, (ull)0x100000, "low memory");
	expect(HEAD("reserved",
		    "0") ",\"start\":\"0x0\",\"end\":\"0x100000\",\"what\":\"low memory\",\"crc\":\"494cb2f2\"}\r\n");
	assert_int_equal(wire.writes, 1);
}

TEST_WITH(test_all_values, start_open, NULL)
{
	const char *volatile none = NULL;

	log_record(&lg, "x", "zero%llu max%llu small%u hex%llx all%llx none%llX some%llX", (ull)0, (ull)UINT64_MAX,
		   UINT32_MAX, (ull)0xFFFFFFFFABCDEF00, (ull)UINT64_MAX, (ull)UINT64_MAX, (ull)16);
	expect_record(HEAD("x", "0") ",\"zero\":0,\"max\":18446744073709551615,\"small\":4294967295,"
				     "\"hex\":\"0xffffffffabcdef00\",\"all\":\"0xffffffffffffffff\",\"none\":null,"
				     "\"some\":\"0x10\"");
	log_record(&lg, "x", "half%'llu bit%'llu yes%i no%i node%d none%d slot%lld none%lld null%s", (ull)500000,
		   (ull)3000001, true, false, 7, -1, 1ll << 40, -1ll, none);
	expect_record(HEAD("x", "1") ",\"half\":0.500000,\"bit\":3.000001,\"yes\":true,\"no\":false,\"node\":7,"
				     "\"none\":null,\"slot\":1099511627776,\"none\":null,\"null\":null");
}

TEST_WITH(test_nesting, start_open, NULL)
{
	log_begin(&lg, "x", "leaf{4k%llu 209m%llu} intervals[", (ull)1, (ull)2);
	for (uint64_t i = 0; i < 2; i++)
		log_members(&lg, "[%llx %llx]", (ull)i, (ull)(i + 1));
	log_members(&lg, "] empty[] nothing{} last%s", "");
	log_end(&lg);
	expect_record(
		HEAD("x", "0") ",\"leaf\":{\"4k\":1,\"209m\":2},\"intervals\":[[\"0x0\",\"0x1\"],[\"0x1\",\"0x2\"]],"
			       "\"empty\":[],\"nothing\":{},\"last\":\"\"");
}

TEST_WITH(test_escapes, start_open, NULL)
{
	log_record(&lg, "x", "s%s", "a\"b\\c/\n\x01\x7f\xc3\xa4~");
	expect_record(HEAD("x", "0") ",\"s\":\"a\\\"b\\\\c/\\u000a\\u0001\\u007f\\u00c3\\u00a4~\"");
}

TEST_WITH(test_seq_counts_up, start_open, NULL)
{
	log_record(&lg, "x", " ");
	expect_record(HEAD("x", "0"));
	log_text(&lg, "between");
	wire.len = 0;
	log_record(&lg, "y", " ");
	expect_record(HEAD("y", "1"));
	log_state.seq = 99999;
	log_record(&lg, "z", " ");
	expect_record(HEAD("z", "99999"));
}

TEST_WITH(test_json_off, start_open, NULL)
{
	log_state.json = false;
	log_record(&lg, "x", "n%llu", (ull)1);
	expect("");
	log_state.json = true;
	log_record(&lg, "y", " ");
	expect_record(HEAD("y", "0")); /* what was never sent has no number */
}

/* A fault in the middle of a record: the next one is whole and takes its number. */
TEST_WITH(test_record_given_up, start_open, NULL)
{
	log_begin(&lg, "map", "leaf{4k%llu", (ull)1);
	log_record(&lg, "end", "status%s", "fault");
	expect_record(HEAD("end", "0") ",\"status\":\"fault\"");
}

TEST_WITH(test_text_inside_a_record, start_open, NULL)
{
	log_begin(&lg, "x", " ");
	log_text(&lg, "between");
	expect("[    0.000000] between\r\n");
	log_members(&lg, "n%llu", (ull)1);
	log_end(&lg);
	expect_record(HEAD("x", "0") ",\"n\":1");
}

/* The longest command line fits whole. */
TEST_WITH(test_long_string, start_open, NULL)
{
	static char text[16384], body[20000];

	memset(text, 'x', sizeof(text) - 1);
	log_record(&lg, "boot", "cmdline%s", text);
	snprintf(body, sizeof(body), HEAD("boot", "0") ",\"cmdline\":\"%s\"", text);
	expect_record(body);
}

/* Hostile strings are cut, never at half an escape, and there is room behind them. */
TEST_WITH(test_too_long_strings, start_open, NULL)
{
	static char text[16384];
	char *quote;

	memset(text, 0x80, sizeof(text) - 1);
	log_record(&lg, "boot", "a%s b%s c%s d%s", text, text, text, "short");
	assert_true(wire.len <= LOG_LINE_MAX);
	quote = strstr(wire.bytes, "...\",\"b\":\"\\u0080");
	assert_non_null(quote);
	assert_memory_equal(quote - 6, "\\u0080", 6);
	assert_non_null(strstr(wire.bytes, "...\",\"d\":\"short\",\"crc\":\""));
}

static void overflow_record(void *arg)
{
	(void)arg;
	log_begin(&lg, "x", " ");
	for (unsigned i = 0; i < LOG_LINE_MAX; i++)
		log_members(&lg, "n%llu", (ull)i);
}

TEST_WITH(test_room, start_open, NULL)
{
	size_t room;

	log_begin(&lg, "x", " ");
	room = log_room(&lg);
	assert_int_equal(room, LOG_LINE_MAX - strlen(HEAD("x", "0")) - strlen(",\"crc\":\"01234567\"}\r\n"));
	log_members(&lg, "b%i", true);
	assert_int_equal(log_room(&lg), room - strlen(",\"b\":true"));
	/* Filled to the last byte, the record still ends as it should. */
	while (log_room(&lg) >= 8)
		log_members(&lg, "b%i", true);
	log_end(&lg);
	assert_true(wire.len > LOG_LINE_MAX - 9);
	assert_string_equal(wire.bytes + wire.len - 4, "\"}\r\n");
	assert_kassert(overflow_record, NULL);
}

static void end_open_object(void *arg)
{
	(void)arg;
	log_record(&lg, "x", "o{");
}

static void close_the_record(void *arg)
{
	(void)arg;
	log_begin(&lg, "x", "}");
}

TEST_WITH(test_unbalanced, start_open, NULL)
{
	assert_kassert(end_open_object, NULL);
	assert_kassert(close_the_record, NULL);
}

/* ---- a sign of life ---- */

TEST_WITH(test_beacon, start_open, NULL)
{
	const uint64_t second = 1000000000;

	wire.tsc = 1000 + 10 * second - 1;
	log_beacon(&lg);
	expect("");
	wire.tsc = 1000 + 10 * second;
	log_beacon(&lg);
	log_beacon(&lg);
	expect("[   10.000000] still at work\r\n");
	/* Whatever goes out counts, records too; what is not printed does not. */
	wire.tsc += 9 * second;
	log_record(&lg, "x", " ");
	expect(HEAD("x", "0") ",\"crc\":\"35fe7781\"}\r\n");
	wire.tsc += 9 * second;
	log_state.json = false;
	log_record(&lg, "x", " ");
	log_beacon(&lg);
	expect("");
	wire.tsc += second;
	log_beacon(&lg);
	expect("[   29.000000] still at work\r\n");
	log_state.text = false;
	wire.tsc += 60 * second;
	log_beacon(&lg);
	expect("");
	/* No clock, no line. */
	log_init(&log_state, 1000, 0, BOOT_ID);
	log_open(&lg);
	log_beacon(&lg);
	expect("");
}

/* ---- before a console is open ---- */

TEST_WITH(test_replay, start, NULL)
{
	wire.tsc = 1000 + 5000;
	log_text(&lg, "early %d", 1);
	log_record(&lg, "x", " ");
	log_raw(&lg, "raw");
	expect("");
	wire.tsc = 1000 + 9000;
	log_open(&lg);
	assert_int_equal(wire.writes, 3); /* a line a call, here too */
	log_text(&lg, "now");
	expect("[    0.000005] early 1\r\n" HEAD("x", "0") ",\"crc\":\"35fe7781\"}\r\nraw\r\n[    0.000009] now\r\n");
	log_open(&lg);
	expect("");
}

/* What report= wants is known only after lines were kept. */
TEST_WITH(test_replay_filters, start, NULL)
{
	log_text(&lg, "text");
	log_always(&lg, "error: x");
	log_record(&lg, "x", " ");
	log_state.text = false;
	log_state.json = false;
	log_open(&lg);
	expect("[    0.000000] error: x\r\n");
}

/* 20 bytes of text, 15 of stamp, 2 of line end and 1 of kind: 38 a line, 215 lines in 8192 bytes, 22 bytes left. */
TEST_WITH(test_replay_loss, start, NULL)
{
	size_t at = 0;

	for (unsigned i = 0; i < 300; i++)
		log_text(&lg, "line %03u xxxxxxxxxxx", i);
	log_text(&lg, "x"); /* would fit, but comes after a loss */
	log_open(&lg);
	log_open(&lg);
	for (unsigned i = 0; i < 215; i++) {
		char line[64];
		int n = snprintf(line, sizeof(line), "[    0.000000] line %03u xxxxxxxxxxx\r\n", i);

		assert_memory_equal(wire.bytes + at, line, n);
		at += (size_t)n;
	}
	assert_string_equal(wire.bytes + at, "[    0.000000] log: 86 lines lost before the console was open\r\n");
}

/* The state may be copied elsewhere, early lines, numbers and all. */
TEST_WITH(test_moves, start, NULL)
{
	static struct log_state moved;

	log_text(&lg, "before");
	log_record(&lg, "x", " ");
	memcpy(&moved, &log_state, sizeof(moved));
	memset(&log_state, 0xff, sizeof(log_state));
	lg.s = &moved;
	log_open(&lg);
	log_record(&lg, "y", " ");
	assert_memory_equal(wire.bytes, "[    0.000000] before\r\n", 23);
	assert_non_null(strstr(wire.bytes, HEAD("y", "1")));
}
