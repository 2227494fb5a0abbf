/* SPDX-License-Identifier: MIT */
/* Reads machine descriptions, line by line and word by word, and puts their ACPI tables together. */
#include "tools/machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/scan.h"
#include "tools/table_writer.h"

#define DAMAGED_LENGTH 40 /* less than a SRAT's own head */

struct word {
	const char *s;
	size_t len;
};

/* What is left of the line being read. */
struct line {
	const char *at, *end;
};

struct parser {
	struct machine *m;
	struct machine_error *err;
	unsigned line_nr;
	uint32_t seen; /* a bit for each keyword that may come once */
};

struct keyword {
	const char *name;
	bool (*take)(struct parser *p, struct line *l);
	bool once;
};

/* ---- words and numbers ---- */

static PRINTF_LIKE(2, 3) bool fail(struct parser *p, const char *fmt, ...)
{
	va_list ap;

	p->err->line = p->line_nr;
	va_start(ap, fmt);
	vsnprintf(p->err->reason, sizeof(p->err->reason), fmt, ap);
	va_end(ap);
	return false;
}

static bool fail_word(struct parser *p, const char *what, struct word w)
{
	return fail(p, "%s: '%.*s'", what, (int)min_u64(w.len, 40), w.s);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool next_word(struct line *l, struct word *w)
{
	while (l->at < l->end && is_blank(*l->at))
		l->at++;
	w->s = l->at;
	while (l->at < l->end && !is_blank(*l->at))
		l->at++;
	w->len = (size_t)(l->at - w->s);
	return w->len != 0;
}

static bool word_is(struct word w, const char *s)
{
	return w.len == strlen(s) && memcmp(w.s, s, w.len) == 0;
}

static bool word_number(struct word w, uint64_t *out)
{
	char text[32];

	if (w.len >= sizeof(text))
		return false;
	memcpy(text, w.s, w.len);
	text[w.len] = '\0';
	return parse_size(text, NULL, out);
}

static bool parse_number(struct parser *p, struct line *l, uint64_t max, uint64_t *out)
{
	struct word w;

	if (!next_word(l, &w))
		return fail(p, "a number is missing");
	if (!word_number(w, out))
		return fail_word(p, "not a number", w);
	return *out <= max || fail_word(p, "number too large", w);
}

static bool parse_unsigned(struct parser *p, struct line *l, unsigned max, unsigned *out)
{
	uint64_t v = 0;
	bool ok = parse_number(p, l, max, &v);

	*out = (unsigned)v;
	return ok;
}

static bool parse_range(struct parser *p, struct line *l, struct range *r)
{
	if (!parse_number(p, l, UINT64_MAX, &r->start) || !parse_number(p, l, UINT64_MAX, &r->end))
		return false;
	return r->start <= r->end || fail(p, "the range ends before it starts");
}

static bool parse_some_range(struct parser *p, struct line *l, struct range *r)
{
	return parse_range(p, l, r) && (!range_empty(*r) || fail(p, "the range is empty"));
}

static bool parse_yes_no(struct parser *p, struct line *l, bool *out)
{
	struct word w;

	if (!next_word(l, &w) || !(word_is(w, "yes") || word_is(w, "no")))
		return fail(p, "yes or no is missing");
	*out = word_is(w, "yes");
	return true;
}

/* The rest of the line, as it is. */
static bool parse_text(struct parser *p, struct line *l, char text[MACHINE_TEXT_MAX])
{
	size_t len;

	while (l->at < l->end && is_blank(*l->at))
		l->at++;
	while (l->end > l->at && is_blank(l->end[-1]))
		l->end--;
	len = (size_t)(l->end - l->at);
	if (!len)
		return fail(p, "the text is missing");
	if (len >= MACHINE_TEXT_MAX)
		return fail(p, "more than %d characters", MACHINE_TEXT_MAX - 1);
	memcpy(text, l->at, len);
	text[len] = '\0';
	l->at = l->end;
	return true;
}

/* ---- facts ---- */

static bool parse_about(struct parser *p, struct line *l)
{
	return parse_text(p, l, p->m->about);
}

static bool parse_source(struct parser *p, struct line *l)
{
	return parse_text(p, l, p->m->source);
}

static bool parse_options(struct parser *p, struct line *l)
{
	return parse_text(p, l, p->m->options);
}

static bool parse_qemu(struct parser *p, struct line *l)
{
	struct word w;

	if (!next_word(l, &w))
		return fail(p, "a machine type is missing");
	if (word_is(w, "q35"))
		p->m->board = MACHINE_Q35;
	else if (word_is(w, "pc"))
		p->m->board = MACHINE_PC;
	else if (word_is(w, "none"))
		p->m->board = MACHINE_HOST_ONLY;
	else
		return fail_word(p, "not q35, pc or none", w);
	return true;
}

static bool parse_memory(struct parser *p, struct line *l)
{
	if (!parse_number(p, l, 4096 * TIB, &p->m->memory))
		return false;
	return (p->m->memory && p->m->memory % MIB == 0) || fail(p, "memory is whole MiB, and some");
}

static bool parse_cpu(struct parser *p, struct line *l)
{
	struct word w;

	if (!next_word(l, &w) || w.len >= sizeof(p->m->cpu))
		return fail(p, "a CPU model is missing or too long");
	memcpy(p->m->cpu, w.s, w.len);
	p->m->cpu[w.len] = '\0';
	return true;
}

static bool parse_smp(struct parser *p, struct line *l)
{
	return parse_unsigned(p, l, MACHINE_MAX_SMP, &p->m->smp) && (p->m->smp || fail(p, "smp is at least 1"));
}

static bool parse_levels(struct parser *p, struct line *l)
{
	return parse_unsigned(p, l, 5, &p->m->levels) && (p->m->levels >= 4 || fail(p, "levels is 4 or 5"));
}

static bool parse_phys_bits(struct parser *p, struct line *l)
{
	return parse_unsigned(p, l, 52, &p->m->phys_bits) &&
	       (p->m->phys_bits >= 32 || fail(p, "phys_bits is 32 to 52"));
}

static bool parse_la57(struct parser *p, struct line *l)
{
	return parse_yes_no(p, l, &p->m->la57);
}

static bool parse_gbpages(struct parser *p, struct line *l)
{
	return parse_yes_no(p, l, &p->m->gbpages);
}

static bool parse_pse(struct parser *p, struct line *l)
{
	return parse_yes_no(p, l, &p->m->pse);
}

static bool parse_seed(struct parser *p, struct line *l)
{
	p->m->has_seed = true;
	return parse_number(p, l, UINT64_MAX, &p->m->seed);
}

static bool parse_map(struct parser *p, struct line *l)
{
	static const struct {
		const char *name;
		enum e820_type type;
	} types[] = {
		{ "usable", E820_RAM },
		{ "reserved", E820_RESERVED },
		{ "acpi", E820_ACPI },
		{ "nvs", E820_NVS },
		{ "unusable", E820_UNUSABLE },
		{ "persistent", E820_PMEM },
		{ "soft-reserved", E820_SOFT_RESERVED },
	};
	struct e820 *map = &p->m->map;
	struct range r;
	struct word w;

	if (!parse_some_range(p, l, &r))
		return false;
	if (!next_word(l, &w))
		return fail(p, "a memory type is missing");
	if (map->nr == E820_MAX)
		return fail(p, "more than %d ranges in the map", E820_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (word_is(w, types[i].name)) {
			map->e[map->nr++] = (struct region){ r, .type = types[i].type };
			return true;
		}
	}
	return fail_word(p, "not a memory type", w);
}

static bool parse_reserve(struct parser *p, struct line *l)
{
	struct range r;
	struct word w;

	if (!parse_some_range(p, l, &r))
		return false;
	if (!next_word(l, &w) || !word_is(w, "module"))
		return fail(p, "the reason is missing: module");
	if (p->m->nr_reserve == MACHINE_MAX_RESERVE)
		return fail(p, "more than %d reserved ranges", MACHINE_MAX_RESERVE);
	p->m->reserve[p->m->nr_reserve++] = r;
	return true;
}

static bool parse_srat(struct parser *p, struct line *l)
{
	unsigned revision;

	if (!parse_unsigned(p, l, 255, &revision))
		return false;
	p->m->has_srat = true;
	p->m->srat_revision = (uint8_t)revision;
	return revision != 0 || fail(p, "the revision is 1 to 255");
}

static bool parse_slit(struct parser *p, struct line *l)
{
	struct machine *m = p->m;
	uint64_t v;

	do {
		if (!parse_number(p, l, 255, &v))
			return false;
		if (m->nr_slit == sizeof(m->slit))
			return fail(p, "more than %d localities", MACHINE_MAX_LOCALITIES);
		m->slit[m->nr_slit++] = (uint8_t)v;
		while (l->at < l->end && is_blank(*l->at))
			l->at++;
	} while (l->at < l->end);
	return true;
}

static bool parse_damage(struct parser *p, struct line *l)
{
	static const char *const names[] = { "none", "checksum", "length", "zero-entry", "overlong-entry" };
	struct word w;

	if (!next_word(l, &w) || !word_is(w, "srat"))
		return fail(p, "only the table srat can be damaged");
	if (!next_word(l, &w))
		return fail(p, "the kind of damage is missing");
	for (unsigned i = 1; i < ARRAY_SIZE(names); i++) {
		if (word_is(w, names[i])) {
			p->m->damage = (enum machine_damage)i;
			return true;
		}
	}
	return fail_word(p, "not a kind of damage", w);
}

/* ---- SRAT entries: the lines with blanks before the keyword ---- */

static bool set_flag(struct machine_entry *e, struct word w)
{
	bool mem = e->kind == MACHINE_MEM;

	if (word_is(w, "disabled") && e->kind != MACHINE_UNKNOWN)
		return e->disabled = true;
	if (word_is(w, "x2apic") && e->kind == MACHINE_CPU)
		return e->x2apic = true;
	if (word_is(w, "hotplug") && mem)
		return e->hotplug = true;
	if (word_is(w, "nonvolatile") && mem)
		return e->nonvolatile = true;
	return false;
}

/* The flags behind the numbers, the last words of the line. */
static bool add_entry(struct parser *p, struct line *l, struct machine_entry e)
{
	struct machine *m = p->m;
	struct word w;

	while (next_word(l, &w)) {
		if (!set_flag(&e, w))
			return fail_word(p, "not a flag of this entry", w);
	}
	if (e.kind == MACHINE_CPU && !e.x2apic && e.apic_id > 255)
		return fail(p, "an APIC id above 255 needs x2apic");
	if (m->srat_revision < 2 && e.pxm > 255)
		return fail(p, "revision 1 has 8 bits for a PXM");
	if (m->nr_entries == MACHINE_MAX_ENTRIES)
		return fail(p, "more than %d SRAT entries", MACHINE_MAX_ENTRIES);
	m->entry[m->nr_entries++] = e;
	return true;
}

static bool parse_entry_cpu(struct parser *p, struct line *l)
{
	struct machine_entry e = { .kind = MACHINE_CPU };

	return parse_unsigned(p, l, UINT32_MAX, &e.pxm) && parse_unsigned(p, l, UINT32_MAX, &e.apic_id) &&
	       add_entry(p, l, e);
}

static bool parse_entry_mem(struct parser *p, struct line *l)
{
	struct machine_entry e = { .kind = MACHINE_MEM };

	return parse_unsigned(p, l, UINT32_MAX, &e.pxm) && parse_range(p, l, &e.r) && add_entry(p, l, e);
}

static bool parse_entry_initiator(struct parser *p, struct line *l)
{
	struct machine_entry e = { .kind = MACHINE_INITIATOR };

	return parse_unsigned(p, l, UINT32_MAX, &e.pxm) && add_entry(p, l, e);
}

static bool parse_entry_port(struct parser *p, struct line *l)
{
	struct machine_entry e = { .kind = MACHINE_PORT };

	return parse_unsigned(p, l, UINT32_MAX, &e.pxm) && add_entry(p, l, e);
}

static bool parse_entry_unknown(struct parser *p, struct line *l)
{
	struct machine_entry e = { .kind = MACHINE_UNKNOWN };
	unsigned type, length;

	if (!parse_unsigned(p, l, 255, &type) || !parse_unsigned(p, l, 255, &length))
		return false;
	if (type <= 2)
		return fail(p, "entries of types 0 to 2 are written as cpu and mem");
	e.type = (uint8_t)type;
	e.length = (uint8_t)length;
	return length >= 2 ? add_entry(p, l, e) : fail(p, "an entry has at least 2 bytes");
}

/* ---- lines ---- */

static const struct keyword facts[] = {
	{ "about", parse_about, true },
	{ "source", parse_source, true },
	{ "qemu", parse_qemu, true },
	{ "memory", parse_memory, true },
	{ "cpu", parse_cpu, true },
	{ "smp", parse_smp, true },
	{ "levels", parse_levels, true },
	{ "la57", parse_la57, true },
	{ "gbpages", parse_gbpages, true },
	{ "pse", parse_pse, true },
	{ "phys_bits", parse_phys_bits, true },
	{ "options", parse_options, true },
	{ "seed", parse_seed, true },
	{ "map", parse_map, false },
	{ "srat", parse_srat, true },
	{ "slit", parse_slit, false },
	{ "damage", parse_damage, true },
	{ "reserve", parse_reserve, false },
};

static const struct keyword entries[] = {
	{ "cpu", parse_entry_cpu, false },
	{ "mem", parse_entry_mem, false },
	{ "initiator", parse_entry_initiator, false },
	{ "port", parse_entry_port, false },
	{ "unknown", parse_entry_unknown, false },
};

static bool parse_keyword(struct parser *p, struct line *l, const struct keyword *k, size_t nr)
{
	struct word w;

	next_word(l, &w);
	for (size_t i = 0; i < nr; i++) {
		if (!word_is(w, k[i].name))
			continue;
		if (k[i].once && p->seen >> i & 1)
			return fail(p, "%s is given twice", k[i].name);
		if (k[i].once)
			p->seen |= 1u << i;
		if (!k[i].take(p, l))
			return false;
		return !next_word(l, &w) || fail_word(p, "too much on the line", w);
	}
	return fail_word(p, "unknown word", w);
}

static bool parse_line(struct parser *p, struct line l)
{
	bool indented = l.at < l.end && is_blank(*l.at);
	const char *comment = l.at < l.end ? memchr(l.at, '#', (size_t)(l.end - l.at)) : NULL;
	struct line probe;
	struct word w;

	for (const char *c = l.at; c < l.end; c++) {
		if (*c != '\t' && (*c < ' ' || *c > '~'))
			return fail(p, "not printable ASCII");
	}
	if (comment)
		l.end = comment;
	probe = l;
	if (!next_word(&probe, &w))
		return true;
	if (!indented)
		return parse_keyword(p, &l, facts, ARRAY_SIZE(facts));
	if (!p->m->has_srat)
		return fail(p, "an indented line is a SRAT entry, and there is no srat line before it");
	return parse_keyword(p, &l, entries, ARRAY_SIZE(entries));
}

/* Number of localities, 0 when the numbers are no square. */
static size_t slit_localities(const struct machine *m)
{
	size_t n = 0;

	while (n * n < m->nr_slit)
		n++;
	return n * n == m->nr_slit ? n : 0;
}

static bool has_seen(const struct parser *p, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
		if (!strcmp(facts[i].name, name))
			return p->seen >> i & 1;
	}
	return false;
}

