/* SPDX-License-Identifier: MIT */
/* What all pure code shares: addresses, ranges, status codes, and the only way to read physical memory. */
#ifndef LIB_BASE_H
#define LIB_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define APART __attribute__((noinline)) /* makes less code where it is than inside its one caller */
/*
 * A function of its own that works on two words at once. Every x86-64 CPU has registers for them; the compiler makes
 * two words of one where there are none.
 */
#ifdef __x86_64__
#define PAIRWISE APART __attribute__((target("sse2")))
#else
#define PAIRWISE APART
#endif
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The body for the first nr elements of an array, in their order; `one` points to each. nr is read before the first. */
#define for_each(one, array, nr)                                                                                       \
	for (__typeof__((array)[0]) *one = (array), *one##_end = one + (nr); one < one##_end; one++)

#define KIB (1ull << 10)
#define MIB (1ull << 20)
#define GIB (1ull << 30)
#define TIB (1ull << 40)

/* The only functions pure code may call that are not its own: libc's on a host, lib/string.c's in the kernel. */
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);

typedef uint64_t phys_t;     /* physical address in bytes, never a page number */
#define PHYS_NONE UINT64_MAX /* "no address"; 0 is a real page */

#define PAGE_SHIFT 12
#define PAGE_SIZE (1ull << PAGE_SHIFT)

/* Half-open: [start, end). Empty when end <= start. Printed inclusive, as Linux does. */
struct range {
	phys_t start, end;
};

#define NO_RANGE ((struct range){ 0, 0 })

/* What a function can say about its input. Our own bugs are KASSERTs instead. */
enum status {
	OK = 0,
	ERR_NOT_FOUND,  /* the thing is absent: often not fatal */
	ERR_UNREADABLE, /* physical memory could not be reached */
	ERR_MALFORMED,  /* input contradicts its own lengths or limits */
	ERR_CHECKSUM,   /* bytes do not sum to zero */
	ERR_CONFLICT,   /* well formed, but contradicts itself (overlap) */
	ERR_FULL,       /* a fixed array is too small */
	ERR_NO_MEMORY,  /* no free page where one was allowed */
	ERR_RANGE,      /* an argument is out of bounds or misaligned */
};

/* Returns "ok", "not found", ...; never NULL. */
const char *status_str(enum status s);

/*
 * How pure code reads physical memory. read() copies len bytes at `at` into buf and returns true, or returns
 * false (buf undefined) when any of them cannot be reached. A copy, so that nothing changes under a parser. Of bytes
 * that would go beyond the last address phys_read() says false; read() is not asked.
 */
struct physmem {
	bool (*read)(void *ctx, phys_t at, void *buf, size_t len);
	void *ctx;
};

static inline bool phys_read(const struct physmem *mem, phys_t at, void *buf, size_t len)
{
	return at <= UINT64_MAX - len && mem->read(mem->ctx, at, buf, len);
}

/* Dumps a failed KASSERT and ends the run as a fault; the platform has it. */
_Noreturn void kassert_fail(const char *expr, const char *file, int line);

/* For our own bugs only: never for anything that firmware or a loader said. */
#define KASSERT(e) ((e) ? (void)0 : kassert_fail(#e, __FILE__, __LINE__))

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Returns whether len bytes from `at` on lie among the first `size`. */
static inline bool lies_within(uint64_t size, uint64_t at, uint64_t len)
{
	return at <= size && len <= size - at;
}

/* Rounds x down to a multiple of n, a power of two. */
static inline uint64_t align_down(uint64_t x, uint64_t n)
{
	return x & ~(n - 1);
}

/* Rounds x up to a multiple of n, a power of two. The caller knows that x + n - 1 does not wrap. */
static inline uint64_t align_up(uint64_t x, uint64_t n)
{
	return align_down(x + n - 1, n);
}

/* Returns all addresses below `end`. */
static inline struct range range_below(phys_t end)
{
	return (struct range){ 0, end };
}

static inline bool range_empty(struct range r)
{
	return r.end <= r.start;
}

static inline uint64_t range_size(struct range r)
{
	return range_empty(r) ? 0 : r.end - r.start;
}

static inline bool range_contains(struct range r, phys_t p)
{
	return r.start <= p && p < r.end;
}

static inline bool range_overlaps(struct range a, struct range b)
{
	return a.start < b.end && b.start < a.end;
}

static inline bool range_holds(struct range a, struct range part)
{
	return a.start <= part.start && part.end <= a.end;
}

/* Returns the part that a and b share; it is empty when there is none. */
static inline struct range range_clamp(struct range a, struct range b)
{
	return (struct range){ max_u64(a.start, b.start), min_u64(a.end, b.end) };
}

/* Returns the whole pages in r, which does not begin in the last page there is. */
static inline struct range range_whole_pages(struct range r)
{
	return (struct range){ align_up(r.start, PAGE_SIZE), align_down(r.end, PAGE_SIZE) };
}

/* Returns the least range that holds both. */
static inline struct range range_hull(struct range a, struct range b)
{
	return (struct range){ min_u64(a.start, b.start), max_u64(a.end, b.end) };
}

#endif
