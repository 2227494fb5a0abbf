/* SPDX-License-Identifier: MIT */
/*
 * The whole run on a host: machine descriptions go in as fake RAM and real ACPI tables, the log comes out. Each
 * machine's log is kept beside its description (NAME.expect; LANDFALL_EXPECT=write writes them anew), and what matters
 * is stated here once more.
 */
#include "tests/unit/support.h"

#include <glob.h>
#include <stdio.h>

#include "kernel/kernel.h"
#include "lib/crc32.h"
#include "kernel/report/report.h"
#include "kernel/report/report_cost.h"
#include "mm/policy.h"
#include "tools/host/host.h"

#define TABLES_AT 0xfe000000ull /* between RAM and the 4 GiB border on every machine here */

/* One that fills the slot at 16 MiB but for 64 KiB. */
static const struct host_image image = { 0x1f0000, 0x1f0000 - 17 * PAGE_SIZE, 0x1f0000 - PAGE_SIZE, PAGE_SIZE };

/* A machine, and faults to play on it. */
struct fake {
	struct host *host;
	bool rdrand_stuck, tsc_stuck, no_rdseed, refuse_load;
	uint64_t rdrand_answer; /* when it is stuck */
	phys_t lie_at;          /* peek answers wrongly there */
	const char *console_error;
	struct platform good;
};

static struct fake *playing;

static bool fake_entropy(void *ctx, enum entropy_source source, uint64_t *out)
{
	struct fake *f = playing;
	uint64_t before = f->host->tsc;
	bool answer = f->good.entropy(ctx, source, out);

	if (source == ENTROPY_RDSEED && f->no_rdseed)
		return false;
	if (source == ENTROPY_RDRAND && f->rdrand_stuck)
		*out = f->rdrand_answer;
	if (source == ENTROPY_TSC && f->tsc_stuck)
		*out = f->host->tsc = before;
	return answer;
}

/* As many tables as five levels take, whatever the levels. */
static const char *fake_console_open(void *ctx, const struct options *opt)
{
	const char *error = playing->good.console_open(ctx, opt);

	playing->host->h->bi.image_tables = 6;
	return playing->console_error ? playing->console_error : error;
}

static enum status fake_load_map(void *ctx, phys_t root, uint64_t page_offset)
{
	return playing->refuse_load ? ERR_UNREADABLE : playing->good.load_map(ctx, root, page_offset);
}

static uint8_t fake_peek(void *ctx, uint64_t virt)
{
	uint8_t byte = playing->good.peek(ctx, virt);

	return virt - playing->host->page_offset == playing->lie_at ? (uint8_t)~byte : byte;
}

/* A clock that moves by three seconds whenever somebody looks. */
static uint64_t fake_slow_tsc(void *ctx)
{
	(void)ctx;
	return playing->host->now += 3000000000ull;
}

static char *read_file(const char *name, const char *suffix, size_t *len)
{
	char path[200];
	FILE *file;
	char *text;

	snprintf(path, sizeof(path), "tests/machines/%s.%s", name, suffix);
	file = fopen(path, "rb");
	if (!file)
		fail_msg("%s: not there", path);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	*len = (size_t)ftell(file);
	rewind(file);
	text = malloc(*len + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, *len, file), *len);
	text[*len] = '\0';
	fclose(file);
	return text;
}

/* A machine from a text, with options added to its own; nothing has run yet. */
static struct fake *fake_from_text(const char *text, size_t len, const char *options)
{
	struct fake *f = calloc(1, sizeof(*f));
	struct machine *m = calloc(1, sizeof(*m));
	struct machine_error err;

	assert_true(f && m);
	if (!machine_parse(m, text, len, &err))
		fail_msg("line %u: %s", err.line, err.reason);
	f->host = host_new(m, &image, TABLES_AT, options);
	snprintf(f->host->h->bi.loader, sizeof(f->host->h->bi.loader), "host test");
	f->lie_at = PHYS_NONE;
	f->good = f->host->p;
	f->host->p.entropy = fake_entropy;
	f->host->p.console_open = fake_console_open;
	f->host->p.load_map = fake_load_map;
	f->host->p.peek = fake_peek;
	return f;
}

static struct fake *fake_machine(const char *name, const char *options)
{
	size_t len;
	char *text = read_file(name, "machine", &len);
	struct fake *f = fake_from_text(text, len, options);

	free(text);
	return f;
}

static void fake_free(struct fake *f)
{
	free(f->host->m);
	host_free(f->host);
	free(f);
}

static enum run_result run(struct fake *f)
{
	playing = f;
	return kernel_run(f->host->h, &f->host->p);
}

/* ---- looking at the log ---- */

static void assert_has(const struct fake *f, const char *part)
{
	if (!strstr(f->host->out, part)) {
		fputs(f->host->out, stderr);
		fail_msg("not in the log: %s", part);
	}
}

static void assert_has_not(const struct fake *f, const char *part)
{
	if (strstr(f->host->out, part))
		fail_msg("in the log: %s", part);
}

static unsigned count_of(const struct fake *f, const char *part)
{
	unsigned n = 0;

	for (const char *at = f->host->out; (at = strstr(at, part)) != NULL; at++)
		n++;
	return n;
}

/* Sequence numbers and checksums of all records, the columns of all else. */
static void assert_well_formed(const struct fake *f)
{
	unsigned seq = 0;

	for (const char *line = f->host->out, *next; *line; line = next) {
		size_t len = strcspn(line, "\n");
		char tail[32], want[32];
		const char *crc;

		next = line + len + 1;
		assert_int_equal(line[len], '\n');
		if (line[0] != '{') {
			assert_true(len <= 200);
			continue;
		}
		snprintf(want, sizeof(want), "\"seq\":%u,", seq++);
		assert_non_null(strstr(line, want));
		crc = line + len - strlen(",\"crc\":\"00000000\"}");
		snprintf(tail, sizeof(tail), ",\"crc\":\"%08x\"}", crc32_update(0, line, (size_t)(crc - line)));
		assert_memory_equal(crc, tail, strlen(tail));
	}
	assert_true(seq > 0);
}

/* ---- every machine against its kept log ---- */

static void write_expectation(const char *name, const struct fake *f)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "tests/machines/%s.expect", name);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(f->host->out, 1, f->host->len, file), f->host->len);
	assert_int_equal(fclose(file), 0);
}

static void compare_with_expectation(const char *name, const struct fake *f)
{
	size_t len;
	char *want = read_file(name, "expect", &len);
	const char *a = want, *b = f->host->out;
	unsigned line = 1;

	while (*a && *a == *b) {
		line += *a == '\n';
		a++;
		b++;
	}
	if (*a || *b) {
		while (a > want && a[-1] != '\n') {
			a--;
			b--;
		}
		fail_msg("%s.expect:%u\n  want %.*s\n  got  %.*s", name, line, (int)strcspn(a, "\n"), a,
			 (int)strcspn(b, "\n"), b);
	}
	free(want);
}

static void test_machine(void **state)
{
	const char *name = *state;
	const char *mode = getenv("LANDFALL_EXPECT");
	struct fake *f = fake_machine(name, "seed=42");
	enum run_result result = run(f);

	assert_true(result == RUN_CLEAN || result == RUN_STAINED);
	assert_well_formed(f);
	assert_has_not(f, "check failed");
	if (mode && strcmp(mode, "write") == 0)
		write_expectation(name, f);
	else
		compare_with_expectation(name, f);
	fake_free(f);
}

