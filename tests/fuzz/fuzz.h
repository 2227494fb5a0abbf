/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz harnesses share: the fuzzer's bytes as physical memory and as numbers, and a check that ends the run.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acpi/reader.h"

/* What libFuzzer calls: every harness has one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Both a sanitizer's finding and this end the process with the input kept. */
#define FUZZ_CHECK(e) ((e) ? (void)0 : fuzz_fail(#e, __FILE__, __LINE__))
_Noreturn void fuzz_fail(const char *expr, const char *file, int line);

/*
 * Memory that holds nothing but the input, seen at four places: at 0, so that pointers in it are offsets; at 0xe0000
 * and 0xf0000, where firmware tables are scanned for; and up to the last byte of the address space, so that sums of
 * addresses wrap.
 */
#define FUZZ_MEMORY_MAX 65536

struct fuzz_memory {
	size_t size;
	uint8_t bytes[FUZZ_MEMORY_MAX];
};

/* Takes over the input, as far as there is room. The bytes may be changed after that. */
void fuzz_memory_fill(struct fuzz_memory *m, const uint8_t *data, size_t size);
struct physmem fuzz_memory_reader(struct fuzz_memory *m);

/*
 * Makes the sum of [start, start + len) zero by its byte at start + at, so that the fuzzer gets past it; no-op outside
 * the memory.
 */
void fuzz_fix_checksum(struct fuzz_memory *m, size_t start, size_t len, size_t at);

/*
 * Makes a table of [start, start + len): signature, length, checksum. False: too short for a header, or longer than the
 * memory.
 */
MUST_CHECK bool fuzz_make_table(struct fuzz_memory *m, size_t start, size_t len, const char *signature);

/* The whole input as one opened table. False: too short. */
MUST_CHECK bool fuzz_open_table(struct fuzz_memory *m, struct physmem *mem, const char *signature,
				struct acpi_table *t);

/* The input as a row of numbers; zeros once it is used up. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

/* Fields of a table, read without the layouts of the code under test. */
static inline uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t le64(const uint8_t *p)
{
	return (uint64_t)le32(p) | (uint64_t)le32(p + 4) << 32;
}

uint8_t fuzz_u8(struct fuzz_input *in);
uint16_t fuzz_u16(struct fuzz_input *in);
uint64_t fuzz_u64(struct fuzz_input *in);

#endif
