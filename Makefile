# SPDX-License-Identifier: MIT
# Builds everything into build/. `make help` lists the targets; V=1 shows the commands.

CC      ?= gcc
ifeq ($(origin CC),default)
CC      := gcc
endif
HOSTCC  ?= $(CC)
LD      := ld
NASM    := nasm
OBJCOPY := objcopy
PYTHON  := /usr/bin/python3
Q       := $(if $(V),,@)

# ---- what there is ---------------------------------------------------------------------------------------------------
ACPI   := reader root srat slit madt fadt smbios spcr
MM     := e820 memblock numa kaslr pt_alloc pagetable direct_map policy policy_bottom_up policy_memblock \
          policy_lowest policy_top_down policy_series policy_hybrid policy_floor policy_node_local pgwalk placement
KERNEL := base kernel plan entropy nodes place audit picture chart report report_machine report_place \
          options options_map scan log format rng crc32 selftest
# Pure, though they live in boot/: what they reach they are handed.
PARSE  := multiboot serial screen
BOOT   := main early_map move descriptors exceptions dry runtime uart_bus console entropy power cpu
BOOT_ASM := entry stubs
UNIT   := e820 memblock numa kaslr pt_alloc direct_map policy pgwalk placement \
          reader root srat slit madt fadt smbios spcr serial \
          options log format rng crc32 multiboot efi_memmap run machine linuxlog shadow

FONT   := /usr/share/consolefonts/spleen-8x16.psfu.gz

PURE_OBJS   := build/font.o $(ACPI:%=acpi/%.o) $(MM:%=mm/%.o) $(KERNEL:%=kernel/%.o) $(PARSE:%=boot/%.o)
KERNEL_OBJS := $(addprefix build/kernel/,$(BOOT_ASM:%=boot/%.asm.o) $(BOOT:%=boot/%.o) kernel/string.o $(PURE_OBJS))
# Pure as well, but of the UEFI application, not of the kernel.
HOST_OBJS   := $(PURE_OBJS:%=build/host/%) build/host/boot/efi_memmap.o

# ---- flags -----------------------------------------------------------------------------------------------------------
WARN   := -std=gnu11 -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wundef -Werror
KFLAGS := $(WARN) -O2 -g -I. -ffreestanding -fpie -fvisibility=hidden -mno-red-zone -mgeneral-regs-only \
          -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none
HFLAGS := $(WARN) -O1 -g -I. -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

.DEFAULT_GOAL := all
all: build/landfall.elf ## build everything into build/

# What is not in a loop over all of memory shall be small.
build/kernel/boot/%.o build/kernel/kernel/%.o: KFLAGS += -Os

build/kernel/%.o: %.c
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC      $<")
	$(Q)$(CC) $(KFLAGS) -MMD -MP -c -o $@ $<

build/kernel/%.asm.o: %.asm
	@mkdir -p $(@D)
	@$(if $(V),,echo "  NASM    $<")
	$(Q)$(NASM) -f elf64 -g -F dwarf -I. -MD $(@:.o=.d) -MP -o $@ $<

build/host/%.o: %.c
	@mkdir -p $(@D)
	@$(if $(V),,echo "  HOSTCC  $<")
	$(Q)$(HOSTCC) $(HFLAGS) -MMD -MP -c -o $@ $<

build/font.c: tools/font
	@mkdir -p $(@D)
	@$(if $(V),,echo "  FONT    $@")
	$(Q)$(PYTHON) tools/font $(FONT) >$@.part && mv $@.part $@

# Relocations are applied by the image itself, so the linker must leave relative ones only (-z text).
build/landfall.elf: $(KERNEL_OBJS) linker.ld
	@$(if $(V),,echo "  LD      $@")
	$(Q)$(LD) -m elf_x86_64 -pie --no-dynamic-linker -z text -z max-page-size=4096 -z noexecstack --build-id=none \
		-T linker.ld -o $@ $(KERNEL_OBJS)

# One program a module: build/unit/test_NAME. Linked with all pure objects, so a test may use any of them.
build/unit/test_%: build/host/tests/unit/test_%.o build/host/tests/unit/support.o $(HOST_OBJS)
	@mkdir -p $(@D)
	@$(if $(V),,echo "  HOSTLD  $@")
	$(Q)$(HOSTCC) $(HFLAGS) -o $@ $^ -lcmocka

test-unit: $(UNIT:%=build/unit/test_%) ## host unit tests, sanitizers on
	$(Q)tests/unit/run $^

clean: ## remove build/
	$(Q)rm -rf build

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

