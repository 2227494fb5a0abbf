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

#endif
