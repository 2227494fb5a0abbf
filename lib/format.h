/* SPDX-License-Identifier: MIT */
/*
 * A small vsnprintf: %c %s %d %i %u %x %X %p %% with flags 0 - + # and space, width, precision, *, and h hh l ll z j.
 */
#ifndef LIB_FORMAT_H
#define LIB_FORMAT_H

#include <stdarg.h>

#include "lib/base.h"

/* Writes at most size - 1 characters and a final NUL; returns the length the whole would have (as C99's). */
int format_v(char *buf, size_t size, const char *fmt, va_list ap);
int format(char *buf, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* What %llx takes: a uint64_t is another type on some targets. */
typedef unsigned long long ull;

/* A string put together piece by piece. It always ends in NUL; what does not fit is left out, and `cut` is set. */
struct builder {
	char *s;
	size_t size, len; /* of the array, at least 1; of the string */
	bool cut;
};

/* One with nothing in it yet, in an array that is "" at first. */
#define BUILDER(array) ((struct builder){ .s = (array), .size = sizeof(array) })

void builder_add(struct builder *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
