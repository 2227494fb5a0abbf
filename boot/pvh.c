/* SPDX-License-Identifier: MIT */
/* Reads hvm_start_info. */
#include "boot/loaders.h"

#include "boot/image_layout.h"
#include "boot/told.h"

#define MAX_MAP 65536u
#define MAX_MODULES 512u
#define ENTRY_SIZE 24

struct start_info {
	uint32_t magic, version, flags, nr_modules;
	uint64_t modules, cmdline, rsdp;
	/* version 1 */
	uint64_t map;
	uint32_t nr_map, reserved;
};

struct module {
	uint64_t at, size, cmdline, reserved;
};

_Static_assert(sizeof(struct start_info) == 56, "start_info.h");

enum status pvh_parse(const struct physmem *mem, phys_t at, struct bootinfo *bi)
{
	static const char name[] = "PVH";
	struct start_info info;
	enum status s;

	bi->protocol = BOOT_PVH;
	memcpy(bi->loader, name, sizeof(name));
	if (!phys_read(mem, at, &info, sizeof(info)))
		return ERR_UNREADABLE;
	if (info.magic != PVH_MAGIC || info.nr_modules > MAX_MODULES)
		return ERR_MALFORMED;
	if (info.cmdline)
		told_cmdline(mem, (struct range){ info.cmdline, UINT64_MAX }, bi);
	if (info.rsdp)
		bi->rsdp = info.rsdp;
	if (info.version == 0)
		info.nr_map = 0;
	if (info.nr_map > MAX_MAP)
		return ERR_MALFORMED;
	s = told_memory(mem, (struct told_list){ info.map, ENTRY_SIZE, info.nr_map }, bi);
	for (uint32_t i = 0; i < info.nr_modules && s == OK; i++) {
		struct module m;

		if (!phys_read(mem, info.modules + i * sizeof(m), &m, sizeof(m)))
			return ERR_UNREADABLE;
		s = told_module(bi, m.at, m.size);
	}
	return s;
}
