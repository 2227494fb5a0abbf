/* SPDX-License-Identifier: MIT */
/*
 * Lines are built whole and sent by one call, so that two writers can never mix inside a line and a slow wire is asked
 * once.
 */
#include "kernel/state/log.h"

#include "lib/crc32.h"
#include "lib/format.h"

#define NSEC_PER_SEC 1000000000ull
#define TAIL_MAX (sizeof(",\"crc\":\"01234567\"}\r\n") - 1)
#define MEMBERS_MIN 1024 /* bytes a string leaves for the members after it */
#define DEPTH_MAX 31
#define BEACON_NS (10 * NSEC_PER_SEC)

/* What decides whether a line is printed; also the byte in front of a kept line. */
enum line_kind { LINE_TEXT = 't', LINE_ALWAYS = 'a', LINE_RECORD = 'j' };

static bool is_wanted(const struct log_state *s, char kind)
{
	return kind == LINE_ALWAYS || (kind == LINE_TEXT ? s->text : s->json);
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
	s->tsc_start = tsc_start;
	s->tsc_hz = tsc_hz;
	s->boot_id = boot_id;
	s->seq = 0;
	s->text = s->json = true;
	s->open = false;
	s->early_len = s->early_lost = 0;
	s->sent_ns = 0;
	s->line_len = s->depth = s->depth_comma = 0;
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

/* Room for one column too many, by which a cut is noticed, and for the line's end. */
struct text_line {
	char s[LOG_COLUMNS + 4];
	size_t len;
};

static void text_append_v(struct text_line *t, const char *fmt, va_list ap)
{
	size_t room = LOG_COLUMNS + 1 - t->len;
	int n = format_v(t->s + t->len, room + 1, fmt, ap);

	t->len += (size_t)n < room ? (size_t)n : room;
}

static void text_stamp(struct text_line *t, uint64_t ns)
{
	t->len = (size_t)format(t->s, sizeof(t->s), "[%5llu.%06llu] ", (ull)(ns / NSEC_PER_SEC),
				(ull)(ns % NSEC_PER_SEC / 1000));
}

static void text_send(struct log *l, struct text_line *t, enum line_kind kind)
{
	for (size_t i = 0; i < t->len; i++) {
		if (t->s[i] < ' ' || t->s[i] > '~')
			t->s[i] = '?';
	}
	if (t->len > LOG_COLUMNS) {
		t->len = LOG_COLUMNS;
		memcpy(t->s + t->len - 3, "...", 3);
	}
	memcpy(t->s + t->len, "\r\n", 2);
	send_line(l, kind, t->s, t->len + 2);
}

void log_text(struct log *l, const char *fmt, ...)
{
	struct text_line t;
	va_list ap;

	if (!l->s->text)
		return;
	text_stamp(&t, log_now_ns(l));
	va_start(ap, fmt);
	text_append_v(&t, fmt, ap);
	va_end(ap);
	text_send(l, &t, LINE_TEXT);
}

void log_always(struct log *l, const char *fmt, ...)
{
	struct text_line t;
	va_list ap;

	text_stamp(&t, log_now_ns(l));
	va_start(ap, fmt);
	text_append_v(&t, fmt, ap);
	va_end(ap);
	text_send(l, &t, LINE_ALWAYS);
}

void log_beacon(struct log *l)
{
	if (log_now_ns(l) - l->s->sent_ns >= BEACON_NS)
		log_text(l, "still at work");
}

void log_raw(struct log *l, const char *fmt, ...)
{
	struct text_line t = { .len = 0 };
	va_list ap;

	va_start(ap, fmt);
	text_append_v(&t, fmt, ap);
	va_end(ap);
	text_send(l, &t, LINE_ALWAYS);
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

static void put_char(struct log *l, char c)
{
	put(l, &c, 1);
}

/* String literals only. */
#define PUT(l, literal) put(l, literal, sizeof(literal) - 1)

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

/* A string takes at most half of what is left, so that the members after it always have room. */
static void put_string(struct log *l, const char *s)
{
	size_t limit = log_room(l) / 2;
	char out[8];

	put_char(l, '"');
	for (; *s; s++) {
		size_t n = escape(out, *s);

		if (n > limit) {
			PUT(l, "...");
			break;
		}
		put(l, out, n);
		limit -= n;
	}
	put_char(l, '"');
}

/* The comma before a member or element, and the member's name. */
static void put_name(struct log *l, const char *name)
{
	struct log_state *s = l->s;

	if (s->depth_comma & 1u << s->depth)
		put_char(l, ',');
	s->depth_comma |= 1u << s->depth;
	if (!name)
		return;
	put_char(l, '"');
	while (*name)
		put_char(l, *name++);
	PUT(l, "\":");
}

static void put_open(struct log *l, char bracket)
{
	struct log_state *s = l->s;

	KASSERT(s->depth < DEPTH_MAX);
	put_char(l, bracket);
	s->depth++;
	s->depth_comma &= ~(1u << s->depth);
}

static void put_close(struct log *l, char bracket)
{
	KASSERT(l->s->depth > 1);
	l->s->depth--;
	put_char(l, bracket);
}

void log_record(struct log *l, const char *kind)
{
	struct log_state *s = l->s;
	char id[17];

	s->line_len = s->depth = s->depth_comma = 0;
	format(id, sizeof(id), "%016llx", (ull)s->boot_id);
	put_open(l, '{');
	log_str(l, "rec", kind);
	log_str(l, "boot_id", id);
	log_u64(l, "seq", s->seq);
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

void log_str(struct log *l, const char *name, const char *value)
{
	put_name(l, name);
	put_string(l, value);
}

void log_u64(struct log *l, const char *name, uint64_t value)
{
	char text[24];

	put_name(l, name);
	put(l, text, (size_t)format(text, sizeof(text), "%llu", (ull)value));
}

void log_hex(struct log *l, const char *name, uint64_t value)
{
	char text[24];

	put_name(l, name);
	put(l, text, (size_t)format(text, sizeof(text), "\"0x%llx\"", (ull)value));
}

void log_millionths(struct log *l, const char *name, uint64_t value)
{
	char text[32];

	put_name(l, name);
	put(l, text, (size_t)format(text, sizeof(text), "%llu.%06llu", (ull)(value / 1000000), (ull)(value % 1000000)));
}

void log_bool(struct log *l, const char *name, bool value)
{
	put_name(l, name);
	if (value)
		PUT(l, "true");
	else
		PUT(l, "false");
}

void log_null(struct log *l, const char *name)
{
	put_name(l, name);
	PUT(l, "null");
}

void log_node(struct log *l, const char *name, int nid)
{
	if (nid < 0)
		log_null(l, name);
	else
		log_u64(l, name, (uint64_t)nid);
}

void log_object(struct log *l, const char *name)
{
	put_name(l, name);
	put_open(l, '{');
}

void log_object_end(struct log *l)
{
	put_close(l, '}');
}

void log_array(struct log *l, const char *name)
{
	put_name(l, name);
	put_open(l, '[');
}

void log_array_end(struct log *l)
{
	put_close(l, ']');
}
