/* SPDX-License-Identifier: MIT */
/* Words and numbers out of a line, without libc: nothing is skipped, nothing wraps round. */
#include "lib/scan.h"

size_t scan_length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

bool scan_equal(const char *a, const char *b)
{
	size_t n = scan_length(a);

	return n == scan_length(b) && !memcmp(a, b, n);
}

const char *scan_entry(const char *list, uint64_t n)
{
	for (; n && *list; n--)
		list += scan_length(list) + 1;
	return list;
}

bool scan_skip(const char **s, const char *prefix)
{
	size_t n = 0;

	for (; prefix[n]; n++) {
		if ((*s)[n] != prefix[n])
			return false;
	}
	*s += n;
	return true;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

bool scan_digits(const char **s, unsigned base, uint64_t *out)
{
	const char *at = *s;
	uint64_t v = 0;

	for (; digit_value(*at) < (int)base; at++) {
		uint64_t digit = (uint64_t)digit_value(*at);

		if (v > (UINT64_MAX - digit) / base)
			return false;
		v = v * base + digit;
	}
	if (at == *s)
		return false;
	*s = at;
	*out = v;
	return true;
}

bool scan_integer(const char **s, uint64_t *out)
{
	if ((*s)[0] != '0')
		return scan_digits(s, 10, out);
	if (((*s)[1] | 0x20) == 'x') {
		const char *digits = *s + 2;

		if (!scan_digits(&digits, 16, out))
			return false;
		*s = digits;
		return true;
	}
	*out = 0;
	++*s;
	return true;
}

static unsigned suffix_shift(char c)
{
	static const char suffixes[] = "kmgtp";
	unsigned i = 0;

	while (suffixes[i] && suffixes[i] != (c | 0x20))
		i++;
	return suffixes[i] ? 10 * (i + 1) : 0;
}

bool parse_size(const char *s, const char **end, uint64_t *out)
{
	unsigned shift;
	uint64_t v;

	if (!scan_integer(&s, &v))
		return false;
	shift = suffix_shift(*s);
	if (v > UINT64_MAX >> shift)
		return false;
	*out = v << shift;
	s += shift ? 1 : 0;
	if (end)
		*end = s;
	return end || !*s;
}

bool scan_plain(const char *s, uint64_t *out)
{
	return scan_integer(&s, out) && !*s;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool scan_word(const char **line, char *word, size_t size, const char **fault)
{
	const char *s = *line;
	bool quoted = false;
	size_t n = 0;

	*fault = NULL;
	while (is_space(*s))
		s++;
	if (!*s)
		return false;
	for (; *s && (quoted || !is_space(*s)); s++) {
		if (*s == '"')
			quoted = !quoted;
		else if (n < size - 1)
			word[n++] = *s;
		else
			*fault = "longer than an option can be";
	}
	if (quoted)
		*fault = "a quote is not closed";
	word[n] = '\0';
	*line = s;
	return true;
}
