/* SPDX-License-Identifier: MIT */
/* Finds the kernel's words in a line of dmesg, a serial console, syslog or the journal. */
#include "tools/predict/logline.h"

#include <string.h>

#include "lib/scan.h"
#include "tools/predict/text.h"

#define PREFIX_MAX 160  /* a message begins within that many characters of its line */
#define BRACKETS_MAX 64 /* so many are a stamp in brackets at most */

/*
 * "[    0.000000]", or "[  +0.000000]" as dmesg --show-delta has it, and the caller id "[    T0]" that may follow it,
 * with or without a blank; NULL when it does not begin here.
 */
static const char *skip_stamp(const char *p)
{
	const char *q = p + 1;
	uint64_t n;

	text_blanks(&q);
	(void)scan_skip(&q, "+");
	if (*p != '[' || !scan_digits(&q, 10, &n) || !scan_skip(&q, ".") || !scan_digits(&q, 10, &n) ||
	    !scan_skip(&q, "]"))
		return NULL;
	p = q;
	text_blanks(&q);
	if (scan_skip(&q, "[")) {
		text_blanks(&q);
		if ((scan_skip(&q, "T") || scan_skip(&q, "C")) && scan_digits(&q, 10, &n) && scan_skip(&q, "]"))
			p = q;
	}
	return p;
}

/* One stamp or several: of who wrote the log, and the kernel's own. NULL when none begins here. */
static const char *skip_stamps(const char *p)
{
	const char *last = NULL;

	while (*p == '[' && (p = skip_stamp(p))) {
		last = p;
		text_blanks(&p);
	}
	return last;
}

/* "<6>"; NULL when it does not begin here. */
static const char *skip_level(const char *p)
{
	uint64_t n;

	return scan_skip(&p, "<") && scan_digits(&p, 10, &n) && scan_skip(&p, ">") ? p : NULL;
}

/* "kern  :info  :"; NULL when it does not begin here. */
static const char *skip_facility(const char *p)
{
	if (!scan_skip(&p, "kern"))
		return NULL;
	text_blanks(&p);
	p += *p == ':' ? 1 + strcspn(p + 1, ":") : 0;
	return *p == ':' ? p + 1 : NULL;
}

/* "[Mon Nov 23 00:40:01 2026]", "[    0.000000 <    0.000000>]", "[Nov23 00:40]", "[    T0]": no message begins so. */
static const char *skip_brackets(const char *p)
{
	size_t n = strcspn(p, "]");

	return *p == '[' && p[n] && n < BRACKETS_MAX ? p + n + 1 : NULL;
}

/* "2026-11-23T00:40:01,123456+00:00 ", "2026-11-23T00:40:01Z "; NULL when it does not begin here. */
static const char *skip_date(const char *p)
{
	size_t n = strspn(p, "0123456789-:.,+TZ");

	return n >= strlen("2026-11-23T00:40:01") && p[n] == ' ' ? p + n : NULL;
}

/* One prefix of another kind; p when there is none. */
static const char *skip_prefix(const char *p)
{
	static const char *(*const skip[])(const char *) = { skip_level, skip_facility, skip_brackets, skip_date };
	const char *q = p, *next;

	text_blanks(&q);
	if (*q == '\r')
		return q + 1;
	for_each (skips, skip, ARRAY_SIZE(skip))
		if ((next = (*skips)(q)))
			return next;
	return p;
}

/* "host kernel: " or "kernel: ", which the journal's short-monotonic puts behind the stamp; p when it is not there. */
static const char *skip_host(const char *p)
{
	const char *q = text_begins(p, "kernel: ") ? p : p + strcspn(p, " ");

	text_blanks(&q);
	return scan_skip(&q, "kernel: ") ? q + strspn(q, " \t") : p;
}

/* What an extended netconsole puts before the text: "6,339,5140900,-;", behind the release if asked for. */
static const char *skip_netconsole(const char *line)
{
	size_t n = strcspn(line, "; \t[\n"), commas = 0;

	for_each (c, line, n)
		commas += *c == ',';
	return line[n] == ';' && commas >= 3 ? line + n + 1 : line;
}

const char *logline_message(const char *line)
{
	const char *p = skip_netconsole(line), *next, *kernel;

	if (p != line)
		return p + strspn(p, " \t");
	for (size_t i = 0; i < PREFIX_MAX && line[i]; i++)
		if ((next = skip_stamps(line + i)))
			return skip_host(next + strspn(next, " \t"));
	kernel = strstr(line, " kernel: ");
	if (kernel && kernel - line < PREFIX_MAX)
		p = kernel + strlen(" kernel: ");
	while ((next = skip_prefix(p)) != p)
		p = next;
	return p + strspn(p, " \t");
}

/* Behind the escape sequence at p: "\033[01;31m", "\033(B", "\033c". */
static const char *skip_escape(const char *p)
{
	p++;
	p += *p == '[' ? 1 + strspn(p + 1, "0123456789:;<=>?") : strspn(p, "()#%");
	return *p && *p != '\n' ? p + 1 : p;
}

static char *drop_escapes(char *text, const char *end)
{
	char *out = memchr(text, '\033', (size_t)(end - text));

	if (!out)
		return (char *)end;
	for (const char *in = out; in < end;) {
		if (*in == '\033')
			in = skip_escape(in);
		else
			*out++ = *in++;
	}
	*out = '\0';
	return out;
}

/* Whether this line of netconsole is a piece of the message before it: "6,416,1758426,-,ncfrag=953/1020;" */
static bool is_later_piece(const char *line, const char *message)
{
	for (const char *p = line; p < message; p++)
		if (text_begins(p, ",ncfrag="))
			return !text_begins(p, ",ncfrag=0/");
	return false;
}

static char *join_pieces(char *text, const char *end)
{
	char *out = text;

	for (const char *in = text, *next; in < end; in = next) {
		const char *newline = memchr(in, '\n', (size_t)(end - in)), *message = skip_netconsole(in);

		next = newline ? newline + 1 : end;
		if (is_later_piece(in, message)) {
			while (out > text && (out[-1] == '\n' || out[-1] == '\r'))
				out--;
			in = message;
		}
		memmove(out, in, (size_t)(next - in));
		out += next - in;
	}
	*out = '\0';
	return out;
}

size_t logline_clean(char *text, size_t len)
{
	return (size_t)(join_pieces(text, drop_escapes(text, text + len)) - text);
}
