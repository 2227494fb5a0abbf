/* SPDX-License-Identifier: MIT */
/* Files in a cpio archive: what Linux would find is found, and nothing outside the archive is looked at. */
#include "tests/unit/firmware.h"

#include <stdio.h>

#include "acpi/cpio.h"

#define AT 0x2000000ull
#define FOLDER "kernel/firmware/acpi/"

static uint8_t archive[1 << 18];
static size_t len;

static int setup(void **state)
{
	firmware_setup(state);
	memset(archive, 0, sizeof(archive));
	len = 0;
	return 0;
}

static const struct fixture fixture = { .setup = setup, .teardown = firmware_teardown };

static void pad(void)
{
	len = align_up(len, 4);
}

/* A member; its data is that many bytes of `fill`. */
static void member(const char *name, unsigned mode, size_t size, uint8_t fill)
{
	len += (size_t)sprintf((char *)archive + len, "070701%08x%08x%08x%08x%08x%08x%08zX%08x%08x%08x%08x%08zx%08x", 1,
			       mode, 0, 0, 1, 0x5f000000, size, 0, 0, 0, 0, strlen(name) + 1, 0);
	len += (size_t)sprintf((char *)archive + len, "%s", name) + 1;
	pad();
	memset(archive + len, fill, size);
	len += size;
	pad();
}

static struct cpio_walk start(void)
{
	fake_ram_write(&ram, AT, archive, len);
	return (struct cpio_walk){ &mem, { AT, AT + len } };
}

static void expect(struct cpio_walk *w, const char *name, size_t size, uint8_t fill)
{
	struct cpio_file f;
	uint8_t first;

	assert_true(cpio_next_file(w, FOLDER, &f));
	assert_string_equal(f.name, name);
	assert_int_equal(range_size(f.data), size);
	assert_true(f.data.start % 4 == 0 && f.data.start >= AT && f.data.end <= AT + len);
	if (size) {
		assert_true(phys_read(&mem, f.data.start, &first, 1));
		assert_int_equal(first, fill);
	}
}

static void expect_end(struct cpio_walk *w)
{
	struct cpio_file f;

	assert_false(cpio_next_file(w, FOLDER, &f));
	assert_false(cpio_next_file(w, FOLDER, &f));
}

TEST(test_files)
{
	struct cpio_walk w;

	member("kernel", 040755, 0, 0);
	member("kernel/firmware/acpi", 040755, 0, 0);
	member(FOLDER "srat.aml", 0100644, 405, 0x51);
	member(FOLDER "dir", 040755, 0, 0);
	member("kernel/firmware/other/srat.aml", 0100644, 405, 0x52);
	member("Kernel/firmware/acpi/srat.aml", 0100644, 405, 0x52);
	member(FOLDER "sub/~ slit\x1f\x7f.aml", 0100600, 44, 0x53);
	member(FOLDER, 0100644, 3, 0x54);
	member("TRAILER!!!", 0, 0, 0);
	w = start();
	expect(&w, "srat.aml", 405, 0x51);
	expect(&w, "sub/~ slit??.aml", 44, 0x53);
	expect(&w, "", 3, 0x54);
	expect_end(&w);
}

/* Zeros lie between archives; what follows may be compressed. */
TEST(test_archives_in_a_row)
{
	struct cpio_walk w;

	len = 512;
	member(FOLDER "a", 0100644, 1, 1);
	member("TRAILER!!!", 0, 0, 0);
	len = align_up(len, 512) + 1024;
	member(FOLDER "b", 0100644, 2, 2);
	memcpy(archive + len, "\x1f\x8b\x08\0", 4);
	len += 4;
	member(FOLDER "c", 0100644, 3, 3);
	w = start();
	expect(&w, "a", 1, 1);
	expect(&w, "b", 2, 2);
	expect_end(&w);
}

