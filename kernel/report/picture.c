/* SPDX-License-Identifier: MIT */
/* Lays the last picture out: title, verdicts, a bar a node, legend, how to repeat the run. */
#include "kernel/report/picture.h"

#include "kernel/report/report.h"
#include "lib/format.h"
#include "lib/scan.h"
#include "lib/version.h"

#define LABEL_COLUMNS 12 /* left of the bars: node, policy; */
#define WIDE_COLUMNS 27  /* and where the node begins, */
#define WIDE_SCREEN 120  /* on a screen of at least that many columns */
#define NOTE_COLUMNS 21  /* right of them: size, pages */
#define BADGE_COLUMNS 9  /* " STAINED " */
#define WIDE_BADGE 12    /* " NO VERDICT " */
#define WORDS_MAX 200
#define HOLE_SHOWN (16 * MIB)

/* What is being drawn, and how far down it has come. */
struct sheet {
	const struct picture *c;
	const struct canvas *canvas;
	const struct handover *h;
	unsigned left, right, y;
	unsigned label;         /* columns left of the bars */
	unsigned badge;         /* columns of a verdict's badge */
	unsigned line, column;  /* size of a character */
	unsigned half, quarter; /* of a line; 0 where only whole characters are filled */
	unsigned least;         /* what a mark is wide at least */
};

/* ---- collecting ---- */

/* Bytes of a node's RAM below `at`: holes and other nodes do not count. */
static uint64_t node_offset(const struct picture *c, int nid, phys_t at)
{
	uint64_t bytes = 0;

	for_each (b, c->numa->mem.blk, c->numa->mem.nr) {
		if (b->nid == nid)
			bytes += memblock_memory_in(c->mb, range_clamp(b->r, range_below(at)));
	}
	return bytes;
}

/* `share` of `whole` on a line of `length`; counted in pages, so that no product overflows. */
static unsigned scale(uint64_t share, uint64_t whole, unsigned length)
{
	return (unsigned)((share >> PAGE_SHIFT) * length / max_u64(whole >> PAGE_SHIFT, 1));
}

static uint64_t bar_ram(const struct picture *c, unsigned bar)
{
	return c->numa->node[c->nid[bar]].present;
}

void picture_init(struct picture *c, const struct memblock *mb, const struct numa *n)
{
	memset(c, 0, sizeof(*c));
	c->mb = mb;
	c->numa = n;
	for_each (node, n->node, n->nr_nodes) {
		if (!node->present)
			continue;
		if (c->nr_bars < PICTURE_BARS)
			c->nid[c->nr_bars++] = (uint16_t)(node - n->node);
		else
			c->left_out++;
	}
	if (c->nr_bars)
		c->places = PICTURE_MARKS / c->nr_bars;
}

void picture_add_policy(struct picture *c, const char *name)
{
	KASSERT(c->nr_policies < OPT_MAX_POLICIES);
	c->policy[c->nr_policies++].name = name;
}

static void mark(struct picture *c, unsigned bar, const struct placement_run *run)
{
	uint64_t ram = bar_ram(c, bar), start = node_offset(c, run->nid, run->pages.start);
	unsigned first = scale(start, ram, c->places);
	unsigned last = scale(start + range_size(run->pages) - PAGE_SIZE, ram, c->places);
	uint16_t bit = (uint16_t)(1u << (c->nr_policies - 1));

	for (unsigned i = first; i <= last && i < c->places; i++) {
		c->tables[bar * c->places + i] |= bit;
		if (run->movable)
			c->stains[bar * c->places + i] |= bit;
	}
}

void picture_add_run(struct picture *c, const struct placement_run *run)
{
	struct picture_policy *p = &c->policy[c->nr_policies - 1];
	uint32_t pages = (uint32_t)(range_size(run->pages) / PAGE_SIZE);

	for (unsigned bar = 0; bar < c->nr_bars; bar++) {
		if (c->nid[bar] != run->nid)
			continue;
		p->on[bar] += pages;
		p->stains_on[bar] += run->movable ? pages : 0;
		mark(c, bar, run);
	}
}

void picture_add_verdict(struct picture *c, const struct placement *found)
{
	struct picture_policy *p = &c->policy[c->nr_policies - 1];

	p->pages = found->table_pages;
	p->stains = found->on_movable;
	p->pinned = placement_pinned(found);
}

