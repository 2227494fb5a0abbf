/* SPDX-License-Identifier: MIT */
/* Machine descriptions: what is read, what is refused and where, and every byte of the tables made from them. */
#include "tests/unit/support.h"

#include <dirent.h>
#include <stdio.h>

#include "tools/machine.h"

static struct machine machine;
static struct machine_error err;
static uint8_t table[MACHINE_TABLE_MAX];

#define HEAD "about a\nsource b\nqemu none\nmap 0 1G usable\n"

static bool parse(const char *text)
{
	/* A copy of exact length, so that a read past the end is seen. */
	size_t len = strlen(text);
	char *copy = malloc(len + !len);
	bool ok;

	memcpy(copy, text, len);
	ok = machine_parse(&machine, copy, len, &err);
	free(copy);
	return ok;
}

static void assert_parsed(const char *text)
{
	if (!parse(text))
		fail_msg("line %u: %s", err.line, err.reason);
}

static void assert_refused(const char *text, unsigned line, const char *reason)
{
	assert_false(parse(text));
	assert_string_equal(err.reason, reason);
	assert_int_equal(err.line, line);
}

static uint8_t sum_of(size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + table[i]);
	return sum;
}

static uint64_t get(size_t at, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v |= (uint64_t)table[at + i] << 8 * i;
	return v;
}

TEST(reads_facts)
{
	assert_parsed("# a comment\n"
		      "about  Two words # and a comment\n"
		      "source\tour own\n"
		      "qemu pc\n"
		      "memory 3G\n"
		      "cpu max,la57=off\n"
		      "smp 255\n"
		      "levels 5\n"
		      "la57 yes\n"
		      "gbpages no\n"
		      "pse no\n"
		      "phys_bits 52\n"
		      "options page_size=4k  seed=1 \n"
		      "seed 0xffffffffffffffff\n"
		      "map 0 0x9fc00 usable\n"
		      "map 0x9fc00 640K reserved\n"
		      "map 4P 8P soft-reserved\n"
		      "reserve 16M 17M module\n"
		      "\n   \n   # indented comment\n"
		      "srat 1");
	assert_string_equal(machine.about, "Two words");
	assert_string_equal(machine.source, "our own");
	assert_int_equal(machine.board, MACHINE_PC);
	assert_int_equal(machine.memory, 3 * GIB);
	assert_string_equal(machine.cpu, "max,la57=off");
	assert_int_equal(machine.smp, 255);
	assert_int_equal(machine.levels, 5);
	assert_true(machine.la57);
	assert_false(machine.gbpages);
	assert_false(machine.pse);
	assert_int_equal(machine.phys_bits, 52);
	assert_string_equal(machine.options, "page_size=4k  seed=1");
	assert_true(machine.has_seed);
	assert_true(machine.seed == UINT64_MAX);
	assert_int_equal(machine.map.nr, 3);
	assert_int_equal(machine.map.e[0].r.end, 0x9fc00);
	assert_int_equal(machine.map.e[1].r.start, 0x9fc00);
	assert_int_equal(machine.map.e[1].r.end, 0xa0000);
	assert_int_equal(machine.map.e[1].type, E820_RESERVED);
	assert_int_equal(machine.map.e[2].r.end, 8192 * TIB);
	assert_int_equal(machine.map.e[2].type, E820_SOFT_RESERVED);
	assert_int_equal(machine.nr_reserve, 1);
	assert_int_equal(machine.reserve[0].end, 17 * MIB);
	assert_true(machine.has_srat);
	assert_int_equal(machine.nr_entries, 0);
}

TEST(has_defaults)
{
	assert_parsed(HEAD);
	assert_int_equal(machine.board, MACHINE_HOST_ONLY);
	assert_string_equal(machine.cpu, "max");
	assert_int_equal(machine.smp, 0);
	assert_int_equal(machine.levels, 4);
	assert_int_equal(machine.phys_bits, 46);
	assert_true(machine.gbpages && machine.pse && !machine.la57);
	assert_false(machine.has_seed || machine.has_srat);
	assert_parsed(HEAD "la57 yes\n");
	assert_int_equal(machine.levels, 5);
}

