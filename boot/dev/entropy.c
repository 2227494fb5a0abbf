/* SPDX-License-Identifier: MIT */
/* RDSEED, RDRAND, the TSC, and what UEFI gave before it was left, as sources of random words. */
#include "boot/dev/entropy.h"

#include "boot/dev/cpu.h"
#include "boot/this_run.h"

#define TRIES 10 /* Intel's advice for RDRAND: SDM vol. 1, 7.3.17.1 */

static bool has(enum entropy_source source)
{
	switch (source) {
	case ENTROPY_RDSEED:
		return cpuid(0, 0).eax >= 7 && cpuid(7, 0).ebx & 1u << 18;
	case ENTROPY_RDRAND:
		return cpuid(1, 0).ecx & 1u << 30;
	case ENTROPY_TSC:
		return cpuid(1, 0).edx & 1u << 4;
	case ENTROPY_EFI:
		return handover.bi.nr_random;
	default:
		return false;
	}
}

bool entropy_read(void *ctx, enum entropy_source source, uint64_t *out)
{
	(void)ctx;
	if (!has(source))
		return false;
	if (source == ENTROPY_EFI) {
		/* Handed out once each. */
		*out = handover.bi.random[--handover.bi.nr_random];
		return true;
	}
	if (source == ENTROPY_TSC) {
		*out = rdtsc();
		return true;
	}
	for (unsigned i = 0; i < TRIES; i++) {
		if (source == ENTROPY_RDSEED ? rdseed(out) : rdrand(out))
			return true;
		pause();
	}
	return false;
}
