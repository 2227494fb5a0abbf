/* SPDX-License-Identifier: MIT */
/* The last picture, box by box, on a canvas that only takes notes: three nodes, two policies, one stained. */
#include "tests/unit/support.h"

#include <stdio.h>

#include "lib/version.h"
#include "kernel/report/picture.h"
#include "lib/version.h"

#define MAX_NOTES 4096

static struct numa numa;
static struct memblock mb;
static struct handover handover;
static struct picture picture;
static struct placement found;
static struct canvas canvas;

static struct {
	struct box box;
	enum colour colour;
} fills[MAX_NOTES];
static struct {
	struct spot at;
	char text[200];
} texts[MAX_NOTES];
static unsigned nr_fills, nr_texts;

static void note_fill(void *ctx, struct box b, enum colour colour)
{
	assert_ptr_equal(ctx, &canvas);
	assert_true(nr_fills < MAX_NOTES && colour < COLOURS);
	assert_true(b.width > 0 && b.height > 0);
	assert_true(b.x + b.width <= canvas.width && b.y + b.height <= canvas.height);
	fills[nr_fills].box = b;
	fills[nr_fills++].colour = colour;
}

static void note_text(void *ctx, struct spot at, const char *s)
{
	assert_ptr_equal(ctx, &canvas);
	assert_true(nr_texts < MAX_NOTES && at.colour < COLOURS && at.ground < COLOURS);
	assert_true(at.x < canvas.width && at.y + canvas.line <= canvas.height);
	texts[nr_texts].at = at;
	snprintf(texts[nr_texts++].text, sizeof(texts[0].text), "%s", s);
}

/* Position in the order of drawing, from 1; 0: never drawn so. */
static unsigned drawn(unsigned x, unsigned y, unsigned width, unsigned height, enum colour colour)
{
	for (unsigned i = 0; i < nr_fills; i++) {
		const struct box *b = &fills[i].box;

		if (b->x == x && b->y == y && b->width == width && b->height == height && fills[i].colour == colour)
			return i + 1;
	}
	return 0;
}

static bool said(unsigned x, unsigned y, enum colour colour, const char *s)
{
	for (unsigned i = 0; i < nr_texts; i++) {
		if (texts[i].at.x == x && texts[i].at.y == y && texts[i].at.colour == colour &&
		    strcmp(texts[i].text, s) == 0)
			return true;
	}
	return false;
}

static bool said_anywhere(const char *s)
{
	for (unsigned i = 0; i < nr_texts; i++) {
		if (strcmp(texts[i].text, s) == 0)
			return true;
	}
	return false;
}

static unsigned filled_with(enum colour colour)
{
	unsigned n = 0;

	for (unsigned i = 0; i < nr_fills; i++)
		n += fills[i].colour == colour;
	return n;
}

static void add_range(uint32_t pxm, phys_t start, phys_t end, bool hotplug)
{
	int nid = numa_map_pxm(&numa, pxm);

	assert_int_equal(memblock_add(&mb, (struct range){ start, end }), OK);
	assert_int_equal(numa_add_memblk(&numa, nid, (struct range){ start, end }, hotplug), OK);
}

static void judge(phys_t end)
{
	assert_int_equal(numa_cleanup(&numa, &mb, end, NULL), OK);
	numa_judge(&numa, &mb);
	picture_init(&picture, &mb, &numa);
	placement_init(&found, &numa);
}

static void add_run(phys_t start, unsigned pages, int nid, bool movable)
{
	for (unsigned i = 0; i < pages; i++)
		placement_add(&found, start + i * PAGE_SIZE, PT_PTE);
	placement_finish(&found);
	picture_add_run(&picture,
			&(struct placement_run){ PT_PTE, { start, start + pages * PAGE_SIZE }, nid, movable });
}

static void draw(unsigned width, unsigned height, unsigned grow, bool fine)
{
	canvas = (struct canvas){ width, height, 8 * grow, 16 * grow, fine, note_fill, note_text, &canvas };
	nr_fills = nr_texts = 0;
	picture_draw(&picture, &canvas, &handover);
}

