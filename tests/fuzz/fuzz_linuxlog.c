/* SPDX-License-Identifier: MIT */
/* Any bytes as a boot log: the reader must end, keep to its memory, and hand on facts that hold together. */
#include <stdlib.h>
#include <string.h>

#include "mm/pt_alloc.h"
#include "tools/predict/linuxlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

_Noreturn void kassert_fail(const char *expr, const char *file, int line)
{
	(void)expr;
	(void)file;
	(void)line;
	abort();
}

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* What the rest of the program relies on. */
static void check_facts(const struct facts *f)
{
	check(f->levels == 4 || f->levels == 5);
	check(f->kernel.start < f->kernel.end && f->end > 0 && f->end % PAGE_SIZE == 0);
	check(f->buffer.start >= f->kernel.start && f->buffer.end <= f->kernel.end);
	check(f->mb.memory.nr > 0 && f->mb.memory.nr <= MEMBLOCK_MAX && f->mb.reserved.nr <= MEMBLOCK_MAX);
	for (size_t i = 0; i < f->mb.memory.nr; i++)
		check(f->mb.memory.r[i].start < f->mb.memory.r[i].end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input_error err = { 0 };
	struct facts *f = facts_new();
	char *text = malloc(size + 1);

	check(f && text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (!linuxlog_read(f, text, size, &err) || !facts_complete(f, &err))
		check(err.text[0]);
	else
		check_facts(f);
	free(text);
	facts_free(f);
	return 0;
}
