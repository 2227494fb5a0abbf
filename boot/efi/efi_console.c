/* SPDX-License-Identifier: MIT */
/* Whether the firmware's console is a serial line. */
#include "boot/efi/efi_console.h"

#include "boot/efi/efi.h"

#define VARIABLE_MAX 1024

/* The number of the COM port that a node names, as firmware numbers them (ACPI's PNP0501); 32: it names none. */
static unsigned port_of(const EFI_DEVICE_PATH *node, UINTN length)
{
	const ACPI_HID_DEVICE_PATH *acpi = (const void *)node;

	if (node->Type != ACPI_DEVICE_PATH || node->SubType != ACPI_DP || length < sizeof(*acpi) ||
	    acpi->HID != EISA_PNP_ID(0x501))
		return 32;
	return (unsigned)min_u64(acpi->UID, 32);
}

/*
 * ConOut is a list of device paths (UEFI 2.10, 3.3 and 10.3): the nodes one after the other, ends of instances among
 * them. A UART's node follows that of the port it is behind, if that is one of a PC.
 */
bool efi_console_is_serial(uint32_t *ports)
{
	static const CHAR16 name[] = L"ConOut";
	EFI_GUID global = EFI_GLOBAL_VARIABLE;
	UINT8 paths[VARIABLE_MAX];
	UINTN size = sizeof(paths);
	bool serial = false;
	unsigned port = 32;

	*ports = 0;
	if (EFI_ERROR(efi.st->RuntimeServices->GetVariable((CHAR16 *)name, &global, NULL, &size, paths)))
		return false;
	for (UINTN at = 0, length; at + sizeof(EFI_DEVICE_PATH) <= size; at += length) {
		const EFI_DEVICE_PATH *node = (const void *)(paths + at);

		length = (UINTN)DevicePathNodeLength(node);
		if (length < sizeof(*node) || length > size - at)
			break;
		if (node->Type == MESSAGING_DEVICE_PATH && node->SubType == MSG_UART_DP) {
			serial = true;
			*ports |= (uint32_t)(1ull << port);
		}
		port = port_of(node, length);
	}
	return serial;
}
