/* SPDX-License-Identifier: MIT */
/* The verdict for every place that Linux's KASLR could have chosen: the real builder once per slot. */
#include <stdlib.h>
#include <string.h>

#include "kernel/report.h"
#include "tools/predict/predict.h"

#define INTERVAL_ROOM 512 /* kept for what follows the intervals in a record */

/* A stained base. */
struct stain {
	phys_t base;
	uint64_t on_movable, pinned;
};

struct sweep {
	struct session *s;
	const struct pt_policy *policy;
	struct kaslr_slots slots;
	bool efistub;
	struct range ram[FACTS_MAX_RANGES], immovable[SRAT_MAX_MEM], avoid[FACTS_MAX_RANGES];
	/* one slot */
	struct numa numa;
	struct direct_map dm;
	struct memblock start, mb;
	unsigned nr_told;
	uint64_t on_movable;
	bool stained[MAX_NUMNODES];
	/* all of them */
	struct stain *stain;
	size_t nr_stains;
	struct stain worst;
	uint64_t widest_gap; /* below the next movable range, of a stained slot; UINT64_MAX: no such range */
};

/* ---- the slots ---- */

/* Since 6.1.81, and 6.6, the EFI stub chooses for itself. */
static bool stub_chooses(const struct facts *f)
{
	if (!f->efi)
		return false;
	if (f->major == 6 && f->minor == 1)
		return f->patch == 0 || f->patch >= 81; /* Debian's release does not tell its patch level */
	return f->major > 6 || (f->major == 6 && f->minor >= 6);
}

static bool add(struct range *list, size_t *nr, struct range r)
{
	if (*nr == FACTS_MAX_RANGES)
		return false;
	list[(*nr)++] = r;
	return true;
}

/*
 * EfiConventionalMemory where the log tells it; else RAM, what was reserved before memblock's time taken out by
 * list_avoid.
 */
static size_t list_ram(struct sweep *w)
{
	const struct facts *f = w->s->facts;
	const struct e820 *map = f->firmware.nr ? &f->firmware : &f->map;
	size_t n = 0;

	if (w->efistub && f->conventional.nr) {
		memcpy(w->ram, f->conventional.r, f->conventional.nr * sizeof(w->ram[0]));
		return f->conventional.nr;
	}
	for (size_t i = 0; i < map->nr && n < FACTS_MAX_RANGES; i++)
		if (map->e[i].type == E820_RAM)
			w->ram[n++] = (struct range){ map->e[i].start, map->e[i].end };
	for (size_t i = 0; !map->nr && i < f->mb.memory.nr; i++)
		w->ram[n++] = (struct range){ f->mb.memory.r[i].start, f->mb.memory.r[i].end };
	return n;
}

static size_t list_immovable(struct sweep *w)
{
	const struct handover *h = w->s->h;
	size_t n = 0;

	for (size_t i = 0; !w->efistub && h->srat_walked && i < h->srat.nr_mem; i++)
		if (!h->srat.mem[i].hotplug && h->srat.mem[i].end > h->srat.mem[i].start)
			w->immovable[n++] = (struct range){ h->srat.mem[i].start, h->srat.mem[i].end };
	return n > NR_NODE_MEMBLKS ? 0 : n;
}

/* The first MiB, the initial RAM disk, what the caller names; for the EFI stub also what boot services hold. */
static bool list_avoid(struct sweep *w, const struct range_list *given, size_t *nr)
{
	const struct facts *f = w->s->facts;
	bool room = add(w->avoid, nr, (struct range){ 0, 1 * MIB });

	if (!range_empty(f->initrd))
		room &= add(w->avoid, nr, f->initrd);
	for (size_t i = 0; i < given->nr; i++)
		room &= add(w->avoid, nr, given->r[i]);
	for (size_t i = 0; w->efistub && !f->conventional.nr && i < w->start.reserved.nr; i++)
		room &= add(w->avoid, nr, (struct range){ w->start.reserved.r[i].start, w->start.reserved.r[i].end });
	return room;
}

static bool find_slots(struct sweep *w, const struct range_list *avoid, struct input_error *err)
{
	const struct choice *c = &w->s->h->choice;
	size_t nr = 0;
	struct kaslr_request q = {
		.ram = w->ram,
		.nr_ram = list_ram(w),
		.immovable = w->immovable,
		.nr_immovable = list_immovable(w),
		.avoid = w->avoid,
		.min = KASLR_PREFERRED,
		.limit = w->s->h->end_of_ram,
		.image_size = c->size,
	};

	if (!list_avoid(w, avoid, &nr))
		return input_fail(err, 0, "--sweep: too many ranges to avoid");
	q.nr_avoid = nr;
	if (w->efistub && w->s->facts->conventional.nr)
		kaslr_find_slots_efistub(&q, &w->slots);
	else
		kaslr_find_slots(&q, &w->slots);
	if (!w->slots.total)
		return input_fail(err, 0, "--sweep: no slot holds %s: KASLR leaves the kernel where it is",
				  human(c->size).s);
	return true;
}

