/* SPDX-License-Identifier: MIT */
/* Any bytes as RSDP, root table and tables: the chain is followed or refused, and what is found lies where it says. */
#include "tests/fuzz/fuzz.h"

#include "acpi/root.h"

#define RSDP_V1 20
#define RSDP_V2 36

static struct fuzz_memory memory;

static void check_table(const struct acpi_table *t, const char *signature)
{
	uint8_t byte;

	FUZZ_CHECK(memcmp(t->signature, signature, 4) == 0);
	FUZZ_CHECK(t->length >= ACPI_HEADER_SIZE && t->length <= ACPI_TABLE_MAX);
	FUZZ_CHECK(acpi_table_read(t, t->length - 1, &byte, 1));
	FUZZ_CHECK(!acpi_table_read(t, t->length, &byte, 1));
	FUZZ_CHECK(!acpi_table_read(t, UINT32_MAX, &byte, 1));
}

static void follow(const struct physmem *mem, phys_t rsdp)
{
	static const char *const signatures[] = { "SRAT", "APIC", "FACP", "    " };
	struct acpi_root root;

	if (acpi_root_open(&root, mem, rsdp) != OK)
		return;
	FUZZ_CHECK(root.nr <= ACPI_MAX_TABLES);
	for (size_t i = 0; i < root.nr; i++)
		FUZZ_CHECK(root.table[i] != 0);
	for (unsigned i = 0; i < ARRAY_SIZE(signatures); i++) {
		struct acpi_table t;
		enum status st = acpi_root_find(&root, signatures[i], &t);

		if (st == OK || st == ERR_CHECKSUM)
			check_table(&t, signatures[i]);
		if (st == OK || st == ERR_CHECKSUM)
			FUZZ_CHECK(t.checksum_ok == (st == OK));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct physmem mem = fuzz_memory_reader(&memory);
	phys_t found;

	fuzz_memory_fill(&memory, data, size);
	if (size >= RSDP_V1) {
		memcpy(memory.bytes, "RSD PTR ", 8);
		fuzz_fix_checksum(&memory, 0, RSDP_V1, 8);
	}
	/* The extended checksum stands behind the first twenty bytes. */
	if (size >= RSDP_V2 && le32(memory.bytes + 20) == RSDP_V2)
		fuzz_fix_checksum(&memory, 0, RSDP_V2, 32);
	follow(&mem, 0);
	found = acpi_rsdp_scan(&mem);
	if (found != PHYS_NONE)
		follow(&mem, found);
	return 0;
}
