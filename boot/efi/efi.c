/* SPDX-License-Identifier: MIT */
/* What firmware gave the application, and what the application says itself. */
#include "boot/efi/efi.h"

#include "lib/format.h"

#define CHUNK 128

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
