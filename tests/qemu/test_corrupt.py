# SPDX-License-Identifier: MIT
"""Chosen corruptions of RSDP, XSDT, RSDT and SRAT: each run ends with a verdict, complains as stated and falls back as stated. All of them
run on the host, and one of each kind in QEMU."""
import re

import corruptions
import on_host
import pytest
from landfall import qemu
from conftest import ENTRY, Boot, Debugged, boot
from corruptions import BASE, CASES, NODE_0, NODE_1, ONE, case, corrupted
from selection import one_of_each

COMPLAINT = re.compile(r"(warning|error|Warning): |no SRAT|(ACPI: )?SRAT: (SRAT not|Too)|NUMA: nodes|node \d+ \[mem.*overlaps")
LOW = 0xE0000  # where the search for an RSDP starts, but for the EBDA
FIRMWARES = range(0xF0000, 0x100000)  # where SeaBIOS has its own
HOSTS = 0xF5000  # where that of a run on the host is
EBDA = (0x40E, b"\xC0\x9F")  # its segment is kept there; on the host nobody has put it there
OPTIONS = f"seed=1 acpi_rsdp={BASE:#x}"
PLACE = re.compile("zeroed RAM|PCI hole|to a device|below 4 GiB|above 4 GiB|address bits|64 bits|all ones|out of reach|the EBDA|1 MiB")


def loader(folder, data):
    """QEMU puts the tables into memory, where the firmware leaves them alone."""
    (folder / "tables").write_bytes(data)
    return ["-device", f"loader,file={folder}/tables,addr={BASE:#x},force-raw=on"]


def judge(done, wanted):
    log = done.log
    assert [line[9:] for line in log.text if line.startswith("finding: ")] == wanted.get("finds", [])
    assert [line for line in log.text if COMPLAINT.match(line)] == corruptions.complaints(wanted)
    srat = "absent" if {"absent", "error"} & wanted.keys() else "rejected" if {"refused", "damaged"} & wanted.keys() else "ok"
    assert log.one("end")["srat"] == srat
    if "error" in wanted:
        assert (qemu.VERDICTS.get(done.code), log.status, log.all("node")) == ("error", "error", [])
        return
    nodes = wanted.get("nodes", [NODE_0, NODE_1] if srat == "ok" else ONE)
    assert [(r["pxm"], r["present"], r["hotplug"]) for r in log.all("node")] == nodes
    # The base lies on a node that stays, and memblock passes over the one that may go.
    assert (qemu.VERDICTS.get(done.code), log.verdict["result"], log.verdict["srat"]) == ("clean", "clean" if srat == "ok" else "none", srat)
    log.check_run()


def name(wanted):
    return re.sub(r"\W+", "-", wanted["name"])


def table_and_outcome(wanted):
    """Which table is corrupted, and what becomes of it."""
    name = wanted["name"].split()[0]
    return name if name in ("xsdt", "rsdt", "rsdp", "found") else "srat", *sorted({"refused", "damaged", "absent", "error"} & wanted.keys())


def booted(cases):
    """Those that QEMU runs: of each table and outcome one, one for each place where a pointer can lead, and what needs a CPU."""
    by_place = one_of_each([c for c in cases if PLACE.search(c["name"])], lambda c: PLACE.search(c["name"])[0])
    chosen = one_of_each(cases, table_and_outcome) + by_place
    return [c for c in cases if c in chosen or not c.get("host", True)]


@pytest.mark.parametrize("wanted", [c for c in CASES if c.get("host", True)], ids=name)
def test_corruption_on_the_host(wanted):
    judge(on_host.Run(None, OPTIONS, [(BASE, corrupted(wanted))]), wanted)


@pytest.mark.parametrize("wanted", booted(CASES), ids=name)
def test_corruption(tmp_path, wanted):
    judge(boot(None, OPTIONS, loader(tmp_path, corrupted(wanted))), wanted)


def test_sound_tables(tmp_path):
    """What all cases start from has nothing to complain of."""
    judge(boot(None, OPTIONS, loader(tmp_path, corrupted({}))), {})


def test_there_are_enough():
    """A hundred that go on to the end, not counting those that change nothing but what the loader is told."""
    assert len({name(c) for c in CASES}) == len(CASES)
    assert len({corrupted(c) for c in CASES} - {corrupted({})}) == len(CASES)
    assert sum("error" not in c for c in CASES) >= 100


# ---- the search for an RSDP, where nobody says where it is ----