TEST(test_too_much_padding)
{
	struct cpio_walk w;

	len = 64 * KIB;
	member(FOLDER "a", 0100644, 1, 1);
	len += 64 * KIB + 4;
	member(FOLDER "b", 0100644, 1, 1);
	w = start();
	expect(&w, "a", 1, 1);
	expect_end(&w);
}

/* The other kind has a checksum that nobody looks at. */
TEST(test_kinds)
{
	static const char *const magic[] = { "070701", "070702", "070700", "070703", "070707", "07070g", "171701" };
	struct cpio_file f;
	struct cpio_walk w;

	for (size_t i = 0; i < ARRAY_SIZE(magic); i++) {
		len = 0;
		member(FOLDER "a", 0100644, 1, 1);
		memcpy(archive, magic[i], 6);
		w = start();
		assert_int_equal(cpio_next_file(&w, FOLDER, &f), i < 2);
	}
}

TEST(test_long_and_odd_names)
{
	char name[200] = FOLDER;
	struct cpio_walk w;

	memset(name + strlen(FOLDER), 'n', 100);
	name[strlen(FOLDER) + 1] = '\t';
	member(name, 0100644, 4, 4);
	w = start();
	expect(&w, "n?nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", 4, 4);
	expect_end(&w);
	len = 0; /* its size says that the name ends before the b */
	member(FOLDER "ab", 0100644, 4, 4);
	memcpy(archive + 94, "00000016", 8);
	w = start();
	expect(&w, "a", 4, 'b');
}

/* The name ends before the folder's does, by one character too; sizes of a name that is not there at all, or none. */
TEST(test_short_names)
{
	static const char *const sizes[] = { "00000005", "00000014", "ffffffff", "0000016g" };
	struct cpio_walk w;

	member(FOLDER "a", 0100644, 4, 4);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		memcpy(archive + 94, sizes[i], 8);
		w = start();
		expect_end(&w);
	}
}

/* Wherever the archive is cut, the file is there whole or not at all. */
TEST(test_every_truncation)
{
	size_t whole;

	member(FOLDER "srat", 0100644, 61, 7);
	whole = len;
	for (len = 0; len <= whole; len++) {
		struct cpio_walk w = start();
		struct cpio_file f;
		bool got = cpio_next_file(&w, FOLDER, &f);

		assert_int_equal(got, len >= whole - 3); /* its padding may lack */
		assert_true(!got || f.data.end <= AT + len);
	}
}

TEST(test_every_byte_changed)
{
	member(FOLDER "srat", 0100644, 61, 7);
	member(FOLDER "slit", 0100644, 9, 7);
	for (size_t at = 0; at < len; at++) {
		for (unsigned v = 0; v < 256; v += 5) {
			uint8_t kept = archive[at];
			struct cpio_walk w;
			struct cpio_file f;
			unsigned nr = 0;

			archive[at] = (uint8_t)v;
			w = start();
			while (cpio_next_file(&w, FOLDER, &f)) {
				assert_true(f.data.start >= AT && f.data.start <= f.data.end && f.data.end <= AT + len);
				nr++;
			}
			assert_true(nr <= 2);
			archive[at] = kept;
		}
	}
}

static enum status walk_made(void)
{
	struct cpio_walk w = start();
	struct cpio_file f;

	if (!cpio_next_file(&w, FOLDER, &f) || strcmp(f.name, "srat") != 0)
		return ERR_UNREADABLE;
	assert_int_equal(range_size(f.data), 4);
	return OK;
}

/* A name of which a byte cannot be read is not taken for another one. */
TEST(test_every_read_counts)
{
	member(FOLDER "srat", 0100644, 4, 4);
	assert_true(assert_each_read_counts(walk_made) > sizeof(FOLDER "srat"));
}

TEST(test_unreadable)
{
	struct cpio_walk w;

	ram.strict = true;
	member(FOLDER "a", 0100644, 4, 4);
	w = start();
	w.left = (struct range){ AT + 0x100000, AT + 0x200000 };
	expect_end(&w);
}
