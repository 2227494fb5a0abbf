/* SPDX-License-Identifier: MIT */
/* Glyphs, boxes and scrolling for framebuffers of any pixel format, and the same with characters for VGA text. */
#include "boot/dev/screen.h"

#include "boot/dev/font.h"
#include "boot/image_layout.h"

_Static_assert(sizeof(font_glyphs) <= FONT_ROOM, "the linker script puts it there");

#define LARGE_WIDTH 2560 /* from here on the font's dots are doubled, from twice that doubled again */
#define MIN_WIDTH 640
#define MIN_HEIGHT 400
#define MAX_SIDE 16384
#define STAMP_LENGTH 14 /* "[    0.001234]" */
#define HATCH 12        /* dots from one stroke to the next */
#define HATCH_STROKE 3

#define VGA_FULL 0xdb /* code page 437: a full block, one of half its dots */
#define VGA_HALF 0xb1

static const struct {
	uint32_t rgb;
	uint8_t vga;
} colours[COLOURS] = {
	[COLOUR_BACK] = { 0x12161c, 0x0 },
	[COLOUR_BAND] = { 0x1f2a38, 0x1 },
	[COLOUR_TITLE] = { 0xffffff, 0xf },
	[COLOUR_TEXT] = { 0xd6dde6, 0xf },
	[COLOUR_DIM] = { 0x8593a3, 0x7 },
	[COLOUR_GOOD] = { 0x3fb950, 0xa },
	[COLOUR_WARNING] = { 0xe3b341, 0xe },
	[COLOUR_STAIN] = { 0xff4b4b, 0xc },
	[COLOUR_MEMORY] = { 0x38547a, 0x1 },
	[COLOUR_MOVABLE] = { 0x7d5f2c, 0x6 },
	[COLOUR_IMAGE] = { 0xffffff, 0xf },
	[COLOUR_LANE] = { 0x222b36, 0x0 },
	[COLOUR_POLICY] = { 0x4cc9f0, 0xb },
	{ 0x7ee787, 0x2 },
	{ 0xd2a8ff, 0x5 },
	{ 0xffa657, 0x6 },
	{ 0x79a8ff, 0x9 },
	{ 0xf5e663, 0xe },
	{ 0xff9bce, 0xd },
	{ 0x56d4bc, 0x3 },
};

/* ---- pixels ---- */

static unsigned bytes_per_pixel(const struct framebuffer *fb)
{
	return (fb->bpp + 7) / 8;
}

/* An 8-bit share of a colour, put where the mask, which is not 0, has it. */
static uint32_t place_colour(uint32_t mask, uint32_t share)
{
	unsigned shift = (unsigned)__builtin_ctz(mask), bits = 32 - shift - (unsigned)__builtin_clz(mask);

	return (uint32_t)((uint64_t)share << bits >> 8) << shift & mask;
}

static APART void set_palette(struct screen *s)
{
	for (unsigned i = 0; i < COLOURS; i++) {
		uint32_t rgb = colours[i].rgb;

		s->pixel[i] = place_colour(s->fb.red, rgb >> 16) | place_colour(s->fb.green, rgb >> 8 & 0xff) |
			      place_colour(s->fb.blue, rgb & 0xff);
	}
}

static APART char *pixel_at(const struct screen *s, unsigned x, unsigned y)
{
	return (char *)(uintptr_t)s->base + (uint64_t)y * s->fb.pitch + (uint64_t)x * bytes_per_pixel(&s->fb);
}

static void put_run(const struct screen *s, char *at, unsigned n, uint32_t pixel)
{
	unsigned bytes = bytes_per_pixel(&s->fb);

	if (bytes == 4) {
		for (uint32_t *p = (uint32_t *)at; n; n--)
			*p++ = pixel;
	}
	for (; n; n--, at += bytes) {
		for (unsigned i = 0; i < bytes; i++)
			at[i] = (char)(pixel >> 8 * i);
	}
}

/* Strokes that rise to the right, the same over neighbouring boxes. */
static void put_hatched(const struct screen *s, struct box b)
{
	unsigned step = HATCH * s->grow, stroke = HATCH_STROKE * s->grow;

	for (unsigned y = b.y; y < b.y + b.height; y++) {
		for (unsigned x = b.x, end = b.x + b.width, n; x < end; x += n) {
			unsigned phase = (x + y) % step;
			bool in_stroke = phase < stroke;

			n = (unsigned)min_u64((in_stroke ? stroke : step) - phase, end - x);
			put_run(s, pixel_at(s, x, y), n, s->pixel[in_stroke ? COLOUR_BACK : COLOUR_MOVABLE]);
		}
	}
}

static struct box clip(const struct screen *s, struct box b)
{
	b.x = (unsigned)min_u64(b.x, s->fb.width);
	b.y = (unsigned)min_u64(b.y, s->fb.height);
	b.width = (unsigned)min_u64(b.width, s->fb.width - b.x);
	b.height = (unsigned)min_u64(b.height, s->fb.height - b.y);
	return b;
}