/* Node 0 [0, 1G) with the image at 512M; node 1 [1G, 2G); node 2 [2G, 3G) and [4G, 6G), hot-pluggable and movable. */
static int setup(void **state)
{
	(void)state;
	FRESH(memblock_init, &mb);
	FRESH(numa_init, &numa);
	memset(&handover, 0, sizeof(handover));
	strcpy(handover.smbios.vendor, "QEMU");
	strcpy(handover.smbios.product, "Standard PC");
	strcpy(handover.bi.cmdline, "page_size=4k");
	handover.seed = 0x2a;
	handover.srat_state = SRAT_OK;
	handover.choice.base = 512 * MIB;
	handover.choice.end = 514 * MIB;
	return 0;
}

static const struct fixture fixture = { .setup = setup };

static void three_nodes(void)
{
	add_range(10, 0, GIB, false);
	add_range(11, GIB, 2 * GIB, false);
	add_range(12, 2 * GIB, 3 * GIB, true);
	add_range(12, 4 * GIB, 6 * GIB, true);
	judge(6 * GIB);
	picture_add_policy(&picture, "bottom-up");
	add_run(513 * MIB, 16, 0, false);
	add_run(2 * GIB, 512, 2, true);
	picture_add_verdict(&picture, &found);
	placement_init(&found, &numa);
	picture_add_policy(&picture, "memblock");
	add_run(2 * GIB - MIB, 256, 1, false);
	picture_add_verdict(&picture, &found);
}

TEST(test_words)
{
	three_nodes();
	draw(800, 600, 1, true);
	assert_int_equal(drawn(0, 0, 800, 600, COLOUR_BACK), 1);
	assert_true(drawn(0, 0, 800, 48, COLOUR_BAND));
	assert_true(said(16, 8, COLOUR_TITLE, "Landfall " LANDFALL_VERSION));
	assert_true(said(16, 24, COLOUR_TEXT, "QEMU Standard PC"));
	assert_true(drawn(16, 64, 72, 16, COLOUR_STAIN));
	assert_true(said(16, 64, COLOUR_BACK, " STAINED "));
	assert_true(said(96, 64, COLOUR_POLICY, "bottom-up"));
	assert_true(said(192, 64, COLOUR_TEXT, "512 of 528 pages on movable nodes, 3 GiB pinned"));
	assert_true(drawn(16, 84, 72, 16, COLOUR_GOOD));
	assert_true(said(16, 84, COLOUR_BACK, "  CLEAN  "));
	assert_true(said(96, 84, COLOUR_POLICY + 1, "memblock"));
	assert_true(said(192, 84, COLOUR_TEXT, "none of 256 pages on a movable node"));
	assert_true(
		said(16, 104, COLOUR_DIM, "for an image of 2 MiB at 0x20000000, node 0, 1.4 GiB below movable node 2"));
	assert_true(said(16, 560, COLOUR_TEXT, "repeat with: page_size=4k seed=0x2a"));
	handover.opt.seed_given = true;
	draw(800, 600, 1, true);
	assert_true(said(16, 560, COLOUR_TEXT, "repeat with: page_size=4k"));
	/* 96 columns between the margins: 13 for the words before, then the line, or what of it fits before the dots */
	memset(handover.bi.cmdline, 'x', 83);
	handover.bi.cmdline[83] = '\0';
	draw(800, 600, 1, true);
	assert_int_equal(strlen(texts[nr_texts - 1].text), 96);
	assert_string_equal(texts[nr_texts - 1].text + 93, "xxx");
	memset(handover.bi.cmdline + 83, 'y', 400);
	draw(800, 600, 1, true);
	assert_int_equal(strlen(texts[nr_texts - 1].text), 96);
	assert_string_equal(texts[nr_texts - 1].text + 91, "xx...");
	draw(3840, 2160, 1, true); /* wider than any words are kept */
	assert_int_equal(strlen(texts[nr_texts - 1].text), 199);
	assert_string_equal(texts[nr_texts - 1].text + 194, "yy...");
}

/* The tallest that bars and lanes become, on a screen with room for more. */
TEST(test_one_node_on_a_large_screen)
{
	add_range(0, 0, GIB, false);
	judge(GIB);
	picture_add_policy(&picture, "memblock");
	add_run(GIB - MIB, 1, 0, false);
	draw(1920, 1080, 1, true);
	assert_true(drawn(232, 116, 1504, 144, COLOUR_MEMORY));
	assert_true(drawn(232, 264, 1504, 40, COLOUR_LANE));
	assert_true(said(24, 276, COLOUR_POLICY, "memblock"));
	assert_true(said(1744, 276, COLOUR_TEXT, "1 page"));
}

