/* SPDX-License-Identifier: MIT */
/* The firmware's side of a dry run: bounded reads, shadows of page-table pages, the report on its way out. */
#include "boot/efi/efi_dry.h"

#include "boot/efi/efi.h"
#include "boot/efi/efi_file.h"
#include "boot/efi/efi_image.h"
#include "boot/efi/efi_map.h"
#include "boot/efi/efi_options.h"
#include "boot/efi/efi_screen.h"
#include "boot/file/payload.h"
#include "lib/format.h"

#define CHUNK_PAGES 512 /* shadows are allocated in pieces of 2 MiB */
#define FIRST_SLOTS (1u << 12)
#define FIRST_LOG (256 * KIB)

/* Not for errors: firmware tries its next boot option after one. The closest that UEFI has to "cannot be removed". */
#define STATUS_STAINED EFI_WARN_DELETE_FAILURE

struct shadow {
	phys_t table; /* PHYS_NONE: free slot */
	uint64_t *page;
};

/* Pages for shadows; the first of them is for this. */
struct chunk {
	struct chunk *before;
};

/* boot/file/file.ld: the whole file as it lies in memory. */
extern const char file_start[], file_end[];

static struct {
	struct efi_map map; /* as it was before the run, for what may be read */
	/* Open addressing; a power of two of slots, at most half of them used. */
	struct shadow *slot;
	size_t nr_slots, nr_used;
	struct chunk *chunk; /* the newest */
	size_t page_in_chunk;
	uint64_t console_ports;
	bool keep_log;
	char *log;
	size_t log_size, log_room;
	bool log_lost;
} dry;

/* ---- reading physical memory ---- */

/* Not free memory and devices: some firmware leaves the one unmapped, and reading the other may do something. */
#define READABLE                                                                                                       \
	(1u << EFI_RESERVED | 1u << EFI_LOADER_CODE | 1u << EFI_LOADER_DATA | 1u << EFI_BOOT_CODE |                    \
	 1u << EFI_BOOT_DATA | 1u << EFI_RUNTIME_CODE | 1u << EFI_RUNTIME_DATA | 1u << EFI_ACPI_RECLAIM |              \
	 1u << EFI_ACPI_NVS)

/* The end of the readable range around `at`; 0 when it is in none. Page 0 may be unmapped, to catch null pointers. */
static phys_t readable_end(phys_t at)
{
	struct efi_descriptor d;

	for (size_t i = 0; at >= PAGE_SIZE && efi_memmap_next(&dry.map.map, &i, &d);) {
		if (d.type < 32 && READABLE >> d.type & 1 && at >= d.start && at - d.start < d.pages << PAGE_SHIFT)
			return d.start + (d.pages << PAGE_SHIFT);
	}
	return 0;
}

static bool read_memory(void *ctx, phys_t at, void *buf, size_t len)
{
	char *to = buf;

	(void)ctx;
	while (len) {
		phys_t end = readable_end(at);
		size_t n;

		if (!end)
			return false;
		n = (size_t)min_u64(len, end - at);
		memcpy(to, (const void *)at, n);
		to += n;
		at += n;
		len -= n;
	}
	return true;
}

/* ---- shadows ---- */

static size_t hash(phys_t table, size_t nr_slots)
{
	return (size_t)((table >> PAGE_SHIFT) * 0x9e3779b97f4a7c15ull >> 20) & (nr_slots - 1);
}

static struct shadow *find(struct shadow *slots, size_t nr, phys_t table)
{
	size_t i = hash(table, nr);

	while (slots[i].table != PHYS_NONE && slots[i].table != table)
		i = (i + 1) & (nr - 1);
	return &slots[i];
}

static bool grow(void)
{
	size_t nr = dry.nr_slots ? 2 * dry.nr_slots : FIRST_SLOTS;
	struct shadow *slots;

	if (EFI_ERROR(efi.bs->AllocatePool(EfiLoaderData, nr * sizeof(*slots), (void **)&slots)))
		return false;
	memset(slots, 0xff, nr * sizeof(*slots));
	for (size_t i = 0; i < dry.nr_slots; i++) {
		if (dry.slot[i].table != PHYS_NONE)
			*find(slots, nr, dry.slot[i].table) = dry.slot[i];
	}
	if (dry.slot)
		efi.bs->FreePool(dry.slot);
	dry.slot = slots;
	dry.nr_slots = nr;
	return true;
}

static uint64_t *new_page(void)
{
	EFI_PHYSICAL_ADDRESS at;
	uint64_t *page;

	if (!dry.chunk || dry.page_in_chunk == CHUNK_PAGES) {
		if (EFI_ERROR(efi.bs->AllocatePages(AllocateAnyPages, EfiLoaderData, CHUNK_PAGES, &at)))
			return NULL;
		((struct chunk *)at)->before = dry.chunk;
		dry.chunk = (struct chunk *)at;
		dry.page_in_chunk = 1;
	}
	page = (uint64_t *)((char *)dry.chunk + dry.page_in_chunk++ * PAGE_SIZE);
	memset(page, 0, PAGE_SIZE);
	return page;
}

static uint64_t *shadow_of(phys_t table)
{
	struct shadow *s;

	if (2 * (dry.nr_used + 1) > dry.nr_slots && !grow())
		return NULL;
	s = find(dry.slot, dry.nr_slots, table);
	if (s->table == PHYS_NONE) {
		uint64_t *page = new_page();

		if (!page)
			return NULL;
		*s = (struct shadow){ table, page };
		dry.nr_used++;
	}
	return s->page;
}

