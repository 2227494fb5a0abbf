/* SPDX-License-Identifier: MIT */
/* Files beside the application. */
#ifndef BOOT_EFI_EFI_FILE_H
#define BOOT_EFI_EFI_FILE_H

#include <efi.h>

#include "kernel/state/bootinfo.h"

#define EFI_LOG_NAME 20 /* room for the name of a log */

/*
 * Opens a file in the folder of the application; `mode` as EFI_FILE_PROTOCOL.Open has it. Fails with EFI_UNSUPPORTED
 * when the application does not come from a volume (network boot), and with EFI_NOT_FOUND when there is no such file.
 */
EFI_STATUS efi_file_open(const char *name, UINT64 mode, EFI_FILE_HANDLE *file);

/*
 * Creates a new file there for writing: landfall.log, and where that is taken landfall-01.log and so on; `name`
 * receives which. It touches nothing that is there already. Fails with EFI_ACCESS_DENIED when all up to 99 are taken.
 */
EFI_STATUS efi_file_create(char name[EFI_LOG_NAME], EFI_FILE_HANDLE *file);

/* Reads at most *size bytes into buf; *size receives how many were read. */
EFI_STATUS efi_file_read(EFI_FILE_HANDLE file, void *buf, UINTN *size);

/*
 * Reads landfall.acpi beside the application, whole and into pages of its own, and makes it bi's only file. Without
 * such a file bi has none; a file that cannot be read becomes a note.
 */
void efi_tables_read(struct bootinfo *bi);

/* Gives the memory of that file back. */
void efi_tables_forget(struct bootinfo *bi);

#endif
