# SPDX-License-Identifier: MIT
"""Makes a Linux that stands at init_mem_mapping() follow a recipe: its own functions are called, through gdb's protocol."""
import re
import struct
from collections import namedtuple

from . import recipes
from .gdb import Gdb, GdbError
from .qemu import QemuError, panic

MIB, PAGE = 1 << 20, 4096
STEP = 2 * MIB  # CONFIG_PHYSICAL_ALIGN: the grid on which KASLR places the kernel
IMAGE_END = 0xFFFFFFFFC0000000  # __START_KERNEL_map + KERNEL_IMAGE_SIZE
NO_NODE = -1
UNPACKED = b"Booting the kernel|Linux version"
TOO_FAR = b"Zone ranges:"  # a line that comes when the direct map is long finished

# What is called, stopped at, read or written. Each Linux from 5.10 to 7.3 has all of it.
FUNCTIONS = ["init_mem_mapping", "memory_map_bottom_up", "init_range_memory_mapping", "alloc_low_pages",
             "memblock_find_in_range_node", "memblock_phys_alloc_try_nid", "acpi_boot_table_init", "initmem_init"]
# What alloc_low_pages() calls when it has been told that there is no page: the buffer in the image, or the end.
LAST_RESORTS = ["extend_brk", "panic"]
# What alloc_low_pages() asks for a page, and which registers hold size, alignment and bounds: the second up to 5.13.
QUESTIONS = {"memblock_phys_alloc_range": ("RDI", "RSI", "RDX", "RCX"), "memblock_find_in_range": ("RDX", "RCX", "RDI", "RSI")}
ALLOC_LOW_PAGES_SIZE = 0x400  # at most
NO_PAGE = b"alloc_low_pages:"  # how it begins the words for panic()
VARIABLES = ["memblock", "min_pfn_mapped", "max_pfn_mapped", "movable_node_enabled", "page_offset_base", "linux_banner",
             "pgt_buf_end", "pgt_buf_top", "memblock_debug", "_end"]

# With these the lines that are kept are a map for `landfall-predict --system-map`.
PLACES = ["_text", "__brk_base", "__brk_limit", "init_top_pgt"]

NAMES = FUNCTIONS + LAST_RESORTS + VARIABLES + list(QUESTIONS) + PLACES

Region = namedtuple("Region", "start end flags node")


class TooLate(QemuError):
    """Linux has gone past init_mem_mapping() before it could be stopped there."""


