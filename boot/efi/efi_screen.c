/* SPDX-License-Identifier: MIT */
/* The screen as the Graphics Output Protocol has it (UEFI 2.10, 12.9), and a canvas in memory. */
#include "boot/efi/efi_screen.h"

#include "boot/efi/efi.h"

#define WAIT_100NS 300000000 /* half a minute */

static EFI_GUID gop_guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;

static struct {
	EFI_GRAPHICS_OUTPUT_PROTOCOL *gop;
	UINTN width, height;
	EFI_PHYSICAL_ADDRESS at, before; /* the canvas, and what the screen showed when it was put there */
	UINTN pages;                     /* of both; 0: there is no canvas */
	bool shown;
} canvas;

/* NULL: that handle has none. */
static EFI_GRAPHICS_OUTPUT_PROTOCOL *gop_of(EFI_HANDLE handle)
{
	EFI_GRAPHICS_OUTPUT_PROTOCOL *gop;

	if (EFI_ERROR(efi.bs->HandleProtocol(handle, &gop_guid, (void **)&gop)))
		return NULL;
	return gop->Mode && gop->Mode->Info ? gop : NULL;
}

static void read_format(struct framebuffer *screen, const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode)
{
	static const EFI_PIXEL_BITMASK known[] = {
		[PixelRedGreenBlueReserved8BitPerColor] = { 0xff, 0xff00, 0xff0000, 0xff000000 },
		[PixelBlueGreenRedReserved8BitPerColor] = { 0xff0000, 0xff00, 0xff, 0xff000000 },
	};
	const EFI_PIXEL_BITMASK *m =
		mode->PixelFormat == PixelBitMask ? &mode->PixelInformation : &known[mode->PixelFormat];
	uint32_t all = m->RedMask | m->GreenMask | m->BlueMask | m->ReservedMask;

	screen->red = m->RedMask;
	screen->green = m->GreenMask;
	screen->blue = m->BlueMask;
	for (screen->bpp = 8; screen->bpp < 32 && all >> screen->bpp; screen->bpp += 8)
		;
}

/* False for a screen that has no memory to draw into: firmware puts such a one before two or more real ones. */
static bool read_screen(EFI_HANDLE handle, struct framebuffer *screen)
{
	const EFI_GRAPHICS_OUTPUT_PROTOCOL *gop = gop_of(handle);
	const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode;

	if (!gop || !gop->Mode->FrameBufferBase || gop->Mode->Info->PixelFormat >= PixelBltOnly)
		return false;
	mode = gop->Mode->Info;
	read_format(screen, mode);
	screen->kind = FRAMEBUFFER_PIXELS;
	screen->address = gop->Mode->FrameBufferBase;
	screen->width = mode->HorizontalResolution;
	screen->height = mode->VerticalResolution;
	screen->pitch = mode->PixelsPerScanLine * (screen->bpp / 8);
	return true;
}

/* True for one that firmware's console is shown on. */
static bool is_console(EFI_HANDLE handle)
{
	EFI_GUID guid = { 0xd3b36f2c, 0xd551, 0x11d4, { 0x9a, 0x46, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d } };
	void *mark;

	return !EFI_ERROR(efi.bs->HandleProtocol(handle, &guid, &mark));
}

/* As Linux's EFI stub chooses (find_gop), after the console's own: one that the console is shown on, else the first. */
void efi_screen_read(struct framebuffer *screen)
{
	EFI_HANDLE *handles;
	UINTN nr = 0;
	bool found = read_screen(efi.st->ConsoleOutHandle, screen);

	if (found || EFI_ERROR(efi.bs->LocateHandleBuffer(ByProtocol, &gop_guid, NULL, &nr, &handles)))
		return;
	for (UINTN i = 0; i < nr && !found; i++)
		found = is_console(handles[i]) && read_screen(handles[i], screen);
	for (UINTN i = 0; i < nr && !found; i++)
		found = read_screen(handles[i], screen);
	efi.bs->FreePool(handles);
}

bool efi_screen_canvas(struct framebuffer *out)
{
	EFI_GRAPHICS_OUTPUT_PROTOCOL *gop = gop_of(efi.st->ConsoleOutHandle);
	UINTN half;

	if (!gop && EFI_ERROR(efi.bs->LocateProtocol(&gop_guid, NULL, (void **)&gop)))
		return false;
	canvas.gop = gop;
	canvas.width = gop->Mode->Info->HorizontalResolution;
	canvas.height = gop->Mode->Info->VerticalResolution;
	half = EFI_SIZE_TO_PAGES(canvas.width * canvas.height * sizeof(EFI_GRAPHICS_OUTPUT_BLT_PIXEL));
	if (EFI_ERROR(efi.bs->AllocatePages(AllocateAnyPages, EfiLoaderData, 2 * half, &canvas.at)))
		return false;
	canvas.before = canvas.at + half * PAGE_SIZE;
	canvas.pages = 2 * half;
	/* Pixels as Blt wants them: UEFI 2.10, 12.9.2.3. */
	*out = (struct framebuffer){ FRAMEBUFFER_PIXELS,
				     canvas.at,
				     (uint32_t)canvas.width * 4,
				     (uint32_t)canvas.width,
				     (uint32_t)canvas.height,
				     32,
				     0xff0000,
				     0xff00,
				     0xff };
	return true;
}

static bool blt(EFI_PHYSICAL_ADDRESS at, EFI_GRAPHICS_OUTPUT_BLT_OPERATION how)
{
	return !EFI_ERROR(canvas.gop->Blt(canvas.gop, (void *)at, how, 0, 0, 0, 0, canvas.width, canvas.height, 0));
}

void efi_screen_show(void)
{
	canvas.shown = blt(canvas.before, EfiBltVideoToBltBuffer) && blt(canvas.at, EfiBltBufferToVideo);
}

static void wait_for_key(SIMPLE_INPUT_INTERFACE *keys)
{
	EFI_EVENT events[2];
	EFI_INPUT_KEY key;
	UINTN n;

	if (EFI_ERROR(efi.bs->CreateEvent(EVT_TIMER, 0, NULL, NULL, &events[0])))
		return;
	events[1] = keys->WaitForKey;
	keys->Reset(keys, FALSE); /* what was typed before meant something else */
	if (!EFI_ERROR(efi.bs->SetTimer(events[0], TimerRelative, WAIT_100NS)) &&
	    !EFI_ERROR(efi.bs->WaitForEvent(ARRAY_SIZE(events), events, &n)) && n == 1)
		keys->ReadKeyStroke(keys, &key);
	efi.bs->CloseEvent(events[0]);
}

void efi_screen_end(void)
{
	if (canvas.shown && efi.st->ConIn)
		wait_for_key(efi.st->ConIn);
	/* Firmware's console does not know of the picture, and what it shows may not cover it. */
	if (canvas.shown)
		blt(canvas.before, EfiBltBufferToVideo);
	if (canvas.pages)
		efi.bs->FreePages(canvas.at, canvas.pages);
	canvas.pages = 0;
}
