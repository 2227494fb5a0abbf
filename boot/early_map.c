/* SPDX-License-Identifier: MIT */
/* The tables Landfall runs on until a direct map is loaded, and the window through which it reaches physical memory. */
#include "boot/early_map.h"

#include "boot/dev/cpu.h"
#include "boot/image.h"

#define SLOT_SIZE (2 * MIB)
#define TABLE (PT_PRESENT | PT_WRITE | PT_ACCESSED)
#define DATA (PT_PRESENT | PT_WRITE | PT_ACCESSED | PT_DIRTY | PT_NX)

#define WRITE_THROUGH (1ull << 3)
#define CACHE_DISABLE (1ull << 4)
#define PAT_OF_LARGE (1ull << 12)
#define MAX_DEVICES 12

_Static_assert(sizeof(struct early_tables) == 6 * PAGE_SIZE, "entry.asm counts on the order of these pages");

/* Two sets: one in use while the other is built. The entry starts on the first. */
_Alignas(PAGE_SIZE) struct early_tables early_tables[2];
static unsigned in_use;
static struct image_place here;
static phys_t phys_end; /* first address beyond the CPU's physical address width */

static uint64_t *window; /* of the set in use: what its slots show */

/* Devices keep their slots when new tables are built. */
static struct device {
	phys_t frame;
	uint64_t flags;
	unsigned slot, nr;
} devices[MAX_DEVICES];
static unsigned nr_devices;

static phys_t phys_of(const struct image_place *place, const void *in_image)
{
	return place->phys + image_offset(in_image);
}

static unsigned pmd_index(uint64_t virt)
{
	return (unsigned)((virt - KERNEL_WINDOW_VIRT) / SLOT_SIZE);
}

/* Text and the boot page may be executed, data may be written, nothing both. The guard page is not mapped. */
static uint64_t page_flags(const char *page)
{
	if (page < rodata_start)
		return PT_PRESENT | PT_ACCESSED;
	if (page < data_start)
		return PT_PRESENT | PT_ACCESSED | PT_NX;
	return page == boot_stack_guard ? 0 : DATA;
}

static void map_devices(uint64_t *slots)
{
	for (unsigned i = 0; i < nr_devices; i++) {
		for (unsigned n = 0; n < devices[i].nr; n++)
			slots[devices[i].slot + n] = (devices[i].frame + n * SLOT_SIZE) | devices[i].flags;
	}
}

phys_t early_map_build(char *copy, const struct image_place *place)
{
	struct early_tables *here_set = &early_tables[in_use ^ 1];
	struct early_tables *t = (void *)(copy + image_offset(here_set));
	unsigned page_nr = 0;

	memset(t, 0, sizeof(*t));
	for (const char *page = image_first; page < image_end; page += PAGE_SIZE, page_nr++) {
		uint64_t flags = page_flags(page);

		if (flags)
			t->pte[page_nr] = (place->phys + page_nr * PAGE_SIZE) | flags;
	}
	map_devices(t->window);
	t->pmd[pmd_index(place->virt)] = phys_of(place, here_set->pte) | TABLE;
	t->pud[510] = phys_of(place, here_set->pmd) | TABLE;
	t->pud[511] = phys_of(place, here_set->window) | TABLE;
	t->p4d[511] = phys_of(place, here_set->pud) | TABLE;
	t->pgd[511] = phys_of(place, place->levels == 5 ? here_set->p4d : here_set->pud) | TABLE;
	return phys_of(place, here_set->pgd);
}

void early_map_switched(const struct image_place *place)
{
	in_use ^= 1;
	here = *place;
	window = early_tables[in_use].window;
}

void early_map_init(const struct image_place *place, unsigned phys_bits)
{
	phys_end = 1ull << phys_bits;
	cpu_load_map(early_map_build(image_first, place));
	early_map_switched(place);
}

void early_map_keep_old(char *copy, const struct image_place *old)
{
	struct early_tables *t = (void *)(copy + image_offset(&early_tables[in_use ^ 1]));

	if (!t->pmd[pmd_index(old->virt)])
		t->pmd[pmd_index(old->virt)] = phys_of(old, early_tables[in_use].pte) | TABLE;
}

void early_map_forget_old(const struct image_place *old)
{
	if (pmd_index(old->virt) != pmd_index(here.virt))
		early_tables[in_use].pmd[pmd_index(old->virt)] = 0;
	cpu_load_map(early_map_root());
}

phys_t early_map_root(void)
{
	return phys_of(&here, early_tables[in_use].pgd);
}

void early_map_share(uint64_t *pgd)
{
	pgd[511] = early_tables[in_use].pgd[511];
}

/* Each piece of memory has one slot that may show it, so that none is searched for. */
void *window_map(phys_t at)
{
	uint64_t *slot = &window[at / SLOT_SIZE % WINDOW_SLOTS];
	uint64_t piece = align_down(at, SLOT_SIZE) | DATA | PT_LARGE;
	void *virt = (void *)(WINDOW_VIRT + at % (WINDOW_SLOTS * SLOT_SIZE));

	if (at >= phys_end)
		return NULL;
	if (*slot != piece) {
		*slot = piece;
		invlpg(virt);
	}
	return virt;
}

/*
 * Uncached by PCD and PWT is so whatever the MTRRs say (SDM vol. 3A, 11.5.2.2). Write combining takes an entry of the
 * PAT that no table uses so far, so that it can be changed without more ado.
 */
static uint64_t device_flags(enum device_kind kind)
{
	if (kind == DEVICE_PIXELS && cpuid(1, 0).edx & 1u << 16) {
		wrmsr(MSR_PAT, (rdmsr(MSR_PAT) & ~(7ull << 32)) | 1ull << 32);
		return DATA | PT_LARGE | PAT_OF_LARGE;
	}
	return DATA | PT_LARGE | CACHE_DISABLE | WRITE_THROUGH;
}

void *device_map(phys_t at, uint64_t size, enum device_kind kind)
{
	phys_t frame = align_down(at, SLOT_SIZE);
	uint64_t flags = device_flags(kind);
	unsigned nr, slot = DEVICE_SLOT;

	if (at >= phys_end || size > phys_end - at)
		return NULL;
	nr = (unsigned)min_u64((at + size - 1 - frame) / SLOT_SIZE + 1, PT_ENTRIES);
	for (unsigned i = 0; i < nr_devices; i++) {
		if (devices[i].frame == frame && devices[i].nr >= nr && devices[i].flags == flags)
			return (void *)(WINDOW_VIRT + devices[i].slot * SLOT_SIZE + (at - frame));
		slot = devices[i].slot + devices[i].nr;
	}
	if (nr_devices == MAX_DEVICES || nr > PT_ENTRIES - slot)
		return NULL;
	devices[nr_devices++] = (struct device){ frame, flags, slot, nr };
	map_devices(window);
	return (void *)(WINDOW_VIRT + slot * SLOT_SIZE + (at - frame));
}

bool window_read(void *ctx, phys_t at, void *buf, size_t len)
{
	char *to = buf;

	(void)ctx;
	while (len) {
		size_t n = (size_t)min_u64(len, SLOT_SIZE - at % SLOT_SIZE);
		const void *from = window_map(at);

		if (!from)
			return false;
		memcpy(to, from, n);
		to += n;
		at += n;
		len -= n;
	}
	return true;
}

uint64_t *window_table(void *ctx, phys_t table)
{
	(void)ctx;
	return window_map(table);
}
