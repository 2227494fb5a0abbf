/* SPDX-License-Identifier: MIT */
/*
 * Joins what firmware says in PXMs with what memory management says in nodes, in Linux's order and with its refusals.
 */
#include "kernel/nodes.h"

#include "acpi/fadt.h"
#include "acpi/slit.h"
#include "kernel/judge.h"
#include "kernel/memory.h"
#include "kernel/report/report.h"
#include "kernel/report/report_machine.h"
#include "lib/format.h"

#define MAX_LOCAL_APIC 32768 /* Linux knows no higher APIC ids */

/* Read when the nodes are joined, of use when it is known where the image goes. */
static struct slit the_slit;

/* Keeps why the SRAT is not used. */
static bool refuse(struct run *r, const char *fmt, unsigned long long a, unsigned long long b)
{
	format(r->h->srat_why, sizeof(r->h->srat_why), fmt, a, b);
	return false;
}

static bool join_processor(struct run *r, const struct srat_initiator *i)
{
	struct numa *n = &r->h->numa;
	int nid = numa_map_pxm(n, i->pxm);

	if (nid == NUMA_NO_NODE) {
		report_linux(r, "SRAT: Too many proximity domains %x", i->pxm);
		report_linux(r, "ACPI: SRAT: SRAT not used.");
		return refuse(r, "proximity domain %llu is one too many or beyond %llu", i->pxm, MAX_NUMNODES - 1);
	}
	n->node[nid].cpus++;
	report_srat_processor(r, i, nid, i->apic_id < MAX_LOCAL_APIC);
	return true;
}

/* Pass 1. A generic initiator gets a node without a line, and fails alone; generic ports are unknown to Linux 6.1. */
static bool join_initiators(struct run *r)
{
	const struct srat *s = &r->h->srat;

	for (size_t i = 0; i < s->nr_initiator; i++) {
		const struct srat_initiator *e = &s->initiator[i];

		if (e->kind == SRAT_GENERIC_INITIATOR)
			(void)numa_map_pxm(&r->h->numa, e->pxm);
		else if (e->kind != SRAT_GENERIC_PORT && !join_processor(r, e))
			return false;
	}
	return true;
}

static bool join_memory_entry(struct run *r, const struct srat_mem *e)
{
	struct numa *n = &r->h->numa;
	int nid = numa_map_pxm(n, e->pxm);
	enum status st = OK;

	if (nid == NUMA_NO_NODE) {
		report_linux(r, "ACPI: SRAT: Too many proximity domains.");
		report_linux(r, "ACPI: SRAT: SRAT not used.");
		return refuse(r, "proximity domain %llu is one too many or beyond %llu", e->pxm, MAX_NUMNODES - 1);
	}
	if (e->end < e->start)
		report_srat_wrapped(r, e, nid);
	else
		st = numa_add_memblk(n, nid, (struct range){ e->start, e->end }, e->hotplug);
	if (st != OK) {
		report_linux(r, "ACPI: SRAT: SRAT not used.");
		return refuse(r, "more than %llu memory ranges", NR_NODE_MEMBLKS, 0);
	}
	report_srat_memory(r, e, nid);
	return true;
}

/* Pass 2. An entry of length 0 counts and gets a node, as in Linux. */
static bool join_memory(struct run *r)
{
	const struct srat *s = &r->h->srat;
	size_t taken = 0;

	for (size_t i = 0; i < s->nr_mem; i++) {
		if (s->mem[i].enabled && !join_memory_entry(r, &s->mem[i]))
			return false;
		taken += s->mem[i].enabled;
	}
	return taken || refuse(r, "no enabled memory entry", 0, 0);
}

static void read_slit(struct run *r, const struct acpi_root *root)
{
	struct acpi_table t;
	enum status st = acpi_root_find(root, "SLIT", &t);

	the_slit = (struct slit){ .localities = 0 };
	if (st == ERR_NOT_FOUND)
		return;
	if (st == OK || st == ERR_CHECKSUM) {
		report_acpi_table(r, &t);
		st = slit_open(&the_slit, &t);
	}
	if (st == OK)
		report_distances(r, &the_slit);
	else if (st == ERR_CONFLICT)
		report_linux(r, "ACPI: SLIT table looks invalid. Not used.");
	else
		report_warning(r, "SLIT: %s; not used", status_str(st));
}

static void measure_distances(struct handover *h)
{
	int home = numa_node_of(&h->numa, h->choice.base);

	for (unsigned nid = 0; nid < h->numa.nr_nodes; nid++) {
		struct numa_node *n = &h->numa.node[nid];

		n->distance =
			home == NUMA_NO_NODE ? SLIT_REMOTE : slit_distance(&the_slit, h->numa.node[home].pxm, n->pxm);
	}
}

/*
 * Linux reads a table whatever its checksum; here a wrong one is damage, but only after the entries were read: KASLR
 * wants them.
 */
static bool read_srat(struct run *r, const struct acpi_root *root)
{
	struct handover *h = r->h;
	struct acpi_table t;
	enum status found = acpi_root_find(root, "SRAT", &t);
	enum status parsed;

	if (found == ERR_NOT_FOUND)
		return refuse(r, "there is none", 0, 0);
	h->srat_state = SRAT_REJECTED;
	if (found != OK && found != ERR_CHECKSUM)
		return refuse(r, found == ERR_MALFORMED ? "its length is impossible" : "it cannot be read", 0, 0);
	report_acpi_table(r, &t);
	parsed = srat_parse(&t, &h->srat);
	h->srat_walked = parsed == OK;
	if (parsed == ERR_FULL)
		return refuse(r, "more than %llu memory or %llu processor entries", SRAT_MAX_MEM, SRAT_MAX_CPU);
	if (parsed != OK && !h->srat.bad_offset)
		return refuse(r, "it is too short", 0, 0);
	if (parsed != OK)
		return refuse(r, "the entry at offset 0x%llx has a wrong length (%llu)", h->srat.bad_offset,
			      h->srat.bad_length);
	return found == OK || refuse(r, "its checksum is wrong", 0, 0);
}

