/* SPDX-License-Identifier: MIT */
/*
 * landfall-host: the kernel's run on the host, on fake memory, from a machine description. The log goes to standard
 * output. tools/run --host calls it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/scan.h"
#include "lib/version.h"
#include "tools/host/host.h"

#define TEXT_MAX (1 << 20)
#define ROOM_PAGES (256 << 10) /* page tables of one map that are kept; more are counted */
#define USAGE "usage: landfall-host [--load ADDRESS FILE]... MACHINE-FILE KERNEL-FILE [OPTION...]\n"

static struct machine machine;
static char text[TEXT_MAX];

static _Noreturn void die(const char *name, const char *reason)
{
	fprintf(stderr, "landfall-host: %s: %s\n", name, reason);
	exit(64);
}

_Noreturn void kassert_fail(const char *expr, const char *file, int line)
{
	fprintf(stderr, "landfall-host: check failed: %s (%s:%d)\n", expr, file, line);
	exit(RUN_FAULT << 1 | 1);
}

/* A whole file in `text`. Returns its length. */
static size_t read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t len;

	if (!f)
		die(path, strerror(errno));
	len = fread(text, 1, sizeof(text), f);
	if (ferror(f) || len == sizeof(text))
		die(path, "cannot be read, or is longer than 1 MiB");
	fclose(f);
	return len;
}

static void read_machine(const char *path)
{
	struct machine_error err;
	size_t len = read_file(path);
	char where[160];

	if (machine_parse(&machine, text, len, &err))
		return;
	snprintf(where, sizeof(where), "line %u: %s", err.line, err.reason);
	die(path, where);
}

/* Puts files into the memory, over what is there, as QEMU's device `loader` does: words are `--load ADDRESS FILE`. */
static void load_files(struct host *f, int nr, char **words)
{
	for (int i = 0; i < nr; i += 3) {
		size_t len = read_file(words[i + 2]);
		phys_t at;

		if (!scan_plain(words[i + 1], &at) || at > UINT64_MAX - len)
			die(words[i + 1], "is no address for a file of that size");
		fake_ram_write(&f->ram, at, text, len);
	}
}

static bool has_room(void *ctx, uint64_t pages)
{
	(void)ctx;
	return pages <= ROOM_PAGES;
}

/* All words in one line, as a loader hands them over. */
static char *join(int nr, char **words)
{
	size_t len = 1;
	char *line;

	for (int i = 0; i < nr; i++)
		len += strlen(words[i]) + 1;
	line = calloc(1, len);
	if (!line)
		die("options", "out of memory");
	for (int i = 0; i < nr; i++) {
		strcat(line, i ? " " : "");
		strcat(line, words[i]);
	}
	return line;
}

/* Exit status: as QEMU's with the debug-exit device, so that the caller reads both alike; 64: nothing has run. */
int main(int argc, char **argv)
{
	struct host_image image;
	enum run_result result;
	const char *why;
	struct host *f;
	char *options;
	int at = 1;

	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return puts("landfall-host " LANDFALL_VERSION) < 0;
	while (at + 2 < argc && strcmp(argv[at], "--load") == 0)
		at += 3;
	if (argc < at + 2) {
		fputs(USAGE, stderr);
		return 64;
	}
	read_machine(argv[at]);
	if (!host_image_read(argv[at + 1], &image, &why))
		die(argv[at + 1], why);
	options = join(argc - at - 2, argv + at + 2);
	f = host_new(&machine, &image, host_tables_at(&machine), options);
	f->p.room = has_room;
	load_files(f, at - 1, argv + 1);
	result = kernel_run(f->h, &f->p);
	if (fwrite(f->out, 1, f->len, stdout) != f->len || fflush(stdout))
		die("standard output", strerror(errno));
	host_free(f);
	free(options);
	return (int)result << 1 | 1;
}