/* A test for every machine description. */
__attribute__((constructor)) static void register_machines(void)
{
	static struct unit_test test[1000];
	static glob_t files;

	if (glob("tests/machines/*.machine", 0, NULL, &files) != 0 || files.gl_pathc > ARRAY_SIZE(test))
		abort();
	for (size_t i = 0; i < files.gl_pathc; i++) {
		char *name = strrchr(files.gl_pathv[i], '/') + 1;

		*strrchr(name, '.') = '\0';
		test[i] = (struct unit_test){ .test = { name, test_machine, NULL, NULL, name }, .file = __FILE__ };
		unit_test_register(&test[i]);
	}
}

static const char two_gib[] = "about t\nsource t\nqemu none\nmap 0 0x9f000 usable\nmap 1M 2G usable\n";

/* ---- runs as data: run.cases ---- */

struct story {
	char text[4000], options[4000]; /* of the machine */
	struct fake *f;                 /* once it has run */
};

/* "\n" is the end of a line, whatever else stands behind a backslash is itself. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		bool escaped = *s == '\\';

		s += escaped;
		*to++ = escaped && *s == 'n' ? '\n' : *s;
	}
	*to = '\0';
}

static void play(struct story *s, const char *result)
{
	static const struct {
		const char *name;
		enum run_result result;
	} results[] = { { "clean", RUN_CLEAN }, { "stained", RUN_STAINED }, { "error", RUN_ERROR } };
	size_t i = 0;

	while (strcmp(results[i].name, result))
		assert_true(++i < ARRAY_SIZE(results));
	s->f = fake_from_text(s->text, strlen(s->text), s->options);
	assert_int_equal(run(s->f), results[i].result);
	if (s->f->host->h->opt.report_json)
		assert_well_formed(s->f);
	if (results[i].result != RUN_ERROR)
		return;
	assert_has(s->f, "\"status\":\"error\"");
	assert_has(s->f, "\nKTAP version 1\nBail out! error: ");
}

/* What must be known before the run; false: it is about the log. */
static bool prepare(struct story *s, const char *key, const char *rest)
{
	size_t len = strlen(s->text);

	if (key[0] == '+') {
		snprintf(s->text + len, sizeof(s->text) - len, "%s\n", rest);
	} else if (!strcmp(key, "machine")) {
		char *text = read_file(rest, "machine", &len);

		snprintf(s->text, sizeof(s->text), "%s", text);
		free(text);
	} else if (!strcmp(key, "options")) {
		snprintf(s->options, sizeof(s->options), "%s", rest);
	} else if (!strcmp(key, "result")) {
		play(s, rest);
	} else {
		return false;
	}
	return true;
}

static void check_line(struct story *s, const char *key, const char *rest)
{
	char *part;

	if (prepare(s, key, rest))
		return;
	assert_non_null(s->f);
	if (!strcmp(key, "says")) {
		assert_has(s->f, rest);
	} else if (!strcmp(key, "not")) {
		assert_has_not(s->f, rest);
	} else if (!strcmp(key, "loads")) {
		assert_int_equal(s->f->host->loads, strtoul(rest, NULL, 10));
	} else if (!strcmp(key, "times")) {
		unsigned times = (unsigned)strtoul(rest, &part, 10);

		assert_int_equal(count_of(s->f, part + 1), times);
	} else {
		fail_msg("run.cases: %s: no such word", key);
	}
}

static void test_story(void **state)
{
	struct story s = { .f = NULL };
	const char *line = *state;

	snprintf(s.text, sizeof(s.text), "%s", two_gib);
	for (; *line && strncmp(line, "case ", 5); line += strcspn(line, "\n") + 1) {
		char key[3000], *rest;

		snprintf(key, sizeof(key), "%.*s", (int)strcspn(line, "\n"), line);
		rest = key + (key[0] == '+' ? 1 : strcspn(key, " "));
		if (key[0] == '#' || !key[0])
			continue;
		if (key[0] != '+' && *rest)
			*rest++ = '\0';
		unescape(rest);
		check_line(&s, key, rest);
	}
	assert_non_null(s.f);
	fake_free(s.f);
}

/* A test for every case. */
__attribute__((constructor)) static void register_stories(void)
{
	static struct unit_test test[200];
	static char names[ARRAY_SIZE(test)][80];
	static char text[100000];
	FILE *file = fopen("tests/unit/run.cases", "r");
	size_t nr = 0;

	if (!file || fread(text, 1, sizeof(text) - 1, file) == 0)
		abort();
	fclose(file);
	for (char *at = text; (at = strstr(at, "\ncase ")) != NULL && nr < ARRAY_SIZE(test); nr++) {
		at += strlen("\ncase ");
		snprintf(names[nr], sizeof(names[nr]), "%.*s", (int)strcspn(at, "\n"), at);
		at += strcspn(at, "\n") + 1;
		test[nr] = (struct unit_test){ .test = { names[nr], test_story, NULL, NULL, at }, .file = __FILE__ };
		unit_test_register(&test[nr]);
	}
}

/* ---- one thing at a time ---- */

static void assert_verdict(const struct fake *f, const char *alloc, const char *rest)
{
	char want[300];

	snprintf(want, sizeof(want), "\"alloc\":\"%s\",\"srat\":%s", alloc, rest);
	assert_has(f, want);
}

/*
 * The image ends 16 pages below node 1. Of 4056 pages that mapping [_end, 10G) needs, 12 come from what [0, 1M) left of
 * the buffer, 16 fit below node 1, 4028 lie on it.
 */
TEST(test_bottom_up_stains_where_memblock_does_not)
{
	struct fake *f = fake_machine("four-nodes", "seed=1 base=0x5e00000");

	assert_int_equal(run(f), RUN_CLEAN);
	assert_verdict(f, "bottom-up",
		       "\"ok\",\"table_pages\":4106,\"on_movable\":4028,\"stained_nodes\":[1],\"pinned\":1996488704,"
		       "\"result\":\"stained\"");
	assert_verdict(f, "memblock",
		       "\"ok\",\"table_pages\":4106,\"on_movable\":0,\"stained_nodes\":[],\"pinned\":0,"
		       "\"result\":\"clean\"");
	assert_has(f,
		   "\"alloc\":\"bottom-up\",\"level\":\"pte\",\"start\":\"0x5ff0000\",\"end\":\"0x6000000\",\"node\":0,"
		   "\"movable\":false");
	assert_has(f, "\"start\":\"0x6000000\",");
	assert_has(f, "\"end\":\"0x6fbc000\",\"node\":1,\"movable\":true");
	/* What bottom-up has pinned is left for everything; memblock keeps all but the tables' nodes movable. */
	assert_int_equal(count_of(f, "finding:"), 1);
	assert_has(f, "finding: unmovable-scarce memblock: 239 of 8191 MiB, 1:33\n");
	assert_has(f, "bottom-up: STAINED: 4028 of 4106 page-table pages on movable node 1\n");
	assert_has(f, "  1.8 GiB can no longer be hot-removed\n");
	assert_has(f, "  for an image of 1.9 MiB at 0x5e00000, ending 64 KiB below movable node 1\n");
	assert_has(f, "\nok 4 - clean: bottom-up # SKIP comparison\n");
	assert_has(f, "\nok 7 - clean: memblock\n");
	assert_int_equal(f->host->loads, 2);
	assert_int_equal(f->host->root, 0x5e00000 + PAGE_SIZE);
	fake_free(f);
}

