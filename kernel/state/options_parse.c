/* SPDX-License-Identifier: MIT */
/*
 * The command line: one table says which options there are, one function each reads a value or says what is wrong with
 * it.
 */
#include "kernel/state/options_parse.h"

#include "kernel/state/options_map.h"
#include "kernel/state/presets.h"
#include "lib/format.h"
#include "mm/policy.h"

#define WORD_MAX 1024  /* longest option */
#define WORD_SHOWN 40  /* of which a message shows at most so much */
#define MAX_NODES 1024 /* as Linux's MAX_NUMNODES on distributions */
#define UART_CLOCK 115200u
#define IMAGE_MAX (GIB - 16 * MIB) /* Linux's KERNEL_IMAGE_SIZE without the 16M below it */

enum argument { ARG_NONE, ARG_MAYBE, ARG_MUST };

/* Small, as there are many. */
struct option {
	bool (*read)(struct option_word *p);
	uint16_t flag; /* read is NULL: where in struct options to set a bool */
	uint8_t argument;
	char name[13];
};

/* ---- words and messages ---- */

/* The place of the value in a list of words, each followed by NUL, the last by two; -1 and a message: none of them. */
static int choose(const struct option_word *p, const char *words)
{
	char text[64] = "";
	struct builder list = BUILDER(text);
	int i = 0;

	for (const char *w = words; *w; w += scan_length(w) + 1, i++) {
		if (scan_equal(p->value, w))
			return i;
		builder_add(&list, "%s%s", i ? ", " : "", w);
	}
	KASSERT(!list.cut);
	option_refuse(p, i > 1 ? "not one of %s" : "only %s is known", text);
	return -1;
}

/* ---- one reader an option, in the order of docs/options.md ---- */

static unsigned policy_index(const struct pt_policy *policy)
{
	for (unsigned i = 0; i < pt_policies_nr; i++) {
		if (pt_policies[i] == policy)
			return i;
	}
	KASSERT(!"policy outside of the table");
	return 0;
}

static void set_both(struct options *o)
{
	o->policy[0] = (uint8_t)policy_index(&policy_bottom_up);
	o->policy[1] = (uint8_t)policy_index(&policy_memblock);
	o->nr_policies = 2;
}

/* Adds one policy to the list being read. */
static bool add_policy(const struct option_word *p, const char *name, uint8_t *list, unsigned *nr)
{
	const struct pt_policy *policy = pt_policy_find(name, scan_length(name));
	unsigned index;

	if (scan_equal(name, "both") || scan_equal(name, "all"))
		return option_refuse(p, "'%s' stands alone", name);
	if (!policy)
		return option_refuse(p, "no policy is called '%s'", name);
	index = policy_index(policy);
	for (unsigned i = 0; i < *nr; i++) {
		if (list[i] == index)
			return option_refuse(p, "'%s' is named twice", name);
	}
	KASSERT(*nr < OPT_MAX_POLICIES);
	list[(*nr)++] = (uint8_t)index;
	return true;
}

static bool read_alloc(struct option_word *p)
{
	const char *list = p->value;
	uint8_t policy[OPT_MAX_POLICIES];
	char name[OPTION_ITEM_MAX];
	unsigned nr = 0;

	if (scan_equal(list, "both")) {
		set_both(p->o);
		return true;
	}
	if (scan_equal(list, "all")) {
		for (nr = 0; nr < pt_policies_nr; nr++)
			policy[nr] = (uint8_t)nr;
		list = NULL;
	}
	while (list) {
		if (!option_next_item(p, &list, name) || !add_policy(p, name, policy, &nr))
			return false;
	}
	memcpy(p->o->policy, policy, nr);
	p->o->nr_policies = nr;
	return true;
}

static bool read_movable_node(struct option_word *p)
{
	int i = *p->value ? choose(p, "on\0off\0") : 0;

	if (i >= 0)
		p->o->movable_node = i == 0;
	return i >= 0;
}

