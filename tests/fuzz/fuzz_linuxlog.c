/* SPDX-License-Identifier: MIT */
/* Any bytes as a boot log: the reader must end, keep to its memory, and hand on facts that hold together. */
#include "tests/fuzz/fuzz.h"

#include "mm/pt_alloc.h"
#include "tools/predict/linuxlog.h"

/* What the rest of the program relies on. */
static void check_facts(const struct facts *f)
{
	struct range taken = image_taken(f);

	FUZZ_CHECK(taken.start == f->kernel.start && taken.end >= f->buffer.end && taken.end <= f->kernel.end);
	FUZZ_CHECK(f->levels == 4 || f->levels == 5);
	FUZZ_CHECK(f->kernel.start < f->kernel.end && f->end > 0 && f->end % PAGE_SIZE == 0);
	FUZZ_CHECK(f->buffer.start >= f->kernel.start && f->buffer.end <= f->kernel.end);
	FUZZ_CHECK(f->mb.memory.nr > 0 && f->mb.memory.nr <= MEMBLOCK_MAX && f->mb.reserved.nr <= MEMBLOCK_MAX);
	for (size_t i = 0; i < f->mb.memory.nr; i++)
		FUZZ_CHECK(f->mb.memory.r[i].r.start < f->mb.memory.r[i].r.end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input_error err = { 0 };
	struct facts *f = facts_new();
	char *text = malloc(size + 1);

	FUZZ_CHECK(f && text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (!linuxlog_read(f, text, size, &err) || !facts_complete(f, &err))
		FUZZ_CHECK(err.text[0]);
	else
		check_facts(f);
	free(text);
	facts_free(f);
	return 0;
}
