/* SPDX-License-Identifier: MIT */
/* Finds a policy by name; Linux 6.1's two loops over memory, which several policies share (arch/x86/mm/init.c). */
#include "mm/policy.h"

#include "lib/scan.h"
#include "mm/count.h"

#define FIRST_STEP (2 * MIB) /* PMD_SIZE */
#define STEP_FACTOR 256      /* STEP_SIZE_SHIFT: one PMD page's worth of tables reaches that much further */

#define POINT_TO(name) &policy_##name,
const struct pt_policy *const pt_policies[] = { PT_POLICIES(POINT_TO) };
const unsigned pt_policies_nr = ARRAY_SIZE(pt_policies);

unsigned pt_policy_find(const char *name)
{
	unsigned i = 0;

	while (i < pt_policies_nr && !scan_equal(pt_policies[i]->name, name))
		i++;
	return i;
}

/* Steps grow once the memory mapped holds tables for more than they will need (get_new_step_size). */
static uint64_t next_step(uint64_t step, uint64_t mapped)
{
	return mapped >= step ? step * STEP_FACTOR : step;
}

/* Steps through a hole map nothing and change nothing: on to the step in which the next memory begins. */
static phys_t skip_hole_up(const struct direct_map *dm, phys_t start, phys_t end, uint64_t step)
{
	const struct memblock_list *memory = &dm->alloc.mb->memory;
	size_t i = memblock_first(memory, start);

	if (i == memory->nr || memory->r[i].r.start >= end)
		return end;
	return max_u64(start, align_down(memory->r[i].r.start, step));
}

/* The same downwards from `last`: the lower edges of steps are multiples of them. */
static phys_t skip_hole_down(const struct direct_map *dm, phys_t start, phys_t last, uint64_t step)
{
	const struct memblock_list *memory = &dm->alloc.mb->memory;
	size_t i = memblock_first(memory, last);

	if (i < memory->nr && memory->r[i].r.start < last)
		return last;
	if (i == 0 || memory->r[i - 1].r.end <= start)
		return start;
	return min_u64(last, align_up(memory->r[i - 1].r.end, step));
}

enum status policy_map_pass(struct direct_map *dm, struct range pages, struct range r)
{
	enum status s = direct_map_bounds(dm, pages);

	return s == OK ? direct_map_ram(dm, r) : s;
}

/* memory_map_bottom_up: pages from r.start up to what has been mapped, in r or before. */
enum status policy_map_bottom_up(struct direct_map *dm, struct range r)
{
	uint64_t step = FIRST_STEP, before = dm->ram;
	phys_t start = r.start;
	enum status s = direct_map_bounds(dm, (struct range){ r.start, MAPPED_SO_FAR });

	dm->in_pass = false;
	while (s == OK && (start = skip_hole_up(dm, start, r.end, step)) < r.end) {
		/* start + 1: an aligned start moves on by a whole step */
		phys_t next = r.end - start > step ? align_up(start + 1, step) : r.end;

		s = direct_map_ram(dm, (struct range){ start, next });
		start = next;
		step = next_step(step, dm->ram - before);
	}
	return s;
}

/* End of the highest free 2M block; when there is none, what that Linux goes on with. */
static enum status highest_block_end(struct direct_map *dm, struct range r, phys_t *end)
{
	enum status s = pt_alloc_flush(&dm->alloc);
	phys_t block =
		memblock_find(dm->alloc.mb, &(struct memblock_wish){ r, FIRST_STEP, FIRST_STEP, NUMA_NO_NODE }, NULL);

	if (dm->count)
		dm->count->block = (struct range){ block, block == PHYS_NONE ? 0 : block + FIRST_STEP };
	if (block == PHYS_NONE)
		*end = linux_follows(dm->as_linux, LINUX_TOP_WITHOUT_BLOCK)
			       ? max_u64(r.start, align_down(r.end, FIRST_STEP))
			       : FIRST_STEP; /* address 0 taken for a block's */
	else
		*end = block + FIRST_STEP;
	return s;
}

/* memory_map_top_down: pages just below the top of what the steps before have mapped. */
enum status policy_map_top_down(struct direct_map *dm, struct range r)
{
	uint64_t step = FIRST_STEP, before = dm->ram;
	phys_t real_end, last;
	enum status s = highest_block_end(dm, r, &real_end);

	last = real_end;
	while (s == OK && (last = skip_hole_down(dm, r.start, last, step)) > r.start) {
		phys_t start = last > step ? max_u64(align_down(last - 1, step), r.start) : r.start;

		/* The lower bound is where the step before began: this one's memory is not mapped yet. */
		s = policy_map_pass(dm, (struct range){ last, MAPPED_SO_FAR }, (struct range){ start, last });
		last = start;
		step = next_step(step, dm->ram - before);
	}
	dm->in_pass = false;
	if (s == OK)
		s = direct_map_bounds(dm, (struct range){ last, MAPPED_SO_FAR });
	if (s == OK && real_end < r.end)
		s = direct_map_ram(dm, (struct range){ real_end, r.end });
	return s;
}
