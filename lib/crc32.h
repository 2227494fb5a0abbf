/* SPDX-License-Identifier: MIT */
/* CRC-32 as zlib computes it (ISO-HDLC): reflected polynomial 0xEDB88320, start and final xor all ones. */
#ifndef LIB_CRC32_H
#define LIB_CRC32_H

#include "lib/base.h"

/* Returns the CRC of len bytes, going on from `crc` (0 at the start). */
uint32_t crc32_update(uint32_t crc, const void *data, size_t len);

#endif