TEST(test_bars)
{
	three_nodes();
	draw(800, 600, 1, true);
	/* as wide as the node is large */
	assert_true(said(16, 154, COLOUR_TEXT, "node 0"));
	assert_true(drawn(112, 136, 168, 53, COLOUR_MEMORY));
	assert_true(said(624, 154, COLOUR_TEXT, "1 GiB"));
	assert_true(drawn(112, 265, 168, 53, COLOUR_MEMORY));
	assert_true(said(16, 412, COLOUR_TEXT, "node 2"));
	assert_true(drawn(112, 394, 168, 53, COLOUR_MOVABLE));
	assert_true(drawn(280, 394, 336, 53, COLOUR_MOVABLE));
	assert_true(said(624, 412, COLOUR_TEXT, "3 GiB, movable"));
	/* the hole between its two ranges is left out, but for a notch over the second one */
	assert_true(drawn(280, 394, 2, 53, COLOUR_BACK) > drawn(280, 394, 336, 53, COLOUR_MOVABLE));
	/* the image in the middle of node 0, too thin to be seen if it were to scale */
	assert_true(drawn(196, 136, 4, 53, COLOUR_IMAGE));
	/* no address beside the bars: the screen is not wide enough */
	assert_false(said_anywhere("0x80000000"));
	draw(960, 600, 1, true);
	assert_true(said_anywhere("0x80000000"));
}

/* From 16 MiB on a hole that is left out has a notch. */
TEST(test_small_holes_have_no_notch)
{
	add_range(0, 0, GIB, false);
	add_range(0, GIB + 16 * MIB - PAGE_SIZE, 2 * GIB, false);
	add_range(0, 2 * GIB + 16 * MIB, 3 * GIB, false);
	judge(3 * GIB);
	picture_add_policy(&picture, "memblock");
	draw(800, 600, 1, true);
	assert_int_equal(filled_with(COLOUR_MEMORY), 4); /* three pieces and the legend */
	assert_int_equal(filled_with(COLOUR_BACK), 2);   /* the screen and one notch */
}

/* A node of a fiftieth is a fiftieth, one of a thousandth can still be seen; what lies on them too. */
TEST(test_small_nodes_are_to_scale)
{
	add_range(0, 0, 1000 * GIB, false);
	add_range(1, 1000 * GIB, 1020 * GIB, true);
	add_range(2, 1020 * GIB, 1021 * GIB, false);
	judge(1021 * GIB);
	picture_add_policy(&picture, "memblock");
	add_run(1020 * GIB - MIB, 1, 1, true);
	add_run(1020 * GIB, 1, 2, false);
	draw(800, 600, 1, true);
	assert_true(drawn(112, 116, 504, 64, COLOUR_MEMORY));
	assert_true(drawn(112, 252, 10, 64, COLOUR_MOVABLE));
	assert_true(drawn(118, 252, 4, 64, COLOUR_STAIN));
	assert_true(drawn(112, 388, 4, 64, COLOUR_MEMORY));
	assert_true(drawn(112, 456, 4, 32, COLOUR_POLICY));
}

/* What the firmware's tables have wrong stands under the verdicts; the first of it in words. */
TEST(test_findings)
{
	three_nodes();
	handover.nr_findings = 3;
	strcpy(handover.finding, "srat-checksum");
	draw(800, 600, 1, true);
	assert_true(said(16, 120, COLOUR_WARNING, "findings (3): srat-checksum"));
	handover.nr_findings = 0;
	draw(800, 600, 1, true);
	assert_false(said_anywhere("findings (0): srat-checksum"));
}

/* After a sweep each verdict has its odds under it; without a verdict there are none. */
TEST(test_odds)
{
	three_nodes();
	picture.policy[0].slots = picture.policy[1].slots = 25;
	picture.policy[0].stained_slots = 3;
	draw(800, 600, 1, true);
	assert_true(said(192, 84, COLOUR_TEXT, "stained from 3 of 25 bases"));
	assert_true(said(96, 104, COLOUR_POLICY + 1, "memblock"));
	assert_true(said(192, 124, COLOUR_TEXT, "stained from 0 of 25 bases"));
	handover.srat_state = SRAT_ABSENT;
	draw(800, 600, 1, true);
	assert_true(said_anywhere("stained from 3 of 25 bases"));
	assert_false(said_anywhere("stained from 0 of 25 bases"));
}

