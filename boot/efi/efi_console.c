/* SPDX-License-Identifier: MIT */
/* The firmware's console: text, error lines, and whether it is a serial line. */
#include "boot/efi/efi.h"

#include "lib/format.h"

#define CHUNK 128
#define VARIABLE_MAX 1024

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
	char line[200];
	size_t n = (size_t)format(line, sizeof(line), "landfall: error: ");
	va_list ap;
	int more;

	va_start(ap, fmt);
	more = format_v(line + n, sizeof(line) - n - 40, fmt, ap);
	va_end(ap);
	n += min_u64((uint64_t)more, sizeof(line) - n - 41);
	n += (size_t)format(line + n, sizeof(line) - n, " (EFI_STATUS 0x%llx)\n", (unsigned long long)status);
	efi_write(line, n);
	return status;
}

void kassert_fail(const char *expr, const char *file, int line)
{
	efi_fail(EFI_ABORTED, "internal check failed: %s (%s:%d)", expr, file, line);
	efi.bs->Exit(efi.self, EFI_ABORTED, 0, NULL);
	for (;;)
		;
}

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
