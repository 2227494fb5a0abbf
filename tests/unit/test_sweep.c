/* SPDX-License-Identifier: MIT */
/* The sweep beside brute force: the real builder at every slot, for every policy. */
#include "tests/unit/cases.h"
#include "tests/unit/slot_machine.h"

#include <glob.h>

#include "tools/machine.h"

#define RANDOM_MACHINES 60
#define RANDOM_FRAGMENTED 30
#define RANDOM_LARGE 150
#define RANDOM_SLOTS 400       /* at most in one of them */
#define BUILD_WORK (1u << 18)  /* tables times slots that the real builder is let do for one sweep */
#define COUNT_SLOTS (1u << 10) /* and slots counted one by one */
#define SAMPLES 100
#define FEW 7 /* slots tried for each node of a machine without holes */

/* What trying every slot gives. */
struct brute {
	bool failed;
	uint64_t stained;
	phys_t worst_base;
	uint64_t worst, worst_pinned;
	uint64_t distance;
	size_t nr;
	phys_t *base; /* stained, sorted */
};

static uint64_t gap_above(const struct slot_machine *m, phys_t end)
{
	uint64_t gap = UINT64_MAX;

	for (size_t i = 0; i < m->judged.hot.nr; i++)
		if (m->judged.node[m->judged.hot.blk[i].nid].movable && m->judged.hot.blk[i].r.start >= end)
			gap = min_u64(gap, m->judged.hot.blk[i].r.start - end);
	return gap;
}

/* Pages on movable memory, and their nodes. */
struct stains {
	uint64_t pages;
	bool node[MAX_NUMNODES];
};

static void add_run(void *ctx, const struct count_run *run)
{
	struct stains *t = ctx;

	if (!run->movable)
		return;
	t->pages += range_size(run->pages) / PAGE_SIZE;
	t->node[run->nid] = true;
}

static bool count_stains(struct slot_machine *m, const struct pt_policy *policy, phys_t base, struct stains *t)
{
	struct count count = { .run = add_run, .ctx = t, .numa = &m->judged };
	struct direct_map dm;

	slot_machine_place(m, policy, base, &dm);
	dm.count = &count;
	return direct_map_build(&dm) == OK;
}

static bool build_stains(struct slot_machine *m, const struct pt_policy *policy, phys_t base, struct stains *t)
{
	struct direct_map dm;

	if (slot_machine_build(m, policy, base, &dm) != OK)
		return false;
	for (size_t i = 0; i < m->nr; i++) {
		if (slot_machine_is_trampoline(&dm, i, dm.levels - 1) || !numa_look_at(&m->judged, m->page[i]).movable)
			continue;
		t->pages++;
		t->node[numa_look_at(&m->judged, m->page[i]).nid] = true;
	}
	return true;
}

/* What says the truth about one slot: the builder, or, where there are too many, the counting engine. */
typedef bool (*stains_of)(struct slot_machine *m, const struct pt_policy *policy, phys_t base, struct stains *t);

static void brute_slot(struct slot_machine *m, const struct pt_policy *policy, phys_t base, stains_of truth,
		       struct brute *b)
{
	struct stains t = { .pages = 0 };
	uint64_t pinned = 0, gap;

	if (!truth(m, policy, base, &t)) {
		b->failed = true;
		return;
	}
	if (!t.pages)
		return;
	for (unsigned nid = 0; nid < m->judged.nr_nodes; nid++)
		pinned += t.node[nid] ? m->judged.node[nid].hot_present : 0;
	b->base[b->stained++] = base;
	gap = gap_above(m, base + m->image.end);
	if (gap == UINT64_MAX)
		b->distance = SWEEP_NO_DISTANCE;
	else if (b->distance != SWEEP_NO_DISTANCE)
		b->distance = max_u64(b->distance, gap / KASLR_ALIGN + 1);
	if (t.pages > b->worst || (t.pages == b->worst && base < b->worst_base)) {
		b->worst = t.pages;
		b->worst_base = base;
		b->worst_pinned = pinned;
	}
}

static int by_address(const void *a, const void *b)
{
	phys_t x = *(const phys_t *)a, y = *(const phys_t *)b;

	return x < y ? -1 : x > y;
}

static void brute_force(struct slot_machine *m, const struct pt_policy *policy, stains_of truth, struct brute *b)
{
	*b = (struct brute){ .worst_base = PHYS_NONE };
	b->base = calloc(m->slots.total, sizeof(*b->base));
	assert_non_null(b->base);
	for (uint64_t i = 0; i < m->slots.total && !b->failed; i++)
		brute_slot(m, policy, kaslr_slot_base(&m->slots, i), truth, b);
	qsort(b->base, b->stained, sizeof(*b->base), by_address);
}

static struct sweep *new_sweep(struct slot_machine *m, const struct pt_policy *policy)
{
	struct sweep *s = malloc(sizeof(*s));

	assert_non_null(s);
	SOIL(s);
	s->trying_one = NULL;
	s->policy = policy;
	s->map = m->map;
	s->image = m->image;
	s->slots = &m->slots;
	m->start.movable_node = m->movable_node;
	s->start = &m->start;
	s->work = &m->mb;
	s->numa = &m->numa;
	return s;
}

/* The intervals are the stained bases, neighbours joined. */
static void assert_intervals(const struct sweep *s, const struct brute *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->stained;) {
		size_t last = i;

		while (last + 1 < b->stained && b->base[last + 1] <= b->base[last] + KASLR_ALIGN)
			last++;
		assert_true(n < s->nr_intervals);
		assert_int_equal(s->interval[n].r.start, b->base[i]);
		assert_int_equal(s->interval[n].r.end - KASLR_ALIGN, b->base[last]);
		n++;
		i = last + 1;
	}
	assert_int_equal(s->nr_intervals, n);
	assert_false(s->more_intervals);
}

