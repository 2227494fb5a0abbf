/* SPDX-License-Identifier: MIT */
/*
 * Machine descriptions (tests/machines/NAME.machine): one text says what a machine is, for QEMU and for runs on the
 * host alike.
 */
#ifndef TOOLS_MACHINE_H
#define TOOLS_MACHINE_H

#include "mm/e820.h"

#define MACHINE_TEXT_MAX 200
#define MACHINE_MAX_ENTRIES 4096
#define MACHINE_MAX_LOCALITIES 128
#define MACHINE_MAX_RESERVE 16
#define MACHINE_MAX_SMP 255
/* No table is longer than that: every SRAT entry may have up to 255 bytes. */
#define MACHINE_TABLE_MAX (64 + (MACHINE_MAX_ENTRIES + 1) * 255)

enum machine_board { MACHINE_HOST_ONLY, MACHINE_Q35, MACHINE_PC };

/* How a SRAT is broken on purpose, when all of it has been put together. */
enum machine_damage {
	DAMAGE_NONE,
	DAMAGE_CHECKSUM,       /* bytes sum to 1 */
	DAMAGE_LENGTH,         /* the header says 40 bytes: less than a SRAT's own header */
	DAMAGE_ZERO_ENTRY,     /* one more entry, of length 0 */
	DAMAGE_OVERLONG_ENTRY, /* one more entry, of which only 16 of 40 bytes are inside */
};

enum machine_entry_kind { MACHINE_CPU, MACHINE_MEM, MACHINE_INITIATOR, MACHINE_PORT, MACHINE_UNKNOWN };

/* One SRAT entry, in file order. */
struct machine_entry {
	enum machine_entry_kind kind;
	uint32_t pxm, apic_id;
	struct range r; /* MACHINE_MEM */
	bool disabled, x2apic, hotplug, nonvolatile;
	uint8_t type, length; /* MACHINE_UNKNOWN */
};

struct machine {
	char about[MACHINE_TEXT_MAX], source[MACHINE_TEXT_MAX];
	enum machine_board board;
	uint64_t memory; /* QEMU's -m, bytes */
	char cpu[MACHINE_TEXT_MAX];
	char options[MACHINE_TEXT_MAX];
	unsigned smp; /* 0: not given */
	unsigned levels, phys_bits;
	bool la57, gbpages, pse;
	bool has_seed;
	uint64_t seed;
	struct e820 map; /* as told, not sanitised */
	bool has_srat;
	uint8_t srat_revision;
	size_t nr_entries;
	struct machine_entry entry[MACHINE_MAX_ENTRIES];
	enum machine_damage damage;
	size_t nr_slit; /* localities * localities */
	uint8_t slit[MACHINE_MAX_LOCALITIES * MACHINE_MAX_LOCALITIES];
	size_t nr_reserve;
	struct range reserve[MACHINE_MAX_RESERVE];
};

struct machine_error {
	unsigned line; /* counted from 1; 0: the text as a whole */
	char reason[120];
};

/* Reads a description. On false *err says where and why, and *m is not to be used. Any bytes are allowed as input. */
MUST_CHECK bool machine_parse(struct machine *m, const char *text, size_t len, struct machine_error *err);

/*
 * The finished table in buf (ACPI 6.5, 5.2.16, 5.2.17, 5.2.12), with header and checksum; its length, or 0: the
 * description has no such table, or size is too small (MACHINE_TABLE_MAX never is). The MADT lists APIC ids 0..smp-1,
 * or without `smp` the enabled CPUs of the SRAT.
 */
uint32_t machine_srat(const struct machine *m, uint8_t *buf, uint32_t size);
uint32_t machine_slit(const struct machine *m, uint8_t *buf, uint32_t size);
uint32_t machine_madt(const struct machine *m, uint8_t *buf, uint32_t size);

#endif
