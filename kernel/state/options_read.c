/* SPDX-License-Identifier: MIT */
/* Refuses an option in the log's words, and cuts lists. */
#include "kernel/state/options_read.h"

#include "lib/format.h"

#define WORD_SHOWN 40 /* of a word, in a message */

/* Sets *err to "WORD: reason", a long word cut; always false. */
bool option_refuse(const struct option_word *p, const char *fmt, ...)
{
	bool cut = scan_length(p->word) > WORD_SHOWN;
	char why[sizeof(p->err->text)];
	va_list ap;

	va_start(ap, fmt);
	format_v(why, sizeof(why), fmt, ap);
	va_end(ap);
	format(p->err->text, sizeof(p->err->text), "%.*s%s: %s", cut ? WORD_SHOWN - 3 : WORD_SHOWN, p->word,
	       cut ? "..." : "", why);
	return false;
}

bool option_next_item(const struct option_word *p, const char **list, char item[OPTION_ITEM_MAX])
{
	const char *s = *list;
	size_t n = 0;

	while (s[n] && s[n] != ',')
		n++;
	if (n == 0)
		return option_refuse(p, "an item of the list is empty");
	if (n >= OPTION_ITEM_MAX)
		return option_refuse(p, "an item of the list is longer than %d characters", OPTION_ITEM_MAX - 1);
	memcpy(item, s, n);
	item[n] = '\0';
	*list = s[n] ? s + n + 1 : NULL;
	return true;
}
