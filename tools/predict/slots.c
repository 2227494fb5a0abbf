/* SPDX-License-Identifier: MIT */
/* The slots that Linux's KASLR could draw, and the sweep over them: the kernel's own code, told what is known here. */
#include "kernel/steps.h"
#include "kernel/report/report.h"
#include "kernel/state/options.h"
#include "lib/format.h"
#include "mm/kaslr.h"
#include "tools/predict/predict.h"

static bool keep(struct bootinfo *bi, struct range r, enum keep_reason why)
{
	if (range_empty(r))
		return true;
	if (bi->nr_keep == BOOT_MAX_KEEP)
		return false;
	bi->keep[bi->nr_keep++] = (struct boot_keep){ r, why };
	return true;
}

/*
 * What KASLR keeps off. Under UEFI it takes free memory only; where no map of that is known, RAM that nobody had
 * reserved stands in for it.
 */
static bool list_kept(struct session *s)
{
	struct bootinfo *bi = &s->h->bi;
	const struct facts *f = s->facts;
	struct range image = image_taken(f);
	bool room = keep(bi, f->initrd, KEEP_MODULE);

	if (s->avoid) {
		for_each (r, s->avoid->r, s->avoid->nr)
			room &= keep(bi, *r, KEEP_MODULE);
	}
	if (!f->efi || f->conventional.nr)
		return room;
	for_each (m, f->mb.reserved.r, f->mb.reserved.nr) {
		struct range below = { m->r.start, min_u64(m->r.end, image.start) };
		struct range above = { max_u64(m->r.start, image.end), m->r.end };

		room &= keep(bi, below, KEEP_BOOT_SERVICES) && keep(bi, above, KEEP_BOOT_SERVICES);
	}
	return room;
}

/* Linux's chooser reads mem= and memmap= by itself, beside firmware's map. */
static void parse_map_options(struct session *s)
{
	static char words[CMDLINE_MAX];
	static struct options opt;
	struct option_error bad;

	opt = s->h->opt;
	facts_map_words(s->facts, words);
	if (options_parse(&opt, words, &bad))
		s->h->opt = opt;
	else
		report_warning(&s->run.log, "command line: %s: the slots are found without it", bad.text);
}

/* Which slot the kernel was moved to; UINT64_MAX: none of them. */
static uint64_t slot_of(const struct kaslr_slots *slots, phys_t base)
{
	uint64_t before = 0;

	for_each (area, slots->area, slots->nr) {
		uint64_t n = (base - area->start) / KASLR_ALIGN; /* of a base below, far too high */

		if (n < area->slots && base == area->start + n * KASLR_ALIGN)
			return before + n;
		before += area->slots;
	}
	return UINT64_MAX;
}

bool slots_find(struct session *s, struct input_error *err)
{
	struct handover *h = s->h;
	struct bootinfo *bi = &h->bi;
	const struct facts *f = s->facts;

	bi->map = f->firmware.nr ? f->firmware : f->map.nr ? f->map : h->map;
	if (e820_sanitize(&bi->map) != OK)
		return input_refuse(err, "too many memory regions");
	if (!list_kept(s) || f->conventional.nr > BOOT_MAX_CONVENTIONAL)
		return input_refuse(err, "too many ranges for KASLR to avoid");
	memcpy(bi->conventional, f->conventional.r, f->conventional.nr * sizeof(*bi->conventional));
	bi->nr_conventional = f->conventional.nr;
	parse_map_options(s);
	place_find_slots(&s->run.log, h);
	if (h->opt.base != PHYS_NONE)
		h->choice.slot = slot_of(&h->slots, h->opt.base);
	log_text(&s->run.log, "KASLR: %llu slots that hold %'llu, as %s finds them", (ull)h->slots.total,
		 (ull)h->choice.size, h->opt.efistub ? "the EFI stub" : "the decompressor");
	if (f->efi && !f->conventional.nr)
		report_warning(&s->run.log,
			       "without efi=debug in the log the slots are those of RAM that nobody had reserved");
	return true;
}

bool slots_sweep(struct session *s)
{
	struct range image = image_taken(s->facts);
	const struct range buffer = s->facts->buffer;
	const struct sweep_image at = {
		.buffer = buffer.start - image.start,
		.buffer_end = buffer.end - image.start,
		.taken = range_size(image),
		.end = s->facts->kernel.end - image.start,
	};

	if (memblock_free(s->run.mb, image) != OK)
		return report_error(&s->run.log, "more than %d reserved ranges", MEMBLOCK_MAX);
	return sweep_image(&s->run, &at);
}
