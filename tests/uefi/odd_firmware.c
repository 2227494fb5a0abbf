/* SPDX-License-Identifier: MIT */
/*
 * Makes the firmware odd, then starts \landfall.efi from the first volume that has it. The load options say how:
 *   exit=N   the memory map changes under the first N calls of ExitBootServices; any other service called after the
 *            first of them ends QEMU with a status of its own
 *   stride   descriptors are 16 bytes larger
 *   nx       memory cannot be executed unless EFI_MEMORY_ATTRIBUTE_PROTOCOL says so: what is asked of it is printed
 *   la57     firmware runs on five paging levels
 *   pages    no pages are left; map: there is no memory map; hole: the RSDP lies in memory that is not mapped
 *   crash    firmware's console does something undefined
 *   off      the machine is switched off when the application returns
 *   gop=.    what is said of the screen: n it has no memory, b it is for Blt only, r and m another order of colours,
 *            the second by masks; a capital letter: said of the console's own only
 *   marks=.. one letter for each GiB from 4 GiB on: h hot-pluggable, m mirrored, s specific purpose, - nothing
 */
#include <efi.h>
#include <efilib.h>

#include <stdbool.h>

#define GIB (1ull << 30)
#define MAX_MAP 65536
#define SPARE 16
#define ALARM 0x7f

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *st);

static EFI_SYSTEM_TABLE *system;
static EFI_BOOT_SERVICES *bs;
static EFI_GET_MEMORY_MAP real_map;
static EFI_EXIT_BOOT_SERVICES real_exit;
static EFI_ALLOCATE_PAGES real_pages;
static EFI_ALLOCATE_POOL real_pool;
static EFI_SET_WATCHDOG_TIMER real_watchdog;
static EFI_TEXT_OUTPUT_STRING real_text;
static unsigned exits_to_fail, extra;
static bool exiting, no_pages, no_map, crash, off;
static char marks[16];
static UINT8 map[MAX_MAP], out[2 * MAX_MAP];

static void alarm_if_exiting(void)
{
	if (exiting)
		__asm__ volatile("outl %0, %1" : : "a"(ALARM), "Nd"((UINT16)0xf4));
}

static void say(const CHAR16 *s)
{
	real_text(system->ConOut, (CHAR16 *)s);
}

static void say_hex(UINT64 v)
{
	CHAR16 text[20] = { 0 };

	for (unsigned i = 0; i < 16; i++)
		text[i] = L"0123456789abcdef"[v >> (60 - 4 * i) & 15];
	say(text);
}

static UINT64 attribute_of(char mark)
{
	return mark == 'h' ? 1ull << 20 : mark == 'm' ? 1ull << 16 : mark == 's' ? 1ull << 18 : 0;
}

/* Appends a descriptor, cut at each GiB that has a mark of its own. */
static UINT8 *emit(UINT8 *to, EFI_MEMORY_DESCRIPTOR d, UINTN stride)
{
	while (d.NumberOfPages) {
		UINT64 gib = d.PhysicalStart / GIB, pages = ((gib + 1) * GIB - d.PhysicalStart) / 4096;
		EFI_MEMORY_DESCRIPTOR part = d;
		bool marked = d.Type == EfiConventionalMemory && gib >= 4 && gib - 4 < sizeof(marks) && marks[gib - 4];

		part.NumberOfPages = marked && pages < d.NumberOfPages ? pages : d.NumberOfPages;
		part.Attribute |= marked ? attribute_of(marks[gib - 4]) : 0;
		for (UINTN i = 0; i < stride; i++)
			to[i] = i < sizeof(part) ? ((UINT8 *)&part)[i] : 0xff;
		to += stride;
		d.PhysicalStart += part.NumberOfPages * 4096;
		d.NumberOfPages -= part.NumberOfPages;
	}
	return to;
}

