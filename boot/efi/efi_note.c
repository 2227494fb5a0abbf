/* SPDX-License-Identifier: MIT */
/* Lines that the kernel says for the application, once there is a log. */
#include "boot/efi/efi_note.h"

#include "lib/format.h"

void efi_note(struct bootinfo *bi, const char *fmt, ...)
{
	size_t n = 0, room;
	va_list ap;
	int len;

	while (bi->notes[n])
		n++;
	room = sizeof(bi->notes) - n;
	va_start(ap, fmt);
	len = format_v(bi->notes + n, room, fmt, ap);
	va_end(ap);
	if ((size_t)len + 2 > room) {
		bi->notes[n] = '\0';
		return;
	}
	bi->notes[n + (size_t)len] = '\n';
	bi->notes[n + (size_t)len + 1] = '\0';
}
