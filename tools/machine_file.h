/* SPDX-License-Identifier: MIT */
/* Machine descriptions as files: by path, or by the name of one that comes with Landfall. */
#ifndef TOOLS_MACHINE_FILE_H
#define TOOLS_MACHINE_FILE_H

#include "tools/machine.h"

/*
 * Reads the description in the file `name`, or, when that word has neither a slash nor a dot, the one of that name:
 * tests/machines beside the folder of the running program (the source tree), else share/landfall/machines there (an
 * installed program). False: *err says why; its line is 0 when it is the file that is the matter.
 */
MUST_CHECK bool machine_load(struct machine *m, const char *name, struct machine_error *err);

#endif
