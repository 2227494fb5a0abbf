/* SPDX-License-Identifier: MIT */
/*
 * The command line: one table says which options there are, one function each reads a value or says what is wrong with
 * it.
 */
#include "kernel/state/options.h"

#include "kernel/state/presets.h"
#include "lib/format.h"
#include "mm/policy.h"

#define WORD_MAX 1024  /* longest option */
#define WORD_SHOWN 40  /* of which a message shows at most so much */
#define ITEM_MAX 64    /* longest item of a list, with its NUL */
#define MAX_NODES 1024 /* as Linux's MAX_NUMNODES on distributions */
#define UART_CLOCK 115200u
#define IMAGE_MAX (GIB - 16 * MIB)      /* Linux's KERNEL_IMAGE_SIZE without the 16M below it */
#define LINUX_SOFT_RESERVED 0xefffffffu /* Linux's number of that type of memory */

/* One option being read. */
struct option_word {
	struct options *o;
	const char *word;  /* as the user wrote it */
	const char *value; /* behind the '='; empty when there is none */
	unsigned place;    /* what choose() has found */
	struct option_error *err;
};

/* Small, as there are many. */
struct option {
	bool (*read)(struct option_word *p); /* a value; NULL: it takes none */
	uint16_t flag; /* where in struct options to set a bool without a value; 0: it needs one */
	char name[14];
};

/* ---- words and messages ---- */

/* Sets *err to "WORD: reason", a long word cut. Always returns false. */
static bool PRINTF_LIKE(2, 3) refuse(const struct option_word *p, const char *fmt, ...)
{
	bool cut = scan_length(p->word) > WORD_SHOWN;
	char why[sizeof(p->err->text)];
	va_list ap;

	va_start(ap, fmt);
	format_v(why, sizeof(why), fmt, ap);
	va_end(ap);
	format(p->err->text, sizeof(p->err->text), "%.*s%s: %s", cut ? WORD_SHOWN - 3 : WORD_SHOWN, p->word,
	       cut ? "..." : "", why);
	return false;
}

/*
 * Cuts the next item off a comma list; *list becomes NULL behind the last. Returns false, with a message, for one that
 * is empty or too long.
 */
static bool next_item(const struct option_word *p, const char **list, char item[ITEM_MAX])
{
	const char *s = *list;
	size_t n = 0;

	while (s[n] && s[n] != ',')
		n++;
	if (n == 0)
		return refuse(p, "an item of the list is empty");
	if (n >= ITEM_MAX)
		return refuse(p, "an item of the list is longer than %d characters", ITEM_MAX - 1);
	memcpy(item, s, n);
	item[n] = '\0';
	*list = s[n] ? s + n + 1 : NULL;
	return true;
}

/* Finds p->place of the value in a list of words, each followed by NUL, the last by two; false: it is none of them. */
static bool choose(struct option_word *p, const char *words)
{
	char text[64] = "";
	struct builder list = BUILDER(text);

	for (const char *w = words; *w; w += scan_length(w) + 1, p->place++) {
		if (scan_equal(p->value, w))
			return true;
		builder_add(&list, "%s%s", p->place ? ", " : "", w);
	}
	KASSERT(!list.cut);
	return refuse(p, p->place > 1 ? "not one of %s" : "only %s is known", text);
}

/* ---- one reader an option, in the order of docs/options.md ---- */

static void set_both(struct options *o)
{
	o->policy[0] = (uint8_t)pt_policy_find("bottom-up");
	o->policy[1] = (uint8_t)pt_policy_find("memblock");
	o->nr_policies = 2;
}

/* Adds one policy to the list being read. */
static bool add_policy(const struct option_word *p, const char *name, uint8_t *list, unsigned *nr)
{
	unsigned index = pt_policy_find(name);

	if (scan_equal(name, "both") || scan_equal(name, "all"))
		return refuse(p, "'%s' stands alone", name);
	if (index == pt_policies_nr)
		return refuse(p, "no policy is called '%s'", name);
	for_each (named, list, *nr) {
		if (*named == index)
			return refuse(p, "'%s' is named twice", name);
	}
	KASSERT(*nr < OPT_MAX_POLICIES);
	list[(*nr)++] = (uint8_t)index;
	return true;
}

