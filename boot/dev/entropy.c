/* SPDX-License-Identifier: MIT */
/* RDSEED, RDRAND, the TSC, and what UEFI gave before it was left, as sources of random words. */
#include "boot/dev/entropy.h"

#include "boot/dev/cpu.h"

#define TRIES 10 /* Intel's advice for RDRAND: SDM vol. 1, 7.3.17.1 */

/* Handed out once each. */
static uint64_t efi_word[BOOT_RANDOM_WORDS];
static unsigned nr_efi_words;

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
		return nr_efi_words;
	default:
		return false;
	}
}

void entropy_read_efi(const struct bootinfo *bi)
{
	nr_efi_words = (unsigned)min_u64(bi->nr_random, ARRAY_SIZE(efi_word));
	__builtin_memcpy(efi_word, bi->random, sizeof(efi_word));
}

bool entropy_read(void *ctx, enum entropy_source source, uint64_t *out)
{
	(void)ctx;
	if (!has(source))
		return false;
	if (source == ENTROPY_EFI) {
		*out = efi_word[--nr_efi_words];
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
