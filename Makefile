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
ACPI   := reader root srat slit madt fadt smbios spcr hmat cedt msct cpio findings
MM     := e820 memblock numa kaslr pt_alloc pagetable direct_map policy policy_bottom_up policy_memblock \
          policy_lowest policy_top_down policy_series policy_hybrid policy_floor policy_node_local count sweep \
          pgwalk placement cost findings
KERNEL := base kernel plan entropy upgrade nodes findings place audit sweep picture chart report report_machine report_place report_cost report_sweep \
          options options_map scan log format rng crc32 selftest
# Pure, though they live in boot/: what they reach they are handed.
PARSE  := multiboot serial screen
BOOT   := main early_map move descriptors exceptions dry runtime uart_bus console entropy power cpu
BOOT_ASM := entry stubs
UNIT   := e820 memblock numa kaslr pt_alloc direct_map policy count sweep pgwalk placement cost \
          reader root srat slit madt fadt smbios spcr hmat cedt msct cpio findings serial screen chart \
          options log format rng crc32 multiboot efi_memmap run machine linuxlog shadow

FONT   := /usr/share/consolefonts/spleen-8x16.psfu.gz

PURE_OBJS   := build/font.o $(ACPI:%=acpi/%.o) $(MM:%=mm/%.o) $(KERNEL:%=kernel/%.o) $(PARSE:%=boot/%.o)
KERNEL_OBJS := $(addprefix build/kernel/,$(BOOT_ASM:%=boot/%.asm.o) $(BOOT:%=boot/%.o) kernel/string.o $(PURE_OBJS))
# Pure as well, but of the UEFI application, not of the kernel.
HOST_OBJS   := $(PURE_OBJS:%=build/host/%) build/host/boot/efi_memmap.o

# ---- flags -----------------------------------------------------------------------------------------------------------
WARN   := -std=gnu11 -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wundef -Werror
KFLAGS := $(WARN) -O2 -g -I. -ffunction-sections -fdata-sections -ffreestanding -fpie -fvisibility=hidden -mno-red-zone -mgeneral-regs-only \
          -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none -falign-functions=1
HFLAGS := $(WARN) -O1 -g -I. -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

.DEFAULT_GOAL := all
all: build/landfall.elf ## build everything into build/

# What is not in a loop over all of memory shall be small.
build/kernel/boot/%.o build/kernel/kernel/%.o build/kernel/acpi/%.o: KFLAGS += -Oz
$(addprefix build/kernel/mm/,$(addsuffix .o,$(filter-out direct_map pt_alloc,$(MM)))): KFLAGS += -Oz

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

# Relocations are applied by the image itself, so the linker must leave relative ones only (-z text), and packs them.
build/landfall.elf: $(KERNEL_OBJS) linker.ld
	@$(if $(V),,echo "  LD      $@")
	$(Q)$(LD) -m elf_x86_64 -pie --no-dynamic-linker -z text -z max-page-size=4096 -z noexecstack --build-id=none \
		-z pack-relative-relocs --gc-sections -T linker.ld -o $@ $(KERNEL_OBJS)

# One program a module: build/unit/test_NAME. Linked with all pure objects, so a test may use any of them.
build/unit/test_%: build/host/tests/unit/test_%.o $(addprefix build/host/tests/unit/,support.o firmware.o) $(HOST_OBJS)
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

build/landfall-machine: $(addprefix build/tools/,tools/machine_main.o tools/machine.o mm/e820.o kernel/base.o)
	@$(if $(V),,echo "  HOSTLD  $@")
	$(Q)$(HOSTCC) $(TOOL_FLAGS) -o $@ $^

all: build/landfall-machine
build/unit/test_machine build/unit/test_run build/unit/test_sweep: build/host/tools/machine.o

# ---- packages and the main job ---------------------------------------------------------------------------------------
# PACKAGE=PROBE: what makes the package unnecessary when it is there already.
RUN_PACKAGES  := gcc=$(CC) libc6-dev=/usr/include/stdio.h binutils=ld nasm=nasm python3=/usr/bin/python3 qemu-system-x86=qemu-system-x86_64 \
                 fonts-spleen=$(FONT)
