/* SPDX-License-Identifier: MIT */
/* What the rules on awkward firmware tell, in firmware's terms. docs/firmware-rules.md has every rule. */
#ifndef LIB_FINDING_H
#define LIB_FINDING_H

#include "lib/base.h"

/* Something legal but awkward: its rule and what it is about. `kind` says which of the other members count. */
enum finding_kind {
	FINDING_TABLE,   /* the whole table */
	FINDING_ENTRY,   /* value: offset in the table */
	FINDING_NUMBER,  /* value: what the table says */
	FINDING_APIC,    /* value: APIC id */
	FINDING_CPU,     /* value: APIC id, pxm */
	FINDING_DOMAIN,  /* pxm */
	FINDING_DOMAINS, /* pxm, other_pxm */
	FINDING_RANGE,   /* a of pxm */
	FINDING_RANGES,  /* a of pxm, b of other_pxm */
	FINDING_MEMORY,  /* a, of no domain */
};

struct finding {
	const char *rule;
	enum finding_kind kind;
	uint32_t pxm, other_pxm;
	struct range a, b;
	uint64_t value;
};

/* Who is told. */
struct findings {
	void (*found)(void *ctx, const struct finding *f);
	void *ctx;
};

#endif