static void assert_cost(const struct fake *f, const char *alloc, const char *rest)
{
	char want[400];

	snprintf(want, sizeof(want), "\"alloc\":\"%s\",\"stained\":%s,\"crc\"", alloc, rest);
	assert_has(f, want);
}

static struct fake *fake_with(const char *more, const char *options)
{
	char text[2000];

	snprintf(text, sizeof(text), "%s%s", two_gib, more);
	return fake_from_text(text, strlen(text), options);
}

/*
 * 20 MiB in 4K pages need a PUD, a PMD and ten PTE pages; those of the first MiB can only come from the buffer, which
 * has three. All other RAM is kept but as many pages as make n of all, so that request n fails, for each n below
 * twelve.
 */
TEST(test_every_allocation_fails_in_turn)
{
	static const char machine[] = "about t\nsource t\nqemu none\nmap 0 0x9f000 usable\nmap 1M 20M usable\n";

	for (unsigned n = 0; n <= 12; n++) {
		bool more = n % 2;
		struct fake *f = fake_from_text(machine, strlen(machine),
						more ? "base=16M page_size=4k alloc=lowest,memblock"
						     : "base=16M page_size=4k alloc=lowest");
		struct bootinfo *bi = &f->host->h->bi;
		char want[100];

		bi->buffer = (struct range){ bi->image.end - (n < 3 ? n : 3) * PAGE_SIZE, bi->image.end };
		bi->keep[bi->nr_keep++] =
			(struct boot_keep){ { 1 * MIB + (n < 3 ? 0 : n - 3) * PAGE_SIZE, 16 * MIB }, KEEP_MODULE };
		bi->keep[bi->nr_keep++] = (struct boot_keep){ { bi->image.end, 20 * MIB }, KEEP_MODULE };
		if (n < 12) {
			assert_int_equal(run(f), RUN_ERROR);
			snprintf(want, sizeof(want), "(%u taken so far)%s\n", n,
				 more ? "; the policies behind it are not tried" : "");
			assert_has(f, want);
			assert_has(f, "error: lowest: no page left for a page table while mapping 0x");
			assert_has(f, "\"status\":\"error\",\"srat\":\"absent\"");
			assert_has(f, "\nKTAP version 1\nBail out! error: lowest:");
			assert_int_equal(f->host->loads, 0);
		} else {
			assert_int_equal(run(f), RUN_CLEAN);
			assert_has(f, "\"table_pages\":12,");
			assert_has(f, "\"pages\":{\"pud\":1,\"pmd\":1,\"pte\":10}");
		}
		assert_well_formed(f);
		fake_free(f);
	}
}

/* ---- findings ---- */

/* ---- tables from modules ---- */

#define MODULE_AT 0x3000000ull
#define CPIO_FOLDER "kernel/firmware/acpi/"

/* The SRAT of a description, with another OEM revision; *len bytes of it. */
static uint8_t *make_srat(const char *entries, uint32_t oem_revision, size_t *len)
{
	static struct machine m;
	static uint8_t table[MACHINE_TABLE_MAX];
	struct machine_error err;
	char text[500];

	snprintf(text, sizeof(text), "%ssrat 3\n%s", two_gib, entries);
	assert_true(machine_parse(&m, text, strlen(text), &err));
	*len = machine_srat(&m, table, sizeof(table));
	assert_true(*len > 0);
	memcpy(table + 24, &oem_revision, 4);
	fix_checksum(table, *len, 9);
	return table;
}

static void add_module(struct fake *f, const void *data, size_t len)
{
	struct bootinfo *bi = &f->host->h->bi;
	phys_t at = MODULE_AT + bi->nr_files * MIB;

	fake_ram_write(&f->host->ram, at, data, len);
	bi->file[bi->nr_files++] = (struct range){ at, at + len };
	bi->keep[bi->nr_keep++] = (struct boot_keep){ { at, align_up(at + len, PAGE_SIZE) }, KEEP_MODULE };
}

static void add_cpio(struct fake *f, const char *name, const void *data, size_t len)
{
	static char archive[5000];
	size_t n = (size_t)snprintf(archive, sizeof(archive), "070701%08x%08x%016x%08x%08x%08zx%032x%08zx%08x%s", 1,
				    0100644, 0, 1, 0, len, 0, strlen(name) + 1, 0, name) +
		   1;

	while (n % 4)
		archive[n++] = '\0';
	memcpy(archive + n, data, len);
	add_module(f, archive, n + len);
}

/* A bare table is taken, whatever its names; a machine without a SRAT gets one. */
TEST(test_table_from_a_module)
{
	static const char *const machines[] = { "srat 3\n cpu 0 0\n mem 0 0 2G\n", "" };

	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		struct fake *f = fake_with(machines[i], "seed=7");
		size_t len;
		uint8_t *table = make_srat(" cpu 0 0\n mem 0 0 1G\n cpu 1 1\n mem 1 1G 2G hotplug\n", 0, &len);

		add_module(f, "no table", 8);
		add_module(f, table, len);
		assert_int_equal(run(f), RUN_CLEAN);
		assert_has(f, "] SRAT: taken from the module at 0x3100000\n");
		assert_has(f, i ? "] ACPI: Table Upgrade: install [SRAT-LNDFLL-MACHINE ]\n"
				: "] ACPI: Table Upgrade: override [SRAT-LNDFLL-MACHINE ]\n");
		assert_has(f, "] ACPI: SRAT 0x0000000003100000 0000A0 (v03 LNDFLL MACHINE  00000000 LNDF 00000001)\n");
		assert_has(f, "] ACPI: SRAT: Node 1 PXM 1 [mem 0x40000000-0x7fffffff] hotplug\n");
		assert_has(f, "\"node\":1,\"pxm\":1,\"present\":1073741824,\"hotplug\":true,\"movable\":true,");
		assert_has(f, "\"start\":\"0x3000000\",\"end\":\"0x3001000\",\"what\":\"module\"");
		assert_has(f, "\"start\":\"0x3100000\",\"end\":\"0x3101000\",\"what\":\"module\"");
		fake_free(f);
	}
}

TEST(test_damaged_table_in_a_module)
{
	for (unsigned how = 0; how < 3; how++) {
		struct fake *f = fake_with("srat 3\n cpu 0 0\n mem 0 0 2G\n", "seed=7");
		size_t len;
		uint8_t *table = make_srat(" cpu 0 0\n mem 0 0 1G\n mem 1 1G 2G hotplug\n", 9, &len);

		table[60] ^= how == 0;
		add_module(f, table, how == 1 ? len + 1 : how == 2 ? 35 : len);
		assert_int_equal(run(f), RUN_CLEAN);
		if (how == 0)
			assert_has(f, "warning: SRAT in the module at 0x3000000: its checksum is wrong: not used\n");
		if (how == 1)
			assert_has(f, "warning: SRAT in the module at 0x3000000: its length is wrong: not used\n");
		assert_has_not(f, "Table Upgrade");
		assert_has(f, "] ACPI: SRAT: Node 0 PXM 0 [mem 0x00000000-0x7fffffff]\n");
		assert_has(f, "\"what\":\"module\"");
		fake_free(f);
	}
}

