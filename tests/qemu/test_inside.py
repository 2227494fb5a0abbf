# SPDX-License-Identifier: MIT
"""Stops the kernel over gdb's protocol: what is mapped while tables are built, what faults do, damaged tables."""
import zlib

import pytest
import selection
from landfall import paths, witness
from conftest import ENTRY, LINK_VIRT, Debugged, boot
from landfall.records import Log, need

M = 1 << 20
MAX_WINDOW = 8 * M
OPTIONS = "seed=21 alloc=bottom-up,memblock"

# Bytes put at RIP, registers set before, vector, its name; error code None: not looked at.
FAULTS = {
    "ud2": (b"\x0f\x0b", {}, 6, "invalid opcode"),
    "non-canonical read": (b"\x48\x8b\x00", {"RAX": 1 << 63}, 13, "general protection fault"),
    "read of page 0": (b"\x48\x8b\x00", {"RAX": 0x10}, 14, "page fault"),
    "write to code": (b"\x89\x05\x00\x00\x00\x00", {}, 14, "page fault"),
    "division by zero": (b"\x48\xf7\xf1", {"RCX": 0}, 0, "divide error"),
    "breakpoint": (b"\xcc", {}, 3, "int3"),
}


def moved(symbol, kaslr):
    return symbol - LINK_VIRT + kaslr["virt"]


@pytest.fixture(scope="module")
def kaslr():
    """Where the image goes with that seed."""
    return boot("pc-islands", OPTIONS).log.one("kaslr")


# ---- the code itself ----

def test_code_is_hashed_before_and_after_the_move(kernel_symbols):
    """As it lies in the file: relocating changes no byte of it."""
    first, end = (kernel_symbols[s] - LINK_VIRT for s in ("text_start", "rodata_start"))
    crc = zlib.crc32(paths.KERNEL.read_bytes()[first:end])
    assert f"code: CRC-32 {crc:08x} before and after the move" in boot(None, "seed=1").log.text


def test_code_that_changes_on_the_way_is_a_fault(kernel_symbols):
    """A byte that is never executed, changed after the first sum and before the move."""
    with Debugged(None, "seed=1") as d:
        d.gdb.run_to(kernel_symbols["image_move"])
        at = kernel_symbols["rodata_start"] - 1
        d.gdb.write(at, bytes([d.gdb.read(at, 1)[0] ^ 1]))
        d.gdb.go()
        assert d.guest.wait(60) == 39, d.guest.log[-2000:]
    assert b"check failed: the code is what it was before the move" in d.guest.log


# ---- honest bootstrapping ----

def check_early_tables(qmp, kaslr):
    """The live tables hold the image and a small window, and no RAM beside."""
    tables = witness.live_tables(qmp)
    window = 0
    for leaf in tables.leaves:
        size = leaf.size * leaf.count
        if not (kaslr["base"] <= leaf.phys and leaf.phys + size <= kaslr["base"] + kaslr["size"]) or leaf.size > 4096:
            window += size
    need(0 < window <= MAX_WINDOW, f"{window:#x} bytes beside the image are mapped")
    need(not [f for f in tables.leaves if f.virt < 1 << 63], "something is mapped in the lower half")
    need(all(kaslr["base"] <= t.address < kaslr["end"] for t in tables.tables), "a live table lies outside the image")


def test_tables_are_built_through_a_small_window(kaslr, kernel_symbols):
    """At the first page of each policy, and when its map is about to be loaded, RAM is not mapped."""
    pgd = boot("pc-islands", OPTIONS).log.one("run", alloc="memblock", level="pgd")["start"]
    alloc, load = (moved(kernel_symbols[s], kaslr) for s in ("pt_alloc_page", "cpu_load_map"))
    with Debugged("pc-islands", OPTIONS) as d:
        for last in (False, True):
            d.gdb.run_to(alloc)
            check_early_tables(d.qmp, kaslr)
            d.gdb.run_to(load)
            check_early_tables(d.qmp, kaslr)
            assert d.gdb.register("RDI") & witness.ADDRESS == pgd
            if not last:
                d.gdb.run_to(load)  # the way back to the early tables
                assert d.gdb.register("RDI") & witness.ADDRESS != pgd
        d.gdb.go()
        assert d.guest.wait(30) == 33


