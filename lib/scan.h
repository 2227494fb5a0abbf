/* SPDX-License-Identifier: MIT */
/* Reads words and numbers as users write them: decimal, 0x hex, suffixes K M G T P. */
#ifndef LIB_SCAN_H
#define LIB_SCAN_H

#include "lib/base.h"

size_t scan_length(const char *s);
bool scan_equal(const char *a, const char *b);

/* Moves *s behind `prefix`; false, and *s stays: it does not begin so. */
bool scan_skip(const char **s, const char *prefix);

/*
 * At least one digit of that base (10 or 16), as many as there are; *s moves behind them. False, and *s stays: none,
 * or overflow.
 */
MUST_CHECK bool scan_digits(const char **s, unsigned base, uint64_t *out);

/*
 * Decimal, or hex behind 0x; *s moves behind it. A zero in front is the whole number (010 leaves "10"): it would be
 * octal to Linux and decimal to most people, so whoever looks at the rest refuses it.
 */
MUST_CHECK bool scan_integer(const char **s, uint64_t *out);

/* The whole string is one number without suffix. */
MUST_CHECK bool scan_plain(const char *s, uint64_t *out);

/*
 * "16M", "0x1000", "1g", "4096" (suffix K M G T P, either case): false on overflow, on what scan_integer refuses, or
 * on a rest. *end may be NULL: then the whole string must be used up; else it is set behind the number.
 */
MUST_CHECK bool parse_size(const char *s, const char **end, uint64_t *out);

/*
 * Copies the next word of a command line, at most size - 1 characters, without its quotes, which group as in Linux's
 * next_arg; *line moves behind it. *fault becomes NULL, or what is wrong with the word: a quote that is not closed, or
 * too many characters. False: no word is left.
 */
bool scan_word(const char **line, char *word, size_t size, const char **fault);

#endif
