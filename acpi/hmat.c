/* SPDX-License-Identifier: MIT */
/* Walks the HMAT's structures for the domains they name. */
#include "acpi/hmat.h"

/* One structure, zero beyond its own length and what is left of the table. */
union structure {
	struct hmat_head head;
	struct hmat_domain domain;
	struct hmat_locality locality;
	struct hmat_cache cache;
};

/* Walks on over `nr` domains from `offset` of the structure on; `whole`: it is long enough for what it has to have. */
static enum status list(struct hmat_walk *w, uint64_t nr, uint32_t offset, bool whole)
{
	if (!whole)
		return ERR_MALFORMED;
	w->left = (uint32_t)nr;
	w->at = w->next + offset;
	return OK;
}

/* The domains of one structure. */
static enum status list_domains(struct hmat_walk *w, const union structure *s)
{
	uint32_t length = s->head.length;
	uint64_t lists = (uint64_t)s->locality.initiators + s->locality.targets;
	bool initiator = s->domain.flags & HMAT_INITIATOR_VALID;

	switch (s->head.type) {
	case HMAT_TYPE_DOMAIN:
		return list(w, initiator ? 2 : 1,
			    initiator ? offsetof(struct hmat_domain, initiator) : offsetof(struct hmat_domain, memory),
			    length >= sizeof(s->domain));
	case HMAT_TYPE_LOCALITY:
		return list(w, lists, sizeof(s->locality),
			    length >= sizeof(s->locality) &&
				    lists <= (length - sizeof(s->locality)) / sizeof(uint32_t));
	case HMAT_TYPE_CACHE:
		return list(w, 1, offsetof(struct hmat_cache, memory), length >= sizeof(s->cache));
	default:
		return OK; /* of a later specification */
	}
}

static enum status next_structure(struct hmat_walk *w)
{
	uint32_t room = w->table->length - w->next;
	union structure s;
	enum status st;

	memset(&s, 0, sizeof(s));
	if (room < sizeof(s.head))
		return ERR_MALFORMED;
	if (!acpi_table_read(w->table, w->next, &s, (uint32_t)min_u64(room, sizeof(s))))
		return ERR_UNREADABLE;
	if (s.head.length < sizeof(s.head) || s.head.length > room)
		return ERR_MALFORMED;
	st = list_domains(w, &s);
	if (st == OK)
		w->next += s.head.length;
	return st;
}

bool hmat_next_domain(struct hmat_walk *w, uint32_t *pxm)
{
	if (!w->next)
		w->next = sizeof(struct hmat_layout);
	while (w->damage == OK && !w->left) {
		if (w->next >= w->table->length)
			return false;
		w->damage = next_structure(w);
	}
	if (w->damage != OK)
		return false;
	w->left--;
	if (!acpi_table_read(w->table, w->at, pxm, sizeof(*pxm))) {
		w->damage = ERR_UNREADABLE;
		return false;
	}
	w->at += sizeof(*pxm);
	return true;
}
