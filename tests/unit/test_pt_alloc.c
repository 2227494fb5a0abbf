/* SPDX-License-Identifier: MIT */
/* Page-table pages: exact addresses, and the cached run against one search and one reservation per page. */
#include "mm/pt_alloc.h"
#include "tests/unit/support.h"

static struct memblock mb;
static struct pt_alloc a;

static void bounds(phys_t min, phys_t max, int nid)
{
	assert_int_equal(pt_alloc_bounds(&a, (struct range){ min, max }, nid), OK);
}

/* [1M, 2M) and [4M, 5M), pages 1M + 64K.. and 4M + 64K.. taken. */
static int setup(void **state)
{
	(void)state;
	FRESH(memblock_init, &mb);
	must_add(&mb, MIB, 2 * MIB);
	must_add(&mb, 4 * MIB, 5 * MIB);
	must_reserve(&mb, 0x102000, 0x110000);
	must_reserve(&mb, 0x4fe000, 0x4ff000);
	mb.bottom_up = true;
	pt_alloc_init(&a, &mb, (struct range){ 0x108000, 0x10a000 });
	return 0;
}

static const struct fixture fixture = { .setup = setup };

TEST(buffer_first)
{
	bounds(MIB, 8 * MIB, NUMA_NO_NODE);
	assert_int_equal(pt_alloc_page(&a), 0x108000);
	a.buffer_ok = false;
	assert_int_equal(pt_alloc_page(&a), 0x100000);
	a.buffer_ok = true;
	assert_int_equal(pt_alloc_page(&a), 0x109000);
	assert_int_equal(pt_alloc_page(&a), 0x101000);
	assert_int_equal(pt_alloc_page(&a), 0x110000);
	assert_int_equal(a.from_buffer, 2);
	assert_int_equal(a.from_memblock, 3);
}

TEST(part_of_a_page_is_none)
{
	a.buffer.end = 0x108fff;
	assert_int_equal(pt_alloc_page(&a), PHYS_NONE);
	bounds(MIB, MIB + 0xfff, NUMA_NO_NODE);
	assert_int_equal(pt_alloc_page(&a), PHYS_NONE);
}

TEST(downwards)
{
	mb.bottom_up = false;
	a.buffer_ok = false;
	bounds(MIB, 8 * MIB, NUMA_NO_NODE);
	assert_int_equal(pt_alloc_page(&a), 0x4ff000);
	assert_int_equal(pt_alloc_page(&a), 0x4fd000);
	assert_int_equal(pt_alloc_page(&a), 0x4fc000);
	bounds(MIB, 0x103000, NUMA_NO_NODE);
	assert_int_equal(pt_alloc_page(&a), 0x101000);
	assert_int_equal(pt_alloc_page(&a), 0x100000);
	assert_int_equal(pt_alloc_page(&a), PHYS_NONE);
}

/* Linux asks memblock only when min < max. */
TEST(no_room_between_bounds)
{
	a.buffer_ok = false;
	assert_int_equal(pt_alloc_page(&a), PHYS_NONE);
	bounds(2 * MIB, MIB, NUMA_NO_NODE);
	assert_int_equal(pt_alloc_page(&a), PHYS_NONE);
	bounds(2 * MIB, 4 * MIB, NUMA_NO_NODE);
	assert_int_equal(pt_alloc_page(&a), PHYS_NONE);
	bounds(2 * MIB, 4 * MIB + PAGE_SIZE, NUMA_NO_NODE);
	assert_int_equal(pt_alloc_page(&a), 4 * MIB);
	assert_int_equal(pt_alloc_page(&a), PHYS_NONE);
}

TEST(on_a_node)
{
	a.buffer_ok = false;
	assert_int_equal(memblock_set_node(&mb, (struct range){ 0, 0x480000 }, 0), OK);
	assert_int_equal(memblock_set_node(&mb, (struct range){ 0x480000, 0x500000 }, 1), OK);
	bounds(MIB, 8 * MIB, 1);
	assert_int_equal(pt_alloc_page(&a), 0x480000);
	bounds(MIB, 8 * MIB, 0);
	assert_int_equal(pt_alloc_page(&a), 0x100000);
	bounds(MIB, 8 * MIB, 1);
	assert_int_equal(pt_alloc_page(&a), 0x481000);
	bounds(MIB, 8 * MIB, 2);
	assert_int_equal(pt_alloc_page(&a), PHYS_NONE);
}