static bool read_hotplug(struct option_word *p)
{
	const char *list = p->value;
	uint16_t node[OPT_MAX_HOTPLUG];
	char item[OPTION_ITEM_MAX];
	unsigned nr = 0;
	uint64_t v;

	while (list) {
		if (!option_next_item(p, &list, item))
			return false;
		if (!scan_plain(item, &v) || v >= MAX_NODES)
			return option_refuse(p, "'%s' is not a node number (0 to %d)", item, MAX_NODES - 1);
		for (unsigned i = 0; i < nr; i++) {
			if (node[i] == v)
				return option_refuse(p, "node %s is named twice", item);
		}
		if (nr == OPT_MAX_HOTPLUG)
			return option_refuse(p, "more than %d nodes", OPT_MAX_HOTPLUG);
		node[nr++] = (uint16_t)v;
	}
	memcpy(p->o->hotplug, node, nr * sizeof(node[0]));
	p->o->nr_hotplug = nr;
	return true;
}

static bool read_require(struct option_word *p)
{
	if (choose(p, "srat\0") < 0)
		return false;
	p->o->require_srat = true;
	return true;
}

static bool read_kaslr(struct option_word *p)
{
	int i = choose(p, "decompressor\0efistub\0");

	if (i < 0)
		return false;
	p->o->kaslr_given = true;
	p->o->efistub = i == 1;
	return true;
}

static bool read_seed(struct option_word *p)
{
	const char *s = p->value;

	if (s[0] == '0' && s[1] >= '0' && s[1] <= '9')
		return option_refuse(p, "a leading zero is refused");
	if (!scan_plain(s, &p->o->seed))
		return option_refuse(p, "not a number of at most 64 bits");
	p->o->seed_given = true;
	return true;
}

static bool read_base(struct option_word *p)
{
	uint64_t v;

	if (!parse_size(p->value, NULL, &v))
		return option_refuse(p, "not an address");
	if (v < MIB)
		return option_refuse(p, "below 1 MiB");
	if (v % (2 * MIB))
		return option_refuse(p, "not a multiple of 2 MiB");
	p->o->base = v;
	return true;
}

/* SLOT[,END]: numbers that fit each other. */
static bool read_geometry(const struct option_word *p, uint64_t *slot, uint64_t *end)
{
	const char *s = p->value;

	if (!parse_size(s, &s, slot) || (*s && *s != ','))
		return option_refuse(p, "neither SLOT[,END] nor a known preset");
	*end = *slot;
	if (*s && !parse_size(s + 1, NULL, end))
		return option_refuse(p, "END is not a size");
	if (*slot == 0 || *slot > IMAGE_MAX)
		return option_refuse(p, "SLOT must be above 0 and at most 1008M");
	if (*end == 0 || *end > *slot)
		return option_refuse(p, "END must be above 0 and at most SLOT");
	if (*end % PAGE_SIZE)
		return option_refuse(p, "END is not a multiple of 4 KiB");
	/* As Linux rounds its own image_size. */
	*slot = align_up(*slot, 2 * MIB);
	return true;
}

/* linux-6.1 and its like: a kernel's geometry; of a version, its series. */
static bool find_preset(const char *name, uint64_t *slot, uint64_t *end)
{
	uint32_t release;

	if (!scan_skip(&name, "linux-") || !linux_read_release(&name, &release) || *name || LINUX_PATCH(release))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(presets); i++) {
		if (presets[i].series != LINUX_SERIES(release))
			continue;
		*slot = presets[i].slot * 2 * MIB;
		*end = presets[i].end * PAGE_SIZE;
		return true;
	}
	return false;
}

static bool read_image_size(struct option_word *p)
{
	struct options *o = p->o;

	o->image_given =
		find_preset(p->value, &o->image_slot, &o->image_end) || read_geometry(p, &o->image_slot, &o->image_end);
	return o->image_given;
}

static bool read_page_offset(struct option_word *p)
{
	uint64_t v;

	if (scan_equal(p->value, "random")) {
		p->o->page_offset_kind = PAGE_OFFSET_RANDOM;
		return true;
	}
	if (!parse_size(p->value, NULL, &v))
		return option_refuse(p, "neither an address nor random");
	if (v % GIB)
		return option_refuse(p, "not a multiple of 1 GiB");
	p->o->page_offset_kind = PAGE_OFFSET_ADDRESS;
	p->o->page_offset = v;
	return true;
}

