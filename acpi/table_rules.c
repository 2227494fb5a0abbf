/* SPDX-License-Identifier: MIT */
/* The rules that need nothing but tables: SRAT by itself, and the others beside it. */
#include "acpi/table_rules.h"

#include "acpi/cedt.h"
#include "acpi/hmat.h"
#include "acpi/madt.h"
#include "acpi/slit.h"

#define DOMAIN_LIMIT 1024 /* Linux with MAX_NUMNODES of a distribution refuses a table with a PXM from here on */
#define APIC_LIMIT 32768  /* MAX_LOCAL_APIC of Linux */
#define PAGE_MASK (PAGE_SIZE - 1)

static bool is_cpu(const struct srat_initiator *i)
{
	return i->kind == SRAT_APIC || i->kind == SRAT_X2APIC;
}

/* ---- the domains of the SRAT: enabled memory first, then CPUs and initiators ---- */

static size_t nr_mentions(const struct srat *s)
{
	return s->nr_mem + s->nr_initiator;
}

/* The PXM of mention k; false: a disabled entry. */
static bool mention(const struct srat *s, size_t k, uint32_t *pxm)
{
	if (k >= s->nr_mem) {
		*pxm = s->initiator[k - s->nr_mem].pxm;
		return true;
	}
	*pxm = s->mem[k].pxm;
	return s->mem[k].enabled;
}

/* Whether one of the first `end` mentions is of that domain. */
static bool mentioned(const struct srat *s, uint32_t pxm, size_t end)
{
	uint32_t other;

	for (size_t k = 0; k < end; k++) {
		if (mention(s, k, &other) && other == pxm)
			return true;
	}
	return false;
}

/* Tells, once each, of the domains from `limit` on. */
static void report_domains_from(const struct findings *to, const char *rule, const struct srat *s, uint64_t limit)
{
	uint32_t pxm;

	for (size_t k = 0; k < nr_mentions(s); k++) {
		if (mention(s, k, &pxm) && pxm >= limit && !mentioned(s, pxm, k))
			finding_tell(to, rule, FINDING_DOMAIN, pxm);
	}
}

/* ---- SRAT ---- */

#define KNOWN_FLAGS (SRAT_FLAG_ENABLED | SRAT_FLAG_HOTPLUG | SRAT_FLAG_NONVOLATILE)

static const char *judge_entry(const union srat_entry *e, uint8_t revision)
{
	bool memory = e->head.type == SRAT_TYPE_MEMORY;
	uint32_t flags = memory ? e->memory.flags : e->apic.flags;

	switch (srat_form(e)) {
	case SRAT_UNKNOWN:
		return "srat-unknown-entry";
	case SRAT_FOREIGN:
		return "srat-foreign-entry";
	case SRAT_BAD_LENGTH:
		return "srat-entry-length";
	default:
		break;
	}
	if ((!memory && e->head.type != SRAT_TYPE_APIC) || !(flags & SRAT_FLAG_ENABLED))
		return NULL;
	if (srat_entry_pxm(e, revision) != srat_entry_pxm(e, UINT8_MAX))
		return "pxm-high-bytes";
	return memory && flags & ~KNOWN_FLAGS ? "srat-unknown-flags" : NULL;
}

static void judge_entries(const struct acpi_table *t, const struct findings *to)
{
	struct acpi_entries it = srat_entries(t);
	struct acpi_entry at;
	union srat_entry e;

	while (srat_next(&it, &at, &e)) {
		const char *rule = judge_entry(&e, t->revision);

		if (rule)
			finding_tell(to, rule, FINDING_ENTRY, at.offset);
	}
	if (it.damage == ERR_MALFORMED)
		finding_tell(to, at.length < sizeof(e.head) ? "srat-zero-length-entry" : "srat-truncated-entry",
			     FINDING_ENTRY, at.offset);
	else if (it.damage == OK && it.next < t->length)
		finding_tell(to, "srat-stray-bytes", FINDING_ENTRY, it.next);
}

static void judge_memory(const struct srat *s, const struct findings *to)
{
	size_t enabled = 0;

	for_each (m, s->mem, s->nr_mem) {
		if (!m->enabled)
			continue;
		enabled++;
		if (m->r.end < m->r.start)
			finding_tell(to, "srat-range-wraps", FINDING_RANGE, &m->r, m->pxm);
		else if (m->r.end == m->r.start)
			finding_tell(to, "srat-empty-range", FINDING_RANGE, &m->r, m->pxm);
		else if ((m->r.start | m->r.end) & PAGE_MASK)
			finding_tell(to, "unaligned-range", FINDING_RANGE, &m->r, m->pxm);
	}
	/* Behind damage there may be some. */
	if (!enabled && !s->bad_offset)
		finding_tell(to, "srat-no-memory", FINDING_TABLE);
}

