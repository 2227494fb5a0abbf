/* SPDX-License-Identifier: MIT */
/*
 * landfall-predict: where the early page tables of a machine land, from a boot log, from files, or on the running
 * host.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/report/report.h"
#include "lib/format.h"
#include "lib/scan.h"
#include "lib/version.h"
#include "mm/policy.h"
#include "tools/predict/from_machine.h"
#include "tools/predict/linuxlog.h"
#include "tools/predict/lint.h"
#include "tools/predict/ownlog.h"
#include "tools/predict/predict.h"
#include "tools/predict/text.h"

enum exit_status {
	EXIT_CLEAN,
	EXIT_STAINED,
	EXIT_UNUSABLE,
	EXIT_FAULT,
	EXIT_DIFFERS = EXIT_STAINED,
	EXIT_AWKWARD = EXIT_STAINED
};

enum option_id {
	OPT_LOG = 256,
	OPT_HOST,
	OPT_E820,
	OPT_SRAT,
	OPT_SLIT,
	OPT_SYSTEM_MAP,
	OPT_KERNEL_IMAGE,
	OPT_MACHINE,
	OPT_KERNEL,
	OPT_BRK,
	OPT_RESERVE,
	OPT_AVOID,
	OPT_ALLOC,
	OPT_PAGE_SIZE,
	OPT_LEVELS,
	OPT_MOVABLE_NODE,
	OPT_KASLR,
	OPT_BASE,
	OPT_IMAGE_SIZE,
	OPT_PAGE_OFFSET,
	OPT_HOTPLUG,
	OPT_FRAGMENT,
	OPT_SEED,
	OPT_CHOOSER,
	OPT_LINUX,
	OPT_REQUIRE_SRAT,
	OPT_SWEEP,
	OPT_LAYOUT,
	OPT_COUNTS,
	OPT_JSON,
	OPT_TEXT,
	OPT_SEQUENCE,
	OPT_COMPARE,
	OPT_POLICIES,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option long_options[] = {
	{ "linux-log", required_argument, NULL, OPT_LOG },
	{ "host", no_argument, NULL, OPT_HOST },
	{ "e820", required_argument, NULL, OPT_E820 },
	{ "srat", required_argument, NULL, OPT_SRAT },
	{ "slit", required_argument, NULL, OPT_SLIT },
	{ "system-map", required_argument, NULL, OPT_SYSTEM_MAP },
	{ "kernel-image", required_argument, NULL, OPT_KERNEL_IMAGE },
	{ "machine", required_argument, NULL, OPT_MACHINE },
	{ "kernel", required_argument, NULL, OPT_KERNEL },
	{ "brk", required_argument, NULL, OPT_BRK },
	{ "reserve", required_argument, NULL, OPT_RESERVE },
	{ "avoid", required_argument, NULL, OPT_AVOID },
	{ "alloc", required_argument, NULL, OPT_ALLOC },
	{ "page-size", required_argument, NULL, OPT_PAGE_SIZE },
	{ "levels", required_argument, NULL, OPT_LEVELS },
	{ "movable-node", required_argument, NULL, OPT_MOVABLE_NODE },
	{ "kaslr", required_argument, NULL, OPT_KASLR },
	{ "base", required_argument, NULL, OPT_BASE },
	{ "image-size", required_argument, NULL, OPT_IMAGE_SIZE },
	{ "page-offset", required_argument, NULL, OPT_PAGE_OFFSET },
	{ "hotplug", required_argument, NULL, OPT_HOTPLUG },
	{ "fragment", required_argument, NULL, OPT_FRAGMENT },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "chooser", required_argument, NULL, OPT_CHOOSER },
	{ "linux", required_argument, NULL, OPT_LINUX },
	{ "require-srat", no_argument, NULL, OPT_REQUIRE_SRAT },
	{ "layout", no_argument, NULL, OPT_LAYOUT },
	{ "sweep", no_argument, NULL, OPT_SWEEP },
	{ "counts", no_argument, NULL, OPT_COUNTS },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "text", no_argument, NULL, OPT_TEXT },
	{ "sequence", no_argument, NULL, OPT_SEQUENCE },
	{ "compare", no_argument, NULL, OPT_COMPARE },
	{ "policies", no_argument, NULL, OPT_POLICIES },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

struct cli {
	const char *log, *e820, *machine, *srat, *slit, *system_map, *kernel_image;
	struct kernel_image image; /* read from that file */
	char image_slot[24];       /* what a slot must hold for it, as --image-size */
	char machine_pages[8];
	bool host;
	struct range kernel, buffer;
	bool kernel_assumed; /* --kernel debian */
	struct range_list reserve, avoid;
	const char *alloc, *page_size, *levels, *base, *image_size, *page_offset, *hotplug, *fragment, *seed, *chooser;
	enum known movable_node, kaslr;
	uint32_t as_linux;
	bool require_srat, sweep, layout, counts, json, text, sequence, compare;
};

