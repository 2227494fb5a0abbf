/* SPDX-License-Identifier: MIT */
/* What is legal but awkward where nodes meet the memory map. docs/firmware-rules.md has every rule. */
#ifndef MM_FINDINGS_H
#define MM_FINDINGS_H

#include "mm/numa.h"

struct numa_evidence {
	const struct numa
		*numa; /* as the table gave it, before numa_cleanup, and judged: present and hot_present count */
	const struct memblock *mb; /* memory */
	const struct e820 *map;    /* as firmware told it, sanitised */
	phys_t limit;              /* the CPU has no addresses from here on; PHYS_NONE: not known */
};

/* Findings come rule by rule, as often as they apply. */
void numa_findings(const struct numa_evidence *e, const struct findings *to);

#endif
