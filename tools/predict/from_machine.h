/* SPDX-License-Identifier: MIT */
/* A machine description as a source of facts. */
#ifndef TOOLS_PREDICT_FROM_MACHINE_H
#define TOOLS_PREDICT_FROM_MACHINE_H

#include "tools/predict/facts.h"

/* What a description gives beside facts. */
struct from_machine {
	struct range_list *reserve, *avoid; /* grown by its modules */
	char page_size[8];                  /* of its kernel options; empty: none */
	const char *image_size;             /* of the assumed kernel; NULL: none is assumed */
};

/* Memory map, tables, CPU and modules of the description with that name or in that file. False: *err. */
MUST_CHECK bool machine_read_facts(struct facts *f, const char *name, struct from_machine *out,
				   struct input_error *err);

/* The kernel that is assumed where none is told: Debian's newest 6.12 at 16 MiB. False: too many ranges. */
MUST_CHECK bool machine_assume_kernel(struct facts *f, struct from_machine *out);

#endif
