/* SPDX-License-Identifier: MIT */
/*
 * Regions and the search between them: addresses worked out by hand, and random lists beside a model with one record
 * per byte.
 */
#include "tests/unit/cases.h"

#include "lib/rng.h"
#include "mm/memblock.h"

static struct memblock mb;

static const struct range everywhere = { 0, PHYS_NONE };

static void give_back(phys_t start, phys_t end)
{
	assert_int_equal(memblock_free(&mb, (struct range){ start, end }), OK);
}

static void mark(phys_t start, phys_t end, unsigned flags, bool set)
{
	assert_int_equal(memblock_mark(&mb, (struct range){ start, end }, flags, set), OK);
}

static void set_node(phys_t start, phys_t end, int nid)
{
	assert_int_equal(memblock_set_node(&mb, (struct range){ start, end }, nid), OK);
}

static phys_t find_page(phys_t start, phys_t end)
{
	return memblock_find(
		&mb, &(struct memblock_wish){ (struct range){ start, end }, PAGE_SIZE, PAGE_SIZE, NUMA_NO_NODE }, NULL);
}

static int reset(void **state)
{
	(void)state;
	memset(&mb, 0xa5, sizeof(mb));
	FRESH(memblock_init, &mb);
	return 0;
}

static const struct fixture fixture = { .setup = reset };

/* ---- as data: memblock.cases ---- */

/* The flags that its words from i on name. */
static unsigned flags_at(const struct words *w, unsigned i)
{
	unsigned flags = 0;

	for (; i < w->nr; i++)
		flags |= flag_named(w->word[i]);
	return flags;
}

static bool change_line(const struct words *w)
{
	if (begins(w, "give"))
		assert_int_equal(memblock_set_node(&mb, range_at(w, 1), (int)number_at(w, 4)), OK);
	else if (begins(w, "mark") || begins(w, "unmark"))
		assert_int_equal(memblock_mark(&mb, range_at(w, 1), flags_at(w, 3), begins(w, "mark")), OK);
	else if (begins(w, "trim"))
		memblock_trim(&mb);
	else if (begins(w, "bottom-up") || begins(w, "top-down"))
		mb.bottom_up = begins(w, "bottom-up");
	else if (begins(w, "movable_node"))
		mb.movable_node = number_at(w, 1);
	else if (begins(w, "room"))
		mb.room = number_at(w, 1);
	else
		return memory_line(w, &mb);
	return true;
}

static void assert_found(const struct words *w, struct range within, phys_t is)
{
	const char *size = word_behind(w, "find"), *align = word_behind(w, "align"), *nid = word_behind(w, "node");
	struct memblock_wish wish = { within, size ? number(size) : PAGE_SIZE, align ? number(align) : PAGE_SIZE,
				      nid ? (int)number(nid) : NUMA_NO_NODE };
	struct range room = { 1, 2 };

	assert_int_equal(memblock_find(&mb, &wish, &room), is);
	if (is == PHYS_NONE)
		assert_range(room, 1, 2); /* nothing found, nothing told */
	else if (has_word(w, "room"))
		assert_range(room, number(word_behind(w, "room")), number_at(w, w->nr - 1));
}

/* The first reserved region there; { 1, 2 }: there is none, and nothing is told. */
static void assert_overlap(struct range within, struct range first)
{
	const struct region *hit = memblock_overlap(&mb.reserved, within);

	assert_int_equal(hit != NULL, first.start != 1);
	if (hit)
		assert_range(hit->r, first.start, first.end);
}

static bool memblock_line(const struct words *w)
{
	unsigned in = 0;
	struct range within = everywhere, hit = { 1, 2 };
	const char *is = word_behind(w, "is");

	while (++in < w->nr && strcmp(w->word[in], "in") != 0)
		;
	if (in < w->nr)
		within = range_at(w, in + 1);
	if (begins(w, "memory") && in == w->nr)
		assert_listed(w, 2, &mb.memory);
	else if (begins(w, "reserved"))
		assert_listed(w, 2, &mb.reserved);
	else if (begins(w, "memory") || begins(w, "no"))
		assert_int_equal(memblock_is_memory(&mb, within), begins(w, "memory"));
	else if (begins(w, "nothing") || begins(w, "first"))
		assert_overlap(within, begins(w, "first") ? range_at(w, in + 4) : hit);
	else if (begins(w, "bytes"))
		assert_int_equal(memblock_memory_in(&mb, within), number(is));
	else if (begins(w, "page") || begins(w, "find"))
		assert_found(w, within, number(is));
	else if (begins(w, "has"))
		ASSERT_FIELDS(w, 1, FIELD("full", mb.full), FIELD("bottom_up", mb.bottom_up),
			      FIELD("movable_node", mb.movable_node));
	else
		return change_line(w);
	return true;
}

CASES(memblock, reset, NULL, memblock_line)

/* ---- limits ---- */

static void fill(struct memblock_list *list)
{
	list->nr = MEMBLOCK_MAX;
	for (size_t i = 0; i < MEMBLOCK_MAX; i++)
		list->r[i] = (struct region){ { i * 0x4000 + 0x1000, i * 0x4000 + 0x3000 }, .nid = NUMA_NO_NODE };
}

