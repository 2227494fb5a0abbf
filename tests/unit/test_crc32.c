/* SPDX-License-Identifier: MIT */
/* CRC-32 against known answers that zlib gives. */
#include "tests/unit/support.h"

#include "lib/crc32.h"

TEST(test_known_answers)
{
	static const struct {
		const char *text;
		uint32_t crc;
	} known[] = {
		{ "", 0x00000000 },
		{ "a", 0xe8b7be43 },
		{ "abc", 0x352441c2 },
		{ "123456789", 0xcbf43926 }, /* the catalogue's check value of CRC-32/ISO-HDLC */
		{ "The quick brown fox jumps over the lazy dog", 0x414fa339 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		assert_int_equal(crc32_update(0, known[i].text, strlen(known[i].text)), known[i].crc);
}

TEST(test_all_bytes)
{
	uint8_t bytes[256];

	for (unsigned i = 0; i < 256; i++)
		bytes[i] = (uint8_t)i;
	assert_int_equal(crc32_update(0, bytes, 256), 0x29058c73);
	memset(bytes, 0, 32);
	assert_int_equal(crc32_update(0, bytes, 32), 0x190a55ad);
	memset(bytes, 0xff, 32);
	assert_int_equal(crc32_update(0, bytes, 32), 0xff6cab0b);
}

/* Cut anywhere, the CRC of the whole is the CRC of the second part going on from the first. */
TEST(test_goes_on)
{
	const char *text = "123456789";

	for (size_t cut = 0; cut <= 9; cut++)
		assert_int_equal(crc32_update(crc32_update(0, text, cut), text + cut, 9 - cut), 0xcbf43926);
}

/* Long data goes another way, in words: of any length and from any address. */
TEST(test_long_data)
{
	uint8_t bytes[9003];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + (i >> 8));
	assert_int_equal(crc32_update(0, bytes, sizeof(bytes)), 0xc57e5263);
	for (size_t cut = 0; cut < 9; cut++)
		assert_int_equal(crc32_update(crc32_update(0, bytes, cut), bytes + cut, sizeof(bytes) - cut),
				 0xc57e5263);
}
