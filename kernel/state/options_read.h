/* SPDX-License-Identifier: MIT */
/* What the files that read options share: one option's word, and how it is refused. */
#ifndef KERNEL_STATE_OPTIONS_READ_H
#define KERNEL_STATE_OPTIONS_READ_H

#include "kernel/state/options.h"
#include "lib/scan.h"

#define OPTION_ITEM_MAX 64 /* longest item of a list, with its NUL */

/* What is wrong with a command line: the words for the log's "error: " line. */
struct option_error {
	char text[160];
};

/* One option being read. */
struct option_word {
	struct options *o;
	const char *word;  /* as the user wrote it */
	const char *value; /* behind the '='; empty when there is none */
	struct option_error *err;
};

/* Sets *err to "WORD: reason", a long word cut. Always returns false. */
bool option_refuse(const struct option_word *p, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * Cuts the next item off a comma list; *list becomes NULL behind the last. Returns false, with a message, for one that
 * is empty or too long.
 */
bool option_next_item(const struct option_word *p, const char **list, char item[OPTION_ITEM_MAX]);

#endif