static void fill_pixels(const struct screen *s, struct box b, enum colour colour)
{
	b = clip(s, b);
	if (colour == COLOUR_MOVABLE) {
		put_hatched(s, b);
		return;
	}
	for (unsigned y = b.y; y < b.y + b.height; y++)
		put_run(s, pixel_at(s, b.x, y), b.width, s->pixel[colour]);
}

/* ---- glyphs ---- */

/* The bits of one byte, each with a gap behind it. */
static APART unsigned spread(unsigned bits)
{
	unsigned wide = 0;

	for (unsigned i = 0; i < FONT_WIDTH; i++)
		wide |= (bits >> i & 1) << (2 * i);
	return wide;
}

/*
 * A row of a glyph twice as large, by the Scale2x rule: a dot's corner takes the colour of the two neighbours beside it
 * when these agree and the others do not, which keeps slanted strokes smooth. Rows are whole bytes here, so eight dots
 * are done at once.
 */
static unsigned double_row(const uint8_t *glyph, unsigned row)
{
	unsigned y = row / 2, above = y ? glyph[y - 1] : 0, below = y + 1 < FONT_HEIGHT ? glyph[y + 1] : 0;
	unsigned near = row % 2 ? below : above, far = row % 2 ? above : below;
	unsigned dot = glyph[y], left = dot >> 1, right = dot << 1 & 0xff;
	unsigned take_left = ~(left ^ near) & (left ^ far) & (near ^ right);
	unsigned take_right = ~(right ^ near) & (right ^ far) & (near ^ left);
	unsigned first = (take_left & near) | (~take_left & dot), second = (take_right & near) | (~take_right & dot);

	return spread(first & 0xff) << 1 | spread(second & 0xff);
}

static void put_glyph(const struct screen *s, struct spot at, char c)
{
	const uint8_t *glyph = font_glyphs[(c < FONT_FIRST || c > FONT_LAST ? '?' : c) - FONT_FIRST];
	/* A row's bits are the font's own, or twice as many. */
	unsigned width = s->grow == 1 ? FONT_WIDTH : 2 * FONT_WIDTH, dot = FONT_WIDTH * s->grow / width;

	for (unsigned y = 0; y < FONT_HEIGHT * s->grow; y++) {
		unsigned row = y / dot, bits = s->grow == 1 ? glyph[row] : double_row(glyph, row);
		char *to = pixel_at(s, at.x, at.y + y);

		put_run(s, to, width * dot, s->pixel[at.ground]);
		for (unsigned i = width; i--; to += dot * bytes_per_pixel(&s->fb)) {
			if (bits >> i & 1)
				put_run(s, to, dot, s->pixel[at.colour]);
		}
	}
}

/* ---- what both kinds of screen do ---- */

static bool is_text(const struct screen *s)
{
	return s->fb.kind == FRAMEBUFFER_TEXT;
}

static volatile uint16_t *cell_at(const struct screen *s, unsigned column, unsigned row)
{
	return (volatile uint16_t *)(uintptr_t)(s->base + row * s->fb.pitch + column * 2);
}

static void put_character(const struct screen *s, struct spot at, char c)
{
	/* Black on a dark red could hardly be read. */
	unsigned ink = at.colour == COLOUR_BACK ? 0xf : colours[at.colour].vga;
	unsigned attribute = (unsigned)colours[at.ground].vga << 4 | ink;

	if (is_text(s))
		*cell_at(s, at.x / FONT_WIDTH, at.y / FONT_HEIGHT) = (uint16_t)((attribute & 0x7f) << 8 | (uint8_t)c);
	else
		put_glyph(s, at, c);
}

uint64_t screen_size(const struct framebuffer *fb)
{
	bool text = fb->kind == FRAMEBUFFER_TEXT;

	if (!fb->address || fb->width > MAX_SIDE || fb->height > MAX_SIDE || fb->pitch > 8 * MAX_SIDE)
		return 0;
	if (fb->width < (text ? 80 : MIN_WIDTH) || fb->height < (text ? 25 : MIN_HEIGHT))
		return 0;
	if (!text && (fb->kind != FRAMEBUFFER_PIXELS || fb->bpp < 15 || fb->bpp > 32))
		return 0;
	if (!text && (!fb->red || !fb->green || !fb->blue))
		return 0;
	if (fb->pitch < fb->width * (text ? 2 : bytes_per_pixel(fb)))
		return 0;
	return (uint64_t)fb->pitch * fb->height;
}

