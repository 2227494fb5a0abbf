/* SPDX-License-Identifier: MIT */
/*
 * Instead of fuzzing: every truncation of the files named, and every change of one byte of them, each handed to the
 * harness in memory of its own size. FUZZ_EVERY says how many values a byte is changed to, 255 being all.
 */
#include <sanitizer/common_interface_defs.h>
#include <signal.h>

#include "tests/fuzz/fuzz.h"

#define FILE_MAX 65536

int LLVMFuzzerInitialize(int *argc, char ***argv);

/* What was being tried, for the case that it ends the process. */
static struct {
	const char *file;
	size_t at;
	unsigned flip; /* 0: cut there */
} trying;

static unsigned long tried;

static void say_what(void)
{
	if (trying.flip)
		fprintf(stderr, "every: %s, byte %zu xor 0x%02x\n", trying.file, trying.at, trying.flip);
	else
		fprintf(stderr, "every: %s, cut to %zu bytes\n", trying.file, trying.at);
}

static void aborted(int sig)
{
	(void)sig;
	say_what();
}

static void try(const uint8_t *data, size_t len, size_t at, unsigned flip)
{
	uint8_t *copy = malloc(len ? len : 1);

	FUZZ_CHECK(copy != NULL);
	memcpy(copy, data, len);
	if (flip)
		copy[at] ^= (uint8_t)flip;
	trying.at = at;
	trying.flip = flip;
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
	tried++;
}

static void every_change(const uint8_t *data, size_t len, unsigned values)
{
	static const uint8_t few[] = { 0x01, 0x80, 0xff, 0x7f, 0x20, 0x0f };

	for (size_t at = 0; at < len; at++) {
		try(data, at, at, 0);
		for (unsigned i = 0; i < values; i++)
			try(data, len, at, values <= sizeof(few) ? few[i] : i + 1);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static uint8_t data[FILE_MAX];
	const char *given = getenv("FUZZ_EVERY");
	unsigned values = given ? (unsigned)strtoul(given, NULL, 10) : 0;

	if (!values)
		return 0;
	__sanitizer_set_death_callback(say_what);
	signal(SIGABRT, aborted);
	for (int i = 1; i < *argc; i++) {
		FILE *f = fopen((*argv)[i], "rb");

		FUZZ_CHECK(f != NULL && values <= 255);
		trying.file = (*argv)[i];
		every_change(data, fread(data, 1, sizeof(data), f), values);
		fclose(f);
	}
	printf("every: %lu inputs\n", tried);
	exit(0);
}