static bool read_page_size(struct option_word *p)
{
	int i = choose(p, "auto\0"
			  "4k\0"
			  "2m\0"
			  "1g\0");

	if (i >= 0)
		p->o->page_size = (enum page_size_option)i;
	return i >= 0;
}

static bool read_levels(struct option_word *p)
{
	int i = choose(p, "auto\0"
			  "4\0"
			  "5\0");

	if (i >= 0)
		p->o->levels = i ? (unsigned)i + 3 : 0;
	return i >= 0;
}

static bool read_fragment(struct option_word *p)
{
	const char *s = p->value;
	uint64_t v;

	if (scan_skip(&s, "every:")) {
		if (!scan_plain(s, &v) || v == 0)
			return option_refuse(p, "N must be a number above 0");
		p->o->fragment = (struct fragment){ .every = v };
		return true;
	}
	if (!scan_skip(&s, "rand:"))
		return option_refuse(p, "neither every:N nor rand:PERMILLE");
	if (!scan_plain(s, &v) || v == 0 || v > 1000)
		return option_refuse(p, "PERMILLE must be a number from 1 to 1000");
	p->o->fragment = (struct fragment){ .permille = (unsigned)v };
	return true;
}

/* Hex with or without 0x, as Linux reads it. */
static bool read_acpi_rsdp(struct option_word *p)
{
	const char *s = p->value;
	uint64_t v;

	if (s[0] == '0' && (s[1] | 0x20) == 'x')
		s += 2;
	if (!scan_digits(&s, 16, &v) || *s || v == 0)
		return option_refuse(p, "not a hexadecimal address");
	if (v == PHYS_NONE)
		return option_refuse(p, "no valid address");
	p->o->acpi_rsdp = v;
	return true;
}

/*
 * BAUD, and behind it n, n8 or nothing: Landfall speaks 8 bits without parity only. s may be empty: 0, keep the rate.
 */
static bool read_rate(const struct option_word *p, const char *s, uint32_t *baud)
{
	uint64_t v;

	*baud = 0;
	if (*s == '\0')
		return true;
	if (*s++ != ',' || !scan_digits(&s, 10, &v))
		return option_refuse(p, "no rate behind the port");
	if (v == 0 || UART_CLOCK % v)
		return option_refuse(p, "the rate must divide 115200");
	if (!scan_equal(s, "") && !scan_equal(s, "n") && !scan_equal(s, "n8"))
		return option_refuse(p, "only n8 (no parity, 8 bits) is known behind the rate");
	*baud = (uint32_t)v;
	return true;
}

static bool read_uart(const struct option_word *p, const char *s, struct console_option *c)
{
	uint64_t limit, align;

	if (scan_skip(&s, "io,")) {
		c->kind = CONSOLE_UART_IO;
		limit = 0x10000 - 8;
		align = 1;
	} else if (scan_skip(&s, "mmio32,")) {
		c->kind = CONSOLE_UART_MMIO32;
		limit = 1ull << 52;
		align = 4;
	} else {
		return option_refuse(p, "neither uart,io,ADDR nor uart,mmio32,ADDR");
	}
	if (!parse_size(s, &s, &c->address) || c->address == 0 || c->address > limit || c->address % align)
		return option_refuse(p, "no valid address");
	return read_rate(p, s, &c->baud);
}

static bool read_tty(const struct option_word *p, const char *s, struct console_option *c)
{
	c->kind = CONSOLE_TTYS;
	if (*s < '0' || *s > '3' || (s[1] && s[1] != ','))
		return option_refuse(p, "only ttyS0 to ttyS3 are known");
	c->port = (unsigned)(*s++ - '0');
	return read_rate(p, s, &c->baud);
}

