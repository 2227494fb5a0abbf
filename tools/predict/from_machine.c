/* SPDX-License-Identifier: MIT */
/* A machine description as a source of facts, with the kernel that Debian would boot on it. */
#include "tools/predict/from_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/machine_file.h"

/*
 * Debian's newest 6.12 (linux-image-6.12.117+deb12-cloud-amd64): from _text to _end, and what its header asks for
 * (init_size, in whole 2 MiB for a slot), at the place where a loader leaves it.
 */
static const struct kernel_image debians = {
	.release = "6.12.117+deb12-cloud-amd64 (assumed)",
	.version = LINUX_RELEASE(6, 12, 117),
	.pref = 16 * MIB,
	.end = 0x2c30000,
	.init_size = 0x37dc000,
	.output_len = 0x36e87ec,
};

static bool read_map(struct facts *f, const struct machine *m, struct input_error *err)
{
	for_each (e, m->map.e, m->map.nr) {
		if (e820_add(&f->map, e->r.start, range_size(e->r), e->type) != OK)
			return input_refuse(err, "too many ranges in the map");
	}
	return f->map.nr || input_refuse(err, "the description has no map");
}

typedef uint32_t table_maker(const struct machine *m, uint8_t *bytes, uint32_t room);

/* The finished table in memory of its own; NULL: the machine has none, or there is no memory. */
static uint8_t *make_table(const struct machine *m, table_maker *make, size_t *len)
{
	uint8_t *bytes = malloc(MACHINE_TABLE_MAX);

	if (bytes && (*len = make(m, bytes, MACHINE_TABLE_MAX)))
		return bytes;
	free(bytes);
	return NULL;
}

static void read_tables(struct facts *f, const struct machine *m)
{
	table_maker *const beside[] = { machine_madt, machine_slit };

	f->srat_bytes = make_table(m, machine_srat, &f->srat_len);
	for_each (make, beside, ARRAY_SIZE(beside)) {
		f->beside[f->nr_beside].bytes = make_table(m, *make, &f->beside[f->nr_beside].len);
		f->nr_beside += f->beside[f->nr_beside].bytes != NULL;
	}
}

/* Modules: reserved before the page tables are built, and KASLR keeps off them. */
static bool read_reserved(const struct machine *m, struct from_machine *out)
{
	for_each (r, m->reserve, m->nr_reserve)
		if (!range_list_add(out->reserve, *r) || !range_list_add(out->avoid, *r))
			return false;
	return true;
}

/* The value of `name` among the kernel options of the description; empty: it is not there. */
static void read_option(const struct machine *m, const char *name, char *value, size_t size)
{
	const char *at = m->options;
	size_t n = strlen(name);

	for (*value = '\0'; *(at += strspn(at, " ")); at += strcspn(at, " "))
		if (!strncmp(at, name, n))
			snprintf(value, size, "%.*s", (int)strcspn(at + n, " "), at + n);
}

bool machine_read_facts(struct facts *f, const char *name, struct from_machine *out, struct input_error *err)
{
	static struct machine m;
	struct machine_error bad;
	char levels[8];

	err->file = name;
	if (!machine_load(&m, name, &bad))
		return input_fail(err, bad.line, "%s", bad.reason);
	if (!read_map(f, &m, err))
		return false;
	read_tables(f, &m);
	f->pse = m.pse ? YES : NO;
	f->gbpages = m.gbpages ? YES : NO;
	read_option(&m, "levels=", levels, sizeof(levels));
	f->levels = *levels ? (*levels == '5' ? 5 : 4) : m.levels;
	read_option(&m, "page_size=", out->page_size, sizeof(out->page_size));
	snprintf(f->machine, sizeof(f->machine), "%.127s", m.about);
	return read_reserved(&m, out) || input_refuse(err, "too many ranges in --reserve and --avoid");
}

bool machine_assume_kernel(struct facts *f, const struct kernel_image *image, struct from_machine *out)
{
	const struct kernel_image *k = image ? image : &debians;

	snprintf(f->release, sizeof(f->release), "%s", k->release);
	f->version = k->version;
	f->kernel = (struct range){ k->pref, k->pref + k->end };
	snprintf(out->image_size, sizeof(out->image_size), "%#llx", (unsigned long long)kernel_image_slot(k));
	return range_list_add(out->avoid, (struct range){ k->pref, k->pref + k->init_size });
}
