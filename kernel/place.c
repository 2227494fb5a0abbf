/* SPDX-License-Identifier: MIT */
/* Where the image goes: Linux's choosers, or what the options ask for, with every refusal giving its reason. */
#include "kernel/steps.h"

#include "kernel/report/report.h"
#include "lib/format.h"
#include "mm/pagetable.h"

#define KERNEL_WINDOW 0xffffffff80000000ull     /* __START_KERNEL_map */
#define LAST_ENTRY_5LEVEL 0xffff000000000000ull /* of the top table: Landfall's own image needs it */
#define MAX_MEMMAP_REGIONS 4                    /* Linux's decompressor remembers that many memmap= ranges */

/*
 * Memory KASLR (arch/x86/mm/kaslr.c): direct map, vmalloc and vmemmap share what lies between the direct map's lowest
 * base and the CPU entry area; each gap is drawn from an equal share of what is left over.
 */
#define RANDOM_REGIONS 3
#define REGIONS_4LEVEL ((64 + 32 + 1) * TIB)
#define REGIONS_5LEVEL ((4096 + 12800 + 64) * TIB)

#define REASON_MAX 120 /* of a sentence that says why a base cannot be had */
#define MAX_AVOID (BOOT_MAX_KEEP + OPT_MAX_MAP_OPS + 1)

/* What kaslr_request points to. Too large for the stack, of no use after the choice. */
static struct {
	struct range ram[E820_MAX];
	struct range immovable[NR_NODE_MEMBLKS];
	struct range avoid[MAX_AVOID];
} lists;

/* ---- what the choosers are told ---- */

/*
 * Of the memory that UEFI calls free, what has the marks wanted; the EFI stub's chooser may keep off what can be taken
 * away.
 */
static size_t list_conventional(const struct bootinfo *bi, unsigned wanted, bool keep_off)
{
	size_t n = 0;

	for (size_t i = 0; i < bi->nr_conventional; i++) {
		unsigned marks = bi->conventional_marks[i];

		if ((marks & wanted) == wanted && !(keep_off && marks & MEMORY_HOT_PLUGGABLE))
			lists.ram[n++] = bi->conventional[i];
	}
	return n;
}

static size_t list_ram(const struct bootinfo *bi)
{
	size_t n = 0;

	/* Linux's process_efi_entries: once some memory is mirrored, only such. */
	if (bi->nr_conventional) {
		n = list_conventional(bi, MEMORY_MIRRORED, false);
		return n ? n : list_conventional(bi, 0, false);
	}
	for_each (e, bi->map.e, bi->map.nr) {
		if (e->type == E820_RAM)
			lists.ram[n++] = e->r;
	}
	return n;
}

static bool forced_hotplug(const struct handover *h, const struct srat_mem *e)
{
	int nid = numa_pxm_to_node(&h->numa, e->pxm);

	for_each (pxm, h->opt.hotplug, h->opt.nr_hotplug) {
		if (nid == *pxm)
			return true;
	}
	return false;
}

/*
 * Linux's count_immovable_mem_regions: entries without the hot-plug bit, enabled or not; none at all when there are too
 * many. No check of the checksum, of overlaps or of coverage there, so a rejected SRAT still restricts the base.
 */
static size_t list_immovable(const struct handover *h)
{
	size_t n = 0;

	for (size_t i = 0; h->srat_walked && i < h->srat.nr_mem; i++) {
		const struct srat_mem *e = &h->srat.mem[i];

		if (e->hotplug || range_empty(e->r) || forced_hotplug(h, e))
			continue;
		if (n == ARRAY_SIZE(lists.immovable))
			return 0;
		lists.immovable[n++] = e->r;
	}
	return n;
}

/* A memmap= range with an address that is not plain RAM: '#', '$' and '!'. */
static bool is_memmap_region(const struct map_op *op)
{
	return op->kind == MAP_OP_SET && op->r.start != 0;
}

