/* SPDX-License-Identifier: MIT */
/* Scanners for lines of text. */
#include "tools/predict/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/scan.h"

#define FIRST_ROOM ((size_t)1 << 20) /* for a file: twice that when it is full, and so on */

bool text_begins(const char *s, const char *word)
{
	return scan_skip(&s, word);
}

const char *text_behind(const char *s, const char *words)
{
	const char *at = strstr(s, words);

	return at ? at + strlen(words) : NULL;
}

void text_blanks(const char **s)
{
	while (**s == ' ' || **s == '\t' || text_begins(*s, "#011") || text_begins(*s, "\\x09"))
		*s += **s == ' ' || **s == '\t' ? 1 : 4;
}

bool text_hex(const char **s, uint64_t *v)
{
	const char *p = *s;

	if (!scan_skip(&p, "0x") || !scan_digits(&p, 16, v))
		return false;
	*s = p;
	return true;
}

bool text_range(const char **s, struct range *r)
{
	const char *p = *s;
	uint64_t first, last;

	if (!scan_skip(&p, "["))
		return false;
	(void)scan_skip(&p, "mem ");
	if (!text_hex(&p, &first) || !scan_skip(&p, "-") || !text_hex(&p, &last) || !scan_skip(&p, "]"))
		return false;
	if (last == UINT64_MAX && first) /* the very last byte is given up: its end has no number */
		last--;
	if (last + 1 < first)
		return false;
	*r = (struct range){ first, last + 1 };
	*s = p;
	return true;
}

bool text_size(const char **s, const char *stop, uint64_t *v)
{
	char word[32];
	size_t n = strcspn(*s, stop);

	if (n == 0 || n >= sizeof(word))
		return false;
	memcpy(word, *s, n);
	word[n] = '\0';
	if (!parse_size(word, NULL, v))
		return false;
	*s += n;
	return true;
}

bool text_pair(const char *s, uint64_t *a, uint64_t *b)
{
	return text_size(&s, ":", a) && scan_skip(&s, ":") && text_size(&s, "", b) && *a < *b;
}

static char *read_stream(FILE *f, size_t *len, const char **why)
{
	size_t room = FIRST_ROOM, n = 0;
	char *buf = malloc(room + 1);

	while (buf) {
		n += fread(buf + n, 1, room - n, f);
		if (n < room)
			break;
		char *more = room < TEXT_FILE_MAX ? realloc(buf, 2 * room + 1) : NULL;

		if (!more) {
			*why = "file too large";
			free(buf);
			return NULL;
		}
		buf = more;
		room *= 2;
	}
	if (!buf || ferror(f)) {
		*why = strerror(buf ? errno : ENOMEM);
		free(buf);
		return NULL;
	}
	buf[n] = '\0';
	*len = n;
	return buf;
}

char *text_read_file(const char *path, size_t *len, const char **why)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "rb") : stdin;
	char *buf;

	if (!f) {
		*why = strerror(errno);
		return NULL;
	}
	buf = read_stream(f, len, why);
	if (f != stdin)
		fclose(f);
	return buf;
}

void text_clean(char *buf, size_t len)
{
	for_each (c, buf, len)
		if (!*c)
			*c = ' ';
}

char *text_next_line(char **rest, const char *end)
{
	char *line = *rest, *newline;

	if (line >= end)
		return NULL;
	newline = memchr(line, '\n', (size_t)(end - line));
	*rest = newline ? newline + 1 : (char *)end;
	if (newline)
		*newline = '\0';
	for (char *p = newline ? newline : (char *)end; p > line && p[-1] == '\r'; p--)
		p[-1] = '\0';
	return line;
}
