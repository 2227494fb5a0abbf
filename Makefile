# SPDX-License-Identifier: MIT
# Builds everything into build/. `make help` lists the targets; V=1 shows the commands.

CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
HOSTCC  ?= $(CC)
FUZZ_CC := clang
LD      := ld
NASM    := nasm
OBJCOPY := objcopy
PYTHON  := /usr/bin/python3
PREFIX  ?= /usr/local
# The one date in what is built: that of the sources.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
Q       := $(if $(V),,@)
JOBS     = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc)) # -j of the command line counts
# What is made, and its folder where there is none; most of the time without a process.
say      = @$(if $(V),,$(info $(1)	$(2)))$(if $(wildcard $(@D)/.),,mkdir -p $(@D))

# ---- what there is: a folder is a room, and all of its files belong to it --------------------------------------------
names   = $(patsubst %.c,%.o,$(wildcard $(addsuffix /*.c,$(1))))
PURE   := $(filter-out lib/string.o,$(call names,lib acpi mm kernel kernel/state kernel/report))
LOADED := $(addprefix boot/,multiboot.o linux.o pvh.o told.o efi_memmap.o dev/screen.o) build/font.o # pure, too; not in tools/
KERNEL := $(patsubst %.asm,%.asm.o,$(wildcard boot/*.asm boot/dev/*.asm)) $(sort $(call names,boot boot/dev) $(PURE) $(LOADED)) lib/string.o
FILE   := $(patsubst %.asm,%.asm.o,$(wildcard boot/file/*.asm)) $(call names,boot/efi boot/file)
SHARED := $(addsuffix .o,boot/efi_memmap boot/linux boot/told mm/e820 mm/regions lib/string lib/format lib/scan) # the kernel's
# On the host: what is pure, and what the programs in tools/ share.
HOST   := $(PURE) $(filter-out %main.o,$(call names,tools tools/predict tools/host))
UNIT   := $(patsubst tests/unit/test_%.c,%,$(wildcard tests/unit/test_*.c))
FUZZ   := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
VERSION := $(shell sed -n 's/.*LANDFALL_VERSION "\(.*\)"/\1/p' lib/version.h)
# The image and the page end with long single steps: they come before what keeps all processors busy.
EVERYTHING := $(addprefix build/,landfall.elf landfall.efi landfall.iso landfall.html landfall-machine landfall-predict landfall-host)
FONT   := /usr/share/consolefonts/spleen-8x16.psfu.gz

# ---- flags -----------------------------------------------------------------------------------------------------------
WARN   := -std=gnu11 '-ffile-prefix-map=$(subst ','\'',$(CURDIR))=.' -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wundef -Werror -g -fno-var-tracking -I.
BARE   := -ffreestanding -fvisibility=hidden -mno-red-zone -mgeneral-regs-only -fno-stack-protector \
          -fno-asynchronous-unwind-tables -fcf-protection=none
SANE   := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# What is not in a loop over all of memory shall be small: no gaps between data, and nothing that only makes more code of this.
KFLAGS := $(WARN) $(BARE) -mskip-rax-setup -fno-jump-tables $(if $(findstring clang,$(CC)),,-malign-data=abi -fira-region=one \
          -fno-tree-reassoc -fno-tree-dominator-opts -fno-tree-loop-im) -Oz -ffunction-sections -fdata-sections -fpie -falign-functions=1
EFLAGS := $(KFLAGS) -isystem /usr/include/efi -isystem /usr/include/efi/x86_64 -DGNU_EFI_USE_MS_ABI -fshort-wchar
# A 32-bit program reads folders and files of today, too: _FILE_OFFSET_BITS.
HFLAGS := $(WARN) $(SANE) -D_FILE_OFFSET_BITS=64
TFLAGS := $(WARN) -O2 -D_FILE_OFFSET_BITS=64
FFLAGS := $(WARN) $(SANE) -fsanitize=fuzzer-no-link -gline-tables-only

.DEFAULT_GOAL := all
# One recipe: every object lies in the folder of what it is built for. Folder, what is printed, compiler, flags.
define compile
build/$(1)/%.o: %.c Makefile
	$$(call say,$(2),$$<)
	$$(Q)$$($(3)) $$($(4)) -MMD -MP -c -o $$@ $$<
endef
$(eval $(call compile,kernel,CC,CC,KFLAGS))
$(eval $(call compile,efi,EFICC,CC,EFLAGS))
$(eval $(call compile,host,HOSTCC,HOSTCC,HFLAGS))
$(eval $(call compile,tools,HOSTCC,HOSTCC,TFLAGS))
$(eval $(call compile,fuzz,FUZZCC,FUZZ_CC,FFLAGS))

define assemble
build/$(1)/%.asm.o: %.asm build/layout.inc Makefile
	$$(call say,NASM,$$<)
	$$(Q)$$(NASM) -f elf64 -I. -DPAYLOAD='"build/landfall.bin"' -DVERSION='"$$(VERSION)"' -MD $$(@:.o=.d) -MP -o $$@ $$<
endef
$(foreach d,kernel efi,$(eval $(call assemble,$d)))
$(foreach d,host tools fuzz,$(eval build/$d/pure.a: $(HOST:%=build/$d/%)))
# A folder is younger than the archive when a file of it has gone.
build/%/pure.a: lib acpi mm kernel kernel/report kernel/state tools/predict
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar qcsP $@ $(filter %.o,$^)

# ---- the image -------------------------------------------------------------------------------------------------------
build/font.c: tools/font
	$(call say,FONT,$@)
	$(Q)$(PYTHON) tools/font $(FONT) >$@.part && mv $@.part $@

# What boot/image_layout.h states, as NASM and the linker read it.
build/layout.inc: boot/image_layout.h
	@mkdir -p build
	$(Q)sed -n 's/^#define \([A-Z_]* 0x[0-9a-f]*\).*/%define \1/p' $< >$@
build/linker.ld: linker.ld
build/file.ld: boot/file/file.ld
build/linker.ld build/file.ld: boot/image_layout.h
	@mkdir -p build
	$(Q)$(CC) -E -P -x c -I. -o $@ $(filter %.ld,$^)

# Relocations are applied by the image itself, so the linker must leave relative ones only (-z text), and packs them.
build/landfall.elf: $(KERNEL:%=build/kernel/%) build/linker.ld
	$(call say,LD,$@)
	$(Q)$(LD) -m elf_x86_64 -pie --no-dynamic-linker -z text -z max-page-size=4096 -z noexecstack --build-id=none \
		-z pack-relative-relocs --gc-sections -T build/linker.ld -o $@ $(filter %.o,$^)

# The image as it lies in memory, from its words on.
build/landfall.bin: build/landfall.elf
	$(Q)$(OBJCOPY) -O binary -R .multiboot -R .note.pvh $< $@
build/efi/boot/file/start.asm.o: build/landfall.bin

build/landfall.efi: $(FILE:%=build/efi/%) $(SHARED:%=build/kernel/%) build/file.ld
	$(call say,LD,$@)
	$(Q)$(LD) -m elf_x86_64 -pie --no-dynamic-linker -z max-page-size=4096 -z noexecstack --build-id=none --gc-sections \
		-T build/file.ld -o build/landfall-efi.elf $(filter %.o,$^)
	$(Q)$(OBJCOPY) -O binary -j .head -j .text -j .rodata -j .data -j .sbat -j .reloc --pad-to=$$((0x$$(nm build/landfall-efi.elf | \
		sed -n 's/ . sbat_file$$//p') + 1024)) build/landfall-efi.elf $@

build/landfall.iso: build/landfall.efi boot/grub.cfg packaging/iso
	$(call say,ISO,$@)
	$(Q)packaging/iso build/landfall.efi boot/grub.cfg $@
image: build/landfall.iso ## build/landfall.iso: CD or USB stick, BIOS or UEFI

sign: build/landfall.efi ## sign build/landfall.efi for Secure Boot: KEY= CERT= [SIGNED=]
	@test -n "$(KEY)" -a -n "$(CERT)" || { echo "make sign needs KEY=file.key and CERT=file.pem"; false; }
	@command -v sbsign >/dev/null || { echo "sbsign is missing: install the package sbsigntool (make deps)"; false; }
	$(Q)sbsign --key "$(KEY)" --cert "$(CERT)" --output "$(or $(SIGNED),build/landfall-signed.efi)" $<

# ---- programs of the host --------------------------------------------------------------------------------------------
build/landfall-machine: build/tools/tools/machine_main.o build/tools/pure.a
build/landfall-predict: build/tools/tools/predict/main.o build/tools/pure.a
build/landfall-host: build/tools/tools/host/main.o build/tools/pure.a
build/bench/host_build build/bench/host_sweep: build/bench/%: build/tools/tests/bench/%.o build/tools/pure.a
build/landfall-machine build/landfall-predict build/landfall-host build/bench/host_build build/bench/host_sweep build/unit/tests:
	$(call say,HOSTLD,$@)
	$(Q)$(HOSTCC) $(TFLAGS) -o $@ $^ $(LIBRARIES)
include tools/page/page.mk
include tests/unit32/unit32.mk

install: all ## install programs, images, manual pages, completion; PREFIX= DESTDIR=
	$(Q)tools/deps help2man=help2man
	$(Q)+$(MAKE) $(JOBS) --no-print-directory install-built
install-built: $(EVERYTHING)
	$(Q)packaging/manpages $(VERSION)
	$(Q)DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' packaging/install
uninstall: ## take away what `make install` has installed; PREFIX= DESTDIR=
	$(Q)DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' packaging/install --remove
dist: ## build/landfall-VERSION.tar.gz: the sources as committed
	$(Q)mkdir -p build && git archive --prefix=landfall-$(VERSION)/ -o build/landfall-$(VERSION).tar.gz HEAD

# ---- packages and the main job ---------------------------------------------------------------------------------------
# PACKAGE=PROBE: what makes the package unnecessary when it is there already.
PACKAGES_PY   := /usr/lib/python3/dist-packages
RUN_PACKAGES  := gcc=$(CC) libc6-dev=/usr/include/stdio.h binutils=ld nasm=nasm python3=/usr/bin/python3 qemu-system-x86=qemu-system-x86_64 fonts-spleen=$(FONT)
ALL_PACKAGES  := $(RUN_PACKAGES) gnu-efi=/usr/include/efi/efi.h grub-common=grub-mkrescue grub-pc-bin=/usr/lib/grub/i386-pc/normal.mod \
                 grub-efi-amd64-bin=/usr/lib/grub/x86_64-efi/normal.mod xorriso=xorriso mtools=mformat $(PAGE_PACKAGES)
TEST_PACKAGES := build-essential zstd=zstd libcmocka-dev=/usr/include/cmocka.h acpica-tools=iasl ovmf=/usr/share/ovmf/OVMF.fd \
                 python3-pytest=$(PACKAGES_PY)/pytest python3-pytest-xdist=$(PACKAGES_PY)/xdist python3-jsonschema=$(PACKAGES_PY)/jsonschema \
                 sbsigntool=sbsign syslinux=syslinux syslinux-common=/usr/lib/syslinux/modules/bios/ldlinux.c32 pxelinux=/usr/lib/PXELINUX/pxelinux.0 \
                 systemd-boot-efi=/usr/lib/systemd/boot/efi/systemd-bootx64.efi openssl=openssl kexec-tools=/sbin/kexec ipxe-qemu=/usr/lib/ipxe/qemu \
                 bochs=bochs bochs-term bochsbios vgabios clang=clang libclang-rt-dev groff-base=groff nodejs=node \
                 python3-matplotlib=$(PACKAGES_PY)/matplotlib python3-pil=$(PACKAGES_PY)/PIL parallel=parallel chromium=chromium \
                 chromium-driver=chromedriver python3-selenium=$(PACKAGES_PY)/selenium node-typescript=tsc debhelper=dh lintian=lintian reuse=reuse \
                 help2man=help2man autopkgtest=autopkgtest grub2-common=grub-install e2fsprogs=/sbin/mke2fs
TOOL_PACKAGES := valgrind=valgrind clang-tidy=clang-tidy clang-format=clang-format

all: ## build everything into build/
	$(Q)tools/deps $(ALL_PACKAGES)
	$(Q)+$(MAKE) $(JOBS) --no-print-directory everything
everything: $(EVERYTHING)
deps: ## install the Debian packages that building and testing need
	$(Q)tools/deps $(ALL_PACKAGES) $(TEST_PACKAGES) $(TOOL_PACKAGES)

# Clean and stained are both a good end. Variables go by the environment: no shell reads their values on the way.
$(foreach v,MACHINE SEED ALLOC APPEND QEMU_ARGS,$(eval run: export LANDFALL_$v = $$($v)))
run: ## boot the default machine in QEMU; MACHINE= SEED= ALLOC= APPEND= QEMU_ARGS=
	$(Q)tools/deps $(RUN_PACKAGES)
	$(Q)+$(MAKE) $(JOBS) -s --no-print-directory build/landfall.elf build/landfall-machine
	$(Q)tools/run || [ $$? -eq 1 ]

# ---- tests -----------------------------------------------------------------------------------------------------------
build/unit/tests: $(addprefix build/host/,$(call names,tests/unit) $(LOADED) boot/dev/serial.o pure.a)
build/unit/tests: TFLAGS := $(HFLAGS)
build/unit/tests: LIBRARIES := -lcmocka
# What takes long is in what they test, not in them.
build/host/tests/unit/%.o: HFLAGS += -O0 -g1 -fno-sanitize=undefined
test-unit: build/unit/tests ## host unit tests, sanitizers on
	$(Q)tests/unit/run $<
# A layer of pytest is tests/NAME. Its tests run side by side, as many as there are processors; of one it needs no process beside it.
PYTEST := $(PYTHON) -m pytest -p no:cacheprovider -q --tb=short -n $$(nproc | sed 's/^1$$/0/')
test-uefi test-tools: DIST := loadfile
test-transplant: LAYER := tests/cures
test-predict: LAYER := tests/linux/test_predict.py tests/linux/test_recordings.py
test-data: ## recorded machines, expected logs and firmware rules
test-qemu: ## boots in QEMU; LANDFALL_TESTS=all: all of those that are much alike (test-uefi too)
test-uefi: build/odd-firmware.efi linux-kernels ## boots through UEFI, GRUB, the network and kexec
test-packaging: ## the Debian package: built twice, checked, installed, used, removed
test-tools: ## check-log, report, campaign and study
test-page: ## the page in headless Chromium: controls, drag and keys, bad input, no network
test-page-all: ## the same for all machines and recordings; screenshots, accessibility, Firefox
	$(Q)tools/deps firefox-esr=firefox-esr npm=npm
	$(Q)+LANDFALL_PAGE=all $(MAKE) --no-print-directory test-page
test-linux: linux-kernels ## side by side with Debian's Linux; KERNELS="5.10 7.3": all machines, with those kernels
test-transplant: linux-kernels ## three policies in an unmodified Linux, and bad input
test-predict: ## landfall-predict against recorded logs and golden vectors
$(addprefix test-,data qemu uefi packaging page tools linux transplant predict): test-%: $(EVERYTHING)
	$(Q)mkdir -p build/junit && $(PYTEST) $(or $(LAYER),tests/$*) --dist $(or $(DIST),loadgroup) --junitxml=build/junit/$*.xml -o junit_suite_name=$* -o junit_family=xunit1

# Debian's own kernels, fetched and not installed; without them their tests are skipped, with the reason.
linux-kernels:
	$(Q)$(PYTHON) tests/linux/debian.py || true

# Programs of the tests: GNU-EFI's start code (a newer one calls _entry), relocator and linker script, which knows no sections of single variables.
build/efi/tests/%.o: EFLAGS += -fno-data-sections -fno-function-sections -fpic -O2 -falign-functions=16
build/odd-firmware.efi: $(addprefix build/,efi/tests/uefi/odd_firmware.o efi/tests/uefi/la57.asm.o kernel/lib/string.o)
build/bench/nothing.efi: build/efi/tests/bench/nothing_efi.o
build/odd-firmware.efi build/bench/nothing.efi:
	$(call say,LD,$@)
	$(Q)$(LD) -m elf_x86_64 -shared -Bsymbolic -nostdlib -znocombreloc -z noexecstack --no-undefined --build-id=none -L /usr/lib \
		-T /usr/lib/elf_x86_64_efi.lds /usr/lib/crt0-efi-x86_64.o -o $(@:.efi=.so) $^ --defsym=_entry=efi_main -lgnuefi
	$(Q)$(OBJCOPY) -j .text -j .sdata -j .data -j .rodata -j .sbat -j .dynamic -j .dynsym -j '.rel*' \
		--target efi-app-x86_64 --subsystem 10 $(@:.efi=.so) $@
check: ## before every commit: the unit tests, lint of what has changed, ten boots
	$(Q)tools/deps $(RUN_PACKAGES) $(TEST_PACKAGES) $(TOOL_PACKAGES)
	$(Q)+$(MAKE) $(JOBS) -s --no-print-directory build/landfall.elf build/landfall-machine build/unit/tests
	$(Q)tests/lint/change
	$(Q)tests/unit/run build/unit/tests
	$(Q)$(PYTEST) tests/qemu/test_cases.py -m check --junitxml=build/junit/check.xml
# Memory in large pages, Python's too: compilers, emulators and tools live for a second or less, and take half as many page faults in it.
test: export GLIBC_TUNABLES := glibc.malloc.hugetlb=1:glibc.malloc.top_pad=8388608
test: export PYTHONMALLOC := malloc
test: ## install missing packages, build, run every test
	$(Q)tools/deps $(ALL_PACKAGES) $(TEST_PACKAGES)
	-$(Q)+$(MAKE) $(if $(JOBS),-j$$(($$(nproc) + 1))) -k --no-print-directory $(EVERYTHING) linux-kernels \
		build/unit/tests build/odd-firmware.efi $(FUZZ:%=build/fuzz/fuzz_%) # one more at a time: kernels are fetched
	$(Q)+$(MAKE) --no-print-directory $(EVERYTHING)
	$(Q)$(PYTHON) -m compileall -q tools/landfall # the tools read bytecode, and write none
	$(Q)+tests/all page uefi qemu tools linux packaging compilers unit transplant fuzz data # long ones first

test-sweep: build/landfall.elf build/landfall-machine ## boots at random seeds beside the sweep; BOOTS=500
	$(Q)LANDFALL_BOOTS=$(or $(BOOTS),500) $(PYTEST) tests/qemu/test_sweep.py -rP
test-cures: build/landfall-machine build/landfall-predict ## hours: all policies in unmodified kernels; KERNELS= MACHINES= ALLOC=
	$(Q)tests/cures/matrix --kernels $(KERNELS) --machines $(MACHINES) --alloc $(ALLOC)
test-compilers: $(EVERYTHING) ## build with the other compiler, and boot that; unit tests and records on 32 bits
	$(Q)tests/compilers $(if $(findstring clang,$(CC)),gcc,clang)

# libFuzzer, ASan, UBSan. What fuzzing finds lies in build/fuzz/grown/, what we keep in tests/fuzz/corpus/. One harness watches pt_alloc_page.
build/fuzz/fuzz_run: FUZZ_LINK := -Wl,--wrap=pt_alloc_page
build/fuzz/fuzz_%: build/fuzz/tests/fuzz/fuzz_%.o $(addprefix build/fuzz/,tests/fuzz/fuzz.o tests/fuzz/every.o $(LOADED) pure.a)
	$(call say,FUZZLD,$@)
	$(Q)$(FUZZ_CC) $(FFLAGS) -fsanitize=fuzzer -fuse-ld=lld $(FUZZ_LINK) -o $@ $^
build/fuzz/seeds: tests/fuzz/seeds build/landfall-machine $(wildcard tests/fuzz/corpus/*) $(wildcard tests/machines/*.machine)
	$(Q)tests/fuzz/seeds $@
fuzz test-fuzz: $(FUZZ:%=build/fuzz/fuzz_%) build/fuzz/seeds
fuzz: ## fuzz every parser and the whole run; T=60 seconds for each, FUZZ=NAMES; T=every: all changes of each byte
	$(Q)tests/fuzz/run $(if $(filter every,$(T)),--every $(filter-out run,$(FUZZ)),--seconds=$(or $(T),60) $(FUZZ))
test-fuzz: ## the fuzzers' corpus, truncations and up to four changes of every byte; mutations of the whole run
	$(Q)tests/fuzz/run --corpus --junit=build/junit/fuzz.xml $(FUZZ)
coverage: ## lines and branches that the unit tests reach; fails unless that is all of acpi/ and mm/
	$(Q)tests/coverage
mutants: build/font.c build/landfall.elf build/unit/tests ## small wrong changes, which the unit tests must all notice; RANDOM=100 SEED=: made by chance
	$(Q)tests/mutants/run $(if $(RANDOM),--random=$(RANDOM) --seed=$(SEED))

# ---- style -----------------------------------------------------------------------------------------------------------
lint: build/landfall.elf ## layers, style, formatting, clang-tidy
	$(Q)tools/deps clang-tidy=clang-tidy clang-format=clang-format
	$(Q)tests/lint/all
format: ## lay out all C code as .clang-format says
	$(Q)tests/lint/style --fix >/dev/null || true
	$(Q)find lib acpi boot kernel mm tests tools -name '*.[ch]' -exec clang-format -i {} +

# ---- figures and pictures --------------------------------------------------------------------------------------------
build/bench/nothing.elf: tests/bench/nothing.asm
	$(call say,NASM,$<)
	$(Q)$(NASM) -f bin -o $@ $<
bench: $(EVERYTHING) $(addprefix build/bench/,nothing.elf nothing.efi host_build host_sweep) ## goals and measured values
	$(Q)tests/bench/bench
picture: build/landfall.elf build/landfall-machine ## docs/four-nodes.svg: the default machine, drawn
	$(Q)tools/deps python3-matplotlib=$(PACKAGES_PY)/matplotlib
	$(Q)tools/run --append=sweep >build/four-nodes.log || [ $$? -eq 1 ]
	$(Q)tools/report build/four-nodes.log -o docs/four-nodes.svg
study: build/landfall-machine build/landfall-predict ## docs/study.md: all policies on all machine descriptions
	$(Q)tools/study --write
clean: ## remove build/
	$(Q)rm -rf build
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

.PHONY: all bench check clean coverage deps dist everything format fuzz help image install install-built linux-kernels lint mutants picture run \
        sign study test uninstall $(addprefix test-,compilers cures data fuzz linux packaging page page-all predict qemu sweep tools transplant uefi unit)
.SECONDARY .DELETE_ON_ERROR:
-include $(shell find $(addprefix build/,kernel efi host tools fuzz page) -name '*.d' 2>/dev/null)