static const char usage[] =
	"usage: landfall-predict --linux-log FILE [--srat FILE] [--system-map FILE] [options]\n"
	"       landfall-predict --host [options]\n"
	"       landfall-predict --e820 FILE --srat FILE --kernel START:END [--reserve S:E]... [options]\n"
	"       landfall-predict --machine NAME|FILE [options]\n"
	"       landfall-predict --srat FILE [--slit FILE] [--json]\n"
	"       landfall-predict --kernel-image FILE\n"
	"Where do the early page tables of a machine land, and does one lie on a movable node?\n"
	"\n"
	"  --linux-log FILE         a Linux boot log, dmesg or serial, best with memblock=debug; - is standard input\n"
	"  --host                   this machine: sysfs tables and memory map\n"
	"  --e820 FILE              BIOS-e820 lines\n"
	"  --machine NAME|FILE      a machine description; without --kernel, Debian's newest 6.12 is taken\n"
	"  --srat FILE              an SRAT, as in /sys/firmware/acpi/tables, or as text with a hex dump of it\n"
	"                           (iasl -d, acpidump, xxd); alone: what is awkward in it\n"
	"  --slit FILE              a SLIT: how far the page tables lie from the kernel\n"
	"  --system-map FILE        that kernel's System.map: its exact end\n"
	"  --kernel-image FILE      a kernel's bzImage: its slot and its end; alone: what it tells\n"
	"  --kernel START:END       the kernel, [_text, _end); debian: Debian's newest 6.12, with --e820\n"
	"  --base ADDR              move the kernel: what if KASLR had drawn that slot?\n"
	"  --brk ADDR:PAGES         its page-table buffer\n"
	"  --reserve START:END      reserved before the page tables are built; may repeat\n"
	"  --alloc NAMES            policies: ";
static const char usage_end[] =
	"both, all\n                           (default: the one that kernel used)\n"
	"  --page-size auto|4k|2m|1g, --levels auto|4|5\n"
	"  --movable-node on|off, --kaslr on|off\n"
	"  --image-size SLOT[,END]  what a KASLR slot must hold\n"
	"  --avoid START:END        what KASLR must keep off; may repeat\n"
	"  --chooser decompressor|efistub\n"
	"                           who chooses the slot (default: as that kernel does)\n"
	"  --linux VERSION          whose rules are followed, such as 6.12 (default: that kernel's, else the newest)\n"
	"  --page-offset ADDR       where the direct map begins\n"
	"  --hotplug NODES          treat these nodes as hot-pluggable\n"
	"  --fragment every:N|rand:PERMILLE, --seed NUMBER\n"
	"                           split large leaves, as attribute boundaries would\n"
	"  --require-srat           without a usable SRAT it could not complete, instead of no verdict\n"
	"  --sweep                  the verdict for every KASLR slot\n"
	"  --layout                 memory piece by piece with its node, and the slots\n"
	"  --counts                 count pages without building tables: quick, but no record names a page\n"
	"  --json                   records instead of text; with --text beside it\n"
	"  --sequence               only the page-table pages from memblock, one hex address a line\n"
	"  --compare                only how many of the log's page-table pages are as predicted\n"
	"  --policies               each policy and what it does, a line each\n"
	"  -h, --help, --version\n"
	"Exit status: 0 clean or no verdict, 1 stained, 2 could not complete; with --compare 0 all as predicted, 1 "
	"differs, 2 "
	"unusable input.\n";

_Noreturn void kassert_fail(const char *expr, const char *file, int line)
{
	fprintf(stderr, "landfall-predict: fault: %s:%d: %s\n", file, line, expr);
	exit(EXIT_FAULT);
}

static int complain(const struct input_error *err)
{
	fflush(stdout);
	if (!*err->text) /* said already */
		return EXIT_UNUSABLE;
	fputs("landfall-predict: error: ", stderr);
	if (err->file)
		fprintf(stderr, "%s:", err->file);
	if (err->file && err->line)
		fprintf(stderr, "%lu:", err->line);
	fprintf(stderr, "%s%s\n", err->file ? " " : "", err->text);
	return EXIT_UNUSABLE;
}

