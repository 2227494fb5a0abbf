/* SPDX-License-Identifier: MIT */
/* Copies the image to its chosen place, relocates it and goes on there; changes the number of paging levels before. */
#include "boot/move.h"

#include "boot/dev/cpu.h"
#include "boot/dev/descriptors.h"
#include "boot/image.h"
#include "boot/uefi.h"

#define POISON 0xcc
#define CACHE_LINE 64

_Noreturn void move_jump(uint64_t cr3, uint64_t stack, uint64_t entry);
void levels_switch(uint64_t cr3, bool la57, uint64_t low);

/*
 * RELR (generic ABI, "Relative relocations"): an even word is the address of a pointer, an odd one a bitmap of which of
 * the next 63 words are pointers too.
 */
void image_relocate(char *copy, uint64_t delta)
{
	const uint64_t *r = (void *)(copy + image_offset(relr_start)), *end = (void *)(copy + image_offset(relr_end));
	uint64_t *at = (uint64_t *)copy;

	for (; r < end; r++) {
		if (!(*r & 1)) {
			at = (uint64_t *)(copy + (*r - LINK_VIRT));
			*at++ += delta;
			continue;
		}
		for (unsigned i = 0; i < 63; i++) {
			if (*r >> (i + 1) & 1)
				at[i] += delta;
		}
		at += 63;
	}
}

/* All but the guard page under the stack, which is not mapped. */
static void copy_image(char *copy)
{
	uint64_t guard = image_offset(boot_stack_guard), rest = guard + PAGE_SIZE;

	memcpy(copy, image_first, guard);
	memcpy(copy + rest, image_first + rest, image_size() - rest);
}

/* What is not memory gives back something else; asked behind the cache. The stack is in use and not compared. */
static bool holds_image(const char *copy)
{
	uint64_t guard = image_offset(boot_stack_guard), rest = image_offset(boot_stack_top);
	const char *line = copy, *end = copy + image_size();

	do
		clflush(line);
	while ((line += CACHE_LINE) < end);
	return !memcmp(copy, image_first, guard) && !memcmp(copy + rest, image_first + rest, image_size() - rest);
}

void image_move(const struct image_place *from, const struct image_place *to, void (*entry)(void))
{
	/* Through the window in any case: the image's own mapping lets no relocation of constant data be written. */
	char *copy = window_map(to->phys);
	phys_t cr3;

	if (to->phys != from->phys) {
		copy_image(copy);
		if (!holds_image(copy))
			return;
	}
	image_relocate(copy, to->virt - from->virt);
	cr3 = early_map_build(copy, to);
	early_map_keep_old(copy, from);
	move_jump(cr3, to->virt + image_offset(boot_stack_top), to->virt + image_offset((void *)entry));
}

void image_poison(phys_t old)
{
	uint64_t data = image_offset(data_start);

	memset((char *)window_map(old) + data, POISON, align_up(image_size(), PAGE_SIZE) - data);
}

void image_switch_levels(struct image_place *place, unsigned levels)
{
	const struct image_words *w = (const struct image_words *)(image_first + IMAGE_WORDS);
	struct image_place next = { place->phys, place->virt, levels };
	phys_t old_root = early_map_root(), root = early_map_build(image_first, &next);
	phys_t scratch = place->phys + image_offset(pt_buffer);

	/* Both sets of tables need the detour. */
	memset(pt_buffer, 0, 3 * PAGE_SIZE);
	*(uint64_t *)window_map(old_root) = map_identity(pt_buffer, scratch, place->phys, place->levels);
	*(uint64_t *)window_map(root) = map_identity(pt_buffer, scratch, place->phys, levels);
	cpu_load_map(old_root);
	levels_switch(root, levels == 5, place->phys + w->levels_switch_low - LOAD_PHYS);
	early_map_switched(&next);
	((uint64_t *)window_map(root))[0] = 0;
	cpu_load_map(root);
	descriptors_load();
	*place = next;
}
