/* SPDX-License-Identifier: MIT */
/* Runs mm/sweep on what this run has found: its slots, its memory, its image. */
#include "kernel/steps.h"

#include "kernel/report/picture.h"
#include "kernel/report/report.h"
#include "lib/format.h"

/* Too large for the stack. */
static struct sweep the_sweep;

/* The image as it lies where `base` is, and what is reserved for it. */
static struct sweep_image image_of(const struct handover *h, phys_t base)
{
	struct sweep_image image = {
		.buffer = h->bi.buffer.start - base,
		.buffer_end = h->bi.buffer.end - base,
		.taken = h->bi.buffer.end - base,
		.end = h->choice.length,
	};

	if (h->opt.image_given)
		image.taken = max_u64(image.taken, image.end);
	return image;
}

/* Why there is no answer for slots that hold `size`. */
static APART bool refuse(struct log *l, const struct sweep *s, enum status st, uint64_t size)
{
	unsigned long long base = s->failed_base;

	switch (st) {
	case ERR_NO_MEMORY:
		return report_error(l, "sweep: %s: base 0x%llx: no page left for a page table", s->policy->name, base);
	case ERR_RANGE:
		return report_error(l, "sweep: base 0x%llx: mem= or memmap= leaves no memory for the image there",
				    base);
	case ERR_CONFLICT:
		return report_error(l, "sweep: fragment=rand: more than %llu large leaves to look at for every slot",
				    (ull)SWEEP_MAX_LEAVES);
	case ERR_NOT_FOUND:
		return report_error(l, "sweep: no slot holds %'llu", (ull)size);
	default:
		return report_error(l, "sweep: %s: memory has more than %d regions", s->policy->name, MEMBLOCK_MAX);
	}
}

bool sweep_image(struct run *r, const struct sweep_image *image)
{
	const struct options *o = &r->h->opt;
	struct sweep *s = &the_sweep;

	s->map = audit_direct_map(r->h);
	s->image = *image;
	s->slots = &r->h->slots;
	r->mb->movable_node = o->movable_node;
	s->start = r->mb;
	s->work = audit_memblock();
	s->numa = &r->h->numa;
	s->trying_one = log_beacon;
	s->ctx = &r->log;
	for (unsigned i = 0; i < o->nr_policies; i++) {
		uint64_t start = log_now_ns(&r->log);
		enum status st;

		s->policy = pt_policies[o->policy[i]];
		st = sweep_run(s);
		if (st != OK)
			return refuse(&r->log, s, st, r->h->choice.size);
		report_sweep(&r->log, r->h, s, log_now_ns(&r->log) - start);
		if (r->picture) {
			r->picture->policy[i].slots = s->nr_slots;
			r->picture->policy[i].stained_slots = s->nr_stained;
		}
	}
	return true;
}

bool sweep_policies(struct run *r)
{
	struct sweep_image image = image_of(r->h, r->h->bi.image.start);

	if (r->h->choice.put_back)
		return report_error(&r->log, "sweep: mem= or memmap= takes away the memory under the image");
	return memory_start(&r->log, r->h, MEMORY_WITHOUT_IMAGE, r->mb) && sweep_image(r, &image);
}
