/* SPDX-License-Identifier: MIT */
/* Undoes a compression by the program that is there for it. */
#include "tools/predict/unpack.h"

#include <stdio.h>
#include <string.h>

const char *unpacker(const uint8_t *packed, size_t len)
{
#define MADE_BY(program, magic)                                                                                        \
	{                                                                                                              \
		program, magic, sizeof(magic) - 1                                                                      \
	}
	static const struct {
		const char *program, *magic;
		size_t len;
	} known[] = {
		MADE_BY("zstd", "\x28\xb5\x2f\xfd"), MADE_BY("xz", "\xfd\x37zXZ"), MADE_BY("gzip", "\x1f\x8b"),
		MADE_BY("lz4", "\x02\x21\x4c\x18"),  MADE_BY("bzip2", "BZh"),      MADE_BY("lzop", "\x89LZO"),
		MADE_BY("xz", "\x5d\x00\x00"),
	};
#undef MADE_BY

	for_each (k, known, ARRAY_SIZE(known))
		if (len >= k->len && !memcmp(packed, k->magic, k->len))
			return k->program;
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
