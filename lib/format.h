/* SPDX-License-Identifier: MIT */
/*
 * A small vsnprintf: %c %s %d %u %x %X %% with flags 0 and -, width, the precision of %s, *, and l ll z. %'llu is a
 * size in bytes: "2 MiB", "1.9 GiB", exact when it can be, else with one decimal, rounded down. %8p is a struct range
 * by its address, in so many digits: "[mem 0x00100000-0x001fffff]".
 */
#ifndef LIB_FORMAT_H
#define LIB_FORMAT_H

#include <stdarg.h>

#include "lib/base.h"

/* Write at most size - 1 characters and a final NUL; return the length the whole would have, as C99's snprintf. */
int format_v(char *buf, size_t size, const char *fmt, va_list ap);
int format(char *buf, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Returns the next argument, of 64 bits or of unsigned's size: every va_arg of its own costs code. */
uint64_t format_next(va_list *ap, bool wide);

/* What %llx takes: a uint64_t is another type on some targets. */
typedef unsigned long long ull;

/* A string put together piece by piece. It always ends in NUL; what does not fit is left out, and `cut` is set. */
struct builder {
	char *s;
	size_t size, len; /* of the array, at least 1; of the string */
	bool cut;
};

/* Makes one with nothing in it yet, in an array that is "" at first. */
#define BUILDER(array) ((struct builder){ .s = (array), .size = sizeof(array) })

/* Appends to the string. */
void builder_add(struct builder *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