static EFI_STATUS EFIAPI odd_map(UINTN *size, EFI_MEMORY_DESCRIPTOR *to, UINTN *key, UINTN *stride, UINT32 *version)
{
	UINTN all = sizeof(map), room = *size;
	UINT8 *end = out;
	EFI_STATUS s = real_map(&all, (EFI_MEMORY_DESCRIPTOR *)map, key, stride, version);

	if (no_map)
		return EFI_DEVICE_ERROR;
	if (EFI_ERROR(s))
		return s;
	for (UINTN at = 0; at < all; at += *stride)
		end = emit(end, *(EFI_MEMORY_DESCRIPTOR *)(map + at), *stride + extra);
	*stride += extra;
	*size = (UINTN)(end - out);
	if (*size > room)
		return EFI_BUFFER_TOO_SMALL;
	for (UINTN i = 0; i < *size; i++)
		((UINT8 *)to)[i] = out[i];
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI odd_exit(EFI_HANDLE image, UINTN key)
{
	EFI_PHYSICAL_ADDRESS at;

	if (exits_to_fail) {
		exits_to_fail--;
		exiting = true;
		real_pages(AllocateAnyPages, EfiBootServicesData, 1, &at);
	}
	return real_exit(image, key);
}

static EFI_STATUS EFIAPI watched_pages(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type, UINTN n, EFI_PHYSICAL_ADDRESS *at)
{
	alarm_if_exiting();
	return no_pages ? EFI_OUT_OF_RESOURCES : real_pages(how, type, n, at);
}

static EFI_STATUS EFIAPI watched_watchdog(UINTN seconds, UINT64 code, UINTN size, CHAR16 *data)
{
	alarm_if_exiting();
	say(L"odd firmware: watchdog ");
	say_hex(seconds);
	say(L"\r\n");
	return real_watchdog(seconds, code, size, data);
}

static EFI_STATUS EFIAPI watched_pool(EFI_MEMORY_TYPE type, UINTN n, void **at)
{
	alarm_if_exiting();
	return real_pool(type, n, at);
}

static EFI_STATUS EFIAPI watched_text(SIMPLE_TEXT_OUTPUT_INTERFACE *console, CHAR16 *s)
{
	alarm_if_exiting();
	if (crash)
		__asm__ volatile("ud2");
	return real_text(console, s);
}

/* ---- EFI_MEMORY_ATTRIBUTE_PROTOCOL: UEFI 2.10, 37.4 ---- */

struct attributes {
	EFI_STATUS(EFIAPI *get)(struct attributes *self, EFI_PHYSICAL_ADDRESS at, UINT64 len, UINT64 *bits);
	EFI_STATUS(EFIAPI *set)(struct attributes *self, EFI_PHYSICAL_ADDRESS at, UINT64 len, UINT64 bits);
	EFI_STATUS(EFIAPI *clear)(struct attributes *self, EFI_PHYSICAL_ADDRESS at, UINT64 len, UINT64 bits);
};

static EFI_STATUS told(const CHAR16 *what, EFI_PHYSICAL_ADDRESS at, UINT64 len, UINT64 bits)
{
	const UINT64 number[] = { at, len, bits };

	say(what);
	for (unsigned i = 0; i < 3; i++) {
		say(L" ");
		say_hex(number[i]);
	}
	say(L"\r\n");
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI set_attributes(struct attributes *self, EFI_PHYSICAL_ADDRESS at, UINT64 len, UINT64 bits)
{
	(void)self;
	return told(L"attributes: set", at, len, bits);
}

static EFI_STATUS EFIAPI clear_attributes(struct attributes *self, EFI_PHYSICAL_ADDRESS at, UINT64 len, UINT64 bits)
{
	(void)self;
	return told(L"attributes: clear", at, len, bits);
}

static void install_attributes(void)
{
	static EFI_GUID guid = { 0xf4560cf6, 0x40ec, 0x4b4a, { 0xa1, 0x92, 0xbf, 0x1d, 0x57, 0xd0, 0xb1, 0x89 } };
	static struct attributes protocol;
	EFI_HANDLE handle = NULL;

	protocol = (struct attributes){ NULL, set_attributes, clear_attributes };
	bs->InstallProtocolInterface(&handle, &guid, EFI_NATIVE_INTERFACE, &protocol);
}

/* ---- five levels ---- */

void la57_on(UINT64 pml5);

static void use_five_levels(void)
{
	EFI_PHYSICAL_ADDRESS pml5 = 0xffffffff;
	UINT64 cr3, cr4;

	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	bs->AllocatePages(AllocateMaxAddress, EfiBootServicesData, 1, &pml5);
	for (unsigned i = 0; i < 512; i++)
		((UINT64 *)pml5)[i] = i ? 0 : (cr3 & ~0xfffull) | 3;
	la57_on(pml5);
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	say(cr4 & 1ull << 12 ? L"odd firmware: five levels\r\n" : L"odd firmware: still four levels\r\n");
}

/* ---- what a hostile table and a hostile driver say ---- */

#define RSDP_SIZE (2u << 20)

/* Takes 2 MiB out of firmware's own tables, which map memory in such pieces, and says that the RSDP lies there. */
static void hide_rsdp(void)
{
	EFI_GUID acpi20 = ACPI_20_TABLE_GUID, acpi10 = ACPI_TABLE_GUID;
	EFI_PHYSICAL_ADDRESS at = 0x7fffffff;
	UINT64 *table, cr0, cr3;

	bs->AllocatePages(AllocateMaxAddress, EfiACPIReclaimMemory, 2 * RSDP_SIZE / 4096, &at);
	at = (at + RSDP_SIZE - 1) & ~(UINT64)(RSDP_SIZE - 1);
	bs->InstallConfigurationTable(&acpi10, NULL);
	bs->InstallConfigurationTable(&acpi20, (void *)at);
	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	table = (UINT64 *)(cr3 & ~0xfffull);
	for (unsigned shift = 39; shift > 21; shift -= 9)
		table = (UINT64 *)(table[at >> shift & 511] & 0xffffffffff000);
	__asm__ volatile("mov %0, %%cr0" : : "r"(cr0 & ~(1ull << 16)));
	table[at >> 21 & 511] = 0;
	__asm__ volatile("mov %0, %%cr0; mov %1, %%cr3" : : "r"(cr0), "r"(cr3) : "memory");
}

static void change_screen(EFI_HANDLE handle, CHAR16 how)
{
	EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
	EFI_GRAPHICS_OUTPUT_PROTOCOL *gop;

	if (EFI_ERROR(bs->HandleProtocol(handle, &guid, (void **)&gop)))
		return;
	if (how == 'n')
		gop->Mode->FrameBufferBase = 0;
	if (how == 'b')
		gop->Mode->Info->PixelFormat = PixelBltOnly;
	if (how == 'r')
		gop->Mode->Info->PixelFormat = PixelRedGreenBlueReserved8BitPerColor;
	if (how == 'm') {
		gop->Mode->Info->PixelFormat = PixelBitMask;
		gop->Mode->Info->PixelInformation = (EFI_PIXEL_BITMASK){ 0xff00, 0xff, 0xff0000, 0xff000000 };
	}
}

static void change_screens(CHAR16 how)
{
	EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
	EFI_HANDLE *handles;
	UINTN n = 0;

	change_screen(system->ConsoleOutHandle, how | 0x20);
	if (!(how & 0x20))
		return;
	bs->LocateHandleBuffer(ByProtocol, &guid, NULL, &n, &handles);
	for (UINTN i = 0; i < n; i++)
		change_screen(handles[i], how);
}

static void read_options(const EFI_LOADED_IMAGE *me)
{
	const CHAR16 *s = me->LoadOptions;

	for (; s && *s; s++) {
		if (s[0] == 'e' && s[1] == 'x')
			exits_to_fail = (unsigned)(s[5] - '0') * 10 + (unsigned)(s[6] - '0');
		if (s[0] == 's' && s[1] == 't')
			extra = SPARE;
		if (s[0] == 'l' && s[1] == 'a')
			use_five_levels();
		if (s[0] == 'n' && s[1] == 'x')
			install_attributes();
		no_pages |= s[0] == 'p' && s[1] == 'a';
		no_map |= s[0] == 'm' && s[1] == 'a' && s[2] == 'p';
		crash |= s[0] == 'c' && s[1] == 'r';
		off |= s[0] == 'o' && s[1] == 'f';
		if (s[0] == 'h' && s[1] == 'o')
			hide_rsdp();
		if (s[0] == 'g' && s[1] == 'o')
			change_screens(s[4]);
		for (unsigned i = 0; s[0] == 'm' && s[1] == 'a' && s[2] == 'r' && i < sizeof(marks) && s[6 + i] > ' ';
		     i++)
			marks[i] = (char)s[6 + i];
		while (s[1] && s[1] != ' ')
			s++;
		if (s[1])
			s++;
	}
}

/* The handle of landfall.efi, loaded; NULL when no volume has it. */
static EFI_HANDLE load(EFI_HANDLE self)
{
	EFI_GUID guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID, path_guid = EFI_DEVICE_PATH_PROTOCOL_GUID;
	struct {
		FILEPATH_DEVICE_PATH file;
		CHAR16 more[16];
		EFI_DEVICE_PATH end;
	} __attribute__((packed)) * tail;
	static const CHAR16 name[] = L"\\landfall.efi";
	EFI_HANDLE *handles, image = NULL;
	UINTN n = 0;

	bs->LocateHandleBuffer(ByProtocol, &guid, NULL, &n, &handles);
	for (UINTN i = 0; i < n && !image; i++) {
		static UINT8 path[1024];
		EFI_DEVICE_PATH *node;
		UINTN len = 0, size = sizeof(EFI_DEVICE_PATH) + sizeof(name);

		if (EFI_ERROR(bs->HandleProtocol(handles[i], &path_guid, (void **)&node)))
			continue;
		for (; !IsDevicePathEnd(node) && len < 512; node = NextDevicePathNode(node)) {
			for (int b = 0; b < DevicePathNodeLength(node); b++)
				path[len++] = ((UINT8 *)node)[b];
		}
		tail = (void *)(path + len);
		tail->file.Header = (EFI_DEVICE_PATH){ MEDIA_DEVICE_PATH, MEDIA_FILEPATH_DP, { (UINT8)size, 0 } };
		for (UINTN c = 0; c < sizeof(name) / sizeof(*name); c++)
			((CHAR16 *)(path + len + sizeof(EFI_DEVICE_PATH)))[c] = name[c];
		*(EFI_DEVICE_PATH *)(path + len + size) =
			(EFI_DEVICE_PATH){ END_DEVICE_PATH_TYPE, END_ENTIRE_DEVICE_PATH_SUBTYPE, { 4, 0 } };
		if (EFI_ERROR(bs->LoadImage(FALSE, self, (EFI_DEVICE_PATH *)path, NULL, 0, &image)))
			image = NULL;
	}
	return image;
}

/* Never comes back if interrupts no longer do. */
static void wait_for_timer(void)
{
	EFI_EVENT timer;
	UINTN n;

	bs->CreateEvent(EVT_TIMER, 0, NULL, NULL, &timer);
	bs->SetTimer(timer, TimerRelative, 200000);
	bs->WaitForEvent(1, &timer, &n);
	bs->CloseEvent(timer);
}

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *st)
{
	EFI_GUID guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
	EFI_LOADED_IMAGE *me;
	EFI_HANDLE image;
	EFI_STATUS s;

	system = st;
	bs = st->BootServices;
	real_map = bs->GetMemoryMap;
	real_exit = bs->ExitBootServices;
	real_pages = bs->AllocatePages;
	real_pool = bs->AllocatePool;
	real_watchdog = bs->SetWatchdogTimer;
	real_text = st->ConOut->OutputString;
	bs->HandleProtocol(self, &guid, (void **)&me);
	read_options(me);
	image = load(self);
	if (!image) {
		say(L"odd firmware: no landfall.efi\r\n");
		return EFI_NOT_FOUND;
	}
	bs->GetMemoryMap = odd_map;
	bs->ExitBootServices = odd_exit;
	bs->AllocatePages = watched_pages;
	bs->AllocatePool = watched_pool;
	bs->SetWatchdogTimer = watched_watchdog;
	st->ConOut->OutputString = watched_text;
	s = bs->StartImage(image, NULL, NULL);
	bs->GetMemoryMap = real_map;
	bs->ExitBootServices = real_exit;
	bs->AllocatePages = real_pages;
	bs->AllocatePool = real_pool;
	bs->SetWatchdogTimer = real_watchdog;
	st->ConOut->OutputString = real_text;
	/* After a try to exit firmware has no timer any more. */
	if (!exiting)
		wait_for_timer();
	exiting = false;
	say(L"odd firmware: landfall.efi returned ");
	say_hex(s);
	say(L"\r\n");
	if (off)
		st->RuntimeServices->ResetSystem(EfiResetShutdown, EFI_SUCCESS, 0, NULL);
	return s;
}
