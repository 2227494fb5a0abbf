/* SPDX-License-Identifier: MIT */
/* The screen on memory of our own: every pixel format, glyphs in both sizes, scrolling, boxes, and VGA text. */
#include "tests/unit/support.h"

#include <stdio.h>

#include "boot/dev/font.h"
#include "boot/dev/screen.h"

static struct screen screen, other;
static uint8_t *memory, *more;

static int teardown(void **state)
{
	(void)state;
	free(memory);
	free(more);
	memory = more = NULL;
	return 0;
}

static const struct fixture fixture = { .teardown = teardown };

static const struct framebuffer plain = {
	FRAMEBUFFER_PIXELS, 0xfd000000, 640 * 4, 640, 400, 32, 0xff0000, 0xff00, 0xff,
};

/* On the heap, exactly as large as it may be: the sanitizer sees what goes beyond. */
static uint8_t *open_screen(struct screen *s, const struct framebuffer *fb)
{
	uint64_t size = screen_size(fb);
	uint8_t *bytes = malloc(size);

	assert_non_null(bytes);
	memset(bytes, 0xee, size);
	screen_open(s, fb, (uint64_t)(uintptr_t)bytes);
	return bytes;
}

static uint32_t pixel(unsigned x, unsigned y)
{
	const uint8_t *p = memory + (size_t)y * screen.fb.pitch + (size_t)x * ((screen.fb.bpp + 7) / 8);
	uint32_t v = 0;

	memcpy(&v, p, (screen.fb.bpp + 7) / 8);
	return v;
}

static void put_line(struct screen *s, const char *line)
{
	screen_write(s, line, strlen(line));
}

TEST(test_what_is_a_screen)
{
	struct framebuffer fb = plain;

	assert_int_equal(screen_size(&fb), 640 * 4 * 400);
	fb.address = 0;
	assert_int_equal(screen_size(&fb), 0);
	fb = plain;
	fb.kind = FRAMEBUFFER_NONE;
	assert_int_equal(screen_size(&fb), 0);
	fb = plain;
	fb.pitch = 640 * 4 - 1;
	assert_int_equal(screen_size(&fb), 0);
	fb = plain;
	fb.bpp = 8; /* a palette */
	assert_int_equal(screen_size(&fb), 0);
	fb.bpp = 33;
	assert_int_equal(screen_size(&fb), 0);
	fb = plain;
	fb.green = 0;
	assert_int_equal(screen_size(&fb), 0);
	fb = plain;
	fb.width = fb.height = fb.pitch = UINT32_MAX;
	assert_int_equal(screen_size(&fb), 0);
	fb = plain;
	fb.width = 639;
	assert_int_equal(screen_size(&fb), 0);
	fb = (struct framebuffer){ FRAMEBUFFER_TEXT, 0xb8000, 160, 80, 25, 16, 0, 0, 0 };
	assert_int_equal(screen_size(&fb), 4000);
	fb.pitch = 159;
	assert_int_equal(screen_size(&fb), 0);
}