/* ---- one slot ---- */

/* The trampoline's pages come right after the tables of the first MiB, one per level but the top. */
static bool is_trampoline(const struct sweep *w, unsigned nth)
{
	unsigned first = w->dm.levels - 1, pages = w->dm.levels == 5 ? 2 : 1;

	return w->dm.trampoline && nth >= first && nth < first + pages;
}

static void count_page(void *ctx, phys_t page, bool from_buffer)
{
	struct sweep *w = ctx;

	(void)from_buffer;
	if (is_trampoline(w, w->nr_told++) || !numa_is_movable(&w->numa, page))
		return;
	w->on_movable++;
	w->stained[numa_node_of(&w->numa, page)] = true;
}

static bool place_kernel(struct sweep *w, phys_t base, struct input_error *err)
{
	const struct facts *f = w->s->facts;
	const struct handover *h = w->s->h;
	uint64_t taken = f->brk.end - f->kernel.start;
	struct range buffer = { f->buffer.start - f->kernel.start + base, f->buffer.end - f->kernel.start + base };

	w->mb = w->start;
	w->mb.bottom_up = w->policy->bottom_up;
	w->mb.movable_node = h->opt.movable_node;
	if (memblock_reserve(&w->mb, (struct range){ base, base + taken }) != OK)
		return input_fail(err, 0, "too many reserved regions");
	numa_judge(&w->numa, &w->mb);
	if (w->policy->srat_first && numa_apply(&w->numa, &w->mb) != OK)
		return input_fail(err, 0, "too many memory regions");
	shadow_clear(w->s->shadow);
	w->dm = (struct direct_map){
		.policy = w->policy,
		.mem = w->s->platform.tables,
		.root = TOP_TABLE,
		.levels = h->choice.levels,
		.page_sizes = h->choice.page_sizes,
		.page_offset = h->choice.page_offset,
		.kernel_end = base + (f->kernel.end - f->kernel.start),
		.end = h->end_of_ram,
		.trampoline = w->s->trampoline,
	};
	pt_alloc_init(&w->dm.alloc, &w->mb, buffer);
	w->dm.alloc.tell = count_page;
	w->dm.alloc.tell_ctx = w;
	return true;
}

/* Bytes from the kernel's end to the next movable range above it. */
static uint64_t gap_above(const struct sweep *w)
{
	uint64_t gap = UINT64_MAX;

	for (size_t i = 0; i < w->numa.nr_hot; i++) {
		const struct numa_memblk *b = &w->numa.hot[i];

		if (w->numa.node[b->nid].movable && b->start >= w->dm.kernel_end)
			gap = min_u64(gap, b->start - w->dm.kernel_end);
	}
	return gap;
}

static uint64_t pinned_bytes(const struct sweep *w)
{
	uint64_t bytes = 0;

	for (unsigned nid = 0; nid < w->numa.nr_nodes; nid++)
		bytes += w->stained[nid] ? w->numa.node[nid].hot_present : 0;
	return bytes;
}

static void note_stain(struct sweep *w, phys_t base)
{
	struct stain now = { base, w->on_movable, pinned_bytes(w) };

	w->stain[w->nr_stains++] = now;
	if (now.on_movable > w->worst.on_movable)
		w->worst = now;
	w->widest_gap = max_u64(w->widest_gap, gap_above(w));
}

static bool try_slot(struct sweep *w, phys_t base, struct input_error *err)
{
	enum status st;

	w->nr_told = 0;
	w->on_movable = 0;
	memset(w->stained, 0, sizeof(w->stained));
	if (!place_kernel(w, base, err))
		return false;
	st = direct_map_build(&w->dm);
	if (st != OK)
		return input_fail(err, 0, "%s: base 0x%llx: %s", w->policy->name, (unsigned long long)base,
				  status_str(st));
	if (w->on_movable)
		note_stain(w, base);
	return true;
}

/* ---- the answer ---- */

