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

static void tell(const struct findings *to, const struct finding *f)
{
	to->found(to->ctx, f);
}

static void report_number(const struct findings *to, const char *rule, enum finding_kind kind, uint64_t value)
{
	tell(to, &(struct finding){ .rule = rule, .kind = kind, .value = value });
}

static void report_domain(const struct findings *to, const char *rule, uint32_t pxm)
{
	tell(to, &(struct finding){ .rule = rule, .kind = FINDING_DOMAIN, .pxm = pxm });
}

static void report_range(const struct findings *to, const char *rule, const struct srat_mem *m)
{
	tell(to, &(struct finding){ .rule = rule, .kind = FINDING_RANGE, .pxm = m->pxm, .a = m->r });
}

static void report_cpu(const struct findings *to, const char *rule, const struct srat_initiator *i)
{
	tell(to, &(struct finding){ .rule = rule, .kind = FINDING_CPU, .pxm = i->pxm, .value = i->apic_id });
}

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
			report_domain(to, rule, pxm);
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
			report_number(to, rule, FINDING_ENTRY, at.offset);
	}
	if (it.damage == ERR_MALFORMED)
		report_number(to, at.length < sizeof(e.head) ? "srat-zero-length-entry" : "srat-truncated-entry",
			      FINDING_ENTRY, at.offset);
	else if (it.damage == OK && it.next < t->length)
		report_number(to, "srat-stray-bytes", FINDING_ENTRY, it.next);
}

static void judge_memory(const struct srat *s, const struct findings *to)
{
	size_t enabled = 0;

	for (size_t i = 0; i < s->nr_mem; i++) {
		const struct srat_mem *m = &s->mem[i];

		if (!m->enabled)
			continue;
		enabled++;
		if (m->r.end < m->r.start)
			report_range(to, "srat-range-wraps", m);
		else if (m->r.end == m->r.start)
			report_range(to, "srat-empty-range", m);
		else if ((m->r.start | m->r.end) & PAGE_MASK)
			report_range(to, "unaligned-range", m);
	}
	/* Behind damage there may be some. */
	if (!enabled && !s->bad_offset)
		report_number(to, "srat-no-memory", FINDING_TABLE, 0);
}

static bool named_before(const struct srat *s, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (is_cpu(&s->initiator[k]) && s->initiator[k].apic_id == s->initiator[i].apic_id)
			return true;
	}
	return false;
}

static void judge_cpus(const struct srat *s, const struct findings *to)
{
	for (size_t i = 0; i < s->nr_initiator; i++) {
		const struct srat_initiator *c = &s->initiator[i];

		if (!is_cpu(c))
			continue;
		if (c->apic_id == (c->kind == SRAT_APIC ? UINT8_MAX : UINT32_MAX))
			report_cpu(to, "srat-broadcast-cpu", c);
		else if (c->apic_id >= APIC_LIMIT)
			report_cpu(to, "srat-apic-too-large", c);
		else if (named_before(s, i))
			report_cpu(to, "srat-duplicate-cpu", c);
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
			report_number(to, "madt-extra-cpu", FINDING_APIC, cpu.apic_id);
	}
	if (it.damage != OK)
		report_number(to, "madt-damaged", FINDING_ENTRY, at.offset);
	for (size_t i = 0; i < s->nr_initiator; i++) {
		if (is_cpu(&s->initiator[i]) && !(known[i / 8] >> i % 8 & 1))
			report_cpu(to, "madt-missing-cpu", &s->initiator[i]);
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

static void report_distance(const struct slit_rows *m, const char *rule, uint32_t a, uint32_t b)
{
	tell(m->to, &(struct finding){ .rule = rule, .kind = FINDING_DOMAINS, .pxm = a, .other_pxm = b });
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
		report_distance(m, "slit-distance", a, b);
	if (from_a[b] == UNREACHABLE)
		report_distance(m, "slit-unreachable", a, b);
	if (from_a[b] != from_b[a])
		report_distance(m, "slit-asymmetric", a, b);
	if (has_detour(from_a, from_b, b, m->nr) || has_detour(from_b, from_a, a, m->nr))
		report_distance(m, "slit-triangle", a, b);
}

static void judge_rows(const struct slit_rows *m)
{
	uint8_t row[SLIT_MAX];

	for (uint32_t a = 0; a < m->nr && read_row(m, a, row); a++) {
		if (row[a] != SLIT_LOCAL)
			report_domain(m->to, "slit-diagonal", a);
		for (uint32_t b = a + 1; b < m->nr; b++)
			judge_pair(m, row, a, b);
	}
}

void slit_findings(const struct acpi_table *t, const struct srat *s, const struct findings *to)
{
	struct slit slit;
	enum status st = slit_measure(&slit, t);

	if (!slit.localities && st != OK) {
		report_number(to, "slit-length", FINDING_TABLE, 0);
		return;
	}
	if (st != OK)
		report_number(to, "slit-length", FINDING_NUMBER, slit.localities);
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
	while (nr && seen[nr - 1] != pxm)
		nr--;
	return nr != 0;
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
		report_domain(to, "hmat-unknown-domain", pxm);
	}
	if (w.structures.damage != OK)
		report_number(to, "hmat-damaged", FINDING_ENTRY, w.at.offset);
}

/* Ranges that overlap each other count twice here: that is a finding of its own. */
static const char *judge_window(const struct srat *s, struct range window)
{
	const struct srat_mem *first = NULL;
	uint64_t covered = 0;
	bool shared = false;

	for (size_t i = 0; i < s->nr_mem; i++) {
		const struct srat_mem *m = &s->mem[i];
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
			tell(to, &(struct finding){ .rule = rule, .kind = FINDING_MEMORY, .a = window });
	}
	if (it.damage != OK)
		report_number(to, "cedt-damaged", FINDING_ENTRY, at.offset);
}

void msct_findings(const struct acpi_table *t, const struct srat *s, const struct findings *to)
{
	struct msct_layout limits;
	uint64_t domains = 0;
	uint32_t pxm;

	if (!acpi_table_read(t, 0, &limits, sizeof(limits))) {
		report_number(to, "msct-damaged", FINDING_TABLE, 0);
		return;
	}
	for (size_t k = 0; k < nr_mentions(s); k++)
		domains += mention(s, k, &pxm) && !mentioned(s, pxm, k);
	if (domains > (uint64_t)limits.last_domain + 1)
		report_number(to, "msct-domains", FINDING_NUMBER, domains);
	for (size_t i = 0; i < s->nr_mem; i++) {
		const struct srat_mem *m = &s->mem[i];

		if (m->enabled && !range_empty(m->r) && m->r.end - 1 > limits.last_byte)
			report_range(to, "msct-address", m);
	}
}
