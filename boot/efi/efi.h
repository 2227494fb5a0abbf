/* SPDX-License-Identifier: MIT */
/* The UEFI application: what firmware gave it, and its voice. Both are good until boot services end. */
#ifndef BOOT_EFI_EFI_H
#define BOOT_EFI_EFI_H

#include <efi.h>
#include <efilib.h>

#include "kernel/state/bootinfo.h"

struct efi {
	EFI_HANDLE self;
	EFI_SYSTEM_TABLE *st;
	EFI_BOOT_SERVICES *bs;
	EFI_LOADED_IMAGE *loaded;
};

extern struct efi efi;

/* Writes bytes to the firmware's console; '\n' and "\r\n" both end a line. */
void efi_write(const char *s, size_t len);

/* Prints one line that says what went wrong. Returns `status`, so that a caller can return it in turn. */
EFI_STATUS efi_fail(EFI_STATUS status, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Adds a line of what the application does without to bi->notes, or drops it where there is no room for it. */
void efi_note(struct bootinfo *bi, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Returns which serial lines the firmware's console goes out of: bit 0 is COM1, bit 32 any that is no COM port. */
uint64_t efi_console_ports(void);

#endif
