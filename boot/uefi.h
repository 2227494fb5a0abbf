/* SPDX-License-Identifier: MIT */
/*
 * Between the UEFI application and the image inside it: where things lie in the image, how it is entered after
 * ExitBootServices, and what it is given for a dry run. The application writes struct bootinfo straight into the
 * image's handover.
 */
#ifndef BOOT_UEFI_H
#define BOOT_UEFI_H

#include "boot/image_layout.h"
#include "kernel/state/handover.h"

/*
 * Words of the boot page, put there by linker.ld at IMAGE_WORDS. All are link addresses; physical ones
 * are those of an image at LOAD_PHYS.
 */
struct image_words {
	uint32_t tables, stack_top; /* physical */
	uint64_t stack_top_virt, entry_virt;
	uint32_t levels_switch_low; /* physical, as the rest */
	uint32_t data_end, end, handover, dry_entry, pt_buffer, text_end, entry32_at;
};

_Static_assert(offsetof(struct image_words, entry_virt) == 16 && offsetof(struct image_words, end) == 32 &&
		       offsetof(struct image_words, entry32_at) == 52,
	       "boot/entry.asm and boot/file/start.asm read them");
_Static_assert(IMAGE_WORDS + sizeof(struct image_words) <= IMAGE_ENTRY, "the code comes behind them");

/* What a dry run needs of the firmware. All of it may be called with boot services only. */
struct dry_host {
	/* As physmem.read; false for what the memory map does not say can be read. */
	bool (*read)(void *ctx, phys_t at, void *buf, size_t len);
	/* The shadow of a page-table page, zeroed when new; NULL: no memory is left for shadows. */
	uint64_t *(*table)(phys_t table);
	/* As platform.room: true when that many shadows can be had. */
	bool (*room)(void *ctx, uint64_t pages);
	/* As platform.clear_tables: drops all shadows. */
	void (*forget)(void *ctx);
	/* To the firmware's console, if it is not to be quiet, and to landfall.log, if that is kept. */
	void (*write)(const char *s, size_t len, bool quiet);
	/* Memory as large as the screen, to draw on; false: there is no screen. Shows what is drawn there. */
	bool (*canvas)(struct framebuffer *fb);
	void (*show)(void);
	struct range application; /* where its own code lies */
	uint64_t console_ports;   /* serial lines that firmware's console goes out of: COM1 is bit 0; 0: of none */
};

/* The image's entry for a dry run, at its physical address: the whole run, then back. */
typedef enum run_result dry_entry(const struct dry_host *host);

#endif
