/* SPDX-License-Identifier: MIT */
/* What a prediction starts from, whether it was read from a boot log, from files, or from the running host. */
#ifndef TOOLS_PREDICT_FACTS_H
#define TOOLS_PREDICT_FACTS_H

#include "acpi/srat.h"
#include "kernel/state/bootinfo.h"
#include "mm/e820.h"
#include "mm/linux_rules.h"
#include "mm/memblock.h"
#include "mm/numa.h"

#define FACTS_MAX_RANGES 4096
#define FACTS_MAX_BESIDE 8
#define FACTS_BRK_SIZE 0x20000 /* Linux's brk area: 64K of slop, 64K for DMI, and the page-table buffer */
#define FACTS_DMI_SIZE 0x1000  /* what DMI takes of it before the buffer, where nothing tells */

enum known { UNKNOWN, NO, YES };

/* One line that names file, line and reason. line 0: the file as a whole. */
struct input_error {
	const char *file;
	unsigned long line;
	char text[240];
};

struct range_list {
	size_t nr;
	struct range r[FACTS_MAX_RANGES];
};

struct facts {
	char release[80];
	uint32_t version; /* LINUX_RELEASE of release, or of the package where that does not tell all of it */
	char cmdline[CMDLINE_MAX];
	bool cmdline_told;    /* logs: there is a line that tells it, be it empty */
	bool dropped;         /* logs: Linux says itself that messages before the page tables are not in it */
	char machine[128];    /* as SMBIOS names it; empty: not told */
	unsigned boots;       /* logs: how many boots are in it; the last one counts */
	struct e820 firmware; /* as firmware told it, for the choice of a base */
	struct e820 map;      /* the last one printed, later changes applied */
	struct e820 taken;  /* the same as it was when memory was made of it: at the last "last_pfn", if there is one */
	bool user_map;      /* `map` already has mem= and memmap= in it */
	struct memblock mb; /* memory and reserved just before the direct map is built */
	bool exact;         /* mb was told by memblock=debug; else facts_complete makes it of the rest */
	struct range kernel; /* [_text, _end); end 0: not known yet */
	struct range brk;    /* what was reserved of the brk area; empty: not known */
	phys_t bss_end;      /* end of "Kernel bss"; 0: unknown */
	struct range buffer; /* page-table buffer; empty: the end of brk */
	phys_t pgd;          /* PHYS_NONE: unknown */
	struct range initrd;
	struct range_list tables;                      /* ACPI tables that Linux reserves before it reads SRAT */
	struct range_list boot_services, conventional; /* of a UEFI memory map */
	phys_t end;                                    /* of RAM: what is to be mapped */
	unsigned long last_pfn_line;                   /* of the first one */
	uint64_t last_pfn[3];                          /* what the log calls so, in order */
	unsigned nr_last_pfn;
	unsigned levels; /* 0: unknown */
	enum known pse, gbpages;
	enum known kaslr; /* of the direct map's base: costs the trampoline's pages */
	enum known movable_node;
	bool efi;
	bool own;          /* the log is Landfall's: nothing is reserved but what it tells */
	phys_t own_loaded; /* where its loader had put the image, which KASLR keeps off */
	uint64_t own_page_offset;
	/* SRAT: the table's bytes, or what the lines of a log told, of which facts_complete makes a table */
	uint8_t *srat_bytes;
	size_t srat_len;
	bool no_srat; /* the command line forbids it */
	struct {
		uint8_t *bytes;
		size_t len;
	} beside[FACTS_MAX_BESIDE]; /* what the SRAT is held against, for findings and distances */
	unsigned nr_beside;
	struct srat srat_told;
	int64_t node_pxm[MAX_NUMNODES]; /* the node numbers that kernel gave; -1: not told */
	int max_node;                   /* highest one told; -1: none */
	bool nodes_told;                /* the log goes on beyond what it says of nodes, or does say something */
	unsigned long lines;            /* of the log */
	/* --compare only: what the log says memblock handed out */
	phys_t *seen;
	size_t nr_seen, room_seen;
	bool sees_built;      /* the log goes on beyond the building of the page tables */
	char incomplete[480]; /* what the inputs lack; empty: nothing */
};

/* Makes them the facts of an empty machine. What they pointed to is the caller's to free. */
void facts_init(struct facts *f);

/* The facts of an empty machine; NULL: no memory. */
struct facts *facts_new(void);
void facts_free(struct facts *f);

/*
 * The rest of what follows from the facts: memory and reservations where they were not told, the buffer, the end of
 * RAM.
 */
MUST_CHECK bool facts_complete(struct facts *f, struct input_error *err);

/* Puts an SRAT together that says what the log's lines told, node numbers included. False: no memory. srat_lines.c. */
MUST_CHECK bool facts_make_srat(struct facts *f);

/*
 * Moves the kernel of completed facts with all that is reserved of it: base is a multiple of 2 MiB from 1 MiB on, in
 * RAM. What else was reserved there stays reserved, as in a sweep. False: *err.
 */
MUST_CHECK bool facts_move_kernel(struct facts *f, phys_t base, struct input_error *err);

/* Reads an SRAT from a file; what the table says is judged later, as the kernel does. */
MUST_CHECK bool facts_read_srat(struct facts *f, const char *path, struct input_error *err);

/* The same for a SLIT; there is one already when the host gave it. */
MUST_CHECK bool facts_read_slit(struct facts *f, const char *path, struct input_error *err);

/* Reads _text, __brk_base, _end and the top table from a System.map. Call after the log has been read. */
MUST_CHECK bool facts_read_system_map(struct facts *f, const char *path, struct input_error *err);

/*
 * True when the command line holds that word alone or followed by '='; *value (may be NULL) is what follows, in
 * place.
 */
bool facts_option(const struct facts *f, const char *name, const char **value);

/* The words mem= and memmap= of the command line; `line` has room for CMDLINE_MAX. */
void facts_map_words(const struct facts *f, char *line);

/* Which chooser drew the base. */
bool facts_stub_chooses(const struct facts *f);

/* What is reserved of the kernel, from its first byte on: it moves with the kernel. Of completed facts. */
struct range image_taken(const struct facts *f);

/* What the command line says of the rest (movable_node, nokaslr, numa=off, clearcpuid=, nogbpages). */
void facts_read_cmdline(struct facts *f);

/* Adds a range; false when the list is full. */
MUST_CHECK bool range_list_add(struct range_list *l, struct range r);

/* Fills *err; always false. */
bool input_fail(struct input_error *err, unsigned long line, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same where no line is to blame. */
#define input_refuse(err, ...) input_fail(err, 0, __VA_ARGS__)

#endif
