/* SPDX-License-Identifier: MIT */
/* Files beside the application, on the volume it was loaded from. */
#include "boot/efi/efi_file.h"

#include "boot/efi/efi.h"
#include "lib/format.h"

#define PATH_MAX 512
#define TABLES_MAX (64 * MIB)
#define END_OF_FILE UINT64_MAX /* UEFI 2.10, 13.5.8 */

/* Puts the application's own path together from the nodes of its device path. The length; 0: it is none or too long. */
static unsigned own_path(CHAR16 path[PATH_MAX])
{
	EFI_DEVICE_PATH *node = efi.loaded->FilePath;
	unsigned n = 0;

	for (; node && !IsDevicePathEndType(node); node = NextDevicePathNode(node)) {
		UINTN length = (UINTN)DevicePathNodeLength(node);
		const CHAR16 *name = ((FILEPATH_DEVICE_PATH *)node)->PathName;

		if (node->Type != MEDIA_DEVICE_PATH || node->SubType != MEDIA_FILEPATH_DP || length < sizeof(*node))
			return 0;
		if (n && path[n - 1] != '\\' && n < PATH_MAX)
			path[n++] = '\\';
		for (UINTN i = 0; i < (length - sizeof(*node)) / sizeof(CHAR16) && name[i] && n < PATH_MAX; i++)
			path[n++] = name[i] == '/' ? '\\' : name[i];
	}
	return n < PATH_MAX ? n : 0;
}

/* The path of `name` in the application's folder. */
static bool path_beside(const char *name, CHAR16 path[PATH_MAX])
{
	unsigned n = own_path(path);

	if (!n)
		return false;
	while (n && path[n - 1] != '\\')
		n--;
	do {
		if (n == PATH_MAX)
			return false;
		path[n++] = (CHAR16)*name;
	} while (*name++);
	return true;
}

/* The volume that the application comes from; EFI_UNSUPPORTED: from none. */
static EFI_STATUS open_volume(EFI_FILE_HANDLE *root)
{
	EFI_GUID guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
	EFI_FILE_IO_INTERFACE *volume;

	if (!efi.loaded->DeviceHandle ||
	    EFI_ERROR(efi.bs->HandleProtocol(efi.loaded->DeviceHandle, &guid, (void **)&volume)))
		return EFI_UNSUPPORTED;
	return volume->OpenVolume(volume, root);
}

EFI_STATUS efi_file_open(const char *name, UINT64 mode, EFI_FILE_HANDLE *file)
{
	CHAR16 path[PATH_MAX];
	EFI_FILE_HANDLE root;
	EFI_STATUS s;

	if (!path_beside(name, path))
		return EFI_UNSUPPORTED;
	s = open_volume(&root);
	if (EFI_ERROR(s))
		return s;
	s = root->Open(root, file, path, mode, 0);
	root->Close(root);
	return s;
}

EFI_STATUS efi_file_create(char name[EFI_LOG_NAME], EFI_FILE_HANDLE *file)
{
	format(name, EFI_LOG_NAME, "landfall.log");
	for (unsigned i = 1; i <= 100; i++) {
		EFI_STATUS s = efi_file_open(name, EFI_FILE_MODE_READ, file);

		if (s == EFI_NOT_FOUND)
			return efi_file_open(name, EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE | EFI_FILE_MODE_CREATE,
					     file);
		if (EFI_ERROR(s))
			return s;
		(*file)->Close(*file);
		format(name, EFI_LOG_NAME, "landfall-%02u.log", i);
	}
	return EFI_ACCESS_DENIED;
}

EFI_STATUS efi_file_read(EFI_FILE_HANDLE file, void *buf, UINTN *size)
{
	UINTN room = *size;

	*size = 0;
	while (*size < room) {
		UINTN n = room - *size;
		EFI_STATUS s = file->Read(file, &n, (char *)buf + *size);

		if (EFI_ERROR(s))
			return s;
		if (n == 0)
			break;
		*size += n;
	}
	return EFI_SUCCESS;
}

/* All of the file in memory of its own; *bytes is where. */
static EFI_STATUS read_whole(EFI_FILE_HANDLE file, struct range *bytes)
{
	EFI_PHYSICAL_ADDRESS at;
	UINT64 size;
	UINTN got;
	EFI_STATUS s = file->SetPosition(file, END_OF_FILE);

	if (!EFI_ERROR(s))
		s = file->GetPosition(file, &size);
	if (!EFI_ERROR(s) && (size == 0 || size > TABLES_MAX))
		s = EFI_BAD_BUFFER_SIZE;
	if (!EFI_ERROR(s))
		s = file->SetPosition(file, 0);
	if (!EFI_ERROR(s))
		s = efi.bs->AllocatePages(AllocateAnyPages, EfiLoaderData, EFI_SIZE_TO_PAGES(size), &at);
	if (EFI_ERROR(s))
		return s;
	got = size;
	s = efi_file_read(file, (void *)at, &got);
	*bytes = (struct range){ at, at + got };
	if (EFI_ERROR(s))
		efi.bs->FreePages(at, EFI_SIZE_TO_PAGES(size));
	return s;
}

void efi_tables_read(struct bootinfo *bi)
{
	EFI_FILE_HANDLE file;
	EFI_STATUS s = efi_file_open("landfall.acpi", EFI_FILE_MODE_READ, &file);

	if (s == EFI_UNSUPPORTED || s == EFI_NOT_FOUND)
		return;
	if (!EFI_ERROR(s)) {
		s = read_whole(file, &bi->file[0]);
		file->Close(file);
	}
	if (EFI_ERROR(s))
		efi_note(bi, "landfall.acpi cannot be read (EFI_STATUS 0x%llx): not used", (ull)s);
	else
		bi->nr_files = 1;
}

void efi_tables_forget(struct bootinfo *bi)
{
	if (bi->nr_files)
		efi.bs->FreePages(bi->file[0].start, EFI_SIZE_TO_PAGES(range_size(bi->file[0])));
	bi->nr_files = 0;
}