static bool read_alloc(struct option_word *p)
{
	const char *list = p->value;
	uint8_t policy[OPT_MAX_POLICIES];
	char name[ITEM_MAX];
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
		if (!next_item(p, &list, name) || !add_policy(p, name, policy, &nr))
			return false;
	}
	memcpy(p->o->policy, policy, nr);
	p->o->nr_policies = nr;
	return true;
}

static bool read_movable_node(struct option_word *p)
{
	if (!choose(p, "on\0off\0"))
		return false;
	p->o->movable_node = p->place == 0;
	return true;
}

static bool read_hotplug(struct option_word *p)
{
	const char *list = p->value;
	uint16_t node[OPT_MAX_HOTPLUG];
	char item[ITEM_MAX];
	unsigned nr = 0;
	uint64_t v;

	while (list) {
		if (!next_item(p, &list, item))
			return false;
		if (!scan_plain(item, &v) || v >= MAX_NODES)
			return refuse(p, "'%s' is not a node number (0 to %d)", item, MAX_NODES - 1);
		for_each (named, node, nr) {
			if (*named == v)
				return refuse(p, "node %s is named twice", item);
		}
		if (nr == OPT_MAX_HOTPLUG)
			return refuse(p, "more than %d nodes", OPT_MAX_HOTPLUG);
		node[nr++] = (uint16_t)v;
	}
	memcpy(p->o->hotplug, node, nr * sizeof(*node));
	p->o->nr_hotplug = nr;
	return true;
}

static bool read_require(struct option_word *p)
{
	p->o->require_srat = choose(p, "srat\0");
	return p->o->require_srat;
}

static bool read_kaslr(struct option_word *p)
{
	if (!choose(p, "decompressor\0efistub\0"))
		return false;
	p->o->kaslr_given = true;
	p->o->efistub = p->place == 1;
	return true;
}

static bool read_seed(struct option_word *p)
{
	const char *s = p->value;

	if (s[0] == '0' && s[1] >= '0' && s[1] <= '9')
		return refuse(p, "a leading zero is refused");
	if (!scan_plain(s, &p->o->seed))
		return refuse(p, "not a number of at most 64 bits");
	p->o->seed_given = true;
	return true;
}

static bool read_base(struct option_word *p)
{
	uint64_t v;

	if (!parse_size(p->value, NULL, &v))
		return refuse(p, "not an address");
	if (v < MIB)
		return refuse(p, "below 1 MiB");
	if (v % (2 * MIB))
		return refuse(p, "not a multiple of 2 MiB");
	p->o->base = v;
	return true;
}

