/* SPDX-License-Identifier: MIT */
/* printf without floating point, octal, positions or locales: what the log needs, C99's rules for the rest. */
#include "lib/format.h"

#define DIGITS_MAX 20 /* 2^64 - 1 in decimal */

struct out {
	char *buf;
	size_t size;
	size_t len; /* of the whole, written or not */
};

struct spec {
	bool left, zero, plus, space, alt, upper;
	int width;
	int precision;  /* -1: none */
	unsigned bytes; /* size of an integer argument */
	unsigned base;  /* 10 or 16 */
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void put_many(struct out *o, char c, int n)
{
	for (int i = 0; i < n; i++)
		put(o, c);
}

static void put_bytes(struct out *o, const char *s, int n)
{
	for (int i = 0; i < n; i++)
		put(o, s[i]);
}

static const char *read_flags(const char *f, struct spec *s)
{
	for (;; f++) {
		if (*f == '-')
			s->left = true;
		else if (*f == '0')
			s->zero = true;
		else if (*f == '+')
			s->plus = true;
		else if (*f == ' ')
			s->space = true;
		else if (*f == '#')
			s->alt = true;
		else
			return f;
	}
}

static const char *read_number(const char *f, int *n)
{
	for (*n = 0; *f >= '0' && *f <= '9'; f++) {
		if (*n < 100000)
			*n = *n * 10 + (*f - '0');
	}
	return f;
}

static const char *read_length(const char *f, struct spec *s)
{
	s->bytes = sizeof(int);
	if (f[0] == 'h') {
		s->bytes = f[1] == 'h' ? 1 : sizeof(short);
		return f + (f[1] == 'h' ? 2 : 1);
	}
	if (f[0] == 'l') {
		s->bytes = f[1] == 'l' ? sizeof(long long) : sizeof(long);
		return f + (f[1] == 'l' ? 2 : 1);
	}
	if (f[0] == 'z' || f[0] == 'j') {
		s->bytes = f[0] == 'z' ? sizeof(size_t) : sizeof(intmax_t);
		return f + 1;
	}
	return f;
}

/* Sign or 0x, then the digits of v; all paddings. */
static void put_number(struct out *o, const struct spec *s, uint64_t v, const char *prefix)
{
	const char *digit = s->upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[DIGITS_MAX];
	int n = 0, prefix_len = 0, zeros, pad;

	for (; v; v /= s->base)
		text[n++] = digit[v % s->base];
	while (prefix[prefix_len])
		prefix_len++;
	zeros = (s->precision < 0 ? 1 : s->precision) - n;
	if (zeros < 0)
		zeros = 0;
	pad = s->width - prefix_len - zeros - n;
	if (s->zero && !s->left && s->precision < 0 && pad > 0) {
		zeros += pad;
		pad = 0;
	}
	if (!s->left)
		put_many(o, ' ', pad);
	put_bytes(o, prefix, prefix_len);
	put_many(o, '0', zeros);
	while (n)
		put(o, text[--n]);
	if (s->left)
		put_many(o, ' ', pad);
}

static uint64_t next_unsigned(va_list *ap, unsigned bytes)
{
	if (bytes == 8)
		return va_arg(*ap, uint64_t);

	unsigned v = va_arg(*ap, unsigned);

	return bytes == 4 ? v : bytes == 2 ? (uint16_t)v : (uint8_t)v;
}

static int64_t next_signed(va_list *ap, unsigned bytes)
{
	if (bytes == 8)
		return va_arg(*ap, int64_t);

	int v = va_arg(*ap, int);

	return bytes == 4 ? v : bytes == 2 ? (int16_t)v : (int8_t)v;
}

static void put_signed(struct out *o, struct spec *s, int64_t v)
{
	const char *sign = v < 0 ? "-" : s->plus ? "+" : s->space ? " " : "";

	s->base = 10;
	put_number(o, s, v < 0 ? -(uint64_t)v : (uint64_t)v, sign);
}

static void put_hex(struct out *o, struct spec *s, uint64_t v)
{
	s->base = 16;
	put_number(o, s, v, !s->alt || !v ? "" : s->upper ? "0X" : "0x");
}

static void put_text(struct out *o, const struct spec *s, const char *text, int limit)
{
	int n = 0;

	while ((limit < 0 || n < limit) && text[n])
		n++;
	if (!s->left)
		put_many(o, ' ', s->width - n);
	put_bytes(o, text, n);
	if (s->left)
		put_many(o, ' ', s->width - n);
}

static void put_char(struct out *o, const struct spec *s, char c)
{
	if (!s->left)
		put_many(o, ' ', s->width - 1);
	put(o, c);
	if (s->left)
		put_many(o, ' ', s->width - 1);
}

/* Flags, width, precision and length, up to the conversion letter. */
static const char *read_spec(const char *f, struct spec *s, va_list *ap)
{
	*s = (struct spec){ .precision = -1 };
	f = read_flags(f, s);
	if (*f == '*') {
		s->width = va_arg(*ap, int);
		if (s->width < 0) {
			s->left = true;
			s->width = -s->width;
		}
		f++;
	} else {
		f = read_number(f, &s->width);
	}
	if (*f == '.') {
		f++;
		if (*f == '*') {
			s->precision = va_arg(*ap, int);
			f++;
		} else {
			f = read_number(f, &s->precision);
		}
	}
	return read_length(f, s);
}

static void convert(struct out *o, char c, struct spec *s, va_list *ap)
{
	const char *text;

	switch (c) {
	case 'c':
		put_char(o, s, (char)va_arg(*ap, int));
		break;
	case 's':
		text = va_arg(*ap, const char *);
		put_text(o, s, text ? text : "(null)", s->precision);
		break;
	case 'd':
	case 'i':
		put_signed(o, s, next_signed(ap, s->bytes));
		break;
	case 'u':
		s->base = 10;
		put_number(o, s, next_unsigned(ap, s->bytes), "");
		break;
	case 'p':
		s->base = 16;
		put_number(o, s, (uintptr_t)va_arg(*ap, void *), "0x");
		break;
	case 'x':
	case 'X':
		s->upper = c == 'X';
		put_hex(o, s, next_unsigned(ap, s->bytes));
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
