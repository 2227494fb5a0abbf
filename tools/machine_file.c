/* SPDX-License-Identifier: MIT */
/* Finds and reads machine descriptions. */
#include "tools/machine_file.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX (1u << 20)

static PRINTF_LIKE(2, 3) bool fail(struct machine_error *err, const char *fmt, ...)
{
	va_list ap;

	err->line = 0;
	va_start(ap, fmt);
	vsnprintf(err->reason, sizeof(err->reason), fmt, ap);
	va_end(ap);
	return false;
}

/* Opens the description of that name below the folder that holds the program's own folder; NULL: there is none. */
static FILE *open_named(const char *name)
{
	static const char *const folders[] = { "tests/machines", "share/landfall/machines" };
	char program[PATH_MAX], path[PATH_MAX + 512];
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	FILE *f = NULL;

	if (len <= 0)
		return NULL;
	program[len] = '\0';
	for (unsigned up = 0; up < 2; up++) {
		char *slash = strrchr(program, '/');

		if (!slash)
			return NULL;
		*slash = '\0';
	}
	for (size_t i = 0; i < ARRAY_SIZE(folders) && !f; i++) {
		if (snprintf(path, sizeof(path), "%s/%s/%s.machine", program, folders[i], name) < (int)sizeof(path))
			f = fopen(path, "rb");
	}
	return f;
}

bool machine_load(struct machine *m, const char *name, struct machine_error *err)
{
	bool is_path = strpbrk(name, "/.");
	FILE *f = is_path ? fopen(name, "rb") : open_named(name);
	char *text;
	size_t len;
	bool good;

	if (!f && is_path)
		return fail(err, "%s", strerror(errno));
	if (!f)
		return fail(err, "no machine description of that name comes with Landfall");
	text = malloc(TEXT_MAX);
	len = text ? fread(text, 1, TEXT_MAX, f) : 0;
	good = text && !ferror(f);
	fclose(f);
	if (!good)
		fail(err, "cannot be read");
	else if (len == TEXT_MAX)
		good = fail(err, "longer than 1 MiB");
	else
		good = machine_parse(m, text, len, err);
	free(text);
	return good;
}