class Surgeon:
    """Linux under gdb's protocol. Each method says where Linux stands before and after it."""

    def __init__(self, guest, image, symbols, timeout=120, slide=None):
        """`slide`: the kernel has been found before, and stands at init_mem_mapping()."""
        self.guest, self.image, self.symbols, self.timeout = guest, image, symbols, timeout
        self.slide, self.found, self.hooks, self.unfinished = slide or 0, slide is not None, {}, None
        self.nowhere = NO_NODE  # the node of memory that has none
        missing = [name for name in FUNCTIONS + LAST_RESORTS + VARIABLES if name not in symbols]
        if missing:
            raise QemuError(f"{image.path}: no {', '.join(missing)} in it, so its direct map cannot be built another way")
        self.gdb = Gdb(guest, timeout, self._listen)

    # ---- what Linux says and holds ----

    def _listen(self):
        """Reads on. A panic ends everything."""
        while self.guest.read(0):
            pass
        if words := panic(self.guest.log):
            raise QemuError(f"Linux {self.image.release}: {words}")
        if not self.found and TOO_FAR in self.guest.log:
            raise TooLate(f"{self.image.path}: never stopped at init_mem_mapping: the symbols are another kernel's")

    def at(self, name):
        return self.symbols[name] + self.slide

    def word(self, name, size=8):
        return int.from_bytes(self.gdb.read(self.at(name), size), "little")

    def set_word(self, name, value, size=8):
        self.gdb.write(self.at(name), value.to_bytes(size, "little"))

    def set_direction(self, direction):
        self.set_word("memblock", direction, 1)

    def set_movable_node(self, value):
        self.set_word("movable_node_enabled", value, 1)

    def return_address(self, registers):
        """Of a function that stands at its first instruction."""
        return int.from_bytes(self.gdb.read(registers["RSP"], 8), "little")

    def memory(self):
        """The regions of memblock.memory."""
        count, _, _, regions = struct.unpack("<4Q", self.gdb.read(self.at("memblock") + 16, 32))
        data = b"".join(self.gdb.read(regions + 24 * i, 24) for i in range(count))
        return [Region(base, base + size, flags, node) for base, size, flags, node in struct.iter_unpack("<QQIi", data)]

    # ---- from place to place ----

    def run_to(self, name):
        self.gdb.run_to(self.at(name), self.timeout)

    def find_kernel(self, kaslr, quick=True):
        """
        From the machine's first instruction to that of init_mem_mapping(), wherever KASLR has put the kernel. `quick`: hundreds of
        breakpoints make a guest slow, so they are set when the decompressor says that it is done; TooLate when that was too late.
        """
        linked = self.symbols["init_mem_mapping"]
        if kaslr and quick:
            self.gdb.go()
            self.guest.read_until(UNPACKED, self.timeout)
            self.gdb.interrupt()
        slides = range(0, IMAGE_END - self.symbols["_end"], STEP) if kaslr else [0]
        with self.gdb.breakpoints(*(linked + slide for slide in slides)):
            self.slide = self.gdb.run(self.timeout)["RIP"] - linked
        self.found = True
        try:
            banner = self.gdb.read(self.at("linux_banner"), 200)
        except GdbError:
            banner = b""
        if not banner.startswith(b"Linux version " + self.image.release.encode() + b" "):
            raise QemuError(f"{self.image.path}: the symbols are another kernel's")

    def hook(self, address, action):
        """Has action(registers) called whenever Linux comes to the address inside call()."""
        if address not in self.hooks:
            self.gdb.set_breakpoint(address)
        self.hooks[address] = action

    def unhook(self, *addresses):
        for address in addresses:
            self.gdb.clear_breakpoint(address)
            del self.hooks[address]

    def call(self, name, *arguments, until=None):
        """
        Has Linux call one of its functions and come back to where it stands. With `until` it gives up when it comes to that
        function: (registers there, the stack from there to here). None when it came back.
        """
        here = self.gdb.registers()
        stack = here["RSP"] - 16  # inside a function as right at its beginning: 8 modulo 16
        self.gdb.write(stack, here["RIP"].to_bytes(8, "little"))
        self.gdb.set_registers({"RSP": stack, "RIP": self.at(name), **dict(zip(("RDI", "RSI"), arguments))})
        stop, unfinished = until and self.at(until), None
        with self.gdb.breakpoints(here["RIP"], *([stop] if until else [])):
            while (registers := self.gdb.run(self.timeout))["RIP"] != here["RIP"] or registers["RSP"] != stack + 8:
                if registers["RIP"] == stop:
                    unfinished = registers, self.gdb.read(registers["RSP"], here["RSP"] - registers["RSP"])
                    break
                self.hooks[registers["RIP"]](registers)
        self.gdb.set_registers(here)
        return unfinished

    def leave(self):
        """From the first instruction of a function back to its caller, nothing done."""
        registers = self.gdb.registers()
        self.gdb.set_registers({"RIP": self.return_address(registers), "RSP": registers["RSP"] + 8})

    # ---- SRAT first ----

    def read_srat(self):
        """At init_mem_mapping(): tables and SRAT are read, up to the first NODE_DATA, for which there is no mapped memory yet."""
        self.nowhere = self.memory()[0].node  # SRAT has not said anything yet
        self.call("acpi_boot_table_init")
        self.unfinished = self.call("initmem_init", until="memblock_phys_alloc_try_nid")

    def finish_srat(self):
        """
        From behind the direct map to behind initmem_init(): what has been read is not read again, NODE_DATA and what follows is
        done where Linux always does it. Both calls come from setup_arch(), so the stack given up then fits now.
        """
        self.run_to("acpi_boot_table_init")
        self.leave()
        self.run_to("initmem_init")
        if self.unfinished:
            here, (registers, stack) = self.gdb.registers(), self.unfinished
            if registers["RSP"] + len(stack) > here["RSP"]:
                raise QemuError(f"Linux {self.image.release}: initmem_init() is called from deeper than init_mem_mapping()")
            self.gdb.write(registers["RSP"], stack)
            self.gdb.set_registers(registers)
            self.gdb.run_to(int.from_bytes(stack[-16:-8], "little"), self.timeout)
            self.gdb.set_registers(here)
        self.leave()

    # ---- the map ----

    def build(self, recipe):
        """From the first instruction of init_mem_mapping() to its return, the direct map built as the recipe says."""
        back = self.return_address(self.gdb.registers())
        direction = self.word("memblock", 1)
        if recipe.srat_first:
            self.read_srat()
            direction = recipes.DOWN
        if recipe.calls is None:
            self.set_direction(recipe.direction)
        else:
            self.set_direction(recipes.UP)  # then Linux calls memory_map_bottom_up() twice
            self.run_to("memory_map_bottom_up")
            Passes(self, recipe).map()
            self.leave()
            self.run_to("memory_map_bottom_up")
            self.leave()
            self.set_direction(direction)
        self.gdb.run_to(back, self.timeout)
        self._listen()