/* ---- the command line ---- */

static bool parse_switch(const char *s, enum known *out)
{
	*out = !strcmp(s, "on") ? YES : NO;
	return !strcmp(s, "on") || !strcmp(s, "off");
}

static bool parse_range(const char *s, struct range *r)
{
	return text_pair(s, &r->start, &r->end);
}

static bool parse_more(const char *s, struct range_list *l)
{
	struct range r;

	return parse_range(s, &r) && range_list_add(l, r);
}

static bool parse_brk(const char *s, struct range *r)
{
	uint64_t pages;

	if (!text_size(&s, ":", &r->start) || !scan_skip(&s, ":") || !text_size(&s, "", &pages))
		return false;
	r->end = r->start + pages * PAGE_SIZE;
	return pages && pages <= 4096 && r->start % PAGE_SIZE == 0 && r->end > r->start;
}

static bool parse_kernel(struct cli *c, const char *s)
{
	struct range *r = &c->kernel;

	c->kernel_assumed = !strcmp(s, "debian");
	if (c->kernel_assumed)
		*r = NO_RANGE;
	return c->kernel_assumed ||
	       (parse_range(s, r) && r->start && r->start % PAGE_SIZE == 0 && r->end % PAGE_SIZE == 0);
}

/* Options that name something; false: the argument is not usable. */
static bool parse_argument(struct cli *c, int id, const char *arg)
{
	switch (id) {
	case OPT_KERNEL:
		return parse_kernel(c, arg);
	case OPT_BRK:
		return parse_brk(arg, &c->buffer);
	case OPT_RESERVE:
		return parse_more(arg, &c->reserve);
	case OPT_AVOID:
		return parse_more(arg, &c->avoid);
	case OPT_MOVABLE_NODE:
		return parse_switch(arg, &c->movable_node);
	case OPT_KASLR:
		return parse_switch(arg, &c->kaslr);
	case OPT_CHOOSER:
		c->chooser = arg;
		return !strcmp(arg, "decompressor") || !strcmp(arg, "efistub");
	case OPT_LINUX:
		return linux_read_release(&arg, &c->as_linux) && !*arg && c->as_linux >= LINUX_OLDEST;
	case OPT_LEVELS:
		c->levels = arg;
		return !strcmp(arg, "auto") || !strcmp(arg, "4") || !strcmp(arg, "5");
	default:
		return false;
	}
}

/* Options that are only kept here; false: not one of them. */
static bool parse_plain(struct cli *c, int id, const char *arg)
{
	const char **text[] = {
		[OPT_LOG - OPT_LOG] = &c->log,
		[OPT_E820 - OPT_LOG] = &c->e820,
		[OPT_SRAT - OPT_LOG] = &c->srat,
		[OPT_SLIT - OPT_LOG] = &c->slit,
		[OPT_SYSTEM_MAP - OPT_LOG] = &c->system_map,
		[OPT_KERNEL_IMAGE - OPT_LOG] = &c->kernel_image,
		[OPT_MACHINE - OPT_LOG] = &c->machine,
		[OPT_ALLOC - OPT_LOG] = &c->alloc,
		[OPT_PAGE_SIZE - OPT_LOG] = &c->page_size,
		[OPT_BASE - OPT_LOG] = &c->base,
		[OPT_IMAGE_SIZE - OPT_LOG] = &c->image_size,
		[OPT_PAGE_OFFSET - OPT_LOG] = &c->page_offset,
		[OPT_HOTPLUG - OPT_LOG] = &c->hotplug,
		[OPT_FRAGMENT - OPT_LOG] = &c->fragment,
		[OPT_SEED - OPT_LOG] = &c->seed,
		[OPT_COMPARE - OPT_LOG] = NULL,
	};
	bool *flag = id == OPT_HOST           ? &c->host
		     : id == OPT_REQUIRE_SRAT ? &c->require_srat
		     : id == OPT_SWEEP        ? &c->sweep
		     : id == OPT_LAYOUT       ? &c->layout
		     : id == OPT_COUNTS       ? &c->counts
		     : id == OPT_JSON         ? &c->json
		     : id == OPT_TEXT         ? &c->text
		     : id == OPT_SEQUENCE     ? &c->sequence
		     : id == OPT_COMPARE      ? &c->compare
					      : NULL;

	if (flag)
		*flag = true;
	else if (text[id - OPT_LOG])
		*text[id - OPT_LOG] = arg;
	else
		return false;
	return true;
}

