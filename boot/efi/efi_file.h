/* SPDX-License-Identifier: MIT */
/* Files beside the application. */
#ifndef BOOT_EFI_EFI_FILE_H
#define BOOT_EFI_EFI_FILE_H

#include <efi.h>

#include "kernel/state/bootinfo.h"

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

#endif
