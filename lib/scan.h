/* SPDX-License-Identifier: MIT */
/* Reads words and numbers as users write them: decimal, 0x hex, suffixes K M G T P. */
#ifndef LIB_SCAN_H
#define LIB_SCAN_H

#include "lib/base.h"

/* Return what strlen and !strcmp would. */
size_t scan_length(const char *s);
bool scan_equal(const char *a, const char *b);

/* Returns string number n of a list, each followed by NUL, the last by two; "" when there are not so many. */
const char *scan_entry(const char *list, uint64_t n);

/* Moves *s behind `prefix`. Returns false, and *s stays, when it does not begin so. */
bool scan_skip(const char **s, const char *prefix);

/*
 * Reads all digits of that base (10 or 16) and moves *s behind them. Returns false, and *s stays, when there is none or
 * the number is too large.
 */
MUST_CHECK bool scan_digits(const char **s, unsigned base, uint64_t *out);

/*
 * Reads a decimal number, or hex behind 0x, and moves *s behind it. A zero in front is the whole number (010 leaves
 * "10"): it would be octal to Linux and decimal to most people, so whoever looks at the rest refuses it.
 */
MUST_CHECK bool scan_integer(const char **s, uint64_t *out);

/* Reads a string that is one number without suffix; returns false for any other. */
MUST_CHECK bool scan_plain(const char *s, uint64_t *out);

/*
 * Reads "16M", "0x1000", "1g", "4096" (suffix K M G T P, either case) and sets *end behind it; where end is NULL, the
 * string must end there. Returns false for a number that is too large, and for what scan_integer refuses.
 */
MUST_CHECK bool parse_size(const char *s, const char **end, uint64_t *out);

/*
 * Copies the next word of a command line, at most size - 1 characters, without its quotes, which group as in Linux's
 * next_arg; *line moves behind it. *fault becomes NULL, or what is wrong with the word: a quote that is not closed, or
 * too many characters. Returns false when no word is left.
 */
bool scan_word(const char **line, char *word, size_t size, const char **fault);

#endif
