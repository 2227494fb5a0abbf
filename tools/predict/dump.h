/* SPDX-License-Identifier: MIT */
/* A table as text: the hex dump that people send by mail, as of iasl -d, acpidump and xxd. */
#ifndef TOOLS_PREDICT_DUMP_H
#define TOOLS_PREDICT_DUMP_H

#include "lib/base.h"

/*
 * Finds the first dump of a table with that signature (four characters) in a text of `len` bytes that a NUL follows,
 * and puts the table's bytes in place of the text. Lines of up to 16 bytes, each with its offset before it, from 0 on;
 * the first other line ends the dump. Returns how many bytes there are; 0: no such dump, and the text is no longer
 * whole.
 */
size_t dump_take(char *text, size_t len, const char *signature);

#endif
