/* SPDX-License-Identifier: MIT */
/* What is compressed, as it was before. */
#ifndef TOOLS_PREDICT_UNPACK_H
#define TOOLS_PREDICT_UNPACK_H

#include "lib/base.h"

/* Returns the program that undoes the compression (xz, zstd, gzip, lz4, bzip2, lzop); NULL where none of them does. */
const char *unpacker(const uint8_t *packed, size_t len);

/* Writes at most `room` bytes of what that program makes of them, and returns how many; 0 where it cannot be run. */
size_t unpack(const uint8_t *packed, size_t len, uint8_t *to, size_t room);

#endif
