/* SPDX-License-Identifier: MIT */
/* Undoes a compression by the program that is there for it. */
#include "tools/predict/unpack.h"

#include <stdio.h>
#include <string.h>

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

/* Lets a shell run it, with the file as its input. */
static size_t run(const char *program, int in, uint8_t *to, size_t room)
{
	char command[80];
	size_t got = 0;
	FILE *out;

	snprintf(command, sizeof(command), "%s -dc </proc/self/fd/%d 2>/dev/null", program, in);
	out = popen(command, "r");
	if (out) {
		got = fread(to, 1, room, out);
		pclose(out);
	}
	return got;
}

size_t unpack(const uint8_t *packed, size_t len, uint8_t *to, size_t room)
{
	const char *program = unpacker(packed, len);
	FILE *in = program ? tmpfile() : NULL;
	size_t got = 0;

	if (in && fwrite(packed, 1, len, in) == len && !fflush(in))
		got = run(program, fileno(in), to, room);
	if (in)
		fclose(in);
	return got;
}
