/* SPDX-License-Identifier: MIT */
/*
 * Lines are built whole and sent by one call, so that two writers can never mix inside a line and a slow wire is asked
 * once.
 */
#include "kernel/state/log.h"

#include "lib/crc32.h"
#include "lib/format.h"
#include "lib/scan.h"

#define NSEC_PER_SEC 1000000000ull
#define TAIL_MAX (sizeof(",\"crc\":\"01234567\"}\r\n") - 1)
#define MEMBERS_MIN 1024 /* bytes a string leaves for the members after it */
#define DEPTH_MAX 31
#define BEACON_NS (10 * NSEC_PER_SEC)

/* What decides whether a line is printed; also the byte in front of a kept line. */
enum line_kind { LINE_TEXT = 't', LINE_ALWAYS = 'a', LINE_RAW = 'r', LINE_RECORD = 'j' };

static bool is_wanted(const struct log_state *s, char kind)
{
	return kind == LINE_TEXT ? s->text : kind != LINE_RECORD || s->json;
}

static void keep_early(struct log_state *s, enum line_kind kind, const char *line, size_t len)
{
	/* One line lost means all later ones are: what is replayed has no gaps. */
	if (s->early_lost || len + 1 > LOG_EARLY_MAX - s->early_len) {
		s->early_lost++;
		return;
	}
	s->early[s->early_len++] = (char)kind;
	memcpy(s->early + s->early_len, line, len);
	s->early_len += (uint32_t)len;
}

static void send_line(struct log *l, enum line_kind kind, const char *line, size_t len)
{
	if (!is_wanted(l->s, (char)kind))
		return;
	if (l->s->open)
		l->sink.write(l->sink.ctx, line, len);
	else
		keep_early(l->s, kind, line, len);
	l->s->sent_ns = log_now_ns(l);
}

void log_init(struct log_state *s, uint64_t tsc_start, uint64_t tsc_hz, uint64_t boot_id)
{
	memset(s, 0, sizeof(*s));
	s->tsc_start = tsc_start;
	s->tsc_hz = tsc_hz;
	s->boot_id = boot_id;
	s->text = s->json = true;
}

void log_open(struct log *l)
{
	struct log_state *s = l->s;
	uint32_t at = 0;

	s->open = true;
	while (at < s->early_len) {
		char kind = s->early[at++];
		uint32_t end = at;

		while (end < s->early_len && s->early[end] != '\n')
			end++;
		end++;
		if (is_wanted(s, kind))
			l->sink.write(l->sink.ctx, s->early + at, end - at);
		at = end;
	}
	s->early_len = 0;
	if (s->early_lost)
		log_always(l, "log: %u lines lost before the console was open", s->early_lost);
	s->early_lost = 0;
}

uint64_t log_now_ns(const struct log *l)
{
	uint64_t hz = l->s->tsc_hz, now, delta;

	if (!hz)
		return 0;
	now = l->sink.tsc(l->sink.ctx);
	if (now < l->s->tsc_start)
		return 0;
	delta = now - l->s->tsc_start;
	/* Keeps (delta % hz) * 10^9 within 64 bits: below 2^34 * 10^9. */
	while (hz >> 34) {
		hz >>= 1;
		delta >>= 1;
	}
	if (delta / hz > UINT64_MAX / NSEC_PER_SEC - 1)
		return UINT64_MAX;
	return delta / hz * NSEC_PER_SEC + delta % hz * NSEC_PER_SEC / hz;
}

/* ---- text ---- */

/* A line, behind the time but for a raw one; cut where it is too long. */
static void send_text(struct log *l, enum line_kind kind, const char *fmt, va_list ap)
{
	char text[LOG_COLUMNS + 4]; /* one column too many, by which a cut is noticed, and the line's end */
	size_t len = 0, room = LOG_COLUMNS + 2;
	uint64_t ns;

	if (!is_wanted(l->s, (char)kind))
		return;
	if (kind != LINE_RAW) {
		ns = log_now_ns(l);
		len = (size_t)format(text, room, "[%5llu.%06llu] ", (ull)(ns / NSEC_PER_SEC),
				     (ull)(ns % NSEC_PER_SEC / 1000));
	}
	len += (size_t)format_v(text + len, room - len, fmt, ap);
	if (len > LOG_COLUMNS) {
		len = LOG_COLUMNS;
		memset(text + len - 3, '.', 3);
	}
	for_each (c, text, len) {
		if (*c < ' ' || *c > '~')
			*c = '?';
	}
	text[len++] = '\r';
	text[len++] = '\n';
	send_line(l, kind, text, len);
}

void log_text(struct log *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	send_text(l, LINE_TEXT, fmt, ap);
	va_end(ap);
}

void log_always(struct log *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	send_text(l, LINE_ALWAYS, fmt, ap);
	va_end(ap);
}

void log_beacon(void *log)
{
	struct log *l = log;

	if (log_now_ns(l) - l->s->sent_ns >= BEACON_NS)
		log_text(l, "still at work");
}

void log_raw(struct log *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	send_text(l, LINE_RAW, fmt, ap);
	va_end(ap);
}

/* ---- records ---- */