/* SLOT[,END]: numbers that fit each other. */
static bool read_geometry(const struct option_word *p, uint64_t *slot, uint64_t *end)
{
	const char *s = p->value;

	if (!parse_size(s, &s, slot) || (*s && *s != ','))
		return refuse(p, "neither SLOT[,END] nor a known preset");
	*end = *slot;
	if (*s && !parse_size(s + 1, NULL, end))
		return refuse(p, "END is not a size");
	if (*slot == 0 || *slot > IMAGE_MAX)
		return refuse(p, "SLOT must be above 0 and at most 1008M");
	if (*end == 0 || *end > *slot)
		return refuse(p, "END must be above 0 and at most SLOT");
	if (*end % PAGE_SIZE)
		return refuse(p, "END is not a multiple of 4 KiB");
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
	for_each (preset, presets, ARRAY_SIZE(presets)) {
		if (preset->series != LINUX_SERIES(release))
			continue;
		*slot = preset->slot * 2 * MIB;
		*end = preset->end * PAGE_SIZE;
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
		return refuse(p, "neither an address nor random");
	if (v % GIB)
		return refuse(p, "not a multiple of 1 GiB");
	p->o->page_offset_kind = PAGE_OFFSET_ADDRESS;
	p->o->page_offset = v;
	return true;
}

static bool read_page_size(struct option_word *p)
{
	if (!choose(p, "auto\0"
		       "4k\0"
		       "2m\0"
		       "1g\0"))
		return false;
	p->o->page_size = (enum page_size_option)p->place;
	return true;
}

static bool read_levels(struct option_word *p)
{
	if (!choose(p, "auto\0"
		       "4\0"
		       "5\0"))
		return false;
	p->o->levels = p->place ? p->place + 3 : 0;
	return true;
}

static bool read_fragment(struct option_word *p)
{
	const char *s = p->value;
	uint64_t v;

	if (scan_skip(&s, "every:")) {
		if (!scan_plain(s, &v) || v == 0)
			return refuse(p, "N must be a number above 0");
		p->o->fragment = (struct fragment){ .every = v };
		return true;
	}
	if (!scan_skip(&s, "rand:"))
		return refuse(p, "neither every:N nor rand:PERMILLE");
	if (!scan_plain(s, &v) || v == 0 || v > 1000)
		return refuse(p, "PERMILLE must be a number from 1 to 1000");
	p->o->fragment = (struct fragment){ .permille = (unsigned)v };
	return true;
}

/* mem= and memmap= are read as Linux reads them (arch/x86/kernel/e820.c), and kept as a list in their order. */
static bool add_map_op(const struct option_word *p, struct map_op op)
{
	if (p->o->nr_map_ops == OPT_MAX_MAP_OPS)
		return refuse(p, "more than %d changes of the memory map", OPT_MAX_MAP_OPS);
	format(op.text, sizeof(op.text), "%s", p->word);
	p->o->map_op[p->o->nr_map_ops++] = op;
	return true;
}

static bool read_mem(struct option_word *p)
{
	struct map_op op = { .kind = MAP_OP_LIMIT, .r.end = UINT64_MAX };

	if (!parse_size(p->value, NULL, &op.r.start) || op.r.start == 0)
		return refuse(p, "not a size above 0");
	return add_map_op(p, op);
}

/* Behind `sign` a type's number as Linux has it; without the sign nothing. */
static bool parse_type(const char **s, char sign, enum e820_type *type)
{
	uint64_t v;

	if (**s != sign)
		return true;
	++*s;
	if (!scan_integer(s, &v))
		return false;
	switch (v) {
	case E820_RAM:
	case E820_RESERVED:
	case E820_ACPI:
	case E820_NVS:
	case E820_UNUSABLE:
	case E820_PMEM:
	case E820_PRAM:
		*type = (enum e820_type)v;
		return true;
	case LINUX_SOFT_RESERVED:
		*type = E820_SOFT_RESERVED;
		return true;
	}
	return false;
}

/* [-old][+new] behind nn%ss: without an old type the range is added, as a new one over what is there. */
static APART bool parse_change(const char *s, struct map_op *op)
{
	if (!parse_type(&s, '-', &op->from) || !parse_type(&s, '+', &op->to))
		return false;
	op->kind = op->to && !op->from ? MAP_OP_SET : MAP_OP_CHANGE;
	return !*s;
}

/* What stands behind the size: a mark, an address and for % two types. */
static APART bool read_region(const struct option_word *p, const char *item, const char *s, struct map_op *op)
{
	uint64_t size = op->r.start;
	char mark = *s++;

	if (!parse_size(s, &s, &op->r.start) || (*s && mark != '%'))
		return refuse(p, "'%s' has no valid address", item);
	if (size == 0 || size > UINT64_MAX - op->r.start)
		return refuse(p, "'%s' is empty or wraps round", item);
	op->r.end = op->r.start + size;
	op->kind = mark == '@' ? MAP_OP_ADD : MAP_OP_SET;
	op->to = mark == '@' ? E820_RAM : mark == '#' ? E820_ACPI : mark == '$' ? E820_RESERVED : E820_PRAM;
	if (mark != '%')
		return true;
	op->to = 0;
	if (!parse_change(s, op))
		return refuse(p, "'%s': types are -old+new, numbers as in the e820 map", item);
	return true;
}

/* One item, as Linux's parse_memmap_one. */
static bool read_memmap_item(const struct option_word *p, const char *item)
{
	struct map_op op = { .kind = MAP_OP_EXACT };
	const char *s = item;

	if (scan_equal(item, "exactmap"))
		return add_map_op(p, op);
	if (!parse_size(s, &s, &op.r.start))
		return refuse(p, "'%s' is neither exactmap nor begins with a size", item);
	if (*s == '@' || *s == '#' || *s == '$' || *s == '!' || *s == '%')
		return read_region(p, item, s, &op) && add_map_op(p, op);
	if (*s || op.r.start == 0)
		return refuse(p, "'%s' is not a size above 0 nor SIZE@, #, $, ! or %% ADDRESS", item);
	op.kind = MAP_OP_LIMIT;
	op.r.end = UINT64_MAX;
	return add_map_op(p, op);
}

static bool read_memmap(struct option_word *p)
{
	const char *list = p->value;
	unsigned before = p->o->nr_map_ops;
	char item[ITEM_MAX];

	while (list) {
		if (!next_item(p, &list, item) || !read_memmap_item(p, item)) {
			p->o->nr_map_ops = before;
			return false;
		}
	}
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
		return refuse(p, "not a hexadecimal address");
	if (v == PHYS_NONE)
		return refuse(p, "no valid address");
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
		return refuse(p, "no rate behind the port");
	if (v == 0 || UART_CLOCK % v)
		return refuse(p, "the rate must divide 115200");
	if (!scan_equal(s, "") && !scan_equal(s, "n") && !scan_equal(s, "n8"))
		return refuse(p, "only n8 (no parity, 8 bits) is known behind the rate");
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
		return refuse(p, "neither uart,io,ADDR nor uart,mmio32,ADDR");
	}
	if (!parse_size(s, &s, &c->address) || c->address == 0 || c->address > limit || c->address % align)
		return refuse(p, "no valid address");
	return read_rate(p, s, &c->baud);
}

