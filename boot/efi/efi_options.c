/* SPDX-License-Identifier: MIT */
/* The command line: the load options, and when those are empty, landfall.cfg beside the application. */
#include "boot/efi/efi_options.h"

#include "boot/efi/efi.h"
#include "boot/efi/efi_file.h"
#include "boot/told.h"
#include "lib/scan.h"

#define OPTION_MAX 32 /* longer than any that is asked for */

/* Appends a character of the line; false when it is full or c is no text. Blanks of all kinds become spaces. */
static bool put(struct bootinfo *bi, size_t *n, unsigned c)
{
	if (c == '\t' || c == '\r' || c == '\n')
		c = ' ';
	if (c < ' ' || c > '~')
		return false;
	if (*n + 1 >= sizeof(bi->cmdline)) {
		bi->cmdline_truncated = true;
		return true;
	}
	bi->cmdline[(*n)++] = (char)c;
	bi->cmdline[*n] = '\0';
	return true;
}

static bool read_load_options(struct bootinfo *bi)
{
	const CHAR16 *text = efi.loaded->LoadOptions;
	size_t n = 0;

	for (UINT32 i = 0; text && i < efi.loaded->LoadOptionsSize / sizeof(CHAR16) && text[i]; i++) {
		if (!put(bi, &n, text[i]))
			return false;
	}
	return true;
}

static bool is_blank(const char *line)
{
	while (*line == ' ')
		line++;
	return *line == '\0';
}

static void forget_line(struct bootinfo *bi)
{
	bi->cmdline[0] = '\0';
	bi->cmdline_truncated = false;
}

/* Options as on the command line, on any number of lines; from '#' to the end of a line is comment. */
static bool read_text(struct bootinfo *bi, const unsigned char *text, size_t len)
{
	static const unsigned char mark[] = { 0xef, 0xbb, 0xbf }; /* some editors put it in front of UTF-8 */
	bool comment = false;
	size_t n = 0, i = len >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;

	for (; i < len; i++) {
		if (text[i] == '#' && (n == 0 || bi->cmdline[n - 1] == ' '))
			comment = true;
		if (text[i] == '\n')
			comment = false;
		if (!comment && !put(bi, &n, text[i]))
			return false;
	}
	return true;
}

/* The shell's `>` and its editor write UTF-16, marked as such: made bytes in place. Returns the length. */
static size_t narrow(unsigned char *text, size_t len)
{
	if (len < 2 || text[0] != 0xff || text[1] != 0xfe)
		return len;
	for (size_t i = 2; i + 1 < len; i += 2)
		text[i / 2 - 1] = text[i + 1] ? 0 : text[i]; /* 0 is no text either */
	return len / 2 - 1;
}

static void read_file(struct bootinfo *bi)
{
	static unsigned char text[2 * CMDLINE_MAX];
	UINTN size = sizeof(text);
	EFI_FILE_HANDLE file;
	EFI_STATUS s = efi_file_open("landfall.cfg", EFI_FILE_MODE_READ, &file);

	if (s == EFI_UNSUPPORTED) {
		efi_note(bi, "the application does not come from a volume: no landfall.cfg, no save");
		return;
	}
	if (s == EFI_NOT_FOUND) {
		efi_note(bi, "no load options and no landfall.cfg: the defaults are used");
		return;
	}
	if (!EFI_ERROR(s)) {
		s = efi_file_read(file, text, &size);
		file->Close(file);
	}
	if (EFI_ERROR(s)) {
		efi_note(bi, "landfall.cfg cannot be read (EFI_STATUS 0x%llx): the defaults are used",
			 (unsigned long long)s);
		return;
	}
	if (size == sizeof(text))
		bi->cmdline_truncated = true;
	if (!read_text(bi, text, narrow(text, size))) {
		efi_note(bi, "landfall.cfg is not plain text: the defaults are used");
		forget_line(bi);
	}
}

void efi_options_read(struct bootinfo *bi)
{
	if (!read_load_options(bi)) {
		efi_note(bi, "the load options are not printable text: taken as empty");
		forget_line(bi);
	}
	/* The shell and others put the application's name first. */
	(void)told_drop_name(bi->cmdline, ".efi");
	if (is_blank(bi->cmdline))
		read_file(bi);
}

bool efi_options_have(const struct bootinfo *bi, const char *word)
{
	const char *line = bi->cmdline, *fault;
	char found[OPTION_MAX];

	while (scan_word(&line, found, sizeof(found), &fault)) {
		if (scan_equal(found, word))
			return true;
	}
	return false;
}