/* ---- words ---- */

static enum colour policy_colour(unsigned policy)
{
	return COLOUR_POLICY + policy % (COLOURS - COLOUR_POLICY);
}

/* Words stand on COLOUR_BACK, or colour | ON(ground). */
#define ON(ground) ((ground) << 8)
#define say(s, x, y, colour, ...) say_at(s, (struct spot){ x, y, (colour) % 256, (colour) / 256 }, __VA_ARGS__)

static unsigned column_x(const struct sheet *s, unsigned columns)
{
	return s->left + columns * s->column;
}

/* What does not fit on its line ends in dots. */
static void PRINTF_LIKE(3, 4) say_at(const struct sheet *s, struct spot at, const char *fmt, ...)
{
	char text[WORDS_MAX];
	size_t room = min_u64((s->right - at.x) / s->column, sizeof(text) - 1), len;
	va_list ap;

	va_start(ap, fmt);
	len = (size_t)format_v(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len > room)
		memcpy(text + room - 3, "...", 4);
	s->canvas->text(s->canvas->ctx, at, text);
}

static void fill(const struct sheet *s, struct box b, enum colour colour)
{
	s->canvas->fill(s->canvas->ctx, b, colour);
}

static APART void draw_title(struct sheet *s)
{
	static const char name[] = "Landfall " LANDFALL_VERSION;
	unsigned line = s->line, pad = s->half;
	const struct smbios *machine = &s->h->smbios;
	const char *product = *machine->product ? machine->product : "unknown machine";

	fill(s, (struct box){ 0, 0, s->canvas->width, 2 * (line + pad) }, COLOUR_BAND);
	say(s, s->left, pad, COLOUR_TITLE | ON(COLOUR_BAND), "%s", name);
	say(s, column_x(s, sizeof(name) + 1), pad, COLOUR_TEXT | ON(COLOUR_BAND), "where do early page tables land?");
	say(s, s->left, pad + line, COLOUR_TEXT | ON(COLOUR_BAND), "%s%s%s", machine->vendor,
	    *machine->vendor ? " " : "", product);
	s->y = 2 * (line + pad) + 2 * pad;
}

/* "STAINED bottom-up: 8 of 23 ..." with the first word as a badge. */
static APART void draw_verdict(struct sheet *s, unsigned policy)
{
	const struct picture_policy *p = &s->c->policy[policy];
	unsigned width = s->badge * s->column;
	bool open = !p->stains && !has_verdict(s->h);
	enum colour badge = p->stains ? COLOUR_STAIN : open ? COLOUR_WARNING : COLOUR_GOOD;
	unsigned x = column_x(s, s->badge + LABEL_COLUMNS + 1);

	fill(s, (struct box){ s->left, s->y, width, s->line }, badge);
	say(s, s->left, s->y, COLOUR_BACK | ON(badge), p->stains ? " STAINED " : open ? " NO VERDICT " : "  CLEAN  ");
	say(s, column_x(s, s->badge + 1), s->y, policy_colour(policy), "%s", p->name);
	if (p->stains)
		say(s, x, s->y, COLOUR_TEXT, "%llu of %llu pages on movable nodes, %'llu pinned", (ull)p->stains,
		    (ull)p->pages, (ull)p->pinned);
	else if (open)
		say(s, x, s->y, COLOUR_TEXT, "%s", no_verdict(s->h).why);
	else
		say(s, x, s->y, COLOUR_TEXT, "none of %llu pages on a movable node", (ull)p->pages);
	s->y += s->line + s->quarter;
	if (p->slots && !open) {
		say(s, x, s->y, COLOUR_TEXT, "stained from %llu of %llu bases", (ull)p->stained_slots, (ull)p->slots);
		s->y += s->line + s->quarter;
	}
}

static APART void draw_verdicts(struct sheet *s)
{
	const struct choice *choice = &s->h->choice;
	const struct numa_memblk *next = numa_next_movable(s->c->numa, choice->end);
	char below[48] = "";

	for (unsigned i = 0; i < s->c->nr_policies; i++)
		draw_verdict(s, i);
	if (next)
		format(below, sizeof(below), ", %'llu below movable node %d", (ull)(next->r.start - choice->end),
		       next->nid);
	say(s, s->left, s->y, COLOUR_DIM, "for an image of %'llu at 0x%llx, node %d%s%s",
	    (ull)(choice->end - choice->base), (ull)choice->base, numa_look_at(s->c->numa, choice->base).nid, below,
	    s->badge == WIDE_BADGE ? "; one node is assumed" : "");
	s->y += s->line;
	if (s->h->nr_findings) {
		say(s, s->left, s->y, COLOUR_WARNING, "findings (%u): %s", s->h->nr_findings, s->h->finding);
		s->y += s->line;
	}
	s->y += 2 * s->half;
}