DAMAGED = [("signature", (0, b"RSD PTRX")), ("checksum", (8, None)), ("extended checksum", (32, None))]
NO_RSDP = "warning: no RSDP: a machine without ACPI"
NO_ROOT = f"warning: no ACPI: the RSDP at {LOW:#x} or its root table: "


def planted(name, *put, at=(LOW,), firmware=False, **more):
    """`at`: places of copies of our RSDP, of which the first one is the corrupted one; firmware: its own is left in place."""
    return case(f"found {name}", *put, at=at, firmware=firmware, **more)


PLANTED = [
    planted("where the search starts"),
    planted("before the firmware's", firmware=True),
    planted("16 bytes before the end", at=[0xFFFF0 - 48]),
    planted("not on 16 bytes", at=[LOW + 8], absent=True, says=[NO_RSDP]),
    planted("in the EBDA", at=[0x9FC10]),
    planted("in the EBDA first", at=[0x9FC10, LOW]),
    planted("behind the EBDA's first KiB", at=[0x9FC00 + 1024], absent=True, says=[NO_RSDP]),
    *[planted(f"{words} damaged", hurt=[hurt], absent=True, says=[NO_RSDP]) for words, hurt in DAMAGED],
    *[planted(f"{words} damaged, another behind", hurt=[hurt], at=[LOW, LOW + 0x40]) for words, hurt in DAMAGED],
    *[planted(f"{words} damaged in the EBDA, another below 1 MiB", hurt=[hurt], at=[0x9FC00, LOW]) for words, hurt in DAMAGED],
    planted("damaged, the firmware's behind", hurt=[(8, None)], firmware=True, absent=True),
    planted("no root table", (16, bytes(4)), (24, bytes(8)), absent=True, says=[NO_ROOT + "malformed"]),
    planted("no RSDT, revision 0", (15, b"\0"), (16, bytes(4)), absent=True, says=[NO_ROOT + "malformed"]),
    planted("root tables nowhere", (16, corruptions.u32(0xE0000000)), (24, corruptions.u64(0xE0000000)), absent=True,
            says=[NO_ROOT + "malformed"]),
    planted("root tables out of reach", (16, bytes(4)), (24, corruptions.u64(1 << 40)), host=False, absent=True,
            says=[NO_ROOT + "not readable"]),
    planted("RSDT without its name, revision 0", (15, b"\0"), (corruptions.RSDT, b"XXXX"), absent=True,
            says=[NO_ROOT + "malformed"]),
    planted("RSDT without entries, revision 0", (15, b"\0"), (corruptions.RSDT + 4, corruptions.u32(36)), absent=True,
            says=[NO_ROOT + "malformed"]),
]


def copies(wanted):
    """(place, our RSDP) of each copy."""
    return [(at, corrupted(wanted if n == 0 else {})[:36]) for n, at in enumerate(wanted["at"])]


def plant(vm, wanted):
    """Puts our RSDP where an RSDP is searched for, and takes the firmware's away. Returns where that is."""
    own = FIRMWARES.start + vm.qmp.memory(FIRMWARES.start, len(FIRMWARES)).index(b"RSD PTR ")
    if not wanted["firmware"]:
        vm.gdb.write(own, b"xxxxxxxx")
    for at, data in copies(wanted):
        vm.gdb.write(at, data)
    return own


def judge_search(done, wanted, own):
    judge(done, wanted)
    used = [line.split()[2] for line in done.log.text if line.startswith("ACPI: RSDP ")]
    if wanted["firmware"] and "hurt" in wanted:
        assert used == [f"0x{own:016X}"]
    elif "absent" in wanted:
        assert used == []
    else:
        assert used == [f"0x{wanted['at'][-1 if 'hurt' in wanted else 0]:016X}"]


@pytest.mark.parametrize("wanted", [c for c in PLANTED if c.get("host", True)], ids=name)
def test_search_on_the_host(wanted):
    own = [] if wanted["firmware"] else [(HOSTS, b"xxxxxxxx")]
    judge_search(on_host.Run(None, "seed=1", [(BASE, corrupted(wanted)), EBDA, *own, *copies(wanted)]), wanted, HOSTS)


@pytest.mark.parametrize("wanted", booted(PLANTED), ids=name)
def test_search(tmp_path, wanted):
    with Debugged(None, "seed=1", loader(tmp_path, corrupted(wanted))) as vm:
        vm.gdb.run_to(ENTRY)
        own = plant(vm, wanted)
        vm.gdb.go()
        done = Boot(vm.guest, vm.guest.wait(60))
    judge_search(done, wanted, own)