/* 1: swept; 0: some slot has no memory, and the sweep says so. *tries grows by what the sweep tried. */
static bool compare(struct slot_machine *m, const struct pt_policy *policy, stains_of truth, uint64_t *tries)
{
	struct sweep *s = new_sweep(m, policy);
	struct brute b;
	enum status found;

	brute_force(m, policy, truth, &b);
	for (unsigned i = 0; i < m->numa.nr_nodes; i++)
		m->numa.node[i].movable = i % 2;
	found = sweep_run(s);
	*tries += s->tries;
	for (unsigned i = 0; i < m->numa.nr_nodes; i++)
		assert_int_equal(m->numa.node[i].movable, i % 2); /* as it was judged with the image */
	if (b.failed) {
		struct stains t;

		assert_int_equal(found, ERR_NO_MEMORY);
		assert_false(truth(m, policy, s->failed_base, &t));
	} else {
		assert_int_equal(found, OK);
		assert_int_equal(s->nr_slots, m->slots.total);
		assert_int_equal(s->nr_stained, b.stained);
		assert_intervals(s, &b);
		assert_int_equal(s->worst_base, b.worst_base);
		assert_int_equal(s->worst_on_movable, b.worst);
		assert_int_equal(s->worst_pinned, b.worst_pinned);
		assert_int_equal(s->safe_distance, b.distance);
		assert_int_equal(s->failed_base, PHYS_NONE);
	}
	free(b.base);
	free(s);
	return !b.failed;
}

struct campaign {
	const char *truth_is;
	unsigned machines;
	uint64_t seed;
	bool fragment, tail;
	stains_of truth;
};

static void run_campaign(struct campaign c)
{
	uint64_t slots = 0, swept = 0, tries = 0, failed = 0;
	unsigned machines = 0;

	while (machines < machines_by_chance(c.machines * 2 / 5, c.machines)) {
		struct slot_machine *m = slot_machine_at_random(c.seed++, c.fragment, c.tail);

		if (!m)
			continue;
		if (m->slots.total > RANDOM_SLOTS) {
			slot_machine_free(m);
			continue;
		}
		machines++;
		for (unsigned i = 0; i < pt_policies_nr; i++) {
			if (compare(m, pt_policies[i], c.truth, &tries)) {
				swept++;
				slots += m->slots.total;
			} else {
				failed++;
			}
		}
		slot_machine_free(m);
	}
	print_message("%u machines, %llu sweeps over %llu slots, as %s at each slot; %llu tries; %llu without memory\n",
		      machines, (unsigned long long)swept, (unsigned long long)slots, c.truth_is,
		      (unsigned long long)tries, (unsigned long long)failed);
	assert_true(swept > failed);
	assert_true(slots > 5 * tries);
}

TEST(as_brute_force)
{
	run_campaign((struct campaign){ "the builder", RANDOM_MACHINES, 1, false, false, build_stains });
}

TEST(as_brute_force_with_fragment)
{
	run_campaign((struct campaign){ "the builder", RANDOM_FRAGMENTED, 100001, true, false, build_stains });
}

/* Tables for a node so large that they fill small ones. */
TEST(as_counting_every_slot)
{
	run_campaign((struct campaign){ "counting", RANDOM_LARGE, 1, false, true, count_stains });
	run_campaign((struct campaign){ "counting", RANDOM_LARGE, 50001, true, true, count_stains });
}

/* ---- by hand ---- */

/*
 * [0, 256M) stays, the rest of [256M, 1G) may go; 4K pages. What a case changes, it changes before slot_machine_finish.
 */
static struct slot_machine *two_nodes(phys_t border)
{
	struct slot_machine *m = slot_machine_new();

	slot_machine_ram(m, PAGE_SIZE, 0x9f000);
	slot_machine_ram(m, MIB, GIB);
	slot_machine_node(m, 0, 0, border, false);
	slot_machine_node(m, 1, border, GIB, true);
	m->map.trampoline = true;
	return m;
}

/* ---- as data: sweep.cases ---- */

static struct slot_machine *machine;
static struct sweep *swept;
static const struct pt_policy *asked = &policy_bottom_up;
static uint64_t compare_tries;

static int new_machine(void **state)
{
	(void)state;
	machine = slot_machine_new();
	swept = NULL;
	return 0;
}

static int free_machine(void **state)
{
	(void)state;
	free(swept);
	slot_machine_free(machine);
	return 0;
}

/* `ram SIZE every STEP from A` and `reserve ...`: to B, or until there are N regions. */
static void repeat_line(const struct words *w)
{
	const char *to = word_behind(w, "to"), *until = word_behind(w, "until");
	uint64_t size = number_at(w, 1), step = number(word_behind(w, "every"));
	phys_t end = to ? number(to) : PHYS_NONE;
	bool ram = begins(w, "ram");
	const struct memblock_list *list = ram ? &machine->start.memory : &machine->start.reserved;
	size_t most = until ? number(until) : SIZE_MAX;

	for (phys_t at = number(word_behind(w, "from")); at < end && list->nr < most; at += step)
		(ram ? slot_machine_ram : slot_machine_reserve)(machine, at, at + size);
}

static bool memory_part(const struct words *w)
{
	if (has_word(w, "every"))
		repeat_line(w);
	else if (begins(w, "ram"))
		slot_machine_ram(machine, number_at(w, 1), number_at(w, 2));
	else if (begins(w, "node"))
		slot_machine_node(machine, (int)number_at(w, 1), number_at(w, 2), number_at(w, 3),
				  has_word(w, "hotplug"));
	else if (begins(w, "table"))
		numa_note_table(&machine->numa, range_at(w, 1));
	else if (begins(w, "nothing"))
		machine->start.reserved.nr = 0;
	else
		return memory_line(w, &machine->start);
	return true;
}

static bool image_line(const struct words *w)
{
	struct sweep_image *image = &machine->image;

	if (begins(w, "image"))
		*image = (struct sweep_image){ number_at(w, 1), number_at(w, 2), number_at(w, 3), number_at(w, 4) };
	else if (begins(w, "buffer"))
		image->buffer = has_word(w, "from") ? number_at(w, 2) : image->buffer_end - number_at(w, 1) * PAGE_SIZE;
	else if (begins(w, "taken"))
		image->end = image->taken = number_at(w, 1);
	else if (begins(w, "slot_size"))
		machine->slot_size = number_at(w, 1);
	else if (begins(w, "min"))
		machine->min = number_at(w, 1);
	else
		return memory_part(w);
	return true;
}

