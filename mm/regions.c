/* SPDX-License-Identifier: MIT */
/* Finds, adds, cuts and joins the regions of a sorted list. */
#include "mm/regions.h"

size_t regions_first(const struct region *r, size_t nr, phys_t p)
{
	size_t lo = 0, hi = nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r[mid].r.end > p)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

size_t regions_below(const struct region *r, size_t nr, phys_t p)
{
	size_t i = regions_first(r, nr, p);

	return i < nr && r[i].r.start < p ? i + 1 : i;
}

/* Moves the regions from index `from` on to index `to`. */
static APART void move_tail(const struct regions *l, size_t to, size_t from)
{
	__builtin_memmove(&l->r[to], &l->r[from], (*l->nr - from) * sizeof(*l->r));
	*l->nr = *l->nr - from + to;
}

enum status regions_insert(const struct regions *l, size_t at, const struct region *new)
{
	if (*l->nr >= l->max)
		return ERR_FULL;
	move_tail(l, at + 1, at);
	l->r[at] = *new;
	return OK;
}

void regions_drop(const struct regions *l, size_t from, size_t to)
{
	move_tail(l, from, to);
}

static bool joins(const struct region *a, const struct region *b)
{
	return a->r.end == b->r.start && a->nid == b->nid && a->flags == b->flags;
}

/* Puts a region that overlaps nothing at index `at`, growing a neighbour where it may: no page costs a pass then. */
static enum status fill_gap(const struct regions *l, size_t at, const struct region *new)
{
	struct region *left = at > 0 && joins(&l->r[at - 1], new) ? &l->r[at - 1] : NULL;
	struct region *right = at < *l->nr && joins(new, &l->r[at]) ? &l->r[at] : NULL;

	if (left && right) {
		left->r.end = right->r.end;
		regions_drop(l, at, at + 1);
	} else if (left) {
		left->r.end = new->r.end;
	} else if (right) {
		right->r.start = new->r.start;
	} else {
		return regions_insert(l, at, new);
	}
	return OK;
}

enum status regions_add(const struct regions *l, struct region new)
{
	enum status s = OK;

	while (s == OK && !range_empty(new.r)) {
		size_t i = regions_first(l->r, *l->nr, new.r.start);
		struct region gap = new;

		new.r.start = new.r.end;
		if (i < *l->nr && l->r[i].r.start < new.r.end) {
			gap.r.end = l->r[i].r.start;
			new.r.start = l->r[i].r.end;
		}
		if (!range_empty(gap.r))
			s = fill_gap(l, i, &gap);
	}
	return s;
}

/* Cuts the region that p lies inside of. */
static enum status cut_at(const struct regions *l, phys_t p)
{
	size_t i = regions_first(l->r, *l->nr, p);
	struct region tail;

	if (i == *l->nr || l->r[i].r.start >= p)
		return OK;
	tail = l->r[i];
	tail.r.start = p;
	if (regions_insert(l, i + 1, &tail) != OK)
		return ERR_FULL;
	l->r[i].r.end = p;
	return OK;
}

enum status regions_isolate(const struct regions *l, struct range r, size_t *from, size_t *to)
{
	*from = *to = 0;
	if (range_empty(r))
		return OK;
	if (cut_at(l, r.start) != OK || cut_at(l, r.end) != OK) {
		regions_join(l, 0, *l->nr);
		return ERR_FULL;
	}
	*from = regions_first(l->r, *l->nr, r.start);
	*to = regions_below(l->r, *l->nr, r.end);
	return OK;
}

void regions_join(const struct regions *l, size_t from, size_t to)
{
	size_t out = from ? from - 1 : 0, end = min_u64(to + 1, *l->nr);

	if (out >= end)
		return;
	for (size_t i = out + 1; i < end; i++) {
		if (joins(&l->r[out], &l->r[i]))
			l->r[out].r.end = l->r[i].r.end;
		else
			l->r[++out] = l->r[i];
	}
	regions_drop(l, out + 1, end);
}
