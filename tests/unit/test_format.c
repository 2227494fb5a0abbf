/* SPDX-License-Identifier: MIT */
/* format() against the host's snprintf, byte for byte and length for length. */
#include "tests/unit/support.h"

#include <limits.h>
#include <stdio.h>

#include "lib/format.h"

/* Odd combinations are the point here, and the compiler cannot see the formats that are made up at run time. */
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-security"

#define RANDOM_RUNS 200000

/* The same call to both; a buffer of `size` bytes, guarded behind. */
#define SAME(size, ...)                                                                                                \
	do {                                                                                                           \
		char ours[256], theirs[256];                                                                           \
		int n, m;                                                                                              \
		memset(ours, '~', sizeof(ours));                                                                       \
		memset(theirs, '~', sizeof(theirs));                                                                   \
		n = format(ours, size, __VA_ARGS__);                                                                   \
		m = snprintf(theirs, size, __VA_ARGS__);                                                               \
		if (n != m || memcmp(ours, theirs, sizeof(ours)) != 0)                                                 \
			fail_msg("ours %d \"%.200s\", libc %d \"%.200s\"", n, ours, m, theirs);                        \
	} while (0)

static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static unsigned random_below(unsigned n)
{
	return (unsigned)(random_next() >> 33) % n;
}

/* Numbers of all lengths: the short ones and the borders are where the rules differ. */
static uint64_t random_number(void)
{
	static const uint64_t border[] = {
		0,     1,     9,         10,         127,        128,       255,        256,        32767,
		32768, 65535, INT32_MAX, 1ull << 31, UINT32_MAX, INT64_MAX, 1ull << 63, UINT64_MAX,
	};
	if (random_below(3) == 0)
		return border[random_below(ARRAY_SIZE(border))];
	return random_next() >> random_below(64);
}

TEST(test_plain)
{
	SAME(64, "plain");
	SAME(64, "%%|%s|%c", "text", 'x');
	SAME(64, "%d %d %u %x %X", -5, 7, 42u, 0xbeefu, 0xBEEFu);
	SAME(64, "%5d|%-5d|%05d|%-05d|", 42, 42, 42, 42);
	SAME(64, "%5d|%-5d|%05d|%-05d|%03d|%02d", -42, -42, -42, -42, -42, -42);
	SAME(64, "%*d|%-*d|%*d|%0*d", 6, 1, 6, 2, -6, 3, 4, 5);
	SAME(64, "%10s|%-10s|%.2s|%10.2s|%.*s", "abc", "abc", "abc", "abc", 1, "abc");
	SAME(64, "%3c|%-3c|", 'a', 'b');
	SAME(64, "%.*s|%5.*s", -1, "abc", 2, "abc");
	SAME(64, "%018llx", 0x1234abcdull);
	SAME(64, "[%5lu.%06lu] ", 12ul, 345ul);
}

TEST(test_lengths)
{
	SAME(128, "%d %ld %lld %zd", INT32_MIN, LONG_MIN, (long long)INT64_MIN, (ssize_t)-1);
	SAME(128, "%u %lu %llu %zu", UINT32_MAX, ULONG_MAX, (unsigned long long)UINT64_MAX, SIZE_MAX);
	SAME(128, "%x %lx %llx", UINT32_MAX, ULONG_MAX, (unsigned long long)UINT64_MAX);
}

static void expect_size(uint64_t bytes, const char *words)
{
	char buf[32];

	assert_int_equal(format(buf, sizeof(buf), "%'llu|%'-10llu|%'10llu", (ull)bytes, (ull)bytes, (ull)bytes),
			 strlen(words) + 22);
	buf[strlen(words)] = '\0';
	assert_string_equal(buf, words);
}

TEST(test_sizes)
{
	expect_size(0, "0 B");
	expect_size(1023, "1023 B");
	expect_size(KIB, "1 KiB");
	expect_size(2 * MIB, "2 MiB");
	expect_size(2 * MIB - 1, "1.9 MiB");
	expect_size(GIB + MIB, "1.0 GiB");
	expect_size(1536 * TIB, "1.5 PiB");
	expect_size(UINT64_MAX, "15.9 EiB");
}

