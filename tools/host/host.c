/* SPDX-License-Identifier: MIT */
/* The platform of a host, and a machine description put into its memory. */
#include "tools/host/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the platform ---- */

static bool host_entropy(void *ctx, enum entropy_source source, uint64_t *out)
{
	struct host *f = ctx;

	switch (source) {
	case ENTROPY_RDSEED:
		*out = 0x1122334455667788 * ++f->draws;
		return true;
	case ENTROPY_RDRAND:
		*out = 0x8877665544332211 * ++f->draws;
		return true;
	case ENTROPY_TSC:
		*out = f->tsc += 12345;
		return true;
	default:
		return false;
	}
}

static uint64_t host_tsc(void *ctx)
{
	return ((struct host *)ctx)->now;
}

static void host_write(void *ctx, const char *s, size_t len)
{
	struct host *f = ctx;

	if (f->len + len + 1 > f->room) {
		f->room = 2 * (f->len + len + 1);
		f->out = realloc(f->out, f->room);
		KASSERT(f->out);
	}
	for (size_t i = 0; i < len; i++) {
		if (s[i] != '\r')
			f->out[f->len++] = s[i];
	}
	f->out[f->len] = '\0';
}

static const char *host_console_open(void *ctx, const struct options *opt)
{
	struct host *f = ctx;
	unsigned levels = opt->levels ? opt->levels : f->p.cpu.la57 ? 5 : 4;

	f->h->bi.image_tables = levels + 1; /* as many as the early map takes */
	return NULL;
}

static enum status host_load_map(void *ctx, phys_t root, uint64_t page_offset)
{
	struct host *f = ctx;

	f->now += 1000;
	KASSERT(f->root == PHYS_NONE);
	f->root = root;
	f->page_offset = page_offset;
	f->loads++;
	return OK;
}

static void host_unload_map(void *ctx)
{
	((struct host *)ctx)->root = PHYS_NONE;
}

/* A walk of its own, as short as can be: what the CPU would do. */
static uint8_t host_peek(void *ctx, uint64_t virt)
{
	struct host *f = ctx;
	struct physmem mem = fake_ram_physmem(&f->ram);
	phys_t at = f->root;
	uint64_t entry = 0;
	uint8_t byte;

	for (int shift = f->h->choice.levels == 5 ? 48 : 39; shift >= 12; shift -= 9) {
		KASSERT(phys_read(&mem, at + (virt >> shift & 511) * 8, &entry, 8));
		KASSERT(entry & 1);
		at = entry & 0x000ffffffffff000;
		if (shift == 12 || entry & 0x80) {
			at += virt & ((1ull << shift) - 1);
			break;
		}
	}
	KASSERT(phys_read(&mem, at, &byte, 1));
	return byte;
}

static void clear_page(struct host *f, phys_t page)
{
	f->now += 1000;
	memset(fake_ram_page(&f->ram, page), 0, PAGE_SIZE);
}

static void host_clear_tables(void *ctx)
{
	struct host *f = ctx;

	for (phys_t page = f->h->bi.buffer.start; page < f->h->bi.buffer.end; page += PAGE_SIZE)
		clear_page(f, page);
	clear_page(f, f->h->bi.pgd);
}

/* ---- the machine ---- */

static void host_checksum(uint8_t *bytes, size_t len, size_t at)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + bytes[i]);
	bytes[at] = (uint8_t)(bytes[at] - sum);
}

static void place_table(struct host *f, size_t len, uint8_t *sdt, size_t *nr)
{
	if (!len)
		return;
	fake_ram_write(&f->ram, f->next_table, f->table, len);
	for (unsigned i = 0; i < 4; i++)
		sdt[36 + 4 * *nr + i] = (uint8_t)(f->next_table >> 8 * i);
	(*nr)++;
	f->next_table += align_up(len, 64);
}