/* As Linux: the same OEM table id and a higher OEM revision than the firmware's, which is 1. */
TEST(test_table_from_an_archive)
{
	static const struct {
		uint32_t revision;
		bool other_id, taken;
		const char *line;
	} cases[] = {
		{ 2, false, true, "] ACPI: Table Upgrade: override [SRAT-LNDFLL-MACHINE ]\n" },
		{ 1, false, false,
		  "warning: SRAT: the firmware's stays in use: the file's OEM revision is not higher\n" },
		{ 2, true, false, "] ACPI: Table Upgrade: install [SRAT-LNDFLL-NACHINE ]\n" },
		{ 2, true, false, "warning: SRAT: the firmware's stays in use: its OEM table id is another\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = fake_with("srat 3\n cpu 0 0\n mem 0 0 2G\n", "seed=7");
		size_t len;
		uint8_t *table = make_srat(" cpu 0 0\n mem 0 0 1G\n mem 1 1G 2G hotplug\n", cases[i].revision, &len);

		table[16] = cases[i].other_id ? 'N' : 'M';
		fix_checksum(table, len, 9);
		add_cpio(f, CPIO_FOLDER "srat.aml", table, len);
		assert_int_equal(run(f), RUN_CLEAN);
		assert_has(f, "] ACPI: SRAT ACPI table found in initrd [kernel/firmware/acpi/srat.aml][0x90]\n");
		assert_has(f, cases[i].line);
		assert_has(f, cases[i].taken ? "] ACPI: SRAT: Node 1 PXM 1 [mem 0x40000000-0x7fffffff] hotplug\n"
					     : "] ACPI: SRAT: Node 0 PXM 0 [mem 0x00000000-0x7fffffff]\n");
		fake_free(f);
	}
}

TEST(test_archive_with_no_good_table)
{
	struct fake *f = fake_with("", "seed=7");
	size_t len;
	uint8_t *table = make_srat(" cpu 0 0\n mem 0 0 2G\n", 2, &len);

	add_cpio(f, CPIO_FOLDER "short", table, 35);
	add_cpio(f, CPIO_FOLDER "cut", table, len - 1);
	add_cpio(f, "kernel/firmware/elsewhere", table, len);
	table[50]++;
	add_cpio(f, CPIO_FOLDER "sum", table, len);
	memcpy(table, "DSDT", 4);
	add_cpio(f, CPIO_FOLDER "dsdt", table, len);
	assert_int_equal(run(f), RUN_CLEAN);
	assert_has(f, "] ACPI: ACPI OVERRIDE: Table smaller than ACPI header [kernel/firmware/acpi/short]\n");
	assert_has(f, "] ACPI: ACPI OVERRIDE: File length does not match table length [kernel/firmware/acpi/cut]\n");
	assert_has(f, "] ACPI: ACPI OVERRIDE: Bad table checksum [kernel/firmware/acpi/sum]\n");
	assert_has(f, "] ACPI: ACPI OVERRIDE: Unknown signature [kernel/firmware/acpi/dsdt]\n");
	assert_has(f, "\"status\":\"clean\",\"srat\":\"absent\"");
	assert_int_equal(count_of(f, "\"what\":\"module\""), 5);
	fake_free(f);
}

/* ---- entropy and seeds ---- */

TEST(test_seed_from_all_sources)
{
	struct fake *a = fake_with("", ""), *b = fake_with("", "");
	char want[60];

	assert_int_equal(run(a), RUN_CLEAN);
	assert_has(a, "\"entropy\":[\"rdseed\",\"rdrand\",\"tsc\"]");
	snprintf(want, sizeof(want), "repeat with: seed=0x%llx\n", (unsigned long long)a->host->h->seed);
	assert_has(a, want);
	b->host->tsc = 77;
	assert_int_equal(run(b), RUN_CLEAN);
	assert_int_not_equal(a->host->h->seed, b->host->h->seed);
	assert_int_not_equal(a->host->h->log.boot_id, b->host->h->log.boot_id);
	fake_free(a);
	fake_free(b);
}

TEST(test_rubbish_is_not_used)
{
	static const uint64_t answers[] = { UINT64_MAX, 0, 0x123456789abcdef0 };
	struct fake *f;

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		f = fake_with("", "");
		f->rdrand_stuck = f->tsc_stuck = true;
		f->rdrand_answer = answers[i];
		assert_int_equal(run(f), RUN_CLEAN);
		assert_has(f, "warning: rdrand: answers rubbish; not used for the seed\n");
		assert_has(f, "warning: tsc: the counter stands still; not used for the seed\n");
		assert_has(f, "\"entropy\":[\"rdseed\"]");
		fake_free(f);
	}
	f = fake_with("", "");
	f->rdrand_stuck = f->tsc_stuck = f->no_rdseed = true;
	assert_int_equal(run(f), RUN_CLEAN);
	assert_has(f, "warning: no source of entropy works: the seed is the same at every boot\n");
	assert_has(f, "\"entropy\":[]");
	fake_free(f);
}

/* The seed decides the place and the direct map's base; the boot id does not come from it. */
TEST(test_a_run_repeats)
{
	struct fake *a = fake_machine("four-nodes", "seed=0xabcdef page_offset=random");
	struct fake *b = fake_machine("four-nodes", "seed=0xabcdef page_offset=random");
	struct fake *c = fake_machine("four-nodes", "seed=0xabcdee page_offset=random");

	b->host->tsc = 99;
	run(a);
	run(b);
	run(c);
	assert_int_equal(a->host->h->choice.base, b->host->h->choice.base);
	assert_int_equal(a->host->h->choice.virt, b->host->h->choice.virt);
	assert_int_equal(a->host->h->choice.page_offset, b->host->h->choice.page_offset);
	assert_int_not_equal(a->host->h->log.boot_id, b->host->h->log.boot_id);
	assert_int_not_equal(a->host->h->choice.page_offset, c->host->h->choice.page_offset);
	assert_int_equal(a->host->h->choice.page_offset % GIB, 0);
	assert_true(a->host->h->choice.page_offset > PAGE_OFFSET_5LEVEL);
	assert_int_equal(a->host->page_offset, a->host->h->choice.page_offset);
	assert_has(a, "\nok 1 - seed\n");
	fake_free(a);
	fake_free(b);
	fake_free(c);
}

/* ---- options that cannot be had ---- */

TEST(test_cut_memory_map)
{
	struct fake *f = fake_with("", "alloc=memblock");

	f->host->h->bi.map_cut = true;
	assert_int_equal(run(f), RUN_CLEAN);
	assert_has(f, "warning: the memory map has more entries than were taken: memory may be missing\n");
	fake_free(f);
}

TEST(test_loader_faults)
{
	struct fake *f = fake_with("", "");

	f->host->h->bi.map_missing = true;
	assert_int_equal(run(f), RUN_ERROR);
	assert_has(f, "error: the loader gave no memory map\n");
	fake_free(f);
	f = fake_with("", "");
	f->host->h->bi.cmdline_truncated = true;
	assert_int_equal(run(f), RUN_ERROR);
	assert_has(f, "error: the command line is longer than 16383 characters\n");
	fake_free(f);
	f = fake_with("", "");
	f->console_error = "ttyS0: no UART there";
	assert_int_equal(run(f), RUN_ERROR);
	assert_has(f, "error: console=ttyS0: no UART there\n");
	fake_free(f);
}

/* ---- where the image goes ---- */

TEST(test_nokaslr)
{
	struct fake *f = fake_with("", "nokaslr seed=1");

	assert_int_equal(run(f), RUN_CLEAN);
	assert_int_equal(f->host->h->choice.base, 16 * MIB);
	assert_int_equal(f->host->h->choice.virt, 0xffffffff81000000);
	assert_has(f, "\"slot\":null,");
	assert_has(f, "] KASLR disabled: 'nokaslr' on cmdline.\n");
	fake_free(f);
	/* 16 MiB holds a module, and the image lies above it: the next free 2 MiB are at 22 MiB. */
	f = fake_with("reserve 16M 17M module\n", "nokaslr seed=1");
	f->host->h->bi.image = (struct range){ 18 * MIB, 21 * MIB };
	assert_int_equal(run(f), RUN_CLEAN);
	assert_int_equal(f->host->h->choice.base, 22 * MIB);
	assert_has(
		f,
		"warning: the preferred base 0x1000000 is taken (overlaps the module at 0x1000000): using 0x1600000\n");
	fake_free(f);
}