/* What only the whole text can tell. */
static bool check_whole(struct parser *p)
{
	static const char *const needed[] = { "about", "source", "qemu" };
	struct machine *m = p->m;

	p->line_nr = 0;
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		if (!has_seen(p, needed[i]))
			return fail(p, "%s is missing", needed[i]);
	}
	if (m->board != MACHINE_HOST_ONLY && !m->memory)
		return fail(p, "a machine for QEMU needs memory");
	if (m->board == MACHINE_HOST_ONLY && !m->map.nr)
		return fail(p, "a machine for host runs needs a map");
	if (m->damage && !m->has_srat)
		return fail(p, "there is no SRAT to damage");
	if (m->nr_slit && !slit_localities(m))
		return fail(p, "a SLIT of %zu numbers is not square", m->nr_slit);
	if (!has_seen(p, "levels"))
		m->levels = m->la57 ? 5 : 4;
	return m->levels == 4 || m->la57 || fail(p, "5 levels need la57 yes");
}

bool machine_parse(struct machine *m, const char *text, size_t len, struct machine_error *err)
{
	struct parser p = { .m = m, .err = err };
	const char *at = text, *end = text + len;

	memset(m, 0, sizeof(*m));
	memset(err, 0, sizeof(*err));
	strcpy(m->cpu, "max");
	m->phys_bits = 46;
	m->gbpages = m->pse = true;
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		struct line l = { at, newline ? newline : end };

		p.line_nr++;
		if (!parse_line(&p, l))
			return false;
		at = newline ? newline + 1 : end;
	}
	return check_whole(&p);
}

