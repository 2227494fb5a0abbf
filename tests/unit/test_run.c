/* SPDX-License-Identifier: MIT */
/*
 * The whole run on a host: machine descriptions go in as fake RAM and real ACPI tables, the log comes out. Each
 * machine's log is kept beside its description (NAME.expect, and NAME.kept of some with other options), the picture of
 * some (NAME.drawn); LANDFALL_EXPECT=write writes them anew. What matters is stated here once more.
 */
#include "tests/unit/cases.h"

#include <glob.h>
#include <stdio.h>

#include "kernel/kernel.h"
#include "lib/crc32.h"
#include "kernel/report/canvas.h"
#include "kernel/report/report.h"
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
	struct canvas canvas;
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

static void note_fill(void *ctx, struct box b, enum colour colour)
{
	fprintf(ctx, "%ux%u at %u %u, colour %u\n", b.width, b.height, b.x, b.y, colour);
}

static void note_text(void *ctx, struct spot at, const char *s)
{
	fprintf(ctx, "at %u %u, colour %u on %u: \"%s\"\n", at.x, at.y, at.colour, at.ground, s);
}

static bool fake_canvas(void *ctx, struct canvas *out)
{
	(void)ctx;
	*out = playing->canvas;
	return true;
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
	SOIL(&f->host->h->bi.conventional);
	SOIL(&f->host->h->check);
	SOIL(&f->host->h->map.e);
	SOIL(&f->host->h->numa);
	SOIL(&f->host->h->slots.area);
	SOIL(&f->host->h->srat.mem);
	SOIL(&f->host->h->srat.initiator);
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

static void write_expectation(const char *name, const char *suffix, const char *text)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "tests/machines/%s.%s", name, suffix);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void compare_with_expectation(const char *name, const char *suffix, const char *want, const char *got)
{
	const char *a = want, *b = got;
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
		fail_msg("%s.%s:%u\n  want %.*s\n  got  %.*s", name, suffix, line, (int)strcspn(a, "\n"), a,
			 (int)strcspn(b, "\n"), b);
	}
}

/* With the options that the kept log was made with, from the seed on. */
static void test_machine(void **state)
{
	char *name = *state, *suffix = name + strlen(name) + 1;
	const char *mode = getenv("LANDFALL_EXPECT");
	size_t len;
	char *kept = read_file(name, suffix, &len), *options = strstr(kept, "seed="), *drawn = NULL;
	enum run_result result;
	struct fake *f;

	assert_non_null(options);
	options = strndup(options, strcspn(options, "\n"));
	f = fake_machine(name, options);
	if (!strcmp(suffix, "drawn")) {
		struct canvas *c = &f->canvas;
		unsigned fine;

		assert_int_equal(
			sscanf(kept, "screen %ux%u %ux%u %u", &c->width, &c->height, &c->column, &c->line, &fine), 5);
		c->fine = fine;
		c->fill = note_fill;
		c->text = note_text;
		c->ctx = open_memstream(&drawn, &len);
		fprintf(c->ctx, "%.*s\n", (int)strcspn(kept, "\n"), kept);
		f->host->p.canvas = fake_canvas;
	}
	result = run(f);
	assert_true(result == RUN_CLEAN || result == RUN_STAINED);
	if (f->host->h->opt.report_json)
		assert_well_formed(f);
	assert_has_not(f, "check failed");
	if (f->canvas.ctx)
		assert_int_equal(fclose(f->canvas.ctx), 0);
	if (mode && strcmp(mode, "write") == 0)
		write_expectation(name, suffix, drawn ? drawn : f->host->out);
	else
		compare_with_expectation(name, suffix, kept, drawn ? drawn : f->host->out);
	fake_free(f);
	free(drawn);
	free(options);
	free(kept);
}

/* A test for every kept log, of which every machine has one, and every picture. */
__attribute__((constructor)) static void register_machines(void)
{
	static struct unit_test test[1000];
	static glob_t files;

	if (glob("tests/machines/*.[dek]*", 0, NULL, &files) != 0 || files.gl_pathc > ARRAY_SIZE(test))
		abort();
	for (size_t i = 0; i < files.gl_pathc; i++) {
		char *name = strrchr(files.gl_pathv[i], '/') + 1;

		*strrchr(name, '.') = '\0';
		test[i] = (struct unit_test){ .test = { name, test_machine, NULL, NULL, name }, .file = __FILE__ };
		unit_test_register(&test[i]);
	}
}