static int by_base(const void *a, const void *b)
{
	const struct stain *x = a, *y = b;

	return x->base < y->base ? -1 : x->base > y->base;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* The last stain of the interval that begins at stain i: neighbouring slots. */
static size_t interval_end(const struct sweep *w, size_t i)
{
	while (i + 1 < w->nr_stains && w->stain[i + 1].base <= w->stain[i].base + KASLR_ALIGN)
		i++;
	return i;
}

static void say_sweep(struct sweep *w)
{
	const struct choice *c = &w->s->h->choice;
	struct log *l = &w->s->run.log;

	log_text(
		l,
		"%s: %zu of %llu slots stained, for an image of %s in slots of %s, this memory map, these reservations",
		w->policy->name, w->nr_stains, (unsigned long long)w->slots.total, human(c->end - c->base).s,
		human(c->size).s);
	for (size_t i = 0, last; i < w->nr_stains; i = last + 1) {
		last = interval_end(w, i);
		log_text(l, "  stained: base 0x%llx to 0x%llx", (unsigned long long)w->stain[i].base,
			 (unsigned long long)w->stain[last].base);
	}
	if (w->nr_stains)
		log_text(l, "  worst: base 0x%llx, %llu pages on movable memory, %s pinned",
			 (unsigned long long)w->worst.base, (unsigned long long)w->worst.on_movable,
			 human(w->worst.pinned).s);
	if (w->slots.truncated)
		report_warning(&w->s->run, "more than %d runs of slots: the rest is left out, as in Linux",
			       KASLR_MAX_AREAS);
	if (w->efistub && !w->s->facts->conventional.nr)
		report_warning(
			&w->s->run,
			"without efi=debug in the log the EFI stub's choice is taken from RAM that nobody reserved");
}

static void record_intervals(struct sweep *w)
{
	struct log *l = &w->s->run.log;

	log_array(l, "intervals");
	for (size_t i = 0, last; i < w->nr_stains && log_room(l) > INTERVAL_ROOM; i = last + 1) {
		last = interval_end(w, i);
		log_array(l, NULL);
		log_hex(l, NULL, w->stain[i].base);
		log_hex(l, NULL, w->stain[last].base);
		log_array_end(l);
	}
	log_array_end(l);
}

static void record_sweep(struct sweep *w)
{
	uint64_t total = w->slots.total, stained = w->nr_stains, divisor = common_divisor(total, stained);
	struct log *l = &w->s->run.log;

	log_record(l, "sweep");
	log_str(l, "alloc", w->policy->name);
	log_u64(l, "slots", total);
	log_u64(l, "stained_slots", stained);
	log_u64(l, "numerator", stained / divisor);
	log_u64(l, "denominator", total / divisor);
	log_millionths(l, "probability", stained * 1000000 / total);
	record_intervals(w);
	if (stained)
		log_hex(l, "worst_base", w->worst.base);
	else
		log_null(l, "worst_base");
	log_u64(l, "worst_on_movable", w->worst.on_movable);
	log_u64(l, "worst_pinned", w->worst.pinned);
	/* From that distance to the next movable memory on, no slot is stained. */
	if (stained && w->widest_gap == UINT64_MAX)
		log_null(l, "safe_distance");
	else
		log_u64(l, "safe_distance", stained ? w->widest_gap + KASLR_ALIGN : 0);
	log_end(l);
}

static bool try_slots(struct sweep *w, struct input_error *err)
{
	uint64_t pages = predict_estimate(w->s);

	if (w->slots.total > PREDICT_MAX_SWEEP / pages)
		return input_fail(
			err, 0,
			"--sweep: %llu slots of up to %llu page-table pages each are too many to try one by one",
			(unsigned long long)w->slots.total, (unsigned long long)pages);
	w->stain = calloc(w->slots.total, sizeof(w->stain[0]));
	if (!w->stain)
		return input_fail(err, 0, "out of memory");
	for (size_t i = 0; i < w->slots.nr; i++)
		for (uint64_t k = 0; k < w->slots.area[i].slots; k++)
			if (!try_slot(w, w->slots.area[i].start + k * KASLR_ALIGN, err))
				return false;
	qsort(w->stain, w->nr_stains, sizeof(w->stain[0]), by_base);
	return true;
}

/* What every slot starts from: memory and reservations without the kernel. */
static bool take_start(struct sweep *w, struct input_error *err)
{
	const struct facts *f = w->s->facts;

	w->start = *w->s->run.mb;
	w->numa = w->s->h->numa;
	w->efistub = stub_chooses(f);
	return memblock_free(&w->start, (struct range){ f->kernel.start, f->brk.end }) == OK ||
	       input_fail(err, 0, "too many reserved regions");
}

bool sweep_slots(struct session *s, const struct pt_policy *policy, const struct range_list *avoid,
		 struct input_error *err)
{
	struct sweep *w = calloc(1, sizeof(*w));
	bool done;

	if (!w)
		return input_fail(err, 0, "out of memory");
	w->s = s;
	w->policy = policy;
	done = take_start(w, err) && find_slots(w, avoid, err) && try_slots(w, err);
	if (done) {
		say_sweep(w);
		record_sweep(w);
	}
	free(w->stain);
	free(w);
	return done;
}
