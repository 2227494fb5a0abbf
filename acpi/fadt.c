/* SPDX-License-Identifier: MIT */
/* Reads the reset register and the way to S5 from the FADT, and the \_S5 package out of AML. */
#include "acpi/fadt.h"

/* AML, ACPI 6.5, 20.2.2 to 20.2.5 */
#define AML_ZERO 0x00
#define AML_ONE 0x01
#define AML_NAME 0x08
#define AML_BYTE 0x0a
#define AML_WORD 0x0b
#define AML_PACKAGE 0x12
#define AML_ROOT '\\'
#define NAME_LENGTH 4
#define SLEEP_TYPE_MAX 7 /* SLP_TYP has 3 bits */

/* As much of the table as there is, zeros behind it. */
struct fadt {
	uint32_t length;
	struct fadt_layout layout;
};

/* A field; zero where the table is too short to have all of it. */
#define FIELD(f, field)                                                                                                \
	(offsetof(struct fadt_layout, field) + sizeof((f)->layout.field) <= (f)->length                                \
		 ? (f)->layout.field                                                                                   \
		 : (__typeof__((f)->layout.field)){ 0 })

/* A PM1 control block: the extended field if it is there and not zero, else the old I/O port. */
static APART struct acpi_gas pm1_control(const struct fadt *f, struct acpi_gas extended, uint32_t port)
{
	if (extended.address)
		return extended;
	if (!port)
		return (struct acpi_gas){ 0 };
	return (struct acpi_gas){
		.space = ACPI_SPACE_IO,
		.bit_width = (uint8_t)(FIELD(f, pm1_cnt_len) * 8),
		.address = port,
	};
}

static void fadt_decode(const struct fadt *f, struct acpi_power *out)
{
	uint32_t flags = FIELD(f, flags), smi_command = FIELD(f, smi_command);

	out->reset = FIELD(f, reset);
	out->reset_value = FIELD(f, reset_value);
	out->reset_supported = (flags & FADT_FLAG_RESET) && out->reset.address &&
			       f->length > offsetof(struct fadt_layout, reset_value);
	out->hardware_reduced = flags & FADT_FLAG_HW_REDUCED;
	out->smi_command = smi_command <= UINT16_MAX ? (uint16_t)smi_command : 0;
	out->acpi_enable = FIELD(f, acpi_enable);
	out->pm1a = pm1_control(f, FIELD(f, x_pm1a_cnt), FIELD(f, pm1a_cnt));
	out->pm1b = pm1_control(f, FIELD(f, x_pm1b_cnt), FIELD(f, pm1b_cnt));
	out->sleep_control = FIELD(f, sleep_control);
}

/* A byte of AML at *at, which advances; false behind the end. */
static bool aml_byte(const struct acpi_table *t, uint32_t *at, uint8_t *value)
{
	return acpi_table_read(t, (*at)++, value, 1);
}

/* PkgLength (20.2.4): its own bytes count. *end: end of the package. */
static bool aml_package_end(const struct acpi_table *t, uint32_t *at, uint32_t *end)
{
	uint32_t start = *at, length;
	uint8_t lead, byte;

	if (!aml_byte(t, at, &lead))
		return false;
	length = lead >> 6 ? lead & 0x0f : lead & 0x3f;
	for (unsigned i = 0; i < lead >> 6; i++) {
		if (!aml_byte(t, at, &byte))
			return false;
		length |= (uint32_t)byte << (4 + 8 * i);
	}
	*end = start + length;
	return length <= t->length - start;
}

static bool aml_sleep_type(const struct acpi_table *t, uint32_t *at, uint8_t *value)
{
	uint8_t op, high = 0;

	if (!aml_byte(t, at, &op))
		return false;
	if (op == AML_ZERO || op == AML_ONE)
		*value = op;
	else if ((op != AML_BYTE && op != AML_WORD) || !aml_byte(t, at, value))
		return false;
	if (op == AML_WORD && !aml_byte(t, at, &high))
		return false;
	return !high && *value <= SLEEP_TYPE_MAX;
}

