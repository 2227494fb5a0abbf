/* SPDX-License-Identifier: MIT */
/*
 * The command line as docs/options.md has it: each option checked, nothing silently ignored. Pointer-free, as it moves.
 */
#ifndef KERNEL_STATE_OPTIONS_H
#define KERNEL_STATE_OPTIONS_H

#include "lib/base.h"
#include "lib/scan.h"
#include "mm/direct_map.h"
#include "mm/e820.h"

#define OPT_MAX_POLICIES 16
#define OPT_MAX_HOTPLUG 64
#define OPT_MAX_MAP_OPS 64
#define OPT_MAX_CONSOLES 8

/* One mem= or memmap= item, in command-line order. */
enum map_op_kind { MAP_OP_LIMIT, MAP_OP_ADD, MAP_OP_SET, MAP_OP_EXACT, MAP_OP_CHANGE };

struct map_op {
	enum map_op_kind kind;
	struct range r; /* LIMIT: r.start is the first byte cut away */
	enum e820_type from,
		to;    /* ADD (RAM), SET: `to` is laid over what is there; CHANGE: from 0: any, to 0: leaves the map */
	char text[40]; /* the option as written, for messages */
};

enum console_kind { CONSOLE_AUTO, CONSOLE_TTYS, CONSOLE_UART_IO, CONSOLE_UART_MMIO32, CONSOLE_FB, CONSOLE_NONE };

struct console_option {
	enum console_kind kind;
	unsigned port;    /* ttyS number */
	uint64_t address; /* uart,... */
	uint32_t baud;    /* 0: keep what the firmware set */
};

enum exit_kind { EXIT_AUTO, EXIT_QEMU, EXIT_POWEROFF, EXIT_REBOOT, EXIT_HALT };
enum page_offset_kind { PAGE_OFFSET_DEFAULT, PAGE_OFFSET_ADDRESS, PAGE_OFFSET_RANDOM };
enum page_size_option { PAGE_SIZE_AUTO, PAGE_SIZE_4K, PAGE_SIZE_2M, PAGE_SIZE_1G };

struct options {
	unsigned nr_policies;
	uint8_t policy[OPT_MAX_POLICIES]; /* indices into pt_policies */
	bool movable_node;
	unsigned nr_hotplug;
	uint16_t hotplug[OPT_MAX_HOTPLUG]; /* node numbers */
	bool require_srat;
	bool nokaslr, efistub;
	uint32_t as_linux; /* LINUX_RELEASE; 0: not given, the newest */
	bool kaslr_given;  /* kaslr= was given, whichever value */
	bool seed_given;
	uint64_t seed;
	phys_t base; /* PHYS_NONE: not given */
	bool image_given;
	uint64_t image_slot, image_end; /* bytes, multiples of 2M and of 4K, end <= slot; valid with image_given */
	enum page_offset_kind page_offset_kind;
	uint64_t page_offset;
	enum page_size_option page_size;
	unsigned levels; /* 0: auto */
	struct fragment fragment;
	unsigned nr_map_ops;
	struct map_op map_op[OPT_MAX_MAP_OPS];
	phys_t acpi_rsdp; /* PHYS_NONE: not given */
	bool sweep, dry, save, selftest;
	unsigned nr_consoles; /* 0: console[0] is CONSOLE_AUTO */
	struct console_option console[OPT_MAX_CONSOLES];
	bool report_text, report_json;   /* at least one */
	bool report_full, report_tables; /* full only with json; tables is printed with either */
	enum exit_kind exit;
};

/* What is wrong with a command line: the words for the log's "error: " line. */
struct option_error {
	char text[160];
};

/* Sets the defaults of docs/options.md. */
void options_init(struct options *o);

/*
 * Parses a whole line, the last of an option given twice wins. On false, *err names the option and the reason and *o
 * holds what was read before it (so that console= and exit= given earlier still count).
 */
MUST_CHECK bool options_parse(struct options *o, const char *line, struct option_error *err);

/*
 * Judges what can be seen only from the whole line: options that have no effect beside others, and dry and save where
 * the loader is not UEFI. Returns false when *err names one of the options.
 */
MUST_CHECK bool options_check(const struct options *o, bool uefi, struct option_error *err);

/*
 * Applies mem= and memmap= to a sanitised map in the order given, as Linux does (arch/x86/kernel/e820.c,
 * parse_memmap_one).
 */
MUST_CHECK enum status options_apply_map(const struct options *o, struct e820 *map);

#endif