TEST(refuses_bad_numbers)
{
	assert_parsed(HEAD "seed 18446744073709551615\n");
	assert_parsed(HEAD "seed 0xffffFFFF\n");
	assert_int_equal(machine.seed, 0xffffffff);
	assert_refused(HEAD "seed 18446744073709551616\n", 5, "not a number: '18446744073709551616'");
	assert_refused(HEAD "seed 16384P\n", 5, "not a number: '16384P'");
	assert_refused(HEAD "seed 0x\n", 5, "not a number: '0x'");
	assert_refused(HEAD "seed K\n", 5, "not a number: 'K'");
	assert_refused(HEAD "seed 1KK\n", 5, "not a number: '1KK'");
	assert_refused(HEAD "seed 12a\n", 5, "not a number: '12a'");
	assert_refused(HEAD "seed -1\n", 5, "not a number: '-1'");
	assert_refused(HEAD "seed\n", 5, "a number is missing");
	assert_refused(HEAD "smp 256\n", 5, "number too large: '256'");
	assert_refused(HEAD "smp 0\n", 5, "smp is at least 1");
	assert_refused(HEAD "memory 1K\n", 5, "memory is whole MiB, and some");
}

TEST(refuses_bad_lines)
{
	assert_refused(HEAD "colour red\n", 5, "unknown word: 'colour'");
	assert_refused(HEAD "seed 1\nseed 1\n", 6, "seed is given twice");
	assert_refused(HEAD "seed 1 2\n", 5, "too much on the line: '2'");
	assert_refused(HEAD "map 2 1 usable\n", 5, "the range ends before it starts");
	assert_refused(HEAD "map 1 1 usable\n", 5, "the range is empty");
	assert_refused(HEAD "map 1 2\n", 5, "a memory type is missing");
	assert_refused(HEAD "map 1 2 good\n", 5, "not a memory type: 'good'");
	assert_refused(HEAD "levels 3\n", 5, "levels is 4 or 5");
	assert_refused(HEAD "phys_bits 31\n", 5, "phys_bits is 32 to 52");
	assert_refused(HEAD "pse maybe\n", 5, "yes or no is missing");
	assert_refused(HEAD "reserve 1 2 firmware\n", 5, "the reason is missing: module");
	assert_refused(HEAD "damage slit checksum\n", 5, "only the table srat can be damaged");
	assert_refused(HEAD "options \n", 5, "the text is missing");
	assert_refused(HEAD "smp 1\r\n", 5, "not printable ASCII");
	assert_refused(HEAD " mem 0 0 1G\n", 5,
		       "an indented line is a SRAT entry, and there is no srat line before it");
	assert_refused("qemu arm\n", 1, "not q35, pc or none: 'arm'");
}

TEST(refuses_bad_entries)
{
	assert_refused(HEAD "srat 0\n", 5, "the revision is 1 to 255");
	assert_refused(HEAD "srat 3\n cpu 0 256\n", 6, "an APIC id above 255 needs x2apic");
	assert_refused(HEAD "srat 1\n mem 256 0 1G\n", 6, "revision 1 has 8 bits for a PXM");
	assert_refused(HEAD "srat 3\n mem 4294967296 0 1G\n", 6, "number too large: '4294967296'");
	assert_refused(HEAD "srat 3\n cpu 0 0 hotplug\n", 6, "not a flag of this entry: 'hotplug'");
	assert_refused(HEAD "srat 3\n mem 0 0 1 x2apic\n", 6, "not a flag of this entry: 'x2apic'");
	assert_refused(HEAD "srat 3\n unknown 9 1\n", 6, "an entry has at least 2 bytes");
	assert_refused(HEAD "srat 3\n unknown 2 24\n", 6, "entries of types 0 to 2 are written as cpu and mem");
	assert_parsed(HEAD "srat 3\n unknown 3 18\n");
	assert_refused(HEAD "srat 3\n gicc 1\n", 6, "unknown word: 'gicc'");
}

