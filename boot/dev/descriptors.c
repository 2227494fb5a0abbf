/* SPDX-License-Identifier: MIT */
/* GDT, TSS and IDT: flat segments, and a stub for each exception. */
#include "boot/dev/descriptors.h"

#include "boot/dev/cpu.h"

#define CODE 0x08
#define TSS 0x18
#define STACK_SIZE 8192
#define VECTORS 32 /* the exceptions: an interrupt, were one to come, is a general protection fault */
#define STUB_SIZE 16
#define MAX_VECTORS 256
/*
 * What an instruction itself does wrong: divide, opcode, segments, protection, paging, alignment. The rest stays
 * firmware's, #VC of an encrypted guest (29) among it.
 */
#define OWN_FAULTS (1u << 0 | 1u << 6 | 0x1fu << 10 | 1u << 17)

enum { VECTOR_NMI = 2, VECTOR_DOUBLE_FAULT = 8, VECTOR_MACHINE_CHECK = 18 };

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_mid;
	uint32_t offset_high, reserved;
} __attribute__((packed));

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3], reserved1, ist[7], reserved2;
	uint16_t reserved3, io_map;
} __attribute__((packed));

_Static_assert(sizeof(struct gate) == 16, "SDM figure 6-8");
_Static_assert(sizeof(struct tss) == 104, "SDM figure 7-11");

extern const char exception_stubs[];
void cpu_load_segments(void);

static uint64_t gdt[5];
static struct tss tss;
static struct gate idt[MAX_VECTORS];
static struct descriptors firmware_idt;
static _Alignas(16) char stacks[3][STACK_SIZE];

static void set_gate(unsigned vector, uint8_t ist, uint16_t code)
{
	uint64_t stub = (uint64_t)(exception_stubs + vector * STUB_SIZE);

	idt[vector] = (struct gate){
		.offset_low = (uint16_t)stub,
		.selector = code,
		.ist = ist,
		.type = 0x8e, /* present, 64-bit interrupt gate */
		.offset_mid = (uint16_t)(stub >> 16),
		.offset_high = (uint32_t)(stub >> 32),
	};
}

static void set_tss(void)
{
	uint64_t base = (uint64_t)&tss;

	tss = (struct tss){ .io_map = sizeof(tss) };
	for (unsigned i = 0; i < ARRAY_SIZE(stacks); i++)
		tss.ist[i] = (uint64_t)(stacks[i] + STACK_SIZE);
	gdt[3] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
	gdt[4] = base >> 32;
}

void descriptors_load(void)
{
	/* Addresses by themselves: of a whole, a compiler may keep a template with a relocation at an odd place. */
	struct descriptors to_gdt = { .limit = sizeof(gdt) - 1 }, to_idt = { .limit = VECTORS * sizeof(*idt) - 1 };

	to_gdt.base = (uint64_t)gdt;
	to_idt.base = (uint64_t)idt;
	gdt[1] = 0x00af9b000000ffff; /* 64-bit code */
	gdt[2] = 0x00cf93000000ffff; /* data */
	set_tss();
	for (unsigned i = 0; i < VECTORS; i++)
		set_gate(i, 0, CODE);
	set_gate(VECTOR_DOUBLE_FAULT, 1, CODE);
	set_gate(VECTOR_NMI, 2, CODE);
	set_gate(VECTOR_MACHINE_CHECK, 3, CODE);
	lgdt(&to_gdt);
	cpu_load_segments();
	ltr(TSS);
	lidt(&to_idt);
}

void descriptors_guard(void)
{
	struct descriptors to_idt;

	sidt(&firmware_idt);
	to_idt.limit = (uint16_t)min_u64(firmware_idt.limit, sizeof(idt) - 1);
	to_idt.base = (uint64_t)idt;
	memcpy(idt, (const void *)firmware_idt.base, to_idt.limit + 1u);
	for (unsigned i = 0; i < VECTORS; i++) {
		if (OWN_FAULTS >> i & 1)
			set_gate(i, 0, read_cs());
	}
	lidt(&to_idt);
}

void descriptors_unguard(void)
{
	lidt(&firmware_idt);
	sti();
}