# ---- faults ----

def check_dump(guest, rip, vector, name):
    code = guest.wait(30)
    log = Log(guest.log)
    need(code == 39 and log.status == "fault", f"exit status {code}\n" + guest.log[-3000:].decode())
    first = f"error: CPU fault: {name} (vector {vector}), error code 0x"
    errors = [line for line in log.text if line.startswith(first)]
    need(len(errors) == 1, f"no line of the fault in {log.text[-20:]}")
    need(any(line.startswith(f"RIP: 0008:{rip:016x} ") for line in log.text), f"RIP is not {rip:#x}: {log.text[-12:]}")
    for register in ("RSP:", "RAX:", "R08:", "R15:", "CR2:", "CR3:", "CR4:", "EFLAGS:"):
        need(any(register in line for line in log.text), f"no {register} in {log.text[-12:]}")
    need(log.ktap[-1].startswith("Bail out!"), log.ktap[-1])
    return log


@pytest.mark.parametrize("when", ["plan_run", "map_run"])
@pytest.mark.parametrize("kind", FAULTS, ids=[k.replace(" ", "-") for k in FAULTS])
def test_fault_is_dumped(kind, when, kaslr, kernel_symbols):
    code, registers, vector, name = FAULTS[kind]
    at = kernel_symbols[when] if when == "plan_run" else moved(kernel_symbols[when], kaslr)
    with Debugged("pc-islands", OPTIONS) as d:
        d.gdb.run_to(at)
        d.gdb.write(at, code)
        for register, value in registers.items():
            d.gdb.set_register(register, value)
        d.gdb.go()
        log = check_dump(d.guest, at + (kind == "breakpoint"), vector, name)
    if kind == "read of page 0":
        assert "BUG: unable to handle page fault for address: 0000000000000010" in log.text
        assert "#PF: supervisor read access in kernel mode" in log.text
    if kind == "write to code":
        assert "#PF: supervisor write access in kernel mode" in log.text
        assert "#PF: error_code(0x0003) - permissions violation" in log.text


# From the first words in C to the last: functions, and whether the image has moved by then.
PHASES = {"multiboot1_parse": False, "console_open": False, "nodes_join": False, "image_move": False, "boot_moved": True,
          "nodes_accept": False, "report_nodes": True, "direct_map_build": True, "pgwalk_range": True, "report_end": True}


def address(phase, kaslr, kernel_symbols):
    return moved(kernel_symbols[phase], kaslr) if PHASES[phase] else kernel_symbols[phase]


@pytest.mark.parametrize("phase", PHASES)
def test_exception_in_every_phase_is_dumped(phase, kaslr, kernel_symbols):
    at = address(phase, kaslr, kernel_symbols)
    with Debugged("pc-islands", OPTIONS) as d:
        d.gdb.run_to(at)
        d.gdb.write(at, b"\x0f\x0b")  # ud2
        d.gdb.go()
        check_dump(d.guest, at, 6, "invalid opcode")


@pytest.mark.parametrize("phase", selection.one_of(PHASES, 3))
def test_nmi_in_every_phase_is_dumped(phase, kaslr, kernel_symbols):
    """The interrupt that cannot be held off."""
    at = address(phase, kaslr, kernel_symbols)
    with Debugged("pc-islands", OPTIONS) as d:
        d.gdb.run_to(at)
        d.gdb.write(at, b"\xeb\xfe")  # waits for it
        d.gdb.go()
        d.qmp.human("nmi")
        check_dump(d.guest, at, 2, "NMI")


