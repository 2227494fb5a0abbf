/* SPDX-License-Identifier: MIT */
/* Any text as a hex dump of a table: what is found begins with its signature and is shorter than the text. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "tools/predict/dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	size_t found;

	memcpy(text, data, size);
	text[size] = '\0';
	found = dump_take(text, size, "SRAT");
	FUZZ_CHECK(found <= size / 2 && (!found || (found >= 4 && !memcmp(text, "SRAT", 4))));
	free(text);
	return 0;
}