TEST(test_full_list_stays_valid)
{
	fill(&mb.reserved);
	assert_int_equal(memblock_reserve(&mb, (struct range){ 0x3800, 0x3900 }), ERR_FULL);
	assert_int_equal(memblock_free(&mb, (struct range){ 0x1800, 0x1900 }), ERR_FULL);
	assert_int_equal(mb.reserved.nr, MEMBLOCK_MAX);
	assert_int_equal(mb.reserved.r[0].r.start, 0x1000);
	assert_int_equal(mb.reserved.r[0].r.end, 0x3000);
	assert_int_equal(mb.reserved.r[0].nid, NUMA_NO_NODE);
	/* what joins, or only moves an edge, still fits */
	must_reserve(&mb, 0x3000, 0x3800);
	give_back(0x1000, 0x1800);
	assert_int_equal(mb.reserved.r[0].r.start, 0x1800);
	assert_int_equal(mb.reserved.r[0].r.end, 0x3800);
	must_reserve(&mb, 0x3800, 0x5000);
	assert_int_equal(mb.reserved.nr, MEMBLOCK_MAX - 1);
	assert_int_equal(mb.reserved.r[0].r.end, 0x7000);
	assert_int_equal(mb.reserved.r[1].r.start, 0x9000);
}

TEST(test_full_memory)
{
	fill(&mb.memory);
	assert_int_equal(memblock_add(&mb, (struct range){ 0x3800, 0x3900 }), ERR_FULL);
	assert_int_equal(memblock_mark(&mb, (struct range){ 0x1800, 0x2000 }, MEMBLOCK_HOTPLUG, true), ERR_FULL);
	assert_int_equal(mb.memory.nr, MEMBLOCK_MAX);
	assert_int_equal(memblock_set_node(&mb, (struct range){ 0x1000, 0x2000 }, 3), ERR_FULL);
	assert_int_equal(mb.memory.r[0].nid, NUMA_NO_NODE);
	assert_int_equal(mb.memory.r[MEMBLOCK_MAX - 1].r.end, (MEMBLOCK_MAX - 1) * 0x4000ull + 0x3000);
	/* one place is left: a cut at the start alone fits, one at both ends does not and is undone */
	must_add(&mb, 0x3000, 0x5000);
	assert_int_equal(mb.memory.nr, MEMBLOCK_MAX - 1);
	assert_int_equal(memblock_set_node(&mb, (struct range){ 0x9800, 0xa000 }, 3), ERR_FULL);
	assert_int_equal(mb.memory.nr, MEMBLOCK_MAX - 1);
	assert_int_equal(mb.memory.r[1].r.end, 0xb000);
	set_node(0x9800, 0xb000, 3);
	assert_int_equal(mb.memory.nr, MEMBLOCK_MAX);
	assert_int_equal(mb.memory.r[2].nid, 3);
	set_node(0x9800, 0xb000, NUMA_NO_NODE);
	must_add(&mb, 0, PHYS_NONE);
	assert_int_equal(mb.memory.nr, 1);
	assert_range(mb.memory.r[0].r, 0, PHYS_NONE);
	assert_int_equal(mb.memory.r[0].nid, NUMA_NO_NODE);
}

/* Full lists, asked as often as a direct map of 4K leaves asks: this ends at once or not in a minute. */
TEST(test_search_in_full_lists_is_fast)
{
	fill(&mb.reserved);
	fill(&mb.memory);
	must_add(&mb, 0x3000, 0x4000);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(find_page(0, PHYS_NONE), 0x3000);
	mb.bottom_up = true;
	for (int i = 0; i < 5000; i++)
		assert_int_equal(find_page(0, PHYS_NONE), 0x3000);
}

static void find_unaligned(void *arg)
{
	*(phys_t *)arg = memblock_find(&mb, &(struct memblock_wish){ everywhere, PAGE_SIZE, 3, NUMA_NO_NODE }, NULL);
}

TEST(test_odd_alignment_is_our_bug)
{
	phys_t at;

	assert_kassert(find_unaligned, &at);
}

/* ---- random lists beside a model; the bytes lie around 4K, so that the lowest ones are never given ---- */
#define BASE 4000
#define BYTES 256

struct byte {
	bool there;
	int nid;
	unsigned flags;
};

struct model {
	struct byte memory[BYTES], reserved[BYTES];
};

static struct range random_range(struct rng *r, uint64_t longest)
{
	phys_t start = BASE + rng_below(r, BYTES);

	return (struct range){ start, min_u64(BASE + BYTES, start + rng_below(r, longest + 1)) };
}

static bool same(const struct byte *a, const struct byte *b)
{
	return a->there == b->there && (!a->there || (a->nid == b->nid && a->flags == b->flags));
}

