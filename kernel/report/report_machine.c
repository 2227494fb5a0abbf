/* SPDX-License-Identifier: MIT */
/* What the machine says of itself, spelled as Linux 6.1 spells it so that the two logs can be compared line by line. */
#include "kernel/report/report.h"

#include "lib/format.h"
#include "mm/pagetable.h"

#define DUMP_MAX (64 * KIB) /* bytes of one table in hex */
#define DISTANCES_MAX 8     /* nodes whose distances are printed as a table */
#define NODE_LINES_MAX 64   /* lines of text; the records have all */

/* ---- memory map ---- */

void report_memory_map(struct log *l, const char *prefix, const struct e820 *map)
{
	report_linux(l, "%s physical RAM map:", prefix[0] == 'u' ? "user-defined" : "BIOS-provided");
	for_each (e, map->e, map->nr)
		report_linux(l, "%s: %16p %s", prefix, &e->r, e820_names(e->type)->in_linux);
}

/* Linux prints the attributes of every descriptor; of those, these two bear on where an image goes. */
void report_memory_marks(struct log *l, const struct bootinfo *bi)
{
	for (size_t i = 0; i < bi->nr_conventional; i++) {
		unsigned marks = bi->conventional_marks[i];

		if (marks)
			log_text(l, "efi: free %16p%s%s", &bi->conventional[i],
				 marks & MEMORY_MIRRORED ? " mirrored" : "",
				 marks & MEMORY_HOT_PLUGGABLE ? " hot-pluggable" : "");
	}
}

void report_memory_records(struct log *l, const struct e820 *map)
{
	for_each (e, map->e, map->nr) {
		log_record(l, "mem", "start%llx end%llx type%s", (ull)e->r.start, (ull)e->r.end,
			   e820_names(e->type)->ours);
	}
}

void report_end_of_ram(struct log *l, const struct e820 *map, unsigned levels)
{
	phys_t limit = levels == 5 ? MAXMEM_5LEVEL : MAXMEM_4LEVEL;
	phys_t end = e820_end_of_ram(map, UINT64_MAX);

	report_linux(l, "last_pfn = 0x%llx max_arch_pfn = 0x%llx", (ull)(e820_end_of_ram(map, limit) >> PAGE_SHIFT),
		     (ull)(limit >> PAGE_SHIFT));
	if (end > limit)
		report_warning(l, "RAM from 0x%llx on is out of reach of %u paging levels: not used", (ull)limit,
			       levels);
}

/* ---- ACPI ---- */

void report_no_acpi(struct log *l, phys_t rsdp, enum status why)
{
	if (rsdp == PHYS_NONE)
		report_warning(l, "no RSDP: a machine without ACPI");
	else
		report_warning(l, "no ACPI: the RSDP at 0x%llx or its root table: %s", (ull)rsdp, status_str(why));
}

void report_acpi_table(struct log *l, const struct acpi_table *t)
{
	report_linux(l, "ACPI: %-4.4s 0x%016llX %06X (v%02u %-6.6s %-8.8s %08X %-4.4s %08X)", t->signature,
		     (ull)t->addr, t->length, t->revision, t->oem_id, t->oem_table_id, t->oem_revision, t->creator_id,
		     t->creator_revision);
	if (!t->checksum_ok)
		report_warning(l, "%s: the checksum is wrong", t->signature);
}

void report_acpi_root(struct log *l, const struct acpi_root *root)
{
	struct acpi_table t;
	enum status st = acpi_table_open(&t, root->mem, root->sdt);

	report_linux(l, "ACPI: RSDP 0x%016llX %06X (v%02u %-6.6s)", (ull)root->rsdp,
		     root->rsdp_revision >= 2 ? 0x24u : 0x14u, root->rsdp_revision, root->oem_id);
	if (root->xsdt_status != OK)
		report_warning(l, "XSDT: %s; using the RSDT", status_str(root->xsdt_status));
	if (st == OK || st == ERR_CHECKSUM)
		report_acpi_table(l, &t);
	if (acpi_root_lost(root))
		report_warning(l, "%s: entries that lead to no table: %llu", root->xsdt ? "XSDT" : "RSDT",
			       (ull)acpi_root_lost(root));
}

/* The format of acpidump, so that acpixtract and iasl can read it. */
static APART void dump_table(struct log *l, const struct acpi_table *t)
{
	uint8_t byte[16];

	log_raw(l, "%.4s @ 0x%016llX", t->signature, (ull)t->addr);
	for (uint32_t at = 0; at < t->length && at < DUMP_MAX; at += sizeof(byte)) {
		uint32_t n = (uint32_t)min_u64(sizeof(byte), t->length - at);
		char hex[3 * sizeof(byte) + 1], text[sizeof(byte) + 1];

		if (!acpi_table_read(t, at, byte, n))
			break;
		for (uint32_t i = 0; i < n; i++) {
			format(hex + 3 * i, 4, "%02X ", byte[i]);
			text[i] = byte[i] >= ' ' && byte[i] <= '~' ? (char)byte[i] : '.';
		}
		text[n] = '\0';
		log_raw(l, "    %04X: %-48s %s", at, hex, text);
	}
	if (t->length > DUMP_MAX)
		log_raw(l, "    (%u of %u bytes)", (unsigned)DUMP_MAX, t->length);
	log_raw(l, "%s", "");
}

void report_tables(struct log *l, const struct e820 *map, const struct acpi_root *root)
{
	struct acpi_table t;
	enum status st;

	for_each (e, map->e, map->nr)
		log_raw(l, "e820: %016llx %016llx %08x", (ull)e->r.start, (ull)range_size(e->r), (unsigned)e->type);
	for_each (addr, root->table, root->nr) {
		st = acpi_table_open(&t, root->mem, *addr);
		if (st == OK || st == ERR_CHECKSUM)
			dump_table(l, &t);
	}
}