/* ---- the legend, and what lies under it ---- */

/* Puts one sample and its name where the last one ended, on a new line when this one is full. */
static void draw_sample(const struct sheet *s, struct box *at, enum colour colour, const char *name)
{
	unsigned length = (unsigned)scan_length(name);

	if (at->x > s->left && at->x + (length + 3) * s->column > s->right) {
		at->x = s->left;
		at->y += s->line;
	}
	fill(s, (struct box){ at->x, at->y + s->quarter / 2, 2 * s->column, s->line - s->quarter }, colour);
	at->x += 3 * s->column;
	say(s, at->x, at->y, COLOUR_TEXT, "%s", name);
	at->x += (length + 2) * s->column;
}

static APART unsigned legend_lines(const struct sheet *s)
{
	return s->c->nr_policies > 4 || s->right - s->left < 96 * s->column ? 2 : 1;
}

static APART void draw_legend(const struct sheet *s)
{
	struct box at = { .x = s->left, .y = s->y };

	draw_sample(s, &at, COLOUR_MEMORY, "memory");
	draw_sample(s, &at, COLOUR_MOVABLE, "movable");
	draw_sample(s, &at, COLOUR_IMAGE, "image");
	draw_sample(s, &at, COLOUR_STAIN, "stain");
	for (unsigned i = 0; i < s->c->nr_policies; i++)
		draw_sample(s, &at, policy_colour(i), s->c->policy[i].name);
	at.x = s->left;
	at.y = s->y + legend_lines(s) * s->line + s->half;
	if (s->h->opt.seed_given)
		say(s, at.x, at.y, COLOUR_TEXT, "repeat with: %s", s->h->bi.cmdline);
	else
		say(s, at.x, at.y, COLOUR_TEXT, "repeat with: %s%sseed=0x%llx", s->h->bi.cmdline,
		    *s->h->bi.cmdline ? " " : "", (ull)s->h->seed);
}

/* ---- bars ---- */

/* How the space between verdicts and legend is shared out. */
struct rows {
	unsigned shown;     /* bars */
	bool lanes;         /* every policy has a line of its own under the bar; else its marks are in the bar */
	unsigned bar, lane; /* heights; a lane's at least a line's */
	unsigned step;      /* from one bar to the next */
};

static struct rows share_rows(const struct sheet *s, unsigned room)
{
	unsigned line = s->line, nr = s->c->nr_bars;
	struct rows r = { .bar = line, .lane = line, .shown = nr };
	unsigned spare;

	r.step = line * (1 + s->c->nr_policies) + s->half;
	r.lanes = nr * r.step <= room;
	if (!r.lanes)
		r.step = line + s->quarter;
	r.shown = (unsigned)min_u64(nr, room / r.step);
	if (r.shown < nr || s->c->left_out) /* a line to say so */
		r.shown = (unsigned)min_u64(nr, (room - line) / r.step);
	spare = r.shown ? (room - r.shown * r.step) / r.shown : 0;
	if (s->half) {
		/* Half of it to the bar, a quarter to its lanes, a quarter between bars, as far as that looks well. */
		unsigned taller = (unsigned)min_u64(spare / 2, 8 * line);
		unsigned wider = r.lanes ? (unsigned)min_u64(spare / (4 * s->c->nr_policies), 2 * line) : 0;

		r.bar += taller;
		r.lane += wider;
		r.step += taller + s->c->nr_policies * wider + (unsigned)min_u64(spare / 4, 2 * line);
	} else if (spare >= line) {
		r.step += line;
	}
	return r;
}

static unsigned bar_width(const struct sheet *s, unsigned bar)
{
	unsigned full = s->right - s->left - (s->label + NOTE_COLUMNS) * s->column;
	uint64_t widest = 1;

	for_each (nid, s->c->nid, s->c->nr_bars)
		widest = max_u64(widest, s->c->numa->node[*nid].present);
	return (unsigned)max_u64(scale(bar_ram(s->c, bar), widest, full), s->least);
}

