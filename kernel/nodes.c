/* SPDX-License-Identifier: MIT */
/*
 * Joins what firmware says in PXMs with what memory management says in nodes, in Linux's order and with its refusals.
 */
#include "kernel/steps.h"

#include "acpi/fadt.h"
#include "kernel/report/report.h"
#include "lib/format.h"

#define MAX_LOCAL_APIC 32768 /* Linux knows no higher APIC ids */

#define ONE_TOO_MANY "proximity domain %u is one too many or beyond %d"

/* Keeps why the SRAT is not used; false. */
#define REFUSE(h, ...) (format((h)->srat_why, sizeof((h)->srat_why), __VA_ARGS__), false)

static bool join_processor(struct log *l, struct handover *h, const struct srat_initiator *i)
{
	int nid = numa_map_pxm(&h->numa, i->pxm);

	if (nid == NUMA_NO_NODE) {
		report_linux(l, "SRAT: Too many proximity domains %x", i->pxm);
		report_linux(l, "ACPI: SRAT: SRAT not used.");
		return REFUSE(h, ONE_TOO_MANY, i->pxm, MAX_NUMNODES - 1);
	}
	h->numa.node[nid].cpus++;
	report_srat_processor(l, i, nid, i->apic_id < MAX_LOCAL_APIC);
	return true;
}

/* Pass 1. A generic initiator gets a node without a line, and fails alone; generic ports are unknown to Linux 6.1. */
static bool join_initiators(struct log *l, struct handover *h)
{
	for_each (e, h->srat.initiator, h->srat.nr_initiator) {
		if (e->kind == SRAT_GENERIC_INITIATOR)
			(void)numa_map_pxm(&h->numa, e->pxm);
		else if (e->kind != SRAT_GENERIC_PORT && !join_processor(l, h, e))
			return false;
	}
	return true;
}

static bool join_memory_entry(struct log *l, struct handover *h, const struct srat_mem *e)
{
	int nid = numa_map_pxm(&h->numa, e->pxm);
	enum status st = OK;

	if (nid == NUMA_NO_NODE) {
		report_linux(l, "ACPI: SRAT: Too many proximity domains.");
		report_linux(l, "ACPI: SRAT: SRAT not used.");
		return REFUSE(h, ONE_TOO_MANY, e->pxm, MAX_NUMNODES - 1);
	}
	if (e->r.end < e->r.start)
		report_linux(l, "Warning: invalid memblk node %d %8p", nid, &e->r);
	else
		st = numa_add_memblk(&h->numa, nid, e->r, e->hotplug);
	if (st != OK) {
		report_linux(l, "ACPI: SRAT: SRAT not used.");
		return REFUSE(h, "more than %d memory ranges", NR_NODE_MEMBLKS);
	}
	report_srat_memory(l, e, nid);
	return true;
}

/* Pass 2. An entry of length 0 counts and gets a node, as in Linux. */
static bool join_memory(struct log *l, struct handover *h)
{
	bool taken = false;

	for_each (m, h->srat.mem, h->srat.nr_mem) {
		if (!m->enabled)
			continue;
		if (!join_memory_entry(l, h, m))
			return false;
		taken = true;
	}
	return taken || REFUSE(h, "no enabled memory entry");
}

static void read_slit(struct log *l, const struct acpi_root *root, const struct numa *n, struct slit *slit)
{
	struct acpi_table t;
	enum status st = acpi_root_find(root, "SLIT", &t);

	*slit = (struct slit){ .localities = 0 };
	if (st == ERR_NOT_FOUND)
		return;
	if (st == OK || st == ERR_CHECKSUM) {
		report_acpi_table(l, &t);
		st = slit_open(slit, &t);
	}
	if (st == OK)
		report_distances(l, n, slit);
	else if (st == ERR_CONFLICT)
		report_linux(l, "ACPI: SLIT table looks invalid. Not used.");
	else
		report_warning(l, "SLIT: %s; not used", status_str(st));
}

/* How far every node is from the image's. */
static void measure_distances(const struct slit *slit, phys_t base, struct numa *n)
{
	int home = numa_look_at(n, base).nid;

	for_each (node, n->node, n->nr_nodes)
		node->distance = home == NUMA_NO_NODE ? SLIT_REMOTE : slit_distance(slit, n->node[home].pxm, node->pxm);
}

/*
 * Linux reads a table whatever its checksum; here a wrong one is damage, but only after the entries were read: KASLR
 * wants them.
 */
static bool read_srat(struct log *l, const struct acpi_root *root, struct handover *h)
{
	struct acpi_table t;
	enum status found = acpi_root_find(root, "SRAT", &t);
	enum status parsed;

	if (found == ERR_NOT_FOUND)
		return REFUSE(h, "there is none");
	h->srat_state = SRAT_REJECTED;
	if (found != OK && found != ERR_CHECKSUM)
		return REFUSE(h, found == ERR_MALFORMED ? "its length is impossible" : "it cannot be read");
	report_acpi_table(l, &t);
	parsed = srat_parse(&t, &h->srat);
	h->srat_walked = parsed == OK;
	if (parsed == ERR_FULL)
		return REFUSE(h, "more than %d memory or %d processor entries", SRAT_MAX_MEM, SRAT_MAX_CPU);
	if (parsed != OK && !h->srat.bad_offset)
		return REFUSE(h, "it is too short");
	if (parsed != OK)
		return REFUSE(h, "the entry at offset 0x%x has a wrong length (%u)", h->srat.bad_offset,
			      h->srat.bad_length);
	return found == OK || REFUSE(h, "its checksum is wrong");
}