static const char *option_name(int id)
{
	const struct option *o = long_options;

	while (o->val != id)
		o++;
	return o->name;
}

/* A SRAT alone is a question, too. */
static bool asks_lint(const struct cli *c)
{
	return c->srat && !c->log && !c->e820 && !c->machine && !c->host;
}

/* What a SRAT alone can be asked: --slit and --json go with it. */
static bool check_lint(const struct cli *c, struct input_error *err)
{
	bool more = c->system_map || c->kernel_image || c->alloc || c->page_size || c->levels || c->base ||
		    c->image_size || c->page_offset || c->hotplug || c->fragment || c->seed || c->chooser ||
		    c->as_linux || c->reserve.nr || c->avoid.nr || c->movable_node != UNKNOWN || c->kaslr != UNKNOWN ||
		    !range_empty(c->kernel) || !range_empty(c->buffer) || c->kernel_assumed || c->require_srat ||
		    c->sweep || c->layout || c->counts || c->sequence || c->compare;

	return !more || input_refuse(err, "--srat alone takes --slit and --json; else exactly one of --linux-log, "
					  "--host, --e820 and --machine is needed (--help)");
}

/* So is a kernel's image: what it tells. */
static bool asks_image(const struct cli *c)
{
	return c->kernel_image && !c->log && !c->e820 && !c->machine && !c->host && !c->srat;
}

static bool check_cli(const struct cli *c, struct input_error *err)
{
	if (asks_image(c))
		return true;
	if (asks_lint(c))
		return check_lint(c, err);
	if (!!c->log + !!c->e820 + !!c->machine + c->host != 1)
		return input_refuse(err, "exactly one of --linux-log, --host, --e820 and --machine is needed (--help)");
	if (c->machine && (c->srat || c->system_map))
		return input_refuse(err, "--%s has no effect with --machine", c->srat ? "srat" : "system-map");
	if (c->kernel_image && (c->sequence || c->compare) && (c->log || c->host))
		return input_refuse(err, "--kernel-image has no effect on --sequence and --compare of that kernel");
	if (c->kernel_image && (c->kernel_assumed || !range_empty(c->kernel)))
		return input_refuse(err, "--kernel has no effect beside --kernel-image");
	if (c->e820 && range_empty(c->kernel) && !c->kernel_assumed && !c->kernel_image)
		return input_refuse(err, "--e820 needs --kernel START:END");
	if (c->kernel_assumed && (c->log || c->host))
		return input_refuse(err, "--kernel debian has no effect with --%s", c->log ? "linux-log" : "host");
	if (c->text && !c->json)
		return input_refuse(err, "--text has no effect without --json");
	if (c->system_map && c->e820)
		return input_refuse(err, "--system-map has no effect with --e820");
	if (c->compare && !c->log)
		return input_refuse(err, "--compare needs --linux-log");
	if (c->sequence + c->compare + c->json > 1)
		return input_refuse(err, "only one of --sequence, --compare and --json can be had");
	if (c->sweep && (c->sequence || c->compare))
		return input_refuse(err, "--sweep has no effect on --sequence and --compare");
	if (c->counts && (c->sequence || c->compare))
		return input_refuse(err, "--counts lists no pages: it has no effect on --sequence and --compare");
	if (c->compare && c->base)
		return input_refuse(err, "--base has no effect on --compare");
	if ((c->sequence || c->compare) && (c->layout || c->avoid.nr || c->image_size || c->chooser))
		return input_refuse(err, "--%s has no effect on --sequence and --compare",
				    c->layout       ? "layout"
				    : c->avoid.nr   ? "avoid"
				    : c->image_size ? "image-size"
						    : "chooser");
	if (c->seed && (!c->fragment || strncmp(c->fragment, "rand:", 5)))
		return input_refuse(err, "--seed has no effect without --fragment rand:PERMILLE");
	return true;
}

/* With the table of policies in it. */
static void print_usage(void)
{
	fputs(usage, stdout);
	for (unsigned i = 0; i < pt_policies_nr; i++)
		printf("%s,%s", pt_policies[i]->name, i % 6 == 5 ? "\n                           " : " ");
	fputs(usage_end, stdout);
}