/* A box from one column of dots to another; never so thin that it cannot be seen. */
static struct box cut(const struct sheet *s, struct box whole, uint64_t from, uint64_t to)
{
	from = min_u64(from, whole.width - s->least);
	whole.x += (unsigned)from;
	whole.width = (unsigned)max_u64(to - min_u64(to, from), s->least);
	return whole;
}

/* The box of a part of a bar's memory. */
static struct box part_box(const struct sheet *s, unsigned bar, struct range part, struct box whole)
{
	int nid = s->c->nid[bar];
	uint64_t ram = bar_ram(s->c, bar);

	return cut(s, whole, scale(node_offset(s->c, nid, part.start), ram, whole.width),
		   scale(node_offset(s->c, nid, part.end), ram, whole.width));
}

/* Memory in its two kinds, with a notch where a hole is left out. */
static void draw_memory(const struct sheet *s, unsigned bar, struct box whole)
{
	struct numa_spot piece = { .nid = NUMA_NO_NODE };
	phys_t end = 0; /* of the piece before */

	while (numa_next_piece(s->c->numa, s->c->mb, &piece)) {
		struct box b = part_box(s, bar, piece.span, whole);

		if (piece.nid != s->c->nid[bar])
			continue;
		fill(s, b, piece.movable ? COLOUR_MOVABLE : COLOUR_MEMORY);
		if (s->half && end && piece.span.start - end >= HOLE_SHOWN)
			fill(s, (struct box){ b.x, b.y, s->column / 4, b.height }, COLOUR_BACK);
		end = piece.span.end;
	}
}

/* The places that have one of these bits. */
struct marks {
	const uint16_t *places;
	uint16_t bits;
	enum colour colour;
};

/* Places next to each other are one box. */
static void draw_marks(const struct sheet *s, struct marks m, struct box whole)
{
	uint64_t nr = s->c->places, end;

	for (uint64_t i = 0; i < nr; i = end + 1) {
		for (end = i; end < nr && m.places[end] & m.bits; end++)
			;
		if (end > i)
			fill(s, cut(s, whole, i * whole.width / nr, end * whole.width / nr), m.colour);
	}
}

static APART void draw_lane(const struct sheet *s, unsigned policy, unsigned bar, struct box lane)
{
	const struct picture_policy *p = &s->c->policy[policy];
	unsigned note = s->right - (NOTE_COLUMNS - 1) * s->column, middle = lane.y + (lane.height - s->line) / 2;
	enum colour colour = p->on[bar] ? policy_colour(policy) : COLOUR_DIM;
	size_t places = (size_t)bar * s->c->places;
	uint16_t bit = (uint16_t)(1u << policy);

	say(s, column_x(s, 1), middle, colour, "%s", p->name);
	if (p->stains_on[bar])
		say(s, note, middle, COLOUR_STAIN, "%u stained", p->stains_on[bar]);
	else if (p->on[bar])
		say(s, note, middle, COLOUR_TEXT, "%u page%s", p->on[bar], p->on[bar] == 1 ? "" : "s");
	else
		say(s, note, middle, COLOUR_DIM, "-");
	lane.y += s->quarter;
	lane.height -= 2 * s->quarter;
	fill(s, lane, COLOUR_LANE);
	draw_marks(s, (struct marks){ s->c->tables + places, bit, colour }, lane);
	draw_marks(s, (struct marks){ s->c->stains + places, bit, COLOUR_STAIN }, lane);
}

/* Where image and page tables share a bar, each has its half of it, if halves there are. */
static struct box half_of(const struct sheet *s, struct box b, bool lower)
{
	if (s->half) {
		b.height /= 2;
		b.y += lower ? b.height : 0;
	}
	return b;
}

static phys_t node_start(const struct sheet *s, int nid)
{
	phys_t start = PHYS_NONE;

	for_each (b, s->c->numa->mem.blk, s->c->numa->mem.nr) {
		if (b->nid == nid)
			start = min_u64(start, b->r.start);
	}
	return start;
}