/* Red (the mark of an error) and the ground, as each format has them. */
TEST(test_formats)
{
	static const struct {
		unsigned bpp;
		uint32_t red, green, blue, ground, ink;
	} formats[] = {
		{ 32, 0xff0000, 0xff00, 0xff, 0x12161c, 0xff4b4b },
		{ 32, 0xff, 0xff00, 0xff0000, 0x1c1612, 0x4b4bff },
		{ 32, 0x3ff00000, 0xffc00, 0x3ff, 0x12 << 22 | 0x16 << 12 | 0x1c << 2,
		  0xffu << 22 | 0x4b << 12 | 0x4b << 2 },
		{ 32, 0xff000000, 0xff0000, 0xff00, 0x12161c00, 0xff4b4b00 },
		{ 24, 0xff0000, 0xff00, 0xff, 0x12161c, 0xff4b4b },
		{ 16, 0xf800, 0x7e0, 0x1f, 0x2 << 11 | 0x5 << 5 | 0x3, 0x1f << 11 | 0x12 << 5 | 0x9 },
		{ 15, 0x7c00, 0x3e0, 0x1f, 0x2 << 10 | 0x2 << 5 | 0x3, 0x1f << 10 | 0x9 << 5 | 0x9 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(formats); i++) {
		struct framebuffer fb = plain;

		teardown(NULL);
		fb.bpp = formats[i].bpp;
		fb.red = formats[i].red;
		fb.green = formats[i].green;
		fb.blue = formats[i].blue;
		fb.pitch = 640 * ((fb.bpp + 7) / 8) + 36; /* wider than what is shown */
		memory = open_screen(&screen, &fb);
		assert_int_equal(pixel(0, 0), formats[i].ground);
		assert_int_equal(pixel(639, 399), formats[i].ground);
		assert_int_equal(memory[640 * ((fb.bpp + 7) / 8)], 0xee); /* beyond the row */
		put_line(&screen, "_error: x\r\n");
		for (unsigned y = 0; y < 16; y++) {
			for (unsigned x = 0; x < 8; x++)
				assert_int_equal(pixel(x, y), font_glyphs['_' - FONT_FIRST][y] >> (7 - x) & 1
								      ? formats[i].ink
								      : formats[i].ground);
		}
	}
}

static unsigned ink_in(unsigned x, unsigned y, unsigned width, unsigned height)
{
	unsigned n = 0;

	for (unsigned j = y; j < y + height; j++) {
		for (unsigned i = x; i < x + width; i++)
			n += pixel(i, j) != 0x12161c;
	}
	return n;
}

TEST(test_sizes_of_the_font)
{
	static const struct {
		unsigned width, height, grow, columns, rows;
	} sizes[] = {
		{ 800, 600, 1, 100, 37 },    { 1280, 800, 1, 160, 50 },  { 1920, 1080, 1, 200, 67 },
		{ 2560, 1440, 2, 160, 45 },  { 3840, 2160, 2, 200, 67 }, { 5120, 2880, 4, 160, 45 },
		{ 1080, 1920, 1, 135, 100 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct framebuffer fb = plain;

		teardown(NULL);
		fb.width = sizes[i].width;
		fb.height = sizes[i].height;
		fb.pitch = fb.width * 4;
		memory = open_screen(&screen, &fb);
		assert_int_equal(screen.grow, sizes[i].grow);
		assert_int_equal(screen.columns, sizes[i].columns);
		assert_int_equal(screen.rows, sizes[i].rows);
	}
}

/* Straight strokes grow by exactly four; slanted ones are smoothed, and nothing leaves the cell. */
TEST(test_doubled_font)
{
	struct framebuffer fb = plain;
	unsigned dots = 0;

	fb.width = 2560;
	fb.pitch = 2560 * 4;
	memory = open_screen(&screen, &fb);
	put_line(&screen, "-\r\n");
	for (unsigned y = 0; y < 16; y++)
		dots += (unsigned)__builtin_popcount(font_glyphs['-' - FONT_FIRST][y]);
	assert_int_equal(ink_in(0, 0, 16, 32), 4 * dots);
	assert_int_equal(ink_in(16, 0, 2560 - 16, 32), 0);
	put_line(&screen, "/\r\n");
	dots = 0;
	for (unsigned y = 0; y < 16; y++)
		dots += (unsigned)__builtin_popcount(font_glyphs['/' - FONT_FIRST][y]);
	/* Every dot keeps at least one of its four; corners between dots fill up. */
	for (unsigned y = 0; y < 16; y++) {
		for (unsigned x = 0; x < 8; x++) {
			unsigned quarter = ink_in(2 * x, 32 + 2 * y, 2, 2);

			if (font_glyphs['/' - FONT_FIRST][y] >> (7 - x) & 1)
				assert_true(quarter >= 1);
			else
				assert_true(quarter <= 1);
		}
	}
	assert_int_not_equal(ink_in(0, 32, 16, 32), 0);
	fb.width = 5120;
	fb.pitch = 5120 * 4;
	more = open_screen(&other, &fb);
	put_line(&other, "-\r\n");
	put_line(&other, "/\r\n");
	/* Four times: the same doubled once more. */
	for (unsigned y = 0; y < 64; y++) {
		for (unsigned x = 0; x < 16; x++)
			assert_int_equal(pixel(x, y), ((uint32_t *)more)[(size_t)2 * y * 5120 + 2 * x]);
	}
}

TEST(test_lines)
{
	memory = open_screen(&screen, &plain);
	put_line(&screen, "{\"rec\":\"end\"}\r\n"); /* for machines */
	assert_int_equal(screen.row, 0);
	assert_int_equal(ink_in(0, 0, 640, 400), 0);
	put_line(&screen, "[    0.001234] warning: dim stamp, yellow words\r\n");
	assert_int_equal(screen.row, 1);
	assert_int_equal(ink_in(0, 16, 640, 384), 0);
	put_line(&screen, "\r\n");
	assert_int_equal(screen.row, 2);
	/* 81 characters on 80 columns: the last is on a line of its own. */
	put_line(&screen, "0123456789012345678901234567890123456789012345678901234567890123456789012345678X!\r\n");
	assert_int_equal(screen.row, 4);
	assert_int_equal(screen.text[2][79], 'X');
	assert_int_equal(screen.text[3][0], '!');
	assert_int_equal(screen.text[3][1], ' ');
	put_line(&screen, "tab\there and \x80 there\r\n"); /* not in the font: shown as a question mark */
	assert_memory_equal(memory + (size_t)4 * 16 * 2560 + 3 * 32, memory + (size_t)4 * 16 * 2560 + 13 * 32, 32);
}

/* After scrolling the screen shows what it would if the lines that are left had been the first. */
TEST(test_scrolling)
{
	char line[100];

	memory = open_screen(&screen, &plain);
	more = open_screen(&other, &plain);
	assert_int_equal(screen.rows, 25);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), "%s line %u %.*s\r\n", i % 7 ? "[    0.000000]" : "error:", i,
			 (int)(i * 37 % 50), "......................................................................");
		put_line(&screen, line);
	}
	/* The first 25 fill it; each 12 lines after that it moves up by 12. */
	for (unsigned i = 1000 - screen.row; i < 1000; i++) {
		snprintf(line, sizeof(line), "%s line %u %.*s\r\n", i % 7 ? "[    0.000000]" : "error:", i,
			 (int)(i * 37 % 50), "......................................................................");
		put_line(&other, line);
	}
	assert_in_range(screen.row, 13, 25);
	assert_memory_equal(memory, more, screen_size(&plain));
}

