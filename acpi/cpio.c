/* SPDX-License-Identifier: MIT */
/* Walks the members of a cpio archive in physical memory. */
#include "acpi/cpio.h"

#include "lib/scan.h"

#define MAGIC_DIGITS 6
#define MAGIC 0x070701 /* and the next number: with checksums */
#define HEADER_SIZE 110
#define FIELD_DIGITS 8
#define FIELD_AT(n) (MAGIC_DIGITS + (n)*FIELD_DIGITS)
#define FIELD_MODE FIELD_AT(1)
#define FIELD_FILE_SIZE FIELD_AT(6)
#define FIELD_NAME_SIZE FIELD_AT(11)
#define MODE_TYPE 0170000
#define MODE_REGULAR 0100000
#define ALIGNMENT 4
#define PADDING_MAX (64 * KIB)

struct member {
	uint32_t mode, name_size;
	struct range data;
	phys_t name;
};

static bool read_hex(const uint8_t *p, unsigned digits, uint32_t *out)
{
	char text[FIELD_DIGITS + 1];
	const char *s = text;
	uint64_t v;

	memcpy(text, p, digits);
	text[digits] = '\0';
	if (!scan_digits(&s, 16, &v) || *s)
		return false;
	*out = (uint32_t)v;
	return true;
}

static uint64_t skip_zeros(const struct cpio_walk *w)
{
	uint64_t n = 0, size = range_size(w->left);
	uint8_t c;

	while (n < size && n < PADDING_MAX && phys_read(w->mem, w->left.start + n, &c, 1) && !c)
		n += ALIGNMENT;
	return min_u64(n, size);
}

/* The member at the start of what is left, all of it inside. */
static bool read_member(const struct cpio_walk *w, struct member *m)
{
	uint8_t head[HEADER_SIZE];
	uint32_t magic, file_size;
	uint64_t size = range_size(w->left), at, end;

	if (size <= HEADER_SIZE || !phys_read(w->mem, w->left.start, head, sizeof(head)))
		return false;
	if (!read_hex(head, MAGIC_DIGITS, &magic) || magic - MAGIC > 1 ||
	    !read_hex(head + FIELD_MODE, FIELD_DIGITS, &m->mode) ||
	    !read_hex(head + FIELD_FILE_SIZE, FIELD_DIGITS, &file_size) ||
	    !read_hex(head + FIELD_NAME_SIZE, FIELD_DIGITS, &m->name_size))
		return false;
	at = align_up(HEADER_SIZE + (uint64_t)m->name_size, ALIGNMENT);
	end = at + file_size;
	if (end > size)
		return false;
	m->name = w->left.start + HEADER_SIZE;
	m->data = (struct range){ w->left.start + at, w->left.start + end };
	return true;
}

static bool read_name(const struct cpio_walk *w, const struct member *m, const char *folder, struct cpio_file *f)
{
	uint32_t i = 0, len = 0;
	uint8_t c;

	for (; folder[i]; i++) {
		if (i >= m->name_size || !phys_read(w->mem, m->name + i, &c, 1) || c != (uint8_t)folder[i])
			return false;
	}
	for (; i < m->name_size && len + 1 < CPIO_NAME_MAX; i++) {
		if (!phys_read(w->mem, m->name + i, &c, 1))
			return false;
		if (!c)
			break;
		f->name[len++] = c >= ' ' && c <= '~' ? (char)c : '?';
	}
	f->name[len] = '\0';
	return true;
}

bool cpio_next_file(struct cpio_walk *w, const char *folder, struct cpio_file *f)
{
	struct member m;
	uint64_t used;

	for (;;) {
		w->left.start += skip_zeros(w);
		if (!read_member(w, &m)) {
			w->left.end = w->left.start;
			return false;
		}
		/* The last member may lack its padding. */
		used = align_up(m.data.end - w->left.start, ALIGNMENT);
		w->left.start += min_u64(used, range_size(w->left));
		if ((m.mode & MODE_TYPE) == MODE_REGULAR && read_name(w, &m, folder, f)) {
			f->data = m.data;
			return true;
		}
	}
}
