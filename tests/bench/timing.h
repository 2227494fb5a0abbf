/* SPDX-License-Identifier: MIT */
/* What the programs that are timed on the host share: a clock, an arena for page tables, and giving up. */
#ifndef TESTS_BENCH_TIMING_H
#define TESTS_BENCH_TIMING_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "lib/base.h"

static char *arena; /* address 0 of the machine */

_Noreturn void kassert_fail(const char *expr, const char *file, int line)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, expr);
	abort();
}

static inline void need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
	exit(1);
}

static inline uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static inline void map_arena(size_t bytes)
{
	arena = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	need(arena != MAP_FAILED, "no address space for the arena");
}

static inline uint64_t *page(void *ctx, phys_t table)
{
	(void)ctx;
	return (uint64_t *)(arena + table);
}

#endif