class Passes:
    """What a recipe has in place of Linux's loops, at Linux's first call of memory_map_bottom_up(_end, end of RAM)."""

    def __init__(self, surgeon, recipe):
        self.surgeon, self.recipe = surgeon, recipe
        registers = surgeon.gdb.registers()
        self.places = {recipes.ISA: MIB, recipes.FLOOR: 16 * MIB, recipes.KERNEL: registers["RDI"], recipes.END: registers["RSI"]}
        self.movable_node = surgeon.word("movable_node_enabled", 1)
        self.node = NO_NODE
        self.exhausted = False  # pages come from `otherwise` now
        self.question, self.back = None, None  # which of QUESTIONS alloc_low_pages() asks, and from where

    def map(self):
        s = self.surgeon
        s.set_direction(self.recipe.direction)
        if self.recipe.otherwise:
            self._hook_questions()
            for name in LAST_RESORTS:
                s.hook(s.at(name), self._failed)
        for call in self.recipe.calls:
            if isinstance(call, recipes.Loop):
                s.call("memory_map_bottom_up", self.places[call.start], self.places[call.end])
            elif isinstance(call, recipes.Pass):
                self._map_pass(call)
            else:
                self._map_regions(call)
        s.unhook(*list(s.hooks))
        s.set_movable_node(self.movable_node)

    def _set_bounds(self, lowest, highest):
        self.surgeon.set_word("min_pfn_mapped", self.places[lowest] // PAGE)
        self.surgeon.set_word("max_pfn_mapped", self.places[highest] // PAGE)

    def _map_pass(self, call):
        if call.lowest:
            self._set_bounds(call.lowest, call.highest)
        self.surgeon.call("init_range_memory_mapping", self.places[call.start], self.places[call.end])

    def _map_regions(self, call):
        s, memory = self.surgeon, self.surgeon.memory()
        s.hook(s.at("memblock_find_in_range_node"), self._search)
        end, top = s.word("pgt_buf_end") * PAGE, s.word("pgt_buf_top")
        home = next((r.node for r in memory if r.start < top * PAGE and r.end > end), NO_NODE)
        for r in memory:
            start, stop = max(r.start, self.places[recipes.ISA]), min(r.end, self.places[recipes.END])
            if start >= stop:
                continue
            self._set_bounds(call.lowest, call.highest)
            known = r.node not in (NO_NODE, s.nowhere)
            self.node, self.exhausted = r.node if known else NO_NODE, False
            s.set_movable_node(0 if known else self.movable_node)
            s.set_word("pgt_buf_top", top if r.node == home else s.word("pgt_buf_end"))
            s.call("init_range_memory_mapping", start, stop)
        s.set_word("pgt_buf_top", top)

    # ---- page by page ----

    def _hook_questions(self):
        for name in QUESTIONS:
            if name in self.surgeon.symbols:
                self.surgeon.hook(self.surgeon.at(name), self._asked)

    def _asked(self, registers):
        """alloc_low_pages() wants a page: once the bounds have none left, they are ours."""
        s = self.surgeon
        back = s.return_address(registers)
        if not 0 <= back - s.at("alloc_low_pages") < ALLOC_LOW_PAGES_SIZE:
            return
        self.question, self.back = next(name for name in QUESTIONS if s.symbols.get(name) == registers["RIP"] - s.slide), back
        if self.exhausted:
            s.gdb.set_registers(self._wish())
        else:
            s.unhook(*(s.at(name) for name in QUESTIONS if name in s.symbols))

    def _wish(self):
        _, lowest, highest = self.recipe.otherwise
        return dict(zip(QUESTIONS[self.question], (PAGE, PAGE, self.places[lowest], self.places[highest])))

    def _search(self, registers):
        """memblock_find_in_range_node(size, alignment, start, end, node, flags)"""
        if registers["RDI"] == PAGE and not self.exhausted:
            self.surgeon.gdb.set_register("R8", self.node)

    def _failed(self, registers):
        """No page within the bounds: the same question again, from the same place, with those that the recipe has for this case."""
        s, stack = self.surgeon, registers["RSP"]
        if registers["RIP"] == s.at("panic"):
            if s.gdb.read(registers["RDI"], len(NO_PAGE)) != NO_PAGE:
                return
        elif not 0 <= s.return_address(registers) - s.at("alloc_low_pages") < ALLOC_LOW_PAGES_SIZE:
            return
        if self.exhausted:
            return
        self.exhausted = True
        s.set_direction(self.recipe.otherwise[0])
        s.set_movable_node(self.movable_node)
        self._hook_questions()
        s.gdb.write(stack, self.back.to_bytes(8, "little"))
        s.gdb.set_registers(self._wish() | {"RIP": s.at(self.question)})
