/* SPDX-License-Identifier: MIT */
/* Ties a run to its platform. */
#include "kernel/state/run.h"

/* Memory as it is when a policy starts. Too large for the stack. */
static struct memblock start_state;

struct run run_open(struct handover *h, const struct platform *p)
{
	return (struct run){ { &h->log, { p->write, p->tsc, p->ctx } }, h, p, &start_state, NULL };
}
