/* SPDX-License-Identifier: MIT */
/* What is different in a browser: there is no machine below, and memory is filled by one instruction. */
#include <string.h>

#include "tools/predict/predict.h"

bool host_read(struct facts *f, struct input_error *err)
{
	(void)f;
	return input_fail(err, 0, "--host: a page cannot look at the machine: run landfall-predict in a terminal");
}

/* The C library's go byte by byte; with -mbulk-memory these are instructions, not calls. */
void *memset(void *s, int c, size_t n)
{
	return __builtin_memset(s, c, n);
}

void *memcpy(void *to, const void *from, size_t n)
{
	return __builtin_memcpy(to, from, n);
}