ALL_PACKAGES  := $(RUN_PACKAGES) gnu-efi=/usr/include/efi/efi.h grub-common=grub-mkrescue grub-pc-bin=/usr/lib/grub/i386-pc/normal.mod \
                 grub-efi-amd64-bin=/usr/lib/grub/x86_64-efi/normal.mod xorriso=xorriso mtools=mformat
PYTHON_PATH   := /usr/lib/python3/dist-packages
TEST_PACKAGES := libcmocka-dev=/usr/include/cmocka.h acpica-tools=iasl ovmf=/usr/share/ovmf/OVMF.fd python3-pytest=$(PYTHON_PATH)/pytest \
                 python3-pytest-xdist=$(PYTHON_PATH)/xdist python3-jsonschema=$(PYTHON_PATH)/jsonschema \
                 sbsigntool=sbsign openssl=openssl kexec-tools=/sbin/kexec ipxe-qemu=/usr/lib/ipxe/qemu
# For fuzz, mutants, coverage, lint and bench.
TOOL_PACKAGES := valgrind=valgrind clang=clang clang-tidy=clang-tidy clang-format=clang-format libclang-rt-14-dev

deps: ## install the Debian packages that building and testing need
	$(Q)tools/deps $(ALL_PACKAGES) $(TEST_PACKAGES) $(TOOL_PACKAGES)

# SEED= ALLOC= APPEND= QEMU_ARGS= MACHINE= go to tools/run. Clean and stained are both a good end.
run: ## boot the default machine in QEMU; MACHINE= SEED= ALLOC= APPEND= QEMU_ARGS=
	$(Q)tools/deps $(RUN_PACKAGES)
	$(Q)$(MAKE) -s --no-print-directory build/landfall.elf build/landfall-machine
	$(Q)tools/run --machine='$(MACHINE)' --seed='$(SEED)' --alloc='$(ALLOC)' --append='$(APPEND)' \
		--qemu-args='$(QEMU_ARGS)' || [ $$? -eq 1 ]

.PHONY: deps run

# ---- tests -----------------------------------------------------------------------------------------------------------
TEST_LAYERS := test-unit test-data test-qemu test-uefi

# Boots run side by side, as many as there are processors.
test-qemu: build/landfall.elf build/landfall-machine ## boots in QEMU
	@mkdir -p build/junit
	$(Q)$(PYTHON) -m pytest tests/qemu -p no:cacheprovider -q --tb=short -n $$(nproc) --dist loadgroup \
		--junitxml=build/junit/qemu.xml -o junit_suite_name=qemu

# The part of test-qemu that holds boots at random seeds against the sweep, with ten times as many.
BOOTS ?= 500
test-sweep: build/landfall.elf build/landfall-machine ## boots at random seeds beside the sweep; BOOTS=500
	$(Q)LANDFALL_BOOTS=$(BOOTS) $(PYTHON) -m pytest tests/qemu/test_sweep.py -p no:cacheprovider -q --tb=short -n $$(nproc) -rP

# Recorded tables and logs are optional; what needs them is skipped without.
test-data: build/landfall-predict ## recorded machines, expected logs and firmware rules
	@mkdir -p build/junit
	$(Q)$(PYTHON) -m pytest tests/data -p no:cacheprovider -q --tb=short -n $$(nproc) \
		--junitxml=build/junit/data.xml -o junit_suite_name=data

test: ## install missing packages, build, run every test
	$(Q)tools/deps $(ALL_PACKAGES) $(TEST_PACKAGES)
	$(Q)rm -rf build/junit
	$(Q)$(MAKE) --no-print-directory all
	$(Q)bad=; for layer in $(TEST_LAYERS); do $(MAKE) --no-print-directory $$layer || bad="$$bad $$layer"; done; \
		tests/summary build/junit $$bad

.PHONY: test test-data test-qemu test-sweep

# ---- the UEFI application --------------------------------------------------------------------------------------------
# GNU-EFI's start code, relocator and linker script; its library is not used.
EFI_LIB    := /usr/lib
EFI_FLAGS  := $(WARN) -O2 -g -I. -isystem /usr/include/efi -isystem /usr/include/efi/x86_64 -DGNU_EFI_USE_MS_ABI \
              -ffreestanding -fpic -fshort-wchar -fvisibility=hidden -mno-red-zone -mgeneral-regs-only \
              -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none