static bool option_line(const struct words *w)
{
	struct direct_map *map = &machine->map;

	if (begins(w, "leaves"))
		map->page_sizes = w->word[1][0] == '2' ? PAGE_2M : PAGE_2M | PAGE_1G;
	else if (begins(w, "levels"))
		*map = (struct direct_map){ .levels = 5, .page_offset = PAGE_OFFSET_5LEVEL, .end = map->end };
	else if (begins(w, "page_offset"))
		map->page_offset += number(w->word[1] + 1);
	else if (begins(w, "trampoline"))
		map->trampoline = number_at(w, 1);
	else if (begins(w, "movable_node"))
		machine->movable_node = number_at(w, 1);
	else if (begins(w, "as"))
		map->as_linux = LINUX_OLDEST;
	else
		return image_line(w);
	return true;
}

/* One policy, or every one, against trying every slot, by the builder unless by counting. */
static void compare_line(const struct words *w)
{
	stains_of truth = has_word(w, "counting") ? count_stains : build_stains;
	const char *but = word_behind(w, "but");

	compare_tries = 0;
	for (unsigned i = 0; i < pt_policies_nr; i++) {
		const struct pt_policy *p = pt_policies[i];
		bool has_memory;

		if (!has_word(w, "policy") && strcmp(w->word[1], p->name) != 0)
			continue;
		has_memory = compare(machine, p, truth, &compare_tries);
		if (!has_word(w, "failure"))
			assert_int_equal(has_memory, !but || strcmp(but, p->name) == 0);
	}
}

static void slots_line(const struct words *w)
{
	machine->slots = (struct kaslr_slots){ .nr = 0 };
	for (unsigned i = 1; i < w->nr; i += 2) {
		machine->slots.area[machine->slots.nr++] = (struct kaslr_area){ number_at(w, i), number_at(w, i + 1) };
		machine->slots.total += number_at(w, i + 1);
	}
}

static void sweep_anew(enum status expected)
{
	free(swept);
	swept = new_sweep(machine, asked);
	assert_int_equal(sweep_run(swept), expected);
}

static void has_line(const struct words *w)
{
	const struct sweep none = { .nr_slots = 0 }, *s = swept ? swept : &none;

	ASSERT_FIELDS(w, 1, FIELD("slots", machine->slots.total), FIELD("tries", compare_tries),
		      FIELD("full", machine->mb.full), FIELD("nr_stained", s->nr_stained),
		      FIELD("nr_intervals", s->nr_intervals), FIELD("from_0", s->interval[0].r.start),
		      FIELD("last_0", s->interval[0].r.end - KASLR_ALIGN), FIELD("from_1", s->interval[1].r.start),
		      FIELD("worst_base", s->worst_base), FIELD("worst_on_movable", s->worst_on_movable),
		      FIELD("worst_pinned", s->worst_pinned), FIELD("safe_distance", s->safe_distance),
		      FIELD("failed_base", s->failed_base), FIELD("regions", machine->mb.memory.nr));
}

static bool sweep_line(const struct words *w)
{
	if (begins(w, "finish")) {
		assert_true(slot_machine_finish(machine));
	} else if (begins(w, "cleanup")) {
		assert_int_equal(numa_cleanup(&machine->numa, &machine->start, machine->map.end, NULL), OK);
	} else if (begins(w, "slots")) {
		slots_line(w);
	} else if (begins(w, "policy")) {
		asked = pt_policies[pt_policy_find(w->word[1])];
	} else if (begins(w, "sweep")) {
		sweep_anew(status_named(w->word[1]));
	} else if (begins(w, "stained")) {
		asked = pt_policies[pt_policy_find(w->word[3])];
		sweep_anew(OK);
		assert_int_equal(swept->nr_stained, number_at(w, 1));
	} else if (begins(w, "compare")) {
		compare_line(w);
	} else if (begins(w, "tries")) {
		assert_true(compare_tries <= number_at(w, 3));
	} else if (begins(w, "has")) {
		has_line(w);
	} else {
		return option_line(w);
	}
	return true;
}

CASES(sweep, new_machine, free_machine, sweep_line)

/* ---- what is refused ---- */

/* Slots where there is no memory, below some and above all of it, and one that memory holds only the start of. */
static void assert_memory_ends(struct slot_machine *m, struct sweep *s)
{
	static const struct pt_policy *const policies[] = { &policy_lowest, &policy_bottom_up };
	static const phys_t none[] = { 0xfe000, GIB - MIB, 2 * GIB };

	for (size_t i = 0; i < 2 * ARRAY_SIZE(none); i++) {
		phys_t base = none[i / 2];

		m->slots.area[m->slots.nr++] = (struct kaslr_area){ base, 1 };
		m->slots.total++;
		s->policy = policies[i % 2];
		assert_int_equal(sweep_run(s), ERR_RANGE);
		assert_int_equal(s->failed_base, base);
		m->slots.nr--;
		m->slots.total--;
	}
}

TEST(refusals)
{
	/* The end before what is taken, that before the end of the buffer, that before its start; nothing; half. */
	static const struct sweep_image no_image[] = {
		{ 0x1e0000, 0x1f0000, 0x1f0000, 0x1ef000 }, { 0x1e0000, 0x1f0000, 0x1ef000, 0x1f0000 },
		{ 0x1f1000, 0x1f0000, 0x1f2000, 0x1f2000 }, { 0, 0, 0, 0x1f0000 },
		{ 0x1e0000, 0x1f0000, 0x1f0800, 0x1f1000 },
	};
	struct slot_machine *m = two_nodes(256 * MIB);
	struct sweep *s = new_sweep(m, &policy_bottom_up);

	assert_int_equal(sweep_run(s), ERR_NOT_FOUND);
	assert_true(slot_machine_finish(m));
	for (size_t i = 0; i < ARRAY_SIZE(no_image); i++) {
		s->image = no_image[i];
		assert_int_equal(sweep_run(s), ERR_RANGE);
	}
	s->image = m->image;
	assert_memory_ends(m, s);
	/* no room for the image among what is reserved */
	for (phys_t at = TIB; m->start.reserved.nr < MEMBLOCK_MAX; at += 2 * PAGE_SIZE)
		slot_machine_reserve(m, at, at + PAGE_SIZE);
	assert_int_equal(sweep_run(s), ERR_FULL);
	assert_int_equal(s->failed_base, 254 * MIB); /* from above */
	m->start.reserved.nr = 1;
	/* no page in the buffer, and nothing mapped yet that could give one */
	s->image.buffer = s->image.buffer_end;
	assert_int_equal(sweep_run(s), ERR_NO_MEMORY);
	s->image.buffer = s->image.buffer_end - 16 * PAGE_SIZE;
	/* 2^20 leaves of 2M are 2 TiB */
	s->map.fragment.permille = 1;
	s->map.page_sizes = PAGE_2M;
	slot_machine_ram(m, 4 * GIB, 4 * GIB + 2 * TIB);
	s->map.end = m->map.end;
	assert_int_equal(sweep_run(s), ERR_CONFLICT);
	assert_int_equal(memblock_memory_in(&m->start, (struct range){ 4 * GIB, m->map.end }), 2 * TIB);
	m->start.memory.nr--;
	s->map = m->map;
	s->map.end = GIB;
	assert_int_equal(sweep_run(s), OK);
	assert_int_equal(s->nr_stained, 1);
	free(s);
	slot_machine_free(m);
}