/* Memblock learns of pages when it is flushed, or when another search needs to know. */
TEST(reserved_in_one_go)
{
	const struct range two = { 0x110000, 0x112000 };

	a.buffer_ok = false;
	bounds(0x103000, 8 * MIB, NUMA_NO_NODE);
	assert_int_equal(pt_alloc_page(&a), 0x110000);
	assert_int_equal(pt_alloc_page(&a), 0x111000);
	assert_null(memblock_overlap(&mb.reserved, two));
	assert_int_equal(pt_alloc_flush(&a), OK);
	assert_int_equal(mb.reserved.nr, 2);
	assert_int_equal(mb.reserved.r[0].r.start, 0x102000);
	assert_int_equal(mb.reserved.r[0].r.end, 0x112000);
	/* what somebody else takes after that is not handed out */
	must_reserve(&mb, 0x112000, 0x113000);
	assert_int_equal(pt_alloc_page(&a), 0x113000);
	/* the same bounds again give nothing up, others do */
	bounds(0x103000, 8 * MIB, NUMA_NO_NODE);
	assert_int_equal(mb.reserved.r[0].r.end, 0x113000);
	bounds(0x103000, 9 * MIB, NUMA_NO_NODE);
	assert_int_equal(mb.reserved.r[0].r.end, 0x114000);
	assert_int_equal(mb.reserved.nr, 2);
}

TEST(direction_turned)
{
	a.buffer_ok = false;
	bounds(MIB, 2 * MIB, NUMA_NO_NODE);
	assert_int_equal(pt_alloc_page(&a), 0x100000);
	mb.bottom_up = false;
	assert_int_equal(pt_alloc_page(&a), 0x1ff000);
	mb.bottom_up = true;
	assert_int_equal(pt_alloc_page(&a), 0x101000);
	assert_int_equal(pt_alloc_page(&a), 0x110000);
}

/* Marks that are ignored from now on: what was passed over for them is looked at again. */
TEST(marks_ignored_from_now_on)
{
	a.buffer_ok = false;
	mb.movable_node = true;
	assert_int_equal(memblock_mark(&mb, (struct range){ MIB, 2 * MIB }, MEMBLOCK_HOTPLUG, true), OK);
	bounds(MIB, 8 * MIB, NUMA_NO_NODE);
	assert_int_equal(pt_alloc_page(&a), 0x400000);
	assert_int_equal(pt_alloc_flush(&a), OK);
	mb.movable_node = false;
	assert_int_equal(pt_alloc_page(&a), 0x100000);
}

TEST(memblock_full)
{
	FRESH(memblock_init, &mb);
	must_add(&mb, MIB, 64 * MIB);
	for (phys_t at = 2 * MIB; mb.reserved.nr < MEMBLOCK_MAX; at += 2 * PAGE_SIZE)
		must_reserve(&mb, at, at + PAGE_SIZE);
	mb.bottom_up = true;
	a.buffer_ok = false;
	bounds(MIB, 64 * MIB, NUMA_NO_NODE);
	assert_int_equal(pt_alloc_page(&a), MIB);
	assert_int_equal(pt_alloc_flush(&a), ERR_FULL);
	assert_int_equal(pt_alloc_page(&a), PHYS_NONE);
	/* until there is room again */
	assert_int_equal(memblock_free(&mb, (struct range){ 2 * MIB, 2 * MIB + PAGE_SIZE }), OK);
	assert_int_equal(pt_alloc_flush(&a), OK);
	assert_int_equal(pt_alloc_page(&a), MIB + PAGE_SIZE);
}

/* ---- against a search of every page of a bitmap ------------------------------------------------------------------ */

#define PAGES 512

struct naive {
	uint8_t usable[PAGES]; /* whole page in one region, no byte reserved */
	uint8_t reserved[PAGES];
	int nid[PAGES];
	bool hot[PAGES];
};

static uint64_t seed;

