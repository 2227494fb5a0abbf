/* SPDX-License-Identifier: MIT */
/* How a sweep is worded: a few lines, and the record with every interval of stained bases. */
#include "kernel/report/report.h"

#include "lib/format.h"

#define INTERVAL_ROOM 512 /* kept for what follows the intervals in a record */
#define INTERVALS_IN_TEXT 16

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/*
 * Parts of a million, rounded down; only nothing is 0 and only all is 1000000. a * 1000000 may not fit: 2^31 slots do.
 */
static uint64_t millionths(uint64_t a, uint64_t b)
{
	uint64_t parts = a * 1000000 / b;

	return a && !parts ? 1 : parts;
}

/* How many intervals the record holds. */
static size_t record_intervals(struct log *l, const struct sweep *s)
{
	size_t i;

	log_members(l, "intervals[");
	for (i = 0; i < s->nr_intervals && log_room(l) > INTERVAL_ROOM; i++) {
		log_members(l, "[%llx %llx]", (ull)s->interval[i].r.start, (ull)(s->interval[i].r.end - KASLR_ALIGN));
	}
	log_members(l, "]");
	return i;
}

static size_t record(struct log *l, const struct sweep *s)
{
	uint64_t divisor = common_divisor(s->nr_slots, s->nr_stained);
	size_t listed;

	log_begin(l, "sweep", "alloc%s slots%llu stained_slots%llu numerator%llu denominator%llu probability%'llu",
		  s->policy->name, (ull)s->nr_slots, (ull)s->nr_stained, (ull)(s->nr_stained / divisor),
		  (ull)(s->nr_slots / divisor), (ull)(millionths(s->nr_stained, s->nr_slots)));
	listed = record_intervals(l, s);
	log_members(l, "worst_base%llX worst_on_movable%llu worst_pinned%llu safe_distance%lld", (ull)s->worst_base,
		    (ull)s->worst_on_movable, (ull)s->worst_pinned, (long long)s->safe_distance);
	log_end(l);
	return listed;
}

static void report_intervals(struct log *l, const struct sweep *s)
{
	size_t shown = s->nr_intervals < INTERVALS_IN_TEXT ? s->nr_intervals : INTERVALS_IN_TEXT;

	for_each (i, s->interval, shown)
		log_text(l, "  stained: base 0x%llx to 0x%llx", (ull)i->r.start, (ull)(i->r.end - KASLR_ALIGN));
	if (shown < s->nr_intervals)
		log_text(l, "  and %zu more intervals: see the record", s->nr_intervals - shown);
}

static void report_worst(struct log *l, const struct sweep *s)
{
	log_text(l, "  worst: base 0x%llx, %llu page-table pages on movable memory, %'llu pinned", (ull)s->worst_base,
		 (ull)s->worst_on_movable, (ull)s->worst_pinned);
	if (s->safe_distance == SWEEP_NO_DISTANCE)
		log_text(l, "  no distance is safe: a slot is stained with no movable memory above it");
	else
		log_text(l, "  safe: an image that ends %'llu or more below the next movable memory",
			 (ull)(s->safe_distance * KASLR_ALIGN));
}

void report_sweep(struct log *l, const struct handover *h, const struct sweep *s, uint64_t ns)
{
	const struct choice *c = &h->choice;
	uint64_t millionth = millionths(s->nr_stained, s->nr_slots);
	size_t listed;

	log_text(l, "---- sweep, %s: %llu of %llu slots stained, probability %llu.%06llu", s->policy->name,
		 (ull)s->nr_stained, (ull)s->nr_slots, (ull)(millionth / 1000000), (ull)(millionth % 1000000));
	log_text(l,
		 "  for an image of %'llu in slots that hold %'llu, this memory map, these reservations; %llu slots "
		 "tried in "
		 "%llu us",
		 (ull)(c->end - c->base), (ull)c->size, (ull)s->tries, (ull)(ns / 1000));
	if (!has_verdict(h))
		log_text(l, "  no verdict: %s, so these numbers do not speak of the machine", no_verdict(h).why);
	report_intervals(l, s);
	if (s->nr_stained)
		report_worst(l, s);
	listed = record(l, s);
	if (listed < s->nr_intervals || s->more_intervals)
		report_warning(l, "only %zu intervals of stained bases are in the record; the numbers count all",
			       listed);
	if (s->slots->truncated)
		report_warning(l, "more than %d runs of slots: the rest is left out, as in Linux", KASLR_MAX_AREAS);
}
