/* SPDX-License-Identifier: MIT */
/* The second half of the run, at the new place: what is taken, then one direct map per policy, then the verdict. */
#include "kernel/kernel.h"

#include "kernel/audit.h"
#include "kernel/memory.h"
#include "kernel/odds.h"
#include "kernel/plan.h"
#include "kernel/report/picture.h"
#include "kernel/report/report.h"
#include "kernel/report/report_cost.h"
#include "kernel/report/report_machine.h"
#include "kernel/report/report_place.h"
#include "mm/policy.h"

#define NARROWER 4 /* pages that the buffer has less in kernels without LINUX_WIDE_BUFFER */

/* Too large for the stack. */
static struct picture the_picture;
static struct cost the_costs[OPT_MAX_POLICIES];

static bool reserve(struct run *r, struct range what, const char *name)
{
	if (!memory_reserve(r, what))
		return false;
	report_reserved(r, what, name);
	return true;
}

/* What docs/log-format.md lists as reserved, and nothing else. */
static bool reserve_start_state(struct run *r)
{
	const struct bootinfo *bi = &r->h->bi;

	if (!memory_fill(r) || !reserve(r, (struct range){ 0, 1 * MIB }, "low memory") ||
	    !reserve(r, (struct range){ bi->image.start, bi->buffer.end }, "image"))
		return false;
	if (r->h->opt.image_given &&
	    !reserve(r, (struct range){ r->h->choice.base, r->h->choice.end }, "pretended image"))
		return false;
	for (size_t i = 0; i < bi->nr_keep; i++) {
		if (!reserve(r, bi->keep[i].r, keep_name(bi->keep[i].why)))
			return false;
	}
	return true;
}

static bool try_policies(struct run *r)
{
	const struct options *o = &r->h->opt;

	for (unsigned i = 0; i < o->nr_policies; i++) {
		if (!audit_policy(r, pt_policies[o->policy[i]], i + 1 == o->nr_policies, &the_costs[i]))
			return false;
	}
	if (o->nr_policies > 1)
		report_costs(r, the_costs, o->nr_policies);
	return true;
}

/* Where there is a screen, what the policies do is kept for a picture. */
static void prepare_picture(struct run *r, struct canvas *canvas)
{
	if (!r->p->canvas || !r->p->canvas(r->p->ctx, canvas))
		return;
	r->picture = &the_picture;
	picture_init(r->picture, r->mb, &r->h->numa);
}

enum run_result map_run(struct handover *h, const struct platform *p)
{
	struct run r = run_open(h, p);
	struct canvas canvas;
	enum run_result result;

	if (!linux_follows(h->opt.as_linux, LINUX_WIDE_BUFFER)) /* the image's buffer as that Linux has it */
		h->bi.buffer.start += NARROWER * PAGE_SIZE;
	if (!reserve_start_state(&r)) /* memory, and what of it is taken */
		return h->result;
	numa_judge(&h->numa, r.mb); /* which nodes are movable */
	report_nodes(&r);
	report_geometry(&r); /* where the image lies, in the end */
	prepare_picture(&r, &canvas);
	if (!try_policies(&r)) /* maps, checked and counted */
		return h->result;
	if (h->opt.sweep && !sweep_policies(&r)) /* and what they would do in every slot */
		return h->result;
	result = report_end(&r); /* how to repeat it, and the checks */
	if (r.picture && result != RUN_FAULT)
		picture_draw(r.picture, &canvas, h); /* the same for the eye */
	return result;
}

enum run_result kernel_run(struct handover *h, const struct platform *p)
{
	enum run_result result = plan_run(h, p);
	uint64_t delta = h->choice.base - h->bi.image.start;

	if (result != RUN_CLEAN)
		return result;
	h->bi.image = (struct range){ h->bi.image.start + delta, h->bi.image.end + delta };
	h->bi.buffer = (struct range){ h->bi.buffer.start + delta, h->bi.buffer.end + delta };
	h->bi.pgd += delta;
	return map_run(h, p);
}
