/* SPDX-License-Identifier: MIT */
/*
 * Every byte that leaves: stamped text, JSON records with sequence number and CRC, KTAP. Lines printed before a
 * console is open are kept in the log and replayed. The state is pointer-free and moves with the image; the sink is
 * set anew after the move.
 */
#ifndef KERNEL_STATE_LOG_H
#define KERNEL_STATE_LOG_H

#include "lib/base.h"

#define LOG_COLUMNS 200    /* longest line outside records; a longer one is cut and ends in "..." */
#define LOG_LINE_MAX 40960 /* longest record: a whole command line fits in half of it */
#define LOG_EARLY_MAX 8192 /* bytes kept before a console is open; a loss is said */

struct log_state {
	uint64_t tsc_start, tsc_hz;
	uint64_t boot_id;
	uint32_t seq;     /* number of the next record */
	bool text, json;  /* what is printed */
	bool open;        /* a console is open: lines go out */
	uint64_t sent_ns; /* when the last line went out */
	uint32_t early_len;
	uint32_t early_lost;       /* lines that did not fit into early[] */
	char early[LOG_EARLY_MAX]; /* lines as sent, each behind one byte that says its kind */
	char line[LOG_LINE_MAX];   /* the record being built */
	uint32_t line_len;
	uint32_t depth_comma; /* bit per nesting level: a comma is due */
	uint32_t depth;
	char error[LOG_COLUMNS]; /* why the run could not be completed; empty: it can */
};

struct log_sink {
	void (*write)(void *ctx, const char *s, size_t len); /* called once a line */
	uint64_t (*tsc)(void *ctx);
	void *ctx;
};

struct log {
	struct log_state *s;
	struct log_sink sink;
};

/* Starts a log with text and json on, and no console open. */
void log_init(struct log_state *s, uint64_t tsc_start, uint64_t tsc_hz, uint64_t boot_id);

/* Opens the way out and replays what was kept, as far as text and json now allow it. */
void log_open(struct log *l);

/* Returns the nanoseconds since tsc_start, or 0 when tsc_hz is 0 or the counter stands still. */
uint64_t log_now_ns(const struct log *l);

/*
 * One line of text, time-stamped; dropped when text is off. No newline in fmt; what is not printable ASCII becomes
 * '?'.
 */
void log_text(struct log *l, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Prints such a line even when text is off (errors). */
void log_always(struct log *l, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * Prints a line of text once nothing has gone out for ten seconds; call it again and again in work that may take long.
 * A callback with the log as its context.
 */
void log_beacon(void *log);

/* Prints one line without a stamp (KTAP), even when text is off. */
void log_raw(struct log *l, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * Records: log_begin writes {"rec":"kind","boot_id":"...","seq":N and members, log_members writes more of them, log_end
 * adds the CRC and sends the line; log_record does all of it. Nothing is sent when json is off. A record begun and
 * never ended (a fault came between) is dropped by the next one. Members stand in the format as their names, of small
 * letters, digits and _, each with the conversion of its value behind it; elements of an array have no name:
 * "base%llx node%d buffer{start%llx pages%llu} list[%u %u]".
 *
 * %s           a string, escaped (quotes and backslash by a backslash, what is not printable ASCII as \u00xx), or null.
 *              It takes at most half of the room left, else it is cut and ends in "...".
 * %u %llu      a number
 * %d %lld      the same, or null when negative: nodes
 * %llx         "0x1000": addresses, and numbers that may exceed 2^53
 * %llX         the same, or null when all bits are set
 * %'llu        0.250000: a number of millionths, without floating point
 * %i           true or false
 *
 * What does not fit is a KASSERT, but for strings.
 */
void log_begin(struct log *l, const char *kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
void log_members(struct log *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
void log_end(struct log *l);
#define log_record(l, ...) (log_begin((l), __VA_ARGS__), log_end(l))

/* Returns the bytes that still fit into the record, less what log_end adds: for lists of unknown length. */
size_t log_room(const struct log *l);

#endif
