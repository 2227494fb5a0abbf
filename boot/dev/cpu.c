/* SPDX-License-Identifier: MIT */
/* What the CPU can do, how fast its counter runs, and the switch to another map. */
#include "boot/dev/cpu.h"

#define PIT_HZ 1193182u
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_GATE 0x61 /* bit 0 gate of channel 2, bit 5 its output */
#define PIT_LATCH2 0x80
#define PIT_TICKS (PIT_HZ / 1000) /* 1 ms */
#define PIT_MAX_POLLS 50000u      /* half a second on a real machine, 3 ms at an instruction a nanosecond */
#define PIT_TRIES 3

/* What both clocks said at the same time. */
struct moment {
	uint64_t tsc;
	unsigned pit;
};

static struct moment started;

static uint32_t max_leaf(uint32_t base)
{
	return cpuid(base, 0).eax;
}

struct cpu_info cpu_detect(void)
{
	struct cpu_info c = { .phys_bits = 36, .levels = read_cr4() & CR4_LA57 ? 5 : 4 };
	struct cpuid basic = cpuid(0, 0);
	const uint32_t vendor[3] = { basic.ebx, basic.edx, basic.ecx };

	memcpy(c.vendor, vendor, sizeof(vendor));
	c.pse = cpuid(1, 0).edx & 1u << 3;
	if (basic.eax >= 7)
		c.la57 = cpuid(7, 0).ecx & 1u << 16;
	if (max_leaf(0x80000000) >= 0x80000001)
		c.gbpages = cpuid(0x80000001, 0).edx & 1u << 26;
	if (max_leaf(0x80000000) >= 0x80000008)
		c.phys_bits = cpuid(0x80000008, 0).eax & 0xff;
	c.phys_bits = (unsigned)max_u64(min_u64(c.phys_bits, 52), 32);
	return c;
}

void cpu_switch_on(void)
{
	uint64_t cr4 = read_cr4() | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	if (max_leaf(0) >= 7) {
		uint32_t ebx = cpuid(7, 0).ebx;

		if (ebx & 1u << 7)
			cr4 |= CR4_SMEP;
		if (ebx & 1u << 20)
			cr4 |= CR4_SMAP;
	}
	write_cr4(cr4);
	write_cr0((read_cr0() & ~(CR0_EM | CR0_TS)) | CR0_WP | CR0_MP);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);
}

/* The quickest of a few tries: a hypervisor may take the CPU away in the midst of one. */
static struct moment read_clocks(void)
{
	struct moment best = { 0 };
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < PIT_TRIES; i++) {
		uint64_t start = rdtsc(), took;
		unsigned pit;

		outb(PIT_COMMAND, PIT_LATCH2);
		took = rdtsc() - start;
		pit = inb(PIT_CHANNEL2);
		pit |= (unsigned)inb(PIT_CHANNEL2) << 8;
		if (took < least)
			best = (struct moment){ start + took / 2, pit };
		least = min_u64(least, took);
	}
	return best;
}

void cpu_tsc_start(void)
{
	outb(PIT_GATE, (uint8_t)((inb(PIT_GATE) & ~3u) | 1));
	outb(PIT_COMMAND, 0xb0); /* channel 2, low then high byte, mode 0: the output goes up at 0 */
	outb(PIT_CHANNEL2, 0xff);
	outb(PIT_CHANNEL2, 0xff);
	started = read_clocks();
}

/* Counts of the TSC a second, by channel 2 of the PIT; 0 when that does not count, or has been through 0 unseen. */
static uint64_t measure(void)
{
	struct moment now = started;
	unsigned ticks = 0;

	for (unsigned polls = 0; ticks < PIT_TICKS && polls < PIT_MAX_POLLS; polls++) {
		now = read_clocks();
		ticks = started.pit > now.pit ? started.pit - now.pit : 0;
	}
	if (ticks < PIT_TICKS || inb(PIT_GATE) & 0x20)
		return 0;
	return (now.tsc - started.tsc) * PIT_HZ / ticks;
}

uint64_t cpu_tsc_hz(void)
{
	uint64_t hz;

	if (max_leaf(0) >= 0x15) {
		struct cpuid r = cpuid(0x15, 0);

		if (r.eax && r.ebx && r.ecx)
			return (uint64_t)r.ecx * r.ebx / r.eax;
	}
	/* VMware's timing leaf, which KVM and others offer too: kHz. */
	if (cpuid(1, 0).ecx & 1u << 31 && max_leaf(0x40000000) >= 0x40000010 && max_leaf(0x40000000) < 0x40010000) {
		uint32_t khz = cpuid(0x40000010, 0).eax;

		if (khz)
			return khz * 1000ull;
	}
	hz = measure();
	if (hz)
		return hz;
	cpu_tsc_start();
	return measure();
}

uint64_t cpu_tsc(void *ctx)
{
	(void)ctx;
	return rdtsc();
}

void cpu_load_map(uint64_t cr3)
{
	uint64_t cr4 = read_cr4();

	write_cr4(cr4 & ~CR4_PGE);
	write_cr3(cr3);
	write_cr4(cr4);
}