/* Every other slot lies on the movable node, which then has no stain; in between it has. */
TEST(too_many_intervals)
{
	struct slot_machine *m = slot_machine_new();
	const uint64_t stained = SWEEP_MAX_INTERVALS + 6;
	struct sweep *s;

	slot_machine_ram(m, MIB, 16 * MIB + stained * 4 * MIB + 64 * MIB);
	for (uint64_t i = 0; i < stained; i++)
		slot_machine_node(m, 0, 18 * MIB + i * 4 * MIB, 20 * MIB + i * 4 * MIB, true);
	m->slots.area[m->slots.nr++] = (struct kaslr_area){ 16 * MIB, 2 * stained };
	m->slots.total = 2 * stained;
	s = new_sweep(m, &policy_bottom_up);
	assert_int_equal(sweep_run(s), OK);
	assert_int_equal(s->nr_stained, stained);
	assert_true(s->more_intervals);
	assert_int_equal(s->nr_intervals, SWEEP_MAX_INTERVALS);
	for (uint64_t i = 1; i < SWEEP_MAX_INTERVALS; i++)
		assert_int_equal(s->interval[i].r.start - s->interval[i - 1].r.start, 4 * MIB);
	free(s);
	slot_machine_free(m);
}

/* ---- machines as described for QEMU ---- */

static bool load_description(const char *path, struct machine *d)
{
	static char text[1 << 16];
	struct machine_error err;
	FILE *f = fopen(path, "r");
	size_t len;

	assert_non_null(f);
	len = fread(text, 1, sizeof(text), f);
	fclose(f);
	assert_true(len < sizeof(text));
	return machine_parse(d, text, len, &err);
}

/* PXMs of processors first, then memory, as Linux numbers nodes; an unusable SRAT gives one node. */
static void join_nodes(struct slot_machine *m, const struct machine *d, struct range *immovable, size_t *nr_immovable)
{
	bool good = d->has_srat && d->damage == DAMAGE_NONE;

	for (size_t i = 0; i < d->nr_entries; i++)
		if (d->entry[i].kind == MACHINE_CPU && !d->entry[i].disabled)
			good &= numa_map_pxm(&m->numa, d->entry[i].pxm) != NUMA_NO_NODE;
	for (size_t i = 0; i < d->nr_entries; i++) {
		const struct machine_entry *e = &d->entry[i];
		int nid;

		if (e->kind != MACHINE_MEM)
			continue;
		if (!e->hotplug && !range_empty(e->r))
			immovable[(*nr_immovable)++] = e->r;
		if (e->disabled)
			continue;
		nid = numa_map_pxm(&m->numa, e->pxm);
		good &= nid != NUMA_NO_NODE && numa_add_memblk(&m->numa, nid, e->r, e->hotplug) == OK;
	}
	if (!good || numa_cleanup(&m->numa, &m->start, m->map.end, NULL) != OK)
		numa_fake_one_node(&m->numa, m->map.end);
}

static struct slot_machine *from_description(const struct machine *d)
{
	static struct range ram[E820_MAX], immovable[MACHINE_MAX_ENTRIES];
	struct slot_machine *m = slot_machine_new();
	struct range avoid[1 + MACHINE_MAX_RESERVE] = { { 0, MIB } };
	struct kaslr_request q = { ram, 0, immovable, 0, avoid, 1, KASLR_PREFERRED, UINT64_MAX, KASLR_ALIGN };
	static struct e820 map;

	map = d->map;
	assert_int_equal(e820_sanitize(&map), OK);
	assert_int_equal(e820_update(&map, (struct range){ 0, PAGE_SIZE }, E820_RAM, E820_RESERVED), OK);
	assert_int_equal(e820_remove(&map, (struct range){ 640 * KIB, MIB }, E820_RAM), OK);
	m->map.levels = d->la57 ? 5 : 4;
	m->map.page_offset = d->la57 ? PAGE_OFFSET_5LEVEL : PAGE_OFFSET_4LEVEL;
	m->map.end = e820_end_of_ram(&map, d->la57 ? MAXMEM_5LEVEL : MAXMEM_4LEVEL);
	for (size_t i = 0; i < map.nr; i++) {
		struct range r = { map.e[i].r.start, min_u64(map.e[i].r.end, m->map.end) };

		if (map.e[i].type != E820_RAM)
			continue;
		assert_int_equal(memblock_add(&m->start, r), OK);
		ram[q.nr_ram++] = r;
	}
	memblock_trim(&m->start);
	for (size_t i = 0; i < d->nr_reserve; i++) {
		slot_machine_reserve(m, d->reserve[i].start, d->reserve[i].end);
		avoid[q.nr_avoid++] = d->reserve[i];
	}
	join_nodes(m, d, immovable, &q.nr_immovable);
	q.limit = m->map.end;
	kaslr_find_slots(&q, &m->slots);
	return m;
}

