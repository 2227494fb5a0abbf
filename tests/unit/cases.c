/* SPDX-License-Identifier: MIT */
/* Cases as data: found, cut into words, and read as numbers. */
#include "tests/unit/cases.h"

#include "lib/scan.h"

/* A case is a test. */
struct one_case {
	struct unit_test test;
	const struct cases *cases;
	const char *file, *text; /* all of the file; from the end of the line with the name on */
	char name[100];
};

static const struct one_case *running; /* until it has passed */
static char running_line[3000];

static int set_up(void **state)
{
	const struct one_case *c = *state;

	running = c;
	running_line[0] = '\0';
	return c->cases->setup ? c->cases->setup(state) : 0;
}

static int tear_down(void **state)
{
	const struct cases *cases = ((const struct one_case *)*state)->cases;

	if (running)
		fprintf(stderr, "%s: case %s: %s\n", cases->path, running->name, running_line);
	return cases->teardown ? cases->teardown(state) : 0;
}

static void run_lines(const struct one_case *c, const char *text);

/* The lines that stand below `lines NAME`, whichever file's they are. */
static void run_shared(const struct one_case *c, const char *name)
{
	char head[120];
	const char *at;

	snprintf(head, sizeof(head), "\nlines %s\n", name);
	at = strstr(c->file, head);
	if (!at)
		fail_msg("no lines %s", name);
	run_lines(c, at + strlen(head) - 1);
}

static void run_line(const struct one_case *c, const char *line)
{
	char cut[sizeof(running_line)];
	struct words w = { .line = running_line };
	char *comment;

	snprintf(running_line, sizeof(running_line), "%.*s", (int)strcspn(line, "\n"), line);
	comment = strstr(running_line, "  # ");
	if (comment)
		*comment = '\0';
	memcpy(cut, running_line, sizeof(cut));
	for (char *word = strtok(cut, ", "); word; word = strtok(NULL, ", ")) {
		assert_true(w.nr < ARRAY_SIZE(w.word));
		w.word[w.nr++] = word;
	}
	if (!w.nr || w.word[0][0] == '#')
		return;
	w.rest = running_line + strcspn(running_line, " ");
	w.rest += *w.rest == ' ';
	if (begins(&w, "like"))
		run_shared(c, w.rest);
	else if (!c->cases->line(&w))
		fail_msg("no such line: %s", running_line);
}

/* The lines behind the end of a line, up to the next case. */
static void run_lines(const struct one_case *c, const char *text)
{
	while (*text && strncmp(text + 1, "case ", 5) != 0 && strncmp(text + 1, "lines ", 6) != 0) {
		run_line(c, text + 1);
		text += 1 + strcspn(text + 1, "\n");
	}
}

static void run_case(void **state)
{
	const struct one_case *c = *state;

	run_lines(c, c->text);
	running = NULL;
}

void cases_register(const struct cases *c)
{
	FILE *file = fopen(c->path, "r");
	static char text[1 << 19];
	static size_t len;
	char *whole = text + len, *at = whole;

	if (!file)
		abort();
	len += fread(whole, 1, sizeof(text) - len - 1, file) + 1;
	fclose(file);
	if (len >= sizeof(text))
		abort();
	while ((at = strstr(at, "\ncase ")) != NULL) {
		struct one_case *one = calloc(1, sizeof(*one));

		if (!one)
			abort();
		at += strlen("\ncase ");
		*one = (struct one_case){ .cases = c, .file = whole, .text = at + strcspn(at, "\n") };
		snprintf(one->name, sizeof(one->name), "%.*s", (int)strcspn(at, "\n"), at);
		one->test = (struct unit_test){ { one->name, run_case, set_up, tear_down, one }, c->source, NULL };
		unit_test_register(&one->test);
	}
}

bool begins(const struct words *w, const char *word)
{
	return strcmp(w->word[0], word) == 0;
}

const char *word_behind(const struct words *w, const char *word)
{
	for (unsigned i = 0; i + 1 < w->nr; i++)
		if (strcmp(w->word[i], word) == 0)
			return w->word[i + 1];
	return NULL;
}

bool has_word(const struct words *w, const char *word)
{
	return word_behind(w, word) || strcmp(w->word[w->nr - 1], word) == 0;
}

static uint64_t product(const char **s)
{
	uint64_t value = 1, factor;

	do {
		if (!parse_size(*s, s, &factor))
			fail_msg("no number: %s", *s);
		value *= factor;
	} while (**s == '*' && (*s)++);
	return value;
}

uint64_t number(const char *s)
{
	uint64_t value;

	if (strcmp(s, "none") == 0)
		return UINT64_MAX;
	value = product(&s);
	while (*s == '+' || *s == '-') {
		bool minus = *s++ == '-';
		uint64_t term = product(&s);

		value = minus ? value - term : value + term;
	}
	if (*s)
		fail_msg("behind a number: %s", s);
	return value;
}

uint64_t number_at(const struct words *w, unsigned i)
{
	if (i >= w->nr)
		fail_msg("word %u is missing: %s", i, w->line);
	return number(w->word[i]);
}

uint64_t first_number(const struct words *w)
{
	return w->nr > 1 && w->word[1][0] >= '0' && w->word[1][0] <= '9' ? number_at(w, 1) : 0;
}

struct range range_at(const struct words *w, unsigned i)
{
	return (struct range){ number_at(w, i), number_at(w, i + 1) };
}

/* The field that word i names is the number behind it; returns where the next name stands. */
static unsigned assert_field(const struct words *w, unsigned i, const struct field *f)
{
	if (f->is != number_at(w, i + 1))
		fail_msg("%s is %#llx", f->name, (unsigned long long)f->is);
	if (i + 2 >= w->nr || strcmp(w->word[i + 2], "to") != 0)
		return i + 2;
	if (f->end != number_at(w, i + 3))
		fail_msg("%s ends at %#llx", f->name, (unsigned long long)f->end);
	return i + 4;
}

