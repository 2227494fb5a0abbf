/* SPDX-License-Identifier: MIT */
/* What lib/scan.h does not read: ranges and blanks as logs have them; lines, and a file whole. */
#ifndef TOOLS_PREDICT_TEXT_H
#define TOOLS_PREDICT_TEXT_H

#include "lib/base.h"

#define TEXT_FILE_MAX (1ull << 30)

/* True when s begins with `word`. */
bool text_begins(const char *s, const char *word);

/* Returns what stands behind the first `words` in s; NULL without them. */
const char *text_behind(const char *s, const char *words);

/* Steps over blanks and tabs, and over tabs as syslog (#011) and /dev/kmsg (\x09) spell them. */
void text_blanks(const char **s);

/* Moves *s behind "0x" and a hex number of 64 bits; false, and *s stays: there is none. */
MUST_CHECK bool text_hex(const char **s, uint64_t *v);

/*
 * "[mem 0xA-0xB]" or "[0xA-0xB]", B inclusive, as Linux prints ranges: [A, B + 1). B == A - 1 is an empty range, and
 * so is [0x0-0xffffffffffffffff], which is how Linux prints nothing at 0.
 */
MUST_CHECK bool text_range(const char **s, struct range *r);

/*
 * A number as in docs/options.md (0x, suffix K M G T P) up to the end of the string or one of the characters in
 * `stop`.
 */
MUST_CHECK bool text_size(const char **s, const char *stop, uint64_t *v);

/* "A:B" with A < B, the whole string. */
MUST_CHECK bool text_pair(const char *s, uint64_t *a, uint64_t *b);

/* The whole file with a NUL behind it; "-" is standard input. NULL: *why says the reason. The caller frees it. */
char *text_read_file(const char *path, size_t *len, const char **why);

/* Turns NULs inside a text to blanks, so that its lines are strings. */
void text_clean(char *buf, size_t len);

/* Cuts the next line off *rest (its '\n' becomes NUL, a '\r' before it too); NULL at the end. */
char *text_next_line(char **rest, const char *end);

#endif
