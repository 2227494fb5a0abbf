/* SPDX-License-Identifier: MIT */
/* Any bytes as a kernel's bzImage and as the ELF file in one: what is told lies inside, and is of a sane size. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "tools/predict/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kernel_image image = { 0 };
	struct input_error err = { 0 };
	uint8_t *copy = malloc(size);

	memcpy(copy, data, size);
	if (kernel_image_parse(copy, size, &image, &err)) {
		FUZZ_CHECK(image.payload.start <= image.payload.end && image.payload.end <= size);
		FUZZ_CHECK(image.release[0] && image.init_size <= 1ull << 30 && image.pref % 4096 == 0);
		FUZZ_CHECK(kernel_image_slot(&image) % (2 << 20) == 0);
	} else {
		FUZZ_CHECK(err.text[0]);
	}
	if (kernel_image_read_elf(copy, size, &image))
		FUZZ_CHECK(image.end && image.end % 4096 == 0 && image.end <= 1ull << 32);
	free(copy);
	return 0;
}
