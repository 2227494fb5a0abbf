/* SPDX-License-Identifier: MIT */
/* Undoes a compression by the program that is there for it. */
#include "tools/predict/unpack.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The program that undoes a compression; NULL: none is known. */
static const char *unpacker(const uint8_t *payload, size_t len)
{
	static const struct {
		const char *magic, *program;
		size_t len;
	} known[] = {
		{ "\x28\xb5\x2f\xfd", "zstd", 4 },
		{ "\xfd"
		  "7zXZ",
		  "xz", 5 },
		{ "\x1f\x8b", "gzip", 2 },
		{ "\x02\x21\x4c\x18", "lz4", 4 },
		{ "BZh", "bzip2", 3 },
		{ "\x89LZO", "lzop", 4 },
		{ "\x5d\x00\x00", "xz", 3 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (len >= known[i].len && !memcmp(payload, known[i].magic, known[i].len))
			return known[i].program;
	return NULL;
}

/* Runs it with `in` as its input and a pipe to read from; -1: it cannot be run. */
static pid_t start(const char *program, int in, int *out)
{
	int ends[2];
	pid_t child = pipe(ends) ? -1 : fork();

	if (child != 0) {
		if (child > 0)
			close(ends[1]);
		*out = ends[0];
		return child;
	}
	dup2(in, STDIN_FILENO);
	dup2(ends[1], STDOUT_FILENO);
	close(STDERR_FILENO);
	close(ends[0]);
	execlp(program, program, "-dc", (char *)NULL);
	_exit(127);
}

static size_t run(const char *program, int in, uint8_t *to, size_t room)
{
	size_t got = 0;
	ssize_t n = 1;
	int out;
	pid_t child = start(program, in, &out);

	if (child < 0)
		return 0;
	while (got < room && (n = read(out, to + got, room - got)) > 0)
		got += (size_t)n;
	close(out);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return got;
}

size_t unpack(const uint8_t *packed, size_t len, uint8_t *to, size_t room)
{
	const char *program = unpacker(packed, len);
	FILE *in = program ? tmpfile() : NULL;
	size_t got = 0;

	if (in && fwrite(packed, 1, len, in) == len && !fflush(in) && lseek(fileno(in), 0, SEEK_SET) == 0)
		got = run(program, fileno(in), to, room);
	if (in)
		fclose(in);
	return got;
}