EFI_OBJS   := $(addprefix build/efi/boot/,$(patsubst %,efi_%.o,main console file options map screen image dry memmap)) build/efi/mm/e820.o \
              build/efi/kernel/string.o build/efi/kernel/format.o build/efi/boot/efi_payload.asm.o

# The image as it lies in memory, headers first: file offsets run linearly with addresses. Its end stands in the boot page (data_end
# of struct image_words).
build/landfall.bin: build/landfall.elf
	$(Q)head -c $$(($$(od -An -tu4 -j 0x1dc -N 4 $<) - 0x1000000)) $< >$@

build/efi/%.o: %.c
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC EFI  $<")
	@test -e /usr/include/efi/efi.h || { echo "GNU-EFI is missing: install the package gnu-efi (make deps)"; false; }
	$(Q)$(CC) $(EFI_FLAGS) -MMD -MP -c -o $@ $<

build/efi/%.asm.o: %.asm build/landfall.bin
	@mkdir -p $(@D)
	@$(if $(V),,echo "  NASM    $<")
	$(Q)$(NASM) -f elf64 -g -F dwarf -I. -DPAYLOAD='"build/landfall.bin"' -o $@ $<

EFI_LINK := $(LD) -m elf_x86_64 -shared -Bsymbolic -nostdlib -znocombreloc -z noexecstack --no-undefined --build-id=none \
            -L $(EFI_LIB) -T $(EFI_LIB)/elf_x86_64_efi.lds $(EFI_LIB)/crt0-efi-x86_64.o
EFI_COPY := $(OBJCOPY) -j .text -j .sdata -j .data -j .rodata -j .sbat -j .dynamic -j .dynsym -j '.rel*' \
            --target efi-app-x86_64 --subsystem 10

build/landfall-efi.so: $(EFI_OBJS)
	@$(if $(V),,echo "  LD      $@")
	$(Q)$(EFI_LINK) -o $@ $(EFI_OBJS) -lgnuefi

# The wildcard for relocations matters: their section has had several names. tools/pe-finish fails when something is missing.
build/landfall.efi: build/landfall-efi.so tools/pe-finish
	@$(if $(V),,echo "  OBJCOPY $@")
	$(Q)$(EFI_COPY) $< $@.new
	$(Q)tools/pe-finish $@.new
	$(Q)mv $@.new $@

all: build/landfall.efi

# ---- landfall-predict ------------------------------------------------------------------------------------------------
PREDICT := main logline linuxlog facts srat_lines text shadow predict rules slots host
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
GRUB_MODULES := normal multiboot multiboot2 serial chain terminal all_video gfxterm test echo read configfile search iso9660 \
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

# sbsign signs for Secure Boot; the key's certificate must be known to the firmware (or to shim, as a machine owner key).
SIGNED ?= build/landfall-signed.efi
sign: build/landfall.efi ## sign build/landfall.efi for Secure Boot: KEY= CERT= [SIGNED=]
	@test -n "$(KEY)" -a -n "$(CERT)" || { echo "make sign needs KEY=file.key and CERT=file.pem"; false; }
	@command -v sbsign >/dev/null || { echo "sbsign is missing: install the package sbsigntool (make deps)"; false; }
	$(Q)sbsign --key "$(KEY)" --cert "$(CERT)" --output "$(SIGNED)" $<

# For tests only: stands between the firmware and the application.
build/odd-firmware.efi: build/efi/tests/uefi/odd_firmware.o build/efi/tests/uefi/la57.asm.o build/efi/kernel/string.o
	@$(if $(V),,echo "  LD      $@")
	$(Q)$(EFI_LINK) -o build/odd-firmware.so $^ -lgnuefi
	$(Q)$(EFI_COPY) build/odd-firmware.so $@

test-uefi: build/landfall.efi build/landfall.iso build/landfall-machine build/odd-firmware.efi ## boots through UEFI, GRUB, the network and kexec
	@mkdir -p build/junit
	$(Q)$(PYTHON) tests/linux/debian.py || true
	$(Q)$(PYTHON) -m pytest tests/uefi -p no:cacheprovider -q --tb=short -n $$(nproc) --dist loadfile \
		--junitxml=build/junit/uefi.xml -o junit_suite_name=uefi

TEST_PACKAGES += bochs=bochs bochs-term bochsbios vgabios