static bool named_before(const struct srat *s, const struct srat_initiator *cpu)
{
	for_each (c, s->initiator, cpu - s->initiator) {
		if (is_cpu(c) && c->apic_id == cpu->apic_id)
			return true;
	}
	return false;
}

static void judge_cpus(const struct srat *s, const struct findings *to)
{
	for_each (c, s->initiator, s->nr_initiator) {
		if (!is_cpu(c))
			continue;
		if (c->apic_id == (c->kind == SRAT_APIC ? UINT8_MAX : UINT32_MAX))
			finding_tell(to, "srat-broadcast-cpu", FINDING_CPU, c->apic_id, c->pxm);
		else if (c->apic_id >= APIC_LIMIT)
			finding_tell(to, "srat-apic-too-large", FINDING_CPU, c->apic_id, c->pxm);
		else if (named_before(s, c))
			finding_tell(to, "srat-duplicate-cpu", FINDING_CPU, c->apic_id, c->pxm);
	}
}

void srat_findings(const struct acpi_table *t, const struct srat *s, const struct findings *to)
{
	judge_entries(t, to);
	judge_memory(s, to);
	judge_cpus(s, to);
	report_domains_from(to, "pxm-too-large", s, DOMAIN_LIMIT);
}

/* ---- MADT ---- */

/* Sets the bit of every CPU of the SRAT with that id; false when there is none. */
static bool mark_known(const struct srat *s, uint32_t apic_id, uint8_t *known)
{
	bool any = false;

	for (size_t i = 0; i < s->nr_initiator; i++) {
		if (!is_cpu(&s->initiator[i]) || s->initiator[i].apic_id != apic_id)
			continue;
		known[i / 8] |= (uint8_t)(1u << i % 8);
		any = true;
	}
	return any;
}

/* A CPU that the MADT lists as disabled may be added later: no finding. */
void madt_findings(const struct acpi_table *t, const struct srat *s, const struct findings *to)
{
	struct acpi_entries it = madt_entries(t);
	uint8_t known[SRAT_MAX_CPU / 8] = { 0 };
	struct acpi_entry at;
	struct madt_cpu cpu;

	while (madt_next_cpu(&it, &at, &cpu)) {
		if (!mark_known(s, cpu.apic_id, known) && cpu.enabled)
			finding_tell(to, "madt-extra-cpu", FINDING_APIC, cpu.apic_id);
	}
	if (it.damage != OK)
		finding_tell(to, "madt-damaged", FINDING_ENTRY, at.offset);
	for (size_t i = 0; i < s->nr_initiator; i++) {
		if (is_cpu(&s->initiator[i]) && !(known[i / 8] >> i % 8 & 1))
			finding_tell(to, "madt-missing-cpu", FINDING_CPU, s->initiator[i].apic_id, s->initiator[i].pxm);
	}
}

/* ---- SLIT ---- */

#define SLIT_MAX 256 /* localities whose distances are looked at */
#define UNREACHABLE 255

struct slit_rows {
	const struct slit *slit;
	uint32_t nr; /* looked at */
	const struct findings *to;
};

static bool read_row(const struct slit_rows *m, uint32_t i, uint8_t *row)
{
	return slit_read_cells(m->slit, i * (uint32_t)m->slit->localities, row, m->nr);
}

/* A way from a over b that is shorter than the direct one, to any third place. */
static bool has_detour(const uint8_t *from_a, const uint8_t *from_b, uint32_t b, uint32_t nr)
{
	for (uint32_t c = 0; c < nr; c++) {
		if (from_a[c] != UNREACHABLE && from_a[c] > from_a[b] + from_b[c])
			return true;
	}
	return false;
}

/* Rows a and b, a < b. */
static void judge_pair(const struct slit_rows *m, const uint8_t *from_a, uint32_t a, uint32_t b)
{
	uint8_t from_b[SLIT_MAX];

	if (!read_row(m, b, from_b))
		return;
	if (from_a[b] <= SLIT_LOCAL || from_b[a] <= SLIT_LOCAL)
		finding_tell(m->to, "slit-distance", FINDING_DOMAINS, a, b);
	if (from_a[b] == UNREACHABLE)
		finding_tell(m->to, "slit-unreachable", FINDING_DOMAINS, a, b);
	if (from_a[b] != from_b[a])
		finding_tell(m->to, "slit-asymmetric", FINDING_DOMAINS, a, b);
	if (has_detour(from_a, from_b, b, m->nr) || has_detour(from_b, from_a, a, m->nr))
		finding_tell(m->to, "slit-triangle", FINDING_DOMAINS, a, b);
}