TEST(refuses_what_does_not_fit_together)
{
	assert_refused("", 0, "about is missing");
	assert_refused("about a\n", 0, "source is missing");
	assert_refused("about a\nsource b\n", 0, "qemu is missing");
	assert_refused("about a\nsource b\nqemu q35\n", 0, "a machine for QEMU needs memory");
	assert_refused("about a\nsource b\nqemu none\n", 0, "a machine for host runs needs a map");
	assert_refused(HEAD "damage srat length\n", 0, "there is no SRAT to damage");
	assert_refused(HEAD "slit 10 20 20\n", 0, "a SLIT of 3 numbers is not square");
	assert_refused(HEAD "levels 5\n", 0, "5 levels need la57 yes");
}

/* Appends `line` n times to HEAD and `before`. */
static char *repeat(const char *before, const char *line, size_t n)
{
	size_t start = strlen(HEAD) + strlen(before), len = strlen(line);
	char *text = malloc(start + n * len + 1);

	sprintf(text, "%s%s", HEAD, before);
	for (size_t i = 0; i < n; i++)
		memcpy(text + start + i * len, line, len);
	text[start + n * len] = '\0';
	return text;
}

TEST(names_full_arrays)
{
	char *text;

	text = repeat("srat 3\n", " mem 0 0 1G\n", MACHINE_MAX_ENTRIES);
	assert_parsed(text);
	assert_int_equal(machine_srat(&machine, table, sizeof(table)), 48 + 40 * MACHINE_MAX_ENTRIES);
	free(text);
	text = repeat("srat 3\n", " mem 0 0 1G\n", MACHINE_MAX_ENTRIES + 1);
	assert_refused(text, 6 + MACHINE_MAX_ENTRIES, "more than 4096 SRAT entries");
	free(text);
	text = repeat("", "map 0 1 nvs\n", E820_MAX);
	assert_refused(text, 4 + E820_MAX, "more than 4096 ranges in the map");
	free(text);
	text = repeat("", "slit 10\n", MACHINE_MAX_LOCALITIES * MACHINE_MAX_LOCALITIES + 1);
	assert_refused(text, 5 + MACHINE_MAX_LOCALITIES * MACHINE_MAX_LOCALITIES, "more than 128 localities");
	free(text);
	text = repeat("", "reserve 0 1 module\n", MACHINE_MAX_RESERVE + 1);
	assert_refused(text, 5 + MACHINE_MAX_RESERVE, "more than 16 reserved ranges");
	free(text);
	text = repeat("options ", "x", MACHINE_TEXT_MAX);
	assert_refused(text, 5, "more than 199 characters");
	free(text);
}

TEST(makes_memory_entries)
{
	assert_parsed(HEAD "srat 3\n mem 0x12345678 4G 6G hotplug\n mem 1 8G 8G nonvolatile disabled\n");
	assert_int_equal(machine_srat(&machine, table, sizeof(table)), 48 + 80);
	assert_memory_equal(table, "SRAT", 4);
	assert_int_equal(get(4, 4), 128);
	assert_int_equal(table[8], 3);
	assert_int_equal(sum_of(128), 0);
	assert_memory_equal(table + 10, "LNDFLLMACHINE ", 14);
	assert_int_equal(get(36, 4), 1);
	assert_int_equal(get(40, 8), 0);
	assert_int_equal(get(48, 2), 1 | 40 << 8);
	assert_int_equal(get(50, 4), 0x12345678);
	assert_int_equal(get(54, 2), 0);
	assert_int_equal(get(56, 8), 4 * GIB);
	assert_int_equal(get(64, 8), 2 * GIB);
	assert_int_equal(get(72, 4), 0);
	assert_int_equal(get(76, 4), 3);
	assert_int_equal(get(80, 8), 0);
	assert_int_equal(get(88 + 2, 4), 1);
	assert_int_equal(get(88 + 8, 8), 8 * GIB);
	assert_int_equal(get(88 + 16, 8), 0);
	assert_int_equal(get(88 + 28, 4), 4);
}

