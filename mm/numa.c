/* SPDX-License-Identifier: MIT */
/* From SRAT's ranges to nodes: joining, refusing, judging which node is movable, and telling memblock. */
#include "mm/numa.h"

#include "lib/sort.h"
#include "mm/linux_rules.h"

#define INIT_MEMBLOCK_REGIONS 128
#define COVER_SLACK (1 * MIB) /* Linux accepts a table that misses less RAM than that */

/* Shrinks *span to the part around p in which b either holds every byte or none; true when it holds p. */
static bool narrow_span(struct range *span, const struct numa_memblk *b, phys_t p)
{
	if (p < b->r.start) {
		span->end = min_u64(span->end, b->r.start);
		return false;
	}
	if (p >= b->r.end) {
		span->start = max_u64(span->start, b->r.end);
		return false;
	}
	*span = range_clamp(*span, b->r);
	return true;
}

static void tell(const struct numa_log *log, const struct numa_event *e)
{
	if (log)
		log->event(log->ctx, e);
}

/* Drops what holds no memory and cuts what lies beyond the last page of RAM; the order stays. */
static void trim_blks(struct numa_ranges *l, const struct memblock *mb, phys_t end_of_ram)
{
	size_t out = 0;

	for_each (old, l->blk, l->nr) {
		struct numa_memblk b = *old;
		bool memory = memblock_overlap(&mb->memory, b.r);

		b.r.end = min_u64(b.r.end, end_of_ram);
		if (memory && !range_empty(b.r))
			l->blk[out++] = b;
	}
	l->nr = out;
}

/* Whether any range of a node other than nid overlaps r. */
static bool foreign_inside(const struct numa_ranges *l, struct range r, int nid)
{
	for_each (b, l->blk, l->nr)
		if (b->nid != nid && range_overlaps(b->r, r))
			return true;
	return false;
}

/* Linux's words on a pair of ranges that overlap. ERR_CONFLICT when they are of different nodes. */
static enum status check_overlap(const struct numa_memblk *a, const struct numa_memblk *b, const struct numa_log *log)
{
	struct numa_event e = {
		.kind = a->nid == b->nid ? NUMA_OVERLAPS_SELF : NUMA_OVERLAPS,
		.nid = a->nid,
		.other_nid = b->nid,
		.a = a->r,
		.b = b->r,
	};

	if (!range_overlaps(e.a, e.b))
		return OK;
	tell(log, &e);
	return e.kind == NUMA_OVERLAPS ? ERR_CONFLICT : OK;
}

/* Makes range i the hull of i and j, which is of the same node, and says so. */
static void join_blk(struct numa_ranges *l, size_t i, size_t j, const struct numa_log *log)
{
	struct numa_memblk *a = &l->blk[i], *b = &l->blk[j];
	struct range hull = range_hull(a->r, b->r);

	tell(log,
	     &(struct numa_event){
		     .kind = NUMA_JOINED, .nid = a->nid, .other_nid = a->nid, .a = a->r, .b = b->r, .result = hull });
	a->r = hull;
}

/* Drops j and makes range i the hull of i and j, if both are of one node and no other node lies in between. */
static bool join_pair(struct numa_ranges *l, size_t i, size_t j, const struct numa_log *log)
{
	const struct numa_memblk *a = &l->blk[i], *b = &l->blk[j];
	struct range hull = range_hull(a->r, b->r);

	if (a->nid != b->nid || foreign_inside(l, hull, a->nid))
		return false;
	join_blk(l, i, j, log);
	l->nr--;
	__builtin_memmove(&l->blk[j], &l->blk[j + 1], (l->nr - j) * sizeof(*l->blk));
	return true;
}

/*
 * Where two nodes overlap. Every pair once, in the order of numa_cleanup_meminfo: it decides what is joined before an
 * overlap is met, and which one is named. Nothing joins a range on which another node lies, so one is met.
 */
static enum status join_pairs(struct numa_ranges *l, const struct numa_log *log)
{
	for (size_t i = 0;; i++) {
		KASSERT(i < l->nr);
		for (size_t j = i + 1; j < l->nr;) {
			if (check_overlap(&l->blk[i], &l->blk[j], log) != OK)
				return ERR_CONFLICT;
			if (!join_pair(l, i, j, log))
				j++;
		}
	}
}

/* ---- the same where no node overlaps another: neighbours of one node join, and nothing else does ---- */