/* Nothing is drawn or said on the last whole line, on any screen. */
TEST(test_last_line_is_free)
{
	static const struct {
		unsigned width, height, grow;
		bool fine;
	} screens[] = {
		{ 640, 400, 1, false }, { 800, 600, 1, true }, { 1280, 800, 1, true }, { 3840, 2160, 2, true }
	};

	three_nodes();
	for (unsigned i = 0; i < ARRAY_SIZE(screens); i++) {
		unsigned line = 16 * screens[i].grow, last = screens[i].height / line * line - line;

		draw(screens[i].width, screens[i].height, screens[i].grow, screens[i].fine);
		for (unsigned t = 0; t < nr_texts; t++)
			assert_true(texts[t].at.y + line <= last);
	}
}

TEST(test_lanes)
{
	three_nodes();
	draw(800, 600, 1, true);
	/* node 0: bottom-up has 16 pages right behind the image, memblock none */
	assert_true(said(24, 193, COLOUR_POLICY, "bottom-up"));
	assert_true(drawn(112, 193, 168, 17, COLOUR_LANE));
	assert_true(drawn(112 + 84, 193, 4, 17, COLOUR_POLICY));
	assert_true(said(624, 193, COLOUR_TEXT, "16 pages"));
	assert_true(said(24, 218, COLOUR_DIM, "memblock"));
	assert_true(said(624, 218, COLOUR_DIM, "-"));
	/* node 1: memblock's megabyte at its end */
	assert_true(said(24, 347, COLOUR_POLICY + 1, "memblock"));
	assert_true(drawn(112 + 164, 347, 4, 17, COLOUR_POLICY + 1));
	assert_true(said(624, 347, COLOUR_TEXT, "256 pages"));
	/* node 2: stains at its start, in the lane and in the bar itself */
	assert_true(said(624, 451, COLOUR_STAIN, "512 stained"));
	assert_true(drawn(112, 451, 4, 17, COLOUR_STAIN) > drawn(112, 451, 4, 17, COLOUR_POLICY));
	assert_true(drawn(112, 394, 4, 53, COLOUR_STAIN) > drawn(112, 394, 168, 53, COLOUR_MOVABLE));
	assert_int_equal(filled_with(COLOUR_STAIN), 4); /* badge, lane, bar, legend */
}

TEST(test_characters)
{
	three_nodes();
	draw(640, 400, 1, false);
	for (unsigned i = 0; i < nr_texts; i++) {
		assert_int_equal(texts[i].at.x % 8, 0);
		assert_int_equal(texts[i].at.y % 16, 0);
	}
	assert_true(said(8, 32, COLOUR_BACK, " STAINED "));
	assert_true(said(8, 80, COLOUR_TEXT, "node 0"));
	assert_true(drawn(104, 80, 120, 16, COLOUR_MEMORY));
	assert_true(said(16, 96, COLOUR_POLICY, "bottom-up"));
	assert_true(said(8, 368, COLOUR_TEXT, "repeat with: page_size=4k seed=0x2a"));
	assert_int_equal(filled_with(COLOUR_STAIN), 4);
}

/*
 * Sixty nodes: no lanes; the image's half of a bar above that of the page tables; what has nothing to tell gives way.
 */
TEST(test_many_nodes)
{
	for (unsigned i = 0; i < 60; i++)
		add_range(i, i * GIB, (i + 1) * GIB, i == 50);
	judge(60 * GIB);
	picture_add_policy(&picture, "bottom-up");
	add_run(GIB / 2, 1, 0, false);
	add_run(40 * GIB, 1, 40, false);
	add_run(51 * GIB - PAGE_SIZE, 1, 50, true);
	picture_add_verdict(&picture, &found);
	picture_add_policy(&picture, "memblock");
	draw(800, 600, 1, true);
	/* 392 dots: 19 steps of 20, one line of them for the words below */
	assert_true(said_anywhere("and 42 more nodes: see the log"));
	assert_true(said_anywhere("node 0"));
	assert_true(said_anywhere("node 40"));
	assert_true(said_anywhere("node 50"));
	assert_true(said_anywhere("node 59"));
	assert_false(said_anywhere("node 1"));
	assert_false(said_anywhere("node 41"));
	assert_true(drawn(112, 136, 504, 16, COLOUR_MEMORY));
	assert_true(drawn(112 + 252, 136, 4, 8, COLOUR_IMAGE));
	assert_true(drawn(112 + 252, 144, 4, 8, COLOUR_POLICY));
	assert_true(drawn(112, 164, 4, 8, COLOUR_POLICY));
	assert_true(drawn(612, 136 + 8 * 20, 4, 16, COLOUR_STAIN)); /* behind 0, 40 and 44 to 49 */
	/* with page tables on all of them, the image's node stays, and as many at the end as have room */
	for (unsigned i = 0; i < 60; i++)
		add_run(i * GIB, 1, (int)i, false);
	draw(800, 600, 1, true);
	assert_true(said_anywhere("node 0") && said_anywhere("node 43"));
	assert_false(said_anywhere("node 42"));
}