static APART void draw_bar(const struct sheet *s, const struct rows *r, unsigned bar)
{
	const struct choice *choice = &s->h->choice;
	const struct numa_node *node = &s->c->numa->node[s->c->nid[bar]];
	struct box b = { column_x(s, s->label), s->y, bar_width(s, bar), r->bar };
	unsigned middle = s->y + (r->bar - s->line) / 2;
	size_t places = (size_t)bar * s->c->places;

	say(s, s->left, middle, COLOUR_TEXT, "node %u", s->c->nid[bar]);
	if (s->label == WIDE_COLUMNS)
		say(s, column_x(s, LABEL_COLUMNS), middle, COLOUR_DIM, "0x%llx", (ull)node_start(s, s->c->nid[bar]));
	say(s, s->right - (NOTE_COLUMNS - 1) * s->column, middle, COLOUR_TEXT, "%'llu%s", (ull)node->present,
	    node->movable   ? ", movable"
	    : node->hotplug ? ", hotplug"
			    : "");
	draw_memory(s, bar, b);
	for (unsigned i = 0; i < s->c->nr_policies; i++) {
		if (r->lanes)
			draw_lane(s, i, bar, (struct box){ b.x, s->y + r->bar + i * r->lane, b.width, r->lane });
		else
			draw_marks(s, (struct marks){ s->c->tables + places, (uint16_t)(1u << i), policy_colour(i) },
				   half_of(s, b, true));
	}
	if (numa_look_at(s->c->numa, choice->base).nid == s->c->nid[bar])
		fill(s,
		     part_box(s, bar, (struct range){ choice->base, choice->end }, r->lanes ? b : half_of(s, b, false)),
		     COLOUR_IMAGE);
	draw_marks(s, (struct marks){ s->c->stains + places, UINT16_MAX, COLOUR_STAIN }, b);
}

/*
 * What gives way first when there is not room for all: 0 nothing is marked in it, 1 page tables, 2 stains or the image.
 */
static unsigned worth(const struct sheet *s, unsigned bar)
{
	unsigned most = numa_look_at(s->c->numa, s->h->choice.base).nid == s->c->nid[bar] ? 2 : 0;

	for_each (p, s->c->policy, s->c->nr_policies) {
		if (p->on[bar])
			most = (unsigned)max_u64(most, p->stains_on[bar] ? 2 : 1);
	}
	return most;
}

static void draw_bars(struct sheet *s, unsigned room)
{
	struct rows r = share_rows(s, room);
	unsigned over = s->c->nr_bars - r.shown, of[3] = { 0 };

	if (over || s->c->left_out)
		say(s, s->left, s->y + r.shown * r.step, COLOUR_DIM, "and %u more nodes: see the log",
		    over + s->c->left_out);
	for (unsigned bar = 0; bar < s->c->nr_bars; bar++)
		of[worth(s, bar)]++;
	for_each (n, of, ARRAY_SIZE(of)) {
		*n = (unsigned)min_u64(*n, over);
		over -= *n;
	}
	for (unsigned bar = 0; bar < s->c->nr_bars; bar++) {
		if (of[worth(s, bar)]) {
			of[worth(s, bar)]--;
			continue;
		}
		draw_bar(s, &r, bar);
		s->y += r.step;
	}
}

void picture_draw(const struct picture *c, const struct canvas *v, const struct handover *h)
{
	struct sheet s = { .c = c, .canvas = v, .h = h, .label = LABEL_COLUMNS, .line = v->line, .column = v->column };
	unsigned bottom;

	s.badge = has_verdict(h) ? BADGE_COLUMNS : WIDE_BADGE;
	s.half = v->fine ? v->line / 2 : 0;
	s.quarter = s.half / 2;
	s.least = v->fine ? v->column / 2 : 1;
	s.left = v->column * (v->fine ? 2 : 1);
	s.right = v->width - s.left;
	if (v->width >= WIDE_SCREEN * v->column)
		s.label = WIDE_COLUMNS;
	fill(&s, (struct box){ 0, 0, v->width, v->height }, COLOUR_BACK);
	draw_title(&s);
	draw_verdicts(&s);
	/* The last whole line stays free: power_end says there what happens now. */
	bottom = v->height / s.line * s.line - (2 + legend_lines(&s)) * s.line - s.half;
	if (bottom >= s.y + 3 * s.line)
		draw_bars(&s, bottom - s.y - s.half);
	s.y = bottom;
	draw_legend(&s);
}
