/* SPDX-License-Identifier: MIT */
/*
 * mem= and memmap=: read as Linux reads them (arch/x86/kernel/e820.c), kept as a list, applied to the map in that
 * order.
 */
#include "kernel/state/options_map.h"

#include "lib/format.h"

#define LINUX_SOFT_RESERVED 0xefffffffu /* Linux's number of that type */

static bool add_map_op(const struct option_word *p, struct map_op op)
{
	if (p->o->nr_map_ops == OPT_MAX_MAP_OPS)
		return option_refuse(p, "more than %d changes of the memory map", OPT_MAX_MAP_OPS);
	format(op.text, sizeof(op.text), "%s", p->word);
	p->o->map_op[p->o->nr_map_ops++] = op;
	return true;
}

bool option_read_mem(struct option_word *p)
{
	struct map_op op = { .kind = MAP_OP_LIMIT, .r.end = UINT64_MAX };

	if (!parse_size(p->value, NULL, &op.r.start) || op.r.start == 0)
		return option_refuse(p, "not a size above 0");
	return add_map_op(p, op);
}

/* Behind `sign` a type's number as Linux has it; without the sign nothing. */
static bool parse_type(const char **s, char sign, enum e820_type *type)
{
	uint64_t v;

	if (**s != sign)
		return true;
	++*s;
	if (!scan_integer(s, &v))
		return false;
	switch (v) {
	case E820_RAM:
	case E820_RESERVED:
	case E820_ACPI:
	case E820_NVS:
	case E820_UNUSABLE:
	case E820_PMEM:
	case E820_PRAM:
		*type = (enum e820_type)v;
		return true;
	case LINUX_SOFT_RESERVED:
		*type = E820_SOFT_RESERVED;
		return true;
	}
	return false;
}

/* [-old][+new] behind nn%ss: without an old type the range is added, as a new one over what is there. */
static APART bool parse_change(const char *s, struct map_op *op)
{
	if (!parse_type(&s, '-', &op->from) || !parse_type(&s, '+', &op->to))
		return false;
	op->kind = op->to && !op->from ? MAP_OP_SET : MAP_OP_CHANGE;
	return !*s;
}

/* What stands behind the size: a mark, an address and for % two types. */
static APART bool read_region(const struct option_word *p, const char *item, const char *s, struct map_op *op)
{
	uint64_t size = op->r.start;
	char mark = *s++;

	if (!parse_size(s, &s, &op->r.start) || (*s && mark != '%'))
		return option_refuse(p, "'%s' has no valid address", item);
	if (size == 0 || size > UINT64_MAX - op->r.start)
		return option_refuse(p, "'%s' is empty or wraps round", item);
	op->r.end = op->r.start + size;
	op->kind = mark == '@' ? MAP_OP_ADD : MAP_OP_SET;
	op->to = mark == '@' ? E820_RAM : mark == '#' ? E820_ACPI : mark == '$' ? E820_RESERVED : E820_PRAM;
	if (mark != '%')
		return true;
	op->to = 0;
	if (!parse_change(s, op))
		return option_refuse(p, "'%s': types are -old+new, numbers as in the e820 map", item);
	return true;
}

/* One item, as Linux's parse_memmap_one. */
static bool read_memmap_item(const struct option_word *p, const char *item)
{
	struct map_op op = { .kind = MAP_OP_EXACT };
	const char *s = item;

	if (scan_equal(item, "exactmap"))
		return add_map_op(p, op);
	if (!parse_size(s, &s, &op.r.start))
		return option_refuse(p, "'%s' is neither exactmap nor begins with a size", item);
	if (*s == '@' || *s == '#' || *s == '$' || *s == '!' || *s == '%')
		return read_region(p, item, s, &op) && add_map_op(p, op);
	if (*s || op.r.start == 0)
		return option_refuse(p, "'%s' is not a size above 0 nor SIZE@, #, $, ! or %% ADDRESS", item);
	op.kind = MAP_OP_LIMIT;
	op.r.end = UINT64_MAX;
	return add_map_op(p, op);
}

bool option_read_memmap(struct option_word *p)
{
	const char *list = p->value;
	unsigned before = p->o->nr_map_ops;
	char item[OPTION_ITEM_MAX];

	while (list) {
		if (!option_next_item(p, &list, item) || !read_memmap_item(p, item)) {
			p->o->nr_map_ops = before;
			return false;
		}
	}
	return true;
}

/*
 * Linux adds unsorted and cleans up once; e820_update and e820_remove want a clean map, so it is cleaned after each
 * step.
 */
static enum status apply_one(const struct map_op *op, struct e820 *map)
{
	enum status st = OK;

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
	case MAP_OP_CHANGE:
		if (op->to)
			return e820_update(map, op->r, op->from, op->to);
		return e820_remove(map, op->r, op->from);
	}
	return st;
}

enum status options_apply_map(const struct options *o, struct e820 *map)
{
	for (unsigned i = 0; i < o->nr_map_ops; i++) {
		enum status st = apply_one(&o->map_op[i], map);

		if (st != OK)
			return st;
	}
	return OK;
}
