/* SPDX-License-Identifier: MIT */
/* The screen as the Graphics Output Protocol has it (UEFI 2.10, 12.9). */
#include "boot/efi.h"

static void take_masks(struct framebuffer *screen, const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode)
{
	const EFI_PIXEL_BITMASK *m = &mode->PixelInformation;
	uint32_t all = m->RedMask | m->GreenMask | m->BlueMask | m->ReservedMask;

	screen->red = m->RedMask;
	screen->green = m->GreenMask;
	screen->blue = m->BlueMask;
	for (screen->bpp = 8; screen->bpp < 32 && all >> screen->bpp; screen->bpp += 8)
		;
}

/* False for a screen that has no memory to draw into. */
static bool take_format(struct framebuffer *screen, const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode)
{
	bool bgr = mode->PixelFormat == PixelBlueGreenRedReserved8BitPerColor;

	screen->bpp = 32;
	screen->red = bgr ? 0xff0000 : 0xff;
	screen->green = 0xff00;
	screen->blue = bgr ? 0xff : 0xff0000;
	if (mode->PixelFormat == PixelBitMask)
		take_masks(screen, mode);
	return mode->PixelFormat < PixelBltOnly;
}

void efi_screen_read(struct framebuffer *screen)
{
	EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
	EFI_GRAPHICS_OUTPUT_PROTOCOL *gop;
	const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode;

	screen->kind = FRAMEBUFFER_NONE;
	/* The one that firmware's console is on, before any other. */
	if (EFI_ERROR(efi.bs->HandleProtocol(efi.st->ConsoleOutHandle, &guid, (void **)&gop)) &&
	    EFI_ERROR(efi.bs->LocateProtocol(&guid, NULL, (void **)&gop)))
		return;
	if (!gop->Mode || !gop->Mode->Info || !gop->Mode->FrameBufferBase)
		return;
	mode = gop->Mode->Info;
	if (!take_format(screen, mode))
		return;
	screen->kind = FRAMEBUFFER_PIXELS;
	screen->address = gop->Mode->FrameBufferBase;
	screen->width = mode->HorizontalResolution;
	screen->height = mode->VerticalResolution;
	screen->pitch = mode->PixelsPerScanLine * (screen->bpp / 8);
}
