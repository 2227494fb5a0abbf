/* SPDX-License-Identifier: MIT */
/* The fuzzer's bytes as physical memory, tables and numbers. */
#include "tests/fuzz/fuzz.h"

_Noreturn void fuzz_fail(const char *expr, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, expr);
	abort();
}

_Noreturn void kassert_fail(const char *expr, const char *file, int line)
{
	fuzz_fail(expr, file, line);
}

static bool memory_read(void *ctx, phys_t at, void *buf, size_t len)
{
	const struct fuzz_memory *m = ctx;
	const phys_t seen_at[] = { 0, 0xe0000, 0xf0000, 0 - (uint64_t)m->size };

	for (unsigned i = 0; i < ARRAY_SIZE(seen_at); i++) {
		uint64_t offset = at - seen_at[i];

		if (offset < m->size && len <= m->size - offset) {
			memcpy(buf, m->bytes + offset, len);
			return true;
		}
	}
	return false;
}

void fuzz_memory_fill(struct fuzz_memory *m, const uint8_t *data, size_t size)
{
	m->size = size < FUZZ_MEMORY_MAX ? size : FUZZ_MEMORY_MAX;
	if (m->size)
		memcpy(m->bytes, data, m->size);
}

struct physmem fuzz_memory_reader(struct fuzz_memory *m)
{
	return (struct physmem){ memory_read, m };
}

void fuzz_fix_checksum(struct fuzz_memory *m, size_t start, size_t len, size_t at)
{
	if (start > m->size || len > m->size - start || at >= len)
		return;
	m->bytes[start + at] = (uint8_t)(m->bytes[start + at] - sum8(m->bytes + start, len));
}

bool fuzz_make_table(struct fuzz_memory *m, size_t start, size_t len, const char *signature)
{
	uint8_t *p = m->bytes + start;

	if (start > m->size || len > m->size - start || len < ACPI_HEADER_SIZE)
		return false;
	memcpy(p, signature, 4);
	for (unsigned i = 0; i < 4; i++)
		p[4 + i] = (uint8_t)(len >> 8 * i);
	fuzz_fix_checksum(m, start, len, 9);
	return true;
}

bool fuzz_open_table(struct fuzz_memory *m, struct physmem *mem, const char *signature, struct acpi_table *t)
{
	if (!fuzz_make_table(m, 0, m->size, signature))
		return false;
	*mem = fuzz_memory_reader(m);
	FUZZ_CHECK(acpi_table_open(t, mem, 0) == OK);
	return true;
}

uint8_t fuzz_u8(struct fuzz_input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

uint16_t fuzz_u16(struct fuzz_input *in)
{
	uint16_t low = fuzz_u8(in);

	return (uint16_t)(low | fuzz_u8(in) << 8);
}

uint64_t fuzz_u64(struct fuzz_input *in)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		v |= (uint64_t)fuzz_u8(in) << 8 * i;
	return v;
}