/* One immovable range of exactly one slot: the seed does not matter. */
TEST(test_single_slot)
{
	for (unsigned seed = 0; seed < 4; seed++) {
		char options[40];
		struct fake *f;

		snprintf(options, sizeof(options), "seed=%u image_size=linux-6.1", seed);
		f = fake_with(
			"srat 3\n cpu 0 0\n mem 0 0 1G hotplug\n mem 0 1G 0x44000000\n mem 1 0x44000000 2G hotplug\n",
			options);
		assert_int_equal(run(f), RUN_CLEAN);
		assert_has(f, "\"base\":\"0x40000000\",\"end\":\"0x43430000\",\"size\":67108864,\"slots\":1,\"slot\":0,"
			      "\"node\":0,");
		assert_has(f, "\"start\":\"0x40000000\",\"end\":\"0x43430000\",\"what\":\"pretended image\"");
		fake_free(f);
	}
}

/* No immovable range holds the image: Linux's words, and 16 MiB. */
TEST(test_no_slot)
{
	static const char small[] = "about t\nsource t\nqemu none\nmap 1M 64M usable\n";
	struct fake *f = fake_with("srat 3\n cpu 0 0\n mem 0 0 18M\n mem 1 18M 2G hotplug\n", "seed=1");

	assert_int_equal(run(f), RUN_CLEAN);
	assert_int_equal(f->host->h->choice.base, 16 * MIB);
	assert_has(f, "] Physical KASLR disabled: no suitable memory region!\n");
	assert_has(f, "\"slots\":0,\"slot\":null,");
	assert_int_not_equal(f->host->h->choice.virt, 0xffffffff81000000);
	fake_free(f);
	f = fake_from_text(small, strlen(small), "image_size=64M,60M");
	assert_int_equal(run(f), RUN_ERROR);
	assert_has(f, "error: image_size=: no free range at or above 16 MiB holds 64 MiB\n");
	fake_free(f);
}

/* hotplug= takes node 0's ranges out of KASLR's choice and makes it movable; the image then lies on node 1. */
TEST(test_forced_hotplug)
{
	struct fake *f = fake_with("srat 3\n cpu 0 0\n mem 0 0 1G\n mem 1 1G 2G\n", "seed=3 hotplug=0 alloc=lowest");

	assert_int_equal(run(f), RUN_CLEAN);
	assert_has(f, "warning: hotplug=0: node 0 is treated as hot-pluggable because the option says so\n");
	assert_has(f, "\"slots\":512,");
	assert_int_equal(numa_node_of(&f->host->h->numa, f->host->h->choice.base), 1);
	assert_has(f, "\"node\":0,\"pxm\":0,\"present\":1073340416,\"hotplug\":true,\"movable\":false,\"why\":"
		      "\"reserved 0x0\",");
	assert_has(f, "  hot-pluggable, pinned by low memory\n");
	fake_free(f);
	f = fake_with("srat 3\n cpu 0 0\n mem 0 0 1G\n mem 1 1G 2G hotplug\n", "seed=3 hotplug=1");
	assert_int_equal(run(f), RUN_ERROR);
	assert_has(f, "error: hotplug=1: the node has no range that is not hot-pluggable already\n");
	fake_free(f);
	f = fake_with("srat 3\n cpu 0 0\n cpu 1 1\n mem 0 0 2G\n", "seed=3 hotplug=1"); /* no memory at all */
	assert_int_equal(run(f), RUN_ERROR);
	assert_has(f, "error: hotplug=1: the node has no range that is not hot-pluggable already\n");
	fake_free(f);
}

/* Blocks that were not counted are no number, in the record and in the table. */
TEST(test_costs_without_blocks)
{
	struct fake *f = fake_with("", "seed=1");
	struct cost c[2] = {
		{ .policy = &policy_floor, .levels = 4, .blocks_known = true, .small_blocks = 4321 },
		{ .policy = &policy_series, .levels = 4, .small_blocks = 1024, .pages = 3, .distance = 35 }
	};
	struct run r;

	assert_int_equal(run(f), RUN_CLEAN);
	r = run_open(f->host->h, &f->host->p);
	report_cost(&r.log, &c[0]);
	report_cost(&r.log, &c[1]);
	report_costs(&r.log, c, 2);
	assert_cost(f, "floor",
		    "{\"pud\":0,\"pmd\":0,\"pte\":0},\"on_movable\":0,\"pinned\":0,\"blocks\":{\"128m\":4321,"
		    "\"2g\":0},\"below\":{\"16m\":0,\"4g\":0},\"pages\":0,\"distance\":0,\"steps\":0,\"passes\":0,"
		    "\"ranges\":0");
	assert_has(f, "\"blocks\":null,");
	assert_has(f, "] policy total pinned 128M 2G 16M 4G SLIT  steps\n");
	assert_has(f, "] floor      0    0 B 4321  0   0  0  0.0 0 in 0\n");
	assert_has(f, "] series     0    0 B    ?  ?   0  0 11.6 0 in 0\n");
	fake_free(f);
}

static void assert_distances(const char *machine, const char *options, unsigned home, unsigned other)
{
	struct fake *f = fake_with(machine, options);
	char want[40];

	assert_int_equal(run(f), RUN_CLEAN);
	snprintf(want, sizeof(want), "\"cpus\":1,\"distance\":%u,", home);
	assert_has(f, want);
	snprintf(want, sizeof(want), "\"cpus\":0,\"distance\":%u,", other);
	assert_has(f, want);
	fake_free(f);
}

/* Linux's node_distance: by SLIT, else 10 and 20. The numbers of nodes are not those of PXMs. */
TEST(test_distances)
{
	static const char two[] = "srat 3\n cpu 2 0\n mem 2 0 1G\n mem 1 1G 2G\n";
	static const char slit[] = "slit 10 11 12\nslit 13 10 14\nslit 15 16 10\n", bad[] = "slit 10 9\nslit 20 10\n";
	char text[400];

	assert_distances(two, "seed=1 base=32M", 10, 20);
	snprintf(text, sizeof(text), "%s%s", two, slit);
	assert_distances(text, "seed=1 base=32M", 10, 16);
	assert_distances(text, "seed=1 base=1G", 14, 10);
	snprintf(text, sizeof(text), "%s%s", two, bad);
	assert_distances(text, "seed=1 base=32M", 10, 20);
}

/* [0, 2G) without [640K, 1M) and page 0: 1023 leaves of 2M. */
TEST(test_fragment_says_what_it_did)
{
	struct fake *f = fake_with("", "seed=3 page_size=2m fragment=every:3 alloc=lowest"), *other;

	assert_int_equal(run(f), RUN_CLEAN);
	assert_has(f, "] fragment=: 341 of 1023 large leaves forced one size down\n");
	fake_free(f);
	f = fake_with("", "seed=3 page_size=2m fragment=every:1024 alloc=lowest");
	assert_int_equal(run(f), RUN_CLEAN);
	assert_has(f, "] warning: no effect: fragment=: 0 of 1023 large leaves forced one size down\n");
	fake_free(f);
	f = fake_with("", "seed=3 page_size=2m fragment=rand:300 alloc=lowest");
	other = fake_with("", "seed=4 page_size=2m fragment=rand:300 alloc=lowest");
	assert_int_equal(run(f), RUN_CLEAN);
	assert_int_equal(run(other), RUN_CLEAN);
	assert_string_not_equal(strstr(f->host->out, "\"leaf\":"), strstr(other->host->out, "\"leaf\":"));
	fake_free(f);
	fake_free(other);
}