/* Appends; a console named before gets the new rate instead. */
static bool add_console(const struct option_word *p, struct console_option new)
{
	struct options *o = p->o;

	for (unsigned i = 0; i < o->nr_consoles; i++) {
		struct console_option *c = &o->console[i];

		if (c->kind == new.kind && c->port == new.port && c->address == new.address) {
			c->baud = new.baud;
			return true;
		}
	}
	if (o->nr_consoles == OPT_MAX_CONSOLES)
		return option_refuse(p, "more than %d consoles", OPT_MAX_CONSOLES);
	o->console[o->nr_consoles++] = new;
	return true;
}

static bool read_console(struct option_word *p)
{
	const char *s = p->value;
	struct console_option c = { .kind = CONSOLE_AUTO };

	if (scan_skip(&s, "ttyS"))
		return read_tty(p, s, &c) && add_console(p, c);
	if (scan_skip(&s, "uart,"))
		return read_uart(p, s, &c) && add_console(p, c);
	if (scan_equal(s, "fb"))
		c.kind = CONSOLE_FB;
	else if (scan_equal(s, "none"))
		c.kind = CONSOLE_NONE;
	else if (!scan_equal(s, "auto"))
		return option_refuse(p, "not one of auto, ttySN, uart,io,ADDR, uart,mmio32,ADDR, fb, none");
	return add_console(p, c);
}

static bool read_report(struct option_word *p)
{
	static const char *const names[] = { "text", "json", "full", "tables" };
	const char *list = p->value;
	bool on[ARRAY_SIZE(names)] = { false };
	char item[OPTION_ITEM_MAX];

	while (list) {
		size_t i = 0;

		if (!option_next_item(p, &list, item))
			return false;
		while (i < ARRAY_SIZE(names) && !scan_equal(item, names[i]))
			i++;
		if (i == ARRAY_SIZE(names))
			return option_refuse(p, "'%s' is not one of text, json, full, tables", item);
		if (on[i])
			return option_refuse(p, "'%s' is named twice", item);
		on[i] = true;
	}
	if (!on[0] && !on[1])
		return option_refuse(p, "names neither text nor json");
	if (on[2] && !on[1])
		return option_refuse(p, "full has no effect without json");
	p->o->report_text = on[0];
	p->o->report_json = on[1];
	p->o->report_full = on[2];
	p->o->report_tables = on[3];
	return true;
}

static bool read_exit(struct option_word *p)
{
	int i = choose(p, "auto\0qemu\0poweroff\0reboot\0halt\0");

	if (i >= 0)
		p->o->exit = (enum exit_kind)i;
	return i >= 0;
}

static bool read_linux(struct option_word *p)
{
	const char *s = p->value;

	return (linux_read_release(&s, &p->o->as_linux) && !*s && p->o->as_linux >= LINUX_OLDEST) ||
	       option_refuse(p, "not a version from 5.10 on");
}

static const struct option options[] = {
	{ read_alloc, 0, ARG_MUST, "alloc" },
	{ read_movable_node, 0, ARG_MAYBE, "movable_node" },
	{ read_hotplug, 0, ARG_MUST, "hotplug" },
	{ read_require, 0, ARG_MUST, "require" },
	{ NULL, offsetof(struct options, nokaslr), ARG_NONE, "nokaslr" },
	{ read_kaslr, 0, ARG_MUST, "kaslr" },
	{ read_linux, 0, ARG_MUST, "linux" },
	{ read_seed, 0, ARG_MUST, "seed" },
	{ read_base, 0, ARG_MUST, "base" },
	{ read_image_size, 0, ARG_MUST, "image_size" },
	{ read_page_offset, 0, ARG_MUST, "page_offset" },
	{ read_page_size, 0, ARG_MUST, "page_size" },
	{ read_levels, 0, ARG_MUST, "levels" },
	{ read_fragment, 0, ARG_MUST, "fragment" },
	{ option_read_mem, 0, ARG_MUST, "mem" },
	{ option_read_memmap, 0, ARG_MUST, "memmap" },
	{ read_acpi_rsdp, 0, ARG_MUST, "acpi_rsdp" },
	{ NULL, offsetof(struct options, sweep), ARG_NONE, "sweep" },
	{ NULL, offsetof(struct options, dry), ARG_NONE, "dry" },
	{ NULL, offsetof(struct options, save), ARG_NONE, "save" },
	{ read_console, 0, ARG_MUST, "console" },
	{ read_report, 0, ARG_MUST, "report" },
	{ read_exit, 0, ARG_MUST, "exit" },
	{ NULL, offsetof(struct options, selftest), ARG_NONE, "selftest" },
};

