/* SPDX-License-Identifier: MIT */
/* Turns the SRAT lines of a boot log back into a table (ACPI 6.5, 5.2.16), so that one and the same code reads both. */
#include <stdlib.h>
#include <string.h>

#include "tools/predict/facts.h"

#define HEADER_SIZE 48
#define X2APIC_SIZE 24
#define MEMORY_SIZE 40
#define INITIATOR_SIZE 32
#define FLAG_ENABLED 1u
#define FLAG_HOTPLUG 2u
#define FLAG_NONVOLATILE 4u

struct writer {
	uint8_t *bytes;
	size_t len;
};

static void put(struct writer *w, uint64_t value, unsigned size)
{
	while (size--) {
		w->bytes[w->len++] = (uint8_t)value;
		value >>= 8;
	}
}

static void put_header(struct writer *w, size_t len)
{
	memcpy(w->bytes, "SRAT", 4);
	w->len = 4;
	put(w, len, 4);
	put(w, 3, 1); /* revision: PXMs of 32 bits */
	w->len = 36;
	put(w, 1, 4);
	w->len = HEADER_SIZE;
}

/* An initiator gives its PXM the next node number: in node order they give that kernel's numbers. */
static void put_node(struct writer *w, uint32_t pxm)
{
	put(w, 5, 1);
	put(w, INITIATOR_SIZE, 1);
	put(w, 0, 2);
	put(w, pxm, 4);
	w->len += 16; /* device handle */
	put(w, FLAG_ENABLED, 4);
	put(w, 0, 4);
}

static void put_processor(struct writer *w, const struct srat_initiator *i)
{
	put(w, 2, 1);
	put(w, X2APIC_SIZE, 1);
	put(w, 0, 2);
	put(w, i->pxm, 4);
	put(w, i->apic_id, 4);
	put(w, FLAG_ENABLED, 4);
	put(w, 0, 8);
}

static void put_memory(struct writer *w, const struct srat_mem *m)
{
	put(w, 1, 1);
	put(w, MEMORY_SIZE, 1);
	put(w, m->pxm, 4);
	put(w, 0, 2);
	put(w, m->start, 8);
	put(w, m->end - m->start, 8);
	put(w, 0, 4);
	put(w, FLAG_ENABLED | (m->hotplug ? FLAG_HOTPLUG : 0) | (m->nonvolatile ? FLAG_NONVOLATILE : 0), 4);
	put(w, 0, 8);
}

/* A PXM that no line names, for a node that is only known to be there. */
static uint32_t unused_pxm(const struct facts *f, uint32_t below)
{
	for (int n = 0; n <= f->max_node; n++) {
		if (f->node_pxm[n] == (int64_t)below - 1) {
			below--;
			n = -1;
		}
	}
	return below - 1;
}

bool facts_make_srat(struct facts *f)
{
	const struct srat *s = &f->srat_told;
	size_t nodes = (size_t)(f->max_node + 1);
	size_t len = HEADER_SIZE + nodes * INITIATOR_SIZE + s->nr_initiator * X2APIC_SIZE + s->nr_mem * MEMORY_SIZE;
	struct writer w = { .bytes = calloc(1, len) };
	uint32_t pxm = MAX_NUMNODES;
	uint8_t sum = 0;

	if (!w.bytes)
		return false;
	put_header(&w, len);
	for (size_t n = 0; n < nodes; n++)
		put_node(&w, f->node_pxm[n] >= 0 ? (uint32_t)f->node_pxm[n] : (pxm = unused_pxm(f, pxm)));
	for (size_t i = 0; i < s->nr_initiator; i++)
		put_processor(&w, &s->initiator[i]);
	for (size_t i = 0; i < s->nr_mem; i++)
		put_memory(&w, &s->mem[i]);
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + w.bytes[i]);
	w.bytes[9] = (uint8_t)-sum;
	f->srat_bytes = w.bytes;
	f->srat_len = len;
	return true;
}