/* Name (\_S5, Package () { a, b, ... }) with the name's last segment at `name`: ACPI 6.5, 7.4.2. */
static APART bool s5_decode(const struct acpi_table *t, uint32_t name, struct acpi_power *out)
{
	uint32_t at = name + NAME_LENGTH, end;
	uint8_t before[2], op, elements;

	if (!acpi_table_read(t, name - 2, before, sizeof(before)))
		return false;
	if (before[1] != AML_NAME && !(before[1] == AML_ROOT && before[0] == AML_NAME))
		return false;
	if (!aml_byte(t, &at, &op) || op != AML_PACKAGE || !aml_package_end(t, &at, &end))
		return false;
	if (!aml_byte(t, &at, &elements) || elements < 2)
		return false;
	out->s5_found = aml_sleep_type(t, &at, &out->s5_a) && aml_sleep_type(t, &at, &out->s5_b) && at <= end;
	return out->s5_found;
}

/* Looks at every place where the name stands, whatever is around it: AML cannot be walked without interpreting it. */
static bool s5_search(const struct acpi_table *t, struct acpi_power *out)
{
	uint8_t chunk[512];
	uint32_t n;

	/* Chunks share three bytes, so that no name falls between two. */
	for (uint32_t at = ACPI_HEADER_SIZE + 1; at < t->length; at += sizeof(chunk) - (NAME_LENGTH - 1)) {
		n = (uint32_t)min_u64(sizeof(chunk), t->length - at);
		if (!acpi_table_read(t, at, chunk, n))
			return false;
		for (uint32_t i = 0; i + NAME_LENGTH <= n; i++) {
			if (bytes_begin(chunk + i, "_S5_") && s5_decode(t, at + i, out))
				return true;
		}
	}
	return false;
}

static bool aml_table_search(const struct physmem *mem, phys_t at, const char *signature, struct acpi_power *out)
{
	struct acpi_table t;

	return acpi_table_open(&t, mem, at) == OK && bytes_begin(t.signature, signature) && s5_search(&t, out);
}

static void s5_read(const struct acpi_root *root, phys_t dsdt, struct acpi_power *out)
{
	bool found = dsdt && aml_table_search(root->mem, dsdt, "DSDT", out);

	for_each (addr, root->table, root->nr)
		found = found || aml_table_search(root->mem, *addr, "SSDT", out);
	if (!found)
		out->s5_a = out->s5_b = 0;
}

static enum status fadt_read(const struct acpi_root *root, struct fadt *f)
{
	struct acpi_table t;
	enum status s = acpi_root_find(root, "FACP", &t);

	if (s != OK)
		return s;
	f->length = (uint32_t)min_u64(t.length, sizeof(f->layout));
	return acpi_table_read(&t, 0, &f->layout, f->length) ? OK : ERR_UNREADABLE;
}

/* The extended address of a table if it is there and not zero, else the old one. */
static phys_t table_at(phys_t extended, uint32_t old)
{
	return extended ? extended : old;
}

enum status acpi_power_read(const struct acpi_root *root, struct acpi_power *out)
{
	struct fadt f;
	enum status s = fadt_read(root, &f);

	*out = (struct acpi_power){ 0 };
	if (s != OK)
		return s;
	fadt_decode(&f, out);
	s5_read(root, table_at(FIELD(&f, x_dsdt), FIELD(&f, dsdt)), out);
	return OK;
}

void acpi_fadt_tables(const struct acpi_root *root, phys_t *dsdt, phys_t *facs)
{
	struct fadt f;

	*dsdt = *facs = 0;
	if (fadt_read(root, &f) != OK)
		return;
	*dsdt = table_at(FIELD(&f, x_dsdt), FIELD(&f, dsdt));
	*facs = table_at(FIELD(&f, x_facs), FIELD(&f, facs));
}
