/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a machine description: refused with line and reason, or tables come of it that the kernel's parsers
 * take.
 */
#include "tests/fuzz/fuzz.h"

#include "acpi/madt.h"
#include "acpi/slit.h"
#include "acpi/srat.h"
#include "tools/machine.h"

static struct machine machine;
static struct srat srat;
static uint8_t table[MACHINE_TABLE_MAX];

static bool table_read(void *ctx, phys_t at, void *buf, size_t len)
{
	uint32_t size = *(const uint32_t *)ctx;

	if (at > size || len > size - at)
		return false;
	memcpy(buf, table + at, len);
	return true;
}

static size_t memory_entries(void)
{
	size_t nr = 0;

	for (size_t i = 0; i < machine.nr_entries; i++)
		nr += machine.entry[i].kind == MACHINE_MEM;
	return nr;
}

static void check_srat(const struct acpi_table *t)
{
	enum status st = srat_parse(t, &srat);

	FUZZ_CHECK(machine.damage == DAMAGE_CHECKSUM || t->checksum_ok);
	if (machine.damage == DAMAGE_NONE || machine.damage == DAMAGE_CHECKSUM)
		FUZZ_CHECK(st == ERR_FULL || (st == OK && srat.nr_mem >= memory_entries()));
	else
		FUZZ_CHECK(st != OK);
}

static void check_tables(void)
{
	uint32_t len = machine_srat(&machine, table, sizeof(table));
	struct physmem mem = { table_read, &len };
	struct acpi_table t;
	struct slit slit;
	enum status st;
	uint32_t nr;

	FUZZ_CHECK((len != 0) == machine.has_srat);
	if (len) {
		st = acpi_table_open(&t, &mem, 0);
		FUZZ_CHECK(st == OK || (machine.damage == DAMAGE_CHECKSUM && st == ERR_CHECKSUM) ||
			   (machine.damage == DAMAGE_LENGTH));
		if (st == OK || st == ERR_CHECKSUM)
			check_srat(&t);
	}
	len = machine_slit(&machine, table, sizeof(table));
	FUZZ_CHECK((len != 0) == (machine.nr_slit != 0));
	if (len)
		FUZZ_CHECK(acpi_table_open(&t, &mem, 0) == OK && slit_open(&slit, &t) != ERR_MALFORMED);
	len = machine_madt(&machine, table, sizeof(table));
	if (len)
		FUZZ_CHECK(acpi_table_open(&t, &mem, 0) == OK && madt_count(&t, &nr) == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine_error err = { 0, "" };
	char *text = malloc(size ? size : 1);

	FUZZ_CHECK(text);
	if (size)
		memcpy(text, data, size);
	if (machine_parse(&machine, text, size, &err))
		check_tables();
	else
		FUZZ_CHECK(err.reason[0] && strnlen(err.reason, sizeof(err.reason)) < sizeof(err.reason));
	free(text);
	return 0;
}