#define NOTHING "about t\nsource t\nqemu none\n"

static const char two_gib[] = NOTHING "map 0 0x9f000 usable\nmap 1M 2G usable\n";

/* ---- runs as data: run.cases ---- */

struct story {
	char text[100000], options[4000]; /* of the machine */
	char told[4000];                  /* by the loader, besides */
	struct fake *f;                   /* once it has run */
};

static struct story story;

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

/* "KEY START END" of the loader's words, in MiB; "bytes ADDRESS BYTES", all in hex. */
static void tell(struct host *host, const char *line)
{
	struct bootinfo *bi = &host->h->bi;
	unsigned long long start = 0, end = 0;
	char key[20];
	int words = sscanf(line, "%19s %lluM %lluM", key, &start, &end);
	struct range r = { start * MIB, end * MIB };

	if (!strcmp(key, "image")) {
		bi->image = r;
		bi->buffer = (struct range){ r.start + MIB, r.start + MIB + 16 * PAGE_SIZE };
		bi->pgd = r.start + PAGE_SIZE;
	} else if (!strcmp(key, "bytes")) {
		char *hex;
		phys_t at = strtoull(line + 6, &hex, 16);

		for (unsigned byte; sscanf(hex, " %2x", &byte) == 1; hex += 3)
			fake_ram_write(&host->ram, at++, &(uint8_t){ (uint8_t)byte }, 1);
	} else if (sscanf(line, "file %llx %llu", &start, &end) == 2) {
		bi->file[bi->nr_files++] = (struct range){ start, start + end };
	} else if (sscanf(line, "buffer %llu", &end)) {
		bi->buffer.end = bi->buffer.start + end * PAGE_SIZE;
	} else if (!strcmp(key, "trampoline")) {
		host->h->choice.trampoline = true;
	} else if (!strcmp(key, "kept")) {
		bi->keep[bi->nr_keep++] = (struct boot_keep){ r, KEEP_BOOT_SERVICES };
	} else {
		bi->protocol = BOOT_UEFI;
		bi->conventional_marks[bi->nr_conventional] = strstr(line, "hotplug")    ? MEMORY_HOT_PLUGGABLE
							      : strstr(line, "mirrored") ? MEMORY_MIRRORED
											 : 0;
		if (words == 3)
			bi->conventional[bi->nr_conventional++] = r;
	}
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
	for (char *line = strtok(s->told, "\n"); line; line = strtok(NULL, "\n"))
		tell(s->f->host, line);
	if (run(s->f) != results[i].result) {
		fputs(s->f->host->out, stderr);
		fail_msg("%s: it ended otherwise", result);
	}
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
	} else if (!strcmp(key, "ranges")) {
		for (unsigned i = 0; i < strtoul(rest, NULL, 10); i++)
			len += (size_t)snprintf(s->text + len, sizeof(s->text) - len, " mem 0 %u %u\n", i * 4096,
						(i + 1) * 4096);
	} else if (!strcmp(key, "machine")) {
		char *text = read_file(rest, "machine", &len);

		snprintf(s->text, sizeof(s->text), "%s", text);
		free(text);
	} else if (!strcmp(key, "nothing")) {
		strcpy(s->text, NOTHING);
	} else if (!strcmp(key, "uefi") || !strcmp(key, "kept") || !strcmp(key, "image") || !strcmp(key, "bytes") ||
		   !strcmp(key, "file") || !strcmp(key, "buffer") || !strcmp(key, "trampoline")) {
		len = strlen(s->told);
		snprintf(s->told + len, sizeof(s->told) - len, "%s %s\n", key, rest);
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
	} else if (!strcmp(key, "root")) {
		assert_int_equal(s->f->host->root, strtoull(rest, NULL, 16));
	} else if (!strcmp(key, "s5")) {
		assert_int_equal(s->f->host->h->power.s5_a, strtoul(rest, &part, 10));
		assert_int_equal(s->f->host->h->power.s5_b, strtoul(part, NULL, 10));
		assert_int_equal(s->f->host->h->power.s5_found, strcmp(rest, "0 0") != 0);
	} else if (!strcmp(key, "times")) {
		unsigned times = (unsigned)strtoul(rest, &part, 10);

		assert_int_equal(count_of(s->f, part + 1), times);
	} else {
		fail_msg("run.cases: %s: no such word", key);
	}
}

