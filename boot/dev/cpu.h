/* SPDX-License-Identifier: MIT */
/* Every instruction that C has no word for, one a function, and what the CPU can do. */
#ifndef BOOT_DEV_CPU_H
#define BOOT_DEV_CPU_H

#include "kernel/state/platform.h"

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

/* What lgdt and lidt load. */
struct descriptors {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

#define CR0_MP (1ull << 1)
#define CR0_EM (1ull << 2)
#define CR0_TS (1ull << 3)
#define CR0_WP (1ull << 16)
#define CR4_PGE (1ull << 7)
#define CR4_OSFXSR (1ull << 9)
#define CR4_OSXMMEXCPT (1ull << 10)
#define CR4_LA57 (1ull << 12)
#define CR4_SMEP (1ull << 20)
#define CR4_SMAP (1ull << 21)
#define MSR_EFER 0xc0000080u
#define EFER_NXE (1ull << 11)
#define MSR_PAT 0x277u

/* inb and outb for a byte, inw and outw for two, inl and outl for four. */
#define PORT_ACCESS(suffix, type)                                                                                      \
	static inline type in##suffix(uint16_t port)                                                                   \
	{                                                                                                              \
		type v;                                                                                                \
                                                                                                                       \
		__asm__ volatile("in" #suffix " %1, %0" : "=a"(v) : "Nd"(port));                                       \
		return v;                                                                                              \
	}                                                                                                              \
	static inline void out##suffix(uint16_t port, type v)                                                          \
	{                                                                                                              \
		__asm__ volatile("out" #suffix " %0, %1" : : "a"(v), "Nd"(port));                                      \
	}

PORT_ACCESS(b, uint8_t)
PORT_ACCESS(w, uint16_t)
PORT_ACCESS(l, uint32_t)

/* read_cr0 and write_cr0, and so on. */
#define CONTROL_REGISTER(name)                                                                                         \
	static inline uint64_t read_##name(void)                                                                       \
	{                                                                                                              \
		uint64_t v;                                                                                            \
                                                                                                                       \
		__asm__ volatile("mov %%" #name ", %0" : "=r"(v));                                                     \
		return v;                                                                                              \
	}                                                                                                              \
	static inline void write_##name(uint64_t v)                                                                    \
	{                                                                                                              \
		__asm__ volatile("mov %0, %%" #name : : "r"(v) : "memory");                                            \
	}

CONTROL_REGISTER(cr0)
CONTROL_REGISTER(cr2)
CONTROL_REGISTER(cr3)
CONTROL_REGISTER(cr4)

/* One that names what lies in memory, or whose translation or cache line it drops. */
#define ON_MEMORY(name, type)                                                                                          \
	static inline void name(type *at)                                                                              \
	{                                                                                                              \
		__asm__ volatile(#name " (%0)" : : "r"(at) : "memory");                                                \
	}

ON_MEMORY(lgdt, const struct descriptors)
ON_MEMORY(lidt, const struct descriptors)
ON_MEMORY(sidt, struct descriptors)
ON_MEMORY(invlpg, const void)
ON_MEMORY(clflush, const void)

/* One without an operand. */
#define ALONE(name)                                                                                                    \
	static inline void name(void)                                                                                  \
	{                                                                                                              \
		__asm__ volatile(#name : : : "memory");                                                                \
	}

ALONE(sti)
ALONE(sfence)
ALONE(hlt)
ALONE(pause)

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid r;

	__asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
	return r;
}

static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

static inline bool rdrand(uint64_t *out)
{
	bool ok;

	__asm__ volatile("rdrand %0" : "=r"(*out), "=@ccc"(ok));
	return ok;
}

static inline bool rdseed(uint64_t *out)
{
	bool ok;

	__asm__ volatile("rdseed %0" : "=r"(*out), "=@ccc"(ok));
	return ok;
}

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (uint64_t)hi << 32 | lo;
}

static inline void wrmsr(uint32_t msr, uint64_t v)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}

static inline uint16_t read_cs(void)
{
	uint16_t v;

	__asm__ volatile("mov %%cs, %0" : "=r"(v));
	return v;
}

static inline void ltr(uint16_t selector)
{
	__asm__ volatile("ltr %0" : : "r"(selector) : "memory");
}

/* Returns what this CPU can do, and the levels in force. */
struct cpu_info cpu_detect(void);

/* Switches on WP, PGE, vector registers and, where present, SMEP and SMAP; NX is on since the entry. */
void cpu_switch_on(void);

/* Starts the PIT, for cpu_tsc_hz to look at: what is done between the two need not be waited for. */
void cpu_tsc_start(void);

/* Returns the counts of the TSC a second: as CPUID says, else measured by 1 ms of the PIT or more; 0: neither works. */
uint64_t cpu_tsc_hz(void);

/* platform.tsc */
uint64_t cpu_tsc(void *ctx);

/* Loads CR3 and drops all translations, global ones too. */
void cpu_load_map(uint64_t cr3);

#endif
