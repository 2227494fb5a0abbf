/* SPDX-License-Identifier: MIT */
/* Any exception or interrupt (none is enabled): a register dump, worded as by Linux, and the exit as a fault. */

#include "boot/dev/cpu.h"
#include "boot/dev/descriptors.h"
#include "boot/dry.h"
#include "boot/image.h"
#include "boot/this_run.h"
#include "lib/format.h"

/* As exception_common in stubs.asm pushes it; the CPU's own part is the last five. */
struct exception_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error_code;
	uint64_t rip, cs, rflags, rsp, ss;
};

void exception_handle(const struct exception_frame *f);

#define PAGE_FAULT 14
#define PF_PRESENT (1u << 0)
#define PF_WRITE (1u << 1)
#define PF_RESERVED (1u << 3)
#define PF_FETCH (1u << 4)

static const char *const names[] = {
	"divide error",
	"debug",
	"NMI",
	"int3",
	"overflow",
	"bounds",
	"invalid opcode",
	"device not available",
	"double fault",
	"coprocessor segment overrun",
	"invalid TSS",
	"segment not present",
	"stack segment",
	"general protection fault",
	"page fault",
	"spurious interrupt",
	"coprocessor error",
	"alignment check",
	"machine check",
	"simd exception",
};

static const char *vector_name(uint64_t vector)
{
	return vector < ARRAY_SIZE(names) ? names[vector] : "exception";
}

/* The two lines that Linux prints above the dump of a page fault. */
static void print_page_fault(struct log *l, uint64_t error_code)
{
	const char *access = error_code & PF_FETCH   ? "instruction fetch"
			     : error_code & PF_WRITE ? "write access"
						     : "read access";
	const char *why = !(error_code & PF_PRESENT) ? "not-present page"
			  : error_code & PF_RESERVED ? "reserved bit violation"
						     : "permissions violation";

	log_always(l, "BUG: unable to handle page fault for address: %016llx", (ull)read_cr2());
	log_always(l, "#PF: supervisor %s in kernel mode", access);
	log_always(l, "#PF: error_code(0x%04llx) - %s", (ull)error_code, why);
}

static void print_registers(struct log *l, const struct exception_frame *f)
{
	const struct {
		const char *name[3];
		ull value[3];
	} rows[] = {
		{ { "RAX", "RBX", "RCX" }, { f->rax, f->rbx, f->rcx } },
		{ { "RDX", "RSI", "RDI" }, { f->rdx, f->rsi, f->rdi } },
		{ { "RBP", "R08", "R09" }, { f->rbp, f->r8, f->r9 } },
		{ { "R10", "R11", "R12" }, { f->r10, f->r11, f->r12 } },
		{ { "R13", "R14", "R15" }, { f->r13, f->r14, f->r15 } },
		{ { "CR0", "CR2", "CR3" }, { read_cr0(), read_cr2(), read_cr3() } },
	};

	log_always(l, "RIP: %04llx:%016llx (image + 0x%llx)", (ull)f->cs, (ull)f->rip,
		   (ull)(f->rip - (uint64_t)image_first));
	log_always(l, "RSP: %04llx:%016llx EFLAGS: %08llx CR4: %08llx", (ull)f->ss, (ull)f->rsp, (ull)f->rflags,
		   (ull)read_cr4());
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		log_always(l, "%s: %016llx %s: %016llx %s: %016llx", rows[i].name[0], rows[i].value[0], rows[i].name[1],
			   rows[i].value[1], rows[i].name[2], rows[i].value[2]);
}

void exception_handle(const struct exception_frame *f)
{
	struct log *l;

	/* Firmware's own code, called or as an interrupt: its handler shall see the fault as well. */
	if (dry_running() && !dry_executes(f->rip)) {
		descriptors_unguard();
		return;
	}
	l = run_fault_begin();
	if (f->vector == PAGE_FAULT)
		print_page_fault(l, f->error_code);
	log_always(l, "error: CPU fault: %s (vector %llu), error code 0x%04llx", vector_name(f->vector), (ull)f->vector,
		   (ull)f->error_code);
	print_registers(l, f);
	run_fault_end(vector_name(f->vector));
}

void kassert_fail(const char *expr, const char *file, int line)
{
	struct log *l = run_fault_begin();

	log_always(l, "error: internal check failed: %s (%s:%d)", expr, file, line);
	run_fault_end("internal check failed");
}
