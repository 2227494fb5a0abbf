# SPDX-License-Identifier: MIT
"""Firmware that is odd in ways that OVMF is not: odd_firmware.c stands between it and the application."""
import re

import pytest
from selection import one_of
from firmware import EFI, OVMF, ROOT, Disk, run

G = 1 << 30
ODD = ROOT / "build/odd-firmware.efi"


def odd(folder, how, options, args=("-m", "6G"), **more):
    disk = Disk(folder, {"landfall.efi": EFI, "landfall.cfg": options.encode()})
    return run([*OVMF, "-kernel", ODD, "-append", how, *disk.args, *args], **more)


@pytest.mark.parametrize("tries", one_of([3, 1, 7], 3))
def test_map_changes_under_exit(tmp_path, tries):
    """Read again and tried again, and nothing else called: that would end QEMU with status 255. The watchdog is off before Landfall begins."""
    done = odd(tmp_path, f"exit=0{tries}", "seed=1")
    assert done.verdict == "clean", f"{done.code}\n{done.text[-2000:]}"
    done.log.check_run()
    assert done.text.count("watchdog") == 1
    assert done.text.index("odd firmware: watchdog 0000000000000000\n") < done.text.index("] Landfall ")


def test_map_changes_for_ever(tmp_path):
    """Given up with firmware's own status, which goes back to who started the application."""
    done = odd(tmp_path, "exit=50", "seed=1", until=rb"landfall.efi returned [0-9a-f]{16}")
    assert "landfall.efi returned 8000000000000002" in done.text
    assert "Landfall" not in done.text


@pytest.mark.parametrize("how, options, error, status", one_of([
    ("pages", "seed=1", r"no \d+ KiB of free memory below 4 GiB", 0x8000000000000009),
    ("map", "seed=1", "the memory map's size cannot be had", 0x8000000000000007),
    ("map", "dry seed=1", "the memory map's size cannot be had", 0x8000000000000007),
], 2))
def test_firmware_refuses(tmp_path, how, options, error, status):
    """One line, and the status goes back to who started the application."""
    done = odd(tmp_path, how, options, until=rb"landfall.efi returned [0-9a-f]{16}")
    assert re.search(rf"landfall: error: {error} \(EFI_STATUS {status:#x}\)\n", done.text), done.text[-2000:]
    assert f"landfall.efi returned {status:016x}" in done.text and "Landfall" not in done.text


def test_without_execute_disable(tmp_path):
    done = odd(tmp_path, "", "seed=1", ("-cpu", "max,nx=off"), until=rb"landfall.efi returned [0-9a-f]{16}")
    assert "landfall: error: this CPU has no NX (execute disable): Landfall needs it (EFI_STATUS 0x8000000000000003)" in done.text
    assert "landfall.efi returned 8000000000000003" in done.text


@pytest.mark.parametrize("console", one_of(["", "console=none"], 2))
def test_fault_in_a_dry_run(tmp_path, console):
    """A table in memory that firmware has not mapped: dumped, and back to firmware, whose timer goes on."""
    done = odd(tmp_path, "hole", f"dry seed=1 {console}", until=rb"landfall.efi returned [0-9a-f]{16}")
    assert "landfall.efi returned 8000000000000007" in done.text
    assert bool(re.search(r"booted by (Debian distribution of )?EDK II", done.text)) == (not console)
    assert "] error: CPU fault: page fault (vector 14), error code 0x0000\n" in done.text
    assert "Bail out! fault: page fault" in done.text
    assert re.search(r"BUG: unable to handle page fault for address: [0-9a-f]{10}[02468ace]0{5}\n", done.text)
    if not console:
        assert done.log.status == "fault"


def test_fault_of_firmware_in_a_dry_run(tmp_path):
    """Not ours to catch: firmware sees it as if there were no Landfall, its own IDT in force."""
    done = odd(tmp_path, "crash", "dry seed=1", until=rb"IDTR - [^\n]*\n")
    assert "X64 Exception Type - 06(#UD - Invalid Opcode)" in done.text
    assert "CPU fault" not in done.text


