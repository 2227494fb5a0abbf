/* SPDX-License-Identifier: MIT */
/*
 * Every line and record that leaves. The code elsewhere finds facts; in this folder they are worded. Each function
 * prints the lines, the records or both of one fact.
 */
#ifndef KERNEL_REPORT_REPORT_H
#define KERNEL_REPORT_REPORT_H

#include "acpi/root.h"
#include "acpi/slit.h"
#include "acpi/table_rules.h"
#include "kernel/report/strip.h"
#include "kernel/state/run.h"
#include "mm/cost.h"
#include "mm/memory_rules.h"
#include "mm/policy.h"
#include "mm/sweep.h"

/* ---- report.c: first lines, warnings and errors, checks, last lines ---- */

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

/* Print what booted Landfall, on what, with which seed; and the record of the boot alone. */
void report_start(struct log *l, const struct handover *h, const struct cpu_info *cpu);
void report_boot_record(struct log *l, const struct handover *h);

/* Prints the last words after report_error: the end record and the KTAP bail-out. Returns h->result: RUN_ERROR. */
enum run_result report_bail_out(struct log *l, struct handover *h);

/* Prints the last lines of a whole run. Returns the final result: RUN_FAULT when a check of Landfall itself failed. */
enum run_result report_end(struct log *l, struct handover *h);
void report_end_record(struct log *l, const struct handover *h);

/* Prints a fault's first lines and the end record with status "fault": for the exception handler and kassert_fail. */
void report_fault(struct handover *h, const struct platform *p, const char *what);

/* ---- report_machine.c: memory map, ACPI tables, SRAT and nodes ---- */

void report_memory_map(struct log *l, const char *prefix, const struct e820 *map);
void report_memory_records(struct log *l, const struct e820 *map);
void report_memory_marks(struct log *l, const struct bootinfo *bi);
void report_end_of_ram(struct log *l, const struct e820 *map, unsigned levels);
void report_no_acpi(struct log *l, phys_t rsdp, enum status why);
void report_acpi_root(struct log *l, const struct acpi_root *root);
void report_acpi_table(struct log *l, const struct acpi_table *t);
void report_tables(struct log *l, const struct e820 *map, const struct acpi_root *root);
void report_affinity_records(struct log *l, const struct srat *s, const struct numa *n);
void report_srat_processor(struct log *l, const struct srat_initiator *i, int nid, bool usable);
void report_srat_memory(struct log *l, const struct srat_mem *e, int nid);
void report_distances(struct log *l, const struct numa *n, const struct slit *slit);
void report_numa_event(void *log, const struct numa_event *e); /* as numa_log wants it */
/* `why` is empty when there is no SRAT at all. */
void report_faked_node(struct log *l, phys_t end, const char *why);
void report_nodes(struct log *l, const struct numa *numa, struct range kernel);

/* ---- report_finding.c: what is legal but awkward in what firmware says ---- */

/* Prints one finding: its rule and, in words, what it is about. The handover counts them and keeps the first. */
void report_finding(struct log *l, struct handover *h, const char *rule, const char *what);

/* Prints how many more of that rule are not told one by one. */
void report_more_findings(struct log *l, struct handover *h, const char *rule, uint64_t nr);

/* Prints a finding about what a policy leaves fixed of all RAM, and how many times as much is movable. */
void report_memory_left(struct log *l, struct handover *h, const char *policy, const struct memory_split *s);

/* Prints a finding about a policy: Linux's memblock has no room for the SRAT that it reads first. */
void report_memblock_full(struct log *l, struct handover *h, const char *policy);

/* ---- report_place.c: where the image goes, and where page-table pages lie ---- */

/* What came of one policy's direct map. */
struct outcome {
	struct run *r;
	const struct pt_policy *policy;
	bool last;    /* its map stays */
	bool counted; /* nothing was built: the numbers are the allocator's, no page is looked at */
	uint64_t build_ns;
	unsigned worked_on; /* page tables made, then walked */
	/* what the walk found */
	uint64_t tables[PT_LEVELS], leaves[3];
	uint64_t ram_mapped;
	char wrong[120]; /* the first thing that is not as it must be; empty: none */
	struct direct_map dm;
	struct memblock mb;
	struct cost_sum cost;
	struct placement placement;
	bool stained[PT_LEVELS][MAX_NUMNODES];
	struct strip strip;
};

void report_choice(struct log *l, const struct handover *h);
void report_reserved(struct log *l, struct range what, const char *name);
void report_geometry(struct log *l, const struct handover *h);
void report_run(struct outcome *a, const struct placement_run *run);
void report_policy(struct outcome *a);

/* ---- report_cost.c, report_sweep.c: what policies cost, and what they would do in every slot ---- */

/* Prints the record of one policy's cost. */
void report_cost(struct log *l, const struct cost *c);

/* Prints the costs of all policies as a table of text. */
void report_costs(struct log *l, const struct cost *c, unsigned nr);

/* Prints the record and the lines of a sweep that came out well; `ns` is what it took. */
void report_sweep(struct log *l, const struct handover *h, const struct sweep *s, uint64_t ns);

#endif
