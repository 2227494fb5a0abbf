/* SPDX-License-Identifier: MIT */
/* A kernel's bzImage: what its header and the ELF file in it tell, and what is refused. */
#include "tests/unit/support.h"

#include <elf.h>

#include "tools/predict/image.h"

#define SIZE_MAX_TOLD (1ull << 30)

static uint8_t bytes[0x2000];
static struct kernel_image image;
static struct input_error err;

static void put(size_t at, uint64_t v, size_t size)
{
	memcpy(bytes + at, &v, size);
}

/* One sector of code, the version in it, and a payload of 64 bytes behind it. */
static void make_image(void)
{
	memset(bytes, 'Z', sizeof(bytes)); /* what is read beyond a field shows */
	bytes[0x1f1] = 1;
	put(0x1fe, 0xaa55, 2);
	memcpy(bytes + 0x202, "HdrS", 4);
	put(0x206, 0x20f, 2);
	put(0x20e, 0x100, 2);
	put(0x230, 0x200000, 4);
	put(0x248, 0x10, 4);
	put(0x24c, 64, 4);
	put(0x258, 0x1000000, 8);
	put(0x260, 0x3f98000, 4);
	strcpy((char *)bytes + 0x300, "6.1.0-56-amd64 (debian) #1");
	put(0x410 + 60, 0x3eda7b4, 4);
}

TEST(test_header)
{
	make_image();
	assert_true(kernel_image_parse(bytes, 0x450, &image, &err));
	assert_string_equal(image.release, "6.1.0-56-amd64");
	assert_int_equal(image.version, LINUX_RELEASE(6, 1, 0));
	assert_int_equal(image.pref, 0x1000000);
	assert_int_equal(image.alignment, 0x200000);
	assert_int_equal(image.init_size, 0x3f98000);
	assert_int_equal(image.output_len, 0x3eda7b4);
	assert_int_equal(image.payload.start, 0x410);
	assert_int_equal(image.payload.end, 0x44c);
	assert_int_equal(image.end, 0);
	assert_int_equal(kernel_image_slot(&image), 0x4000000);
	image.end = 0x4200000 - 0x1000;
	assert_int_equal(kernel_image_slot(&image), 0x4200000);
	image.init_size = 0x5000000; /* counts only where the end is not told */
	assert_int_equal(kernel_image_slot(&image), 0x4200000);
	image.end = 0;
	assert_int_equal(kernel_image_slot(&image), 0x5000000);
	memset(bytes + 0x306, 'x', 100); /* longer than is kept */
	assert_true(kernel_image_parse(bytes, 0x450, &image, &err));
	assert_int_equal(strlen(image.release), sizeof(image.release) - 1);
}

/* The least and the most that is taken. */
TEST(test_borders_of_a_header)
{
	make_image();
	put(0x206, 0x20a, 2);
	put(0x24c, 8, 4);
	put(0x414, SIZE_MAX_TOLD, 4);
	put(0x258, SIZE_MAX_TOLD, 8);
	put(0x260, SIZE_MAX_TOLD, 4);
	strcpy((char *)bytes + 0x300, "6.1\x7f");
	assert_true(kernel_image_parse(bytes, 0x418, &image, &err));
	assert_string_equal(image.release, "6.1");
	assert_int_equal(image.output_len, SIZE_MAX_TOLD);
	put(0x20e, 0x1f0, 2); /* the words end with the code */
	assert_true(kernel_image_parse(bytes, 0x418, &image, &err));
	assert_string_equal(image.release, "ZZZZZZZZZZZZZZZZ");
	assert_int_equal(image.version, 0);
	bytes[0x1f1] = 0; /* four sectors of code, then */
	put(0xa14, 1, 4);
	assert_true(kernel_image_parse(bytes, 0xa18, &image, &err));
	assert_int_equal(image.payload.start, 0xa10);
}