def test_specific_purpose_memory(tmp_path):
    """Ordinary memory set aside: no RAM to Linux, and nothing goes there."""
    done = odd(tmp_path, "marks=-s", "seed=1 alloc=memblock page_size=4k")
    assert done.verdict == "clean", done.text[-2000:]
    log = done.log
    log.check_run()
    assert [(r["start"], r["end"]) for r in log.all("mem", type="soft-reserved")] == [(5 * G, 6 * G)]
    assert log.one("kaslr")["slots"] < 3000
    assert not any(r["start"] < 6 * G and r["end"] > 5 * G for r in log.all("run"))


@pytest.mark.parametrize("options, levels", one_of([("levels=4", 4), ("", 5), ("dry", 5), ("dry levels=4", 4)], 2))
def test_firmware_on_five_levels(tmp_path, options, levels):
    """The image takes over on five, and goes to four by the trampoline when that is asked."""
    dry = "dry" in options
    done = odd(tmp_path, "la57", f"seed=1 {options}", until=rb"landfall.efi returned 0{16}" if dry else None)
    assert "odd firmware: five levels" in done.text
    assert dry or done.verdict == "clean", f"{done.code}\n{done.text[-2000:]}"
    log = done.log
    log.check_run()
    assert log.one("boot")["levels"] == levels
    assert any(r["level"] == "p4d" for r in log.all("run")) == (levels == 5)
    assert log.one("kaslr")["image_tables"] == levels + 1


XP, RO = 0x4000, 0x20000


def test_dry_run_where_memory_is_not_executable(tmp_path):
    """The image's text is made read-only before it may be executed, and the other way round afterwards."""
    done = odd(tmp_path, "nx", "dry seed=1", until=rb"landfall.efi returned [0-9a-f]{16}")
    assert "landfall.efi returned 0000000000000000" in done.text
    asked = re.findall(r"attributes: (set|clear) (\w{16}) (\w{16}) (\w{16})\n", done.text)
    assert [(what, int(bits, 16)) for what, _, _, bits in asked] == \
        [("set", RO), ("clear", XP), ("set", XP), ("clear", RO)]
    assert len({(at, size) for _, at, size, _ in asked}) == 1
    at, size = (int(n, 16) for n in asked[0][1:3])
    assert at % 0x200000 == 0 and 0x8000 < size < 0x80000 and size % 4096 == 0


@pytest.mark.parametrize("chooser", one_of(["efistub", "decompressor"], 2))
def test_mirrored_memory_is_preferred(tmp_path, chooser):
    """Here the memory map's descriptors are larger than those we know, too."""
    done = odd(tmp_path, "stride marks=-m", f"seed=9 kaslr={chooser}")
    assert done.verdict == "clean", done.text[-2000:]
    log = done.log
    log.check_run()
    assert log.one("kaslr")["slots"] == 512
    assert 5 * G <= log.one("kaslr")["base"] < 6 * G
    assert "efi: free [mem 0x0000000140000000-0x000000017fffffff] mirrored" in log.text
    assert (4 * G, 8 * G) in [(r["start"], r["end"]) for r in log.all("mem", type="usable")]


def test_stub_keeps_off_hot_pluggable(tmp_path):
    """Linux's EFI chooser does, the decompressor does not: the same memory, 3 GiB of slots apart."""
    slots = {}
    for chooser in ("decompressor", "efistub"):
        log = odd(tmp_path, "marks=hhh", f"seed=9 kaslr={chooser}").log
        slots[chooser] = log.one("kaslr")["slots"]
        assert "efi: free [mem 0x0000000100000000-0x000000013fffffff] hot-pluggable" in log.text
    assert 3 * 512 <= slots["decompressor"] - slots["efistub"] <= 3 * 512 + 2