/* More nodes than a picture keeps, some of them without memory. */
TEST(test_more_nodes_than_kept)
{
	for (unsigned i = 0; i < 100; i++) {
		numa_map_pxm(&numa, 1000 - 2 * i); /* memoryless */
		add_range(2 * i + 1, i * GIB, (i + 1) * GIB, false);
	}
	judge(100 * GIB);
	assert_int_equal(picture.nr_bars, PICTURE_BARS);
	assert_int_equal(picture.left_out, 100 - PICTURE_BARS);
	assert_int_equal(picture.nid[0], 1);
	picture_add_policy(&picture, "bottom-up");
	add_run(99 * GIB, 1, 199, false); /* on a node that has no bar */
	draw(3840, 2160, 1, true);
	assert_true(said_anywhere("node 127"));
	assert_true(said_anywhere("and 36 more nodes: see the log"));
}

/* All eight policies on the smallest screens: nothing overlaps the legend, and the nodes that fit are there. */
TEST(test_all_policies)
{
	static const char *const names[] = { "bottom-up", "memblock", "lowest", "top-down",
					     "series",    "hybrid",   "floor",  "node-local" };

	add_range(0, 0, GIB, false);
	add_range(1, GIB, 2 * GIB, true);
	judge(2 * GIB);
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		picture_add_policy(&picture, names[i]);
		add_run(GIB + i * MIB, 1, 1, true);
		picture_add_verdict(&picture, &found);
	}
	draw(640, 400, 1, false);
	assert_true(said(8, 8 * 16 + 32 + 16, COLOUR_TEXT, "node 0"));
	assert_true(said_anywhere("node 1"));
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		assert_true(said_anywhere(names[i]));
	draw(640, 400, 1, true); /* in pixels */
	assert_true(said_anywhere("node 0"));
	assert_true(said_anywhere("node 1"));
}

/* One node that is only assumed: amber, with the reason. No image that any node has. */
TEST(test_without_srat)
{
	assert_int_equal(memblock_add(&mb, (struct range){ MIB, GIB }), OK);
	numa_fake_one_node(&numa, GIB);
	numa_judge(&numa, &mb);
	picture_init(&picture, &mb, &numa);
	picture_add_policy(&picture, "bottom-up");
	handover.srat_state = SRAT_REJECTED;
	strcpy(handover.srat_why, "its checksum is wrong");
	draw(800, 600, 1, true);
	assert_true(drawn(16, 64, 96, 16, COLOUR_WARNING));
	assert_true(said(16, 64, COLOUR_BACK, " NO VERDICT "));
	assert_true(said(120, 64, COLOUR_POLICY, "bottom-up"));
	assert_true(said(216, 64, COLOUR_TEXT, "the SRAT is rejected: its checksum is wrong"));
	assert_true(said(16, 84, COLOUR_DIM, "for an image of 2 MiB at 0x20000000, node 0; one node is assumed"));
	assert_int_equal(filled_with(COLOUR_GOOD), 0);
	assert_true(said_anywhere("1023 MiB"));
	handover.srat_state = SRAT_ABSENT;
	handover.smbios.product[0] = handover.smbios.vendor[0] = '\0';
	draw(800, 600, 1, true);
	assert_true(said(216, 64, COLOUR_TEXT, "there is no SRAT to go by"));
	assert_true(said_anywhere("unknown machine"));
	handover.bi.cmdline[0] = '\0';
	draw(800, 600, 1, true);
	assert_true(said_anywhere("repeat with: seed=0x2a"));
}
