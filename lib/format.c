/* SPDX-License-Identifier: MIT */
/* printf's conversions that the log needs, by C99's rules. */
#include "lib/format.h"

#define DIGITS_MAX 20 /* 2^64 - 1 in decimal */

struct out {
	char *buf;
	size_t size;
	size_t len; /* of the whole, written or not */
};

struct spec {
	bool left;
	char pad; /* in front of a number or a text that is shorter than */
	int width;
	int precision; /* of a text; -1: none */
	bool wide;     /* a number of 64 bits */
	bool size;     /* that is so many bytes */
	unsigned base;
	char ten; /* digits from ten on begin with it: 'a' or 'A' */
	bool minus;
};

static void put(struct out *o, char c)
{
	if (o->len < o->size)
		o->buf[o->len] = c; /* the last one gives way to the end of the text */
	o->len++;
}

static void put_many(struct out *o, char c, int n)
{
	for (; n > 0; n--)
		put(o, c);
}

static void put_text(struct out *o, const struct spec *s, const char *text, int n)
{
	if (!s->left)
		put_many(o, s->pad, s->width - n);
	for_each (c, text, n)
		put(o, *c);
	if (s->left)
		put_many(o, ' ', s->width - n);
}

/* A minus comes before zeros, but behind blanks. */
static void put_number(struct out *o, struct spec *s, uint64_t v)
{
	char text[1 + DIGITS_MAX];
	int first = sizeof(text);

	do {
		unsigned digit = (unsigned)(v % s->base);

		text[--first] = (char)(digit + (unsigned)(digit < 10 ? '0' : s->ten - 10));
		v /= s->base;
	} while (v);
	if (s->minus && s->pad == '0' && !s->left) {
		put(o, '-');
		s->width--;
	} else if (s->minus) {
		text[--first] = '-';
	}
	put_text(o, s, text + first, (int)sizeof(text) - first);
}

static APART void put_size(struct out *o, const struct spec *s, uint64_t bytes)
{
	static const char unit[][4] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	unsigned shift = 0;
	uint64_t rest;
	char text[16];
	int n;

	while (bytes >> shift >= KIB)
		shift += 10;
	rest = bytes & ((1ull << shift) - 1);
	if (rest)
		n = format(text, sizeof(text), "%llu.%llu %s", (ull)(bytes >> shift),
			   (ull)((rest >> (shift - 10)) * 10 / KIB), unit[shift / 10]);
	else
		n = format(text, sizeof(text), "%llu %s", (ull)(bytes >> shift), unit[shift / 10]);
	put_text(o, s, text, n);
}

/* As Linux prints ranges: up to the last byte. */
static APART void put_range(struct out *o, const struct spec *s, const struct range *r)
{
	size_t used = min_u64(o->len, o->size);

	o->len += (size_t)format(o->buf + used, o->size - used, "[mem 0x%0*llx-0x%0*llx]", s->width, (ull)r->start,
				 s->width, (ull)r->end - 1);
}

static void put_string(struct out *o, const struct spec *s, const char *text)
{
	int n = 0;

	if (!text)
		text = "(null)";
	while (n != s->precision && text[n])
		n++;
	put_text(o, s, text, n);
}

uint64_t format_next(va_list *ap, bool wide)
{
	if (wide)
		return va_arg(*ap, uint64_t);
	return va_arg(*ap, unsigned);
}

/* A number in the format, or where it has an asterisk the next argument. */
static APART const char *read_number(const char *f, int *n, va_list *ap)
{
	if (*f == '*') {
		*n = (int)format_next(ap, false);
		return f + 1;
	}
	for (*n = 0; *f >= '0' && *f <= '9'; f++)
		*n = *n * 10 + (*f - '0');
	return f;
}

/* Flags, width, precision and length, up to the conversion letter. */
static APART const char *read_spec(const char *f, struct spec *s, va_list *ap)
{
	*s = (struct spec){ .pad = ' ', .precision = -1, .base = 10 };
	for (; *f == '-' || *f == '0' || *f == '\''; f++) {
		if (*f == '0')
			s->pad = '0';
		else if (*f == '-')
			s->left = true;
		else
			s->size = true;
	}
	f = read_number(f, &s->width, ap);
	if (s->width < 0) {
		s->left = true;
		s->width = -s->width;
	}
	if (*f == '.')
		f = read_number(f + 1, &s->precision, ap);
	for (; *f == 'l' || *f == 'z'; f++)
		s->wide = *f == 'z' ? sizeof(size_t) == sizeof(uint64_t)
				    : f[1] == 'l' || s->wide || sizeof(long) == sizeof(uint64_t);
	return f;
}

static void convert(struct out *o, char c, struct spec *s, va_list *ap)
{
	bool is_pointer = (c == 's' || c == 'p') && sizeof(char *) == sizeof(uint64_t);
	uint64_t v = c == '%' ? 0 : format_next(ap, s->wide || is_pointer);
	char text = (char)v;

	switch (c) {
	case 'c':
		put_text(o, s, &text, 1);
		break;
	case 's':
		put_string(o, s, (const char *)(uintptr_t)v);
		break;
	case 'p':
		put_range(o, s, (const struct range *)(uintptr_t)v);
		break;
	case 'd':
		if (!s->wide)
			v = (uint64_t)(int)v;
		s->minus = (int64_t)v < 0;
		put_number(o, s, s->minus ? -v : v);
		break;
	case 'u':
		if (s->size) {
			put_size(o, s, v);
			break;
		}
		put_number(o, s, v);
		break;
	case 'x':
	case 'X':
		s->base = 16;
		s->ten = (char)(c - 'x' + 'a');
		put_number(o, s, v);
		break;
	case '%':
		put(o, '%');
		break;
	default:
		KASSERT(!"conversion of format()");
	}
}

int format_v(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = { .buf = buf, .size = size };
	struct spec s;
	va_list args;

	va_copy(args, ap); /* a va_list parameter is a pointer on x86-64: only a copy can be passed on by address */
	for (const char *f = fmt; *f; f++) {
		if (*f != '%') {
			put(&o, *f);
			continue;
		}
		f = read_spec(f + 1, &s, &args);
		convert(&o, *f, &s, &args);
	}
	va_end(args);
	if (size)
		buf[o.len < size ? o.len : size - 1] = '\0';
	return (int)o.len;
}

int format(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = format_v(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

void builder_add(struct builder *b, const char *fmt, ...)
{
	size_t room = b->size - b->len;
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = (size_t)format_v(b->s + b->len, room, fmt, ap);
	va_end(ap);
	b->cut |= n >= room;
	b->len += n < room ? n : room - 1;
}
