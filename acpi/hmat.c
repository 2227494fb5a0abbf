/* SPDX-License-Identifier: MIT */
/* Walks the HMAT's structures for the domains they name. */
#include "acpi/hmat.h"

#define STRUCTURES 40
#define HEAD 8
#define PXM_SIZE 4

/* ACPI 6.5, 5.2.28.3 to 5.2.28.5. */
enum hmat_type { TYPE_DOMAIN = 0, TYPE_LOCALITY = 1, TYPE_CACHE = 2 };
#define DOMAIN_LENGTH 40
#define DOMAIN_FLAGS 8
#define DOMAIN_INITIATOR 12
#define DOMAIN_MEMORY 16
#define INITIATOR_VALID 1u
#define LOCALITY_LENGTH 32
#define LOCALITY_INITIATORS 12
#define LOCALITY_TARGETS 16
#define CACHE_LENGTH 32
#define CACHE_MEMORY 8
#define HEAD_MAX LOCALITY_LENGTH

/* The domains of one structure: p holds its first HEAD_MAX bytes, what it is too short for is zero. */
static enum status take_structure(struct hmat_walk *w, const uint8_t *p, uint32_t length)
{
	uint64_t lists;

	switch (le16(p)) {
	case TYPE_DOMAIN:
		w->left = le16(p + DOMAIN_FLAGS) & INITIATOR_VALID ? 2 : 1;
		w->at = w->next + (w->left == 2 ? DOMAIN_INITIATOR : DOMAIN_MEMORY);
		return length < DOMAIN_LENGTH ? ERR_MALFORMED : OK;
	case TYPE_LOCALITY:
		lists = (uint64_t)le32(p + LOCALITY_INITIATORS) + le32(p + LOCALITY_TARGETS);
		if (length < LOCALITY_LENGTH || lists > (length - LOCALITY_LENGTH) / PXM_SIZE)
			return ERR_MALFORMED;
		w->left = (uint32_t)lists;
		w->at = w->next + LOCALITY_LENGTH;
		return OK;
	case TYPE_CACHE:
		w->left = 1;
		w->at = w->next + CACHE_MEMORY;
		return length < CACHE_LENGTH ? ERR_MALFORMED : OK;
	default:
		return OK; /* of a later specification */
	}
}

static enum status next_structure(struct hmat_walk *w)
{
	uint8_t p[HEAD_MAX] = { 0 };
	uint32_t length, room = w->table->length - w->next;
	enum status s;

	if (room < HEAD)
		return ERR_MALFORMED;
	if (!acpi_table_read(w->table, w->next, p, (uint32_t)min_u64(room, sizeof(p))))
		return ERR_UNREADABLE;
	length = le32(p + 4);
	if (length < HEAD || length > room)
		return ERR_MALFORMED;
	s = take_structure(w, p, length);
	if (s == OK)
		w->next += length;
	return s;
}

bool hmat_next_domain(struct hmat_walk *w, uint32_t *pxm)
{
	uint8_t bytes[PXM_SIZE];

	if (!w->next)
		w->next = STRUCTURES;
	while (w->damage == OK && !w->left) {
		if (w->next >= w->table->length)
			return false;
		w->damage = next_structure(w);
	}
	if (w->damage != OK)
		return false;
	w->left--;
	if (!acpi_table_read(w->table, w->at, bytes, sizeof(bytes))) {
		w->damage = ERR_UNREADABLE;
		return false;
	}
	w->at += PXM_SIZE;
	*pxm = le32(bytes);
	return true;
}