void screen_open(struct screen *s, const struct framebuffer *fb, uint64_t base)
{
	unsigned columns = fb->width, rows = fb->height;

	s->fb = *fb;
	s->base = base;
	s->grow = 1;
	s->row = 0;
	memset(s->text, ' ', sizeof(s->text));
	if (is_text(s)) {
		for (unsigned i = 0; i < columns * rows; i++)
			*cell_at(s, i % columns, i / columns) = 0x0720;
	} else {
		while (s->grow < 4 && fb->width >= s->grow * LARGE_WIDTH)
			s->grow *= 2;
		columns /= FONT_WIDTH * s->grow;
		rows /= FONT_HEIGHT * s->grow;
		set_palette(s);
		fill_pixels(s, (struct box){ 0, 0, fb->width, fb->height }, COLOUR_BACK);
	}
	s->columns = (unsigned)min_u64(columns, SCREEN_COLUMNS);
	s->rows = (unsigned)min_u64(rows, SCREEN_ROWS);
}

/* ---- the log ---- */

static bool contains(const char *line, size_t len, const char *word)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		n = line[i] == word[n] ? n + 1 : line[i] == word[0];
		if (!word[n])
			return true;
	}
	return false;
}

static enum colour colour_of_line(const char *line, size_t len)
{
	static const struct {
		char word[14];
		uint8_t colour;
	} marks[] = {
		{ "error:", COLOUR_STAIN },     { "fault:", COLOUR_STAIN },  { "BUG:", COLOUR_STAIN },
		{ ": STAINED:", COLOUR_STAIN }, { ": CLEAN:", COLOUR_GOOD }, { ": NO VERDICT:", COLOUR_WARNING },
		{ "warning:", COLOUR_WARNING },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(marks); i++) {
		if (contains(line, len, marks[i].word))
			return marks[i].colour;
	}
	return COLOUR_TEXT;
}

static void draw_cell(const struct screen *s, unsigned column, unsigned row)
{
	bool stamp = s->text[row][0] == '[' && column < STAMP_LENGTH;
	struct spot at = { column * FONT_WIDTH * s->grow, row * FONT_HEIGHT * s->grow,
			   stamp ? COLOUR_DIM : s->colour[row], COLOUR_BACK };

	put_character(s, at, s->text[row][column]);
}

/* Half a screen at a time: each line is drawn about twice, however many there are. Cells that stay blank are left. */
static APART void scroll(struct screen *s)
{
	unsigned half = s->rows / 2;

	for (unsigned row = 0; row < s->rows; row++) {
		bool moved = row + half < s->rows;

		s->colour[row] = moved ? s->colour[row + half] : COLOUR_TEXT;
		for (unsigned column = 0; column < s->columns; column++) {
			char was = s->text[row][column];

			s->text[row][column] = moved ? s->text[row + half][column] : ' ';
			if (was != ' ' || s->text[row][column] != ' ')
				draw_cell(s, column, row);
		}
	}
	s->row -= half;
}

void screen_write(struct screen *s, const char *line, size_t len)
{
	enum colour colour;

	if (len && line[0] == '{')
		return;
	while (len && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		len--;
	colour = colour_of_line(line, len);
	do {
		size_t n = min_u64(len, s->columns);

		if (s->row == s->rows)
			scroll(s);
		s->colour[s->row] = (uint8_t)colour;
		memcpy(s->text[s->row], line, n);
		for (unsigned column = 0; column < n; column++)
			draw_cell(s, column, s->row);
		s->row++;
		line += n;
		len -= n;
	} while (len);
}

/* ---- the picture ---- */

/* Every cell that a box covers by half, and at least one, so that a thin mark is seen. */
static void fill_cells(const struct screen *s, struct box b, enum colour colour)
{
	unsigned x = b.x / FONT_WIDTH, x_end = (b.x + b.width + FONT_WIDTH / 2) / FONT_WIDTH;
	unsigned y = b.y / FONT_HEIGHT, y_end = (b.y + b.height + FONT_HEIGHT / 2) / FONT_HEIGHT;
	unsigned block = colour == COLOUR_MOVABLE ? VGA_HALF : VGA_FULL;

	for (unsigned row = y; row < max_u64(y_end, y + 1) && row < s->rows; row++) {
		for (unsigned column = x; column < max_u64(x_end, x + 1) && column < s->columns; column++)
			*cell_at(s, column, row) = (uint16_t)(colours[colour].vga << 8 | block);
	}
}

static void canvas_fill(void *ctx, struct box b, enum colour colour)
{
	const struct screen *s = ctx;

	if (is_text(s))
		fill_cells(s, b, colour);
	else
		fill_pixels(s, b, colour);
}

static void canvas_text(void *ctx, struct spot at, const char *text)
{
	const struct canvas c = screen_canvas(ctx);

	for (; *text && at.x + c.column <= c.width && at.y + c.line <= c.height; at.x += c.column)
		put_character(ctx, at, *text++);
}

struct canvas screen_canvas(struct screen *s)
{
	struct canvas c = { .column = FONT_WIDTH * s->grow,
			    .line = FONT_HEIGHT * s->grow,
			    .fine = !is_text(s),
			    .fill = canvas_fill,
			    .text = canvas_text,
			    .ctx = s };

	c.width = c.fine ? s->fb.width : s->columns * FONT_WIDTH;
	c.height = c.fine ? s->fb.height : s->rows * FONT_HEIGHT;
	return c;
}
