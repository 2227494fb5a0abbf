/* SPDX-License-Identifier: MIT */
/* Any bytes as SRAT and as a table beside it: looking for what is awkward ends, and what is found has a rule's name. */
#include "tests/fuzz/fuzz.h"

#include "acpi/table_rules.h"

static struct fuzz_memory memory;
static struct srat srat;

static void see(void *ctx, const char *rule, const char *about, va_list facts)
{
	unsigned *nr = ctx;

	(*nr)++;
	FUZZ_CHECK(rule && about);
	for (const char *c = rule; *c; c++)
		FUZZ_CHECK((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '-');
	FUZZ_CHECK(strcmp(about, FINDING_ENTRY) != 0 || va_arg(facts, unsigned) < memory.size);
}

static void look(const char *signature, const struct acpi_table *t, const struct findings *to)
{
	if (memcmp(signature, "APIC", 4) == 0)
		madt_findings(t, &srat, to);
	else if (memcmp(signature, "SLIT", 4) == 0)
		slit_findings(t, &srat, to);
	else if (memcmp(signature, "HMAT", 4) == 0)
		hmat_findings(t, &srat, to);
	else if (memcmp(signature, "CEDT", 4) == 0)
		cedt_findings(t, &srat, to);
	else
		msct_findings(t, &srat, to);
}

/* Input: which table, length of the SRAT, both tables. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const signatures[] = { "APIC", "SLIT", "HMAT", "CEDT", "MSCT" };
	struct fuzz_input in = { data, size };
	const char *signature = signatures[fuzz_u8(&in) % ARRAY_SIZE(signatures)];
	size_t len = fuzz_u16(&in);
	struct physmem mem = fuzz_memory_reader(&memory);
	unsigned nr = 0;
	const struct findings to = { see, &nr };
	struct acpi_table t;

	fuzz_memory_fill(&memory, in.at, in.left);
	if (!fuzz_make_table(&memory, 0, len, "SRAT"))
		return 0;
	FUZZ_CHECK(acpi_table_open(&t, &mem, 0) == OK);
	(void)!srat_parse(&t, &srat);
	srat_findings(&t, &srat, &to);
	if (!fuzz_make_table(&memory, len, memory.size - len, signature))
		return 0;
	FUZZ_CHECK(acpi_table_open(&t, &mem, len) == OK);
	look(signature, &t, &to);
	return 0;
}