.PHONY: sign test-uefi

# ---- speed and size --------------------------------------------------------------------------------------------------
build/bench/nothing.elf: tests/bench/nothing.asm
	@mkdir -p $(@D)
	$(Q)$(NASM) -f bin -o $@ $<

build/bench/host_build build/bench/sweep: build/bench/%: build/tools/tests/bench/%.o $(MM:%=build/tools/mm/%.o) build/tools/kernel/base.o
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(TOOL_FLAGS) -o $@ $^

build/bench/nothing.efi: build/efi/tests/bench/nothing_efi.o
	@mkdir -p $(@D)
	$(Q)$(EFI_LINK) -o build/bench/nothing.so $^ -lgnuefi
	$(Q)$(EFI_COPY) build/bench/nothing.so $@

bench: build/landfall.elf build/landfall.efi build/landfall-machine $(addprefix build/bench/,nothing.elf nothing.efi host_build sweep) ## goals and measured values
	$(Q)tests/bench/bench

.PHONY: bench

# ---- fuzzing ---------------------------------------------------------------------------------------------------------
# clang's libFuzzer, ASan and UBSan. What fuzzing has found since is in build/fuzz/grown/; ours to keep in tests/fuzz/corpus/.
FUZZ       := root srat slit madt hmat cedt cpio findings fadt smbios spcr multiboot efi_memmap options linuxlog machine run
FUZZ_CC    := clang
FUZZ_FLAGS := $(WARN) -O1 -g -I. -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_OBJS  := $(addprefix build/fuzz/,tests/fuzz/fuzz.o tests/fuzz/every.o $(PURE_OBJS) boot/efi_memmap.o tools/machine.o \
              $(addprefix tools/predict/,logline.o linuxlog.o facts.o srat_lines.o text.o))
T          ?= 60

build/fuzz/%.o: %.c
	@mkdir -p $(@D)
	@$(if $(V),,echo "  FUZZCC  $<")
	@command -v $(FUZZ_CC) >/dev/null || { echo "clang is missing: install the packages clang and libclang-rt-14-dev (make deps)"; false; }
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

# pt_alloc_page is watched by one harness; the others never get to see it.
build/fuzz/fuzz_%: build/fuzz/tests/fuzz/fuzz_%.o $(FUZZ_OBJS)
	@$(if $(V),,echo "  FUZZLD  $@")
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer $(FUZZ_LINK) -o $@ $^

build/fuzz/fuzz_run: FUZZ_LINK := -Wl,--wrap=pt_alloc_page

