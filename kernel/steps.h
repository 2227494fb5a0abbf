/* SPDX-License-Identifier: MIT */
/*
 * The steps of a run, file by file, in the order in which plan_run() and map_run() take them. Those that can fail
 * return false when an error has been reported.
 */
#ifndef KERNEL_STEPS_H
#define KERNEL_STEPS_H

#include "acpi/root.h"
#include "acpi/slit.h"
#include "kernel/state/run.h"
#include "mm/cost.h"
#include "mm/sweep.h"

/* ---- selftest.c: known answers, which tell a kernel miscompiled or damaged in memory from one that is right ---- */

/*
 * Asks for all of them, one check each ("selftest: crc32"): a failure is for the end of the run. Before the memory map
 * is read.
 */
void selftest_run(struct run *r);

/* ---- upgrade.c: ACPI tables that come with the loader's modules and stand in for the firmware's ---- */

/*
 * Looks at every file of bootinfo: a bare table (header, length, checksum in order) replaces the firmware's first one
 * of that name; tables in kernel/firmware/acpi/ of an uncompressed cpio are taken as Linux's table upgrade takes them.
 * Anything else stays what it is: memory that is kept.
 */
void upgrade_tables(struct log *l, const struct bootinfo *bi, struct acpi_root *root);

/* ---- nodes.c: from what firmware says of memory to nodes ---- */

/* Reads SRAT, into h->srat and h->numa in both of Linux's passes, and SLIT; h->srat_state says how that went. */
MUST_CHECK bool nodes_join(struct run *r, const struct acpi_root *root, struct slit *slit);

/*
 * Joins and judges the ranges of h->numa, or fakes one node, and measures how far each node is from the image. Fills
 * mb; needs h->map as it stays, and h->choice.
 */
MUST_CHECK bool nodes_accept(struct log *l, struct handover *h, const struct slit *slit, struct memblock *mb);

/*
 * Notes on which nodes the ACPI tables lie, DSDT and FACS included: Linux reserves all of them before it reads SRAT.
 * The nodes must have been accepted.
 */
void nodes_note_tables(const struct acpi_root *root, struct numa *n);

/* ---- judge.c: what is legal but awkward in firmware's tables, and in the memory that they describe ---- */

/* Looks at the SRAT, if there is one, at the tables beside it and, when the SRAT was joined, at memory. */
MUST_CHECK bool judge_firmware(struct run *r, const struct acpi_root *root, bool joined);

/* ---- place.c: where the image goes ---- */

/* Finds h->slots and makes h->choice. */
MUST_CHECK bool place_choose(struct log *l, struct handover *h);

/* Finds h->slots alone, for an image of h->choice.size; reads h->bi, h->srat and the options. */
void place_find_slots(struct log *l, struct handover *h);

/* ---- memory.c: what of RAM is there, and what of it is taken ---- */

/* Fills mb with the RAM of the map below `end` in whole pages, nothing reserved (Linux's e820__memblock_setup). */
MUST_CHECK bool memory_fill(struct log *l, const struct e820 *map, phys_t end, struct memblock *mb);

/* Whether the image is reserved, and what is reserved is said. */
enum memory_start { MEMORY_WITH_IMAGE, MEMORY_WITHOUT_IMAGE };

/*
 * Makes mb what a policy starts from: RAM, and reserved of it what docs/log-format.md lists and nothing else. Without
 * the image nothing is said.
 */
MUST_CHECK bool memory_start(struct log *l, const struct handover *h, enum memory_start how, struct memblock *mb);

/* ---- audit.c: a policy's direct map, built, checked by an independent reader, its pages counted by node ---- */

/*
 * Clears the tables, builds the direct map with that policy, loads it, checks it, reports where its pages lie and what
 * they cost.
 */
MUST_CHECK bool audit_policy(struct run *r, const struct pt_policy *policy, bool last, struct cost *cost);

/* Describes the direct map of a run, but for its policy and where its pages come from. */
struct direct_map audit_direct_map(const struct handover *h);

/* Lends the memblock that policies build from, between two of them. */
struct memblock *audit_memblock(void);

/* ---- odds.c: the option "sweep", the verdict of every policy for every slot that KASLR could have drawn ---- */

/* Sweeps and reports after the maps, policy by policy. Leaves r->mb without the image. */
MUST_CHECK bool sweep_policies(struct run *r);

/* Does the same for any image, where r->mb has all that is reserved but the image. */
MUST_CHECK bool sweep_image(struct run *r, const struct sweep_image *image);

#endif