TEST(test_boxes)
{
	struct canvas c;

	memory = open_screen(&screen, &plain);
	c = screen_canvas(&screen);
	assert_int_equal(c.width, 640);
	assert_int_equal(c.height, 400);
	assert_int_equal(c.column, 8);
	assert_int_equal(c.line, 16);
	assert_true(c.fine);
	c.fill(c.ctx, (struct box){ 10, 20, 30, 40 }, COLOUR_STAIN);
	assert_int_equal(ink_in(0, 0, 640, 400), 30 * 40);
	assert_int_equal(pixel(10, 20), 0xff4b4b);
	assert_int_equal(pixel(39, 59), 0xff4b4b);
	assert_int_equal(pixel(40, 59), 0x12161c);
	/* What reaches over the edge is cut, also where the sums would wrap. */
	c.fill(c.ctx, (struct box){ 630, 390, 100, 100 }, COLOUR_GOOD);
	c.fill(c.ctx, (struct box){ 639, 399, UINT32_MAX, UINT32_MAX }, COLOUR_GOOD);
	c.fill(c.ctx, (struct box){ 5000, 5000, 10, 10 }, COLOUR_GOOD);
	c.text(c.ctx, (struct spot){ 620, 0, COLOUR_TEXT, COLOUR_BACK }, "beyond the right edge");
	c.text(c.ctx, (struct spot){ 0, 390, COLOUR_TEXT, COLOUR_BACK }, "below");
	assert_int_equal(ink_in(630, 390, 10, 10), 100);
	assert_int_equal(ink_in(0, 390, 630, 10), 0);
}