static bool read_tty(const struct option_word *p, const char *s, struct console_option *c)
{
	c->kind = CONSOLE_TTYS;
	if (*s < '0' || *s > '3' || (s[1] && s[1] != ','))
		return refuse(p, "only ttyS0 to ttyS3 are known");
	c->port = (unsigned)(*s++ - '0');
	return read_rate(p, s, &c->baud);
}

/* Appends; a console named before gets the new rate instead. */
static bool add_console(const struct option_word *p, struct console_option new)
{
	struct options *o = p->o;

	for_each (c, o->console, o->nr_consoles) {
		if (c->kind == new.kind && c->port == new.port && c->address == new.address) {
			c->baud = new.baud;
			return true;
		}
	}
	if (o->nr_consoles == OPT_MAX_CONSOLES)
		return refuse(p, "more than %d consoles", OPT_MAX_CONSOLES);
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
		return refuse(p, "not one of auto, ttySN, uart,io,ADDR, uart,mmio32,ADDR, fb, none");
	return add_console(p, c);
}

static bool read_report(struct option_word *p)
{
	static const char *const names[] = { "text", "json", "full", "tables" };
	const char *list = p->value;
	bool on[ARRAY_SIZE(names)] = { false };
	char item[ITEM_MAX];

	while (list) {
		size_t i = 0;

		if (!next_item(p, &list, item))
			return false;
		while (i < ARRAY_SIZE(names) && !scan_equal(item, names[i]))
			i++;
		if (i == ARRAY_SIZE(names))
			return refuse(p, "'%s' is not one of text, json, full, tables", item);
		if (on[i])
			return refuse(p, "'%s' is named twice", item);
		on[i] = true;
	}
	if (!on[0] && !on[1])
		return refuse(p, "names neither text nor json");
	if (on[2] && !on[1])
		return refuse(p, "full has no effect without json");
	p->o->report_text = on[0];
	p->o->report_json = on[1];
	p->o->report_full = on[2];
	p->o->report_tables = on[3];
	return true;
}

