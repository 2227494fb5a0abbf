/* SPDX-License-Identifier: MIT */
/* Walks the HMAT's structures for the domains they name. */
#include "acpi/hmat.h"

/* One structure, zero beyond its own length. */
union structure {
	struct hmat_domain domain;
	struct hmat_locality locality;
	struct hmat_cache cache;
};

/* Walks on over the domains of one structure; those of a later specification have none. */
static enum status list_domains(struct hmat_walk *w, const union structure *s)
{
	bool initiator = s->domain.flags & HMAT_INITIATOR_VALID;
	uint64_t nr, least;
	size_t first;

	switch (w->at.type) {
	case HMAT_TYPE_DOMAIN:
		nr = initiator ? 2 : 1;
		first = initiator ? offsetof(struct hmat_domain, initiator) : offsetof(struct hmat_domain, memory);
		least = sizeof(s->domain);
		break;
	case HMAT_TYPE_LOCALITY:
		nr = (uint64_t)s->locality.initiators + s->locality.targets;
		first = sizeof(s->locality);
		least = first + nr * sizeof(uint32_t);
		break;
	case HMAT_TYPE_CACHE:
		nr = 1;
		first = offsetof(struct hmat_cache, memory);
		least = sizeof(s->cache);
		break;
	default:
		return OK;
	}
	if (w->at.length < least)
		return ERR_MALFORMED;
	w->left = (uint32_t)nr;
	w->domain = w->at.offset + (uint32_t)first;
	return OK;
}

bool hmat_next_domain(struct hmat_walk *w, uint32_t *pxm)
{
	struct acpi_entries *it = &w->structures;
	union structure s;

	while (!w->left && acpi_entries_next(it, &w->at) && acpi_entries_read(it, &w->at, &s, sizeof(s)))
		it->damage = list_domains(w, &s);
	if (it->damage != OK || !w->left)
		return false;
	if (!acpi_table_read(it->table, w->domain, pxm, sizeof(*pxm))) {
		it->damage = ERR_UNREADABLE;
		return false;
	}
	w->left--;
	w->domain += sizeof(*pxm);
	return true;
}