/* A hatched box: strokes of three dots, twelve apart, that go on in the box beside it. */
TEST(test_hatching)
{
	struct canvas c;

	memory = open_screen(&screen, &plain);
	c = screen_canvas(&screen);
	c.fill(c.ctx, (struct box){ 24, 0, 13, 24 }, COLOUR_MOVABLE);
	c.fill(c.ctx, (struct box){ 37, 0, 11, 24 }, COLOUR_MOVABLE);
	for (unsigned y = 0; y < 24; y++) {
		for (unsigned x = 24; x < 48; x++)
			assert_int_equal(pixel(x, y), (x + y) % 12 < 3 ? 0x12161c : 0x7d5f2c);
	}
}

TEST(test_words_on_a_ground)
{
	struct canvas c;
	unsigned ink = 0;

	memory = open_screen(&screen, &plain);
	c = screen_canvas(&screen);
	c.text(c.ctx, (struct spot){ 100, 100, COLOUR_BACK, COLOUR_GOOD }, "OK");
	for (unsigned y = 0; y < 16; y++)
		ink += (unsigned)__builtin_popcount(font_glyphs['O' - FONT_FIRST][y]) +
		       (unsigned)__builtin_popcount(font_glyphs['K' - FONT_FIRST][y]);
	assert_int_equal(ink_in(100, 100, 16, 16), 16 * 16 - ink);
	assert_int_equal(ink_in(0, 0, 640, 400), 16 * 16 - ink);
}

static uint16_t cell(unsigned column, unsigned row)
{
	return ((uint16_t *)memory)[row * 80 + column];
}

TEST(test_vga_text)
{
	static const struct framebuffer fb = { FRAMEBUFFER_TEXT, 0xb8000, 160, 80, 25, 16, 0, 0, 0 };
	struct canvas c;

	memory = open_screen(&screen, &fb);
	for (unsigned i = 0; i < 2000; i++)
		assert_int_equal(cell(i % 80, i / 80), 0x0720);
	put_line(&screen, "error: x\r\n");
	assert_int_equal(cell(0, 0), 0x0c00 | 'e');
	c = screen_canvas(&screen);
	assert_int_equal(c.width, 640);
	assert_int_equal(c.height, 400);
	assert_false(c.fine);
	c.fill(c.ctx, (struct box){ 0, 0, 640, 400 }, COLOUR_BACK);
	for (unsigned i = 0; i < 2000; i++)
		assert_int_equal(cell(i % 80, i / 80) >> 8, 0x00);
	c.fill(c.ctx, (struct box){ 16, 32, 24, 16 }, COLOUR_MOVABLE);
	assert_int_equal(cell(1, 2) >> 8, 0x00);
	assert_int_equal(cell(2, 2), 0x06b1);
	assert_int_equal(cell(4, 2), 0x06b1);
	assert_int_equal(cell(5, 2) >> 8, 0x00);
	assert_int_equal(cell(2, 3) >> 8, 0x00);
	c.fill(c.ctx, (struct box){ 25, 32, 1, 16 }, COLOUR_STAIN); /* thin, but seen */
	assert_int_equal(cell(2, 2), 0x06b1);
	assert_int_equal(cell(3, 2), 0x0cdb);
	assert_int_equal(cell(4, 2), 0x06b1);
	c.fill(c.ctx, (struct box){ 632, 384, 1000, 1000 }, COLOUR_STAIN);
	assert_int_equal(cell(79, 24), 0x0cdb);
	c.text(c.ctx, (struct spot){ 624, 0, COLOUR_BACK, COLOUR_GOOD },
	       "abc"); /* two fit; a ground has no bright colours, and is not written on in black */
	assert_int_equal(cell(78, 0), 0x2f00 | 'a');
	assert_int_equal(cell(79, 0), 0x2f00 | 'b');
}
