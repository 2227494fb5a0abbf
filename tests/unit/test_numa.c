/* SPDX-License-Identifier: MIT */
/* Nodes: numbers, joins, refusals, who is movable and who is not, each with the addresses Linux comes to. */
#include "tests/unit/cases.h"

#include "lib/rng.h"
#include "mm/linux_rules.h"
#include "mm/numa.h"

#define LINUX_5_10 LINUX_RELEASE(5, 10, 0)

static struct numa n;
static struct memblock mb;

static struct numa_event events[64];
static size_t nr_events;

static void record(void *ctx, const struct numa_event *e)
{
	(void)ctx;
	assert_true(nr_events < ARRAY_SIZE(events));
	events[nr_events++] = *e;
}

static const struct numa_log record_log = { record, NULL };

static int reset(void **state)
{
	(void)state;
	memset(&n, 0xa5, sizeof(n));
	FRESH(numa_init, &n);
	FRESH(memblock_init, &mb);
	nr_events = 0;
	return 0;
}

static const struct fixture fixture = { .setup = reset };

/* A memory entry as the table gives it. */
static void entry(uint32_t pxm, phys_t start, phys_t end, bool hotplug)
{
	int nid = numa_map_pxm(&n, pxm);

	assert_true(nid >= 0);
	assert_int_equal(numa_add_memblk(&n, nid, (struct range){ start, end }, hotplug), OK);
}

static enum status cleanup(void)
{
	phys_t end = mb.memory.nr ? mb.memory.r[mb.memory.nr - 1].r.end : 0;

	return numa_cleanup(&n, &mb, end, &record_log);
}

struct flat_blk {
	phys_t start, end;
	int nid;
};

static void assert_blks(const struct numa_memblk *list, size_t nr, const struct flat_blk *expected, size_t expected_nr)
{
	assert_int_equal(nr, expected_nr);
	for (size_t i = 0; i < nr; i++) {
		assert_range(list[i].r, expected[i].start, expected[i].end);
		assert_int_equal(list[i].nid, expected[i].nid);
	}
}

/* ---- as data: numa.cases ---- */

/* Equal nodes 0 and 1 take turns, 16M each, node 1 hot-pluggable. */
static void take_turns(uint64_t pairs)
{
	must_add(&mb, 0, 2 * pairs * 16 * MIB);
	for (uint64_t i = 0; i < pairs; i++) {
		entry(0, 2 * i * 16 * MIB, (2 * i + 1) * 16 * MIB, false);
		entry(1, (2 * i + 1) * 16 * MIB, (2 * i + 2) * 16 * MIB, true);
	}
	assert_int_equal(cleanup(), OK);
	numa_judge(&n, &mb);
}

static bool entry_line(const struct words *w)
{
	bool hotplug = has_word(w, "hotplug");
	uint64_t first = first_number(w);

	if (begins(w, "entry")) {
		entry((uint32_t)first, number_at(w, 2), number_at(w, 3), hotplug);
	} else if (begins(w, "entries")) {
		for (uint64_t i = 0; i < first; i++)
			entry((uint32_t)i, i * 2 * MIB, (i + 1) * 2 * MIB - 2048, false);
	} else if (begins(w, "turns")) {
		take_turns(first);
	} else if (begins(w, "add")) {
		assert_int_equal(numa_add_memblk(&n, (int)first, range_at(w, 2), hotplug),
				 status_named(w->word[w->nr - 1]));
	} else if (begins(w, "cpus")) {
		n.node[numa_map_pxm(&n, (uint32_t)first)].cpus = (unsigned)number_at(w, 2);
	} else if (begins(w, "table")) {
		numa_note_table(&n, range_at(w, 1));
	} else if (begins(w, "pxm")) {
		assert_int_equal(numa_map_pxm(&n, (uint32_t)first), (int)number_at(w, 3));
	} else if (begins(w, "known")) {
		assert_int_equal(numa_pxm_to_node(&n, (uint32_t)first), (int)number_at(w, 3));
	} else {
		return memory_line(w, &mb);
	}
	return true;
}

static uint32_t release_named(const char *name)
{
	return !name ? LINUX_NEWEST : !strcmp(name, "5.10") ? LINUX_5_10 : LINUX_RELEASE(6, 1, 0);
}