.PHONY: all test-unit clean help
.SECONDARY:
-include $(shell find build -name '*.d' 2>/dev/null)

# ---- machine descriptions --------------------------------------------------------------------------------------------
TOOL_FLAGS := $(WARN) -O2 -g -I.

build/tools/%.o: %.c
	@mkdir -p $(@D)
	@$(if $(V),,echo "  HOSTCC  $<")
	$(Q)$(HOSTCC) $(TOOL_FLAGS) -MMD -MP -c -o $@ $<

build/landfall-machine: build/tools/tools/machine_main.o build/tools/tools/machine.o
	@$(if $(V),,echo "  HOSTLD  $@")
	$(Q)$(HOSTCC) $(TOOL_FLAGS) -o $@ $^

all: build/landfall-machine
build/unit/test_machine build/unit/test_run: build/host/tools/machine.o

# ---- packages and the main job ---------------------------------------------------------------------------------------
# PACKAGE=PROBE: what makes the package unnecessary when it is there already.
RUN_PACKAGES  := gcc=$(CC) libc6-dev=/usr/include/stdio.h binutils=ld nasm=nasm python3=/usr/bin/python3 qemu-system-x86=qemu-system-x86_64 \
                 fonts-spleen=$(FONT)
ALL_PACKAGES  := $(RUN_PACKAGES) gnu-efi=/usr/include/efi/efi.h grub-common=grub-mkrescue grub-pc-bin=/usr/lib/grub/i386-pc/normal.mod \
                 grub-efi-amd64-bin=/usr/lib/grub/x86_64-efi/normal.mod xorriso=xorriso mtools=mformat
PYTHON_PATH   := /usr/lib/python3/dist-packages
TEST_PACKAGES := libcmocka-dev=/usr/include/cmocka.h acpica-tools=iasl ovmf=/usr/share/ovmf/OVMF.fd python3-pytest=$(PYTHON_PATH)/pytest \
                 python3-pytest-xdist=$(PYTHON_PATH)/xdist python3-jsonschema=$(PYTHON_PATH)/jsonschema
# For fuzz, mutants, coverage and lint.
TOOL_PACKAGES := clang=clang clang-tidy=clang-tidy clang-format=clang-format libclang-rt-14-dev

deps: ## install the Debian packages that building and testing need
	$(Q)tools/deps $(ALL_PACKAGES) $(TEST_PACKAGES) $(TOOL_PACKAGES)

# SEED= ALLOC= APPEND= QEMU_ARGS= MACHINE= go to tools/run. Clean and stained are both a good end.
run: ## boot the default machine in QEMU; MACHINE= SEED= ALLOC= APPEND= QEMU_ARGS=
	$(Q)tools/deps $(RUN_PACKAGES)
	$(Q)$(MAKE) --no-print-directory build/landfall.elf build/landfall-machine
	$(Q)tools/run --machine='$(MACHINE)' --seed='$(SEED)' --alloc='$(ALLOC)' --append='$(APPEND)' \
		--qemu-args='$(QEMU_ARGS)' || [ $$? -eq 1 ]

.PHONY: deps run

# ---- tests -----------------------------------------------------------------------------------------------------------
TEST_LAYERS := test-unit test-qemu

# Boots run side by side, as many as there are processors.
test-qemu: build/landfall.elf build/landfall-machine ## boots in QEMU
	@mkdir -p build/junit
	$(Q)$(PYTHON) -m pytest tests/qemu -p no:cacheprovider -q --tb=short -n $$(nproc) --dist loadgroup \
		--junitxml=build/junit/qemu.xml -o junit_suite_name=qemu

test: ## install missing packages, build, run every test
	$(Q)tools/deps $(ALL_PACKAGES) $(TEST_PACKAGES)
	$(Q)rm -rf build/junit
	$(Q)$(MAKE) --no-print-directory all
	$(Q)bad=; for layer in $(TEST_LAYERS); do $(MAKE) --no-print-directory $$layer || bad="$$bad $$layer"; done; \
		tests/summary build/junit $$bad

.PHONY: test test-qemu

# ---- the UEFI application --------------------------------------------------------------------------------------------
# GNU-EFI's start code, relocator and linker script; its library is not used.
EFI_LIB    := /usr/lib
EFI_FLAGS  := $(WARN) -O2 -g -I. -isystem /usr/include/efi -isystem /usr/include/efi/x86_64 -DGNU_EFI_USE_MS_ABI \
              -ffreestanding -fpic -fshort-wchar -fvisibility=hidden -mno-red-zone -mgeneral-regs-only \
              -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none