/* mem= ends RAM at 1 GiB and keeps the base below it; memmap=...$... is kept free. [32M, 1G) without one MiB. */
TEST(test_reshaped_memory)
{
	struct fake *f = fake_with("", "seed=3 mem=1G memmap=16M$16M");

	f->host->h->bi.image = (struct range){ 64 * MIB, 66 * MIB };
	f->host->h->bi.buffer = (struct range){ 65 * MIB, 65 * MIB + 16 * PAGE_SIZE };
	f->host->h->bi.pgd = 64 * MIB + PAGE_SIZE;
	assert_int_equal(run(f), RUN_CLEAN);
	assert_has(f, "] user-defined physical RAM map:\n");
	assert_has(f, "] user: [mem 0x0000000001000000-0x0000000001ffffff] reserved\n");
	assert_has(f, "] user: [mem 0x0000000002000000-0x000000003fffffff] usable\n");
	assert_has(f, "] last_pfn = 0x40000 max_arch_pfn = 0x400000000\n");
	/* 16 slots in [32M, 64M), 479 in [66M, 1G) */
	assert_has(f, "\"slots\":495,");
	fake_free(f);
}

/* Under UEFI only conventional memory is a candidate, and boot-services memory stays taken. */
TEST(test_uefi)
{
	struct fake *f = fake_with("", "seed=3");
	struct bootinfo *bi = &f->host->h->bi;

	bi->protocol = BOOT_UEFI;
	bi->conventional[bi->nr_conventional++] = (struct range){ 1 * MIB, 16 * MIB };
	bi->conventional[bi->nr_conventional++] = (struct range){ 512 * MIB, 516 * MIB };
	bi->keep[bi->nr_keep++] = (struct boot_keep){ { 516 * MIB, 600 * MIB }, KEEP_BOOT_SERVICES };
	assert_int_equal(run(f), RUN_CLEAN);
	assert_has(f, "\"protocol\":\"uefi\"");
	assert_has(f, "\"slots\":2,");
	assert_has(f, "\"start\":\"0x20400000\",\"end\":\"0x25800000\",\"what\":\"boot services\"");
	fake_free(f);
	f = fake_with("", "seed=3 base=600M");
	f->host->h->bi.protocol = BOOT_UEFI;
	f->host->h->bi.conventional[f->host->h->bi.nr_conventional++] = (struct range){ 512 * MIB, 516 * MIB };
	assert_int_equal(run(f), RUN_ERROR);
	assert_has(f, "error: base=0x25800000: firmware does not call it free\n");
	fake_free(f);
}

/* Linux's other chooser takes firmware's free memory, hot-pluggable or not; with mem= its lowest slot. */
TEST(test_efistub)
{
	static const char *const options[] = { "seed=3 kaslr=efistub", "seed=3 kaslr=efistub mem=1G" };

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		struct fake *f = fake_with("srat 3\n cpu 0 0\n mem 0 0 32M\n mem 1 32M 2G hotplug\n", options[i]);
		struct bootinfo *bi = &f->host->h->bi;

		bi->protocol = BOOT_UEFI;
		bi->conventional[bi->nr_conventional++] = (struct range){ 32 * MIB, 36 * MIB };
		bi->conventional[bi->nr_conventional++] = (struct range){ 512 * MIB, 516 * MIB };
		assert_int_equal(run(f), RUN_CLEAN);
		assert_has(f, "\"slots\":4,");
		assert_has(f, "warning: kaslr=efistub: that chooser does not read SRAT\n");
		assert_has(f, "\"node\":1,\"pxm\":1,\"present\":");
		assert_has(f, "\"hotplug\":true,\"movable\":false,\"why\":\"kernel\",");
		assert_has(f,
			   i == 1 ? "KASLR: slot 0 of 4 taken, each holds 2 MiB\n" : " of 4 drawn, each holds 2 MiB\n");
		if (i == 1)
			assert_int_equal(f->host->h->choice.base, 32 * MIB);
		fake_free(f);
	}
}

