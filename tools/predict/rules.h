/* SPDX-License-Identifier: MIT */
/* What each rule of a finding says. */
#ifndef TOOLS_PREDICT_RULES_H
#define TOOLS_PREDICT_RULES_H

#include "lib/base.h"

/* The sentence of the rule that begins a finding (its line behind "finding: "); NULL when there is no such rule. */
const char *rule_sentence(const char *line);

#endif