static bool story_line(const struct words *w)
{
	char rest[3000];

	snprintf(rest, sizeof(rest), "%s", w->line[0] == '+' ? w->line + 1 : w->rest);
	unescape(rest);
	check_line(&story, w->line[0] == '+' ? "+" : w->word[0], rest);
	return true;
}

static int story_begin(void **state)
{
	(void)state;
	story = (struct story){ .f = NULL };
	snprintf(story.text, sizeof(story.text), "%s", two_gib);
	return 0;
}

static int story_end(void **state)
{
	(void)state;
	if (!story.f)
		return -1; /* a case in which nothing ran */
	fake_free(story.f);
	return 0;
}

CASES(run, story_begin, story_end, story_line)

/* ---- one thing at a time ---- */

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
	assert_int_equal(count_of(f, "ACPI OVERRIDE: "), 4);
	assert_has(f, "] ACPI: ACPI OVERRIDE: File length does not match table length [kernel/firmware/acpi/cut]\n");
	assert_has(f, "] ACPI: ACPI OVERRIDE: Bad table checksum [kernel/firmware/acpi/sum]\n");
	assert_has(f, "] ACPI: ACPI OVERRIDE: Unknown signature [kernel/firmware/acpi/dsdt]\n");
	assert_has(f, "\"status\":\"clean\",\"srat\":\"absent\"");
	assert_int_equal(count_of(f, "\"what\":\"module\""), 5);
	fake_free(f);
}

