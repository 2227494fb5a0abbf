/* SPDX-License-Identifier: MIT */
/* Any bytes as a SLIT: every distance that is given out is one Linux would take, inside the table and beyond it. */
#include "tests/fuzz/fuzz.h"

#include "acpi/slit.h"

#define LOCAL 10
#define REMOTE 20

static struct fuzz_memory memory;

static void check_distance(const struct slit *s, uint32_t a, uint32_t b)
{
	uint8_t distance = slit_distance(s, a, b);

	FUZZ_CHECK(a == b ? distance == LOCAL : distance > LOCAL);
	if (a != b && (a >= s->localities || b >= s->localities))
		FUZZ_CHECK(distance == REMOTE);
	if (a < s->localities && b < s->localities)
		FUZZ_CHECK(distance == memory.bytes[44 + a * s->localities + b]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acpi_table t;
	struct physmem mem;
	struct slit s;
	enum status st;

	fuzz_memory_fill(&memory, data, size);
	if (!fuzz_open_table(&memory, &mem, "SLIT", &t))
		return 0;
	st = slit_open(&s, &t);
	FUZZ_CHECK(st == OK || s.localities == 0);
	FUZZ_CHECK(s.localities * s.localities <= memory.size);
	for (uint32_t a = 0; a <= s.localities && a < 32; a++) {
		for (uint32_t b = 0; b <= s.localities && b < 32; b++)
			check_distance(&s, a, b);
		check_distance(&s, a, UINT32_MAX);
	}
	return 0;
}