/* ---- tables ---- */

static uint32_t entry_flags(const struct machine_entry *e)
{
	return (e->disabled ? 0 : SRAT_FLAG_ENABLED) | (e->hotplug ? SRAT_FLAG_HOTPLUG : 0) |
	       (e->nonvolatile ? SRAT_FLAG_NONVOLATILE : 0);
}

static void put_entry(struct table_writer *w, const struct machine_entry *e)
{
	uint32_t flags = entry_flags(e);

	switch (e->kind) {
	case MACHINE_CPU:
		if (e->x2apic)
			srat_put_x2apic(w, e->pxm, e->apic_id, flags);
		else
			srat_put_apic(w, e->pxm, (uint8_t)e->apic_id, flags);
		break;
	case MACHINE_MEM:
		srat_put_memory(w, e->pxm, e->r, flags);
		break;
	case MACHINE_INITIATOR:
		srat_put_generic(w, SRAT_TYPE_INITIATOR, e->pxm, flags);
		break;
	case MACHINE_PORT:
		srat_put_generic(w, SRAT_TYPE_PORT, e->pxm, flags);
		break;
	case MACHINE_UNKNOWN:
		table_put(w, &(struct acpi_entry_head){ e->type, e->length }, sizeof(struct acpi_entry_head));
		table_put(w, NULL, e->length - (uint32_t)sizeof(struct acpi_entry_head));
		break;
	}
}