static bool act_line(const struct words *w)
{
	const char *below = word_behind(w, "below");

	if (begins(w, "cleanup")) {
		assert_int_equal(below ? numa_cleanup(&n, &mb, number(below), &record_log) : cleanup(),
				 status_named(w->word[1]));
	} else if (begins(w, "judge")) {
		numa_judge(&n, &mb);
	} else if (begins(w, "apply")) {
		assert_int_equal(numa_apply(&n, &mb, release_named(word_behind(w, "in"))), status_named(w->word[1]));
	} else if (begins(w, "force")) {
		assert_int_equal(numa_force_hotplug(&n, (int)number_at(w, 1)), status_named(w->word[2]));
	} else if (begins(w, "fake")) {
		numa_fake_one_node(&n, number_at(w, 1));
	} else if (begins(w, "full")) {
		mb.full = true;
	} else {
		return entry_line(w);
	}
	return true;
}

static void assert_blocks(const struct words *w)
{
	assert_int_equal(n.mem.nr, (w->nr - 1) / 4);
	for (unsigned i = 0; i < n.mem.nr; i++) {
		assert_range(n.mem.blk[i].r, number_at(w, 1 + 4 * i), number_at(w, 2 + 4 * i));
		assert_int_equal(n.mem.blk[i].nid, number_at(w, 4 + 4 * i));
	}
}

static void assert_event(const struct words *w, const struct numa_event *e)
{
	static const char *const kinds[] = { [NUMA_JOINED] = "joined",
					     [NUMA_OVERLAPS_SELF] = "overlaps-self",
					     [NUMA_OVERLAPS] = "overlaps",
					     [NUMA_NOT_COVERED] = "not-covered" };
	bool named = strcmp(w->word[2], kinds[e->kind]) == 0;

	if (w->nr % 2 && !named)
		fail_msg("event is %s", kinds[e->kind]);
	if (w->nr > 3)
		ASSERT_FIELDS(w, 2 + named, RANGE_FIELD("a", e->a), RANGE_FIELD("b", e->b),
			      RANGE_FIELD("result", e->result), FIELD("nid", e->nid), FIELD("other_nid", e->other_nid),
			      FIELD("covered", e->covered), FIELD("total", e->total));
}

static void assert_totals(const struct words *w)
{
	uint64_t marks = 0, owned = 0;

	for (size_t i = 0; i < mb.memory.nr; i++) {
		marks += mb.memory.r[i].flags == MEMBLOCK_HOTPLUG;
		owned += mb.memory.r[i].nid != NUMA_NO_NODE;
	}
	ASSERT_FIELDS(w, 1, FIELD("nodes", n.nr_nodes), FIELD("blocks", n.mem.nr), FIELD("hot", n.hot.nr),
		      FIELD("events", nr_events), FIELD("regions", mb.memory.nr), FIELD("full", mb.full),
		      FIELD("lost", mb.lost), FIELD("marks", marks), FIELD("owned", owned));
}

static bool numa_line(const struct words *w)
{
	uint64_t at = first_number(w);

	if (begins(w, "has")) {
		assert_totals(w);
	} else if (begins(w, "node")) {
		const struct numa_node *k = &n.node[at];

		ASSERT_FIELDS(w, 2, FIELD("pxm", k->pxm), FIELD("present", k->present),
			      FIELD("hot_present", k->hot_present), FIELD("cpus", k->cpus),
			      FIELD("hotplug", k->hotplug), FIELD("movable", k->movable), FIELD("tables", k->tables),
			      RANGE_FIELD("pinned", k->pinned_by));
	} else if (begins(w, "at")) {
		ASSERT_FIELDS(w, 2, FIELD("node", numa_look_at(&n, at).nid),
			      FIELD("movable", numa_look_at(&n, at).movable),
			      RANGE_FIELD("from", numa_look_at(&n, at).span));
	} else if (begins(w, "region")) {
		const struct region *r = &mb.memory.r[at];

		ASSERT_FIELDS(w, 2, FIELD("node", r->nid), FIELD("start", r->r.start), FIELD("hotplug", r->flags));
	} else if (begins(w, "hot")) {
		ASSERT_FIELDS(w, 2, RANGE_FIELD("is", n.hot.blk[at].r));
	} else if (begins(w, "event")) {
		assert_event(w, &events[at]);
	} else if (begins(w, "blocks")) {
		assert_blocks(w);
	} else if (begins(w, "memory")) {
		assert_listed(w, 1, &mb.memory);
	} else {
		return act_line(w);
	}
	return true;
}

