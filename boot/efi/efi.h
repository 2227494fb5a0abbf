/* SPDX-License-Identifier: MIT */
/* The UEFI application around the image: what its parts share. Only with boot services there. */
#ifndef BOOT_EFI_EFI_H
#define BOOT_EFI_EFI_H

#include <efi.h>
#include <efilib.h>

#include "boot/efi/efi_memmap.h"
#include "boot/uefi.h"

struct efi {
	EFI_HANDLE self;
	EFI_SYSTEM_TABLE *st;
	EFI_BOOT_SERVICES *bs;
	EFI_LOADED_IMAGE *loaded;
};

extern struct efi efi;

/* ---- efi_console.c ---- */

/* Bytes to the firmware's console; '\n' and "\r\n" both end a line. */
void efi_write(const char *s, size_t len);

/* One line that says what went wrong; returns its status, so that a caller can return it in turn. */
EFI_STATUS efi_fail(EFI_STATUS status, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* True when the firmware's console goes out of a serial line; a bit in *ports for each COM port among them. */
bool efi_console_is_serial(uint32_t *ports);

/* ---- efi_file.c ---- */

/*
 * A file in the folder of the application. Open fails with EFI_UNSUPPORTED when the application does not come from a
 * volume (network boot), EFI_NOT_FOUND when there is no such file. `create` makes the file anew, for writing.
 */
EFI_STATUS efi_file_open(const CHAR16 *name, bool create, EFI_FILE_HANDLE *file);

/* Reads at most *size bytes; *size receives how many. */
EFI_STATUS efi_file_read(EFI_FILE_HANDLE file, void *buf, UINTN *size);

/*
 * landfall.acpi beside the application, whole and in pages of its own, becomes bi's only file; there may be none. What
 * cannot be read becomes a note.
 */
void efi_tables_read(struct bootinfo *bi);

/* Gives its memory back. */
void efi_tables_forget(struct bootinfo *bi);

/* ---- efi_options.c ---- */

/* Fills bi->cmdline from the load options, or from landfall.cfg; what could not be used becomes a note. */
void efi_options_read(struct bootinfo *bi);

/* True when `word` is one of the command line's words. */
bool efi_options_have(const struct bootinfo *bi, const char *word);

/* One more line in bi->notes; dropped when there is no room. */
void efi_note(struct bootinfo *bi, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* ---- efi_screen.c ---- */

/* The screen as it is; kind FRAMEBUFFER_NONE when there is none that can be drawn into. */
void efi_screen_read(struct framebuffer *screen);

/* Memory to draw on, of the screen's size; false when there is no screen or no memory. */
bool efi_screen_draft(struct framebuffer *draft);

/* Puts the draft on the screen. */
void efi_screen_show(void);

/* What was shown stays until a key is pressed, bounded; then the screen is as it was, and the draft freed. */
void efi_screen_end(void);

/* ---- efi_image.c ---- */

/* The image inside the application, as it was linked. */
const struct image_words *efi_image_words(void);

/* The place in an image loaded at `image` of something that image_words gives the link address of. */
void *efi_image_at(char *image, uint32_t link);

/* Memory below 4 GiB for the image, 2 MiB aligned, with the image in it and its .bss zeroed. */
EFI_STATUS efi_image_load(char **image);

/*
 * Makes the image's text executable where firmware says what is (and writable again); its memory free again. For dry
 * runs.
 */
EFI_STATUS efi_image_protect(const char *image, bool text);
void efi_image_unload(char *image);

/* Goes to the image's entry: after ExitBootServices. */
_Noreturn void efi_image_enter(char *image);

/* ---- efi_map.c ---- */

/* The memory map, with room for it to grow; *key is for ExitBootServices. */
struct efi_map {
	void *buffer;
	UINTN capacity, key;
	struct efi_memmap map;
};

/* Allocates the buffer and reads the map into it. */
EFI_STATUS efi_map_init(struct efi_map *m);

/* Reads it again into the same buffer: the one thing that may be called between two tries of ExitBootServices. */
EFI_STATUS efi_map_read(struct efi_map *m);

/* ---- efi_dry.c ---- */

/*
 * The dry run in the image loaded at `image`: prints, writes landfall.log if `save` is given, and returns what the
 * application shall.
 */
EFI_STATUS efi_dry_run(char *image);

#endif