static bool starts_before(const void *ctx, unsigned a, unsigned b)
{
	const struct numa_memblk *blk = ctx;

	return blk[a].r.start != blk[b].r.start ? blk[a].r.start < blk[b].r.start : a < b;
}

static bool listed_before(const void *ctx, unsigned a, unsigned b)
{
	(void)ctx;
	return a < b;
}

/* Numbers of the ranges by where they begin. */
static APART void sort_blks(struct numa_ranges *l)
{
	for (size_t i = 0; i < l->nr; i++)
		l->at[i] = (uint16_t)i;
	sort_indices(l->at, l->nr, starts_before, l->blk);
}

/*
 * Parts l->at into runs, of neighbours of one node, each in the table's order; run[i] is the place where the run of
 * range i begins. False: two nodes overlap.
 */
static bool find_runs(struct numa_ranges *l, uint16_t *run)
{
	phys_t end = 0;
	size_t first = 0;

	sort_blks(l);
	for (size_t k = 0; k < l->nr; k++) {
		const struct numa_memblk *b = &l->blk[l->at[k]];

		if (b->nid != l->blk[l->at[first]].nid) {
			if (b->r.start < end)
				return false;
			sort_indices(l->at + first, k - first, listed_before, NULL);
			first = k;
		}
		run[l->at[k]] = (uint16_t)first;
		end = max_u64(end, b->r.end);
	}
	sort_indices(l->at + first, l->nr - first, listed_before, NULL);
	return true;
}

/* Joins each run into the first of its ranges in the table, in the order in which join_pairs would. */
static void join_runs(struct numa_ranges *l, const uint16_t *run, const struct numa_log *log)
{
	size_t out = 0;

	for (size_t i = 0; i < l->nr; i++) {
		size_t first = run[i];

		if (l->at[first] != i)
			continue;
		for (size_t k = first + 1; k < l->nr && run[l->at[k]] == first; k++) {
			(void)check_overlap(&l->blk[i], &l->blk[l->at[k]], log);
			join_blk(l, i, l->at[k], log);
		}
	}
	for (size_t i = 0; i < l->nr; i++)
		if (l->at[run[i]] == i)
			l->blk[out++] = l->blk[i];
	l->nr = out;
}

static enum status join_blks(struct numa *n, const struct numa_log *log)
{
	uint16_t *run = n->hot.at; /* not in use before numa_judge */

	if (!find_runs(&n->mem, run))
		return join_pairs(&n->mem, log);
	join_runs(&n->mem, run, log);
	return OK;
}

/*
 * Counts whole pages of memory below end_of_ram, and those of them on a node. Linux counts pages of regions cut at node
 * borders: a page that lies across a border counts for nobody.
 */
static enum status check_cover(const struct numa *n, const struct memblock *mb, phys_t end_of_ram,
			       const struct numa_log *log)
{
	struct numa_event e = { .kind = NUMA_NOT_COVERED, .nid = NUMA_NO_NODE, .other_nid = NUMA_NO_NODE };
	struct numa_spot piece = { .nid = NUMA_NO_NODE };

	while (numa_next_piece(n, mb, &piece)) {
		struct range below = range_clamp(piece.span, range_below(end_of_ram));
		uint64_t bytes = range_empty(below) ? 0 : range_size(range_whole_pages(below));

		e.total += bytes;
		e.covered += piece.nid == NUMA_NO_NODE ? 0 : bytes;
	}
	if (e.total - e.covered < COVER_SLACK)
		return OK;
	tell(log, &e);
	return ERR_NOT_FOUND;
}

/* Tells which nodes are hot-pluggable, and gives those the lowest reserved bytes inside their joined ranges. */
static void find_pins(struct numa *n, const struct memblock *mb)
{
	for_each (node, n->node, n->nr_nodes) {
		node->hotplug = node->hot_present != 0;
		node->pinned_by = NO_RANGE;
	}
	for_each (b, n->mem.blk, n->mem.nr) {
		struct range blk = b->r, *pin = &n->node[b->nid].pinned_by;
		const struct region *hit = memblock_overlap(&mb->reserved, blk);

		if (hit && n->node[b->nid].hotplug && (range_empty(*pin) || blk.start < pin->start))
			*pin = range_clamp(hit->r, blk);
	}
}

/* ---- ranges one after the other ---- */

/* False: two of them overlap. */
static bool order(struct numa_ranges *l)
{
	sort_blks(l);
	for (size_t k = 1; k < l->nr; k++)
		if (l->blk[l->at[k]].r.start < l->blk[l->at[k - 1]].r.end)
			return false;
	return true;
}

