/* SPDX-License-Identifier: MIT */
/* Puts tables from modules in the place of the firmware's, and says so in the words of Linux's table upgrade. */
#include "kernel/steps.h"

#include "acpi/cpio.h"
#include "kernel/report/report.h"
#include "lib/format.h"

#define FOLDER "kernel/firmware/acpi/"
#define FILES_MAX 64 /* NR_ACPI_INITRD_TABLES of Linux, per archive */

/* What a file must be to be taken as a table. */
enum verdict { TOO_SMALL, NOT_READ, WRONG_LENGTH, WRONG_SUM, TABLE };

/* The tables that Landfall reads; the others would change nothing. */
static bool is_read(const char *signature)
{
	static const char names[][5] = { "SRAT", "SLIT", "APIC", "HMAT", "CEDT", "MSCT", "FACP" };

	for_each (name, names, ARRAY_SIZE(names)) {
		if (scan_equal(signature, *name))
			return true;
	}
	return false;
}

static enum verdict open_table(struct acpi_table *t, const struct physmem *mem, struct range file)
{
	enum status s;

	if (range_size(file) < ACPI_HEADER_SIZE)
		return TOO_SMALL;
	s = acpi_table_open(t, mem, file.start);
	if (s == ERR_UNREADABLE || !is_read(t->signature))
		return NOT_READ;
	if (t->length != range_size(file))
		return WRONG_LENGTH;
	return s == OK ? TABLE : WRONG_SUM;
}

/* The line of Linux, and what follows from it where that is a surprise. */
static void install(struct log *l, struct acpi_root *root, const struct acpi_table *t, bool always)
{
	enum acpi_upgrade how = acpi_root_upgrade(root, t, always);
	struct acpi_table used;

	if (how == ACPI_OVERRIDE || how == ACPI_INSTALL)
		report_linux(l, "ACPI: Table Upgrade: %s [%-4.4s-%-6.6s-%-8.8s]",
			     how == ACPI_OVERRIDE ? "override" : "install", t->signature, t->oem_id, t->oem_table_id);
	if (acpi_root_find(root, t->signature, &used) == ERR_NOT_FOUND || used.addr != t->addr)
		report_warning(l, "%s: the firmware's stays in use: %s", t->signature,
			       how == ACPI_OLDER  ? "the file's OEM revision is not higher"
			       : how == ACPI_FULL ? "there are too many tables"
						  : "its OEM table id is another");
}

static void read_member(struct log *l, struct acpi_root *root, const struct cpio_file *f)
{
	static const char complaints[][41] = {
		[TOO_SMALL] = "Table smaller than ACPI header",
		[NOT_READ] = "Unknown signature",
		[WRONG_LENGTH] = "File length does not match table length",
		[WRONG_SUM] = "Bad table checksum",
	};
	struct acpi_table t;
	enum verdict v = open_table(&t, root->mem, f->data);

	if (v != TABLE) {
		report_linux(l, "ACPI: ACPI OVERRIDE: %s [" FOLDER "%s]", complaints[v], f->name);
		return;
	}
	report_linux(l, "ACPI: %s ACPI table found in initrd [" FOLDER "%s][0x%x]", t.signature, f->name, t.length);
	install(l, root, &t, false);
}

static void read_file(struct log *l, struct acpi_root *root, struct range file)
{
	struct cpio_walk w = { root->mem, file };
	struct acpi_table t;
	struct cpio_file f;

	switch (open_table(&t, root->mem, file)) {
	case TABLE:
		log_text(l, "%s: taken from the module at 0x%llx", t.signature, (ull)file.start);
		install(l, root, &t, true);
		return;
	case WRONG_LENGTH:
	case WRONG_SUM:
		report_warning(l, "%s in the module at 0x%llx: its %s is wrong: not used", t.signature, (ull)file.start,
			       t.length == range_size(file) ? "checksum" : "length");
		return;
	default:
		for (unsigned i = 0; i < FILES_MAX && cpio_next_file(&w, FOLDER, &f); i++)
			read_member(l, root, &f);
	}
}

void upgrade_tables(struct log *l, const struct bootinfo *bi, struct acpi_root *root)
{
	for_each (f, bi->file, bi->nr_files)
		read_file(l, root, *f);
}