static void judge_rows(const struct slit_rows *m)
{
	uint8_t row[SLIT_MAX];

	for (uint32_t a = 0; a < m->nr && read_row(m, a, row); a++) {
		if (row[a] != SLIT_LOCAL)
			finding_tell(m->to, "slit-diagonal", FINDING_DOMAIN, a);
		for (uint32_t b = a + 1; b < m->nr; b++)
			judge_pair(m, row, a, b);
	}
}

void slit_findings(const struct acpi_table *t, const struct srat *s, const struct findings *to)
{
	struct slit slit;
	enum status st = slit_measure(&slit, t);

	if (!slit.localities && st != OK) {
		finding_tell(to, "slit-length", FINDING_TABLE);
		return;
	}
	if (st != OK)
		finding_tell(to, "slit-length", FINDING_NUMBER, (unsigned long long)slit.localities);
	else
		judge_rows(&(struct slit_rows){ &slit, (uint32_t)min_u64(slit.localities, SLIT_MAX), to });
	report_domains_from(to, "slit-mismatch", s, slit.localities);
}

/* ---- HMAT, CEDT, MSCT ---- */

#define UNKNOWN_MAX 16         /* unknown domains that are told, each once */
#define HMAT_DOMAINS_MAX 65536 /* mentions of domains looked at */
#define WINDOWS_MAX 1024u      /* windows looked at */

static bool seen_before(const uint32_t *seen, size_t nr, uint32_t pxm)
{
	for_each (one, seen, nr) {
		if (*one == pxm)
			return true;
	}
	return false;
}

void hmat_findings(const struct acpi_table *t, const struct srat *s, const struct findings *to)
{
	struct hmat_walk w = hmat_domains(t);
	uint32_t unknown[UNKNOWN_MAX], pxm;
	size_t nr = 0;

	for (unsigned i = 0; i < HMAT_DOMAINS_MAX && nr < UNKNOWN_MAX && hmat_next_domain(&w, &pxm); i++) {
		if (mentioned(s, pxm, nr_mentions(s)) || seen_before(unknown, nr, pxm))
			continue;
		unknown[nr++] = pxm;
		finding_tell(to, "hmat-unknown-domain", FINDING_DOMAIN, pxm);
	}
	if (w.structures.damage != OK)
		finding_tell(to, "hmat-damaged", FINDING_ENTRY, w.at.offset);
}

/* Ranges that overlap each other count twice here: that is a finding of its own. */
static const char *judge_window(const struct srat *s, struct range window)
{
	const struct srat_mem *first = NULL;
	uint64_t covered = 0;
	bool shared = false;

	for_each (m, s->mem, s->nr_mem) {
		struct range part = range_clamp(window, m->r);

		if (!m->enabled || range_empty(part))
			continue;
		if (!first)
			first = m;
		shared = shared || m->pxm != first->pxm;
		covered += range_size(part);
	}
	if (!first)
		return "cedt-window-uncovered";
	if (covered >= range_size(window))
		return NULL;
	/* Linux stretches the ranges over the gaps of the window, so that ranges of two domains may meet. */
	return shared ? "cedt-window-shared" : "cedt-window-partial";
}

void cedt_findings(const struct acpi_table *t, const struct srat *s, const struct findings *to)
{
	struct acpi_entries it = cedt_entries(t);
	struct acpi_entry at;
	struct range window;

	for (unsigned nr = 0; nr < WINDOWS_MAX && cedt_next_window(&it, &at, &window); nr++) {
		const char *rule = judge_window(s, window);

		if (rule)
			finding_tell(to, rule, FINDING_MEMORY, &window);
	}
	if (it.damage != OK)
		finding_tell(to, "cedt-damaged", FINDING_ENTRY, at.offset);
}

void msct_findings(const struct acpi_table *t, const struct srat *s, const struct findings *to)
{
	struct msct_layout limits;
	uint64_t domains = 0;
	uint32_t pxm;

	if (!acpi_table_read(t, 0, &limits, sizeof(limits))) {
		finding_tell(to, "msct-damaged", FINDING_TABLE);
		return;
	}
	for (size_t k = 0; k < nr_mentions(s); k++)
		domains += mention(s, k, &pxm) && !mentioned(s, pxm, k);
	if (domains > (uint64_t)limits.last_domain + 1)
		finding_tell(to, "msct-domains", FINDING_NUMBER, (unsigned long long)domains);
	for_each (m, s->mem, s->nr_mem) {
		if (m->enabled && !range_empty(m->r) && m->r.end - 1 > limits.last_byte)
			finding_tell(to, "msct-address", FINDING_RANGE, &m->r, m->pxm);
	}
}