TEST(makes_cpu_entries)
{
	assert_parsed(HEAD "srat 2\n cpu 0x01020304 0xfe\n cpu 5 70000 x2apic\n cpu 5 7 disabled\n");
	assert_int_equal(machine_srat(&machine, table, sizeof(table)), 48 + 16 + 24 + 16);
	assert_int_equal(get(48, 2), 0 | 16 << 8);
	assert_int_equal(table[50], 4);
	assert_int_equal(table[51], 0xfe);
	assert_int_equal(get(52, 4), 1);
	assert_int_equal(get(56, 4), 0x01020300);
	assert_int_equal(get(64, 2), 2 | 24 << 8);
	assert_int_equal(get(68, 4), 5);
	assert_int_equal(get(72, 4), 70000);
	assert_int_equal(get(76, 4), 1);
	assert_int_equal(table[88 + 3], 7);
	assert_int_equal(get(88 + 4, 4), 0);
}

TEST(makes_other_entries)
{
	assert_parsed(HEAD "srat 3\n initiator 9\n port 8 disabled\n unknown 200 11\n");
	assert_int_equal(machine_srat(&machine, table, sizeof(table)), 48 + 32 + 32 + 11);
	assert_int_equal(get(48, 2), 5 | 32 << 8);
	assert_int_equal(get(52, 4), 9);
	assert_int_equal(get(72, 4), 1);
	assert_int_equal(get(80, 2), 6 | 32 << 8);
	assert_int_equal(get(84, 4), 8);
	assert_int_equal(get(104, 4), 0);
	assert_int_equal(get(112, 2), 200 | 11 << 8);
	assert_int_equal(get(114, 8), 0);
	assert_int_equal(sum_of(123), 0);
}

TEST(damages_as_told)
{
	static const char entry[] = HEAD "srat 3\n mem 0 0 1G\ndamage srat %s\n";
	static const struct {
		const char *kind;
		unsigned size, summed, sum; /* of the table; of how many bytes, and what that is */
		unsigned at, bytes, value;  /* what it says there */
	} damages[] = {
		{ "checksum", 88, 88, 1, 4, 4, 88 },
		{ "length", 88, 40, 0, 4, 4, 40 },
		{ "zero-entry", 128, 128, 0, 88, 2, 1 },
		{ "overlong-entry", 104, 104, 0, 88, 2, 1 | 40 << 8 },
	};
	char text[200];

	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		sprintf(text, entry, damages[i].kind);
		assert_parsed(text);
		assert_int_equal(machine_srat(&machine, table, sizeof(table)), damages[i].size);
		assert_int_equal(get(damages[i].at, damages[i].bytes), damages[i].value);
		assert_int_equal(sum_of(damages[i].summed), damages[i].sum);
	}
	sprintf(text, entry, "paint");
	assert_refused(text, 7, "not a kind of damage: 'paint'");
}

TEST(makes_slit)
{
	assert_parsed(HEAD "slit 10 21\nslit 22 10\n");
	assert_int_equal(machine_slit(&machine, table, sizeof(table)), 48);
	assert_memory_equal(table, "SLIT", 4);
	assert_int_equal(get(36, 8), 2);
	assert_memory_equal(table + 44, "\x0a\x15\x16\x0a", 4);
	assert_int_equal(sum_of(48), 0);
}

TEST(makes_madt)
{
	assert_parsed(HEAD "srat 3\n cpu 0 6\n cpu 0 300 x2apic\n cpu 1 9 disabled\n");
	assert_int_equal(machine_madt(&machine, table, sizeof(table)), 44 + 8 + 16);
	assert_memory_equal(table, "APIC", 4);
	assert_int_equal(get(44, 2), 0 | 8 << 8);
	assert_int_equal(table[47], 6);
	assert_int_equal(get(48, 4), 1);
	assert_int_equal(get(52, 2), 9 | 16 << 8);
	assert_int_equal(get(56, 4), 300);
	assert_int_equal(get(60, 4), 1);
	assert_int_equal(sum_of(68), 0);
	assert_parsed(HEAD "smp 3\nsrat 3\n cpu 0 6\n");
	assert_int_equal(machine_madt(&machine, table, sizeof(table)), 44 + 3 * 8);
	assert_int_equal(table[47], 0);
	assert_int_equal(table[63], 2);
}