static void order_ranges(struct numa *n)
{
	n->ordered = order(&n->mem) && order(&n->hot);
}

/* The place of the first range that ends above p. */
static size_t find_place(const struct numa_ranges *l, phys_t p)
{
	size_t lo = 0, hi = l->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->blk[l->at[mid]].r.end > p)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

void numa_count(struct numa *n, const struct memblock *mb)
{
	struct numa_spot piece = { .nid = NUMA_NO_NODE };

	order_ranges(n);
	for_each (node, n->node, n->nr_nodes)
		node->present = node->hot_present = 0;
	while (numa_next_piece(n, mb, &piece)) {
		if (piece.nid != NUMA_NO_NODE)
			n->node[piece.nid].present += range_size(piece.span);
		if (piece.hot)
			n->node[piece.nid].hot_present += range_size(piece.span);
	}
}

void numa_init(struct numa *n)
{
	n->nr_nodes = 0;
	n->mem.nr = n->hot.nr = 0;
	n->ordered = false;
	__builtin_memset(n->nid_of_pxm, 0, sizeof(n->nid_of_pxm));
}

int numa_map_pxm(struct numa *n, uint32_t pxm)
{
	int nid = numa_pxm_to_node(n, pxm);

	if (nid != NUMA_NO_NODE)
		return nid;
	/* As many PXMs as numbers: a PXM that is small enough always finds one. */
	if (pxm >= MAX_NUMNODES)
		return NUMA_NO_NODE;
	nid = (int)n->nr_nodes++;
	n->node[nid] = (struct numa_node){ .pxm = pxm };
	n->nid_of_pxm[pxm] = (uint16_t)(nid + 1);
	return nid;
}

int numa_pxm_to_node(const struct numa *n, uint32_t pxm)
{
	return pxm < MAX_NUMNODES ? (int)n->nid_of_pxm[pxm] - 1 : NUMA_NO_NODE;
}

enum status numa_add_memblk(struct numa *n, int nid, struct range r, bool hotplug)
{
	struct numa_memblk blk = { r, nid };

	KASSERT(nid >= 0 && (unsigned)nid < n->nr_nodes);
	if (range_empty(r))
		return OK;
	KASSERT(n->hot.nr <= n->mem.nr);
	if (n->mem.nr == NR_NODE_MEMBLKS)
		return ERR_FULL;
	n->ordered = false;
	n->mem.blk[n->mem.nr++] = blk;
	if (hotplug)
		n->hot.blk[n->hot.nr++] = blk;
	return OK;
}

enum status numa_force_hotplug(struct numa *n, int nid)
{
	uint64_t before = 0, after = 0;
	size_t out = 0;

	if (nid < 0 || (unsigned)nid >= n->nr_nodes)
		return ERR_NOT_FOUND;
	n->ordered = false;
	for_each (b, n->hot.blk, n->hot.nr) {
		if (b->nid != nid)
			n->hot.blk[out++] = *b;
		else
			before += range_size(b->r);
	}
	n->hot.nr = out;
	for_each (b, n->mem.blk, n->mem.nr) {
		if (b->nid != nid)
			continue;
		KASSERT(n->hot.nr < NR_NODE_MEMBLKS);
		n->hot.blk[n->hot.nr++] = *b;
		after += range_size(b->r);
	}
	return after == before ? ERR_RANGE : OK;
}

enum status numa_cleanup(struct numa *n, const struct memblock *mb, phys_t end_of_ram, const struct numa_log *log)
{
	trim_blks(&n->mem, mb, end_of_ram);
	if (join_blks(n, log) != OK)
		return ERR_CONFLICT;
	order_ranges(n);
	return check_cover(n, mb, end_of_ram, log);
}

void numa_fake_one_node(struct numa *n, phys_t end_of_ram)
{
	numa_init(n);
	(void)numa_map_pxm(n, 0);
	if (end_of_ram)
		n->mem.blk[n->mem.nr++] = (struct numa_memblk){ { 0, end_of_ram }, 0 };
}

void numa_note_table(struct numa *n, struct range r)
{
	for_each (b, n->mem.blk, n->mem.nr)
		if (range_overlaps(b->r, r))
			n->node[b->nid].tables = true;
}

void numa_judge(struct numa *n, const struct memblock *mb)
{
	numa_count(n, mb);
	find_pins(n, mb);
	for_each (node, n->node, n->nr_nodes)
		node->movable = node->hotplug && range_empty(node->pinned_by) && !node->tables;
}

