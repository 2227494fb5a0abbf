# SPDX-License-Identifier: MIT
# build/landfall.html: landfall-predict as WebAssembly, and the page that asks it, in one file.

PAGE_PACKAGES := clang=clang lld=wasm-ld wasi-libc=/usr/include/wasm32-wasi/stdio.h \
                 libclang-rt-dev-wasm32=/usr/lib/llvm-*/lib/clang/*/lib/wasi/libclang_rt.builtins-wasm32.a \
                 esbuild=esbuild node-d3=/usr/share/nodejs/d3-selection/src/index.js

WASM_CC := clang --target=wasm32-wasi
# Nothing but wasi-libc's headers: what of glibc's can be read depends on the packages that a machine has.
WFLAGS  := $(filter-out -g,$(WARN)) -O2 -nostdlibinc -isystem /usr/include/wasm32-wasi
$(eval $(call compile,page,WASMCC,WASM_CC,WFLAGS))

# The program as it is, but for what only a machine has, or only the kernel calls.
PAGE_C  := $(filter-out tools/host/% tools/predict/this_machine.o tools/predict/unpack.o acpi/cpio.o acpi/smbios.o acpi/spcr.o \
             $(addprefix kernel/,kernel.o plan.o selftest.o upgrade.o state/seed.o),$(HOST)) tools/predict/main.o tools/page/browser.o
$(PAGE_C:%=build/page/%): tools/page/page.mk
build/page/predict.wasm: $(PAGE_C:%=build/page/%)
build/page/%.wasm:
	$(call say,WASMLD,$@)
	$(Q)$(WASM_CC) -Wl,--strip-all,-z,stack-size=1048576,--export=__stack_pointer,--export=__heap_base $(WASM_LINK) -o $@ $^
build/page/tools/page/browser.o: WFLAGS += -mbulk-memory

build/landfall.html: build/page/predict.wasm $(wildcard tools/page/*) tools/landfall/colours.py lib/version.h $(wildcard tests/machines/*.machine)
	$(call say,PAGE,$@)
	$(Q)tools/page/build $< $@

page: ## build/landfall.html: one page that works offline: drop a boot log, see where its page tables land
	$(Q)tools/deps $(PAGE_PACKAGES)
	$(Q)+$(MAKE) $(JOBS) --no-print-directory build/landfall.html

.PHONY: page