size_t log_room(const struct log *l)
{
	return LOG_LINE_MAX - TAIL_MAX - l->s->line_len;
}

static void put(struct log *l, const char *s, size_t len)
{
	KASSERT(len <= log_room(l));
	memcpy(l->s->line + l->s->line_len, s, len);
	l->s->line_len += (uint32_t)len;
}

static APART void put_char(struct log *l, char c)
{
	put(l, &c, 1);
}

static void put_words(struct log *l, const char *words)
{
	put(l, words, scan_length(words));
}

/* The bytes that stand for c in a JSON string; returns how many. */
static size_t escape(char out[8], char c)
{
	if (c == '"' || c == '\\') {
		out[0] = '\\';
		out[1] = c;
		return 2;
	}
	if (c >= ' ' && c <= '~') {
		out[0] = c;
		return 1;
	}
	return (size_t)format(out, 8, "\\u%04x", (unsigned)(uint8_t)c);
}

/* A string, or null; it takes at most half of what is left, so that the members after it always have room. */
static void put_string(struct log *l, const char *s)
{
	size_t limit = log_room(l) / 2;
	char out[8];

	if (!s) {
		put_words(l, "null");
		return;
	}
	put_char(l, '"');
	for (; *s; s++) {
		size_t n = escape(out, *s);

		if (n > limit) {
			put_words(l, "...");
			break;
		}
		put(l, out, n);
		limit -= n;
	}
	put_char(l, '"');
}

/* The comma before a member or element, and the member's name. */
static void put_name(struct log *l, const char *name, size_t len)
{
	struct log_state *s = l->s;

	if (s->depth_comma & 1u << s->depth)
		put_char(l, ',');
	s->depth_comma |= 1u << s->depth;
	if (!len)
		return;
	put_char(l, '"');
	put(l, name, len);
	put_words(l, "\":");
}

static void put_open(struct log *l, char bracket)
{
	struct log_state *s = l->s;

	KASSERT(s->depth < DEPTH_MAX);
	put_char(l, bracket);
	s->depth++;
	s->depth_comma &= ~(1u << s->depth);
}

/* One or two numbers, as `how` says. */
static void put_number(struct log *l, const char *how, uint64_t a, uint64_t b)
{
	char text[32];

	put(l, text, (size_t)format(text, sizeof(text), how, (ull)a, (ull)b));
}

/* What the conversion at f asks for; returns what follows it. */
static const char *put_value(struct log *l, const char *f, va_list *ap)
{
	bool parts = *f == '\'', wide = f[parts] == 'l';
	uint64_t v;

	for (f += parts; *f == 'l'; f++)
		;
	v = format_next(ap, wide || (*f == 's' && sizeof(char *) == sizeof(v)));
	if (*f == 'd' && !wide)
		v = (uint64_t)(int)v;
	if (*f == 's')
		put_string(l, (const char *)(uintptr_t)v);
	else if (*f == 'i')
		put_words(l, v ? "true" : "false");
	else if ((*f == 'd' && (int64_t)v < 0) || (*f == 'X' && v == UINT64_MAX))
		put_words(l, "null");
	else if (parts)
		put_number(l, "%llu.%06llu", v / 1000000, v % 1000000);
	else
		put_number(l, *f == 'x' || *f == 'X' ? "\"0x%llx\"" : "%llu", v, 0);
	return f + 1;
}

static bool is_name(char c)
{
	return (c >= '0' && c <= '9') || (c >= '_' && c <= 'z');
}

static void put_members(struct log *l, const char *f, va_list *ap)
{
	while (*f) {
		const char *name = f;

		while (is_name(*f))
			f++;
		if (*f == '%') {
			put_name(l, name, (size_t)(f - name));
			f = put_value(l, f + 1, ap);
		} else if (*f == '{' || *f == '[') {
			put_name(l, name, (size_t)(f - name));
			put_open(l, *f++);
		} else if (*f != ' ') {
			KASSERT(l->s->depth > 1);
			l->s->depth--;
			put_char(l, *f++);
		} else {
			f++;
		}
	}
}

void log_begin(struct log *l, const char *kind, const char *fmt, ...)
{
	struct log_state *s = l->s;
	char id[17];
	va_list ap;

	s->line_len = s->depth = s->depth_comma = 0;
	format(id, sizeof(id), "%016llx", (ull)s->boot_id);
	put_open(l, '{');
	log_members(l, "rec%s boot_id%s seq%u", kind, id, s->seq);
	va_start(ap, fmt);
	put_members(l, fmt, &ap);
	va_end(ap);
}

void log_members(struct log *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_members(l, fmt, &ap);
	va_end(ap);
}

void log_end(struct log *l)
{
	struct log_state *s = l->s;
	uint32_t crc = crc32_update(0, s->line, s->line_len);
	int n;

	KASSERT(s->depth == 1);
	s->depth = 0;
	n = format(s->line + s->line_len, TAIL_MAX, ",\"crc\":\"%08x\"}", crc);
	s->line_len += (uint32_t)n;
	memcpy(s->line + s->line_len, "\r\n", 2);
	if (s->json)
		s->seq++;
	send_line(l, LINE_RECORD, s->line, s->line_len + 2);
}