@pytest.mark.parametrize("when", ["plan_run", "map_run"])
def test_stack_overflow_is_dumped(when, kaslr, kernel_symbols):
    """RSP in the guard page: the next push faults, and the dump needs another stack."""
    place = kernel_symbols if when == "plan_run" else {k: moved(v, kaslr) for k, v in kernel_symbols.items()}
    with Debugged("pc-islands", OPTIONS) as d:
        d.gdb.run_to(place[when])
        d.gdb.write(place[when], b"\x50")  # push %rax
        d.gdb.set_register("RSP", place["boot_stack_guard"] + 0x800)
        d.gdb.go()
        code = d.guest.wait(30)
        log = Log(d.guest.log)
    assert (code, log.status) == (39, "fault")
    text = "\n".join(log.text)
    assert "(vector 14)" in text or "(vector 8)" in text
    assert f"CR2: {place['boot_stack_guard'] + 0x7f8:016x}" in text


@pytest.mark.parametrize("when", ["plan_run", "map_run"])
def test_data_cannot_be_executed(when, kaslr, kernel_symbols):
    place = kernel_symbols if when == "plan_run" else {k: moved(v, kaslr) for k, v in kernel_symbols.items()}
    target = place["boot_stack_top"] - 64
    with Debugged("pc-islands", OPTIONS) as d:
        d.gdb.run_to(place[when])
        d.gdb.set_register("RIP", target)
        d.gdb.go()
        log = check_dump(d.guest, target, 14, "page fault")
    assert "#PF: supervisor instruction fetch in kernel mode" in log.text


@pytest.mark.parametrize("when", ["plan_run", "map_run"])
def test_nmi_is_dumped(when, kaslr, kernel_symbols):
    at = kernel_symbols[when] if when == "plan_run" else moved(kernel_symbols[when], kaslr)
    with Debugged("pc-islands", OPTIONS) as d:
        d.gdb.run_to(at)
        d.gdb.write(at, b"\xeb\xfe")  # waits for it
        d.gdb.go()
        d.qmp.human("nmi")
        check_dump(d.guest, at, 2, "NMI")


# ---- tables damaged in memory, behind QEMU's back: it repairs checksums of what it is given ----

def find(qmp, what, start, size, step):
    memory = qmp.memory(start, size)
    return next(start + at for at in range(0, size, step) if memory.startswith(what, at))


def damage(d, at, how):
    """Changes one byte of what the firmware has left, at the kernel's first instruction (no paging yet)."""
    byte = d.qmp.memory(at, 1)[0]
    d.gdb.write(at, bytes([how(byte)]))
    assert d.qmp.memory(at, 1)[0] == how(byte)


def test_srat_with_a_wrong_checksum_is_refused():
    with Debugged("unordered", "seed=1") as d:
        d.gdb.run_to(ENTRY)
        damage(d, find(d.qmp, b"SRAT", 0x7ffe0000, 0x20000, 1) + 9, lambda b: b ^ 0xff)
        d.gdb.go()
        code = d.guest.wait(30)
        log = Log(d.guest.log)
    log.check_run()
    assert (code, log.one("end")["srat"]) == (33, "rejected")
    assert [r["present"] for r in log.all("node")] == [0xfff7e000]
    assert "warning: SRAT rejected: its checksum is wrong: going on with one node" in log.text


def test_srat_with_an_impossible_length_is_refused():
    with Debugged("unordered", "seed=1") as d:
        d.gdb.run_to(ENTRY)
        damage(d, find(d.qmp, b"SRAT", 0x7ffe0000, 0x20000, 1) + 7, lambda b: 0xff)
        d.gdb.go()
        code = d.guest.wait(30)
        log = Log(d.guest.log)
    log.check_run()
    assert (code, log.one("end")["srat"]) == (33, "rejected")


def test_machine_without_rsdp_has_no_srat():
    with Debugged("unordered", "seed=1") as d:
        d.gdb.run_to(ENTRY)
        damage(d, find(d.qmp, b"RSD PTR ", 0xe0000, 0x20000, 16), lambda b: b + 1)
        d.gdb.go()
        code = d.guest.wait(30)
        log = Log(d.guest.log)
    assert (code, log.one("end")["srat"]) == (33, "absent")


def test_entry_point_is_where_the_tests_stop():
    with open(paths.KERNEL, "rb") as f:
        assert int.from_bytes(f.read(0x20)[0x18:0x20], "little") == ENTRY
