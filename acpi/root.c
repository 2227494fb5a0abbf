/* SPDX-License-Identifier: MIT */
/* Finds the RSDP, chooses between XSDT and RSDT, and looks tables up by signature. */
#include "acpi/root.h"

#define RSDP_SIGNATURE "RSD PTR "
#define RSDP_V1_SIZE offsetof(struct acpi_rsdp, length) /* what revision 0 sums and defines */
#define EBDA_SEGMENT 0x40e
#define EBDA_LOWEST 0x400 /* as Linux (acpi_find_root_pointer): anything below is no EBDA */
#define BIOS_START 0xe0000
#define BIOS_END 0x100000

/* Reads and checks the RSDP. Revision 0 has 20 bytes and may carry rubbish beyond them: they are not even read. */
static enum status rsdp_read(const struct physmem *mem, phys_t at, struct acpi_rsdp *rsdp)
{
	if (!phys_read(mem, at, rsdp, RSDP_V1_SIZE))
		return ERR_UNREADABLE;
	if (!bytes_begin(rsdp->signature, RSDP_SIGNATURE))
		return ERR_NOT_FOUND;
	if (sum8(rsdp, RSDP_V1_SIZE))
		return ERR_CHECKSUM;
	if (rsdp->revision < 2)
		return OK;
	if (!phys_read(mem, at, rsdp, sizeof(*rsdp)))
		return ERR_UNREADABLE;
	/*
	 * Over the fixed 36 bytes as in Linux (acpi_tb_validate_rsdp), not over the length that the RSDP gives itself.
	 */
	return sum8(rsdp, sizeof(*rsdp)) ? ERR_CHECKSUM : OK;
}

static phys_t scan(const struct physmem *mem, struct range where)
{
	struct acpi_rsdp rsdp;

	for (; acpi_anchor_next(mem, &where, RSDP_SIGNATURE); where.start += ACPI_ANCHOR_STEP) {
		if (rsdp_read(mem, where.start, &rsdp) == OK)
			return where.start;
	}
	return PHYS_NONE;
}

static uint32_t sdt_entry_size(bool xsdt)
{
	return xsdt ? sizeof(uint64_t) : sizeof(uint32_t);
}

static enum status sdt_open(struct acpi_table *sdt, const struct physmem *mem, phys_t at, bool xsdt)
{
	enum status s = acpi_table_open(sdt, mem, at);

	if (s != OK && s != ERR_CHECKSUM)
		return s;
	if (!bytes_begin(sdt->signature, xsdt ? "XSDT" : "RSDT"))
		return ERR_MALFORMED;
	if (sdt->length - ACPI_HEADER_SIZE < sdt_entry_size(xsdt))
		return ERR_MALFORMED;
	return s;
}

/* Chooses the root table. OK or ERR_CHECKSUM: *sdt is the one to use. */
static enum status sdt_choose(struct acpi_root *root, const struct acpi_rsdp *rsdp, struct acpi_table *sdt)
{
	phys_t xsdt = rsdp->revision >= 2 ? rsdp->xsdt : 0, rsdt = rsdp->rsdt;
	enum status s;

	if (xsdt) {
		s = sdt_open(sdt, root->mem, xsdt, true);
		root->xsdt = s == OK || s == ERR_CHECKSUM;
		if (root->xsdt)
			return s;
		root->xsdt_status = s;
	}
	if (!rsdt)
		return xsdt ? root->xsdt_status : ERR_MALFORMED;
	return sdt_open(sdt, root->mem, rsdt, false);
}

/*
 * Entries are 8 or 4 bytes behind a header of 36, so those of an XSDT are not aligned; bytes short of an entry are
 * ignored.
 */
static enum status sdt_read(struct acpi_root *root, const struct acpi_table *sdt)
{
	uint32_t size = sdt_entry_size(root->xsdt);

