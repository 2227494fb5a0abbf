/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a command line: refused with a reason, or options that hold together; mem= and memmap= as byte by byte.
 */
#include "tests/fuzz/fuzz.h"

#include "kernel/state/bootinfo.h"
#include "kernel/state/options.h"
#include "mm/policy.h"

static struct options options;
static struct e820 map;

/* Three kinds of memory with holes between, small enough that mem= with few digits says something. */
static const struct region machine[] = {
	{ { 0x0, 0x9f000 }, .type = E820_RAM },
	{ { 0x9f000, 0xa0000 }, .type = E820_RESERVED },
	{ { 0x100000, 0x8000000 }, .type = E820_RAM },
	{ { 0x8000000, 0x8100000 }, .type = E820_ACPI },
	{ { 0x8100000, 0x8200000 }, .type = E820_NVS },
	{ { 0x100000000, 0x180000000 }, .type = E820_RAM },
	{ { 0x180000000, 0x1c0000000 }, .type = E820_PMEM },
};

static void check_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	FUZZ_CHECK(len > 0 && len < size);
}

static void check_options(const struct options *o)
{
	FUZZ_CHECK(o->nr_policies >= 1 && o->nr_policies <= OPT_MAX_POLICIES);
	for (unsigned i = 0; i < o->nr_policies; i++)
		FUZZ_CHECK(o->policy[i] < pt_policies_nr);
	FUZZ_CHECK(o->nr_hotplug <= OPT_MAX_HOTPLUG && o->nr_map_ops <= OPT_MAX_MAP_OPS);
	FUZZ_CHECK(o->nr_consoles <= OPT_MAX_CONSOLES);
	FUZZ_CHECK(o->levels == 0 || o->levels == 4 || o->levels == 5);
	FUZZ_CHECK(o->base == PHYS_NONE || (o->base % (2 * MIB) == 0 && o->base >= MIB));
	FUZZ_CHECK(o->fragment.permille <= 1000 && (o->report_text || o->report_json));
	if (o->image_given)
		FUZZ_CHECK(o->image_slot % (2 * MIB) == 0 && o->image_end % PAGE_SIZE == 0 &&
			   o->image_end <= o->image_slot && o->image_end > 0);
	FUZZ_CHECK(o->page_offset_kind != PAGE_OFFSET_ADDRESS || o->page_offset % GIB == 0);
}

/* What one byte is after all of mem= and memmap=; 0: not in the map. */
static unsigned type_at(phys_t at)
{
	unsigned type = 0;

	for (size_t i = 0; i < ARRAY_SIZE(machine); i++) {
		if (range_contains(machine[i].r, at))
			type = machine[i].type;
	}
	for (unsigned i = 0; i < options.nr_map_ops; i++) {
		const struct map_op *op = &options.map_op[i];

		if (op->kind == MAP_OP_EXACT)
			type = 0;
		else if (!range_contains(op->r, at))
			continue;
		else if (op->kind == MAP_OP_LIMIT)
			type = type == E820_RAM ? 0 : type;
		else if (op->kind == MAP_OP_ADD || op->kind == MAP_OP_SET)
			type = (unsigned)max_u64(type, op->to);
		else if (type && (!op->from || type == op->from))
			type = op->to;
	}
	return type;
}

static unsigned type_in_map(phys_t at)
{
	for (size_t i = 0; i < map.nr; i++) {
		if (map.e[i].r.start <= at && at < map.e[i].r.end)
			return map.e[i].type;
	}
	return 0;
}

static void compare_around(phys_t border)
{
	FUZZ_CHECK(type_in_map(border) == type_at(border));
	FUZZ_CHECK(border == 0 || type_in_map(border - 1) == type_at(border - 1));
}

static void check_map(void)
{
	map.nr = ARRAY_SIZE(machine);
	memcpy(map.e, machine, sizeof(machine));
	FUZZ_CHECK(options_apply_map(&options, &map) == OK);
	for (size_t i = 0; i < map.nr; i++)
		FUZZ_CHECK(map.e[i].r.start < map.e[i].r.end && (i == 0 || map.e[i - 1].r.end <= map.e[i].r.start));
	for (size_t i = 0; i < ARRAY_SIZE(machine); i++) {
		compare_around(machine[i].r.start);
		compare_around(machine[i].r.end);
	}
	for (unsigned i = 0; i < options.nr_map_ops; i++) {
		compare_around(options.map_op[i].r.start);
		if (options.map_op[i].r.end != UINT64_MAX)
			compare_around(options.map_op[i].r.end);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct option_error err = { "" };
	char *line;

	if (size >= CMDLINE_MAX)
		return 0;
	line = malloc(size + 1); /* of its own, so that a read past its end is seen */
	FUZZ_CHECK(line);
	if (size)
		memcpy(line, data, size);
	line[size] = '\0';
	options_init(&options);
	if (!options_parse(&options, line, &err))
		check_text(err.text, sizeof(err.text));
	else if (!options_check(&options, size & 1, &err))
		check_text(err.text, sizeof(err.text));
	free(line);
	check_options(&options);
	check_map();
	return 0;
}
