/* SPDX-License-Identifier: MIT */
/*
 * Power off by UEFI's ResetSystem, else \_S5 through the FADT's registers, reboot by every way there is, QEMU's
 * debug-exit port, halt.
 */
#include "boot/dev/power.h"

#include "boot/dev/bus.h"
#include "boot/dev/console.h"
#include "boot/dev/cpu.h"
#include "boot/dev/runtime.h"
#include "boot/early_map.h"
#include "boot/this_run.h"

#define QEMU_EXIT 0xf4
#define RESET_CONTROL 0xcf9
#define KEYBOARD 0x64

#define SLP_EN (1u << 13)
#define SLP_TYP_SHIFT 10
#define SLP_TYP_MASK (7u << SLP_TYP_SHIFT)
#define SCI_EN 1u

#define MAX_POLLS 300000u /* about 0.3 s of port reads on a real machine */

static void delay(unsigned polls)
{
	while (polls--)
		inb(KEYBOARD);
}

/* A register's port, or where its memory is mapped; 0: it is in neither. */
static uint64_t locate(const struct acpi_gas *gas)
{
	if (gas->space == ACPI_SPACE_IO)
		return gas->address;
	return gas->space == ACPI_SPACE_MEMORY ? (uint64_t)window_map(gas->address) : 0;
}

static uint32_t gas_read(const struct acpi_gas *gas, unsigned width)
{
	uint64_t at = locate(gas);

	return at ? bus_read(gas->space == ACPI_SPACE_IO, at, width) : 0;
}

static void gas_write(const struct acpi_gas *gas, unsigned width, uint32_t v)
{
	uint64_t at = locate(gas);

	if (at)
		bus_write(gas->space == ACPI_SPACE_IO, at, width, v);
}

/* Writes one byte to a register of the reset or sleep kind, which may be on PCI: ACPI 6.5, 4.8.3.6. */
static void gas_write8(const struct acpi_gas *gas, uint8_t v)
{
	/* Bus 0; device in bits 47:32, function in 31:16, offset in 15:0. */
	if (gas->space == ACPI_SPACE_PCI)
		pci_write8((struct pci_function){ 0, (uint8_t)(gas->address >> 32), (uint8_t)(gas->address >> 16) },
			   (uint8_t)gas->address, v);
	else
		gas_write(gas, 1, v);
}

static void pm1_sleep(const struct acpi_gas *gas, uint8_t type)
{
	gas_write(gas, 2, (gas_read(gas, 2) & ~SLP_TYP_MASK) | (unsigned)type << SLP_TYP_SHIFT | SLP_EN);
}

/* Hands the power registers over to us, where the firmware still holds them: ACPI 6.5, 4.8.3.2. */
static void acpi_enable(const struct acpi_power *p)
{
	if (!p->smi_command || !p->acpi_enable || gas_read(&p->pm1a, 2) & SCI_EN)
		return;
	outb(p->smi_command, p->acpi_enable);
	for (unsigned polls = 0; polls < MAX_POLLS && !(gas_read(&p->pm1a, 2) & SCI_EN); polls++)
		inb(KEYBOARD);
}

static void power_off(const struct acpi_power *p)
{
	if (!p->s5_found)
		return;
	if (p->hardware_reduced) {
		if (p->sleep_control.address)
			gas_write8(&p->sleep_control, (uint8_t)(p->s5_a << 2 | 1 << 5));
	} else if (p->pm1a.address) {
		acpi_enable(p);
		pm1_sleep(&p->pm1a, p->s5_a);
		if (p->pm1b.address)
			pm1_sleep(&p->pm1b, p->s5_b);
	}
	delay(MAX_POLLS);
}

static void reboot(const struct acpi_power *p)
{
	static const struct descriptors no_idt;

	if (p->reset_supported && p->reset.address) {
		gas_write8(&p->reset, p->reset_value);
		delay(MAX_POLLS);
	}
	outb(RESET_CONTROL, 0x02);
	outb(RESET_CONTROL, 0x06);
	delay(MAX_POLLS);
	for (unsigned polls = 0; polls < MAX_POLLS && inb(KEYBOARD) & 2; polls++)
		pause();
	outb(KEYBOARD, 0xfe);
	delay(MAX_POLLS);
	lidt(&no_idt);
	__builtin_trap();
}

static _Noreturn void halt(void)
{
	for (;;)
		hlt();
}

/* A line that is none of KTAP's: finished, hung and rebooted look alike from afar. */
static void say(const char *line, size_t len)
{
	console_write(NULL, line, len);
	console_drain();
}

#define SAY(line) say(line "\r\n", sizeof(line "\r\n") - 1)

void power_end(enum exit_kind how, enum run_result result, const struct acpi_power *power)
{
	console_drain();
	/* The port reads 0 where QEMU has the device, and all ones where nothing answers. */
	if (how == EXIT_QEMU || (how == EXIT_AUTO && inb(QEMU_EXIT) == 0)) {
		outl(QEMU_EXIT, (uint32_t)result);
		delay(MAX_POLLS); /* QEMU 10 only asks for its end here, and the guest goes on meanwhile */
	}
	/* Where there is a picture. */
	if (result == RUN_CLEAN || result == RUN_STAINED)
		console_go_to_last_line();
	if (how == EXIT_QEMU)
		SAY("# exit=qemu: no debug-exit device");
	if (how == EXIT_POWEROFF) {
		SAY("# done: switching off");
		runtime_reset(&handover.bi, true);
		power_off(power);
	}
	if (how == EXIT_REBOOT) {
		SAY("# done: rebooting");
		runtime_reset(&handover.bi, false);
		reboot(power);
	}
	SAY("# done: halted");
	halt();
}
