/* SPDX-License-Identifier: MIT */
/* The memory map: any mess of told ranges becomes a sorted list in which every byte has one type. */
#include "mm/e820.h"

/* Unknown types have the last one's names. */
static const struct type_names {
	enum e820_type type;
	const char *ours, *in_linux;
} type_names[] = {
	{ E820_RAM, "usable", "usable" },
	{ E820_RESERVED, "reserved", "reserved" },
	{ E820_ACPI, "acpi", "ACPI data" },
	{ E820_NVS, "nvs", "ACPI NVS" },
	{ E820_UNUSABLE, "unusable", "unusable" },
	{ E820_PMEM, "persistent", "persistent (type 7)" },
	{ E820_PRAM, "persistent", "persistent (type 12)" },
	{ E820_SOFT_RESERVED, "soft-reserved", "soft reserved" },
	{ 0, "unknown", "unknown" },
};

static APART void move_entries(struct e820 *m, size_t to, size_t from, size_t nr)
{
	__builtin_memmove(&m->e[to], &m->e[from], nr * sizeof(m->e[0]));
}

/* Whether a comes before b in the order in which ranges are laid down: the type that wins first, then by address. */
static APART bool lays_before(const struct e820_entry *a, const struct e820_entry *b)
{
	return a->type != b->type ? (uint32_t)a->type > (uint32_t)b->type : a->start < b->start;
}

static void sort_entries(struct e820 *m)
{
	for (size_t i = 1; i < m->nr; i++) {
		struct e820_entry e = m->e[i];
		size_t at = 0, end = i;

		while (at < end) {
			size_t mid = at + (end - at) / 2;

			if (lays_before(&e, &m->e[mid]))
				end = mid;
			else
				at = mid + 1;
		}
		move_entries(m, at + 1, at, i - at);
		m->e[at] = e;
	}
}

size_t e820_first(const struct e820 *m, phys_t p)
{
	size_t lo = 0, hi = m->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->e[mid].end > p)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Adds an entry in its place; `room` entries is all there is. */
static enum status insert_entry(struct e820 *m, struct e820_entry e, size_t room)
{
	size_t at = e820_first(m, e.start);

	if (m->nr >= room)
		return ERR_FULL;
	move_entries(m, at + 1, at, m->nr - at);
	m->e[at] = e;
	m->nr++;
	return OK;
}

/* Adds the parts of e on which nothing lies yet. */
static enum status lay_down(struct e820 *m, struct e820_entry e, size_t room)
{
	while (e.start < e.end) {
		size_t i = e820_first(m, e.start);
		struct e820_entry piece = e;

		e.start = e.end;
		if (i < m->nr && m->e[i].start < e.end) {
			piece.end = m->e[i].start;
			e.start = m->e[i].end;
		}
		if (piece.start < piece.end && insert_entry(m, piece, room) != OK)
			return ERR_FULL;
	}
	return OK;
}

/* Joins what touches and is of one type among the entries [from, to) and their neighbours. */
static void join_entries(struct e820 *m, size_t from, size_t to)
{
	size_t out = from ? from - 1 : 0, end = min_u64(to + 1, m->nr);

	if (out >= end)
		return;
	for (size_t i = out + 1; i < end; i++) {
		if (m->e[out].end == m->e[i].start && m->e[out].type == m->e[i].type)
			m->e[out].end = m->e[i].end;
		else
			m->e[++out] = m->e[i];
	}
	if (out + 1 < end) {
		move_entries(m, out + 1, end, m->nr - end);
		m->nr -= end - (out + 1);
	}
}

/* Cuts the entry that p lies inside of. */
static enum status cut_at(struct e820 *m, phys_t p)
{
	size_t i = e820_first(m, p);
	struct e820_entry tail;

	if (i == m->nr || m->e[i].start >= p)
		return OK;
	if (m->nr == E820_MAX)
		return ERR_FULL;
	tail = m->e[i];
	tail.start = p;
	m->e[i].end = p;
	return insert_entry(m, tail, E820_MAX);
}

/* Makes the entries inside r whole ones. */
static enum status cut_out(struct e820 *m, struct range r)
{
	if (cut_at(m, r.start) == OK && cut_at(m, r.end) == OK)
		return OK;
	join_entries(m, 0, m->nr);
	return ERR_FULL;
}

static APART const struct type_names *names_of(enum e820_type type)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(type_names) - 1 && type_names[i].type != type)
		i++;
	return &type_names[i];
}

enum status e820_add(struct e820 *m, phys_t start, uint64_t size, enum e820_type type)
{
	if (size == 0)
		return OK;
	if (size > UINT64_MAX - start)
		return ERR_MALFORMED;
	if (m->nr == E820_MAX)
		return ERR_FULL;
	m->e[m->nr++] = (struct e820_entry){ start, start + size, type };
	return OK;
}

/*
 * The change-point sweep's result without its second table: what wins is laid down first, what follows fills the gaps.
 * The entries still to come wait at the end of the array. Type 0 means nothing to Linux's sweep and vanishes.
 */
enum status e820_sanitize(struct e820 *m)
{
	size_t told = m->nr, first = E820_MAX - told;

	sort_entries(m);
	move_entries(m, first, 0, told);
	m->nr = 0;
	for (size_t i = first; i < E820_MAX; i++) {
		struct e820_entry e = m->e[i];

		if (e.type != 0 && lay_down(m, e, i + 1) != OK)
			return ERR_FULL;
	}
	join_entries(m, 0, m->nr);
	return OK;
}

enum status e820_update(struct e820 *m, struct range r, enum e820_type from, enum e820_type to)
{
	size_t first, i;

	if (range_empty(r))
		return OK;
	if (cut_out(m, r) != OK)
		return ERR_FULL;
	first = e820_first(m, r.start);
	for (i = first; i < m->nr && m->e[i].start < r.end; i++)
		if (m->e[i].type == from)
			m->e[i].type = to;
	join_entries(m, first, i);
	return OK;
}

enum status e820_remove(struct e820 *m, struct range r, enum e820_type type)
{
	size_t first, out, i;

	if (range_empty(r))
		return OK;
	if (cut_out(m, r) != OK)
		return ERR_FULL;
	first = out = e820_first(m, r.start);
	for (i = first; i < m->nr && m->e[i].start < r.end; i++)
		if (type != 0 && m->e[i].type != type)
			m->e[out++] = m->e[i];
	move_entries(m, out, i, m->nr - i);
	m->nr -= i - out;
	join_entries(m, first, out);
	return OK;
}

phys_t e820_end_of_ram(const struct e820 *m, phys_t limit)
{
	phys_t last = 0, stop = align_down(limit, PAGE_SIZE);

	for (size_t i = 0; i < m->nr; i++)
		if (m->e[i].type == E820_RAM && m->e[i].start < stop)
			last = max_u64(last, min_u64(align_down(m->e[i].end, PAGE_SIZE), stop));
	return last;
}

bool e820_covers(const struct e820 *m, struct range r, enum e820_type type)
{
	for (size_t i = e820_first(m, r.start); !range_empty(r); i++) {
		if (i == m->nr || m->e[i].start > r.start || m->e[i].type != type)
			return false;
		r.start = m->e[i].end;
	}
	return true;
}

const char *e820_type_name(enum e820_type type)
{
	return names_of(type)->ours;
}

const char *e820_type_linux(enum e820_type type)
{
	return names_of(type)->in_linux;
}