TEST(test_ranges)
{
	const struct range low = { 0x1000, 0x9fc00 }, all = { 0, 0 };
	char buf[64];

	assert_int_equal(format(buf, sizeof(buf), "%8p %s", &low, "free"), 32);
	assert_string_equal(buf, "[mem 0x00001000-0x0009fbff] free");
	assert_int_equal(format(buf, sizeof(buf), "%16p", &all), 43);
	assert_string_equal(buf, "[mem 0x0000000000000000-0xffffffffffffffff]");
}

TEST(test_null_string)
{
	char buf[32];
	const char *volatile null = NULL;

	assert_int_equal(format(buf, sizeof(buf), "<%s>", null), 8);
	assert_string_equal(buf, "<(null)>");
}

/* A string with a precision need not end in NUL. */
TEST(test_precision_bounds_reading)
{
	char *heap = malloc(3), buf[16];

	memcpy(heap, "abc", 3);
	assert_int_equal(format(buf, sizeof(buf), "%.3s", heap), 3);
	assert_string_equal(buf, "abc");
	free(heap);
}

TEST(test_cut)
{
	for (size_t size = 1; size < 16; size++)
		SAME(size, "%s%d", "abcdef", 123456);
	assert_int_equal(format(NULL, 0, "%s%d", "abcdef", 123456), 12);
}

static void write_unknown(void *arg)
{
	char bad[] = { '%', 'f', '\0' };

	(void)arg;
	format(bad, sizeof(bad), bad, 1);
}

TEST(test_unknown_conversion)
{
	assert_kassert(write_unknown, NULL);
}

/* Flags, width and precision for conversion c; combinations that C leaves undefined are left out. */
static void random_format(char *fmt, char c)
{
	const char *flags = c == 's' || c == 'c' ? "-" : "-0";

	*fmt++ = '|';
	*fmt++ = '%';
	for (unsigned i = random_below(4); i; i--)
		*fmt++ = flags[random_below((unsigned)strlen(flags))];
	if (random_below(2))
		fmt += sprintf(fmt, "%u", 1 + random_below(30));
	if (c == 's' && random_below(2))
		fmt += sprintf(fmt, ".%u", random_below(30));
	*fmt = '\0';
}

TEST(test_random_numbers)
{
	static const char conversion[] = "duxX";
	static const char *const length[] = { "", "l", "ll", "z" };
	char fmt[64];

	for (unsigned i = 0; i < RANDOM_RUNS; i++) {
		char c = conversion[random_below(4)];
		unsigned l = random_below(ARRAY_SIZE(length));
		size_t size = 1 + random_below(100);
		uint64_t v = random_number();

		random_format(fmt, c);
		sprintf(fmt + strlen(fmt), "%s%c|", length[l], c);
		if (l < 1)
			SAME(size, fmt, (int)v);
		else
			SAME(size, fmt, v);
	}
}

TEST(test_random_strings)
{
	const char *text = "The quick brown fox jumps over the lazy dog";
	char fmt[64];

	for (unsigned i = 0; i < RANDOM_RUNS / 4; i++) {
		size_t size = 1 + random_below(100), from = random_below(44);

		random_format(fmt, 's');
		strcat(fmt, "s|");
		SAME(size, fmt, text + from);
		random_format(fmt, 'c');
		strcat(fmt, "c|");
		SAME(size, fmt, 'a' + (int)from % 26);
	}
}

/* Pieces that do not fit are cut; what is added behind them changes nothing. */
TEST(test_builder)
{
	char text[12] = "";
	struct builder b = BUILDER(text);

	builder_add(&b, "%s", "");
	assert_int_equal(b.len, 0);
	builder_add(&b, "%u,", 12345u);
	builder_add(&b, "%5s", "ab");
	assert_string_equal(text, "12345,   ab");
	assert_int_equal(b.len, 11);
	assert_false(b.cut);
	builder_add(&b, "%s", "");
	assert_false(b.cut);
	for (unsigned i = 0; i < 3; i++) {
		builder_add(&b, "%.*s", (int)i + 1, "more");
		assert_string_equal(text, "12345,   ab");
		assert_int_equal(b.len, 11);
		assert_true(b.cut);
	}
}