static bool force_hotplug(struct run *r)
{
	const struct options *o = &r->h->opt;

	for (unsigned i = 0; i < o->nr_hotplug; i++) {
		enum status st = numa_force_hotplug(&r->h->numa, o->hotplug[i]);

		if (st != OK)
			return report_error(r, "hotplug=%u: %s", o->hotplug[i],
					    st == ERR_RANGE ? "the node has no range that is not hot-pluggable already"
							    : "there is no such node");
	}
	return true;
}

/* Only when it is known which nodes there are in the end. */
static void warn_of_forced(struct run *r)
{
	const struct options *o = &r->h->opt;

	for (unsigned i = 0; i < o->nr_hotplug; i++)
		report_warning(r, "hotplug=%u: node %u is treated as hot-pluggable because the option says so",
			       o->hotplug[i], o->hotplug[i]);
}

static void report_event(void *ctx, const struct numa_event *e)
{
	report_numa_event(ctx, e);
}

/* Judges the joined table as Linux's numa_init does. */
static bool accept_ranges(struct run *r)
{
	const struct numa_log log = { report_event, r };

	switch (numa_cleanup(&r->h->numa, r->mb, r->h->end_of_ram, &log)) {
	case OK:
		return true;
	case ERR_CONFLICT:
		return refuse(r, "ranges of different nodes overlap", 0, 0);
	default:
		return refuse(r, "1 MiB or more of RAM lies in none of its ranges", 0, 0);
	}
}

/* Linux's dummy_numa_init. */
static bool fake_one_node(struct run *r)
{
	struct handover *h = r->h;

	if (h->opt.require_srat)
		return report_error(r, "require=srat: no usable SRAT: %s", h->srat_why);
	report_faked_node(r);
	numa_fake_one_node(&h->numa, h->end_of_ram);
	h->numa.node[0].cpus = h->madt_cpus;
	return force_hotplug(r);
}

static bool holds_anything(const struct e820 *map, struct range r)
{
	for (size_t i = 0; i < map->nr; i++) {
		if (range_overlaps(map->e[i].r, r))
			return true;
	}
	return false;
}

/* Memory said to be there, of which firmware's own map knows nothing: the SRAT speaks of another machine. */
static void warn_if_foreign(struct run *r)
{
	const struct srat *s = &r->h->srat;
	unsigned there = 0, empty = 0;

	for (size_t i = 0; i < s->nr_mem; i++) {
		const struct srat_mem *e = &s->mem[i];

		if (!e->enabled || e->hotplug || e->nonvolatile || e->end <= e->start)
			continue;
		there++;
		empty += !holds_anything(&r->h->bi.map, (struct range){ e->start, e->end });
	}
	if (empty)
		report_warning(r,
			       "SRAT and memory map do not fit: of %u ranges that cannot be plugged in later, %u "
			       "hold no memory: is it another machine's?",
			       there, empty);
}

static void warn_if_on_hotplug(struct run *r)
{
	const struct numa *n = &r->h->numa;
	struct choice *c = &r->h->choice;

	for (size_t i = 0; i < n->nr_hot; i++) {
		if (range_overlaps((struct range){ c->base, c->end }, n->hot[i].r))
			c->on_hotplug = true;
	}
	if (c->on_hotplug)
		report_warning(r, "the image lies on hot-pluggable memory: its node cannot be removed");
}

bool nodes_join(struct run *r, const struct acpi_root *root)
{
	struct handover *h = r->h;
	bool joined;

	numa_init(&h->numa);
	h->srat_state = SRAT_ABSENT;
	h->srat_walked = false;
	joined = read_srat(r, root) && join_initiators(r) && join_memory(r);
	report_affinity_records(r);
	read_slit(r, root);
	if (joined)
		h->srat_state = SRAT_OK;
	return judge_firmware(r, root, joined) && (!joined || force_hotplug(r));
}

bool nodes_accept(struct run *r)
{
	struct handover *h = r->h;

	if (!memory_fill(r))
		return false;
	if (h->srat_state == SRAT_OK && !accept_ranges(r))
		h->srat_state = SRAT_REJECTED;
	if (h->srat_state != SRAT_OK && !fake_one_node(r))
		return false;
	measure_distances(h);
	if (h->srat_walked)
		warn_if_foreign(r);
	warn_of_forced(r);
	warn_if_on_hotplug(r);
	return true;
}

static void add_table(struct numa *n, const struct acpi_root *root, phys_t at)
{
	struct acpi_table t;
	enum status st = acpi_table_open(&t, root->mem, at);

	if (st == OK || st == ERR_CHECKSUM)
		numa_note_table(n, (struct range){ t.addr, t.addr + t.length });
}

void nodes_note_tables(struct run *r, const struct acpi_root *root)
{
	phys_t dsdt, facs;

	for (size_t i = 0; i < root->nr; i++)
		add_table(&r->h->numa, root, root->table[i]);
	acpi_fadt_tables(root, &dsdt, &facs);
	if (dsdt)
		add_table(&r->h->numa, root, dsdt);
	if (facs)
		add_table(&r->h->numa, root, facs);
}
