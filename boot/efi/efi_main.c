/* SPDX-License-Identifier: MIT */
/* The UEFI application: gathers what firmware knows, then leaves it for the image or asks the image for a dry run. */
#include "boot/dev/cpu.h"
#include "boot/efi/efi.h"
#include "boot/efi/efi_dry.h"
#include "boot/efi/efi_file.h"
#include "boot/efi/efi_image.h"
#include "boot/efi/efi_map.h"
#include "boot/efi/efi_options.h"
#include "boot/efi/efi_screen.h"
#include "boot/file/payload.h"
#include "boot/loaders.h"

#define EXIT_TRIES 8
#define LEAF_EXTENDED 0x80000001u
#define NX (1u << 20)

EFI_STATUS efi_start(EFI_HANDLE self, EFI_SYSTEM_TABLE *st, phys_t params);

static void name_loader(struct bootinfo *bi)
{
	const CHAR16 *vendor = efi.st->FirmwareVendor;
	size_t n = 0;

	for (; vendor && vendor[n] && n < sizeof(bi->loader) - 1; n++)
		bi->loader[n] = vendor[n] >= ' ' && vendor[n] <= '~' ? (char)vendor[n] : '?';
	bi->loader[n] = '\0';
}

static void draw_random(struct bootinfo *bi)
{
	EFI_GUID guid = EFI_RNG_PROTOCOL_GUID;
	EFI_RNG_PROTOCOL *rng;

	if (!EFI_ERROR(efi.bs->LocateProtocol(&guid, NULL, (void **)&rng)) &&
	    !EFI_ERROR(rng->GetRNG(rng, NULL, sizeof(bi->random), (UINT8 *)bi->random)))
		bi->nr_random = BOOT_RANDOM_WORDS;
}

static bool read_mapped(void *ctx, phys_t at, void *buf, size_t len)
{
	(void)ctx;
	memcpy(buf, (const void *)at, len);
	return true;
}

/* What a loader says that has loaded the file itself; else the load options and the files beside the application. */
static void read_words(const struct physmem *mem, phys_t params, struct bootinfo *bi)
{
	if (!params) {
		efi_options_read(bi);
		efi_tables_read(bi);
	} else if (linux_parse_words(mem, params, bi) != OK) {
		efi_note(bi, "the loader's boot_params cannot be used: no options, no files");
	}
}

static void gather(struct bootinfo *bi, phys_t params)
{
	struct physmem mem;

	/* Not an initialiser: clang keeps that as data, and nothing relocates a pointer in the file's data. */
	mem.read = read_mapped;
	mem.ctx = NULL;
	bootinfo_init(bi);
	bi->protocol = BOOT_UEFI;
	bi->no_bios = true;
	name_loader(bi);
	read_words(&mem, params, bi);
	efi_tables_find(&mem, (phys_t)efi.st->ConfigurationTable, efi.st->NumberOfTableEntries, bi);
	draw_random(bi);
	efi_screen_read(&bi->screen);
	bi->efi_reset = (phys_t)efi.st->RuntimeServices->ResetSystem;
}

/*
 * UEFI 2.10, 7.4.6: when the map has changed since it was read, it is read anew and the exit tried again; after the
 * first try no other service may be called, so nothing can be said any more.
 */
static EFI_STATUS exit_boot_services(struct efi_map *m)
{
	EFI_STATUS s = EFI_INVALID_PARAMETER;

	for (unsigned tries = 0; tries < EXIT_TRIES && s == EFI_INVALID_PARAMETER; tries++) {
		s = efi_map_read(m);
		if (!EFI_ERROR(s))
			s = efi.bs->ExitBootServices(efi.self, m->key);
	}
	return s;
}

static EFI_STATUS boot(char *image, struct bootinfo *bi)
{
	struct efi_map m;
	EFI_STATUS s = efi_map_init(&m);

	if (EFI_ERROR(s))
		return s;
	s = exit_boot_services(&m);
	if (EFI_ERROR(s))
		return s;
	bi->told = efi_memmap_convert(&m.map, bi);
	payload_enter(image, UEFI_MAGIC, 0);
}

EFI_STATUS efi_start(EFI_HANDLE self, EFI_SYSTEM_TABLE *st, phys_t params)
{
	EFI_GUID guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
	struct bootinfo *bi;
	char *image;
	EFI_STATUS s;

	efi = (struct efi){ self, st, st->BootServices, NULL };
	/* Firmware resets a machine whose boot option is silent for five minutes. */
	efi.bs->SetWatchdogTimer(0, 0, 0, NULL);
	s = efi.bs->HandleProtocol(self, &guid, (void **)&efi.loaded);
	if (EFI_ERROR(s))
		return efi_fail(s, "firmware does not say how it loaded the application");
	if (!(cpuid(LEAF_EXTENDED, 0).edx & NX))
		return efi_fail(EFI_UNSUPPORTED, "this CPU has no NX (execute disable): Landfall needs it");
	s = efi_image_load(&image);
	if (EFI_ERROR(s))
		return s;
	bi = payload_at(image, payload_words()->handover + offsetof(struct handover, bi));
	gather(bi, params);
	s = efi_options_have(bi, "dry") ? efi_dry_run(image, bi) : boot(image, bi);
	if (!params)
		efi_tables_forget(bi);
	efi_image_unload(image);
	return s;
}