TEST(test_no_image)
{
	static const struct {
		size_t at, size, len;
		uint64_t v;
		const char *why;
	} t[] = {
		{ 0, 0, 0, 0, "not a bzImage of Linux" },
		{ 0, 0, 0x263, 0, "not a bzImage of Linux" },
		{ 0, 0, 0x264, 0, "it is cut short" },
		{ 0x1fe, 2, 0x450, 0, "not a bzImage of Linux" },
		{ 0x202, 1, 0x450, 'h', "not a bzImage of Linux" },
		{ 0x206, 2, 0x450, 0x209, "its boot protocol is older than 2.10, and tells no size" },
		{ 0, 0, 0x44f, 0, "it is cut short" },
		{ 0x248, 4, 0x450, UINT32_MAX, "it is cut short" },
		{ 0x24c, 4, 0x450, UINT32_MAX, "it is cut short" },
		{ 0x24c, 4, 0x450, 7, "it is cut short" },
		{ 0x1f1, 1, 0x450, 0, "it is cut short" },
		{ 0x20e, 2, 0x450, 0, "it does not tell its version" },
		{ 0x20e, 2, 0x450, 0xffff, "it does not tell its version" },
		{ 0x258, 8, 0x450, 0, "its header tells no usable address and sizes" },
		{ 0x258, 8, 0x450, 0x1000001, "its header tells no usable address and sizes" },
		{ 0x258, 8, 0x450, UINT64_MAX - 0xfff, "its header tells no usable address and sizes" },
		{ 0x260, 4, 0x450, 0, "its header tells no usable address and sizes" },
		{ 0x260, 4, 0x450, UINT32_MAX, "its header tells no usable address and sizes" },
		{ 0x44c, 4, 0x450, UINT32_MAX, "its header tells no usable address and sizes" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		make_image();
		put(t[i].at, t[i].v, t[i].size);
		assert_false(kernel_image_parse(bytes, t[i].len, &image, &err));
		assert_string_equal(err.text, t[i].why);
	}
}

#define SECTIONS 0x400 /* where the table of sections lies, and the names */
#define NAMES 0x800

static Elf64_Shdr *make_elf(void)
{
	Elf64_Ehdr *h = (void *)bytes;
	Elf64_Shdr *s = (void *)(bytes + SECTIONS);

	memset(bytes, 0, sizeof(bytes));
	memcpy(h->e_ident, ELFMAG, SELFMAG);
	h->e_ident[EI_CLASS] = ELFCLASS64;
	h->e_shentsize = sizeof(*s);
	h->e_shoff = SECTIONS;
	h->e_shnum = 4;
	h->e_shstrndx = 3;
	memcpy(bytes + NAMES, "\0.text\0.brk\0.brk2", 18);
	s[0].sh_name = 13;
	s[1] = (Elf64_Shdr){ .sh_name = 1, .sh_addr = 0xffffffff81000000 };
	s[2] = (Elf64_Shdr){ .sh_name = 7, .sh_addr = 0xffffffff84400000, .sh_size = 0x30000 };
	s[3] = (Elf64_Shdr){ .sh_name = 14, .sh_offset = NAMES, .sh_size = 18 };
	/* Behind the last one. */
	s[4] = (Elf64_Shdr){ .sh_name = 1, .sh_addr = 0xffffffff81000000, .sh_offset = NAMES, .sh_size = 18 };
	return s;
}

TEST(test_sections)
{
	Elf64_Shdr *s = make_elf();

	image = (struct kernel_image){ .version = LINUX_RELEASE(6, 1, 0) };
	assert_true(kernel_image_read_elf(bytes, sizeof(bytes), &image));
	assert_int_equal(image.end, 0x3430000);
	assert_int_equal(image.buffer, 16);
	s[2].sh_size = 0x2b001; /* whole pages */
	image.version = LINUX_RELEASE(5, 10, 0);
	assert_true(kernel_image_read_elf(bytes, sizeof(bytes), &image));
	assert_int_equal(image.end, 0x342c000);
	assert_int_equal(image.buffer, 12);
	s[2].sh_size = 0x1000;
	assert_true(kernel_image_read_elf(bytes, sizeof(bytes), &image));
	assert_int_equal(image.buffer, 0);
	s[2].sh_addr = s[1].sh_addr;
	assert_true(kernel_image_read_elf(bytes, NAMES + 18, &image));
	assert_int_equal(image.end, 0x1000);
	s[2].sh_addr = s[1].sh_addr + SIZE_MAX_TOLD;
	s[2].sh_size = SIZE_MAX_TOLD;
	memcpy(bytes + 0x100, bytes + NAMES, 18);
	s[3].sh_offset = 0x100;
	assert_true(kernel_image_read_elf(bytes, SECTIONS + 4 * sizeof(*s), &image));
	assert_int_equal(image.end, 2 * SIZE_MAX_TOLD);
}

TEST(test_no_sections)
{
#define HEAD_AT(field) offsetof(Elf64_Ehdr, field), sizeof(((Elf64_Ehdr *)0)->field)
#define AT(i, field) SECTIONS + (i) * sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, field), sizeof(((Elf64_Shdr *)0)->field)
	static const struct {
		size_t at, size;
		uint64_t value;
	} wrong[] = { { 0, 1, 0 },
		      { HEAD_AT(e_shentsize), 32 },
		      { HEAD_AT(e_shoff), UINT64_MAX },
		      { HEAD_AT(e_shoff), SECTIONS + 4 },
		      { HEAD_AT(e_shstrndx), 4 },
		      { AT(3, sh_offset), UINT64_MAX },
		      { AT(3, sh_size), UINT64_MAX },
		      { AT(3, sh_size), 11 },
		      { AT(1, sh_name), UINT32_MAX },
		      { AT(2, sh_name), UINT32_MAX },
		      { AT(2, sh_addr), 0xffffffff80000000 },
		      { AT(2, sh_addr), 0xffffffff84400008 },
		      { AT(1, sh_addr), 0 },
		      { AT(1, sh_addr), 0xffffffff81000008 },
		      { AT(2, sh_size), 0 },
		      { AT(2, sh_size), UINT64_MAX } };
	image = (struct kernel_image){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		make_elf();
		memcpy(bytes + wrong[i].at, &wrong[i].value, wrong[i].size);
		assert_false(kernel_image_read_elf(bytes, sizeof(bytes), &image));
		assert_int_equal(image.end, 0);
	}
	make_elf();
	assert_false(kernel_image_read_elf(bytes, sizeof(Elf64_Ehdr) - 1, &image));
	assert_false(kernel_image_read_elf(bytes, SECTIONS + 4 * sizeof(Elf64_Shdr) - 1, &image));
}