CASES(numa, reset, NULL, numa_line)

/* ---- limits ---- */

TEST(test_1024_nodes)
{
	must_add(&mb, 0, 1024 * GIB);
	for (uint32_t i = 0; i < 1024; i++)
		entry(1023 - i, (1023 - i) * GIB, (1024 - i) * GIB, i == 1023);
	assert_int_equal(n.nr_nodes, 1024);
	assert_int_equal(cleanup(), OK);
	numa_judge(&n, &mb);
	assert_int_equal(n.node[1023].pxm, 0);
	for (int i = 0; i < 1024; i++) {
		assert_int_equal(n.node[i].present, GIB);
		assert_int_equal(n.node[i].movable, i == 1023);
		assert_int_equal(numa_pxm_to_node(&n, (uint32_t)i), 1023 - i);
	}
	assert_int_equal(numa_look_at(&n, 0).nid, 1023);
	assert_int_equal(numa_look_at(&n, 1024 * GIB - 1).nid, 0);
	assert_int_equal(numa_look_at(&n, 1024 * GIB).nid, NUMA_NO_NODE);
	assert_range(numa_look_at(&n, 5 * GIB).span, 5 * GIB, 6 * GIB);
	assert_int_equal(numa_apply(&n, &mb, LINUX_5_10), OK);
	assert_int_equal(mb.memory.nr, 1024);
	assert_int_equal(mb.memory.r[0].nid, 1023);
	assert_int_equal(mb.memory.r[0].flags, MEMBLOCK_HOTPLUG);
	assert_int_equal(mb.memory.r[1].flags, 0);
}

TEST(test_add_memblk_limits)
{
	assert_int_equal(numa_map_pxm(&n, 0), 0);
	assert_int_equal(numa_add_memblk(&n, 0, (struct range){ 5, 5 }, true), OK);
	assert_int_equal(numa_add_memblk(&n, 0, (struct range){ 5, 4 }, true), OK);
	assert_int_equal(n.mem.nr, 0);
	assert_int_equal(n.hot.nr, 0);
	for (uint64_t i = 0; i < NR_NODE_MEMBLKS; i++)
		entry(0, i * MIB, i * MIB + 4096, i & 1);
	assert_int_equal(n.mem.nr, 2048);
	assert_int_equal(n.hot.nr, 1024);
	assert_range(n.hot.blk[1].r, 3 * MIB, 3 * MIB + 4096);
	assert_int_equal(numa_add_memblk(&n, 0, (struct range){ TIB, 2 * TIB }, false), ERR_FULL);
	assert_int_equal(n.mem.nr, 2048);
	must_add(&mb, 0, 2048 * MIB);
	assert_int_equal(numa_cleanup(&n, &mb, 2048 * MIB, NULL), OK);
	assert_int_equal(n.mem.nr, 1);
	assert_int_equal(n.hot.nr, 1024);
}

TEST(test_cleanup_without_a_log)
{
	must_add(&mb, 0, 2 * GIB);
	entry(0, 0, 2 * GIB, false);
	entry(1, 0, 2 * GIB, false);
	assert_int_equal(numa_cleanup(&n, &mb, 2 * GIB, NULL), ERR_CONFLICT);
}

/* Memory in as many regions as there can be, of which one more would have to be cut. */
static void full_memory(bool hotplug)
{
	must_add(&mb, 0, 4 * GIB);
	for (uint64_t i = 1; mb.memory.nr < MEMBLOCK_MAX; i++)
		must_add(&mb, 4 * GIB + 2 * i * MIB, 4 * GIB + 2 * i * MIB + 4096);
	entry(0, 0, hotplug ? 4 * GIB : 2 * GIB, false);
	entry(0, 4 * GIB, 1 * TIB, false);
	n.node[0].movable = hotplug;
	if (hotplug)
		n.hot.blk[n.hot.nr++] = (struct numa_memblk){ { 2 * GIB, 4 * GIB }, 0 };
}

