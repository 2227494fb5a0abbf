# SPDX-License-Identifier: MIT
# The unit tests and landfall-host as WebAssembly, which has 32-bit addresses: of the page's objects, without what is a machine's.

UNIT32 := $(filter-out %/test_unpack.o %/test_serial.o,$(call names,tests/unit tests/unit32)) $(LOADED) tools/page/browser.o \
          $(filter-out %/this_machine.o %/unpack.o,$(HOST))
build/page/tests.wasm: $(UNIT32:%=build/page/%)
build/page/host.wasm: $(patsubst %,build/page/%,$(filter-out tests/% build/% boot/%,$(UNIT32)) tools/host/main.o)
build/page/tests.wasm build/page/host.wasm: WASM_LINK := -Wl,--allow-undefined,--export-table -lwasi-emulated-mman
# Headers that WASI has not are the system's: elf.h, and what it includes, which multilib packages alone have in /usr/include.
build/page/tests/% build/page/tools/host/%: WFLAGS += -Itests/unit32 -idirafter /usr/include \
                                          -idirafter /usr/include/x86_64-linux-gnu -D_WASI_EMULATED_MMAN -D_UINTPTR_T