/* The list must hold the longest runs of equal bytes, and nothing else. */
static void assert_runs(const struct memblock_list *list, const struct byte *model)
{
	size_t nr = 0;

	for (size_t i = 0, end; i < BYTES; i = end) {
		for (end = i + 1; end < BYTES && same(&model[i], &model[end]);)
			end++;
		if (!model[i].there)
			continue;
		assert_true(nr < list->nr);
		assert_int_equal(list->r[nr].r.start, BASE + i);
		assert_int_equal(list->r[nr].r.end, BASE + end);
		assert_int_equal(list->r[nr].nid, model[i].nid);
		assert_int_equal(list->r[nr].flags, model[i].flags);
		nr++;
	}
	assert_int_equal(list->nr, nr);
}

static void model_put(struct byte *model, struct range r, bool there)
{
	for (phys_t p = r.start; p < r.end; p++)
		if (model[p - BASE].there != there)
			model[p - BASE] = (struct byte){ there, NUMA_NO_NODE, 0 };
}

static void random_step(struct rng *r, struct model *m)
{
	struct range a = random_range(r, 50);
	bool set = rng_below(r, 2);
	unsigned flag = 1u << rng_below(r, 4);
	int nid = (int)rng_below(r, 3);

	switch (rng_below(r, 5)) {
	case 0:
		must_add(&mb, a.start, a.end);
		model_put(m->memory, a, true);
		break;
	case 1:
		must_reserve(&mb, a.start, a.end);
		model_put(m->reserved, a, true);
		break;
	case 2:
		give_back(a.start, a.end);
		model_put(m->reserved, a, false);
		break;
	case 3:
		mark(a.start, a.end, flag, set);
		for (phys_t p = a.start; p < a.end; p++)
			m->memory[p - BASE].flags =
				set ? m->memory[p - BASE].flags | flag : m->memory[p - BASE].flags & ~flag;
		break;
	default:
		set_node(a.start, a.end, nid);
		for (phys_t p = a.start; p < a.end; p++)
			m->memory[p - BASE].nid = nid;
	}
	/* what is not there has no node and no flags */
	for (size_t i = 0; i < BYTES; i++) {
		if (!m->memory[i].there)
			m->memory[i] = (struct byte){ false, NUMA_NO_NODE, 0 };
		if (!m->reserved[i].there)
			m->reserved[i] = (struct byte){ false, NUMA_NO_NODE, 0 };
	}
}

/* Whether byte p may be given. */
static bool is_free(const struct model *m, struct range within, int nid, phys_t p)
{
	const struct byte *b = &m->memory[p - BASE];

	if (!b->there || m->reserved[p - BASE].there || p < 4096 || !range_contains(within, p))
		return false;
	return (nid == NUMA_NO_NODE || b->nid == nid) && !(b->flags & (MEMBLOCK_NOMAP | MEMBLOCK_DRIVER_MANAGED)) &&
	       !(mb.movable_node && (b->flags & MEMBLOCK_HOTPLUG));
}

/* The free range around p inside one region; empty when p is not free. */
static struct range model_room(const struct model *m, struct range within, int nid, phys_t p)
{
	struct range r = { p, p };

	if (!is_free(m, within, nid, p))
		return r;
	while (r.start > BASE && is_free(m, within, nid, r.start - 1) &&
	       same(&m->memory[r.start - 1 - BASE], &m->memory[r.start - BASE]))
		r.start--;
	while (r.end < BASE + BYTES && is_free(m, within, nid, r.end) &&
	       same(&m->memory[r.end - BASE], &m->memory[p - BASE]))
		r.end++;
	return r;
}

static void assert_search(struct rng *r, const struct model *m)
{
	struct range within = random_range(r, BYTES), room = { 0, 0 }, expected_room = { 0, 0 };
	uint64_t size = 1 + rng_below(r, 12), align = 1ull << rng_below(r, 6);
	int nid = (int)rng_below(r, 4) - 1;
	phys_t expected = PHYS_NONE, at;

	mb.bottom_up = rng_below(r, 2);
	mb.movable_node = rng_below(r, 2);
	for (phys_t p = BASE; p < BASE + BYTES && !(mb.bottom_up && expected != PHYS_NONE); p++) {
		struct range free = model_room(m, within, nid, p);

		if (p % align == 0 && !range_empty(free) && p + size <= free.end) {
			expected = p;
			expected_room = free;
		}
	}
	at = memblock_find(&mb, &(struct memblock_wish){ within, size, align, nid }, &room);
	assert_int_equal(at, expected);
	assert_int_equal(room.start, expected_room.start);
	assert_int_equal(room.end, expected_room.end);
}

TEST(test_random)
{
	struct rng r;

	rng_seed(&r, 4096);
	for (int round = 0; round < 60; round++) {
		struct model m;

		FRESH(memblock_init, &mb);
		for (size_t i = 0; i < BYTES; i++)
			m.memory[i] = m.reserved[i] = (struct byte){ false, NUMA_NO_NODE, 0 };
		for (int step = 0; step < 60; step++) {
			random_step(&r, &m);
			assert_runs(&mb.memory, m.memory);
			assert_runs(&mb.reserved, m.reserved);
			for (int i = 0; i < 4; i++)
				assert_search(&r, &m);
		}
	}
}
