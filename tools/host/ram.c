/* SPDX-License-Identifier: MIT */
/* Sparse fake memory: a hash table of pages. */
#include "tools/host/ram.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct fake_page {
	struct fake_page *next;
	phys_t at;
	uint8_t *bytes;
};

#define POOL_PAGES 512

/* Pages that no memory has at the moment, kept for the next one: making them takes longer than what they are for. */
static struct fake_page *spare;

static struct fake_page *alloc_page(phys_t at)
{
	struct fake_page *p = spare;

	if (!p) {
		uint8_t *bytes =
			mmap(NULL, POOL_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		p = calloc(POOL_PAGES, sizeof(*p));
		KASSERT(p && bytes != MAP_FAILED);
#ifdef __linux__
		/* Few page faults instead of many, of which each takes longer than filling its page. */
		(void)madvise(bytes, POOL_PAGES * PAGE_SIZE, MADV_HUGEPAGE);
#endif
		for (size_t i = 0; i < POOL_PAGES; i++)
			p[i] = (struct fake_page){ i + 1 < POOL_PAGES ? &p[i + 1] : NULL, 0, bytes + i * PAGE_SIZE };
	}
	spare = p->next;
	p->next = NULL;
	p->at = at;
	memset(p->bytes, 0, PAGE_SIZE);
	return p;
}

void fake_ram_init(struct fake_ram *ram)
{
	*ram = (struct fake_ram){ .nr_buckets = 1 << 14 };
	ram->bucket = calloc(ram->nr_buckets, sizeof(struct fake_page *));
	KASSERT(ram->bucket);
}

void fake_ram_free(struct fake_ram *ram)
{
	for (size_t i = 0; i < ram->nr_buckets; i++) {
		for (struct fake_page *p = ram->bucket[i], *next; p; p = next) {
			next = p->next;
			p->next = spare;
			spare = p;
		}
	}
	free(ram->bucket);
	*ram = (struct fake_ram){ 0 };
}

static struct fake_page **find(const struct fake_ram *ram, phys_t page)
{
	uint64_t hash = (page >> PAGE_SHIFT) * 0x9e3779b97f4a7c15ull;
	struct fake_page **p = &ram->bucket[hash >> 32 & (ram->nr_buckets - 1)];

	while (*p && (*p)->at != page)
		p = &(*p)->next;
	return p;
}

void *fake_ram_page(struct fake_ram *ram, phys_t page)
{
	struct fake_page **p = find(ram, page);

	KASSERT((page & (PAGE_SIZE - 1)) == 0);
	if (!*p) {
		*p = alloc_page(page);
		ram->nr_pages++;
	}
	return (*p)->bytes;
}

void fake_ram_write(struct fake_ram *ram, phys_t at, const void *data, size_t len)
{
	const uint8_t *from = data;

	while (len) {
		size_t offset = at & (PAGE_SIZE - 1), n = PAGE_SIZE - offset;

		if (n > len)
			n = len;
		memcpy((uint8_t *)fake_ram_page(ram, at - offset) + offset, from, n);
		at += n;
		from += n;
		len -= n;
	}
}

static bool ram_read(void *ctx, phys_t at, void *buf, size_t len)
{
	struct fake_ram *ram = ctx;
	uint8_t *to = buf;

	if (at + len < at || (++ram->reads >= ram->failing && ram->failing))
		return false;
	while (len) {
		size_t offset = at & (PAGE_SIZE - 1), n = PAGE_SIZE - offset;
		struct fake_page *p = *find(ram, at - offset);

		if (n > len)
			n = len;
		if (p)
			memcpy(to, p->bytes + offset, n);
		else if (ram->strict)
			return false;
		else
			memset(to, 0, n);
		at += n;
		to += n;
		len -= n;
	}
	return true;
}

struct physmem fake_ram_physmem(struct fake_ram *ram)
{
	return (struct physmem){ .read = ram_read, .ctx = ram };
}

static uint64_t *table_page(void *ctx, phys_t page)
{
	return fake_ram_page(ctx, page);
}

struct pt_memory fake_ram_tables(struct fake_ram *ram)
{
	return (struct pt_memory){ .page = table_page, .ctx = ram };
}

static uint64_t *walk_page(void *ctx, phys_t page)
{
	struct fake_ram *ram = ctx;
	struct fake_page *p = *find(ram, page);

	return p ? (uint64_t *)(void *)p->bytes : NULL;
}

struct pgwalk fake_ram_walk(struct fake_ram *ram, phys_t root, unsigned levels)
{
	return (struct pgwalk){ .table = walk_page, .ctx = ram, .root = root, .levels = levels };
}