/* An RSDT with the machine's tables, and an ACPI 1.0 RSDP where the scan looks. */
static void place_tables(struct host *f)
{
	uint8_t rsdp[20] = "RSD PTR ", rsdt[36 + 4 * 3] = "RSDT";
	size_t nr = 0;

	place_table(f, machine_madt(f->m, f->table, sizeof(f->table)), rsdt, &nr);
	place_table(f, machine_srat(f->m, f->table, sizeof(f->table)), rsdt, &nr);
	place_table(f, machine_slit(f->m, f->table, sizeof(f->table)), rsdt, &nr);
	rsdt[4] = (uint8_t)(36 + 4 * nr);
	rsdt[8] = 1;
	memcpy(rsdt + 10, "LNDFLLHOSTTEST", 14);
	host_checksum(rsdt, rsdt[4], 9);
	fake_ram_write(&f->ram, f->next_table, rsdt, rsdt[4]);
	memcpy(rsdp + 9, "LNDFLL", 6);
	for (unsigned i = 0; i < 4; i++)
		rsdp[16 + i] = (uint8_t)(f->next_table >> 8 * i);
	host_checksum(rsdp, sizeof(rsdp), 8);
	fake_ram_write(&f->ram, HOST_RSDP_AT, rsdp, sizeof(rsdp));
}

/* So that reading back means something: the borders of all memory differ from each other. */
static void mark_memory(struct host *f)
{
	for (size_t i = 0; i < f->m->map.nr; i++) {
		const struct region *e = &f->m->map.e[i];
		uint8_t first = (uint8_t)(0x11 * (i + 1)), last = (uint8_t)~first;

		if (e->type != E820_RAM)
			continue;
		fake_ram_write(&f->ram, align_up(e->r.start, PAGE_SIZE), &first, 1);
		fake_ram_write(&f->ram, align_down(e->r.end, PAGE_SIZE) - 1, &last, 1);
	}
}

static void fill_bootinfo(struct host *f, const struct host_image *image, const char *options)
{
	struct bootinfo *bi = &f->h->bi;

	bi->protocol = BOOT_MULTIBOOT1;
	snprintf(bi->loader, sizeof(bi->loader), "host");
	snprintf(bi->cmdline, sizeof(bi->cmdline), "%s%s%s", f->m->options, f->m->options[0] && options[0] ? " " : "",
		 options);
	bi->map = f->m->map;
	bi->image = (struct range){ HOST_IMAGE_AT, HOST_IMAGE_AT + image->size };
	bi->buffer = (struct range){ HOST_IMAGE_AT + image->buffer, HOST_IMAGE_AT + image->buffer_end };
	bi->pgd = HOST_IMAGE_AT + image->pgd;
	bi->rsdp = bi->smbios = PHYS_NONE;
	for (size_t i = 0; i < f->m->nr_reserve; i++)
		bi->keep[bi->nr_keep++] = (struct boot_keep){ f->m->reserve[i], KEEP_MODULE };
}

/* ---- from outside ---- */

phys_t host_tables_at(const struct machine *m)
{
	phys_t at = 16 * MIB;

	for (size_t i = 0; i < m->map.nr; i++) {
		if (m->map.e[i].type == E820_RAM && m->map.e[i].r.end < 4 * GIB)
			at = max_u64(at, m->map.e[i].r.end);
	}
	return align_up(at, PAGE_SIZE);
}

struct host *host_new(struct machine *m, const struct host_image *image, phys_t tables, const char *options)
{
	struct host *f = calloc(1, sizeof(*f));

	KASSERT(f);
	f->m = m;
	f->h = calloc(1, sizeof(*f->h));
	KASSERT(f->h);
	fake_ram_init(&f->ram);
	f->next_table = tables;
	f->root = PHYS_NONE;
	f->tsc = 1000;
	f->p = (struct platform){
		.phys = fake_ram_physmem(&f->ram),
		.tables = fake_ram_tables(&f->ram),
		.cpu = { .pse = m->pse,
			 .gbpages = m->gbpages,
			 .la57 = m->la57,
			 .phys_bits = m->phys_bits,
			 .levels = 4,
			 .vendor = "GenuineIntel" },
		.tsc_hz = 1000000000,
		.ctx = f,
		.tsc = host_tsc,
		.entropy = host_entropy,
		.write = host_write,
		.console_open = host_console_open,
		.load_map = host_load_map,
		.unload_map = host_unload_map,
		.peek = host_peek,
		.clear_tables = host_clear_tables,
	};
	fill_bootinfo(f, image, options);
	mark_memory(f);
	place_tables(f);
	return f;
}

void host_free(struct host *f)
{
	fake_ram_free(&f->ram);
	free(f->out);
	free(f->h);
	free(f);
}
