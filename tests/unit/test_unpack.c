/* SPDX-License-Identifier: MIT */
/* Bytes that a program of the system makes larger, told by their first ones. */
#include "tests/unit/support.h"

#include "lib/crc32.h"
#include "tools/predict/unpack.h"

static const char words[] = "where do early page tables land?";

/* A gzip file (RFC 1952) with one stored block (RFC 1951) in it: its length. */
static size_t make_gzip(uint8_t *to)
{
	static const uint8_t head[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };
	const uint16_t len = sizeof(words), not_len = (uint16_t)~len;
	const uint32_t tail[] = { crc32_update(0, words, sizeof(words)), sizeof(words) };
	size_t n = sizeof(head);

	memcpy(to, head, n);
	to[n++] = 1;
	memcpy(to + n, &len, 2);
	memcpy(to + n + 2, &not_len, 2);
	memcpy(to + n + 4, words, len);
	memcpy(to + n + 4 + len, tail, sizeof(tail));
	return n + 4 + len + sizeof(tail);
}

TEST(all_of_it)
{
	uint8_t packed[100], got[100];
	size_t len = make_gzip(packed);

	assert_int_equal(unpack(packed, len, got, sizeof(got)), sizeof(words));
	assert_string_equal((char *)got, words);
}

TEST(as_much_as_there_is_room_for)
{
	uint8_t packed[100], got[100] = { 0 };
	size_t len = make_gzip(packed);

	assert_int_equal(unpack(packed, len, got, 5), 5);
	assert_string_equal((char *)got, "where");
}

TEST(no_known_compression)
{
	uint8_t packed[100], got[100];
	size_t len = make_gzip(packed);

	assert_string_equal(unpacker(packed, len), "gzip");
	assert_null(unpacker(packed, 1));
	assert_string_equal(unpacker(packed, 2), "gzip"); /* nothing behind its mark */
	assert_int_equal(unpack(packed, 1, got, sizeof(got)), 0);
	packed[1]++;
	assert_int_equal(unpack(packed, len, got, sizeof(got)), 0);
	packed[1]--;
	packed[2] = 7; /* gzip says so, on the standard error output that nobody reads */
	assert_int_equal(unpack(packed, len, got, sizeof(got)), 0);
}
