/* SPDX-License-Identifier: MIT */
/* Applies mem= and memmap= to the map, one after the other. */
#include "kernel/state/options.h"

/*
 * Linux adds unsorted and cleans up once; e820_update and e820_remove want a clean map, so it is cleaned after each
 * step.
 */
static enum status apply_one(const struct map_op *op, struct e820 *map)
{
	enum status st;

	switch (op->kind) {
	case MAP_OP_LIMIT:
		return e820_remove(map, op->r, E820_RAM);
	case MAP_OP_EXACT:
		map->nr = 0;
		return OK;
	case MAP_OP_ADD:
	case MAP_OP_SET:
		st = e820_add(map, op->r.start, range_size(op->r), op->to);
		return st == OK ? e820_sanitize(map) : st;
	default:
		return op->to ? e820_update(map, op->r, op->from, op->to) : e820_remove(map, op->r, op->from);
	}
}

enum status options_apply_map(const struct options *o, struct e820 *map)
{
	enum status st = OK;

	for (unsigned i = 0; i < o->nr_map_ops && st == OK; i++)
		st = apply_one(&o->map_op[i], map);
	return st;
}