build/fuzz/seeds: tests/fuzz/seeds build/landfall-machine $(wildcard tests/fuzz/corpus/*) $(wildcard tests/machines/*.machine)
	$(Q)tests/fuzz/seeds $@

fuzz: $(FUZZ:%=build/fuzz/fuzz_%) build/fuzz/seeds ## fuzz every parser and the whole run; T=SECONDS for each, FUZZ=NAMES
	$(Q)tests/fuzz/run --seconds=$(T) $(FUZZ)

# All of what is near a good input, instead of some of what is anywhere. The whole run has too many seeds for that.
fuzz-every: $(FUZZ:%=build/fuzz/fuzz_%) build/fuzz/seeds ## every truncation and every change of one byte of the fuzzers' corpus
	$(Q)tests/fuzz/run --every $(filter-out run,$(FUZZ))

# The short form: every input of the corpus, all their truncations and four changes of every byte; two seconds of the whole run.
test-fuzz: $(FUZZ:%=build/fuzz/fuzz_%) build/fuzz/seeds ## the fuzzers' corpus and what is near, and the whole run for two seconds
	$(Q)tests/fuzz/run --corpus --junit=build/junit/fuzz.xml $(FUZZ)

TEST_PACKAGES += clang=clang libclang-rt-14-dev
TEST_LAYERS   += test-fuzz

.PHONY: fuzz fuzz-every test-fuzz

# ---- style, compilers, coverage --------------------------------------------------------------------------------------
CODE       := $(sort $(shell find acpi boot kernel mm tests tools -name '*.[ch]'))
TIDY_FLAGS := -std=gnu11 -O2 -I. -Ibuild -ffreestanding -fpie -mno-red-zone -mgeneral-regs-only --target=x86_64-unknown-none-elf
TIDY_FILES := $(filter-out boot/efi_%,$(filter acpi/%.c mm/%.c kernel/%.c boot/%.c,$(CODE)))

lint: build/landfall.elf ## layers, style, formatting, clang-tidy
	$(Q)tools/deps clang-tidy=clang-tidy clang-format=clang-format
	$(Q)tests/lint/layers
	$(Q)tests/lint/style
	$(Q)clang-format --dry-run -Werror $(CODE) && echo "clang-format: ok"
	$(Q)clang-tidy --quiet $(TIDY_FILES) -- $(TIDY_FLAGS) 2>build/clang-tidy.err || { cat build/clang-tidy.err; false; }
	$(Q)clang-tidy --quiet $(filter boot/efi_%.c,$(CODE)) -- $(filter-out -Werror,$(EFI_FLAGS)) 2>build/clang-tidy.err \
		|| { cat build/clang-tidy.err; false; }
	@echo "clang-tidy: ok"

format: ## lay out all C code as .clang-format says
	$(Q)tests/lint/style --fix >/dev/null || true
	$(Q)clang-format -i $(CODE)

# The compiler that the rest is not built with.
test-compilers: ## build with the other compiler, and boot that
	$(Q)tests/compilers $(if $(findstring clang,$(CC)),gcc,clang)

TEST_PACKAGES += clang=clang
TEST_LAYERS   += test-compilers

coverage: ## lines and branches that the unit tests reach; fails unless that is all of acpi/ and mm/
	$(Q)tests/coverage

.PHONY: lint format test-compilers coverage

# ---- mutants ---------------------------------------------------------------------------------------------------------
MUTANT_OBJS := $(PURE_OBJS) boot/efi_memmap.o tools/machine.o \
               $(addprefix tools/predict/,logline.o linuxlog.o facts.o srat_lines.o text.o shadow.o)

mutants: build/font.c ## small wrong changes, which the unit tests must all notice
	$(Q)tests/mutants/run

.PHONY: mutants

# ---- tools -----------------------------------------------------------------------------------------------------------
test-tools: build/landfall.elf build/landfall-machine build/landfall-predict ## tests of check-log, report, campaign and study
	@mkdir -p build/junit
	$(Q)$(PYTHON) -m pytest tests/tools -p no:cacheprovider -q --tb=short --junitxml=build/junit/tools.xml -o junit_suite_name=tools

TEST_PACKAGES += python3-matplotlib=$(PYTHON_PATH)/matplotlib python3-pil=$(PYTHON_PATH)/PIL parallel=parallel chromium=chromium
TEST_LAYERS   += test-tools

picture: build/landfall.elf build/landfall-machine ## docs/four-nodes.svg: the default machine, drawn
	$(Q)tools/deps python3-matplotlib=$(PYTHON_PATH)/matplotlib
	$(Q)tools/run --append=sweep >build/four-nodes.log || [ $$? -eq 1 ]
	$(Q)tools/report build/four-nodes.log -o docs/four-nodes.svg

study: build/landfall-machine build/landfall-predict ## docs/study.md: all policies on all machine descriptions
	$(Q)tools/study --write

.PHONY: test-tools picture study

# ---- beside Linux ----------------------------------------------------------------------------------------------------
# Debian's own kernels on the same machines, and landfall-predict against recorded logs. The kernels are fetched, not installed; without
# them their tests are skipped, with the reason.
test-linux: build/landfall.elf build/landfall.efi build/landfall-machine build/landfall-predict ## side by side with Debian's Linux
	@mkdir -p build/junit
	$(Q)$(PYTHON) -m pytest tests/linux -p no:cacheprovider -q --tb=short -n $$(nproc) --dist loadgroup \
		--junitxml=build/junit/linux.xml -o junit_suite_name=linux

# The part that needs no kernel.
test-predict: build/landfall-predict ## landfall-predict against recorded logs and golden vectors
	@mkdir -p build/junit
	$(Q)$(PYTHON) -m pytest tests/linux/test_predict.py -p no:cacheprovider -q --tb=short -n $$(nproc) \
		--junitxml=build/junit/predict.xml -o junit_suite_name=predict

TEST_PACKAGES += groff-base=groff
TEST_LAYERS   += test-linux

.PHONY: test-linux test-predict
