/* SPDX-License-Identifier: MIT */
/* How the rules on awkward firmware tell what they find, in firmware's terms. docs/firmware-rules.md has every rule. */
#ifndef LIB_FINDING_H
#define LIB_FINDING_H

#include <stdarg.h>

#include "lib/base.h"

/* What a finding is about, as format() has it: one of these, and the facts. */
#define FINDING_TABLE "%s", ""          /* the whole table: no words, but no empty format either */
#define FINDING_ENTRY " at offset 0x%x" /* in the table */
#define FINDING_NUMBER " %llu"          /* what the table says */
#define FINDING_APIC " APIC 0x%02x"     /* id */
#define FINDING_CPU FINDING_APIC " of PXM %u"
#define FINDING_DOMAIN " PXM %u"
#define FINDING_DOMAINS FINDING_DOMAIN " and" FINDING_DOMAIN
#define FINDING_MEMORY " %8p" /* of no domain: a struct range */
#define FINDING_RANGE FINDING_MEMORY " of PXM %u"
#define FINDING_RANGES FINDING_RANGE " and" FINDING_RANGE

#define FINDING_WORDS 160 /* room for what one is about, in words */

/* Who is told, of something legal but awkward, its rule and what it is about. Few of many are put in words. */
struct findings {
	void (*found)(void *ctx, const char *rule, const char *about, va_list facts);
	void *ctx;
};

/* Tells of a finding. */
void finding_tell(const struct findings *to, const char *rule, const char *about, ...) PRINTF_LIKE(3, 4);

#endif