/* Too many slots for the builder: counting says what each of them, or of some, gives, and which is worst. */
static void compare_counted(struct slot_machine *m, const struct sweep *s)
{
	uint64_t stride = m->slots.total <= COUNT_SLOTS ? 1 : m->slots.total / SAMPLES, stained = 0, worst = 0;

	for (uint64_t i = 0; i < m->slots.total; i += stride) {
		phys_t base = kaslr_slot_base(&m->slots, i);
		struct stains t = { .pages = 0 };
		bool listed = false;

		assert_true(count_stains(m, s->policy, base, &t));
		for (size_t k = 0; k < s->nr_intervals; k++)
			listed |= s->interval[k].r.start <= base && base < s->interval[k].r.end;
		assert_int_equal(listed, t.pages > 0);
		assert_true(t.pages <= s->worst_on_movable);
		assert_true(!t.pages || t.pages < s->worst_on_movable || base >= s->worst_base);
		stained += t.pages > 0;
		worst = max_u64(worst, t.pages);
	}
	if (stride == 1) {
		assert_int_equal(s->nr_stained, stained);
		assert_int_equal(s->worst_on_movable, worst);
	}
}

static uint64_t tables_at_most(const struct slot_machine *m)
{
	uint64_t ram = memblock_memory_in(&m->start, (struct range){ 0, m->map.end });

	return 64 + 4 * m->start.memory.nr +
	       ram / (m->map.page_sizes & PAGE_1G   ? 512 * GIB
		      : m->map.page_sizes & PAGE_2M ? GIB
						    : 2 * MIB);
}

/* How many slots were compared one by one with the builder. */
static uint64_t compare_description(struct slot_machine *m, const struct pt_policy *policy)
{
	struct sweep *s = new_sweep(m, policy);
	uint64_t tries = 0;
	enum status st = sweep_run(s);
	bool build = tables_at_most(m) * m->slots.total <= BUILD_WORK;
	struct direct_map dm;

	/* Where all memory may go, SRAT-first policies can have none. */
	if (st == ERR_NO_MEMORY) {
		assert_int_equal(slot_machine_build(m, policy, s->failed_base, &dm), ERR_NO_MEMORY);
	} else {
		assert_int_equal(st, OK);
	}
	if (st == OK && build)
		assert_true(compare(m, policy, build_stains, &tries));
	else if (st == OK)
		compare_counted(m, s);
	free(s);
	return st == OK && build ? m->slots.total : 0;
}