static bool force_hotplug(struct log *l, const struct options *o, struct numa *n)
{
	for_each (pxm, o->hotplug, o->nr_hotplug) {
		enum status st = numa_force_hotplug(n, *pxm);

		if (st != OK)
			return report_error(l, "hotplug=%u: %s", *pxm,
					    st == ERR_RANGE ? "the node has no range that is not hot-pluggable already"
							    : "there is no such node");
	}
	return true;
}

/* Judges the joined table as Linux's numa_init does. */
static bool accept_ranges(struct log *l, const struct memblock *mb, struct handover *h)
{
	const struct numa_log log = { report_numa_event, l };

	switch (numa_cleanup(&h->numa, mb, h->end_of_ram, &log)) {
	case OK:
		return true;
	case ERR_CONFLICT:
		return REFUSE(h, "ranges of different nodes overlap");
	default:
		return REFUSE(h, "1 MiB or more of RAM lies in none of its ranges");
	}
}

/* Linux's dummy_numa_init. */
static bool fake_one_node(struct log *l, struct handover *h)
{
	if (h->opt.require_srat)
		return report_error(l, "require=srat: no usable SRAT: %s", h->srat_why);
	report_faked_node(l, h->end_of_ram, h->srat_state == SRAT_REJECTED ? h->srat_why : "");
	numa_fake_one_node(&h->numa, h->end_of_ram);
	h->numa.node[0].cpus = h->madt_cpus;
	return force_hotplug(l, &h->opt, &h->numa);
}

/* Memory said to be there, of which firmware's own map knows nothing: the SRAT speaks of another machine. */
static void warn_if_foreign(struct log *l, const struct srat *s, const struct e820 *map)
{
	unsigned there = 0, empty = 0;

	for_each (e, s->mem, s->nr_mem) {
		size_t at = e820_first(map, e->r.start);

		if (!e->enabled || e->hotplug || e->nonvolatile || range_empty(e->r))
			continue;
		there++;
		empty += at == map->nr || map->e[at].r.start >= e->r.end;
	}
	if (empty)
		report_warning(l,
			       "SRAT and memory map do not fit: of %u ranges that cannot be plugged in later, %u "
			       "hold no memory: is it another machine's?",
			       there, empty);
}

static void warn_if_on_hotplug(struct log *l, const struct numa *n, struct range image)
{
	for_each (b, n->hot.blk, n->hot.nr) {
		if (range_overlaps(image, b->r)) {
			report_warning(l, "the image lies on hot-pluggable memory: its node cannot be removed");
			return;
		}
	}
}

bool nodes_join(struct run *r, const struct acpi_root *root, struct slit *slit)
{
	struct handover *h = r->h;
	struct log *l = &r->log;
	bool joined;

	numa_init(&h->numa);
	joined = read_srat(l, root, h) && join_initiators(l, h) && join_memory(l, h);
	report_affinity_records(l, &h->srat, &h->numa);
	read_slit(l, root, &h->numa, slit);
	if (joined)
		h->srat_state = SRAT_OK;
	return judge_firmware(r, root, joined) && (!joined || force_hotplug(l, &h->opt, &h->numa));
}

bool nodes_accept(struct log *l, struct handover *h, const struct slit *slit, struct memblock *mb)
{
	if (!memory_fill(l, &h->map, h->end_of_ram, mb))
		return false;
	if (h->srat_state == SRAT_OK && !accept_ranges(l, mb, h))
		h->srat_state = SRAT_REJECTED;
	if (h->srat_state != SRAT_OK && !fake_one_node(l, h))
		return false;
	measure_distances(slit, h->choice.base, &h->numa);
	if (h->srat_walked)
		warn_if_foreign(l, &h->srat, &h->bi.map);
	for_each (pxm, h->opt.hotplug, h->opt.nr_hotplug)
		report_warning(l, "hotplug=%u: node %u is treated as hot-pluggable because the option says so", *pxm,
			       *pxm);
	warn_if_on_hotplug(l, &h->numa, (struct range){ h->choice.base, h->choice.end });
	return true;
}

static void add_table(const struct acpi_root *root, phys_t at, struct numa *n)
{
	struct acpi_table t;
	enum status st = acpi_table_open(&t, root->mem, at);

	if (st == OK || st == ERR_CHECKSUM)
		numa_note_table(n, (struct range){ t.addr, t.addr + t.length });
}

void nodes_note_tables(const struct acpi_root *root, struct numa *n)
{
	phys_t dsdt, facs;

	for_each (addr, root->table, root->nr)
		add_table(root, *addr, n);
	acpi_fadt_tables(root, &dsdt, &facs);
	if (dsdt)
		add_table(root, dsdt, n);
	if (facs)
		add_table(root, facs, n);
}
