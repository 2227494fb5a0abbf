/* SPDX-License-Identifier: MIT */
/* The memory map: any mess of told ranges becomes a sorted list in which every byte has one type. */
#include "mm/e820.h"

/* Unknown types have the last one's names. */
static const struct e820_names names[] = {
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

static struct regions list_of(struct e820 *m)
{
	return (struct regions){ m->e, &m->nr, E820_MAX };
}

/* Whether a comes before b in the order in which ranges are laid down: the type that wins first, then by address. */
static APART bool lays_before(const struct region *a, const struct region *b)
{
	return a->type > b->type || (a->type == b->type && a->r.start < b->r.start);
}

static void sort_entries(struct e820 *m)
{
	for (size_t i = 1; i < m->nr; i++) {
		struct region e = m->e[i];
		size_t at = 0, end = i;

		while (at < end) {
			size_t mid = at + (end - at) / 2;

			if (lays_before(&e, &m->e[mid]))
				end = mid;
			else
				at = mid + 1;
		}
		__builtin_memmove(&m->e[at + 1], &m->e[at], (i - at) * sizeof(e));
		m->e[at] = e;
	}
}

size_t e820_first(const struct e820 *m, phys_t p)
{
	return regions_first(m->e, m->nr, p);
}

enum status e820_add(struct e820 *m, phys_t start, uint64_t size, enum e820_type type)
{
	struct regions l = list_of(m);

	if (size == 0)
		return OK;
	if (size > UINT64_MAX - start)
		return ERR_MALFORMED;
	return regions_insert(&l, m->nr, &(struct region){ { start, start + size }, .type = type });
}

/*
 * The change-point sweep's result without its second table: what wins is laid down first, what follows fills the gaps.
 * The entries still to come wait at the end of the array. Type 0 means nothing to Linux's sweep and vanishes.
 */
enum status e820_sanitize(struct e820 *m)
{
	struct regions l = list_of(m);
	size_t first = E820_MAX - m->nr;

	sort_entries(m);
	__builtin_memmove(&m->e[first], m->e, m->nr * sizeof(*m->e));
	m->nr = 0;
	for (size_t i = first; i < E820_MAX; i++) {
		struct region e = m->e[i];

		l.max = i + 1;
		if (e.type != 0 && regions_add(&l, e) != OK)
			return ERR_FULL;
	}
	return OK;
}

enum status e820_update(struct e820 *m, struct range r, enum e820_type from, enum e820_type to)
{
	struct regions l = list_of(m);
	size_t first, end;

	if (regions_isolate(&l, r, &first, &end) != OK)
		return ERR_FULL;
	for (size_t i = first; i < end; i++)
		if (m->e[i].type == from)
			m->e[i].type = to;
	regions_join(&l, first, end);
	return OK;
}

enum status e820_remove(struct e820 *m, struct range r, enum e820_type type)
{
	struct regions l = list_of(m);
	size_t first, out, end;

	if (regions_isolate(&l, r, &first, &end) != OK)
		return ERR_FULL;
	out = first;
	for (size_t i = first; i < end; i++)
		if (type != 0 && m->e[i].type != type)
			m->e[out++] = m->e[i];
	regions_drop(&l, out, end);
	regions_join(&l, first, out);
	return OK;
}

phys_t e820_end_of_ram(const struct e820 *m, phys_t limit)
{
	phys_t last = 0, stop = align_down(limit, PAGE_SIZE);

	for_each (e, m->e, m->nr)
		if (e->type == E820_RAM && e->r.start < stop)
			last = max_u64(last, min_u64(align_down(e->r.end, PAGE_SIZE), stop));
	return last;
}

bool e820_covers(const struct e820 *m, struct range r, enum e820_type type)
{
	for (size_t i = e820_first(m, r.start); !range_empty(r); i++) {
		if (i == m->nr || m->e[i].r.start > r.start || m->e[i].type != type)
			return false;
		r.start = m->e[i].r.end;
	}
	return true;
}

const struct e820_names *e820_names(enum e820_type type)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(names) - 1 && names[i].type != type)
		i++;
	return &names[i];
}