/* ---- SRAT and SLIT ---- */

void report_affinity_records(struct log *l, const struct srat *s, const struct numa *n)
{
	for (size_t i = 0; i < s->nr_mem; i++) {
		const struct srat_mem *e = &s->mem[i];

		log_record(l, "affinity", "start%llx end%llx pxm%u node%d enabled%i hotplug%i nonvolatile%i",
			   (ull)e->r.start, (ull)e->r.end, e->pxm,
			   e->enabled ? numa_pxm_to_node(n, e->pxm) : NUMA_NO_NODE, e->enabled, e->hotplug,
			   e->nonvolatile);
	}
}

void report_srat_processor(struct log *l, const struct srat_initiator *i, int nid, bool usable)
{
	report_linux(l,
		     i->kind == SRAT_X2APIC ? "SRAT: PXM %u -> APIC 0x%04x -> Node %u%s"
					    : "SRAT: PXM %u -> APIC 0x%02x -> Node %u%s",
		     i->pxm, i->apic_id, (unsigned)nid, usable ? "" : " skipped apicid that is too big");
}

void report_srat_memory(struct log *l, const struct srat_mem *e, int nid)
{
	report_linux(l, "ACPI: SRAT: Node %u PXM %u %8p%s%s", (unsigned)nid, e->pxm, &e->r,
		     e->hotplug ? " hotplug" : "", e->nonvolatile ? " non-volatile" : "");
}

void report_distances(struct log *l, const struct numa *n, const struct slit *slit)
{
	if (n->nr_nodes)
		report_linux(l, "NUMA: Initialized distance table, cnt=%u", n->nr_nodes);
	for (unsigned i = 0; n->nr_nodes <= DISTANCES_MAX && i < n->nr_nodes; i++) {
		char text[5 * DISTANCES_MAX] = "";
		struct builder row = BUILDER(text);

		for_each (node, n->node, n->nr_nodes)
			builder_add(&row, " %3u", slit_distance(slit, n->node[i].pxm, node->pxm));
		log_text(l, "distances of node %u:%s", i, text);
	}
}

void report_numa_event(void *log, const struct numa_event *e)
{
	struct log *l = log;

	switch (e->kind) {
	case NUMA_JOINED:
		report_linux(l, "NUMA: Node %d %8p + %8p -> %8p", e->nid, &e->a, &e->b, &e->result);
		break;
	case NUMA_OVERLAPS_SELF:
		report_linux(l, "Warning: node %d %8p overlaps with itself %8p", e->nid, &e->a, &e->b);
		break;
	case NUMA_OVERLAPS:
		report_linux(l, "node %d %8p overlaps with node %d %8p", e->nid, &e->a, e->other_nid, &e->b);
		break;
	case NUMA_NOT_COVERED:
		report_linux(l, "NUMA: nodes only cover %lluMB of your %lluMB e820 RAM. Not used.",
			     (ull)(e->covered / MIB), (ull)(e->total / MIB));
		break;
	}
}

void report_faked_node(struct log *l, phys_t end, const char *why)
{
	struct range all = range_below(end);

	if (*why)
		report_warning(l, "SRAT rejected: %s: going on with one node", why);
	else
		log_text(l, "no SRAT: going on with one node");
	report_linux(l, "No NUMA configuration found");
	report_linux(l, "Faking a node at %16p", &all);
}

/* ---- nodes ---- */

static bool holds(const struct numa *numa, unsigned nid, struct range kernel)
{
	for_each (b, numa->mem.blk, numa->mem.nr) {
		if (b->nid == (int)nid && range_overlaps(b->r, kernel))
			return true;
	}
	return false;
}

#define WHY_MAX 40

/* Why a hotplug node is not movable; empty when it is, or when it is no hotplug node at all. */
static APART const char *pinned_why(const struct numa *numa, unsigned nid, struct range kernel, char buf[WHY_MAX])
{
	const struct numa_node *n = &numa->node[nid];

	if (!n->hotplug || n->movable)
		return "";
	if (holds(numa, nid, kernel))
		return "kernel";
	if (range_empty(n->pinned_by))
		return "ACPI tables";
	format(buf, WHY_MAX, "reserved 0x%llx", (ull)n->pinned_by.start);
	return buf;
}

void report_nodes(struct log *l, const struct numa *numa, struct range kernel)
{
	char buf[WHY_MAX];

	log_text(l, "node   PXM  CPUs  memory      kind (PXM: firmware's number)");
	for (unsigned i = 0; i < numa->nr_nodes; i++) {
		const struct numa_node *n = &numa->node[i];
		const char *why = pinned_why(numa, i, kernel, buf);

		if (i < NODE_LINES_MAX)
			log_text(l, "%4u %5u %5u  %'-10llu  %s%s%s", i, n->pxm, n->cpus, (ull)n->present,
				 n->movable   ? "movable"
				 : n->hotplug ? "hot-pluggable, pinned by "
					      : "fixed",
				 why[0] == 'r' && n->pinned_by.start < MIB ? "low memory" : why,
				 n->present ? "" : ", no memory");
		log_record(l, "node", "node%u pxm%u present%llu hotplug%i movable%i why%s cpus%u distance%u", i, n->pxm,
			   (ull)n->present, n->hotplug, n->movable, *why ? why : NULL, n->cpus, n->distance);
	}
	if (numa->nr_nodes > NODE_LINES_MAX)
		log_text(l, "  and %u more nodes: see the records", numa->nr_nodes - NODE_LINES_MAX);
}
