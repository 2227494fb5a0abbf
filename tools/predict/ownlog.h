/* SPDX-License-Identifier: MIT */
/* What Landfall's own serial log tells beside the lines that it spells as Linux does. */
#ifndef TOOLS_PREDICT_OWNLOG_H
#define TOOLS_PREDICT_OWNLOG_H

#include "tools/predict/facts.h"

/* Takes what one message tells. Before the first line of a boot of Landfall nothing is taken. False: *err, no room. */
MUST_CHECK bool ownlog_take(struct facts *f, const char *message, struct input_error *err);

/* The options of that boot's command line which a prediction heeds, each with a blank behind it. */
void ownlog_words(const struct facts *f, char words[CMDLINE_MAX]);

#endif
