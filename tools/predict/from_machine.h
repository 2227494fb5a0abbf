/* SPDX-License-Identifier: MIT */
/* A machine description as a source of facts. */
#ifndef TOOLS_PREDICT_FROM_MACHINE_H
#define TOOLS_PREDICT_FROM_MACHINE_H

#include "tools/predict/facts.h"
#include "tools/predict/image.h"

/* What a description gives beside facts. */
struct from_machine {
	struct range_list *reserve, *avoid; /* grown by its modules */
	char page_size[8];                  /* of its kernel options; empty: none */
	char image_size[24];                /* of the assumed kernel */
};

/* Memory map, tables, CPU and modules of the description with that name or in that file. False: *err. */
MUST_CHECK bool machine_read_facts(struct facts *f, const char *name, struct from_machine *out,
				   struct input_error *err);

/*
 * The kernel that is assumed where none is told, where a loader leaves it: that of the image, which tells its _end, or,
 * with NULL, Debian's newest 6.12. False: too many ranges.
 */
MUST_CHECK bool machine_assume_kernel(struct facts *f, const struct kernel_image *image, struct from_machine *out);

#endif