/* Another Linux's buffer, and its chooser under UEFI, which may not keep off what firmware calls hot-pluggable. */
TEST(test_linux)
{
	static const struct {
		const char *options, *says;
	} t[] = {
		{ "seed=3", "\"pages\":16},\"image_tables\"" },
		{ "seed=3", "\"slots\":2," }, /* the decompressor reads SRAT */
		{ "seed=3 linux=5.10", "\"pages\":12},\"image_tables\"" },
		{ "seed=3 linux=5.10", "\"slots\":2," },
		{ "seed=3 linux=6.1.80", "\"slots\":2," },
		{ "seed=3 linux=6.1.81", "\"slots\":6," },
		{ "seed=3 linux=6.1.129", "\"slots\":4," },
		{ "seed=3 linux=6.12.15 kaslr=decompressor", "\"slots\":2," },
		{ "seed=3 linux=8.0", "\"slots\":4," },
		{ "seed=3 linux=8.0", "warning: linux=: 7.3 is the newest known: by its rules\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct fake *f = fake_with("srat 3\n cpu 0 0\n mem 0 0 36M\n mem 1 36M 2G hotplug\n", t[i].options);
		struct bootinfo *bi = &f->host->h->bi;

		bi->protocol = BOOT_UEFI;
		bi->conventional[bi->nr_conventional++] = (struct range){ 32 * MIB, 36 * MIB };
		bi->conventional[bi->nr_conventional++] = (struct range){ 512 * MIB, 516 * MIB };
		bi->conventional_marks[bi->nr_conventional] = MEMORY_HOT_PLUGGABLE;
		bi->conventional[bi->nr_conventional++] = (struct range){ 640 * MIB, 644 * MIB };
		assert_int_equal(run(f), RUN_CLEAN);
		assert_has(f, t[i].says);
		fake_free(f);
	}
}

/* Linux's trim_bios_range: [640K, 1M) is no RAM whatever the map says, and page 0 is firmware's. */
TEST(test_low_memory)
{
	static const char text[] = "about t\nsource t\nqemu none\nmap 0 1G usable\n";
	struct fake *f = fake_from_text(text, strlen(text), "seed=1");

	assert_int_equal(run(f), RUN_CLEAN);
	assert_int_equal(f->host->h->numa.node[0].present, 1 * GIB - 384 * KIB - PAGE_SIZE);
	assert_true(e820_covers(&f->host->h->map, (struct range){ 0, PAGE_SIZE }, E820_RESERVED));
	assert_false(e820_covers(&f->host->h->map, (struct range){ 640 * KIB, 641 * KIB }, E820_RAM));
	assert_true(e820_covers(&f->host->h->map, (struct range){ 1 * MIB, 1 * GIB }, E820_RAM));
	fake_free(f);
}

/* A memory map that lies: what four levels of tables cannot map is no place for the image. */
TEST(test_base_beyond_all_tables)
{
	struct fake *f = fake_with("map 64T 65T usable\n", "levels=4 base=64T");

	assert_int_equal(run(f), RUN_ERROR);
	assert_has(f, "error: base=0x400000000000: page tables end at 0x400000000000\n");
	fake_free(f);
	f = fake_with("map 64T 65T usable\n", "levels=4 seed=3 kaslr=efistub");
	f->host->h->bi.protocol = BOOT_UEFI;
	f->host->h->bi.conventional[f->host->h->bi.nr_conventional++] = (struct range){ 512 * MIB, 516 * MIB };
	f->host->h->bi.conventional[f->host->h->bi.nr_conventional++] = (struct range){ 64 * TIB, 65 * TIB };
	assert_int_equal(run(f), RUN_CLEAN);
	assert_has(f, "\"slots\":2,");
	fake_free(f);
}

/* Linux remembers four memmap= ranges; with a fifth the base is not random. */
TEST(test_too_many_memmap_ranges)
{
	struct fake *f = fake_with("", "seed=3 memmap=1M$32M,1M$34M,1M$36M,1M$38M,1M$40M");

	assert_int_equal(run(f), RUN_CLEAN);
	assert_int_equal(f->host->h->choice.base, 16 * MIB);
	assert_has(f, "warning: more than 4 memmap= ranges: Linux then gives up on a random base\n");
	assert_has(f, "\"slot\":null,");
	fake_free(f);
}

/* The base comes from firmware's map, whatever the user's says: the image's own memory is put back, as in Linux. */
TEST(test_image_outside_the_users_map)
{
	struct fake *f = fake_with("", "seed=3 memmap=exactmap memmap=639K@0 memmap=63M@1M");

	assert_int_equal(run(f), RUN_CLEAN);
	assert_true(f->host->h->choice.base >= 64 * MIB);
	assert_has(f, "] .text .data .bss are not marked as E820_TYPE_RAM!\n");
	assert_int_equal(f->host->h->end_of_ram, f->host->h->choice.end);
	/* 639K less page 0, 63 MiB, the image */
	assert_has(f, "\"node\":0,\"pxm\":0,\"present\":68739072,");
	fake_free(f);
}

/* Nothing is loaded, all else is as usual. */
TEST(test_dry_run)
{
	struct fake *f = fake_with("", "seed=3 dry");

	f->host->h->bi.protocol = BOOT_UEFI;
	assert_int_equal(run(f), RUN_CLEAN);
	assert_int_equal(f->host->loads, 0);
	assert_has(f, "\nok 3 - read-back: bottom-up # SKIP dry run\n");
	fake_free(f);
}

static bool no_room(void *ctx, uint64_t pages)
{
	(void)ctx;
	assert_true(pages > 4000);
	return false;
}

/* The next record of that kind behind *at, from its first own field to its checksum. */
static size_t next_record(const char **at, const char *kind)
{
	*at = strstr(*at, kind);
	assert_non_null(*at);
	*at = strstr(*at, "\"alloc\"");
	return (size_t)(strstr(*at, ",\"crc\"") - *at);
}

/* The policies that these tests know. */
#define ALL "alloc=bottom-up,memblock,lowest,top-down,series,hybrid,floor,node-local"

/* Page tables that are counted only cost what they cost when they are built. */
TEST(test_counting_costs_the_same)
{
	static const char options[] = "seed=1 base=0x5e00000 " ALL " dry", kind[] = "{\"rec\":\"cost\"";
	struct fake *built = fake_machine("four-nodes", options), *counted = fake_machine("four-nodes", options);
	const char *a, *b;

	built->host->h->bi.protocol = counted->host->h->bi.protocol = BOOT_UEFI;
	counted->host->p.room = no_room;
	assert_int_equal(run(built), RUN_STAINED);
	assert_int_equal(run(counted), RUN_STAINED);
	assert_true(count_of(built, "\"rec\":\"run\"") > 100);
	assert_int_equal(count_of(counted, "\"rec\":\"run\""), 0);
	assert_int_equal(count_of(built, kind), 8);
	assert_int_equal(count_of(counted, kind), 8);
	a = built->host->out;
	b = counted->host->out;
	for (unsigned i = 0; i < 8; i++) {
		size_t len = next_record(&a, kind);

		assert_int_equal(next_record(&b, kind), len);
		assert_memory_equal(a, b, len);
	}
	fake_free(built);
	fake_free(counted);
}

/* ---- every slot ---- */

static void assert_sweep(const struct fake *f, const char *alloc, const char *rest)
{
	char want[500];

	snprintf(want, sizeof(want), "\"alloc\":\"%s\",\"slots\":%s,\"crc\"", alloc, rest);
	assert_has(f, want);
}

/*
 * The same 110 slots, and as many stained, as QEMU's boots have. Node 1 holds what bottom-up takes at 0x5e00000, and
 * node 3 all that top-down takes: as in the runs above at that base.
 */
/* How often a line says so between two lines. */
static unsigned beacons_between(const struct fake *f, const char *from, const char *to)
{
	const char *at = strstr(f->host->out, from), *end = at ? strstr(at, to) : NULL;
	unsigned n = 0;

	if (!end)
		fail_msg("no %s before %s", from, to);
	while ((at = strstr(at + 1, "] still at work\n")) && at < end)
		n++;
	return n;
}

/* On a slow machine, while tables are built and walked, and while slots are tried. */
TEST(test_long_work_says_that_it_goes_on)
{
	struct fake *f = fake_machine("four-nodes", "seed=1 page_size=4k alloc=bottom-up sweep");

	f->host->p.tsc = fake_slow_tsc;
	run(f);
	assert_true(beacons_between(f, "{\"rec\":\"reserved\"", "{\"rec\":\"run\"") > 0);
	assert_true(beacons_between(f, "{\"rec\":\"verdict\"", "{\"rec\":\"sweep\"") > 1);
	fake_free(f);
}

TEST(test_sweep)
{
	static const char everywhere[] = "\"intervals\":[[\"0x1200000\",\"0x5e00000\"],[\"0x7d000000\",\"0x7fc00000\"],"
					 "[\"0x100000000\",\"0x105e00000\"]]";
	static const char *const none[] = { "memblock", "lowest", "series", "floor" };
	struct fake *f = fake_machine("four-nodes", "seed=1 " ALL " sweep");
	char rest[400];

	assert_int_equal(run(f), RUN_STAINED);
	assert_int_equal(count_of(f, "{\"rec\":\"sweep\""), 8);
	assert_sweep(f, "bottom-up",
		     "110,\"stained_slots\":14,\"numerator\":7,\"denominator\":55,\"probability\":0.127272,"
		     "\"intervals\":[[\"0x5000000\",\"0x5e00000\"],[\"0x105400000\",\"0x105e00000\"]],"
		     "\"worst_base\":\"0x5e00000\",\"worst_on_movable\":4028,\"worst_pinned\":1996488704,"
		     "\"safe_distance\":8");
	assert_sweep(f, "hybrid",
		     "110,\"stained_slots\":16,\"numerator\":8,\"denominator\":55,\"probability\":0.145454,"
		     "\"intervals\":[[\"0x5000000\",\"0x5e00000\"],[\"0x105000000\",\"0x105e00000\"]],"
		     "\"worst_base\":\"0x5e00000\",\"worst_on_movable\":4074,\"worst_pinned\":1996488704,"
		     "\"safe_distance\":8");
	for (unsigned i = 0; i < ARRAY_SIZE(none); i++)
		assert_sweep(f, none[i],
			     "110,\"stained_slots\":0,\"numerator\":0,\"denominator\":1,\"probability\":0.000000,"
			     "\"intervals\":[],\"worst_base\":null,\"worst_on_movable\":0,\"worst_pinned\":0,"
			     "\"safe_distance\":0");
	snprintf(rest, sizeof(rest),
		 "110,\"stained_slots\":110,\"numerator\":1,\"denominator\":1,\"probability\":1.000000,%s,"
		 "\"worst_base\":\"0x1200000\",\"worst_on_movable\":4090,\"worst_pinned\":3221225472,"
		 "\"safe_distance\":1096",
		 everywhere);
	assert_sweep(f, "top-down", rest);
	assert_has(f, "] ---- sweep, bottom-up: 14 of 110 slots stained, probability 0.127272\n");
	assert_has(f, "]   stained: base 0x105400000 to 0x105e00000\n");
	assert_has(f, "]   worst: base 0x5e00000, 4028 page-table pages on movable memory, 1.8 GiB pinned\n"
		      "[    0.000144]   safe: an image that ends 16 MiB or more below the next movable memory\n");
	assert_well_formed(f);
	fake_free(f);
}

/* Maps that are built say the same at the borders of those intervals. */
TEST(test_maps_are_as_swept)
{
	static const struct {
		const char *base;
		bool bottom_up, hybrid;
	} cases[] = {
		{ "0x4e00000", false, false },   { "0x5000000", true, true },    { "0x7d000000", false, false },
		{ "0x104e00000", false, false }, { "0x105000000", false, true }, { "0x105200000", false, true },
		{ "0x105400000", true, true },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		char options[80];
		struct fake *f;

		snprintf(options, sizeof(options), "seed=1 alloc=bottom-up,hybrid base=%s", cases[i].base);
		f = fake_machine("four-nodes", options);
		(void)run(f);
		assert_has(f, cases[i].bottom_up ? "bottom-up: STAINED: " : "bottom-up: CLEAN: ");
		assert_has(f, cases[i].hybrid ? "hybrid: STAINED: " : "hybrid: CLEAN: ");
		fake_free(f);
	}
}

/* Which slots there are does not depend on where the image lies, nor does the answer. */
TEST(test_sweep_without_a_draw)
{
	static const struct {
		const char *options;
		enum run_result result;
	} cases[] = { { "nokaslr alloc=bottom-up sweep", RUN_CLEAN },
		      { "base=0x5e00000 alloc=bottom-up sweep", RUN_STAINED },
		      { "base=0x120000000 alloc=bottom-up sweep", RUN_CLEAN } };

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = fake_machine("four-nodes", cases[i].options);

		assert_int_equal(run(f), cases[i].result);
		assert_has(f, "\"slots\":110,\"slot\":null,");
		assert_sweep(f, "bottom-up",
			     "110,\"stained_slots\":14,\"numerator\":7,\"denominator\":55,\"probability\":0.127272,"
			     "\"intervals\":[[\"0x5000000\",\"0x5e00000\"],[\"0x105400000\",\"0x105e00000\"]],"
			     "\"worst_base\":\"0x5e00000\",\"worst_on_movable\":4028,\"worst_pinned\":1996488704,"
			     "\"safe_distance\":8");
		fake_free(f);
	}
}