/* ---- the whole line ---- */

void options_init(struct options *o)
{
	KASSERT(pt_policies_nr <= OPT_MAX_POLICIES);
	memset(o, 0, sizeof(*o));
	set_both(o);
	o->movable_node = true;
	o->base = PHYS_NONE;
	o->acpi_rsdp = PHYS_NONE;
	o->report_text = o->report_json = true;
}

static bool read_option(struct option_word *p)
{
	size_t name_len = 0;
	bool has_value;

	while (p->word[name_len] && p->word[name_len] != '=')
		name_len++;
	has_value = p->word[name_len] == '=';
	p->value = p->word + name_len + has_value;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *opt = &options[i];

		if (name_len != scan_length(opt->name) || memcmp(opt->name, p->word, name_len) != 0)
			continue;
		if (opt->argument == ARG_NONE && has_value)
			return option_refuse(p, "takes no value");
		if (!*p->value && (has_value || opt->argument == ARG_MUST))
			return option_refuse(p, "needs a value");
		if (opt->read)
			return opt->read(p);
		*(bool *)((char *)p->o + opt->flag) = true;
		return true;
	}
	format(p->err->text, sizeof(p->err->text), "unknown option '%.*s%s'", WORD_SHOWN, p->word,
	       scan_length(p->word) > WORD_SHOWN ? "..." : "");
	return false;
}

bool options_parse(struct options *o, const char *line, struct option_error *err)
{
	char word[WORD_MAX];
	const char *fault;

	while (scan_word(&line, word, sizeof(word), &fault)) {
		struct option_word p = { .o = o, .word = word, .err = err };

		if (fault)
			return option_refuse(&p, "%s", fault);
		if (!read_option(&p))
			return false;
	}
	return true;
}

static bool uses_marks(const struct options *o)
{
	for (unsigned i = 0; i < o->nr_policies; i++) {
		if (pt_policies[o->policy[i]]->srat_first)
			return true;
	}
	return false;
}

static bool has_console(const struct options *o, enum console_kind kind)
{
	for (unsigned i = 0; i < o->nr_consoles; i++) {
		if (o->console[i].kind == kind)
			return true;
	}
	return false;
}

bool options_check(const struct options *o, bool uefi, struct option_error *err)
{
	struct option_word p = { .err = err };

	if (!uefi && (o->dry || o->save)) {
		p.word = o->dry ? "dry" : "save";
		return option_refuse(&p, "only under UEFI");
	}
	p.word = "save";
	if (o->save && !o->dry)
		return option_refuse(&p, "has no effect without dry");
	p.word = "exit=";
	if (o->dry && o->exit != EXIT_AUTO)
		return option_refuse(&p, "has no effect beside dry");
	p.word = "movable_node=off";
	if (!o->movable_node && !uses_marks(o))
		return option_refuse(&p, "has no effect: no policy of alloc= looks at marks");
	p.word = "nokaslr";
	if (o->nokaslr && o->base != PHYS_NONE)
		return option_refuse(&p, "has no effect beside base=");
	p.word = "kaslr=";
	if (o->kaslr_given && !o->sweep && (o->nokaslr || o->base != PHYS_NONE))
		return option_refuse(&p, "has no effect beside %s", o->nokaslr ? "nokaslr" : "base=");
	p.word = "fragment=";
	if ((o->fragment.every || o->fragment.permille) && o->page_size == PAGE_SIZE_4K)
		return option_refuse(&p, "has no effect beside page_size=4k");
	p.word = "console=none";
	if (o->nr_consoles > 1 && has_console(o, CONSOLE_NONE))
		return option_refuse(&p, "stands alone, beside no other console=");
	return true;
}