TEST(test_apply_full_memory)
{
	full_memory(false); /* at the border of a node */
	assert_int_equal(numa_apply(&n, &mb, LINUX_5_10), ERR_FULL);
	reset(NULL);
	full_memory(true); /* at the border of a mark */
	assert_int_equal(numa_apply(&n, &mb, LINUX_5_10), ERR_FULL);
	mb.memory.nr--;
	assert_int_equal(numa_apply(&n, &mb, LINUX_5_10), OK);
	assert_int_equal(mb.memory.nr, MEMBLOCK_MAX);
	assert_int_equal(mb.memory.r[1].r.start, 2 * GIB);
	assert_int_equal(mb.memory.r[1].flags, MEMBLOCK_HOTPLUG);
}

/* ---- random tables beside a model with one record per 512K ---- */
#define UNIT (512 * KIB)
#define UNITS 96
#define TOLD 10

static struct flat_blk told[TOLD];
static bool told_hot[TOLD];
static bool is_ram[UNITS], is_reserved[UNITS];

static phys_t random_world(struct rng *r)
{
	phys_t end = 0;

	reset(NULL);
	for (int nid = 0; nid < 3; nid++)
		assert_int_equal(numa_map_pxm(&n, (uint32_t)nid), nid);
	for (uint64_t i = 0; i < UNITS; i++) {
		is_ram[i] = rng_below(r, 8) != 0;
		is_reserved[i] = rng_below(r, 40) == 0;
		if (is_ram[i])
			must_add(&mb, i * UNIT, end = (i + 1) * UNIT);
		if (is_reserved[i])
			must_reserve(&mb, i * UNIT, (i + 1) * UNIT);
	}
	return end;
}

/* Mostly neighbours, so that many tables are good; now and then a gap, or a range that lies anywhere. */
static void random_table(struct rng *r)
{
	phys_t at = 0;

	for (size_t i = 0; i < TOLD; i++) {
		bool stray = rng_below(r, 60) == 0;
		phys_t start = stray ? rng_below(r, UNITS) : at;
		phys_t end = min_u64(UNITS, start + rng_below(r, 20));

		if (i == TOLD - 1)
			end = UNITS;
		at = stray ? at : min_u64(UNITS, end + rng_below(r, 20) / 17);
		told[i] = (struct flat_blk){ start * UNIT, end * UNIT, (int)rng_below(r, 3) };
		told_hot[i] = rng_below(r, 2);
	}
	for (size_t i = TOLD - 1; i > 0; i--) {
		size_t j = (size_t)rng_below(r, i + 1);
		struct flat_blk swap = told[i];

		told[i] = told[j];
		told[j] = swap;
	}
	for (size_t i = 0; i < TOLD; i++)
		assert_int_equal(
			numa_add_memblk(&n, told[i].nid, (struct range){ told[i].start, told[i].end }, told_hot[i]),
			OK);
}

/* The told range cut at the end of RAM; empty when it holds no RAM. */
static struct range told_range(size_t i, phys_t end)
{
	struct range r = { told[i].start, min_u64(told[i].end, end) };

	for (phys_t p = r.start; p < r.end; p += UNIT)
		if (is_ram[p / UNIT])
			return r;
	return (struct range){ 0, 0 };
}

static bool told_conflict(phys_t end)
{
	for (size_t i = 0; i < TOLD; i++) {
		for (size_t j = 0; j < i; j++) {
			struct range a = told_range(i, end), b = told_range(j, end);

			if (told[i].nid != told[j].nid && !range_empty(a) && !range_empty(b) && range_overlaps(a, b))
				return true;
		}
	}
	return false;
}

/* Node of a byte: of the range that holds it, or the hull of two ranges of one node that no other node touches. */
static int model_node(phys_t p, phys_t end)
{
	for (size_t i = 0; i < TOLD; i++) {
		for (size_t j = 0; j < TOLD; j++) {
			struct range a = told_range(i, end), b = told_range(j, end), hull = { a.start, b.end };
			bool alone = !range_empty(a) && !range_empty(b) && told[i].nid == told[j].nid;

			for (size_t k = 0; alone && i != j && k < TOLD; k++) {
				struct range c = told_range(k, end);

				alone = told[k].nid == told[i].nid || range_empty(c) || !range_overlaps(hull, c);
			}
			if (alone && range_contains(hull, p))
				return told[i].nid;
		}
	}
	return NUMA_NO_NODE;
}

static bool model_hot(phys_t p, int nid)
{
	for (size_t i = 0; i < TOLD; i++)
		if (told_hot[i] && told[i].nid == nid && told[i].start <= p && p < told[i].end)
			return true;
	return false;
}

