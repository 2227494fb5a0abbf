/* SPDX-License-Identifier: MIT */
/* Hex dumps: "    0000: 53 52 41 54 88 01 ...  // SRAT..". */
#include "tools/predict/dump.h"

#include <ctype.h>
#include <string.h>

#include "lib/scan.h"
#include "tools/predict/text.h"

#define LINE_BYTES 16
#define SIGNATURE_SIZE 4
#define MAX_GAP 2 /* blanks between bytes; more come before the bytes as characters */

static int digit(char c)
{
	static const char digits[16] = "0123456789abcdef";
	const char *at = memchr(digits, tolower((unsigned char)c), sizeof(digits));

	return at ? (int)(at - digits) : -1;
}

static bool read_byte(const char **s, uint8_t *v)
{
	const char *p = *s;

	while (*p == ' ' && p - *s < MAX_GAP)
		p++;
	if (digit(p[0]) < 0 || digit(p[1]) < 0)
		return false;
	*v = (uint8_t)(digit(p[0]) << 4 | digit(p[1]));
	*s = p + 2;
	return true;
}

/* The bytes of a line of the dump at that offset; 0: it is none. */
static size_t read_line(const char *s, uint64_t offset, uint8_t bytes[LINE_BYTES])
{
	size_t n = 0;
	uint64_t at;

	text_blanks(&s);
	if (!scan_digits(&s, 16, &at) || at != offset)
		return 0;
	(void)scan_skip(&s, ":");
	while (n < LINE_BYTES && read_byte(&s, &bytes[n]))
		n++;
	return n;
}

size_t dump_take(char *text, size_t len, const char *signature)
{
	char *rest = text, *line;
	size_t taken = 0;

	while ((line = text_next_line(&rest, text + len))) {
		uint8_t bytes[LINE_BYTES];
		size_t n = read_line(line, taken, bytes);

		if (!taken && (n < SIGNATURE_SIZE || memcmp(bytes, signature, SIGNATURE_SIZE) != 0))
			continue;
		if (!n)
			break;
		memcpy(text + taken, bytes, n);
		taken += n;
	}
	return taken;
}
