/* SPDX-License-Identifier: MIT */
/* A few open pages of 512 entries; behind them chunks of packed pages, found by a hash of the address. */
#include "tools/predict/shadow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_PAGES 512
#define OPEN_PAGES 16 /* five levels in use at a time, and three pointers that must stay good */
#define EXIT_NO_MEMORY 2

/* Entries [from, to) are first, first + step, ...; the rest is 0. Or `raw` holds all of them. */
struct packed {
	uint64_t first;
	int64_t step;
	uint64_t *raw;
	uint16_t from, to;
};

struct chunk {
	phys_t start;
	struct chunk *next;
	struct packed page[CHUNK_PAGES];
};

struct open_page {
	phys_t at;
	uint64_t used; /* when, to find the one to close */
	_Alignas(pt_pair) uint64_t entry[PT_ENTRIES];
};

struct shadow {
	struct chunk **bucket;
	size_t nr_buckets, nr_chunks;
	struct chunk *last_chunk;
	uint64_t now;
	unsigned last_open;
	struct open_page open[OPEN_PAGES];
};

static void *must_have(void *p)
{
	if (p)
		return p;
	fputs("landfall-predict: error: out of memory for the page tables\n", stderr);
	exit(EXIT_NO_MEMORY);
}

static size_t bucket_of(const struct shadow *s, phys_t start)
{
	return (size_t)((start / (CHUNK_PAGES * PAGE_SIZE)) * 0x9e3779b97f4a7c15ull >> 20) & (s->nr_buckets - 1);
}

static void grow(struct shadow *s)
{
	struct chunk **old = s->bucket;
	size_t nr_old = s->nr_buckets;

	s->nr_buckets = nr_old ? 2 * nr_old : 1024;
	s->bucket = must_have(calloc(s->nr_buckets, sizeof(*s->bucket)));
	for_each (b, old, nr_old) {
		for (struct chunk *c = *b, *next; c; c = next) {
			next = c->next;
			c->next = s->bucket[bucket_of(s, c->start)];
			s->bucket[bucket_of(s, c->start)] = c;
		}
	}
	free(old);
}

static struct packed *packed_page(struct shadow *s, phys_t at)
{
	phys_t start = align_down(at, CHUNK_PAGES * PAGE_SIZE);
	struct chunk *c = s->last_chunk;

	if (!c || c->start != start)
		for (c = s->nr_buckets ? s->bucket[bucket_of(s, start)] : NULL; c && c->start != start; c = c->next)
			;
	if (!c) {
		if (s->nr_chunks >= s->nr_buckets)
			grow(s);
		c = must_have(calloc(1, sizeof(*c)));
		c->start = start;
		c->next = s->bucket[bucket_of(s, start)];
		s->bucket[bucket_of(s, start)] = c;
		s->nr_chunks++;
	}
	s->last_chunk = c;
	return &c->page[(at - start) / PAGE_SIZE];
}

static bool is_row(const uint64_t *entry, struct packed *p)
{
	unsigned i = 0;

	while (i < PT_ENTRIES && !entry[i])
		i++;
	*p = (struct packed){ .from = (uint16_t)i, .to = (uint16_t)i };
	if (i == PT_ENTRIES)
		return true;
	p->first = entry[i];
	if (i + 1 < PT_ENTRIES)
		p->step = (int64_t)(entry[i + 1] - entry[i]);
	do
		i++;
	while (i < PT_ENTRIES && entry[i] && entry[i] - entry[i - 1] == (uint64_t)p->step);
	p->to = (uint16_t)i;
	while (i < PT_ENTRIES && !entry[i])
		i++;
	return i == PT_ENTRIES;
}

static void pack(struct shadow *s, const struct open_page *o)
{
	struct packed *p = packed_page(s, o->at);
	uint64_t *raw = p->raw;

	if (is_row(o->entry, p)) {
		free(raw);
		return;
	}
	p->raw = raw ? raw : must_have(malloc(PAGE_SIZE));
	memcpy(p->raw, o->entry, PAGE_SIZE);
}

static void unpack(struct shadow *s, struct open_page *o)
{
	const struct packed *p = packed_page(s, o->at);
	uint64_t value = p->first;

	if (p->raw) {
		memcpy(o->entry, p->raw, PAGE_SIZE);
		return;
	}
	memset(o->entry, 0, PAGE_SIZE);
	for (unsigned i = p->from; i < p->to; i++, value += (uint64_t)p->step)
		o->entry[i] = value;
}

static uint64_t *open_table(void *ctx, phys_t at)
{
	struct shadow *s = ctx;
	struct open_page *o = &s->open[s->last_open];

	for (unsigned i = 0; o->at != at && i < OPEN_PAGES; i++)
		o = s->open[i].at == at ? &s->open[i] : o;
	if (o->at != at) {
		for_each (page, s->open, OPEN_PAGES)
			o = page->used < o->used ? page : o;
		if (o->at != PHYS_NONE)
			pack(s, o);
		o->at = at;
		unpack(s, o);
	}
	o->used = ++s->now;
	s->last_open = (unsigned)(o - s->open);
	return o->entry;
}

void shadow_clear(struct shadow *s)
{
	for_each (b, s->bucket, s->nr_buckets) {
		for (struct chunk *c = *b, *next; c; c = next) {
			next = c->next;
			for (size_t k = 0; k < CHUNK_PAGES; k++)
				free(c->page[k].raw);
			free(c);
		}
		*b = NULL;
	}
	s->nr_chunks = 0;
	s->last_chunk = NULL;
	for_each (page, s->open, OPEN_PAGES)
		*page = (struct open_page){ .at = PHYS_NONE };
}

struct shadow *shadow_new(void)
{
	struct shadow *s = calloc(1, sizeof(*s));

	if (s)
		shadow_clear(s);
	return s;
}

void shadow_free(struct shadow *s)
{
	if (!s)
		return;
	shadow_clear(s);
	free(s->bucket);
	free(s);
}

struct pt_memory shadow_tables(struct shadow *s)
{
	return (struct pt_memory){ .page = open_table, .ctx = s };
}

struct pgwalk shadow_walk(struct shadow *s, phys_t root, unsigned levels)
{
	return (struct pgwalk){ .table = open_table, .ctx = s, .root = root, .levels = levels };
}
