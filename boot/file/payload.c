/* SPDX-License-Identifier: MIT */
/* Unpacks the image out of the file that runs, and goes there. */
#include "boot/file/payload.h"

#include "boot/dev/cpu.h"
#include "boot/early_map.h"

#define MAPPED (PT_PRESENT | PT_WRITE)

/* What objcopy made of the ELF: from the words of the boot page to the end of its data. */
extern const char payload[], payload_end[];

_Noreturn void payload_jump(uint64_t cr3, uint64_t stack, uint64_t entry, uint64_t image, uint64_t magic,
			    uint64_t info);

const struct image_words *payload_words(void)
{
	return (const struct image_words *)payload;
}

size_t payload_size(void)
{
	return payload_words()->end - LOAD_PHYS;
}

bool payload_is_whole(void)
{
	return payload_words()->data_end - LOAD_PHYS == (size_t)(payload_end - payload) + IMAGE_WORDS;
}

void *payload_at(char *image, uint32_t link)
{
	return image + (link - LOAD_PHYS);
}

void payload_unpack(char *image)
{
	size_t data = (size_t)(payload_end - payload);

	memset(image, 0, IMAGE_WORDS);
	memcpy(image + IMAGE_WORDS, payload, data);
	memset(image + IMAGE_WORDS + data, 0, payload_size() - IMAGE_WORDS - data);
}

/* As boot/entry.asm: coarse tables in the first set, the image at its link address; its C builds the real ones. */
static uint64_t *map_image(char *image, bool la57)
{
	struct early_tables *t = payload_at(image, payload_words()->tables);

	t->pmd[(LINK_VIRT - KERNEL_WINDOW_VIRT) / IMAGE_SLOT] = (uint64_t)image | MAPPED | PT_LARGE;
	t->pud[510] = (uint64_t)t->pmd | MAPPED;
	t->p4d[511] = (uint64_t)t->pud | MAPPED;
	t->pgd[511] = (uint64_t)(la57 ? t->p4d : t->pud) | MAPPED;
	return t->pgd;
}

_Noreturn void payload_enter(char *image, uint32_t magic, uint64_t info)
{
	const struct image_words *w = payload_words();
	bool la57 = read_cr4() & CR4_LA57;
	uint64_t *root = map_image(image, la57), code = (uint64_t)payload_jump;
	void *pages = payload_at(image, w->pt_buffer);

	/* The jump goes on where it is after CR3 is loaded. */
	root[code >> (la57 ? 48 : 39) & 511] = map_identity(pages, (phys_t)pages, code, la57 ? 5 : 4);
	payload_jump((uint64_t)root, w->stack_top_virt, w->entry_virt, (uint64_t)image, magic, info);
}
