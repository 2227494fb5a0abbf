/* SPDX-License-Identifier: MIT */
/* What is different in a browser: there is no machine below, and memory is filled by one instruction. */
#include <string.h>

#include "tools/predict/predict.h"
#include "tools/predict/unpack.h"

bool host_read(struct facts *f, struct input_error *err)
{
	(void)f;
	return input_refuse(err, "--host: a page cannot look at the machine: run landfall-predict in a terminal");
}

/* No program runs here, so a kernel's image tells its slot and not its end. */
const char *unpacker(const uint8_t *packed, size_t len)
{
	(void)packed, (void)len;
	return NULL;
}

size_t unpack(const uint8_t *packed, size_t len, uint8_t *to, size_t room)
{
	(void)packed, (void)len, (void)to, (void)room;
	return 0;
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
