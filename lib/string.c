/* SPDX-License-Identifier: MIT */
/*
 * The four functions a freestanding compiler may call. String instructions, so that no loop is turned into a call to
 * itself.
 */
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
	/*
	 * Unsigned: false only when `to` lies inside [from, from + n), where copying upwards would overwrite the rest.
	 */
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
	/* Words first: what is compared is mostly equal. */
	typedef uint64_t __attribute__((may_alias, aligned(1))) word;
	const uint8_t *x = a, *y = b;

	for (; n >= sizeof(word) && *(const word *)x == *(const word *)y; n -= sizeof(word)) {
		x += sizeof(word);
		y += sizeof(word);
	}
	for (size_t i = 0; i < n; i++) {
		if (x[i] != y[i])
			return x[i] - y[i];
	}
	return 0;
}
