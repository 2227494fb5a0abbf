/* SPDX-License-Identifier: MIT */
/* The second half of the run, at the new place: what is taken, then one direct map per policy, then the verdict. */
#include "kernel/kernel.h"

#include "kernel/report/picture.h"
#include "kernel/report/report.h"
#include "kernel/steps.h"

#define NARROWER 4 /* pages that the buffer has less in kernels without LINUX_WIDE_BUFFER */

/* Too large for the stack. */
static struct picture the_picture;
static struct cost the_costs[OPT_MAX_POLICIES];

static bool try_policies(struct run *r)
{
	const struct options *o = &r->h->opt;

	for (unsigned i = 0; i < o->nr_policies; i++) {
		if (!audit_policy(r, pt_policies[o->policy[i]], i + 1 == o->nr_policies, &the_costs[i]))
			return false;
	}
	if (o->nr_policies > 1)
		report_costs(&r->log, the_costs, o->nr_policies);
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
	if (!memory_start(&r.log, h, MEMORY_WITH_IMAGE, r.mb)) /* memory, and what of it is taken */
		return report_bail_out(&r.log, h);
	numa_judge(&h->numa, r.mb); /* which nodes are movable */
	report_nodes(&r.log, &h->numa, (struct range){ h->choice.base, h->choice.end });
	report_geometry(&r.log, h); /* where the image lies, in the end */
	prepare_picture(&r, &canvas);
	if (!try_policies(&r)) /* maps, checked and counted */
		return report_bail_out(&r.log, h);
	if (h->opt.sweep && !sweep_policies(&r)) /* and what they would do in every slot */
		return report_bail_out(&r.log, h);
	result = report_end(&r.log, h); /* how to repeat it, and the checks */
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