static size_t list_avoid(const struct handover *h)
{
	size_t n = 0;

	lists.avoid[n++] = h->bi.image;
	for_each (k, h->bi.keep, h->bi.nr_keep)
		lists.avoid[n++] = k->r;
	for_each (op, h->opt.map_op, h->opt.nr_map_ops) {
		if (is_memmap_region(op))
			lists.avoid[n++] = op->r;
	}
	return n;
}

/* What page tables can map: a memory map may say anything. */
static APART phys_t highest_end(const struct handover *h)
{
	return h->choice.levels == 5 ? MAXMEM_5LEVEL : MAXMEM_4LEVEL;
}

static phys_t lowest_limit(const struct handover *h)
{
	phys_t limit = highest_end(h);

	for_each (op, h->opt.map_op, h->opt.nr_map_ops) {
		if (op->kind == MAP_OP_LIMIT)
			limit = min_u64(limit, op->r.start);
	}
	return limit;
}

static struct kaslr_request ask(const struct handover *h)
{
	return (struct kaslr_request){
		.ram = lists.ram,
		.nr_ram = list_ram(&h->bi),
		.immovable = lists.immovable,
		.nr_immovable = list_immovable(h),
		.avoid = lists.avoid,
		.nr_avoid = list_avoid(h),
		.min = KASLR_PREFERRED,
		.limit = lowest_limit(h),
		.image_size = h->choice.size,
	};
}

/* ---- a base that somebody asks for ---- */

static bool is_free_in_firmware(const struct bootinfo *bi, struct range r)
{
	for (size_t i = 0; i < bi->nr_conventional && !range_empty(r); i++) {
		if (!range_contains(bi->conventional[i], r.start))
			continue;
		r.start = bi->conventional[i].end;
		i = SIZE_MAX; /* from the first one again: they need not be sorted */
	}
	return range_empty(r);
}

/*
 * True when the image may lie at [r.start, r.end), which options_parse has found to be aligned; the image where it is
 * now does not count as taken if it stays.
 */
static bool is_free(const struct bootinfo *bi, const struct e820 *map, struct range r, char why[REASON_MAX])
{
	bool stays = r.start == bi->image.start;
	struct range moved = { r.start, r.start + range_size(bi->image) };
	struct range wanted = { stays ? bi->image.end : r.start, r.end };

#define REFUSE(...) return format(why, REASON_MAX, __VA_ARGS__), false
	if (!e820_covers(map, (struct range){ r.start, r.start + 1 }, E820_RAM))
		REFUSE("not RAM");
	if (!e820_covers(map, r, E820_RAM))
		REFUSE("a hole in RAM is nearer than the %'llu that the image needs", (ull)(r.end - r.start));
	for_each (k, bi->keep, bi->nr_keep) {
		if (range_overlaps(k->r, r))
			REFUSE("overlaps the %s at 0x%llx", keep_name(k->why), (ull)k->r.start);
	}
	if (!stays && range_overlaps(moved, bi->image))
		REFUSE("overlaps the image where it was loaded, 0x%llx", (ull)bi->image.start);
	if (bi->nr_conventional && !is_free_in_firmware(bi, wanted))
		REFUSE("firmware does not call it free");
#undef REFUSE
	return true;
}

/* The base that is asked for; PHYS_NONE: it cannot be, and an error has been reported. */
static phys_t forced_base(struct log *l, const struct handover *h)
{
	phys_t base = h->opt.base;
	uint64_t need = base == h->bi.image.start ? h->choice.length : h->choice.size;
	char why[REASON_MAX];

	if (range_size((struct range){ base, highest_end(h) }) < need)
		report_error(l, "base=0x%llx: page tables end at 0x%llx", (ull)base, (ull)highest_end(h));
	else if (!is_free(&h->bi, &h->map, (struct range){ base, base + need }, why))
		report_error(l, "base=0x%llx: %s", (ull)base, why);
	else
		return base;
	return PHYS_NONE;
}

