/* SPDX-License-Identifier: MIT */
/* A SRAT by itself, without a machine: its entries, what is awkward in them, and what Linux does with the table. */
#ifndef TOOLS_PREDICT_LINT_H
#define TOOLS_PREDICT_LINT_H

#include "tools/predict/predict.h"

/*
 * Reports on the facts' SRAT, and on a SLIT if there is one beside it, on standard output: `report` is the kernel's
 * option report=, text or json or both. *clean: Linux takes the table, and nothing in it is awkward. False: *err.
 */
MUST_CHECK bool lint_report(struct facts *f, const char *report, bool *clean, struct input_error *err);

#endif
