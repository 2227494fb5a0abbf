/* SPDX-License-Identifier: MIT */
/* The 64-bit entry of Linux's boot protocol: kexec, and loaders that are 64-bit themselves. */
#include "boot/file/payload.h"
#include "boot/told.h"

#define E820_ENTRIES 0x1e8 /* of boot_params: zero-page.rst */
#define E820_TABLE 0x2d0
#define E820_ROOM 128

_Noreturn void file_start64(const char *params, char *end);

/* True when RAM of the loader's map holds [at, at + size). */
static bool is_ram(const char *params, phys_t at, uint64_t size)
{
	const struct told_entry *e = (const void *)(params + E820_TABLE);
	unsigned nr = *(const uint8_t *)(params + E820_ENTRIES);

	for (unsigned i = 0; i < nr && i < E820_ROOM; i++) {
		if (e[i].type == E820_RAM && e[i].base <= at && at - e[i].base < e[i].length &&
		    e[i].length - (at - e[i].base) >= size)
			return true;
	}
	return false;
}

/*
 * The next 2 MiB boundary behind the file: that much is ours (init_size of the setup header). kexec_file_load puts the
 * file at the top of memory; above 4 GiB the number of paging levels could not be changed, so then the image goes where
 * Linux prefers to be, if memory is there: what kexec loads beside the file lies at the top, too.
 */
_Noreturn void file_start64(const char *params, char *end)
{
	char *image = (char *)align_up((uint64_t)end, IMAGE_SLOT);

	if ((uint64_t)image + IMAGE_SLOT > 4 * GIB && is_ram(params, LOAD_PHYS, IMAGE_SLOT))
		image = (char *)LOAD_PHYS;
	payload_unpack(image);
	payload_enter(image, LINUX_MAGIC, (uint64_t)params);
}