/* 16 MiB, or the lowest free slot above it; PHYS_NONE: there is none, and an error has been reported. */
static phys_t preferred_base(struct log *l, const struct handover *h)
{
	struct range preferred = { KASLR_PREFERRED, KASLR_PREFERRED + h->choice.size };
	struct kaslr_request q = ask(h);
	struct kaslr_slots slots;
	char why[REASON_MAX];
	phys_t base = PHYS_NONE;

	if (is_free(&h->bi, &h->bi.map, preferred, why))
		return KASLR_PREFERRED;
	q.nr_immovable = 0;
	kaslr_find_slots(&q, &slots);
	for_each (area, slots.area, slots.nr)
		base = min_u64(base, area->start);
	if (base == PHYS_NONE)
		report_error(l, "%s: no free range at or above 16 MiB holds %'llu",
			     h->opt.image_given ? "image_size=" : "no place for the image", (ull)h->choice.size);
	else
		report_warning(l, "the preferred base 0x%llx is taken (%s): using 0x%llx", KASLR_PREFERRED, why,
			       (ull)base);
	return base;
}

/* ---- the draw ---- */

/* Whether a slot is drawn at all; Linux's reasons not to are said in Linux's words. */
static bool may_draw(struct log *l, const struct handover *h)
{
	unsigned regions = 0;

	for_each (op, h->opt.map_op, h->opt.nr_map_ops)
		regions += is_memmap_region(op);
	if (h->slots.total && (h->opt.efistub || regions <= MAX_MEMMAP_REGIONS))
		return true;
	report_linux(l, "Physical KASLR disabled: no suitable memory region!");
	if (h->slots.total)
		report_warning(l, "more than %d memmap= ranges: Linux then gives up on a random base",
			       MAX_MEMMAP_REGIONS);
	else
		report_warning(l, "no slot holds %'llu: the base is not random", (ull)h->choice.size);
	return false;
}

/* Physical slot, virtual slot and direct-map gap in this order, so that one seed always gives the same three. */
static void draw(const struct handover *h, bool physical, struct rng *rng, struct choice *c)
{
	bool five = c->levels == 5;
	uint64_t lowest = five ? PAGE_OFFSET_5LEVEL : PAGE_OFFSET_4LEVEL;
	bool lowest_slot = h->opt.efistub && h->opt.nr_map_ops; /* as the EFI stub when memory is reshaped */
	uint64_t spare = DIRECT_MAP_LIMIT - lowest - (five ? REGIONS_5LEVEL : REGIONS_4LEVEL);

	c->slot = UINT64_MAX;
	if (physical) {
		c->slot = lowest_slot ? 0 : rng_below(rng, h->slots.total);
		c->base = kaslr_slot_base(&h->slots, c->slot);
	}
	c->virt = KERNEL_WINDOW + KASLR_PREFERRED;
	if (!h->opt.nokaslr)
		c->virt += rng_below(rng, kaslr_virt_slots(c->size)) * KASLR_ALIGN;
	c->page_offset = lowest;
	if (h->opt.page_offset_kind == PAGE_OFFSET_ADDRESS)
		c->page_offset = h->opt.page_offset;
	if (h->opt.page_offset_kind == PAGE_OFFSET_RANDOM)
		c->page_offset += align_down(rng_below(rng, spare / RANDOM_REGIONS + 1), GIB);
}

/* Draws, and draws again from the printed seed: the same choice must come out, or the run could not be repeated. */
static void draw_checked(struct log *l, struct handover *h, bool physical)
{
	struct choice again = h->choice;
	struct rng rng;

	draw(h, physical, &h->rng, &h->choice);
	rng_seed(&rng, h->seed);
	draw(h, physical, &rng, &again);
	report_check(l, h,
		     &(struct check){ .name = "seed",
				      .outcome = again.base == h->choice.base && again.virt == h->choice.virt &&
						 again.page_offset == h->choice.page_offset,
				      .why = "the seed does not give the same choice again" });
}

/* ---- sizes, limits, and what follows from the base ---- */

