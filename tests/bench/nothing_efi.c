/* SPDX-License-Identifier: MIT */
/* A UEFI application that does nothing: out by QEMU's debug-exit port. What any start through the firmware costs. */
#include <efi.h>

#define EXIT_PORT 0xf4
#define RUN_CLEAN 0x10

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *st);

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *st)
{
	(void)self;
	(void)st;
	__asm__ volatile("outl %0, %1" : : "a"(RUN_CLEAN), "Nd"((UINT16)EXIT_PORT));
	return EFI_SUCCESS;
}
