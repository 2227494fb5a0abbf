/* SPDX-License-Identifier: MIT */
/* Ties a run to its platform. */
#include "kernel/state/run.h"

/* Memory as it is when a policy starts. Too large for the stack. */
static struct memblock start_state;

static void sink_write(void *ctx, const char *s, size_t len)
{
	const struct platform *p = ctx;

	p->write(p->ctx, s, len);
}

static uint64_t sink_tsc(void *ctx)
{
	const struct platform *p = ctx;

	return p->tsc(p->ctx);
}

struct run run_open(struct handover *h, const struct platform *p)
{
	/* The sink's context is only ever read. */
	return (struct run){ { &h->log, { sink_write, sink_tsc, (void *)p } }, h, p, &start_state, NULL };
}
