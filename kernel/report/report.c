/* SPDX-License-Identifier: MIT */
/* The frame of the log: first lines, errors, checks, last lines. */
#include "kernel/report/report.h"

#include "lib/format.h"
#include "lib/scan.h"
#include "lib/version.h"

#define WRAP_COLUMNS 160 /* of a long command line */

static const char *const entropy_names[ENTROPY_SOURCES] = { "rdseed", "rdrand", "efi", "tsc" };

const char *keep_name(enum keep_reason why)
{
	return why == KEEP_MODULE ? "module" : "boot services";
}

void report_warning(struct log *l, const char *fmt, ...)
{
	char text[LOG_COLUMNS];
	va_list ap;

	va_start(ap, fmt);
	format_v(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_text(l, "warning: %s", text);
}

/* ---- the start ---- */

static const char *page_size_name(unsigned sizes)
{
	return sizes & PAGE_1G ? "1g" : sizes & PAGE_2M ? "2m" : "4k";
}

static const char *protocol_name(enum boot_protocol p)
{
	static const char *const names[] = { "multiboot1", "multiboot2", "linux", "pvh", "uefi", "predict" };

	return names[p];
}

/* In pieces, cut at blanks where that is possible. */
static void wrap_command_line(struct log *l, const char *line)
{
	const char *label = "Command line:";

	do {
		size_t len = 0, cut = 0;

		for (; line[len] && len < WRAP_COLUMNS; len++)
			cut = line[len] == ' ' ? len + 1 : cut;
		if (line[len] && cut)
			len = cut;
		log_text(l, "%s %.*s", label, (int)len, line);
		line += len;
		label = "  and:";
	} while (*line);
}

static void report_random(struct log *l, const struct handover *h)
{
	char sources[40] = "";
	struct builder list = BUILDER(sources);

	for (unsigned s = 0; s < ENTROPY_SOURCES; s++) {
		if (h->entropy.used[s])
			builder_add(&list, " %s", entropy_names[s]);
		if (h->entropy.rubbish[s])
			report_warning(l, "%s: %s; not used for the seed", entropy_names[s],
				       s == ENTROPY_TSC ? "the counter stands still" : "answers rubbish");
	}
	if (h->opt.seed_given)
		log_text(l, "seed: 0x%llx, as given", (ull)h->seed);
	else
		log_text(l, "seed: 0x%llx, from%s", (ull)h->seed, list.len ? sources : " nothing");
	if (!list.len && !h->opt.seed_given)
		report_warning(l, "no source of entropy works: the seed is the same at every boot");
}

/* Vendor, product and firmware in one string; empty when SMBIOS tells nothing. */
struct machine_name {
	char s[3 * SMBIOS_NAME_MAX + 8];
};

static struct machine_name machine_name(const struct smbios *b)
{
	struct machine_name name;

	format(name.s, sizeof(name.s), "%s%s%s%s%s", b->vendor, *b->vendor && *b->product ? " " : "", b->product,
	       *b->firmware_version ? ", " : "", b->firmware_version);
	return name;
}

void report_boot_record(struct log *l, const struct handover *h)
{
	log_begin(l, "boot", "version%s protocol%s loader%s machine%s cmdline%s seed%llu entropy[", LANDFALL_VERSION,
		  protocol_name(h->bi.protocol), h->bi.loader, machine_name(&h->smbios).s, h->bi.cmdline, (ull)h->seed);
	for (unsigned s = 0; s < ENTROPY_SOURCES; s++) {
		if (h->entropy.used[s] && !h->opt.seed_given)
			log_members(l, "%s", entropy_names[s]);
	}
	log_members(l, "] tsc_hz%llu levels%u page_size%s", (ull)h->log.tsc_hz, h->choice.levels,
		    page_size_name(h->choice.page_sizes));
	log_end(l);
}

/* What the loader did without, a sentence a line. */
static void report_notes(struct log *l, const char *line)
{
	while (*line) {
		int len = 0;

		while (line[len] && line[len] != '\n')
			len++;
		report_warning(l, "%.*s", len, line);
		line += len + (line[len] == '\n');
	}
}

void report_start(struct log *l, const struct handover *h, const struct cpu_info *cpu)
{
	struct machine_name machine = machine_name(&h->smbios);

	log_text(l, "booted by %s, %s", *h->bi.loader ? h->bi.loader : "an unnamed loader",
		 protocol_name(h->bi.protocol));
	wrap_command_line(l, h->bi.cmdline);
	report_notes(l, h->bi.notes);
	log_text(l, "machine: %s", *machine.s ? machine.s : "unknown");
	report_boot_record(l, h);
	log_text(l, "CPU: %s, %u address bits; using %u levels, pages up to %s", cpu->vendor, cpu->phys_bits,
		 h->choice.levels, page_size_name(h->choice.page_sizes));
	if (!h->log.tsc_hz)
		report_warning(l, "the clock's rate is unknown: times are 0");
	report_random(l, h);
}

/* ---- the end ---- */

const char *srat_name(enum srat_state s)
{
	static const char *const names[] = { "absent", "ok", "rejected" };

	return names[s];
}

struct no_verdict no_verdict(const struct handover *h)
{
	struct no_verdict v = { "" };

	if (h->srat_state == SRAT_ABSENT)
		format(v.why, sizeof(v.why), "there is no SRAT to go by");
	else if (h->srat_state == SRAT_REJECTED)
		format(v.why, sizeof(v.why), "the SRAT is rejected: %s", h->srat_why);
	return v;
}

static const char *result_name(enum run_result result)
{
	static const char *const names[] = { "clean", "stained", "error", "fault" };

	return names[result - RUN_CLEAN];
}

void report_end_record(struct log *l, const struct handover *h)
{
	log_record(l, "end", "status%s srat%s elapsed_ns%llu", result_name(h->result), srat_name(h->srat_state),
		   (ull)(log_now_ns(l)));
}

static APART void end_early(struct log *l, struct handover *h, enum run_result result, const char *text)
{
	h->result = result;
	report_end_record(l, h);
	log_raw(l, "KTAP version 1");
	log_raw(l, "Bail out! %s: %s", result_name(result), text);
}

bool report_error(struct log *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format_v(l->s->error, sizeof(l->s->error), fmt, ap);
	va_end(ap);
	log_always(l, "error: %s", l->s->error);
	return false;
}

enum run_result report_bail_out(struct log *l, struct handover *h)
{
	end_early(l, h, RUN_ERROR, l->s->error);
	return RUN_ERROR;
}

void report_fault(struct handover *h, const struct platform *p, const char *what)
{
	struct run r = run_open(h, p);

	/* Before the first line of plan_run nothing has been set up. */
	if (!h->log.boot_id)
		log_init(&h->log, 0, 0, 0);
	if (!h->log.open)
		log_open(&r.log);
	log_always(&r.log, "fault: %s", what);
	end_early(&r.log, h, RUN_FAULT, what);
}

void report_check(struct log *l, struct handover *h, const struct check *c)
{
	KASSERT(h->nr_checks < MAX_CHECKS);
	h->check[h->nr_checks++] = *c;
	if (c->outcome == CHECK_FAILED && !c->verdict)
		log_always(l, "check failed: %s: %s", c->name, c->why);
}

static void report_checks(struct log *l, const struct handover *h)
{
	log_raw(l, "KTAP version 1");
	log_raw(l, "1..%u", h->nr_checks);
	for (unsigned i = 0; i < h->nr_checks; i++) {
		const struct check *c = &h->check[i];

		if (c->outcome == CHECK_FAILED && *c->why)
			log_raw(l, "# %s", c->why);
		log_raw(l, "%s %u - %s%s%s", c->outcome == CHECK_FAILED ? "not ok" : "ok", i + 1, c->name,
			c->outcome == CHECK_SKIPPED ? " # SKIP " : "", c->outcome == CHECK_SKIPPED ? c->why : "");
	}
}

/* A line too long to be printed whole would not repeat anything. */
static void report_how_to_repeat(struct log *l, const struct handover *h)
{
	const char *given = h->bi.cmdline;

	if (scan_length(given) > WRAP_COLUMNS - 20)
		given = "(the command line of the boot record)";
	if (h->opt.seed_given)
		log_text(l, "repeat with: %s", given);
	else
		log_text(l, "repeat with: %s%sseed=0x%llx", given, *given ? " " : "", (ull)h->seed);
}

enum run_result report_end(struct log *l, struct handover *h)
{
	for_each (c, h->check, h->nr_checks) {
		if (c->outcome == CHECK_FAILED && !c->verdict)
			h->result = RUN_FAULT;
	}
	report_how_to_repeat(l, h);
	report_end_record(l, h);
	report_checks(l, h);
	return h->result;
}
