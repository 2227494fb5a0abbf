/* SPDX-License-Identifier: MIT */
/* The words for status codes. */
#include "lib/base.h"

const char *status_str(enum status s)
{
	switch (s) {
	case OK:
		return "ok";
	case ERR_NOT_FOUND:
		return "not found";
	case ERR_UNREADABLE:
		return "not readable";
	case ERR_MALFORMED:
		return "malformed";
	case ERR_CHECKSUM:
		return "bad checksum";
	case ERR_CONFLICT:
		return "contradicts itself";
	case ERR_FULL:
		return "too many entries";
	case ERR_NO_MEMORY:
		return "no free memory";
	case ERR_RANGE:
		return "out of range";
	}
	return "unknown status";
}
