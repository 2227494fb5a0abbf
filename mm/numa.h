/* SPDX-License-Identifier: MIT */
/*
 * Nodes and their memory, with Linux's rules: numbers by first appearance of a PXM, entries joined across holes, the
 * whole table refused on overlap of different nodes or on 1 MiB of RAM in no range (arch/x86/mm/numa.c, srat.c).
 */
#ifndef MM_NUMA_H
#define MM_NUMA_H

#include "mm/e820.h"
#include "mm/memblock.h"

#define MAX_NUMNODES 1024
#define NR_NODE_MEMBLKS (2 * MAX_NUMNODES)

struct numa_memblk {
	struct range r;
	int nid;
};

struct numa_node {
	uint32_t pxm;
	uint32_t cpus;        /* enabled CPU entries */
	uint64_t present;     /* bytes of RAM */
	uint64_t hot_present; /* bytes of RAM in hot-pluggable ranges */
	bool hotplug;         /* a hot-pluggable range of it holds RAM */
	bool tables;      /* tables of firmware lie in its joined ranges: Linux reserves them before it reads SRAT */
	bool movable;     /* hotplug, and neither tables nor anything reserved lies in its joined ranges */
	uint8_t distance; /* from the kernel's node, by SLIT; the caller's */
	struct range pinned_by; /* the lowest reserved bytes that make a hotplug node unmovable; empty: none */
};

struct numa_ranges {
	size_t nr;
	struct numa_memblk blk[NR_NODE_MEMBLKS]; /* in order of acceptance */
	/* Where they are ordered: which ranges come one after the other, so that few are looked at. */
	uint16_t at[NR_NODE_MEMBLKS];
};

struct numa {
	unsigned nr_nodes;
	bool ordered; /* by numa_judge, until a range changes; false: ranges may overlap others of their kind */
	struct numa_node node[MAX_NUMNODES];
	uint16_t nid_of_pxm[MAX_NUMNODES]; /* plus one; 0: none */
	struct numa_ranges mem;            /* joined by numa_cleanup */
	struct numa_ranges hot;            /* hot-pluggable ranges as the table gave them */
};

/* What numa_cleanup and numa_register find: the caller prints it, spelled as Linux does. */
enum numa_event_kind {
	NUMA_JOINED,        /* a + b -> result on nid */
	NUMA_OVERLAPS_SELF, /* a and b of the same node overlap */
	NUMA_OVERLAPS,      /* a of nid overlaps b of other_nid: table refused */
	NUMA_NOT_COVERED,   /* `covered` of `total` bytes of RAM: table refused */
};

struct numa_event {
	enum numa_event_kind kind;
	int nid, other_nid;
	struct range a, b, result;
	uint64_t covered, total;
};

struct numa_log {
	void (*event)(void *ctx, const struct numa_event *e);
	void *ctx;
};

/* Empties *n: no node and no range. */
void numa_init(struct numa *n);

/* Returns the node of a PXM, at first sight the lowest free number. NUMA_NO_NODE: the PXM is >= MAX_NUMNODES. */
int numa_map_pxm(struct numa *n, uint32_t pxm);

/* Returns the node of a known PXM, else NUMA_NO_NODE. */
int numa_pxm_to_node(const struct numa *n, uint32_t pxm);

/* Adds memory to a node, in table order; what is empty is left out. ERR_FULL: there are NR_NODE_MEMBLKS. */
MUST_CHECK enum status numa_add_memblk(struct numa *n, int nid, struct range r, bool hotplug);

/* Makes every range of a node hot-pluggable (hotplug=). ERR_NOT_FOUND: there is no such node. ERR_RANGE: all were. */
MUST_CHECK enum status numa_force_hotplug(struct numa *n, int nid);

/*
 * Drops ranges that hold no memory, cuts those beyond end_of_ram, joins ranges of one node whose hull touches no other
 * node (numa_cleanup_meminfo), and checks that all but 1 MiB of memory lies in some range (numa_meminfo_cover_memory).
 * ERR_CONFLICT: different nodes overlap. ERR_NOT_FOUND: more is missing. `log` may be NULL. Only mem of *n changes.
 */
MUST_CHECK enum status numa_cleanup(struct numa *n, const struct memblock *mb, phys_t end_of_ram,
				    const struct numa_log *log);

/* Drops everything and puts [0, end_of_ram) on node 0: what Linux does without a usable SRAT. */
void numa_fake_one_node(struct numa *n, phys_t end_of_ram);

/* Sets `tables` of every node in whose joined ranges a byte of r lies. Needs numa_cleanup. */
void numa_note_table(struct numa *n, struct range r);

/* Fills present and hot_present of every node: each byte of memory counts once, however the ranges overlap. */
void numa_count(struct numa *n, const struct memblock *mb);

/*
 * Does what numa_count does, then fills hotplug, movable and pinned_by of every node from the memory and the reserved
 * ranges of mb: a reserved byte inside the joined ranges of a node pins all of it (numa_clear_kernel_node_hotplug), and
 * so do firmware's tables.
 */
void numa_judge(struct numa *n, const struct memblock *mb);

/*
 * Tells mb what SRAT says: node ids on regions of memory, MEMBLOCK_HOTPLUG on the hot-pluggable ranges of
 * movable nodes. A page belongs where its first byte does. Needs numa_judge. ERR_FULL: mb has no region left.
 *
 * This is before there is a direct map, so the array of memory of most Linuxes cannot grow (mb->room): when
 * mb->full is set, that Linux has lost the nodes, and the marks behind the first ones.
 */
MUST_CHECK enum status numa_apply(const struct numa *n, struct memblock *mb, uint32_t as_linux);

/* Returns the lowest hot-pluggable range of a movable node that begins at p or above; NULL when there is none. */
const struct numa_memblk *numa_next_movable(const struct numa *n, phys_t p);

/* Returns the place in n->mem.at of the first range that ends above p, or n->mem.nr. Needs numa_judge. */
size_t numa_first_blk(const struct numa *n, phys_t p);

/* What is known of one byte, and the range around it in which all of it holds. */
struct numa_spot {
	int nid;      /* by the joined ranges; NUMA_NO_NODE outside all */
	bool hot;     /* in a hot-pluggable range of its node */
	bool movable; /* and that node is movable: a page-table page there is a stain */
	struct range span;
};

/* Returns what is known of byte p. */
struct numa_spot numa_look_at(const struct numa *n, phys_t p);

/*
 * Makes *piece the next stretch of memory, piece->span, of which all is known alike; zero at first. Returns false
 * behind the last.
 */
bool numa_next_piece(const struct numa *n, const struct memblock *mb, struct numa_spot *piece);

#endif
