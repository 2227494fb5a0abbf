/* SPDX-License-Identifier: MIT */
/* The running Linux as a source of facts: sysfs tables and memory map, /proc/iomem, /proc/cpuinfo, /proc/cmdline. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/scan.h"
#include "tools/predict/predict.h"
#include "tools/predict/text.h"

#define MEMMAP "/sys/firmware/memmap"
#define TABLES "/sys/firmware/acpi/tables/"
#define SRAT TABLES "SRAT"
#define DMI "/sys/class/dmi/id/"

static const char *root_hint(void)
{
	return geteuid() ? " (needs root)" : "";
}

/* A small file as one string without its newline; NULL: errno. */
static char *read_small(const char *path)
{
	const char *why;
	size_t len;
	char *text = access(path, R_OK) ? NULL : text_read_file(path, &len, &why);

	if (!text)
		return NULL;
	text_clean(text, len);
	while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
		text[--len] = '\0';
	return text;
}

/* Linux's names of firmware_map entries (e820_type_to_string). */
static enum e820_type parse_type(const char *s)
{
	static const struct {
		const char *name;
		enum e820_type type;
	} types[] = {
		{ "System RAM", E820_RAM },
		{ "ACPI Tables", E820_ACPI },
		{ "ACPI Non-volatile Storage", E820_NVS },
		{ "Unusable memory", E820_UNUSABLE },
		{ "Persistent Memory (legacy)", E820_PRAM },
		{ "Persistent Memory", E820_PMEM },
		{ "Soft Reserved", E820_SOFT_RESERVED },
	};

	for_each (type, types, ARRAY_SIZE(types))
		if (!strcmp(s, type->name))
			return type->type;
	return E820_RESERVED;
}

static bool read_number(const char *dir, const char *name, uint64_t *v)
{
	char path[80], *text;
	const char *s;
	bool good;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	text = read_small(path);
	s = text ? text : "";
	good = text_hex(&s, v);
	free(text);
	return good;
}

static bool read_memmap(struct facts *f, struct input_error *err)
{
	char dir[64], type[80], *name;
	uint64_t start, last;

	err->file = MEMMAP;
	for (unsigned i = 0; i < E820_MAX; i++) {
		snprintf(dir, sizeof(dir), MEMMAP "/%u", i);
		if (access(dir, F_OK))
			break;
		snprintf(type, sizeof(type), "%s/type", dir);
		name = read_small(type);
		if (!name || !read_number(dir, "start", &start) || !read_number(dir, "end", &last) || last < start) {
			free(name);
			return input_refuse(err, "entry %u cannot be read%s", i, root_hint());
		}
		if (e820_add(&f->map, start, last - start + 1, parse_type(name)) != OK) {
			free(name);
			return input_refuse(err, "too many entries");
		}
		free(name);
	}
	return true;
}

/* One line of /proc/iomem: where the kernel lies, and RAM where sysfs has no map. */
static bool read_iomem_line(struct facts *f, const char *s, bool take_ram)
{
	bool nested = *s == ' ';
	uint64_t first, last;

	text_blanks(&s);
	if (!scan_digits(&s, 16, &first) || !scan_skip(&s, "-") || !scan_digits(&s, 16, &last) ||
	    !scan_skip(&s, " : ") || !last || last < first || last == UINT64_MAX)
		return true;
	if (nested && !strcmp(s, "Kernel code"))
		f->kernel.start = first;
	else if (nested && !strcmp(s, "Kernel bss"))
		f->bss_end = last + 1;
	else if (!nested && take_ram && !strcmp(s, "System RAM"))
		return e820_add(&f->map, first, last - first + 1, E820_RAM) == OK;
	return true;
}

static bool read_iomem(struct facts *f, struct input_error *err)
{
	bool take_ram = f->map.nr == 0, good = true;
	const char *why;
	size_t len;
	char *text, *rest, *line;

	err->file = "/proc/iomem";
	text = text_read_file(err->file, &len, &why);
	if (!text)
		return input_refuse(err, "%s", why);
	text_clean(text, len);
	for (rest = text; good && (line = text_next_line(&rest, text + len));)
		good = read_iomem_line(f, line, take_ram);
	free(text);
	if (!good)
		return input_refuse(err, "too many entries");
	if (!f->map.nr || !f->kernel.start || !f->bss_end)
		return input_refuse(err, "does not tell where RAM and the kernel lie%s", root_hint());
	return true;
}

static bool has_word(const char *s, const char *word)
{
	size_t n = strlen(word);

	for (; (s = strstr(s, word)); s += n)
		if (s[-1] == ' ' && (s[n] == ' ' || s[n] == '\n' || !s[n]))
			return true;
	return false;
}

static void read_cpu(struct facts *f)
{
	char *text = read_small("/proc/cpuinfo");
	char *flags = text ? strstr(text, "\nflags") : NULL, *end = flags ? strchr(flags + 1, '\n') : NULL;

	if (end)
		*end = '\0';
	if (flags) {
		f->pse = has_word(flags + 1, "pse") ? YES : NO;
		f->gbpages = has_word(flags + 1, "pdpe1gb") ? YES : NO;
		f->levels = has_word(flags + 1, "la57") ? 5 : 4;
	}
	free(text);
}

static void read_release(struct facts *f)
{
	const char *s = f->release;
	struct utsname u;

	if (uname(&u) == 0)
		snprintf(f->release, sizeof(f->release), "%s", u.release);
	if (!linux_read_release(&s, &f->version))
		f->version = 0;
}

/* In the words of Linux's DMI line. */
static void read_machine(struct facts *f)
{
	char *vendor = read_small(DMI "sys_vendor"), *product = read_small(DMI "product_name"),
	     *bios = read_small(DMI "bios_version");

	if (vendor && product && bios)
		snprintf(f->machine, sizeof(f->machine), "%s %s, BIOS %s", vendor, product, bios);
	free(vendor);
	free(product);
	free(bios);
}

/* What the SRAT is held against: what is there, as the answer does not depend on it. */
static void read_beside(struct facts *f)
{
	static const char *const paths[] = { TABLES "APIC", TABLES "SLIT", TABLES "HMAT", TABLES "CEDT",
					     TABLES "MSCT" };

	for_each (path, paths, ARRAY_SIZE(paths)) {
		const char *why;
		size_t len;
		char *bytes = access(*path, R_OK) ? NULL : text_read_file(*path, &len, &why);

		if (!bytes)
			continue;
		f->beside[f->nr_beside].bytes = (uint8_t *)bytes;
		f->beside[f->nr_beside++].len = len;
	}
}

static bool read_tables(struct facts *f, struct input_error *err)
{
	if (access(SRAT, F_OK)) /* its absence is an answer: a machine of one node */
		return true;
	if (access(SRAT, R_OK)) {
		err->file = SRAT;
		return input_refuse(err, "%s%s", strerror(errno), root_hint());
	}
	read_beside(f);
	return facts_read_srat(f, SRAT, err);
}

bool host_read(struct facts *f, struct input_error *err)
{
	char *cmdline = read_small("/proc/cmdline");

	read_release(f);
	read_machine(f);
	if (cmdline)
		snprintf(f->cmdline, sizeof(f->cmdline), "%s", cmdline);
	free(cmdline);
	f->efi = !access("/sys/firmware/efi", F_OK);
	read_cpu(f);
	if (!read_memmap(f, err) || !read_iomem(f, err) || !read_tables(f, err))
		return false;
	facts_read_cmdline(f);
	snprintf(f->incomplete, sizeof(f->incomplete),
		 "the running system does not tell what firmware and the initial RAM disk had reserved");
	return true;
}
