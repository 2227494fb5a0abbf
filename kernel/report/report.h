/* SPDX-License-Identifier: MIT */
/*
 * The frame of the log: first lines, warnings and errors, checks, last lines. The code elsewhere finds facts; in this
 * folder they are worded.
 */
#ifndef KERNEL_REPORT_REPORT_H
#define KERNEL_REPORT_REPORT_H

#include "kernel/state/run.h"
#include "kernel/state/seed.h"

/* Returns what a reserved range is called: "module", "boot services". */
const char *keep_name(enum keep_reason why);

/* Returns "ok", "absent" or "rejected". */
const char *srat_name(enum srat_state s);

/*
 * Why nobody can say of this machine whether page tables have landed on movable memory: "there is no SRAT to go by", or
 * why it is rejected. Empty: the SRAT tells. Clean is said only then.
 */
struct no_verdict {
	char why[128];
};
struct no_verdict no_verdict(const struct handover *h);

/* Returns true when the SRAT tells. */
static inline bool has_verdict(const struct handover *h)
{
	return h->srat_state == SRAT_OK;
}

/*
 * Prints the error line of a run that cannot be completed, and keeps it for report_bail_out. Always returns false: the
 * steps behind it are not taken.
 */
bool report_error(struct log *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
#define NO_MEMORY_AT "the memory at 0x%llx does not hold what is written to it"

/* Prints what degrades the run or changes what is asked. */
void report_warning(struct log *l, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Prints a line spelled as Linux 6.1 spells it. */
#define report_linux log_text

/* Keeps a check for the KTAP lines at the end; one that failed is said at once. */
void report_check(struct log *l, struct handover *h, const struct check *c);

/* Print the first line of all; then what booted it, on what, with which seed; and the record of the boot alone. */
void report_banner(struct log *l);
void report_start(struct log *l, const struct handover *h, const struct cpu_info *cpu, const struct entropy *e);
void report_boot_record(struct log *l, const struct handover *h);

/* Prints the last words after report_error: the end record and the KTAP bail-out. Returns h->result: RUN_ERROR. */
enum run_result report_bail_out(struct log *l, struct handover *h);

/* Prints the last lines of a whole run. Returns the final result: RUN_FAULT when a check of Landfall itself failed. */
enum run_result report_end(struct log *l, struct handover *h);
void report_end_record(struct log *l, const struct handover *h);

/* Prints a fault's first lines and the end record with status "fault": for the exception handler and kassert_fail. */
void report_fault(struct handover *h, const struct platform *p, const char *what);

#endif