static bool choose_size(struct log *l, const struct handover *h, struct choice *c)
{
	uint64_t real = align_up(range_size(h->bi.image), PAGE_SIZE);
	uint64_t slot = h->opt.image_given ? h->opt.image_slot : real;

	if (h->opt.image_given && (slot < real || h->opt.image_end < real))
		return report_error(l, "image_size=: Landfall itself needs 0x%llx bytes", (ull)real);
	c->size = align_up(slot, KASLR_ALIGN);
	c->length = align_up(h->opt.image_given ? h->opt.image_end : real, PAGE_SIZE);
	return true;
}

static bool check_page_offset(struct log *l, const struct choice *c, phys_t end_of_ram)
{
	uint64_t at = c->page_offset;
	uint64_t lowest = c->levels == 5 ? PAGE_OFFSET_5LEVEL : PAGE_OFFSET_4LEVEL;
	uint64_t limit = c->levels == 5 ? LAST_ENTRY_5LEVEL : DIRECT_MAP_LIMIT;

	if (at < lowest || at >= limit)
		return report_error(l, "page_offset=0x%llx: outside 0x%llx-0x%llx (%u levels)", (ull)at, (ull)lowest,
				    (ull)limit, c->levels);
	if (end_of_ram > limit - at)
		return report_error(l, "page_offset=0x%llx: no room for %'llu of addresses below 0x%llx", (ull)at,
				    (ull)end_of_ram, (ull)limit);
	return true;
}

/* mem= and memmap= may cut away the memory the image lies in; Linux puts it back (e820_add_kernel_range). */
static bool keep_image_in_map(struct log *l, struct range image, struct handover *h)
{
	if (e820_covers(&h->map, image, E820_RAM))
		return true;
	report_linux(l, ".text .data .bss are not marked as E820_TYPE_RAM!");
	if (e820_remove(&h->map, image, 0) != OK || e820_add(&h->map, image.start, range_size(image), E820_RAM) != OK ||
	    e820_sanitize(&h->map) != OK)
		return report_error(l, "the memory map has more than %d entries", E820_MAX);
	h->end_of_ram = e820_end_of_ram(&h->map, highest_end(h));
	h->choice.put_back = true;
	return true;
}

/*
 * The EFI stub trusts firmware's map of free memory; where there is none, RAM without what is taken stands in for it.
 */
void place_find_slots(struct log *l, struct handover *h)
{
	struct kaslr_request q = ask(h);
	bool keep_off = linux_follows(h->opt.as_linux, LINUX_STUB_KEEPS_OFF);

	if (h->srat_state == SRAT_REJECTED && !h->srat_walked && !h->opt.efistub)
		report_warning(l, "the SRAT is damaged: KASLR goes without a limit");
	if (h->srat_walked && h->srat.nr_mem && !q.nr_immovable && !h->opt.efistub)
		report_warning(l, "no SRAT range is immovable: KASLR goes without a limit, as in Linux");
	if (h->opt.efistub)
		q.nr_immovable = 0;
	if (h->opt.efistub && h->bi.nr_conventional) {
		q.nr_avoid = 0;
		q.limit = highest_end(h);
		q.nr_ram = list_conventional(&h->bi, MEMORY_MIRRORED, keep_off);
		kaslr_find_slots(&q, &h->slots);
		/* Linux's efi_random_alloc prefers mirrored memory only where it has a slot. */
		if (h->slots.total)
			return;
		q.nr_ram = list_conventional(&h->bi, 0, keep_off);
	}
	kaslr_find_slots(&q, &h->slots);
}

bool place_choose(struct log *l, struct handover *h)
{
	struct choice *c = &h->choice;
	bool physical;

	if (!choose_size(l, h, c))
		return false;
	place_find_slots(l, h);
	physical = h->opt.base == PHYS_NONE && !h->opt.nokaslr && may_draw(l, h);
	if (!physical)
		c->base = h->opt.base != PHYS_NONE ? forced_base(l, h) : preferred_base(l, h);
	if (!physical && c->base == PHYS_NONE)
		return false;
	draw_checked(l, h, physical);
	c->end = c->base + c->length;
	if (!keep_image_in_map(l, (struct range){ c->base, c->end }, h) || !check_page_offset(l, c, h->end_of_ram))
		return false;
	report_choice(l, h);
	return true;
}
