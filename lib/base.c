/* SPDX-License-Identifier: MIT */
/* The words for status codes. */
#include "lib/base.h"

const char *status_str(enum status s)
{
	static const char words[][20] = {
		[OK] = "ok",
		[ERR_NOT_FOUND] = "not found",
		[ERR_UNREADABLE] = "not readable",
		[ERR_MALFORMED] = "malformed",
		[ERR_CHECKSUM] = "bad checksum",
		[ERR_CONFLICT] = "contradicts itself",
		[ERR_FULL] = "too many entries",
		[ERR_NO_MEMORY] = "no free memory",
		[ERR_RANGE] = "out of range",
	};

	return words[s];
}
