/* SPDX-License-Identifier: MIT */
/* What loaders of every protocol tell alike, taken over into boot facts. Pure. */
#ifndef BOOT_TOLD_H
#define BOOT_TOLD_H

#include "kernel/state/bootinfo.h"

/* Copies a string that ends inside `from`, or with it; false when it did not end within size - 1 characters. */
bool told_string(const struct physmem *mem, struct range from, char *to, size_t size);

/* The same for the command line, which bi says was cut. */
void told_cmdline(const struct physmem *mem, struct range from, struct bootinfo *bi);

/* Where the second word of a line begins, or its end; of one that begins with spaces, the first. */
char *told_next_word(char *line);

/* Takes the first word of a line away, with the spaces behind it. */
void told_drop_first_word(char *line);

/*
 * Takes the file's name away that a loader has put first: all up to the first word that ends in `ending` (four
 * characters, small letters; the line's may be of either case, and a quote behind them). A name may have blanks in it,
 * and no option ends so. False: there is no such word.
 */
bool told_drop_name(char *line, const char *ending);

/*
 * Adds a file to bi's, and its pages to what is kept; an empty one is none. ERR_FULL: one too many. ERR_MALFORMED: it
 * wraps round.
 */
MUST_CHECK enum status told_module(struct bootinfo *bi, uint64_t start, uint64_t size);

/* How all of them tell a piece of memory: as the BIOS does. */
struct told_entry {
	uint64_t base, length;
	uint32_t type;
} __attribute__((packed));

/* Where nr of them are, each so many bytes behind the one before. */
struct told_list {
	phys_t at;
	uint32_t step, nr;
};

/* Adds them to the memory map; an empty one is none. ERR_UNREADABLE. ERR_FULL: one too many. */
MUST_CHECK enum status told_memory(const struct physmem *mem, struct told_list list, struct bootinfo *bi);

/* The mask of a colour of that many bits from bit `at` of a pixel on. */
uint32_t told_colour(uint8_t at, uint8_t bits);

#endif