/* A page belongs where its first byte does: a border inside a page must not split it, or nobody would map it. */
static APART struct range first_bytes(const struct numa_memblk *b)
{
	const phys_t last = align_down(UINT64_MAX, PAGE_SIZE);

	return (struct range){ align_up(min_u64(b->r.start, last), PAGE_SIZE),
			       align_up(min_u64(b->r.end, last), PAGE_SIZE) };
}

/* Marks the ranges of all nodes, or takes the marks of those away that are not movable. */
static APART enum status mark_ranges(const struct numa *n, struct memblock *mb, bool set)
{
	for_each (b, n->hot.blk, n->hot.nr)
		if ((set || !n->node[b->nid].movable) && memblock_mark(mb, first_bytes(b), MEMBLOCK_HOTPLUG, set) != OK)
			return ERR_FULL;
	return OK;
}

/*
 * Linux's array of regions doubles while memory is added. From then on until there is a direct map it cannot: the block
 * for the new one would have to lie in the first MiB.
 */
static size_t room_in_array(size_t nr)
{
	size_t room = INIT_MEMBLOCK_REGIONS;

	while (room < nr)
		room *= 2;
	return room;
}

/* The order counts where room runs out: marks while the table is read, then nodes, then what the kernel lies on. */
enum status numa_apply(const struct numa *n, struct memblock *mb, uint32_t as_linux)
{
	mb->room = linux_follows(as_linux, LINUX_RESERVES_FIRST_MIB) ? room_in_array(mb->memory.nr) : 0;
	mb->full = false;
	if (mark_ranges(n, mb, true) != OK)
		return ERR_FULL;
	for_each (b, n->mem.blk, n->mem.nr)
		if (memblock_set_node(mb, first_bytes(b), b->nid) != OK)
			return ERR_FULL;
	mb->lost = mb->full;
	return mark_ranges(n, mb, false);
}

size_t numa_first_blk(const struct numa *n, phys_t p)
{
	return find_place(&n->mem, p);
}

const struct numa_memblk *numa_next_movable(const struct numa *n, phys_t p)
{
	const struct numa_memblk *next = NULL;
	size_t k = n->ordered ? find_place(&n->hot, p) : 0;

	for (; k < n->hot.nr && !(next && n->ordered); k++) {
		const struct numa_memblk *b = &n->hot.blk[n->ordered ? n->hot.at[k] : k];

		if (n->node[b->nid].movable && b->r.start >= p && (!next || b->r.start < next->r.start))
			next = b;
	}
	return next;
}

/*
 * Shrinks spot->span as narrow_span for all of the ranges; where they are ordered, those around p do. Returns the first
 * of them that holds p, of spot's node, NUMA_NO_NODE: of any; NULL when none does.
 */
static const struct numa_memblk *narrow_to(struct numa_spot *spot, const struct numa_ranges *l, bool ordered, phys_t p)
{
	const struct numa_memblk *found = NULL;
	size_t k = 0, end = l->nr;

	if (ordered) {
		k = find_place(l, p);
		end = min_u64(k + 1, l->nr);
		k -= k > 0;
	}
	for (; k < end; k++) {
		const struct numa_memblk *b = &l->blk[ordered ? l->at[k] : k];

		if (narrow_span(&spot->span, b, p) && !found && (spot->nid == NUMA_NO_NODE || b->nid == spot->nid))
			found = b;
	}
	return found;
}

struct numa_spot numa_look_at(const struct numa *n, phys_t p)
{
	struct numa_spot spot = { .nid = NUMA_NO_NODE, .span = { 0, UINT64_MAX } };
	const struct numa_memblk *b = narrow_to(&spot, &n->mem, n->ordered, p);

	if (b)
		spot.nid = b->nid;
	spot.hot = narrow_to(&spot, &n->hot, n->ordered, p) && b;
	spot.movable = spot.hot && n->node[spot.nid].movable;
	return spot;
}

bool numa_next_piece(const struct numa *n, const struct memblock *mb, struct numa_spot *piece)
{
	phys_t from = piece->span.end;
	size_t i = memblock_first(&mb->memory, from);
	struct range left;

	if (i == mb->memory.nr)
		return false;
	left = mb->memory.r[i].r;
	left.start = max_u64(left.start, from);
	*piece = numa_look_at(n, left.start);
	piece->span = range_clamp(left, piece->span);
	return true;
}