static uint64_t random_below(uint64_t n)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % n;
}

static void naive_reserve(struct naive *n, phys_t start, phys_t end)
{
	for (phys_t p = start / PAGE_SIZE; p * PAGE_SIZE < end && p < PAGES; p++)
		n->reserved[p] = 1;
}

static phys_t naive_find(struct naive *n, const struct pt_alloc *want)
{
	for (size_t i = 0; i < PAGES; i++) {
		size_t p = want->mb->bottom_up ? i : PAGES - 1 - i;

		if (!p || !n->usable[p] || n->reserved[p] || p * PAGE_SIZE < want->within.start ||
		    (p + 1) * PAGE_SIZE > want->within.end)
			continue;
		if ((want->nid != NUMA_NO_NODE && n->nid[p] != want->nid) || (want->mb->movable_node && n->hot[p]))
			continue;
		n->reserved[p] = 1;
		return p * PAGE_SIZE;
	}
	return PHYS_NONE;
}

/* Regions with borders anywhere, nodes and marks; reservations with borders anywhere. */
static void random_memory(struct naive *n)
{
	*n = (struct naive){ 0 };
	FRESH(memblock_init, &mb);
	for (phys_t at = 0; at < PAGES * PAGE_SIZE;) {
		phys_t end = min_u64(at + 1 + random_below(100 * PAGE_SIZE), PAGES * PAGE_SIZE);
		struct range r = { at, end };
		int nid = (int)random_below(3) - 1;
		bool hot = random_below(3) == 0;

		if (random_below(4)) {
			must_add(&mb, at, end);
			assert_int_equal(memblock_set_node(&mb, r, nid), OK);
			assert_int_equal(memblock_mark(&mb, r, MEMBLOCK_HOTPLUG, hot), OK);
		}
		at = end;
	}
	for (size_t p = 0; p < PAGES; p++) {
		for (size_t i = 0; i < mb.memory.nr; i++) {
			const struct region *r = &mb.memory.r[i];

			if (r->r.start > p * PAGE_SIZE || r->r.end < (p + 1) * PAGE_SIZE)
				continue;
			n->usable[p] = 1;
			n->nid[p] = r->nid;
			n->hot[p] = r->flags & MEMBLOCK_HOTPLUG;
		}
	}
	for (uint64_t i = random_below(20); i; i--) {
		phys_t at = random_below(PAGES * PAGE_SIZE), end = at + 1 + random_below(20 * PAGE_SIZE);

		must_reserve(&mb, at, end);
		naive_reserve(n, at, end);
	}
	mb.movable_node = random_below(2);
	mb.bottom_up = random_below(2);
}

static void random_change(struct naive *n)
{
	phys_t at = random_below(PAGES * PAGE_SIZE);

	switch (random_below(6)) {
	case 0:
		bounds(a.within.start, max_u64(a.within.end, at), a.nid);
		break;
	case 1:
		bounds(at, at + random_below(PAGES * PAGE_SIZE), a.nid);
		break;
	case 2:
		bounds(0, PAGES * PAGE_SIZE, (int)random_below(4) - 1);
		break;
	case 3:
		mb.bottom_up = !mb.bottom_up;
		break;
	case 4:
		a.buffer_ok = !a.buffer_ok;
		break;
	case 5:
		assert_int_equal(pt_alloc_flush(&a), OK);
		must_reserve(&mb, at, at + 1);
		naive_reserve(n, at, at + 1);
		break;
	}
}