static void assert_judged(phys_t end)
{
	uint64_t present[3] = { 0 }, hot[3] = { 0 };
	bool pinned[3] = { false };

	for (phys_t p = 0; p < UNITS * UNIT; p += UNIT) {
		int nid = model_node(p, end);

		assert_int_equal(numa_look_at(&n, p).nid, nid);
		if (nid == NUMA_NO_NODE)
			continue;
		present[nid] += is_ram[p / UNIT] ? UNIT : 0;
		hot[nid] += is_ram[p / UNIT] && model_hot(p, nid) ? UNIT : 0;
		pinned[nid] |= is_reserved[p / UNIT];
	}
	for (int i = 0; i < 3; i++) {
		assert_int_equal(n.node[i].present, present[i]);
		assert_int_equal(n.node[i].hot_present, hot[i]);
		assert_int_equal(n.node[i].hotplug, hot[i] > 0);
		assert_int_equal(n.node[i].movable, hot[i] > 0 && !pinned[i]);
		assert_int_equal(range_empty(n.node[i].pinned_by), hot[i] == 0 || !pinned[i]);
	}
	for (phys_t p = 0; p < UNITS * UNIT; p += UNIT) {
		int nid = model_node(p, end);
		bool movable = nid != NUMA_NO_NODE && n.node[nid].movable && model_hot(p, nid);
		struct range span = numa_look_at(&n, p).span;

		assert_int_equal(numa_look_at(&n, p).movable, movable);
		assert_true(range_contains(span, p));
		for (phys_t q = span.start; q < min_u64(span.end, UNITS * UNIT); q += UNIT) {
			assert_int_equal(numa_look_at(&n, q).nid, nid);
			assert_int_equal(numa_look_at(&n, q).movable, movable);
		}
	}
}

/* memblock has the same node everywhere, and the mark exactly where a page would be a stain. */
static void assert_applied(void)
{
	assert_int_equal(numa_apply(&n, &mb, 0), OK);
	for (size_t i = 0; i < mb.memory.nr; i++) {
		const struct region *m = &mb.memory.r[i];

		for (phys_t p = m->r.start; p < m->r.end; p += UNIT) {
			assert_int_equal(m->nid, numa_look_at(&n, p).nid);
			assert_int_equal(m->flags, numa_look_at(&n, p).movable ? MEMBLOCK_HOTPLUG : 0);
		}
	}
}

TEST(test_random)
{
	unsigned good = 0, conflicts = 0, uncovered = 0;
	struct rng r;

	rng_seed(&r, 2048);
	for (int round = 0; round < 600; round++) {
		phys_t end = random_world(&r), missing = 0;

		random_table(&r);
		if (told_conflict(end)) {
			assert_int_equal(cleanup(), ERR_CONFLICT);
			conflicts++;
			continue;
		}
		for (phys_t p = 0; p < end; p += UNIT)
			missing += is_ram[p / UNIT] && model_node(p, end) == NUMA_NO_NODE ? UNIT : 0;
		assert_int_equal(cleanup(), missing >= 1 * MIB ? ERR_NOT_FOUND : OK);
		uncovered += missing >= 1 * MIB;
		good += missing < 1 * MIB;
		numa_judge(&n, &mb);
		assert_judged(end);
		assert_applied();
	}
	assert_true(good > 100 && conflicts > 20 && uncovered > 20);
}

/* ---- joining, beside Linux's own loops over all pairs ---- */

static bool model_foreign(const struct flat_blk *blk, size_t nr, struct flat_blk hull)
{
	for (size_t i = 0; i < nr; i++) {
		if (blk[i].nid != hull.nid && blk[i].start < hull.end && hull.start < blk[i].end)
			return true;
	}
	return false;
}