TEST(descriptions)
{
	static const unsigned sizes[] = { PAGE_4K, PAGE_2M, PAGE_2M | PAGE_1G };
	static struct machine d;
	unsigned built = 0, machines = 0;
	uint64_t slots = 0;
	glob_t files;

	assert_int_equal(glob("tests/machines/*.machine", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct slot_machine *m;
		uint64_t before = slots;

		assert_true(load_description(files.gl_pathv[i], &d));
		m = from_description(&d);
		for (unsigned k = 0; m->slots.total && k < ARRAY_SIZE(sizes); k++) {
			m->map.page_sizes = sizes[k];
			slots += compare_description(m, &policy_bottom_up);
			slots += compare_description(m, &policy_memblock);
			slots += compare_description(m, pt_policies[(i + k) % pt_policies_nr]);
		}
		machines += m->slots.total > 0;
		built += slots > before;
		slot_machine_free(m);
	}
	globfree(&files);
	print_message(
		"%u machines swept; %u of them, %llu slots, as the builder at each slot, the others as counting\n",
		machines, built, (unsigned long long)slots);
	assert_true(machines >= 30);
	assert_true(built >= 15);
}

/* ---- arithmetic of its own ---- */

/*
 * Tables for [k, end) that [0, 1M) does not have yet, in 4K pages, where all is memory; the base of the map is aligned.
 */
static uint64_t tables_above(phys_t k, phys_t end, unsigned levels)
{
	static const uint64_t size[] = { 2 * MIB, GIB, 512 * GIB, 256 * TIB };
	uint64_t tables = 0;

	for (unsigned i = 0; i < levels - 1; i++)
		tables += (end + size[i] - 1) / size[i] - k / size[i] - (k / size[i] == 0);
	return tables;
}

struct closed_form {
	uint64_t stained, worst, distance;
	phys_t first, worst_base;
};

/*
 * Slots of one node that ends at `end`, before a movable one: tables run over when the pages up to there are too few.
 * Below them lies enough of node 0 for what is mapped last.
 */
static struct closed_form closed_form(const struct slot_machine *m, phys_t start, phys_t end)
{
	struct closed_form c = { .first = PHYS_NONE, .worst_base = PHYS_NONE };
	uint64_t buffer = 16 - (m->map.levels - 1) - (m->map.trampoline ? m->map.levels - 3 : 0);

	for (phys_t base = end - m->slot_size; base >= start; base -= KASLR_ALIGN) {
		phys_t k = base + m->image.end;
		uint64_t pages = tables_above(k, m->map.end, m->map.levels) - buffer, room = (end - k) / PAGE_SIZE;

		if (pages <= room)
			break;
		if (!c.stained++)
			c.worst = pages - room, c.worst_base = base;
		c.first = base;
		c.distance = (end - k) / KASLR_ALIGN + 1;
	}
	return c;
}

/*
 * P / (S - image): one node of S bytes, P bytes of tables, far more movable memory above; as near as slots of 2M can
 * be.
 */
TEST(as_the_closed_form)
{
	static const uint64_t above[] = { 4, 16, 64, 100 };

	for (unsigned i = 0; i < ARRAY_SIZE(above); i++) {
		struct slot_machine *m = slot_machine_new();
		struct sweep *s;
		struct closed_form c;
		uint64_t bytes;

		slot_machine_ram(m, PAGE_SIZE, (1 + above[i]) * GIB);
		slot_machine_node(m, 0, 0, GIB, false);
		slot_machine_node(m, 1, GIB, (1 + above[i]) * GIB, true);
		m->map.trampoline = true;
		assert_true(slot_machine_finish(m));
		s = new_sweep(m, &policy_bottom_up);
		assert_int_equal(sweep_run(s), OK);
		c = closed_form(m, 16 * MIB, GIB);
		assert_int_equal(s->nr_stained, c.stained);
		assert_int_equal(s->interval[0].r.start, c.first);
		assert_int_equal(s->interval[0].r.end - KASLR_ALIGN, GIB - 2 * MIB);
		assert_int_equal(s->worst_on_movable, c.worst);
		assert_int_equal(s->safe_distance, c.distance);
		/* P: tables of what lies above the node, less what the buffer gives; slots begin at 16M */
		bytes = (tables_above(GIB, m->map.end, 4) - 12) * PAGE_SIZE;
		assert_in_range(s->nr_stained, bytes / KASLR_ALIGN, bytes / KASLR_ALIGN + 1);
		assert_int_equal(s->nr_slots, (GIB - 16 * MIB - m->slot_size) / KASLR_ALIGN + 1);
		assert_in_range(s->nr_stained, bytes * s->nr_slots / (GIB - 16 * MIB - m->slot_size),
				bytes * s->nr_slots / (GIB - 16 * MIB - m->slot_size) + 1);
		free(s);
		slot_machine_free(m);
	}
}

/* 4 PiB in 64 nodes, 5 levels, 4K pages: 8 TiB of tables, of which none is built. */
TEST(four_pib)
{
	const uint64_t node = 64 * TIB;
	struct slot_machine *m = slot_machine_new();
	struct sweep *s;
	uint64_t stained = 0;
	struct count count = { .by_level = true };
	struct direct_map dm;

	m->map.levels = 5;
	m->map.page_offset = PAGE_OFFSET_5LEVEL;
	slot_machine_ram(m, PAGE_SIZE, 64 * node);
	for (int i = 0; i < 64; i++)
		slot_machine_node(m, i, i * node, (i + 1) * node, i & 1);
	assert_true(slot_machine_finish(m));
	assert_int_equal(m->slots.total, 32 * (node / KASLR_ALIGN) - 8);
	slot_machine_place(m, &policy_bottom_up, 16 * MIB, &dm);
	dm.count = &count;
	assert_int_equal(direct_map_build(&dm), OK);
	assert_int_equal(dm.pages[PT_PTE], 2147483648);
	assert_int_equal(dm.pages[PT_PMD], 4194304);
	assert_int_equal(dm.pages[PT_PUD], 8192);
	assert_int_equal(dm.pages[PT_P4D], 16);
	assert_int_equal(dm.alloc.from_buffer + dm.alloc.from_memblock, 2151686160);

	s = new_sweep(m, &policy_bottom_up);
	assert_int_equal(sweep_run(s), OK);
	assert_int_equal(s->nr_intervals, 32);
	for (unsigned i = 0; i < 32; i++) {
		struct closed_form c = { 0 };
		phys_t end = (2 * i + 1) * node, first = s->interval[i].r.start;

		/* the border of what is stained, from both sides */
		assert_int_equal(s->interval[i].r.end - KASLR_ALIGN, end - 2 * MIB);
		assert_true(tables_above(first + m->image.end, m->map.end, 5) - 12 >
			    (end - first - m->image.end) / PAGE_SIZE);
		first -= KASLR_ALIGN;
		assert_true(tables_above(first + m->image.end, m->map.end, 5) - 12 <=
			    (end - first - m->image.end) / PAGE_SIZE);
		c.stained = (s->interval[i].r.end - KASLR_ALIGN - first) / KASLR_ALIGN;
		stained += c.stained;
	}
	assert_int_equal(s->nr_stained, stained);
	assert_int_equal(s->worst_base, node - 2 * MIB);
	assert_int_equal(s->worst_on_movable, tables_above(node - 2 * MIB + m->image.end, m->map.end, 5) - 12 - 16);
	assert_int_equal(s->worst_pinned, node);
	for (unsigned i = 0; i < pt_policies_nr; i++) {
		s->policy = pt_policies[i];
		assert_int_equal(sweep_run(s), OK);
		assert_true(s->tries <= FEW * 64);
		assert_true(!s->policy->srat_first || s->policy == &policy_node_local || !s->nr_stained);
		compare_counted(m, s);
	}
	free(s);
	slot_machine_free(m);
}

/* ---- large machines: counted in some slots, as all of them would take too long ---- */

static bool is_stained(const struct sweep *s, phys_t base)
{
	for (size_t i = 0; i < s->nr_intervals; i++) {
		if (base >= s->interval[i].r.start && base < s->interval[i].r.end)
			return true;
	}
	return false;
}

static void assert_slot(struct slot_machine *m, const struct sweep *s, phys_t base)
{
	struct stains t = { .pages = 0 };
	uint64_t pinned = 0;

	assert_true(count_stains(m, s->policy, base, &t));
	assert_int_equal(is_stained(s, base), t.pages > 0);
	assert_true(t.pages < s->worst_on_movable ||
		    (t.pages == s->worst_on_movable && (!t.pages || base >= s->worst_base)));
	if (base != s->worst_base)
		return;
	assert_int_equal(t.pages, s->worst_on_movable);
	for (unsigned nid = 0; nid < m->judged.nr_nodes; nid++)
		pinned += t.node[nid] ? m->judged.node[nid].hot_present : 0;
	assert_int_equal(pinned, s->worst_pinned);
}

static bool is_slot(const struct kaslr_slots *slots, phys_t base)
{
	for (size_t i = 0; i < slots->nr; i++) {
		const struct kaslr_area *a = &slots->area[i];

		if (base >= a->start && (base - a->start) / KASLR_ALIGN < a->slots)
			return true;
	}
	return false;
}

/* A slot of each of some places, and those at the borders of some of the intervals. */
static void assert_sample(struct slot_machine *m, const struct sweep *s, unsigned places)
{
	if (s->more_intervals)
		return;
	for (unsigned i = 0; i < places; i++) {
		uint64_t slot = slot_machine_random(m, 1u << 30) * 2654435761u % m->slots.total;
		size_t nth = s->nr_intervals ? slot_machine_random(m, s->nr_intervals) : 0;
		phys_t edge[] = { s->interval[nth].r.start - KASLR_ALIGN, s->interval[nth].r.start,
				  s->interval[nth].r.end - KASLR_ALIGN, s->interval[nth].r.end };

		assert_slot(m, s, kaslr_slot_base(&m->slots, slot));
		edge[0] = s->nr_intervals ? edge[i % 4] : 0;
		if (is_slot(&m->slots, edge[0]))
			assert_slot(m, s, edge[0]);
	}
	if (s->nr_stained)
		assert_slot(m, s, s->worst_base);
}

/* Equal pieces in a row, RAM or a hole between two of them; who owns which, and which are hot-pluggable, at random. */
static struct slot_machine *many_nodes(uint64_t seed, unsigned nodes, unsigned pieces)
{
	struct slot_machine *m = slot_machine_new();
	uint64_t piece, holes, hot, at;

	m->rng = seed * 0x9e3779b97f4a7c15ull + 7;
	m->map.as_linux = seed / 2 % 2 ? LINUX_OLDEST : LINUX_NEWEST; /* memblock's array grows, or runs full */
	slot_machine_options(m, slot_machine_random(m, 8) == 0);
	m->map.fragment.permille = 0;
	piece = (1 + slot_machine_random(m, 4)) << (21 + slot_machine_random(m, 12));
	holes = slot_machine_random(m, 3) ? 0 : 1 + slot_machine_random(m, 8);
	hot = 1 + slot_machine_random(m, 9);
	slot_machine_ram(m, PAGE_SIZE, 0x9f000);
	at = MIB;
	for (unsigned i = 0; i < pieces; i++) {
		int nid = i < nodes ? (int)i : (int)slot_machine_random(m, nodes);
		phys_t end = align_down(at + piece, piece) - slot_machine_random(m, 16) / 15 * PAGE_SIZE * 3;

		slot_machine_ram(m, at, end);
		slot_machine_node(m, nid, i ? at : 0, end, i && slot_machine_random(m, 10) < hot);
		if (slot_machine_random(m, 20) == 0)
			slot_machine_reserve(m, end - piece / 4, end - piece / 8);
		at = end;
		if (holes && slot_machine_random(m, holes) == 0)
			at += slot_machine_random(m, 3) * piece / 2 + PAGE_SIZE;
	}
	if (numa_cleanup(&m->numa, &m->start, m->map.end, NULL) != OK) {
		slot_machine_free(m);
		return NULL;
	}
	return m;
}

/* Slots wherever memory is, as the EFI stub finds them: up to 100 stretches. */
static bool slots_everywhere(struct slot_machine *m)
{
	static struct range ram[MEMBLOCK_MAX];
	struct kaslr_request q = { .ram = ram, .min = m->min, .limit = m->map.end, .image_size = m->slot_size };

	for (size_t i = 0; i < m->start.memory.nr; i++)
		ram[q.nr_ram++] = m->start.memory.r[i].r;
	kaslr_find_slots(&q, &m->slots);
	return m->slots.total > 0;
}

/* Work grows with the square of the nodes, so few machines have very many. */
TEST(machines_of_up_to_1024_nodes)
{
	unsigned machines = 0, refused = 0;
	uint64_t slots = 0, tries = 0;

	for (uint64_t seed = 1; machines < machines_by_chance(25, 200); seed++) {
		unsigned chance = (unsigned)(seed * 2654435761u), nodes = 65 + chance % 960 / (1 + chance / 960 % 25);
		struct slot_machine *m = many_nodes(seed, nodes, nodes + (unsigned)(seed % 3) * nodes / 4);
		struct sweep *s;

		if (!m)
			continue;
		s = new_sweep(m, pt_policies[seed % pt_policies_nr]);
		machines++;
		for (unsigned i = 0; i < 2 && slots_everywhere(m); i++) {
			s->policy = pt_policies[(seed + i * 3) % pt_policies_nr];
			if (sweep_run(s) != OK) {
				refused++;
				continue;
			}
			tries += s->tries;
			slots += s->nr_slots;
			assert_sample(m, s, 2);
		}
		free(s);
		slot_machine_free(m);
	}
	print_message("%u machines, %llu slots, %llu tries, %u refused\n", machines, (unsigned long long)slots,
		      (unsigned long long)tries, refused);
	assert_true(refused < machines / 2);
}

/* All policies on a machine made by hand, in some slots of each. */
static void assert_machine(struct slot_machine *m, unsigned places)
{
	for (unsigned i = 0; i < pt_policies_nr; i++) {
		struct sweep *s = new_sweep(m, pt_policies[i]);

		if (sweep_run(s) == OK)
			assert_sample(m, s, places);
		else
			assert_int_not_equal(s->failed_base, PHYS_NONE);
		free(s);
	}
	slot_machine_free(m);
}

/*
 * Nodes take turns every 2 MiB, so that an image as large lies on one node or on two; every second one is movable. In
 * the newest Linux memblock has no room for so many.
 */
TEST(nodes_take_turns)
{
	static const unsigned nodes[] = { 2, 64, 600 };

	for (unsigned i = 0; i < 2 * ARRAY_SIZE(nodes); i++) {
		struct slot_machine *m = slot_machine_new();

		m->map.as_linux = i < ARRAY_SIZE(nodes) ? LINUX_OLDEST : LINUX_NEWEST;
		slot_machine_ram(m, PAGE_SIZE, 4 * GIB);
		for (unsigned k = 0; k < 1200; k++)
			slot_machine_node(m, (int)(k % nodes[i % 3]), k * 2 * MIB, (k + 1) * 2 * MIB,
					  k % nodes[i % 3] % 2);
		slot_machine_node(m, 0, 1200 * 2 * MIB, 4 * GIB, false);
		assert_int_equal(numa_cleanup(&m->numa, &m->start, m->map.end, NULL), OK);
		assert_true(slots_everywhere(m));
		assert_machine(m, 2);
	}
}

/* Islands of one page below the memory that the image fits in, or thousands of holes in it, of RAM or reserved. */
TEST(thousands_of_holes)
{
	for (unsigned how = 0; how < 3; how++) {
		struct slot_machine *m = slot_machine_new();

		m->map.page_sizes = how == 1 ? PAGE_2M : 0;
		if (how)
			slot_machine_ram(m, MIB, 24 * GIB);
		for (phys_t i = 0; i < 1100 && how == 0; i++)
			slot_machine_ram(m, MIB + i * MIB, MIB + i * MIB + PAGE_SIZE);
		for (phys_t i = 0; i < 1100 && how == 1; i++)
			slot_machine_reserve(m, GIB + i * 20 * MIB, GIB + i * 20 * MIB + PAGE_SIZE);
		for (phys_t i = 0; i < 1100 && how == 2; i++)
			slot_machine_reserve(m, 32 * MIB + i * 2 * PAGE_SIZE, 32 * MIB + i * 2 * PAGE_SIZE + PAGE_SIZE);
		if (!how)
			slot_machine_ram(m, 4 * GIB, 24 * GIB);
		slot_machine_node(m, 0, 0, 6 * GIB, false);
		slot_machine_node(m, 1, 6 * GIB, 12 * GIB, true);
		slot_machine_node(m, 2, 12 * GIB, 24 * GIB, how);
		assert_int_equal(numa_cleanup(&m->numa, &m->start, m->map.end, NULL), OK);
		assert_true(slots_everywhere(m));
		assert_machine(m, 2);
	}
}

/* Tables fill a small movable node from several slots, so that many are as bad as the worst. */
static struct slot_machine *small_movable_node(void)
{
	struct slot_machine *m = slot_machine_new();

	slot_machine_ram(m, PAGE_SIZE, 0x9f000);
	slot_machine_ram(m, MIB, 6 * GIB);
	slot_machine_node(m, 0, 0, 512 * MIB, false);
	slot_machine_node(m, 1, 512 * MIB, 514 * MIB, true);
	slot_machine_node(m, 2, 514 * MIB, 6 * GIB, false);
	return m;
}

/* Stretches of slots that overlap: of slots as bad as each other the lowest is named, in whatever order they come. */
TEST(worst_of_areas_that_overlap)
{
	static const struct kaslr_area area[][3] = {
		{ { 200 * MIB, 20 }, { 100 * MIB, 60 }, { 150 * MIB, 30 } },
		{ { 150 * MIB, 30 }, { 200 * MIB, 20 }, { 100 * MIB, 60 } },
		{ { 100 * MIB, 60 }, { 90 * MIB, 200 }, { 80 * MIB, 30 } },
		{ { 300 * MIB, 105 }, { 100 * MIB, 205 }, { 200 * MIB, 155 } },
		{ { 300 * MIB, 106 }, { 508 * MIB, 2 }, { 200 * MIB, 155 } },
		{ { 508 * MIB, 2 }, { 300 * MIB, 106 }, { 506 * MIB, 2 } },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(area); i++) {
		struct slot_machine *m = i < 4 ? two_nodes(512 * MIB) : small_movable_node();
		uint64_t tries = 0;

		for (unsigned k = 0; k < 3; k++) {
			m->slots.area[m->slots.nr++] = area[i][k];
			m->slots.total += area[i][k].slots;
		}
		assert_int_equal(numa_cleanup(&m->numa, &m->start, m->map.end, NULL), OK);
		for (unsigned p = 0; p < pt_policies_nr; p++) {
			struct sweep *s = new_sweep(m, pt_policies[p]);
			struct brute b;

			brute_force(m, pt_policies[p], count_stains, &b);
			assert_int_equal(sweep_run(s), OK);
			tries += s->tries;
			assert_int_equal(s->nr_stained, b.stained);
			assert_int_equal(s->worst_base, b.worst_base);
			assert_int_equal(s->worst_on_movable, b.worst);
			assert_int_equal(s->worst_pinned, b.worst_pinned);
			free(b.base);
			free(s);
		}
		assert_true(tries < 3000);
		slot_machine_free(m);
	}
}

/* ---- how much work ---- */

/*
 * 64 nodes with 2^10 to 2^31 slots among them: how many are tried grows with the nodes, however their sizes and the
 * tables for them lie. 16 GiB in 4K pages take 32M and 64K of tables: so far below a node's end, the image at its
 * highest slot without a table below it ends where they begin.
 */
TEST(tries_grow_with_ranges)
{
	uint64_t most = 0;

	for (unsigned shift = 10; shift <= 31; shift += 3) {
		const uint64_t node = (KASLR_ALIGN << shift) / 64;
		struct slot_machine *m = slot_machine_new();
		struct sweep *s;

		m->map.levels = 5;
		m->map.page_offset = PAGE_OFFSET_5LEVEL;
		slot_machine_ram(m, PAGE_SIZE, 64 * node);
		for (int i = 0; i < 64; i++)
			slot_machine_node(m, i, i * node, (i + 1) * node, i & 1);
		assert_true(slot_machine_finish(m));
		s = new_sweep(m, &policy_bottom_up);
		m->slots = (struct kaslr_slots){ .nr = 1, .area = { { 16 * MIB, 64 * node / KASLR_ALIGN - 8 } } };
		m->slots.total = m->slots.area[0].slots;
		for (unsigned i = 0; i < pt_policies_nr; i++) {
			s->policy = pt_policies[i];
			assert_int_equal(sweep_run(s), OK);
			most = max_u64(most, s->tries);
			compare_counted(m, s);
		}
		free(s);
		slot_machine_free(m);
	}
	assert_true(most <= FEW * 64);
}

/* Ranges that all policies count on a machine of so many equal nodes, every second one hot-pluggable. */
static uint64_t ranges_counted(unsigned nodes, unsigned shift, uint32_t as_linux)
{
	const uint64_t node = (KASLR_ALIGN << shift) / nodes;
	struct slot_machine *m = slot_machine_new();
	struct sweep *s;
	uint64_t ranges = 0;

	m->map.levels = 5;
	m->map.page_offset = PAGE_OFFSET_5LEVEL;
	m->map.as_linux = as_linux;
	slot_machine_ram(m, PAGE_SIZE, nodes * node);
	for (unsigned i = 0; i < nodes; i++)
		slot_machine_node(m, (int)i, i * node, (i + 1) * node, i & 1);
	assert_int_equal(numa_cleanup(&m->numa, &m->start, m->map.end, NULL), OK);
	assert_true(slots_everywhere(m));
	s = new_sweep(m, &policy_bottom_up);
	for (unsigned i = 0; i < pt_policies_nr; i++) {
		s->policy = pt_policies[i];
		assert_int_equal(sweep_run(s), OK);
		ranges += s->ranges;
	}
	free(s);
	slot_machine_free(m);
	return ranges;
}

/* What docs/performance.md promises: sixteen times the nodes are no more than twelve times the work. */
TEST(work_grows_with_nodes)
{
	for (unsigned i = 0; i < 4; i++) {
		uint32_t as_linux = i % 2 ? LINUX_OLDEST : LINUX_NEWEST; /* memblock has room for all of them, or not */
		unsigned shift = i / 2 ? 31 : 28;
		uint64_t small = ranges_counted(64, shift, as_linux);

		assert_true(ranges_counted(256, shift, as_linux) <= 4 * small);
		assert_true(ranges_counted(1024, shift, as_linux) <= 12 * small);
	}
}
