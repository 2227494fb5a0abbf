/* SPDX-License-Identifier: MIT */
/* What is legal but awkward where nodes meet the memory map. docs/firmware-rules.md has every rule. */
#ifndef MM_MEMORY_RULES_H
#define MM_MEMORY_RULES_H

#include "lib/finding.h"
#include "mm/numa.h"

struct numa_evidence {
	const struct numa
		*numa; /* as the table gave it, before numa_cleanup, and judged: present and hot_present count */
	const struct memblock *mb; /* memory */
	const struct e820 *map;    /* as firmware told it, sanitised */
	phys_t limit;              /* the CPU has no addresses from here on; PHYS_NONE: not known */
};

/* Tells of findings rule by rule, as often as they apply. */
void numa_findings(const struct numa_evidence *e, const struct findings *to);

/* RAM that Linux can use for all purposes, and RAM that is kept movable, in bytes. */
struct memory_split {
	uint64_t fixed, movable;
};

/* How RAM is split once a direct map has pinned that many of the bytes that numa_judge found movable. */
struct memory_split numa_split(const struct numa *n, uint64_t pinned);

/*
 * True when what is fixed is likely to be too little for Linux to come up with movable_node: the page structures of all
 * RAM, the tables and what a Debian kernel takes else have to lie there. How that was measured is in docs/fidelity.md.
 */
bool memory_is_scarce(const struct memory_split *s, uint64_t table_pages);

#endif