/*
 * 1 GiB, and from 64M on every other 2M belongs to node 1: 20 of them. An image on one of these makes node 1 stay;
 * before one of them its tables lie on it. At 62M, of 481 PTE pages from the image's end on, 13 fit the buffer and 16
 * lie below 64M.
 */
TEST(test_sweep_with_many_intervals)
{
	char text[4000];
	struct fake *f;
	int len = snprintf(text, sizeof(text),
			   "about t\nsource t\nqemu none\nmap 0 0x9f000 usable\nmap 1M 1G usable\nsrat 3\n cpu 0 0\n"
			   " mem 0 0 64M\n");

	for (int at = 64; at < 144; at += 4)
		len += snprintf(text + len, sizeof(text) - (size_t)len, " mem 1 %dM %dM hotplug\n mem 0 %dM %dM\n", at,
				at + 2, at + 2, at < 140 ? at + 4 : 1024);
	f = fake_from_text(text, (size_t)len, "base=512M alloc=bottom-up page_size=4k kaslr=efistub sweep");
	assert_int_equal(run(f), RUN_CLEAN);
	assert_has(f, "\"slots\":503,\"stained_slots\":20,\"numerator\":20,\"denominator\":503,");
	assert_has(f, "\"intervals\":[[\"0x3e00000\",\"0x3e00000\"],[\"0x4200000\",\"0x4200000\"],");
	assert_has(f, "[\"0x8a00000\",\"0x8a00000\"]],\"worst_base\":\"0x3e00000\",\"worst_on_movable\":452,"
		      "\"worst_pinned\":41943040,\"safe_distance\":1,");
	assert_int_equal(count_of(f, "  stained: base 0x"), 16);
	assert_has(f, "]   and 4 more intervals: see the record\n");
	fake_free(f);
}

/* ---- Landfall's own faults are found ---- */

TEST(test_wrong_memory_is_a_fault)
{
	struct fake *f = fake_with("", "seed=3");

	f->lie_at = 2 * GIB - 1;
	assert_int_equal(run(f), RUN_FAULT);
	assert_has(f, "\n# 0x7fffffff differs\nnot ok 3 - read-back: bottom-up\n");
	assert_has(f, "\"status\":\"fault\"");
	fake_free(f);
	f = fake_with("", "seed=3 alloc=lowest");
	f->refuse_load = true;
	assert_int_equal(run(f), RUN_FAULT);
	assert_has(f, "\n# the map was not loaded: ");
	fake_free(f);
}

static void plant_stray_entry(void *ctx, phys_t page)
{
	struct fake *f = playing;

	f->good.clear_page(ctx, page);
	if (page == f->host->h->bi.pgd)
		((uint64_t *)fake_ram_page(&f->host->ram, page))[300] = 0x7f000000 | PT_TABLE_FLAGS;
}

/* A table that nobody built must not be loaded. */
TEST(test_stray_table_is_a_fault)
{
	struct fake *f = fake_with("", "seed=3 alloc=lowest");

	fake_ram_page(&f->host->ram, 0x7f000000);
	f->host->p.clear_page = plant_stray_entry;
	assert_int_equal(run(f), RUN_FAULT);
	assert_has(f, "\nnot ok 2 - walk: lowest\n");
	assert_int_equal(f->host->loads, 0);
	fake_free(f);
}

TEST(test_fault_report)
{
	struct fake *f = fake_with("", "seed=3");

	report_fault(f->host->h, &f->host->p, "page fault at 0x10");
	assert_has(f, "] fault: page fault at 0x10\n");
	assert_has(f, "\"status\":\"fault\",\"srat\":\"absent\"");
	assert_int_equal(f->host->h->result, RUN_FAULT);
	fake_free(f);
}

/* ---- the log as a whole ---- */

/* Two screens of 80 columns and 50 lines; only lines that are Linux's own are wider. */
TEST(test_text_fits_two_screens)
{
	struct fake *f = fake_machine("four-nodes", "seed=1 base=0x5e00000 report=text");
	unsigned lines = 0, wide = 0;

	assert_int_equal(run(f), RUN_CLEAN);
	for (const char *line = f->host->out; *line; line = strchr(line, '\n') + 1) {
		lines++;
		wide += strcspn(line, "\n") > 80 && !strstr(line, "NUMA: Node");
	}
	assert_true(lines <= 100);
	assert_true(wide <= 8);
	assert_has_not(f, "{\"rec\"");
	fake_free(f);
}
