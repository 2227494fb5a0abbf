/* SPDX-License-Identifier: MIT */
/*
 * landfall-machine: turns a machine description into what QEMU needs: SRAT, SLIT and arguments; or into what
 * landfall-predict needs: SRAT, SLIT and memory map. Exit status 2 on any error.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/machine_file.h"

#define USAGE "usage: landfall-machine NAME|FILE [-o FOLDER] [-t FOLDER] [--print]"

struct request {
	const char *name, *folder, *tables;
	bool print;
};

static struct machine machine;
static uint8_t table[MACHINE_TABLE_MAX];

static _Noreturn PRINTF_LIKE(1, 2) void die(const char *fmt, ...)
{
	va_list ap;

	fputs("landfall-machine: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

static FILE *open_file(const char *folder, const char *name, const char *mode)
{
	char path[4096];
	FILE *f;

	if (snprintf(path, sizeof(path), "%s%s%s", folder, *folder ? "/" : "", name) >= (int)sizeof(path))
		die("the path is too long: %s", name);
	f = fopen(path, mode);
	if (!f)
		die("%s: %s", path, strerror(errno));
	return f;
}

static void close_file(FILE *f, const char *name)
{
	if (ferror(f) | fclose(f))
		die("%s: cannot be written", name);
}

static void read_machine(const char *name)
{
	struct machine_error err;

	if (machine_load(&machine, name, &err))
		return;
	if (err.line)
		die("%s:%u: %s", name, err.line, err.reason);
	die("%s: %s", name, err.reason);
}

/* Writes a table; without one, an old file of that name goes. With args, QEMU is told of it. */
static void write_table(const char *folder, const char *name, uint32_t len, FILE *args)
{
	char path[4096];
	FILE *f;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		die("the path is too long: %s", folder);
	if (!len) {
		if (unlink(path) && errno != ENOENT)
			die("%s: %s", path, strerror(errno));
		return;
	}
	f = open_file(folder, name, "wb");
	fwrite(table, 1, len, f);
	close_file(f, name);
	if (args)
		fprintf(args, "-acpitable\nfile=%s\n", path);
}

static void write_tables(const char *folder, FILE *args)
{
	write_table(folder, "srat.dat", machine_srat(&machine, table, sizeof(table)), args);
	write_table(folder, "slit.dat", machine_slit(&machine, table, sizeof(table)), args);
}

/* The memory map as Linux prints it: the ends are inclusive. */
static void write_map(const char *folder)
{
	FILE *f = open_file(folder, "e820", "w");

	for (size_t i = 0; i < machine.map.nr; i++) {
		const struct region *e = &machine.map.e[i];

		fprintf(f, "BIOS-e820: [mem 0x%016" PRIx64 "-0x%016" PRIx64 "] %s\n", e->r.start, e->r.end - 1,
			e820_names(e->type)->in_linux);
	}
	close_file(f, "e820");
}

/* The arguments that make the machine, one a line. Memory is only taken from the host when the guest touches it. */
static void write_args(const char *folder)
{
	uint64_t mib = machine.memory / MIB;
	FILE *args;

	if (machine.board == MACHINE_HOST_ONLY)
		die("%s: for host runs only, QEMU cannot be this machine", machine.about);
	if (machine.damage == DAMAGE_CHECKSUM || machine.damage == DAMAGE_LENGTH)
		die("%s: QEMU repairs length and checksum of a table given to it", machine.about);
	args = open_file(folder, "qemu.args", "w");
	fprintf(args, "-machine\n%s,accel=tcg,memory-backend=ram\n", machine.board == MACHINE_Q35 ? "q35" : "pc");
	fprintf(args, "-object\nmemory-backend-ram,id=ram,size=%" PRIu64 "M,reserve=off\n", mib);
	fprintf(args, "-m\n%" PRIu64 "M\n-cpu\n%s\n-smp\n%u\n", mib, machine.cpu, machine.smp ? machine.smp : 1);
	write_tables(folder, args);
	close_file(args, "qemu.args");
}

static void print_facts(void)
{
	static const char *const boards[] = { "none", "q35", "pc" };

	printf("about %s\nsource %s\nqemu %s\n", machine.about, machine.source, boards[machine.board]);
	printf("memory 0x%" PRIx64 "\ncpu %s\nsmp %u\n", machine.memory, machine.cpu, machine.smp);
	printf("levels %u\nphys_bits %u\n", machine.levels, machine.phys_bits);
	printf("la57 %s\ngbpages %s\npse %s\n", machine.la57 ? "yes" : "no", machine.gbpages ? "yes" : "no",
	       machine.pse ? "yes" : "no");
	if (*machine.options)
		printf("options %s\n", machine.options);
	if (machine.has_seed)
		printf("seed 0x%" PRIx64 "\n", machine.seed);
	printf("ranges %zu\nentries %zu\n", machine.map.nr, machine.nr_entries);
}

static _Noreturn void help(void)
{
	puts(USAGE "\n"
		   "Puts together what a machine description says.\n"
		   "  -o FOLDER   the tables, and qemu.args: arguments that make this machine in QEMU, one a line\n"
		   "  -t FOLDER   the tables, and its memory map as Linux prints one\n"
		   "  --print     its facts, one a line\n"
		   "  --help      this text\n"
		   "exit status: 0 good, 2 the description or the arguments are not");
	exit(fflush(stdout) ? 2 : 0);
}

static struct request read_arguments(int argc, char **argv)
{
	struct request r = { 0 };

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help"))
			help();
		else if (!strcmp(argv[i], "--print"))
			r.print = true;
		else if (!strcmp(argv[i], "-o") && i + 1 < argc)
			r.folder = argv[++i];
		else if (!strcmp(argv[i], "-t") && i + 1 < argc)
			r.tables = argv[++i];
		else if (argv[i][0] != '-' && !r.name)
			r.name = argv[i];
		else
			die(USAGE);
	}
	if (!r.name || !(r.folder || r.tables || r.print))
		die(USAGE);
	return r;
}

int main(int argc, char **argv)
{
	struct request r = read_arguments(argc, argv);

	read_machine(r.name);
	if (r.folder)
		write_args(r.folder);
	if (r.tables) {
		write_tables(r.tables, NULL);
		write_map(r.tables);
	}
	if (r.print)
		print_facts();
	if (fflush(stdout))
		die("standard output: %s", strerror(errno));
	return 0;
}
