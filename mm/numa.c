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
	if (log && log->event)
		log->event(log->ctx, e);
}

static void drop_blk(struct numa *n, size_t i)
{
	n->nr_blk--;
	__builtin_memmove(&n->blk[i], &n->blk[i + 1], (n->nr_blk - i) * sizeof(n->blk[0]));
}

/* Drops what holds no memory and cuts what lies beyond the last page of RAM; the order stays. */
static void trim_blks(struct numa *n, const struct memblock *mb, phys_t end_of_ram)
{
	size_t out = 0;

	for (size_t i = 0; i < n->nr_blk; i++) {
		struct numa_memblk b = n->blk[i];
		bool memory = memblock_overlap(&mb->memory, b.r);

		b.r.end = min_u64(b.r.end, end_of_ram);
		if (memory && !range_empty(b.r))
			n->blk[out++] = b;
	}
	n->nr_blk = out;
}

/* Whether any range of a node other than nid overlaps r. */
static bool foreign_inside(const struct numa *n, struct range r, int nid)
{
	for (size_t i = 0; i < n->nr_blk; i++)
		if (n->blk[i].nid != nid && range_overlaps(n->blk[i].r, r))
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
static void join_blk(struct numa *n, size_t i, size_t j, const struct numa_log *log)
{
	struct numa_memblk *a = &n->blk[i], *b = &n->blk[j];
	struct range hull = range_hull(a->r, b->r);

	tell(log,
	     &(struct numa_event){
		     .kind = NUMA_JOINED, .nid = a->nid, .other_nid = a->nid, .a = a->r, .b = b->r, .result = hull });
	a->r = hull;
}

/* Drops j and makes range i the hull of i and j, if both are of one node and no other node lies in between. */
static bool join_pair(struct numa *n, size_t i, size_t j, const struct numa_log *log)
{
	const struct numa_memblk *a = &n->blk[i], *b = &n->blk[j];
	struct range hull = range_hull(a->r, b->r);

	if (a->nid != b->nid || foreign_inside(n, hull, a->nid))
		return false;
	join_blk(n, i, j, log);
	drop_blk(n, j);
	return true;
}

/*
 * Where two nodes overlap. Every pair once, in the order of numa_cleanup_meminfo: it decides what is joined before an
 * overlap is met, and which one is named. Nothing joins a range on which another node lies, so one is met.
 */
static enum status join_pairs(struct numa *n, const struct numa_log *log)
{
	for (size_t i = 0;; i++) {
		KASSERT(i < n->nr_blk);
		for (size_t j = i + 1; j < n->nr_blk;) {
			if (check_overlap(&n->blk[i], &n->blk[j], log) != OK)
				return ERR_CONFLICT;
			if (!join_pair(n, i, j, log))
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
static APART void sort_blks(uint16_t *at, const struct numa_memblk *blk, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		at[i] = (uint16_t)i;
	sort_indices(at, nr, starts_before, blk);
}

/*
 * Parts n->blk_at into runs, of neighbours of one node, each in the table's order; run[i] is the place where the run of
 * range i begins. False: two nodes overlap.
 */
static bool find_runs(struct numa *n, uint16_t *run)
{
	phys_t end = 0;
	size_t first = 0;

	sort_blks(n->blk_at, n->blk, n->nr_blk);
	for (size_t k = 0; k < n->nr_blk; k++) {
		const struct numa_memblk *b = &n->blk[n->blk_at[k]];

		if (b->nid != n->blk[n->blk_at[first]].nid) {
			if (b->r.start < end)
				return false;
			sort_indices(n->blk_at + first, k - first, listed_before, NULL);
			first = k;
		}
		run[n->blk_at[k]] = (uint16_t)first;
		end = max_u64(end, b->r.end);
	}
	sort_indices(n->blk_at + first, n->nr_blk - first, listed_before, NULL);
	return true;
}

/* Joins each run into the first of its ranges in the table, in the order in which join_pairs would. */
static void join_runs(struct numa *n, const uint16_t *run, const struct numa_log *log)
{
	size_t out = 0;

	for (size_t i = 0; i < n->nr_blk; i++) {
		size_t first = run[i];

		if (n->blk_at[first] != i)
			continue;
		for (size_t k = first + 1; k < n->nr_blk && run[n->blk_at[k]] == first; k++) {
			(void)check_overlap(&n->blk[i], &n->blk[n->blk_at[k]], log);
			join_blk(n, i, n->blk_at[k], log);
		}
	}
	for (size_t i = 0; i < n->nr_blk; i++)
		if (n->blk_at[run[i]] == i)
			n->blk[out++] = n->blk[i];
	n->nr_blk = out;
}

static enum status join_blks(struct numa *n, const struct numa_log *log)
{
	uint16_t *run = n->hot_at; /* not in use before numa_judge */

	if (!find_runs(n, run))
		return join_pairs(n, log);
	join_runs(n, run, log);
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
		struct range below = range_clamp(piece.span, (struct range){ 0, end_of_ram });
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
	for (unsigned i = 0; i < n->nr_nodes; i++) {
		n->node[i].hotplug = n->node[i].hot_present != 0;
		n->node[i].pinned_by = NO_RANGE;
	}
	for (size_t i = 0; i < n->nr_blk; i++) {
		struct range blk = n->blk[i].r, *pin = &n->node[n->blk[i].nid].pinned_by;
		const struct region *hit = memblock_overlap(&mb->reserved, blk);

		if (hit && n->node[n->blk[i].nid].hotplug && (range_empty(*pin) || blk.start < pin->start))
			*pin = range_clamp(hit->r, blk);
	}
}

/* ---- ranges one after the other ---- */

/* False: two of them overlap. */
static bool order(uint16_t *at, const struct numa_memblk *blk, size_t nr)
{
	sort_blks(at, blk, nr);
	for (size_t k = 1; k < nr; k++)
		if (blk[at[k]].r.start < blk[at[k - 1]].r.end)
			return false;
	return true;
}

static void order_ranges(struct numa *n)
{
	n->ordered = order(n->blk_at, n->blk, n->nr_blk) && order(n->hot_at, n->hot, n->nr_hot);
}

/* The place of the first range that ends above p. */
static size_t find_place(const uint16_t *at, const struct numa_memblk *blk, size_t nr, phys_t p)
{
	size_t lo = 0, hi = nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (blk[at[mid]].r.end > p)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Ranges, and their indices by address. */
struct ordered {
	const uint16_t *at;
	const struct numa_memblk *blk;
	size_t nr;
};

/* Shrinks *span as narrow_span for all of the ranges; returns the one that holds p, NULL when none does. */
static const struct numa_memblk *narrow_to(struct range *span, const struct ordered *in, phys_t p)
{
	size_t k = find_place(in->at, in->blk, in->nr, p);

	if (k > 0)
		(void)narrow_span(span, &in->blk[in->at[k - 1]], p);
	return k < in->nr && narrow_span(span, &in->blk[in->at[k]], p) ? &in->blk[in->at[k]] : NULL;
}

void numa_count(struct numa *n, const struct memblock *mb)
{
	struct numa_spot piece = { .nid = NUMA_NO_NODE };

	order_ranges(n);
	for (unsigned i = 0; i < n->nr_nodes; i++)
		n->node[i].present = n->node[i].hot_present = 0;
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
	n->nr_blk = n->nr_hot = 0;
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
	KASSERT(n->nr_hot <= n->nr_blk);
	if (n->nr_blk == NR_NODE_MEMBLKS)
		return ERR_FULL;
	n->ordered = false;
	n->blk[n->nr_blk++] = blk;
	if (hotplug)
		n->hot[n->nr_hot++] = blk;
	return OK;
}

enum status numa_force_hotplug(struct numa *n, int nid)
{
	uint64_t before = 0, after = 0;
	size_t out = 0;

	if (nid < 0 || (unsigned)nid >= n->nr_nodes)
		return ERR_NOT_FOUND;
	n->ordered = false;
	for (size_t i = 0; i < n->nr_hot; i++) {
		if (n->hot[i].nid != nid)
			n->hot[out++] = n->hot[i];
		else
			before += range_size(n->hot[i].r);
	}
	n->nr_hot = out;
	for (size_t i = 0; i < n->nr_blk; i++) {
		if (n->blk[i].nid != nid)
			continue;
		KASSERT(n->nr_hot < NR_NODE_MEMBLKS);
		n->hot[n->nr_hot++] = n->blk[i];
		after += range_size(n->blk[i].r);
	}
	return after == before ? ERR_RANGE : OK;
}

enum status numa_cleanup(struct numa *n, const struct memblock *mb, phys_t end_of_ram, const struct numa_log *log)
{
	trim_blks(n, mb, end_of_ram);
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
		n->blk[n->nr_blk++] = (struct numa_memblk){ { 0, end_of_ram }, 0 };
}

void numa_note_table(struct numa *n, struct range r)
{
	for (size_t i = 0; i < n->nr_blk; i++)
		if (range_overlaps(n->blk[i].r, r))
			n->node[n->blk[i].nid].tables = true;
}

void numa_judge(struct numa *n, const struct memblock *mb)
{
	numa_count(n, mb);
	find_pins(n, mb);
	for (unsigned i = 0; i < n->nr_nodes; i++)
		n->node[i].movable = n->node[i].hotplug && range_empty(n->node[i].pinned_by) && !n->node[i].tables;
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
	for (size_t i = 0; i < n->nr_hot; i++)
		if ((set || !n->node[n->hot[i].nid].movable) &&
		    memblock_mark(mb, first_bytes(&n->hot[i]), MEMBLOCK_HOTPLUG, set) != OK)
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
	for (size_t i = 0; i < n->nr_blk; i++)
		if (memblock_set_node(mb, first_bytes(&n->blk[i]), n->blk[i].nid) != OK)
			return ERR_FULL;
	mb->lost = mb->full;
	return mark_ranges(n, mb, false);
}

size_t numa_first_blk(const struct numa *n, phys_t p)
{
	return find_place(n->blk_at, n->blk, n->nr_blk, p);
}

const struct numa_memblk *numa_next_movable(const struct numa *n, phys_t p)
{
	const struct numa_memblk *next = NULL;
	size_t k = n->ordered ? find_place(n->hot_at, n->hot, n->nr_hot, p) : 0;

	for (; k < n->nr_hot && !(next && n->ordered); k++) {
		const struct numa_memblk *b = &n->hot[n->ordered ? n->hot_at[k] : k];

		if (n->node[b->nid].movable && b->r.start >= p && (!next || b->r.start < next->r.start))
			next = b;
	}
	return next;
}

static struct numa_spot look_at_all(const struct numa *n, phys_t p)
{
	struct numa_spot spot = { .nid = NUMA_NO_NODE, .span = { 0, UINT64_MAX } };

	for (size_t i = 0; i < n->nr_blk; i++)
		if (narrow_span(&spot.span, &n->blk[i], p) && spot.nid == NUMA_NO_NODE)
			spot.nid = n->blk[i].nid;
	for (size_t i = 0; i < n->nr_hot; i++)
		if (narrow_span(&spot.span, &n->hot[i], p) && n->hot[i].nid == spot.nid)
			spot.hot = true;
	return spot;
}

/* The same where ranges are ordered. */
static struct numa_spot look_at_near(const struct numa *n, phys_t p)
{
	struct numa_spot spot = { .nid = NUMA_NO_NODE, .span = { 0, UINT64_MAX } };
	const struct numa_memblk *blk = narrow_to(&spot.span, &(struct ordered){ n->blk_at, n->blk, n->nr_blk }, p);
	const struct numa_memblk *hot = narrow_to(&spot.span, &(struct ordered){ n->hot_at, n->hot, n->nr_hot }, p);

	if (blk)
		spot.nid = blk->nid;
	spot.hot = blk && hot && hot->nid == blk->nid;
	return spot;
}

struct numa_spot numa_look_at(const struct numa *n, phys_t p)
{
	struct numa_spot spot = n->ordered ? look_at_near(n, p) : look_at_all(n, p);

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