/* numa_cleanup_meminfo as it stands in Linux; events into *e. */
static size_t model_join(struct flat_blk *blk, size_t nr, struct numa_event *e, size_t *nr_e)
{
	for (size_t i = 0; i < nr; i++) {
		for (size_t j = i + 1; j < nr; j++) {
			struct flat_blk a = blk[i], b = blk[j];
			struct flat_blk hull = { min_u64(a.start, b.start), max_u64(a.end, b.end), a.nid };

			if (a.start < b.end && b.start < a.end)
				e[(*nr_e)++] = (struct numa_event){ .kind = NUMA_OVERLAPS_SELF };
			if (a.nid != b.nid || model_foreign(blk, nr, hull))
				continue;
			e[(*nr_e)++] = (struct numa_event){ .kind = NUMA_JOINED, .result = { hull.start, hull.end } };
			blk[i] = hull;
			memmove(&blk[j], &blk[j + 1], (--nr - j) * sizeof(blk[0]));
			j--;
		}
	}
	return nr;
}

/* Pieces in a row, some twice, in any order. */
TEST(joins_as_all_pairs_would)
{
	struct rng rng;

	rng_seed(&rng, 7);
	for (unsigned round = 0; round < 2000; round++) {
		struct flat_blk model[16];
		struct numa_event expected[64];
		size_t nr = 2 + rng_below(&rng, 12), nr_expected = 0;

		reset(NULL);
		assert_int_equal(memblock_add(&mb, (struct range){ 0, GIB }), OK);
		for (int i = 0; i < 3; i++)
			assert_int_equal(numa_map_pxm(&n, (uint32_t)i), i);
		for (size_t i = 0; i < nr; i++) {
			phys_t at = rng_below(&rng, 12) * 64 * MIB;
			struct flat_blk b = { at, at + 64 * MIB - rng_below(&rng, 2) * MIB,
					      (int)(at / (64 * MIB) * 7 % 3) };

			assert_int_equal(numa_add_memblk(&n, b.nid, (struct range){ b.start, b.end }, false), OK);
			model[i] = b;
		}
		(void)cleanup();
		nr = model_join(model, nr, expected, &nr_expected);
		assert_blks(n.mem.blk, n.mem.nr, model, nr);
		nr_events -= events[nr_events - 1].kind == NUMA_NOT_COVERED;
		assert_int_equal(nr_events, nr_expected);
		for (size_t i = 0; i < nr_events; i++) {
			assert_int_equal(events[i].kind, expected[i].kind);
			if (events[i].kind == NUMA_JOINED)
				assert_range(events[i].result, expected[i].result.start, expected[i].result.end);
		}
	}
}

/* The next movable range, and what lies at an address, with an order of ranges and, where hot ones overlap, without. */
TEST(next_movable)
{
	for (unsigned overlap = 0; overlap < 2; overlap++) {
		reset(NULL);
		assert_int_equal(memblock_add(&mb, (struct range){ 0, 8 * GIB }), OK);
		entry(0, 0, GIB, false);
		entry(3, 6 * GIB, 7 * GIB, true);
		entry(1, GIB, 2 * GIB, true);
		entry(2, 4 * GIB, 6 * GIB, true);
		if (overlap)
			entry(2, 5 * GIB, 6 * GIB, true);
		entry(0, 7 * GIB, 8 * GIB, false);
		assert_int_equal(memblock_reserve(&mb, (struct range){ 5 * GIB, 5 * GIB + 1 }), OK);
		assert_null(numa_next_movable(&n, 0));
		numa_judge(&n, &mb);
		assert_int_equal(n.ordered, !overlap);
		assert_int_equal(numa_next_movable(&n, 0)->r.start, GIB);
		assert_int_equal(numa_next_movable(&n, GIB)->r.start, GIB);
		assert_int_equal(numa_next_movable(&n, GIB + 1)->r.start, 6 * GIB);
		assert_int_equal(numa_next_movable(&n, 6 * GIB)->nid, 1);
		assert_null(numa_next_movable(&n, 6 * GIB + 1));
		/* a node that becomes movable, above the next one, and one that stops being so */
		n.node[3].movable = true;
		assert_int_equal(numa_next_movable(&n, 0)->r.start, GIB);
		n.node[3].movable = false;
		n.node[2].movable = false;
		assert_int_equal(numa_next_movable(&n, 0)->r.start, 6 * GIB);
		assert_int_equal(numa_look_at(&n, 3 * GIB).nid, NUMA_NO_NODE);
		assert_range(numa_look_at(&n, 3 * GIB).span, 2 * GIB, 4 * GIB);
		assert_range(numa_look_at(&n, 5 * GIB + 7).span, (4 + overlap) * GIB, 6 * GIB);
		assert_true(numa_look_at(&n, 7 * GIB - 1).movable);
	}
}
