/* SPDX-License-Identifier: MIT */
/* What firmware gave the application, and what the application says itself. */
#include "boot/efi/efi.h"

#include "lib/format.h"
#include "lib/scan.h"

#define CHUNK 128
#define VARIABLE_MAX 1024
#define OTHER_PORT 32

struct efi efi;

void efi_write(const char *s, size_t len)
{
	CHAR16 text[CHUNK + 3];
	char before = '\0';

	while (len && efi.st->ConOut) {
		unsigned n = 0;

		for (; len && n < CHUNK; len--, s++) {
			if (*s == '\n' && before != '\r')
				text[n++] = '\r';
			text[n++] = (unsigned char)*s;
			before = *s;
		}
		text[n] = 0;
		efi.st->ConOut->OutputString(efi.st->ConOut, text);
	}
}

EFI_STATUS efi_fail(EFI_STATUS status, const char *fmt, ...)
{
	char what[140], line[200];
	va_list ap;

	va_start(ap, fmt);
	format_v(what, sizeof(what), fmt, ap);
	va_end(ap);
	efi_write(line,
		  (size_t)format(line, sizeof(line), "landfall: error: %s (EFI_STATUS 0x%llx)\n", what, (ull)status));
	return status;
}

void efi_note(struct bootinfo *bi, const char *fmt, ...)
{
	size_t n = scan_length(bi->notes), room = sizeof(bi->notes) - n, len;
	va_list ap;

	va_start(ap, fmt);
	len = (size_t)format_v(bi->notes + n, room, fmt, ap);
	va_end(ap);
	if (len + 1 < room)
		memcpy(bi->notes + n + len, "\n", 2);
	else
		bi->notes[n] = '\0';
}

/* The number of the COM port that a node names, as firmware numbers them (ACPI's PNP0501). */
static unsigned port_of(const EFI_DEVICE_PATH *node, UINTN length)
{
	const ACPI_HID_DEVICE_PATH *acpi = (const void *)node;

	if (node->Type != ACPI_DEVICE_PATH || node->SubType != ACPI_DP || length < sizeof(*acpi) ||
	    acpi->HID != EISA_PNP_ID(0x501))
		return OTHER_PORT;
	return (unsigned)min_u64(acpi->UID, OTHER_PORT);
}

/*
 * ConOut is a list of device paths (UEFI 2.10, 3.3 and 10.3): the nodes one after the other, ends of instances among
 * them. A UART's node follows that of the port it is behind, if that is one of a PC.
 */
uint64_t efi_console_ports(void)
{
	static const CHAR16 name[] = L"ConOut";
	EFI_GUID global = EFI_GLOBAL_VARIABLE;
	UINT8 paths[VARIABLE_MAX];
	UINTN size = sizeof(paths);
	unsigned port = OTHER_PORT;
	uint64_t ports = 0;

	if (EFI_ERROR(efi.st->RuntimeServices->GetVariable((CHAR16 *)name, &global, NULL, &size, paths)))
		return 0;
	for (UINTN at = 0, length; at + sizeof(EFI_DEVICE_PATH) <= size; at += length) {
		const EFI_DEVICE_PATH *node = (const void *)(paths + at);

		length = (UINTN)DevicePathNodeLength(node);
		if (length < sizeof(*node) || length > size - at)
			break;
		if (node->Type == MESSAGING_DEVICE_PATH && node->SubType == MSG_UART_DP)
			ports |= 1ull << port;
		port = port_of(node, length);
	}
	return ports;
}

void kassert_fail(const char *expr, const char *file, int line)
{
	efi_fail(EFI_ABORTED, "internal check failed: %s (%s:%d)", expr, file, line);
	efi.bs->Exit(efi.self, EFI_ABORTED, 0, NULL);
	for (;;)
		;
}
