# SPDX-License-Identifier: MIT
"""The real-mode part of the one file on BIOSes that tell of memory in odd ways: an option ROM answers in QEMU's place."""
import struct
import subprocess

import pytest
from firmware import EFI, ROOT, run

K, M, G = 1 << 10, 1 << 20, 1 << 30
NO_MAP, WIDE, CARRY_AT_END, FORGETS_EDX, LOSES_SMAP, ENDLESS, AX_BX_ONLY, NO_E801 = (1 << n for n in range(8))
RAM, RESERVED = 1, 2
TOP = 0x1ffe0000  # QEMU's ACPI tables begin there
LOW = [(0, 0x9fc00, RAM, 1), (0xf0000, M, RESERVED, 1)]
PLAIN = [*LOW, (M, TOP, RAM, 1), (TOP, 512 * M, RESERVED, 1)]


# RAM in pieces from 128 MiB on; no two neighbours are alike.
MANY = [*LOW, (M, 128 * M, RAM, 1), *((at, at + 64 * K, kind, 1) for pair in range(128 * M, 175 * M, 128 * K)
                                      for at, kind in ((pair, RESERVED), (pair + 64 * K, RAM)))]
HOLED = [*LOW, (M, 200 * M, RAM, 1), (200 * M, 201 * M, RESERVED, 1), (201 * M, TOP, RAM, 1), (TOP, 512 * M, RESERVED, 1)]
# The entry of type "reserved" does not count, as its attributes say; the one after it has no length.
IGNORED = [*PLAIN[:3], (200 * M, 300 * M, RESERVED, 0), (300 * M, 300 * M, RESERVED, 1), PLAIN[3]]
# A sum only is known of what lies above 1 MiB; SeaBIOS does not count its tables.
COUNTED = [(0, 0x9f000, RAM, 1), (M, TOP, RAM, 1)]
COUNTED_BY_ROM = [(0, 0x9f000, RAM, 1), (M, 512 * M, RAM, 1)]
OLD = [(0, 0x9f000, RAM, 1), (M, 64 * M, RAM, 1)]
CUT = "warning: the memory map has more entries than were taken: memory may be missing"
# flags, the entries that the BIOS gives, those that are to come of it.
BIOSES = {
    "20 bytes": (0, HOLED, HOLED),
    "24 bytes": (WIDE, HOLED, HOLED),
    "24 bytes, entries that do not count": (WIDE, IGNORED, PLAIN),
    "forgets edx": (FORGETS_EDX, HOLED, HOLED),
    "carry at the end": (CARRY_AT_END, HOLED, HOLED),
    "128 entries": (WIDE, MANY[:128], MANY[:128]),
    "129 entries": (0, MANY[:129], MANY[:129]),
    "742 entries": (WIDE | CARRY_AT_END, MANY[:742], MANY[:742]),
    "743 entries": (WIDE, MANY[:743], MANY[:742]),
    "no end": (ENDLESS, HOLED, HOLED),
    "no signature from the third entry on": (LOSES_SMAP, HOLED, COUNTED),
    "no map": (NO_MAP, [], COUNTED),
    "no map, E801 in ax and bx": (NO_MAP | AX_BX_ONLY, [], COUNTED_BY_ROM),
    "no map, no E801": (NO_MAP | NO_E801, [], OLD),
}


def rom(folder, flags, entries):
    path = folder / "odd_bios.rom"
    subprocess.run(["nasm", "-f", "bin", "-o", path, ROOT / "tests/uefi/odd_bios.asm"], check=True)
    data = path.read_bytes() + struct.pack("<HH", flags, len(entries))
    data += b"".join(struct.pack("<QQII", start, end - start, kind, counts) for start, end, kind, counts in entries)
    assert len(data) < 32 * K
    data = data.ljust(32 * K, b"\0")
    path.write_bytes(data[:-1] + bytes([-sum(data) & 0xff]))
    return path


@pytest.mark.parametrize("bios", BIOSES)
def test_memory_map(tmp_path, bios):
    flags, given, wanted = BIOSES[bios]
    done = run(["-kernel", EFI, "-append", "seed=1 alloc=memblock", "-option-rom", rom(tmp_path, flags, given)])
    assert done.verdict == "clean", done.text[-3000:]
    done.log.check_run()
    assert (CUT in done.text) == (bios in ("743 entries", "no end"))
    told = [(r["start"], r["end"], r["type"]) for r in done.log.all("mem")]
    assert told == [(start, end, {RAM: "usable", RESERVED: "reserved"}[kind]) for start, end, kind, _ in wanted if start < end]


def test_this_bios_is_asked(tmp_path):
    """Without RAM that anything could run in there is no run: the answers come from the ROM."""
    done = run(["-kernel", EFI, "-append", "seed=1", "-option-rom", rom(tmp_path, 0, LOW)])
    assert done.verdict == "error", done.text[-3000:]
