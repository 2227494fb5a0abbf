/* SPDX-License-Identifier: MIT */
/* What is compressed, as it was before. */
#ifndef TOOLS_PREDICT_UNPACK_H
#define TOOLS_PREDICT_UNPACK_H

#include "lib/base.h"

/*
 * Writes at most `room` bytes of what xz, zstd, gzip, lz4, bzip2 or lzop makes of the bytes, and returns how many; 0
 * when the compression is none of these, or its program is not installed.
 */
size_t unpack(const uint8_t *packed, size_t len, uint8_t *to, size_t room);

#endif
