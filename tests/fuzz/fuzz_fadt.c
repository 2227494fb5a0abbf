/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as FADT, DSDT and SSDT: nothing is said of a damaged FADT, and sleep types are ones that fit the register.
 */
#include "tests/fuzz/fuzz.h"

#include "acpi/fadt.h"

#define DSDT_AT 40
#define X_DSDT_AT 140

static struct fuzz_memory memory;

static void point(size_t at, size_t len, size_t fadt_len, size_t to)
{
	for (size_t i = 0; i < len && at + i < fadt_len; i++)
		memory.bytes[at + i] = i < sizeof(to) ? (uint8_t)(to >> 8 * i) : 0;
}

static void check_power(const struct acpi_power *p)
{
	FUZZ_CHECK(!p->reset_supported || p->reset.address != 0);
	FUZZ_CHECK(p->s5_found ? p->s5_a <= 7 && p->s5_b <= 7 : !p->s5_a && !p->s5_b);
}

/*
 * Input: length of the FADT, length of the DSDT, then the three tables; the FADT is made to point to the DSDT unless
 * told not to.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct acpi_power nothing;
	struct fuzz_input in = { data, size };
	size_t fadt = fuzz_u16(&in), dsdt = fuzz_u16(&in) & 0x7fff;
	bool linked = !(fuzz_u8(&in) & 1);
	struct physmem mem = fuzz_memory_reader(&memory);
	struct acpi_root root = { .mem = &mem, .nr = 2 };
	struct acpi_power power;
	enum status st;

	fuzz_memory_fill(&memory, in.at, in.left);
	root.table[0] = 0;
	root.table[1] = fadt + dsdt;
	if (!fuzz_make_table(&memory, fadt, dsdt, "DSDT") ||
	    !fuzz_make_table(&memory, fadt + dsdt, memory.size - fadt - dsdt, "SSDT"))
		root.nr = 1;
	if (linked) {
		point(DSDT_AT, 4, fadt, fadt);
		point(X_DSDT_AT, 8, fadt, fadt);
	}
	if (!fuzz_make_table(&memory, 0, fadt, "FACP"))
		return 0;
	st = acpi_power_read(&root, &power);
	if (st == OK)
		check_power(&power);
	else
		FUZZ_CHECK(memcmp(&power, &nothing, sizeof(power)) == 0);
	return 0;
}
