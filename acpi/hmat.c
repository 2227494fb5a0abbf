/* SPDX-License-Identifier: MIT */
/* Walks the HMAT's structures for the domains they name. */
#include "acpi/hmat.h"

/* One structure, zero beyond its own length. */
union structure {
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
	w->domain = w->at.offset + offset;
	return OK;
}

/* The domains of one structure. */
static enum status list_domains(struct hmat_walk *w, const union structure *s)
{
	uint32_t length = w->at.length;
	uint64_t lists = (uint64_t)s->locality.initiators + s->locality.targets;
	bool initiator = s->domain.flags & HMAT_INITIATOR_VALID;

	switch (w->at.type) {
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
