/* SPDX-License-Identifier: MIT */
/* Hands a finding on, whatever it is about. */
#include "lib/finding.h"

void finding_tell(const struct findings *to, const char *rule, const char *about, ...)
{
	va_list facts;

	va_start(facts, about);
	to->found(to->ctx, rule, about, facts);
	va_end(facts);
}
