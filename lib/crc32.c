/* SPDX-License-Identifier: MIT */
/*
 * CRC-32 four bits at a time: a table of 16 words is small enough to be checked by eye. Long data goes by words, with
 * four tables for bytes that are worked out from it.
 */
#include "lib/crc32.h"

#define LONG 8192 /* bytes that pay for the tables */

/* The register after shifting each nibble through the reflected polynomial 0xEDB88320. */
static const uint32_t nibble[16] = {
	0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
	0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

static uint32_t shift_byte(uint32_t crc)
{
	crc = crc >> 4 ^ nibble[crc & 15];
	return crc >> 4 ^ nibble[crc & 15];
}

/* Four bytes in a row lie in the register as on a little-endian machine they lie in memory. */
static APART uint32_t update_words(uint32_t crc, const uint8_t *p, size_t words)
{
	typedef uint32_t __attribute__((may_alias, aligned(1))) word;
	uint32_t after[4 * 256]; /* a byte alone, then with one, two, three bytes of zeros behind it */

	for (uint32_t i = 0; i < ARRAY_SIZE(after); i++)
		after[i] = i < 256 ? shift_byte(i) : after[i - 256] >> 8 ^ after[after[i - 256] & 255];
	do {
		crc ^= *(const word *)p;
		crc = after[768 + (crc & 255)] ^ after[512 + (crc >> 8 & 255)] ^ after[256 + (crc >> 16 & 255)] ^
		      after[crc >> 24];
		p += 4;
	} while (--words);
	return crc;
}

uint32_t crc32_update(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data, *end = p + len;

	crc = ~crc;
	if (len >= LONG) {
		crc = update_words(crc, p, len / 4);
		p = end - len % 4;
	}
	while (p < end)
		crc = shift_byte(crc ^ *p++);
	return ~crc;
}