/* The entry that is wrong on purpose: 40 bytes that say 0, or 16 that say 40. */
static void put_bad_entry(struct table_writer *w, enum machine_damage damage)
{
	const struct srat_memory_entry e = {
		.head = { SRAT_TYPE_MEMORY, damage == DAMAGE_ZERO_ENTRY ? 0 : sizeof(e) },
	};

	table_put(w, &e, damage == DAMAGE_ZERO_ENTRY ? sizeof(e) : 16);
}

/* What is wrong with the whole table, when it has been put together. */
static void damage_table(uint8_t *bytes, enum machine_damage damage)
{
	struct table_writer cut = { bytes, DAMAGED_LENGTH, DAMAGED_LENGTH };
	struct acpi_header h;

	if (damage == DAMAGE_LENGTH) {
		(void)!table_finish(&cut);
	} else if (damage == DAMAGE_CHECKSUM) {
		memcpy(&h, bytes, sizeof(h));
		h.checksum++;
		memcpy(bytes, &h, sizeof(h));
	}
}

uint32_t machine_srat(const struct machine *m, uint8_t *buf, uint32_t size)
{
	struct table_writer w = table_start(buf, size, "SRAT", m->srat_revision);
	uint32_t len;

	if (!m->has_srat)
		return 0;
	srat_put_head(&w);
	for (size_t i = 0; i < m->nr_entries; i++)
		put_entry(&w, &m->entry[i]);
	if (m->damage == DAMAGE_ZERO_ENTRY || m->damage == DAMAGE_OVERLONG_ENTRY)
		put_bad_entry(&w, m->damage);
	len = table_finish(&w);
	if (len)
		damage_table(buf, m->damage);
	return len;
}

uint32_t machine_slit(const struct machine *m, uint8_t *buf, uint32_t size)
{
	struct table_writer w = table_start(buf, size, "SLIT", 1);

	if (!m->nr_slit)
		return 0;
	slit_put_head(&w, slit_localities(m));
	table_put(&w, m->slit, (uint32_t)m->nr_slit);
	return table_finish(&w);
}

uint32_t machine_madt(const struct machine *m, uint8_t *buf, uint32_t size)
{
	struct table_writer w = table_start(buf, size, "APIC", 5);

	madt_put_head(&w);
	for (unsigned id = 0; id < m->smp; id++)
		madt_put_apic(&w, (uint8_t)id);
	for (size_t i = 0; !m->smp && i < m->nr_entries; i++) {
		const struct machine_entry *e = &m->entry[i];

		if (e->kind != MACHINE_CPU || e->disabled)
			continue;
		if (e->x2apic)
			madt_put_x2apic(&w, e->apic_id);
		else
			madt_put_apic(&w, (uint8_t)e->apic_id);
	}
	return table_finish(&w);
}
