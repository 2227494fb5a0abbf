/* SPDX-License-Identifier: MIT */
/* Finds the kernel's words in a line of dmesg, a serial console, syslog or the journal. */
#include "tools/predict/logline.h"

#include <string.h>

#include "lib/scan.h"
#include "tools/predict/text.h"

#define PREFIX_MAX 160 /* a message begins within that many characters of its line */

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

/*
 * One prefix of another kind: escape sequence, "<6>", "[Mon Nov 23 00:40:01 2026]", "kern  :info  :"; p when there is
 * none.
 */
static const char *skip_prefix(const char *p)
{
	const char *q = p;
	uint64_t n;

	text_blanks(&q);
	if (*q == '\r')
		return q + 1;
	if (q[0] == '\033' && q[1] == '[') {
		q += 2 + strspn(q + 2, "0123456789;=?");
		return *q ? q + 1 : q;
	}
	if (scan_skip(&q, "<") && scan_digits(&q, 10, &n) && scan_skip(&q, ">"))
		return q;
	q = p;
	if (*q == '[' && q[1] >= 'A' && q[1] <= 'Z' && strcspn(q, "]") == 25 && q[25] == ']')
		return q + 26;
	if (scan_skip(&q, "kern")) {
		text_blanks(&q);
		q += *q == ':' ? 1 + strcspn(q + 1, ":") : 0;
		return *q == ':' ? q + 1 : p;
	}
	return p;
}

/* "host kernel: ", which the journal's short-monotonic puts behind the stamp; p when it is not there. */
static const char *skip_host(const char *p)
{
	const char *q = p + strcspn(p, " ");

	return scan_skip(&q, " kernel: ") ? q + strspn(q, " \t") : p;
}

/* What an extended netconsole puts before the text: "6,339,5140900,-;", behind the release if asked for. */
static const char *skip_netconsole(const char *line)
{
	size_t n = strcspn(line, "; \t["), commas = 0;

	for (size_t i = 0; i < n && n < PREFIX_MAX; i++)
		commas += line[i] == ',';
	return line[n] == ';' && commas >= 3 ? line + n + 1 : line;
}

const char *logline_message(const char *line)
{
	const char *p = skip_netconsole(line), *next, *kernel;

	if (p != line)
		return p + strspn(p, " \t");
	for (size_t i = 0; i < PREFIX_MAX && line[i]; i++)
		if (line[i] == '[' && (next = skip_stamp(line + i)))
			return skip_host(next + strspn(next, " \t"));
	kernel = strstr(line, " kernel: ");
	if (kernel && kernel - line < PREFIX_MAX)
		p = kernel + strlen(" kernel: ");
	while ((next = skip_prefix(p)) != p)
		p = next;
	return p + strspn(p, " \t");
}