TEST(same_as_page_by_page)
{
	unsigned found = 0, none = 0;
	struct naive n;

	seed = 1;
	for (unsigned trial = 0; trial < 200; trial++) {
		phys_t buffer, buffer_end;

		random_memory(&n);
		buffer = random_below(PAGES - 4) * PAGE_SIZE;
		buffer_end = buffer + 4 * PAGE_SIZE;
		must_reserve(&mb, buffer, buffer_end);
		naive_reserve(&n, buffer, buffer_end);
		pt_alloc_init(&a, &mb, (struct range){ buffer, buffer_end });
		bounds(0, PAGES * PAGE_SIZE, NUMA_NO_NODE);
		for (unsigned step = 0; step < 300; step++) {
			phys_t want;

			if (random_below(8) == 0)
				random_change(&n);
			if (a.buffer_ok && buffer < buffer_end) {
				want = buffer;
				buffer += PAGE_SIZE;
			} else {
				want = naive_find(&n, &a);
			}
			assert_int_equal(pt_alloc_page(&a), want);
			*(want == PHYS_NONE ? &none : &found) += 1;
		}
		assert_int_equal(pt_alloc_flush(&a), OK);
		for (size_t p = 0; p < PAGES; p++) {
			struct range page = { p * PAGE_SIZE, (p + 1) * PAGE_SIZE };

			assert_int_equal(memblock_overlap(&mb.reserved, page) != NULL, n.reserved[p]);
		}
	}
	assert_in_range(found, 10000, 50000);
	assert_in_range(none, 10000, 50000);
}

/* ---- who is told ------------------------------------------------------------------------------------------------- */

struct journal {
	phys_t page[4];
	bool from_buffer[4];
	size_t nr;
};

static void note(void *ctx, phys_t page, bool from_buffer)
{
	struct journal *j = ctx;

	assert_true(j->nr < ARRAY_SIZE(j->page));
	j->page[j->nr] = page;
	j->from_buffer[j->nr++] = from_buffer;
}

TEST(every_page_is_told)
{
	struct journal j = { .nr = 0 };

	a.tell = note;
	a.tell_ctx = &j;
	bounds(MIB, 0x102000, NUMA_NO_NODE);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(pt_alloc_page(&a) == PHYS_NONE, i == 4);
	assert_int_equal(j.nr, 4);
	assert_int_equal(j.page[0], 0x108000);
	assert_int_equal(j.page[1], 0x109000);
	assert_int_equal(j.page[2], 0x100000);
	assert_int_equal(j.page[3], 0x101000);
	assert_true(j.from_buffer[1]);
	assert_false(j.from_buffer[2]);
}

/* Several pages in one go: the buffer's upwards, memblock's from the run at hand, each told by itself and in order. */
TEST(more_at_once)
{
	struct journal j = { .nr = 0 };

	a.tell = note;
	a.tell_ctx = &j;
	mb.bottom_up = false;
	bounds(MIB, 8 * MIB, NUMA_NO_NODE);
	assert_range(pt_alloc_more(&a, 9), 0x108000, 0x10a000);
	assert_int_equal(a.from_buffer, 2);
	assert_true(range_empty(pt_alloc_more(&a, 9))); /* no run has been found yet */
	assert_int_equal(j.nr, 2);
	assert_int_equal(j.page[0], 0x108000);
	assert_int_equal(j.page[1], 0x109000);
	assert_true(j.from_buffer[0] && j.from_buffer[1]);
	j.nr = 0;
	assert_int_equal(pt_alloc_page(&a), 0x4ff000);
	assert_true(range_empty(pt_alloc_more(&a, 1))); /* a run of one page */
	assert_int_equal(pt_alloc_page(&a), 0x4fd000);
	assert_range(pt_alloc_more(&a, 2), 0x4fb000, 0x4fd000);
	assert_int_equal(j.nr, 4);
	assert_int_equal(j.page[2], 0x4fc000);
	assert_int_equal(j.page[3], 0x4fb000);
	assert_false(j.from_buffer[2] || j.from_buffer[3]);
	assert_int_equal(a.from_memblock, 4);
	mb.bottom_up = true; /* the run was found the other way */
	assert_true(range_empty(pt_alloc_more(&a, 1)));
	a.tell = NULL;
	assert_int_equal(pt_alloc_page(&a), MIB);
	assert_range(pt_alloc_more(&a, 9), 0x101000, 0x102000);
	assert_int_equal(pt_alloc_flush(&a), OK);
	assert_non_null(memblock_overlap(&mb.reserved, (struct range){ 0x101000, 0x102000 }));
	assert_non_null(memblock_overlap(&mb.reserved, (struct range){ 0x4fb000, 0x4fc000 }));
	assert_null(memblock_overlap(&mb.reserved, (struct range){ 0x4fa000, 0x4fb000 }));
	assert_int_equal(j.nr, 4);
}