	for (uint32_t at = ACPI_HEADER_SIZE; sdt->length - at >= size; at += size) {
		phys_t addr = 0; /* of which an RSDT fills the low half */

		if (!acpi_table_read(sdt, at, &addr, size))
			return ERR_UNREADABLE;
		if (!addr)
			continue;
		if (root->nr == ACPI_MAX_TABLES)
			root->left_out++;
		else
			root->table[root->nr++] = addr;
	}
	return OK;
}

phys_t acpi_rsdp_scan(const struct physmem *mem)
{
	phys_t ebda, found = PHYS_NONE;
	uint16_t segment;

	if (phys_read(mem, EBDA_SEGMENT, &segment, sizeof(segment))) {
		ebda = (phys_t)segment << 4;
		if (ebda > EBDA_LOWEST)
			found = scan(mem, (struct range){ ebda, ebda + KIB });
	}
	return found != PHYS_NONE ? found : scan(mem, (struct range){ BIOS_START, BIOS_END });
}

enum status acpi_root_open(struct acpi_root *root, const struct physmem *mem, phys_t rsdp)
{
	struct acpi_rsdp bytes;
	struct acpi_table sdt;
	enum status s;

	*root = (struct acpi_root){ .mem = mem, .rsdp = rsdp };
	s = rsdp == PHYS_NONE ? ERR_NOT_FOUND : rsdp_read(mem, rsdp, &bytes);
	if (s != OK)
		return s;
	root->rsdp_revision = bytes.revision;
	acpi_copy_text(root->oem_id, bytes.oem_id, sizeof(bytes.oem_id));
	s = sdt_choose(root, &bytes, &sdt);
	if (s != OK && s != ERR_CHECKSUM)
		return s;
	root->sdt = sdt.addr;
	return sdt_read(root, &sdt);
}

static bool is_name(const uint8_t name[4])
{
	bool all = true;

	for_each (c, name, 4)
		all = all && *c > ' ' && *c <= '~';
	return all;
}

size_t acpi_root_lost(const struct acpi_root *root)
{
	size_t lost = root->left_out;
	uint8_t name[4];

	for_each (addr, root->table, root->nr)
		lost += *addr == root->sdt || !phys_read(root->mem, *addr, name, 4) || !is_name(name);
	return lost;
}

enum status acpi_root_find(const struct acpi_root *root, const char *signature, struct acpi_table *t)
{
	enum status first = ERR_NOT_FOUND;

	*t = (struct acpi_table){ .mem = root->mem };
	for_each (addr, root->table, root->nr) {
		uint8_t name[4];
		enum status s;

		/* The name first: opening sums all of a table. */
		if (!phys_read(root->mem, *addr, name, 4) || !bytes_begin(name, signature))
			continue;
		s = acpi_table_open(t, root->mem, *addr);
		if (s == OK || s == ERR_CHECKSUM)
			return s;
		if (first == ERR_NOT_FOUND)
			first = s;
	}
	return first;
}

/* The header of a table; its sum does not matter here. */
static bool same_name(const struct acpi_table *old, const struct acpi_table *t, bool always)
{
	return memcmp(old->signature, t->signature, sizeof(t->signature)) == 0 &&
	       (always || memcmp(old->oem_table_id, t->oem_table_id, sizeof(t->oem_table_id)) == 0);
}

enum acpi_upgrade acpi_root_upgrade(struct acpi_root *root, const struct acpi_table *t, bool always)
{
	struct acpi_table old;

	for_each (addr, root->table, root->nr) {
		if (acpi_table_open(&old, root->mem, *addr) == ERR_UNREADABLE || !same_name(&old, t, always))
			continue;
		if (!always && old.oem_revision >= t->oem_revision)
			return ACPI_OLDER;
		*addr = t->addr;
		return ACPI_OVERRIDE;
	}
	if (root->nr == ACPI_MAX_TABLES)
		return ACPI_FULL;
	root->table[root->nr++] = t->addr;
	return ACPI_INSTALL;
}
