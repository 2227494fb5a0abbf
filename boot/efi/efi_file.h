/* SPDX-License-Identifier: MIT */
/* Files beside the application. */
#ifndef BOOT_EFI_EFI_FILE_H
#define BOOT_EFI_EFI_FILE_H

#include <efi.h>

#include "kernel/state/bootinfo.h"

/*
 * A file in the folder of the application, to read. Fails with EFI_UNSUPPORTED when the application does not come from
 * a volume (network boot), EFI_NOT_FOUND when there is no such file.
 */
EFI_STATUS efi_file_open(const CHAR16 *name, EFI_FILE_HANDLE *file);

/*
 * A new file there, to write: landfall.log, and where that is taken landfall-01.log and so on; *number tells which.
 * Nothing that is there already is touched. EFI_ACCESS_DENIED: all up to 99 are taken.
 */
EFI_STATUS efi_file_create(unsigned *number, EFI_FILE_HANDLE *file);

/* Reads at most *size bytes; *size receives how many. */
EFI_STATUS efi_file_read(EFI_FILE_HANDLE file, void *buf, UINTN *size);

/*
 * landfall.acpi beside the application, whole and in pages of its own, becomes bi's only file; there may be none. What
 * cannot be read becomes a note.
 */
void efi_tables_read(struct bootinfo *bi);

/* Gives the memory of that file back. */
void efi_tables_forget(struct bootinfo *bi);

#endif