TEST(says_when_there_is_no_table)
{
	uint8_t *small = malloc(87);

	assert_parsed(HEAD);
	assert_int_equal(machine_srat(&machine, table, sizeof(table)), 0);
	assert_int_equal(machine_slit(&machine, table, sizeof(table)), 0);
	assert_int_equal(machine_madt(&machine, table, sizeof(table)), 44);
	assert_parsed(HEAD "srat 3\n mem 0 0 1G\n");
	assert_int_equal(machine_srat(&machine, small, 87), 0);
	assert_int_equal(machine_srat(&machine, small, 0), 0);
	assert_int_equal(machine_madt(&machine, small, 43), 0);
	free(small);
}

/* Calls f with each description that comes along; returns how many. */
static size_t each_description(void (*f)(const char *name, char *text, size_t len))
{
	DIR *dir = opendir("tests/machines");
	struct dirent *e;
	size_t nr = 0;

	assert_non_null(dir);
	while ((e = readdir(dir))) {
		char path[512], text[1 << 16];
		size_t len;
		FILE *f_in;

		if (!strstr(e->d_name, ".machine"))
			continue;
		snprintf(path, sizeof(path), "tests/machines/%s", e->d_name);
		f_in = fopen(path, "r");
		assert_non_null(f_in);
		len = fread(text, 1, sizeof(text), f_in);
		assert_true(len < sizeof(text));
		fclose(f_in);
		f(e->d_name, text, len);
		nr++;
	}
	closedir(dir);
	return nr;
}

static unsigned nr_qemu;
static uint64_t highest;

static void check_description(const char *name, char *text, size_t len)
{
	if (!machine_parse(&machine, text, len, &err))
		fail_msg("%s:%u: %s", name, err.line, err.reason);
	nr_qemu += machine.board != MACHINE_HOST_ONLY;
	for (size_t i = 0; i < machine.map.nr; i++) {
		if (machine.map.e[i].type == E820_RAM)
			highest = max_u64(highest, machine.map.e[i].r.end);
		/* Map and SRAT fit the board: RAM of q35 ends at 2 GiB or goes on at 4 GiB, of pc at 3 GiB. */
		if (machine.board == MACHINE_Q35 && machine.map.e[i].type == E820_RAM)
			assert_false(range_overlaps(machine.map.e[i].r, (struct range){ 2 * GIB, 4 * GIB }));
	}
}

TEST(reads_all_that_come_along)
{
	assert_true(each_description(check_description) >= 14);
	assert_true(nr_qemu >= 8);
	assert_true(highest >= 64 * TIB);
}

/* Cut anywhere and with any one byte changed: an answer, and no read outside (the sanitizer sees to that). */
static void mangle(const char *name, char *text, size_t len)
{
	static const char bytes[] = { 0, '\n', ' ', '9', 'P', 'x', (char)0xff };
	unsigned refused = 0;

	for (size_t cut = 0; cut < len; cut += 7) {
		char *copy = malloc(cut + !cut);

		memcpy(copy, text, cut);
		refused += !machine_parse(&machine, copy, cut, &err);
		free(copy);
	}
	assert_true(refused > 0);
	for (size_t i = 0; i < len; i += 11) {
		char old = text[i];

		text[i] = bytes[i % sizeof(bytes)];
		if (machine_parse(&machine, text, len, &err))
			machine_srat(&machine, table, sizeof(table));
		else if (!err.reason[0])
			fail_msg("%s: byte %zu: no reason given", name, i);
		text[i] = old;
	}
}

TEST(survives_mangled_text)
{
	each_description(mangle);
}
