/* SPDX-License-Identifier: MIT */
/*
 * The verdict of a policy for every slot that KASLR could draw: exact, and without trying each of them.
 *
 * A slot is tried by counting (mm/count.h). Slots between two tried ones are not tried where it is certain what they
 * give:
 *
 * ORDER_FIXED, ORDER_LOCAL: two slots that hand out the same pages, but for the hole that the image makes, in the same
 * ranges.
 * Taking pages away that nobody is given changes nothing, and where the image lies among pages handed out, all those
 * beside it are handed out all the same: whichever slot lies in between, each request is given what it is given at one
 * of the two ends.
 *
 * ORDER_ABOVE, ORDER_ABOVE_STEPS: while the image moves up through free memory of one node, 2M at a time, 512 more
 * pages lie below the kernel's end and at most one table of each level fewer is needed above it. So the last page taken
 * moves up, and the number of pages on movable memory never falls: the two ends and the first stained slot say all. Two
 * things must hold at both ends besides, that what is left of the buffer serves the same ranges, and, for steps, that
 * no step can run short (room_for_steps in sweep.c).
 *
 * Where neither can be shown, slots are tried one by one.
 *
 * Most slots of a policy that does not look at where the kernel is (ORDER_FIXED, ORDER_LOCAL) are not tried at all. One
 * count without any image says which pages are handed out where no image is in the way, P. An image that lies on none
 * of them takes away what nobody is given, so again P is handed out: all that differs is which nodes the image makes
 * unmovable, and that its own buffer may serve no range that it lies in. derive() in sweep.c has what must hold. Where
 * memblock has lost nodes (mm/memblock.h), that is said of every policy, and ORDER_LOCAL is one that serves the memory
 * that has kept its node from that node.
 */
#ifndef MM_SWEEP_H
#define MM_SWEEP_H

#include "mm/count.h"
#include "mm/kaslr.h"

#define SWEEP_MAX_RUNS 512            /* of page-table pages, of one slot; with more, slots are tried one by one */
#define SWEEP_MAX_INTERVALS 1024      /* of stained bases that are listed */
#define SWEEP_MAX_FREE_RUNS 512       /* the same without an image */
#define SWEEP_MAX_SERVED 64           /* ranges that the buffer serves; with more, nothing is derived */
#define SWEEP_MAX_LEAVES (1ull << 20) /* of which fragment=rand has to look at each, in every slot tried */
#define SWEEP_NO_DISTANCE UINT64_MAX

/* Where things lie from the base on; all in whole pages. */
struct sweep_image {
	uint64_t buffer, buffer_end; /* what is left of the page-table buffer */
	uint64_t taken;              /* [base, base + taken) is reserved; not below buffer_end */
	uint64_t end;                /* Linux's _end; not below taken */
};

/* One slot. */
struct sweep_try {
	phys_t base; /* PHYS_NONE: nothing tried yet */
	enum status status;
	uint64_t on_movable, pinned;
	uint64_t gap;       /* from the kernel's end to the next movable range above; UINT64_MAX: there is none */
	uint64_t left;      /* pages of the buffer not used yet when all above the kernel was mapped */
	bool low_stays_low; /* pages for what lies below the kernel lie below the image */
	struct range home, block;
	unsigned nr_home;
	/* What memblock handed out, in order; runs beside the image include it. */
	bool too_many_runs;
	const struct range *around; /* the run that the image lies in, or NULL */
	unsigned nr_runs;
	struct range run[SWEEP_MAX_RUNS];
};

/*
 * What the policy does where no image is in the way: the pages it hands out, the buffer's left out. The buffer is in
 * `home`, so that this range is not served by it, or in no memory at all.
 */
struct sweep_free {
	bool known; /* all of it is kept here */
	unsigned nr_served;
	struct range home;     /* empty: the buffer is nowhere */
	struct range block;    /* as of struct count */
	uint64_t total, bytes; /* pages on movable memory, and what they pin */
	size_t nr_runs;
	uint64_t on_movable[MAX_NUMNODES];      /* pages, by node */
	struct range served[SWEEP_MAX_SERVED];  /* memory whose tables the buffer has some of */
	struct region run[SWEEP_MAX_FREE_RUNS]; /* sorted, disjoint; of none where is_local() */
};

struct sweep_node {
	phys_t end;     /* of its highest range */
	uint64_t spare; /* ORDER_LOCAL: free pages that its tables leave */
};

/* Ranges of nodes one after the other: places in numa->mem.at. */
struct sweep_places {
	size_t from, to;
};

struct pt_policy;

/* Some 150 KiB. */
struct sweep {
	/* set by the caller */
	struct numa *numa;            /* judged; afterwards as it was, but for what pins its nodes */
	const struct memblock *start; /* memory, and what is reserved but for the image; movable_node counts */
	struct memblock *work;        /* scratch */
	const struct pt_policy *policy;
	const struct kaslr_slots *slots;
	struct sweep_image image;
	void (*trying_one)(void *ctx); /* called before each slot that is tried: a sweep may take long; NULL: not */
	void *ctx;
	/* results */
	uint64_t nr_slots, nr_stained; /* the probability is nr_stained / nr_slots */
	phys_t worst_base; /* the lowest of those with most pages on movable memory; PHYS_NONE: none is stained */
	uint64_t worst_on_movable, worst_pinned;
	/*
	 * The least number of slots (2M) such that no slot is stained whose kernel ends at least that far below the
	 * next movable range; 0: none is stained; SWEEP_NO_DISTANCE: one is that has no movable range above it.
	 */
	uint64_t safe_distance;
	uint64_t tries;      /* slots counted, and once without an image */
	uint64_t ranges;     /* of memory, as often as they were counted: what a sweep costs */
	phys_t failed_base;  /* of a sweep that was refused */
	size_t nr_intervals; /* sorted, disjoint */
	bool more_intervals; /* there are more than could be kept */
	/* the engine's */
	struct sweep_try *try;
	struct sweep_free *free;  /* the one that is being counted */
	uint64_t stained_bytes;   /* of the nodes in `stained` */
	struct range worst;       /* the lowest of the worst slots lies in it */
	struct sweep_places told; /* the nodes pinned by the image when memblock was told of nodes */
	struct direct_map map;    /* the caller's: levels, page_sizes, page_offset, end, trampoline, fragment */
	struct count count;       /* the last one */
	uint64_t stained[MAX_NUMNODES / 64];
	struct region interval[SWEEP_MAX_INTERVALS]; /* of stained bases; ends one slot above the last */
	bool judged[MAX_NUMNODES];                   /* movable, with the image where it is */
	struct sweep_node node[MAX_NUMNODES];
	struct sweep_try a, b, c;
	struct sweep_free away, home; /* the buffer away from what it serves; or in the range where it was last */
};

/*
 * Sweeps all of s->slots. Only OK comes with results; s->failed_base says where it stopped:
 * ERR_NO_MEMORY  with that base the policy finds no page for a table
 * ERR_RANGE      with that base the image does not lie in one region of memory, or s->image is no image
 * ERR_NOT_FOUND  there is no slot
 * ERR_FULL       memblock has too few regions
 * ERR_CONFLICT   fragment=rand has more than SWEEP_MAX_LEAVES large leaves to look at
 */
MUST_CHECK enum status sweep_run(struct sweep *s);

#endif