EFI_OBJS   := $(addprefix build/efi/boot/,$(patsubst %,efi_%.o,main console file options map screen image dry memmap)) build/efi/mm/e820.o \
              build/efi/kernel/string.o build/efi/kernel/format.o build/efi/boot/efi_payload.asm.o

# The flat image: file offsets run linearly with addresses, and .bss is not in it.
build/landfall.bin: build/landfall.elf
	$(Q)$(OBJCOPY) -O binary $< $@

build/efi/%.o: %.c
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC EFI  $<")
	@test -e /usr/include/efi/efi.h || { echo "GNU-EFI is missing: install the package gnu-efi (make deps)"; false; }
	$(Q)$(CC) $(EFI_FLAGS) -MMD -MP -c -o $@ $<

build/efi/%.asm.o: %.asm build/landfall.bin
	@mkdir -p $(@D)
	@$(if $(V),,echo "  NASM    $<")
	$(Q)$(NASM) -f elf64 -g -F dwarf -I. -DPAYLOAD='"build/landfall.bin"' -o $@ $<

build/landfall-efi.so: $(EFI_OBJS)
	@$(if $(V),,echo "  LD      $@")
	$(Q)$(LD) -m elf_x86_64 -shared -Bsymbolic -nostdlib -znocombreloc -z noexecstack --no-undefined --build-id=none \
		-L $(EFI_LIB) -T $(EFI_LIB)/elf_x86_64_efi.lds -o $@ $(EFI_LIB)/crt0-efi-x86_64.o $(EFI_OBJS) -lgnuefi

# The wildcard for relocations matters: their section has had several names. tools/pe-finish fails when something is missing.
build/landfall.efi: build/landfall-efi.so tools/pe-finish
	@$(if $(V),,echo "  OBJCOPY $@")
	$(Q)$(OBJCOPY) -j .text -j .sdata -j .data -j .rodata -j .sbat -j .dynamic -j .dynsym -j '.rel*' \
		--target efi-app-x86_64 --subsystem 10 $< $@.new
	$(Q)tools/pe-finish $@.new
	$(Q)mv $@.new $@

all: build/landfall.efi

# ---- landfall-predict ------------------------------------------------------------------------------------------------
PREDICT := main logline linuxlog facts srat_lines text shadow predict sweep host
PREFIX  ?= /usr/local

build/landfall-predict: $(PREDICT:%=build/tools/tools/predict/%.o) $(PURE_OBJS:%=build/tools/%)
	@$(if $(V),,echo "  HOSTLD  $@")
	$(Q)$(HOSTCC) $(TOOL_FLAGS) -o $@ $^

all: build/landfall-predict
build/unit/test_linuxlog: $(addprefix build/host/tools/predict/,logline.o linuxlog.o facts.o srat_lines.o text.o)
build/unit/test_shadow: build/host/tools/predict/shadow.o

install: build/landfall-predict ## install the host programs and man pages; PREFIX= DESTDIR=
	$(Q)install -D -m 755 build/landfall-predict $(DESTDIR)$(PREFIX)/bin/landfall-predict
	$(Q)install -D -m 644 docs/landfall-predict.1 $(DESTDIR)$(PREFIX)/share/man/man1/landfall-predict.1

.PHONY: install

# ---- the hybrid image ------------------------------------------------------------------------------------------------
GRUB_MODULES := normal multiboot multiboot2 serial chain terminal all_video gfxterm test echo configfile search iso9660 \
                part_msdos part_gpt part_acorn part_amiga part_apple part_bsd part_dfly part_dvh part_plan part_sun part_sunpc fat

build/landfall.iso: build/landfall.elf build/landfall.efi boot/grub.cfg
	@$(if $(V),,echo "  ISO     $@")
	$(Q)rm -rf build/iso && mkdir -p build/iso/boot/grub
	$(Q)cp build/landfall.elf build/landfall.efi build/iso/boot/
	$(Q)cp boot/grub.cfg build/iso/boot/grub/
	@command -v grub-mkrescue >/dev/null || { echo "grub-mkrescue is missing: make deps"; false; }
	$(Q)grub-mkrescue -o $@ --locales= --fonts= --themes= --install-modules="$(GRUB_MODULES)" build/iso >build/iso.log 2>&1 \
		|| { cat build/iso.log; false; }

image: build/landfall.iso ## build/landfall.iso: CD or USB stick, BIOS or UEFI

all: image
.PHONY: image