/*
 * Three quarters of what is free, so that firmware is left some; a little more a page for the table of shadows. There
 * are no shadows yet: it is asked before the first, after the last have been forgotten.
 */
static bool have_room(void *ctx, uint64_t pages)
{
	struct efi_descriptor d;
	struct efi_map now;
	uint64_t free = 0;

	(void)ctx;
	if (EFI_ERROR(efi_map_init(&now)))
		return false;
	for (size_t i = 0; efi_memmap_next(&now.map, &i, &d);)
		free += d.type == EFI_CONVENTIONAL ? d.pages : 0;
	efi.bs->FreePool(now.buffer);
	return pages < (free - free / 4) / 65 * 64;
}

static void forget_shadows(void *ctx)
{
	(void)ctx;
	while (dry.chunk) {
		struct chunk *before = dry.chunk->before;

		efi.bs->FreePages((EFI_PHYSICAL_ADDRESS)dry.chunk, CHUNK_PAGES);
		dry.chunk = before;
	}
	if (dry.slot)
		efi.bs->FreePool(dry.slot);
	dry.slot = NULL;
	dry.nr_slots = dry.nr_used = 0;
}

static void free_all(void)
{
	forget_shadows(NULL);
	if (dry.log)
		efi.bs->FreePool(dry.log);
	if (dry.map.buffer)
		efi.bs->FreePool(dry.map.buffer);
}

/* ---- the report ---- */

static void log_append(const char *s, size_t len)
{
	if (dry.log_size + len > dry.log_room) {
		size_t room = max_u64(2 * dry.log_room, FIRST_LOG);
		void *more;

		if (EFI_ERROR(efi.bs->AllocatePool(EfiLoaderData, room, &more))) {
			dry.log_lost = true;
			return;
		}
		memcpy(more, dry.log, dry.log_size);
		if (dry.log)
			efi.bs->FreePool(dry.log);
		dry.log = more;
		dry.log_room = room;
	}
	memcpy(dry.log + dry.log_size, s, len);
	dry.log_size += len;
}

/* Records are for machines: a console on a screen is spared them. */
static void write_report(const char *s, size_t len, bool quiet)
{
	if (!quiet && (s[0] != '{' || dry.console_ports))
		efi_write(s, len);
	if (dry.keep_log)
		log_append(s, len);
}

static EFI_STATUS save_log(void)
{
	char name[EFI_LOG_NAME], line[60];
	UINTN size = dry.log_size;
	EFI_FILE_HANDLE file;
	EFI_STATUS s, closed;

	if (dry.log_lost)
		return efi_fail(EFI_OUT_OF_RESOURCES, "no memory for landfall.log");
	s = efi_file_create(name, &file);
	if (s == EFI_UNSUPPORTED)
		return efi_fail(s, "save: the application does not come from a volume");
	if (EFI_ERROR(s))
		return efi_fail(s, "save: landfall.log cannot be made");
	s = file->Write(file, &size, dry.log);
	if (!EFI_ERROR(s) && size != dry.log_size)
		s = EFI_VOLUME_FULL;
	closed = file->Close(file);
	if (!EFI_ERROR(s))
		s = closed;
	if (EFI_ERROR(s))
		return efi_fail(s, "save: landfall.log cannot be written");
	efi_write(line, (size_t)format(line, sizeof(line), "landfall: saved as %s\n", name));
	return s;
}

static EFI_STATUS status_of(enum run_result result)
{
	return result == RUN_CLEAN     ? EFI_SUCCESS
	       : result == RUN_STAINED ? STATUS_STAINED
	       : result == RUN_ERROR   ? EFI_ABORTED
				       : EFI_DEVICE_ERROR;
}

/* Reads the map, and makes the image fit to be called. */
static EFI_STATUS prepare(const char *image, struct bootinfo *bi)
{
	EFI_STATUS s = efi_map_init(&dry.map);

	if (EFI_ERROR(s))
		return s;
	bi->told = efi_memmap_convert(&dry.map.map, bi);
	dry.keep_log = efi_options_have(bi, "save");
	s = efi_image_protect(image, true);
	return EFI_ERROR(s) ? efi_fail(s, "firmware does not let the image be executed") : s;
}

static EFI_STATUS run(dry_entry *enter)
{
	static const char done[] = "# done: back to the firmware\n";
	const struct dry_host host = {
		.read = read_memory,
		.table = shadow_of,
		.room = have_room,
		.forget = forget_shadows,
		.write = write_report,
		.canvas = efi_screen_canvas,
		.show = efi_screen_show,
		.application = { (phys_t)file_start, (phys_t)file_end },
		.console_ports = dry.console_ports,
	};
	EFI_STATUS s = status_of(enter(&host)), saved = dry.keep_log ? save_log() : EFI_SUCCESS;

	efi_screen_end();
	efi_write(done, sizeof(done) - 1);
	return EFI_ERROR(saved) ? saved : s;
}

EFI_STATUS efi_dry_run(char *image, struct bootinfo *bi)
{
	EFI_STATUS s = prepare(image, bi);

	dry.console_ports = efi_console_ports();
	if (!EFI_ERROR(s)) {
		s = run((dry_entry *)payload_at(image, payload_words()->dry_entry));
		efi_image_protect(image, false);
	}
	free_all();
	return s;
}
