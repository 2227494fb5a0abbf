/* SPDX-License-Identifier: MIT */
/* Any exception or interrupt (none is enabled): a register dump, worded as by Linux, and the exit as a fault. */

#include "boot/dev/cpu.h"
#include "boot/dev/descriptors.h"
#include "boot/dry.h"
#include "boot/image.h"
#include "boot/this_run.h"
#include "lib/format.h"
#include "lib/scan.h"

#define GENERAL 15 /* registers, RSP not among them */

/* As exception_common in stubs.asm pushes it; the CPU's own part is the last five. */
struct exception_frame {
	uint64_t general[GENERAL]; /* R15 to RAX */
	uint64_t vector, error_code;
	uint64_t rip, cs, rflags, rsp, ss;
};

void exception_handle(const struct exception_frame *f);

#define PAGE_FAULT 14
#define PF_PRESENT (1u << 0)
#define PF_WRITE (1u << 1)
#define PF_RESERVED (1u << 3)
#define PF_FETCH (1u << 4)

static const char *vector_name(uint64_t vector)
{
	static const char names[] = "divide error\0debug\0NMI\0int3\0overflow\0bounds\0invalid opcode\0"
				    "device not available\0double fault\0coprocessor segment overrun\0invalid TSS\0"
				    "segment not present\0stack segment\0general protection fault\0page fault\0"
				    "spurious interrupt\0coprocessor error\0alignment check\0machine check\0"
				    "simd exception\0";
	const char *name = scan_entry(names, vector);

	return *name ? name : "exception";
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
	static const char names[GENERAL][4] = { "R15", "R14", "R13", "R12", "R11", "R10", "R09", "R08",
						"RBP", "RDI", "RSI", "RDX", "RCX", "RBX", "RAX" };

	log_always(l, "RIP: %04llx:%016llx (image + 0x%llx)", (ull)f->cs, (ull)f->rip,
		   (ull)(f->rip - (uint64_t)image_first));
	log_always(l, "RSP: %04llx:%016llx EFLAGS: %08llx CR4: %08llx", (ull)f->ss, (ull)f->rsp, (ull)f->rflags,
		   (ull)read_cr4());
	for (unsigned i = GENERAL; i; i -= 3)
		log_always(l, "%s: %016llx %s: %016llx %s: %016llx", names[i - 1], (ull)f->general[i - 1], names[i - 2],
			   (ull)f->general[i - 2], names[i - 3], (ull)f->general[i - 3]);
	log_always(l, "CR0: %016llx CR2: %016llx CR3: %016llx", (ull)read_cr0(), (ull)read_cr2(), (ull)read_cr3());
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