void assert_fields(const struct words *w, unsigned i, const struct field *field, size_t nr)
{
	assert_true(i < w->nr);
	while (i < w->nr) {
		size_t k = 0;

		while (strcmp(field[k].name, w->word[i]) != 0)
			if (++k == nr)
				fail_msg("no such field: %s", w->word[i]);
		i = assert_field(w, i, &field[k]);
	}
}

enum status status_named(const char *word)
{
	static const char *const names[] = { "ok",       "not-found", "unreadable", "malformed", "checksum",
					     "conflict", "full",      "no-memory",  "range" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], word) == 0)
			return (enum status)i;
	fail_msg("no such status: %s", word);
	return OK;
}

unsigned flag_named(const char *word)
{
	static const char *const names[] = { "hotplug", "mirror", "nomap", "driver-managed" };

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], word) == 0)
			return 1u << i;
	fail_msg("no such mark: %s", word);
	return 0;
}

void assert_listed(const struct words *w, unsigned i, const struct memblock_list *list)
{
	size_t nr = 0;

	while (i < w->nr) {
		struct range r = range_at(w, i);
		int nid = NUMA_NO_NODE;
		unsigned flags = 0;

		for (i += 2; i < w->nr && (w->word[i][0] < '0' || w->word[i][0] > '9'); i++) {
			if (!strcmp(w->word[i], "node"))
				nid = (int)number_at(w, ++i);
			else
				flags |= flag_named(w->word[i]);
		}
		assert_true(nr < list->nr);
		assert_range(list->r[nr].r, r.start, r.end);
		assert_int_equal(list->r[nr].nid, nid);
		assert_int_equal(list->r[nr].flags, flags);
		nr++;
	}
	assert_int_equal(list->nr, nr);
}

bool memory_line(const struct words *w, struct memblock *mb)
{
	if (begins(w, "ram"))
		assert_int_equal(memblock_add(mb, range_at(w, 1)), OK);
	else if (begins(w, "reserve"))
		assert_int_equal(memblock_reserve(mb, range_at(w, 1)), OK);
	else if (begins(w, "free"))
		assert_int_equal(memblock_free(mb, range_at(w, 1)), OK);
	else if (begins(w, "scraps"))
		for (uint64_t at = TIB + 2 * MIB; mb->memory.nr < number_at(w, 1); at += 2 * MIB)
			must_add(mb, at, at + PAGE_SIZE);
	else
		return false;
	return true;
}

uint32_t srat_flags_at(const struct words *w, unsigned i)
{
	uint32_t flags = 0;

	for (; i < w->nr; i++)
		flags |= !strcmp(w->word[i], "enabled")       ? SRAT_ENABLED
			 : !strcmp(w->word[i], "hotplug")     ? SRAT_HOTPLUG
			 : !strcmp(w->word[i], "nonvolatile") ? SRAT_NONVOLATILE
							      : (uint32_t)number_at(w, i);
	return flags;
}

static bool srat_line(const struct words *w, struct table *t)
{
	uint32_t pxm = (uint32_t)first_number(w);

	if (begins(w, "srat"))
		srat_begin(t, (uint8_t)pxm);
	else if (begins(w, "mem"))
		srat_add_mem(t, pxm, number_at(w, 2), number_at(w, 3), srat_flags_at(w, 4));
	else if (begins(w, "apic"))
		srat_add_apic(t, pxm, (uint8_t)number_at(w, 2), srat_flags_at(w, 3));
	else if (begins(w, "x2apic"))
		srat_add_x2apic(t, pxm, (uint32_t)number_at(w, 2), srat_flags_at(w, 3));
	else if (begins(w, "generic"))
		srat_add_generic(t, (uint8_t)pxm, (uint32_t)number_at(w, 2), srat_flags_at(w, 3));
	else if (begins(w, "entry"))
		table_entry(t, (uint8_t)pxm, (uint8_t)number_at(w, 2), number_at(w, 3));
	else if (begins(w, "zero"))
		table_zero(t, pxm);
	else
		return false;
	return true;
}

bool table_line(const struct words *w, struct table *t)
{
	unsigned bytes = w->word[0][0] == 'u' ? (unsigned)atoi(w->word[0] + 1) / 8 : 0;

	if (begins(w, "begin"))
		table_begin(t, w->word[1], (uint8_t)number_at(w, 2));
	else if (!bytes)
		return srat_line(w, t);
	for (unsigned i = 1; bytes && i < w->nr; i++)
		for (unsigned k = 0; k < bytes; k++)
			table_u8(t, (uint8_t)(number_at(w, i) >> 8 * k));
	return true;
}

enum e820_type e820_type_named(const char *word)
{
	static const struct {
		const char *name;
		enum e820_type type;
	} types[] = { { "ram", E820_RAM },   { "reserved", E820_RESERVED },          { "acpi", E820_ACPI },
		      { "nvs", E820_NVS },   { "unusable", E820_UNUSABLE },          { "pmem", E820_PMEM },
		      { "pram", E820_PRAM }, { "soft-reserved", E820_SOFT_RESERVED } };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i].name, word) == 0)
			return types[i].type;
	return (enum e820_type)number(word);
}

void assert_map_listed(const struct words *w, unsigned i, const struct e820 *map)
{
	for (size_t k = 0; k < map->nr; k++, i += 3) {
		struct range r = range_at(w, i);

		assert_range(map->e[k].r, r.start, r.end);
		assert_int_equal(map->e[k].type, e820_type_named(w->word[i + 2]));
	}
	assert_int_equal(i, w->nr);
}
