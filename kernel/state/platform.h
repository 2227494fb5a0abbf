/* SPDX-License-Identifier: MIT */
/*
 * What the run needs from outside: hardware on metal, fakes on a host. Filled anew after the move: it holds pointers.
 */
#ifndef KERNEL_STATE_PLATFORM_H
#define KERNEL_STATE_PLATFORM_H

#include "lib/base.h"
#include "mm/direct_map.h"

struct options;
struct canvas;

struct cpu_info {
	bool pse, gbpages, la57;
	unsigned phys_bits;
	unsigned levels; /* in force now */
	char vendor[13];
};

enum entropy_source { ENTROPY_RDSEED, ENTROPY_RDRAND, ENTROPY_EFI, ENTROPY_TSC, ENTROPY_SOURCES };

/* Where a seed comes from when none is given: every source that works, mixed. */
struct entropy {
	uint64_t seed;    /* all that was drawn, mixed */
	uint64_t boot_id; /* of the same draws, but not to be had from the seed */
	bool used[ENTROPY_SOURCES];
	bool rubbish[ENTROPY_SOURCES]; /* answers, but with one and the same word or all zeros or ones: not used */
};

struct platform {
	struct physmem phys;     /* reads physical memory (firmware tables) */
	struct pt_memory tables; /* reaches page-table pages through the early window */
	struct cpu_info cpu;
	uint64_t tsc_hz; /* 0: unknown, time stamps stay 0 */
	void *ctx;

	uint64_t (*tsc)(void *ctx);
	/*
	 * One word from that source; false when the CPU has none or it failed. May return rubbish: the caller checks.
	 */
	bool (*entropy)(void *ctx, enum entropy_source source, uint64_t *out);
	/* Sends bytes to every open console. Bounded in time. */
	void (*write)(void *ctx, const char *s, size_t len);
	/*
	 * Opens the consoles that the options ask for; NULL, or one sentence saying what could not be had (a fatal
	 * error).
	 */
	const char *(*console_open)(void *ctx, const struct options *opt);
	/* The open screen to draw on; false when none is. May be NULL: no screen either. */
	bool (*canvas)(void *ctx, struct canvas *out);
	/*
	 * Loads the top table into CR3; from then on RAM is reached at page_offset. ERR_UNREADABLE: refused. May be
	 * NULL: no map is ever loaded.
	 */
	enum status (*load_map)(void *ctx, phys_t root, uint64_t page_offset);
	/* Goes back to the early tables in the image. */
	void (*unload_map)(void *ctx);
	/* Reads one byte at a virtual address of the loaded map. */
	uint8_t (*peek)(void *ctx, uint64_t virt);
	/* True when that many page tables can be kept at once. NULL: always, as they are the real ones. */
	bool (*room)(void *ctx, uint64_t pages);
	/* Told of every page-table page, in the order in which it is handed out. May be NULL. */
	void (*handed_out)(void *ctx, phys_t page, bool from_buffer);
	/* Makes ready for a new map: nothing is left of the one before, buffer and top table are zeroed. */
	void (*clear_tables)(void *ctx);
};

/* Draws from all sources. */
void entropy_gather(const struct platform *p, struct entropy *e);

#endif
