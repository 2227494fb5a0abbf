/* SPDX-License-Identifier: MIT */
/* The four functions a freestanding compiler may call, of string instructions: a loop might become a call to itself. */
#include "lib/base.h"

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	void *d = to;
	size_t words = n / 8, rest = n % 8;

	__asm__ volatile("rep movsq" : "+D"(d), "+S"(from), "+c"(words) : : "memory");
	__asm__ volatile("rep movsb" : "+D"(d), "+S"(from), "+c"(rest) : : "memory");
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	/* Unsigned: false only when `to` lies in [from, from + n), where copying upwards would overwrite the rest. */
	if ((uintptr_t)to - (uintptr_t)from >= n)
		return memcpy(to, from, n);

	void *d = (char *)to + n - 1;
	const void *s = (const char *)from + n - 1;

	__asm__ volatile("std; rep movsb; cld" : "+D"(d), "+S"(s), "+c"(n) : : "memory", "cc");
	return to;
}

void *memset(void *to, int c, size_t n)
{
	void *d = to;
	size_t words = n / 8, rest = n % 8;
	uint64_t pattern = (uint8_t)c * 0x0101010101010101ull;

	__asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(pattern) : "memory");
	__asm__ volatile("rep stosb" : "+D"(d), "+c"(rest) : "a"(pattern) : "memory");
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b, *end = x + n;
	size_t words = n / 8;

	__asm__ volatile("repe cmpsq" : "+S"(x), "+D"(y), "+c"(words) : : "memory", "cc");
	/* It stops behind the first word that differs, else behind the last one: that one is looked at by bytes. */
	if (n >= 8) {
		x -= 8;
		y -= 8;
	}
	for (; x < end; x++, y++) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}