static bool read_exit(struct option_word *p)
{
	if (!choose(p, "auto\0qemu\0poweroff\0reboot\0halt\0"))
		return false;
	p->o->exit = (enum exit_kind)p->place;
	return true;
}

static bool read_linux(struct option_word *p)
{
	const char *s = p->value;

	return (linux_read_release(&s, &p->o->as_linux) && !*s && p->o->as_linux >= LINUX_OLDEST) ||
	       refuse(p, "not a version from 5.10 on");
}

static const struct option options[] = {
	{ read_alloc, 0, "alloc" },
	{ read_movable_node, offsetof(struct options, movable_node), "movable_node" },
	{ read_hotplug, 0, "hotplug" },
	{ read_require, 0, "require" },
	{ NULL, offsetof(struct options, nokaslr), "nokaslr" },
	{ read_kaslr, 0, "kaslr" },
	{ read_linux, 0, "linux" },
	{ read_seed, 0, "seed" },
	{ read_base, 0, "base" },
	{ read_image_size, 0, "image_size" },
	{ read_page_offset, 0, "page_offset" },
	{ read_page_size, 0, "page_size" },
	{ read_levels, 0, "levels" },
	{ read_fragment, 0, "fragment" },
	{ read_mem, 0, "mem" },
	{ read_memmap, 0, "memmap" },
	{ read_acpi_rsdp, 0, "acpi_rsdp" },
	{ NULL, offsetof(struct options, sweep), "sweep" },
	{ NULL, offsetof(struct options, dry), "dry" },
	{ NULL, offsetof(struct options, save), "save" },
	{ read_console, 0, "console" },
	{ read_report, 0, "report" },
	{ read_exit, 0, "exit" },
	{ NULL, offsetof(struct options, selftest), "selftest" },
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
	for_each (opt, options, ARRAY_SIZE(options)) {
		if (name_len != scan_length(opt->name) || memcmp(opt->name, p->word, name_len) != 0)
			continue;
		if (has_value && !opt->read)
			return refuse(p, "takes no value");
		if (*p->value)
			return opt->read(p);
		if (has_value || !opt->flag)
			return refuse(p, "needs a value");
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
			return refuse(&p, "%s", fault);
		if (!read_option(&p))
			return false;
	}
	return true;
}

bool options_check(const struct options *o, bool uefi, struct option_error *err)
{
	bool placed = o->base != PHYS_NONE, idle_kaslr = o->kaslr_given && !o->sweep;
	bool fragmented = o->fragment.every || o->fragment.permille;
	bool uses_marks = false, mute = false;
	const char *fault;

	for_each (p, o->policy, o->nr_policies)
		uses_marks |= pt_policies[*p]->srat_first;
	for_each (port, o->console, o->nr_consoles)
		mute |= port->kind == CONSOLE_NONE;
	fault = o->dry && !uefi                  ? "dry: only under UEFI"
		: o->save && !uefi               ? "save: only under UEFI"
		: o->save && !o->dry             ? "save: has no effect without dry"
		: o->dry && o->exit != EXIT_AUTO ? "exit=: has no effect beside dry"
		: !o->movable_node && !uses_marks
			? "movable_node=off: has no effect: no policy of alloc= looks at marks"
		: o->nokaslr && placed                       ? "nokaslr: has no effect beside base="
		: o->nokaslr && idle_kaslr                   ? "kaslr=: has no effect beside nokaslr"
		: placed && idle_kaslr                       ? "kaslr=: has no effect beside base="
		: fragmented && o->page_size == PAGE_SIZE_4K ? "fragment=: has no effect beside page_size=4k"
		: mute && o->nr_consoles > 1                 ? "console=none: stands alone, beside no other console="
							     : NULL;
	if (fault)
		format(err->text, sizeof(err->text), "%s", fault);
	return !fault;
}
