/* SPDX-License-Identifier: MIT */
/* Geometries of Debian's kernels for image_size=: written by tools/presets from their images; do not edit. */
#ifndef KERNEL_STATE_PRESETS_H
#define KERNEL_STATE_PRESETS_H

#include "mm/linux_rules.h"

#define SERIES(major, minor) LINUX_SERIES(LINUX_RELEASE(major, minor, 0))

/* What a slot of KASLR must hold, in 2 MiB, and _end, in pages. */
static const struct {
	uint16_t series, slot, end;
} presets[] = {
	{ SERIES(5, 10), 23, 0x222c }, /* 5.10.0-46-cloud-amd64 */
	{ SERIES(6, 1), 32, 0x3430 },  /* 6.1.0-56-amd64 */
	{ SERIES(6, 12), 28, 0x2c30 }, /* 6.12.117+deb12-cloud-amd64 */
	{ SERIES(6, 16), 27, 0x2c30 }, /* 6.16.12+deb13-cloud-amd64 */
	{ SERIES(6, 17), 28, 0x2e30 }, /* 6.17.13+deb13-cloud-amd64 */
	{ SERIES(6, 18), 29, 0x3030 }, /* 6.18.15+deb13-cloud-amd64 */
	{ SERIES(6, 19), 29, 0x3030 }, /* 6.19.14+deb13-cloud-amd64 */
	{ SERIES(7, 0), 30, 0x3230 },  /* 7.0.13+deb13-cloud-amd64 */
	{ SERIES(7, 1), 30, 0x3230 },  /* 7.1.13+deb13-cloud-amd64 */
	{ SERIES(7, 2), 30, 0x3230 },  /* 7.2.13+deb14-cloud-amd64 */
	{ SERIES(7, 3), 30, 0x3230 },  /* 7.3.4+deb13-cloud-amd64 */
};

#undef SERIES

#endif