static void print_policies(void)
{
	for_each (policy, pt_policies, pt_policies_nr)
		printf("%-12s %s\n", (*policy)->name, (*policy)->says);
}

/* True: go on. False: *status is the program's. */
static bool parse_cli(struct cli *c, int argc, char **argv, int *status)
{
	struct input_error err = { 0 };
	int id;

	*status = EXIT_UNUSABLE;
	opterr = 0;
	while ((id = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		if (id == 'h' || id == OPT_HELP || id == OPT_VERSION || id == OPT_POLICIES) {
			if (id == OPT_VERSION)
				puts("landfall-predict " LANDFALL_VERSION);
			else if (id == OPT_POLICIES)
				print_policies();
			else
				print_usage();
			*status = EXIT_CLEAN;
			return false;
		}
		if (id == '?' || id == ':') {
			input_refuse(&err, "'%s': %s (--help)", argv[optind - 1],
				     id == ':'           ? "needs a value"
				     : optopt >= OPT_LOG ? "takes no value"
							 : "not an option");
			return complain(&err), false;
		}
		if (!parse_plain(c, id, optarg) && !parse_argument(c, id, optarg)) {
			input_refuse(&err, "--%s: '%s' is not usable", option_name(id), optarg);
			return complain(&err), false;
		}
	}
	if (optind < argc)
		input_refuse(&err, "'%s': not an option", argv[optind]);
	if (optind < argc || !check_cli(c, &err))
		return complain(&err), false;
	return true;
}

/* ---- reading ---- */

static bool read_text(struct facts *f, const char *path, struct input_error *err,
		      bool (*take)(struct facts *, char *, size_t, struct input_error *))
{
	const char *why;
	size_t len;
	char *text = text_read_file(path, &len, &why);
	bool good;

	err->file = path;
	if (!text)
		return input_refuse(err, "%s", why);
	good = take(f, text, len, err);
	free(text);
	return good;
}

/* Why an image does not tell where its kernel ends. */
static const char *why_no_end(const struct kernel_image *k)
{
	static char why[100];

	if (!k->unpacker)
		return "nothing here unpacks the file in it";
	snprintf(why, sizeof(why), "%s cannot unpack the file in it (is it installed?), or that has no section .brk",
		 k->unpacker);
	return why;
}

static bool assume_kernel(struct cli *c, struct facts *f, struct from_machine *more, struct input_error *err)
{
	if (c->kernel_image && !c->image.end)
		return err->file = c->kernel_image, input_refuse(err, "%s", why_no_end(&c->image));
	if (!machine_assume_kernel(f, c->kernel_image ? &c->image : NULL, more))
		return input_refuse(err, "too many ranges in --avoid");
	memcpy(c->image_slot, more->image_size, sizeof(c->image_slot));
	if (!c->image_size)
		c->image_size = c->image_slot;
	return true;
}

/* The image of the kernel that a log or the running system tells of: what a slot must hold, and what it keeps off. */
static bool read_image(struct cli *c, const struct facts *f, struct input_error *err)
{
	const struct kernel_image *k = &c->image;

	if (strcmp(k->release, f->release) != 0)
		return err->file = c->kernel_image, input_refuse(err, "it is of Linux %s, and not of %s", k->release,
								 *f->release ? f->release : "that kernel");
	snprintf(c->image_slot, sizeof(c->image_slot), "%#llx", (ull)kernel_image_slot(k));
	if (!c->image_size)
		c->image_size = c->image_slot;
	return range_list_add(&c->avoid, (struct range){ k->pref, k->pref + k->init_size }) ||
	       input_refuse(err, "too many ranges in --avoid");
}

/* /boot/vmlinuz-RELEASE, if it can be read. */
static void find_image(struct cli *c, const struct facts *f)
{
	static char path[128];
	struct input_error ignored;

	snprintf(path, sizeof(path), "/boot/vmlinuz-%s", f->release);
	if (kernel_image_read(path, &c->image, &ignored) && !strcmp(c->image.release, f->release))
		c->kernel_image = path;
}

/* The description, and a kernel where none is told. What the command line says beats both. */
static bool read_machine(struct cli *c, struct facts *f, struct input_error *err)
{
	struct from_machine more = { .reserve = &c->reserve, .avoid = &c->avoid };

	if (!machine_read_facts(f, c->machine, &more, err))
		return false;
	memcpy(c->machine_pages, more.page_size, sizeof(c->machine_pages));
	if (!c->page_size && *c->machine_pages)
		c->page_size = c->machine_pages;
	return !range_empty(c->kernel) || assume_kernel(c, f, &more, err);
}

/* Landfall's image was somewhere before it moved, and KASLR kept off that place. */
static bool avoid_loaded(struct cli *c, const struct facts *f, struct input_error *err)
{
	struct range there = { f->own_loaded, f->own_loaded + range_size(f->kernel) };

	return !f->own || range_list_add(&c->avoid, there) || input_refuse(err, "too many ranges in --avoid");
}

static bool read_source(struct cli *c, struct facts *f, struct input_error *err)
{
	struct from_machine more = { .avoid = &c->avoid };

	if (c->kernel_image && !kernel_image_read(c->kernel_image, &c->image, err))
		return false;
	if (c->host || c->log) {
		if (!(c->host ? host_read(f, err) : read_text(f, c->log, err, linuxlog_read)))
			return false;
		if (c->log && !avoid_loaded(c, f, err))
			return false;
		if (c->host && !c->kernel_image && !c->sequence)
			find_image(c, f);
		return !c->kernel_image || read_image(c, f, err);
	}
	if (c->machine)
		return read_machine(c, f, err);
	/* Nothing tells the CPU: one that has everything. */
	f->pse = f->gbpages = YES;
	if ((c->kernel_assumed || c->kernel_image) && !assume_kernel(c, f, &more, err))
		return false;
	return read_text(f, c->e820, err, linuxlog_read_map);
}

static void add_lack(struct facts *f, const char *what, const char *more)
{
	size_t n = strlen(f->incomplete);

	snprintf(f->incomplete + n, sizeof(f->incomplete) - n, "%s%s%s", n ? "; " : "", what, more);
}

/* What a log does not tell and an option can; for none of it the prediction stops. */
static void say_what_lacks(const struct cli *c, struct facts *f, bool nodes_told)
{
	if (!f->exact)
		add_lack(f, "no memblock=debug in the log, so what firmware and boot data had reserved is not known",
			 nodes_told ? "" : "; nor does it tell the nodes");
	if (f->dropped)
		add_lack(f, "Linux dropped messages before the page tables were built", "");
	if (!f->cmdline_told && c->movable_node == UNKNOWN)
		add_lack(f, "no \"Command line\" in the log, so movable_node is taken as off",
			 " (--movable-node on|off)");
	if (!f->version)
		add_lack(f, "no \"Linux version\" in the log, so the rules are the newest", " (--linux VERSION)");
}

/* Lists of pages do without the nodes; a policy that asks for them is then told of one. */
static bool check_nodes(const struct cli *c, struct facts *f, struct input_error *err)
{
	bool told = !c->log || f->nodes_told || f->srat_bytes || c->sequence || c->compare;

	if (!told && f->exact)
		return input_fail(err, f->lines, "the log ends before the nodes are told: give --srat FILE");
	if (c->log && !f->own)
		say_what_lacks(c, f, told);
	return true;
}

static bool move_kernel(const struct cli *c, struct facts *f, struct input_error *err)
{
	uint64_t base;

	if (!parse_size(c->base, NULL, &base))
		return input_refuse(err, "--base: '%s' is not usable", c->base);
	return facts_move_kernel(f, base, err);
}

/* What the command line says beats what was read. */
static bool read_facts(struct cli *c, struct facts *f, struct input_error *err)
{
	const char *source = c->log ? c->log : c->e820 ? c->e820 : c->machine;

	if (!read_source(c, f, err) || (c->srat && !facts_read_srat(f, c->srat, err)) ||
	    (c->slit && !facts_read_slit(f, c->slit, err)))
		return false;
	if (!range_empty(c->kernel))
		f->kernel = c->kernel;
	if (c->system_map && !facts_read_system_map(f, c->system_map, err))
		return false;
	if (!range_empty(c->kernel))
		f->kernel = c->kernel;
	if (c->as_linux)
		f->version = c->as_linux;
	if (!range_empty(c->buffer))
		f->buffer = c->buffer;
	if (c->levels && strcmp(c->levels, "auto"))
		f->levels = c->levels[0] == '5' ? 5 : 4;
	if (c->kaslr != UNKNOWN)
		f->kaslr = c->kaslr;
	if (c->movable_node != UNKNOWN)
		f->movable_node = c->movable_node;
	if (f->movable_node == UNKNOWN)
		f->movable_node = YES;
	err->file = source;
	if (!check_nodes(c, f, err) || !facts_complete(f, err))
		return false;
	err->file = NULL;
	for_each (r, c->reserve.r, c->reserve.nr)
		if (memblock_reserve(&f->mb, *r) != OK)
			return input_refuse(err, "too many reserved regions");
	return !c->base || move_kernel(c, f, err);
}

/* ---- the answer ---- */

/* The kernel's option for what is printed. */
static const char *report_words(const struct cli *c)
{
	return c->text ? "report=text,json" : c->json ? "report=json" : "report=text";
}

/* What was asked, in the words of the kernel's own command line, so that one parser judges both. */
static bool kernel_options(const struct cli *c, const struct facts *f, char *line, size_t size)
{
	char version[40];
	const struct {
		const char *name, *value;
	} given[] = {
		{ "linux", f->version >= LINUX_OLDEST ? version : NULL },
		{ "alloc", c->alloc                 ? c->alloc
			   : f->movable_node == YES ? "bottom-up"
						    : "top-down" },
		{ "movable_node", f->movable_node == YES ? "on" : "off" },
		{ "report", c->text   ? "text,json"
			    : c->json ? "json"
				      : "text" },
		{ "page_size", c->page_size },
		{ "base", c->base },
		{ "page_offset", c->page_offset },
		{ "hotplug", c->hotplug },
		{ "image_size", c->image_size },
		{ "fragment", c->fragment },
		{ "seed", c->seed },
		{ "kaslr", c->chooser              ? c->chooser
			   : facts_stub_chooses(f) ? "efistub"
						   : NULL },
		{ "require", c->require_srat ? "srat" : NULL },
		{ "sweep", c->sweep ? "" : NULL },
	};
	struct builder b = { .s = line, .size = size };
	char own[CMDLINE_MAX];

	snprintf(version, sizeof(version), "%u.%u.%u", LINUX_MAJOR(f->version), LINUX_MINOR(f->version),
		 LINUX_PATCH(f->version));
	ownlog_words(f, own);
	builder_add(&b, "%s", own);
	for_each (g, given, ARRAY_SIZE(given))
		if (g->value)
			builder_add(&b, "%s%s%s%s", b.len && line[b.len - 1] != ' ' ? " " : "", g->name,
				    *g->value ? "=" : "", g->value);
	return !b.cut;
}

static int print_sequence(const struct page_list *pages)
{
	for_each (page, pages->page, pages->nr)
		printf("0x%llx\n", (ull)*page);
	return fflush(stdout) ? EXIT_UNUSABLE : EXIT_CLEAN;
}

/* A log that was cut, or freed of its page-table lines, is no judge. */
static bool can_compare(const struct facts *f, const struct page_list *pages, struct input_error *err)
{
	if (!f->sees_built)
		return input_refuse(err, "inputs incomplete: the log ends before its page tables are built");
	if (pages->nr && !f->nr_seen)
		return input_refuse(err, "inputs incomplete: the log has no line of alloc_low_pages to compare with");
	return true;
}

static int print_comparison(const struct facts *f, const struct page_list *pages)
{
	size_t longest = pages->nr > f->nr_seen ? pages->nr : f->nr_seen, same = 0, first = SIZE_MAX;

	for (size_t i = 0; i < longest; i++) {
		if (i < pages->nr && i < f->nr_seen && pages->page[i] == f->seen[i])
			same++;
		else if (first == SIZE_MAX)
			first = i;
	}
	printf("%zu of %zu page-table pages as predicted\n", same, longest);
	if (first == SIZE_MAX)
		return EXIT_CLEAN;
	printf("first difference: page %zu: predicted ", first);
	if (first < pages->nr)
		printf("0x%llx, ", (ull)pages->page[first]);
	else
		printf("none, ");
	if (first < f->nr_seen)
		printf("in the log 0x%llx\n", (ull)f->seen[first]);
	else
		printf("none in the log\n");
	return EXIT_DIFFERS;
}

static int report(struct session *s, const struct cli *c)
{
	static struct cost costs[OPT_MAX_POLICIES];
	struct handover *h = s->h;

	for (unsigned i = 0; i < h->opt.nr_policies; i++) {
		if (!audit_policy(&s->run, pt_policies[h->opt.policy[i]], i + 1 == h->opt.nr_policies, &costs[i]))
			return EXIT_UNUSABLE;
	}
	if (h->opt.nr_policies > 1)
		report_costs(&s->run.log, costs, h->opt.nr_policies);
	if (c->sweep && !slots_sweep(s))
		return EXIT_UNUSABLE;
	if (h->result == RUN_CLEAN && !has_verdict(h))
		log_text(&s->run.log, "result: no verdict: %s", no_verdict(h).why);
	else
		log_text(&s->run.log, "result: %s", h->result == RUN_STAINED ? "stained" : "clean");
	report_end_record(&s->run.log, s->h);
	return h->result == RUN_STAINED ? EXIT_STAINED : EXIT_CLEAN;
}

/* --sequence and --compare speak of one policy's pages. */
static int list_pages(struct session *s, const struct cli *c, struct input_error *err)
{
	static struct cost cost;
	struct page_list pages = { 0 };
	int status;

	s->pages = &pages;
	if (s->h->opt.nr_policies != 1)
		input_refuse(err, "--%s needs one policy in --alloc", c->sequence ? "sequence" : "compare");
	else if (c->compare && !s->facts->exact)
		input_refuse(err, "--compare: the log has no memblock=debug lines to compare with");
	else if (predict_estimate(s) > PREDICT_MAX_LISTED)
		input_refuse(err, "up to %llu page-table pages are too many to list", (ull)predict_estimate(s));
	if (*err->text)
		return complain(err);
	if (!audit_policy(&s->run, pt_policies[s->h->opt.policy[0]], true, &cost))
		return EXIT_UNUSABLE;
	if (c->compare && !can_compare(s->facts, &pages, err))
		return complain(err);
	status = c->sequence ? print_sequence(&pages) : print_comparison(s->facts, &pages);
	free(pages.page);
	return status;
}

static int predict(struct cli *c, struct facts *f)
{
	struct input_error err = { 0 };
	char options[1024];
	struct session s = {
		.quiet = c->sequence || c->compare, .counts = c->counts, .layout = c->layout, .avoid = &c->avoid
	};
	int status;

	if (!read_facts(c, f, &err))
		return complain(&err);
	if (!kernel_options(c, f, options, sizeof(options)))
		return input_refuse(&err, "the options are too long"), complain(&err);
	if (*f->incomplete && (c->sequence || c->compare || (c->json && !c->text)))
		fprintf(stderr, "inputs incomplete: %s\n", f->incomplete);
	if (!session_open(&s, f, options, &err))
		status = complain(&err);
	else
		status = c->sequence || c->compare ? list_pages(&s, c, &err) : report(&s, c);
	session_close(&s);
	return status;
}

static int lint(const struct cli *c, struct facts *f)
{
	struct input_error err = { 0 };
	bool clean;

	if (!facts_read_srat(f, c->srat, &err) || (c->slit && !facts_read_slit(f, c->slit, &err)))
		return complain(&err);
	err.file = c->srat;
	return lint_report(f, report_words(c), &clean, &err) ? (clean ? EXIT_CLEAN : EXIT_AWKWARD) : complain(&err);
}

/* What a kernel's image tells, a line each. */
static int tell_image(const struct cli *c)
{
	struct input_error err = { 0 };
	struct kernel_image k;

	if (!kernel_image_read(c->kernel_image, &k, &err))
		return complain(&err);
	printf("release: %s\nbase without KASLR: %#llx\nalignment: %#llx\ninit_size: %#llx\nslot: %#llx\n", k.release,
	       (ull)k.pref, (ull)k.alignment, (ull)k.init_size, (ull)kernel_image_slot(&k));
	if (k.end)
		printf("_end: %#llx\npage-table buffer: %u pages\nimage_size=%#llx,%#llx\n", (ull)k.end, k.buffer,
		       (ull)kernel_image_slot(&k), (ull)k.end);
	else
		printf("_end: not known: %s\n", why_no_end(&k));
	return EXIT_CLEAN;
}

int main(int argc, char **argv)
{
	static struct cli cli;
	struct facts *f = facts_new();
	int status;

	if (!f) {
		fputs("landfall-predict: error: out of memory\n", stderr);
		return EXIT_UNUSABLE;
	}
	if (parse_cli(&cli, argc, argv, &status))
		status = asks_image(&cli) ? tell_image(&cli) : asks_lint(&cli) ? lint(&cli, f) : predict(&cli, f);
	facts_free(f);
	if (fflush(stdout) || ferror(stdout)) {
		perror("landfall-predict: error: standard output");
		return EXIT_UNUSABLE;
	}
	return status;
}