/* What the loader did without: a sentence a line, and the last line may have no end. */
TEST(test_notes_of_the_loader)
{
	struct fake *f = fake_with("", "");

	strcpy(f->host->h->bi.notes, "no first\nno second\nno 3");
	assert_int_equal(run(f), RUN_CLEAN);
	assert_has(f, "warning: no first\n");
	assert_has(f, "warning: no second\n");
	assert_has(f, "warning: no 3\n");
	assert_int_equal(count_of(f, "warning: "), 3);
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

static bool draw_from_list(void *ctx, enum entropy_source source, uint64_t *word)
{
	const uint64_t **next = ctx;

	if (source != ENTROPY_RDRAND || !**next)
		return false;
	*word = *(*next)++;
	return true;
}

static struct entropy gather(const uint64_t *draws)
{
	struct platform p = { .ctx = &draws, .entropy = draw_from_list };
	struct entropy e;

	SOIL(&e);
	entropy_gather(&p, &e);
	return e;
}

TEST(test_every_draw_counts)
{
	const uint64_t draws[] = { 11, 12, 13, 0 }, one[] = { 11, 0 }, twice[] = { 11, 11, 0 };
	const uint64_t ones_first[] = { UINT64_MAX, 12, 13, 0 };
	const struct entropy as_drawn = gather(draws);

	assert_true(gather(one).used[ENTROPY_RDRAND]);
	assert_true(gather(twice).rubbish[ENTROPY_RDRAND] && gather(ones_first).rubbish[ENTROPY_RDRAND]);
	for (unsigned i = 0; i < 3; i++) {
		uint64_t changed[] = { 11, 12, 13, 0 };
		struct entropy e;

		changed[i] += 100;
		e = gather(changed);
		assert_true(e.used[ENTROPY_RDRAND] && !e.rubbish[ENTROPY_RDRAND] && !e.used[ENTROPY_RDSEED]);
		assert_int_not_equal(e.seed, as_drawn.seed);
		assert_int_not_equal(e.boot_id, as_drawn.boot_id);
	}
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

	f->host->h->bi.map.nr = 0;
	assert_int_equal(run(f), RUN_ERROR);
	assert_has(f, "error: the loader gave no memory map\n");
	fake_free(f);
	f = fake_with("", "");
	f->host->h->bi.told = ERR_FULL;
	assert_int_equal(run(f), RUN_ERROR);
	assert_has(f, "error: what the loader tells cannot be used: ");
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

/* By chance, but by the seed's. */
TEST(test_fragment_by_the_seed)
{
	struct fake *f = fake_with("", "seed=3 page_size=2m fragment=rand:300 alloc=lowest");
	struct fake *other = fake_with("", "seed=4 page_size=2m fragment=rand:300 alloc=lowest");

	assert_int_equal(run(f), RUN_CLEAN);
	assert_int_equal(run(other), RUN_CLEAN);
	assert_string_not_equal(strstr(f->host->out, "\"leaf\":"), strstr(other->host->out, "\"leaf\":"));
	fake_free(f);
	fake_free(other);
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
	assert_has(counted, "]   pmd         2         1*        2*        3*        8\n"
			    "[    0.000136]   pte       120       952*     1488*     1536*     4096\n"
			    "[    0.000136]   0[....&] 1[~~~~~~!] 0[.....] 0[....#] 2[~~~~~~!] 3[~~~~~~!]\n");
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
	unsigned long long us;

	f->host->p.tsc = fake_slow_tsc;
	run(f);
	assert_true(beacons_between(f, "{\"rec\":\"reserved\"", "{\"rec\":\"run\"") > 0);
	assert_true(beacons_between(f, "{\"rec\":\"verdict\"", "{\"rec\":\"sweep\"") > 1);
	/* the sweep's time is a number of its looks at the clock, in microseconds */
	us = strtoull(strstr(f->host->out, " slots tried in ") + strlen(" slots tried in "), NULL, 10);
	assert_true(us > 0);
	assert_int_equal(us % 3000000, 0);
	fake_free(f);
}

/* ---- Landfall's own faults are found ---- */

TEST(test_wrong_memory_is_a_fault)
{
	struct fake *f;

	for (unsigned last = 0; last < 2; last++) {
		f = fake_with("", "seed=3");
		f->lie_at = last ? 2 * GIB - 1 : PAGE_SIZE;
		assert_int_equal(run(f), RUN_FAULT);
		assert_has(f,
			   last ? "\n# 0x7fffffff differs\nnot ok 3 - read-back: bottom-up\n" : "\n# 0x1000 differs\n");
		assert_has(f, "\"status\":\"fault\"");
		fake_free(f);
	}
	f = fake_with("", "seed=3 alloc=lowest");
	f->refuse_load = true;
	assert_int_equal(run(f), RUN_FAULT);
	assert_has(f, "\n# the map was not loaded: ");
	fake_free(f);
}

static void plant_stray_entry(void *ctx)
{
	struct host *host = playing->host;

	playing->good.clear_tables(ctx);
	((uint64_t *)fake_ram_page(&host->ram, host->h->bi.pgd))[300] = 0x7f000000 | PT_TABLE_FLAGS;
}

/* A table that nobody built must not be loaded, whatever its first entry is: at its place 27 * 512G would be mapped. */
TEST(test_stray_table_is_a_fault)
{
	static const struct {
		uint64_t entry;
		const char *why;
	} stray[] = { { 0, "2 pud pages found, 1 built" },
		      { 27 * 512 * GIB | PT_LEAF_FLAGS | PT_LARGE, "2 leaves of size 2 found, 1 built" },
		      { 512 * GIB | PT_LEAF_FLAGS | PT_LARGE, "0xffff960000000000 maps 0x8000000000" },
		      { 27 * 512 * GIB | PT_TABLE_FLAGS | PT_LARGE, "flags 0xe3 at 0xffff960000000000" },
		      { 0, "page table at 0x7f000000, in memory that was not free" } };

	for (size_t i = 0; i < ARRAY_SIZE(stray); i++) {
		struct fake *f =
			fake_with(i == 4 ? "reserve 0x7f000000 0x7f001000 module\n" : "", "seed=3 alloc=lowest");
		char want[100];

		*(uint64_t *)fake_ram_page(&f->host->ram, 0x7f000000) = stray[i].entry;
		f->host->p.clear_tables = plant_stray_entry;
		assert_int_equal(run(f), RUN_FAULT);
		snprintf(want, sizeof(want), "\n# %s\nnot ok 2 - walk: lowest\n", stray[i].why);
		assert_has(f, want);
		assert_int_equal(f->host->loads, 0);
		fake_free(f);
	}
}

TEST(test_fault_report)
{
	struct fake *f = fake_with("", "seed=3");

	report_fault(f->host->h, &f->host->p, "page fault at 0x10");
	assert_has(f, "[    0.000000] fault: page fault at 0x10\n");
	assert_has(f, "\"boot_id\":\"0000000000000000\",\"seq\":0,\"status\":\"fault\",\"srat\":\"absent\"");
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
