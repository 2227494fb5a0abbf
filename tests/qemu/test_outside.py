# SPDX-License-Identifier: MIT
"""After exit=halt the guest is looked at from outside: what its CPU really runs on, against what the log says."""
import re
import subprocess
from pathlib import Path

import pytest
from landfall import witness
from conftest import LINK_VIRT, ROOT, Halted
from landfall.records import need, read_record

M, G = 1 << 20, 1 << 30
POISON = 0xCC
LEAF_FLAGS = 0x163 | witness.NX  # Linux's PAGE_KERNEL: present, writable, accessed, dirty, global, no execution
TWO_NODES = "-m 1G -smp 2 -object memory-backend-ram,id=m0,size=512M -object memory-backend-ram,id=m1,size=512M " \
            "-numa node,cpus=0,memdev=m0 -numa node,cpus=1,memdev=m1"

# machine, options, QEMU arguments: every policy, both numbers of levels, each page size, bases below and above 4 GiB.
RUNS = {
    "bottom-up stained": ("four-nodes", "alloc=bottom-up seed=0x21", ""),
    "memblock last": ("four-nodes", "seed=0x21", ""),
    "top-down": ("four-nodes", "alloc=top-down seed=3 page_size=2m levels=4", ""),
    "lowest": ("four-nodes", "alloc=lowest seed=4", ""),
    "series": ("pc-islands", "alloc=series seed=5 page_size=4k", ""),
    "hybrid": ("pc-islands", "alloc=hybrid seed=6 page_size=4k", ""),
    "floor": ("hole64", "alloc=floor seed=7", ""),
    "node-local": ("four-nodes", "alloc=node-local seed=8", ""),
    "above 4 GiB": ("four-nodes", "base=0x104000000 seed=9", ""),
    "below 4 GiB, five levels": (None, "base=0x10000000 levels=5 seed=10", "-m 4G"),
    "at a random direct map": (None, "page_offset=random levels=4 seed=11 page_size=4k", "-m 1G"),
    "not moved at all": (None, "nokaslr seed=12", ""),
    "fragmented": (None, "fragment=rand:300 seed=13", TWO_NODES),
    "rejected SRAT": ("overlap", "seed=14", ""),
    "no large pages": (None, "seed=15", "-cpu max,-pse,-pdpe1gb"),
}


def pages_of(runs, level):
    return sorted(p for r in runs if r["level"] == level for p in range(r["start"], r["end"], 4096))


def check_direct_map(halted):
    """Every page-table page is where a run record says, every byte of RAM is mapped, once and at its place."""
    log, kaslr = halted.log, halted.log.one("kaslr")
    alloc = log.verdict["alloc"]
    levels = log.one("boot")["levels"]
    tables = witness.live_tables(halted.qmp, witness.DIRECT_MAP[levels])
    need(tables.levels == levels, f"the CPU runs on {tables.levels} levels")
    for level in witness.LEVELS:
        claimed, found = pages_of(log.all("run", alloc=alloc), level), tables.pages(level)
        need(claimed == found, f"{level}: {len(claimed)} pages claimed, {len(found)} found; "
                               f"differing: {[hex(p) for p in sorted(set(claimed) ^ set(found))[:8]]}")
    count = {4096: 0, 2 * M: 0, G: 0}
    for leaf in tables.leaves:
        need(leaf.virt - leaf.phys == kaslr["page_offset"], f"{leaf} is not at its place")
        need(leaf.flags & ~witness.LARGE == LEAF_FLAGS, f"{leaf} has other flags")
        count[leaf.size] += leaf.count
    need(count == dict(zip(count, log.one("map", alloc=alloc)["leaf"].values())), f"leaves {count}")
    check_all_ram_is_mapped(log, tables)


def check_all_ram_is_mapped(log, tables):
    mapped = sorted((f.phys, f.phys + f.size * f.count) for f in tables.leaves)
    need(all(a[1] <= b[0] for a, b in zip(mapped, mapped[1:])), "something is mapped twice")
    for r in log.all("mem", type="usable"):
        at, end = (r["start"] + 4095) & ~4095, r["end"] & ~4095
        for a, b in mapped:
            at = b if a <= at < b else at
        need(at >= end, f"RAM at {at:#x} is not mapped")


def check_new_place(halted):
    """All that the CPU uses lies in the image where the log says it is, and no address is its own any more."""
    log, kaslr, regs = halted.log, halted.log.one("kaslr"), halted.qmp.registers()
    tables = witness.live_tables(halted.qmp)
    loaded = tables.translate(kaslr["virt"])
    need(loaded == kaslr["base"], f"the image is mapped at {loaded}")
    for name in ("RIP", "RSP", "GDT", "IDT", "TR"):
        virt = regs[name][0] if isinstance(regs[name], tuple) else regs[name]
        phys = tables.translate(virt)
        need(phys is not None and kaslr["base"] <= phys < kaslr["end"], f"{name} {virt:#x} lies at {phys}")
        need(0 <= virt - kaslr["virt"] < kaslr["end"] - kaslr["base"], f"{name} {virt:#x} is not in the image")
    need(kaslr["base"] <= regs["CR3"] & witness.ADDRESS < kaslr["end"], f"CR3 {regs['CR3']:#x}")
    need(not [f for f in tables.leaves if f.virt < 1 << 63], "something is mapped in the lower half")
    both = [f for f in tables.leaves if f.flags & witness.WRITE and not f.flags & witness.NX]
    need(not both, f"writable and executable: {both}")
    code = [f for f in tables.leaves if not f.flags & witness.NX]
    need(code and all(kaslr["base"] <= f.phys and f.phys + f.size * f.count <= kaslr["end"] for f in code), f"executable: {code}")


def check_old_place(halted, symbols):
    """Where the image was loaded nothing of its data is left, unless page tables have landed there since. (Its code is not mapped any more.)"""
    log, kaslr = halted.log, halted.log.one("kaslr")
    start, end = 16 * M + symbols["data_start"] - LINK_VIRT, 16 * M + kaslr["end"] - kaslr["base"]
    old = bytearray(halted.qmp.memory(start, end - start))
    for r in log.all("run"):
        for page in range(max(r["start"], start), min(r["end"], end), 4096):
            old[page - start:page - start + 4096] = bytes([POISON]) * 4096
    need(set(old) == {POISON}, f"{sum(b != POISON for b in old)} bytes of the old image's data are left")


def check_witness(halted):
    """tools/witness on the running guest: nodes from the SRAT file, as text and as JSON."""
    command = [ROOT / "tools/witness", halted.guest.folder / "qmp", "--srat", f"{halted.folder.name}/srat.dat", "--direct-map"]
    # A QMP socket serves one client at a time.
    halted.qmp.close()
    halted.guest.qmp = None
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    answer = subprocess.run(command + ["--json"], check=True, capture_output=True, text=True).stdout
    stained = halted.log.verdict["on_movable"]
    assert re.search(r"^pte  node    1 hotplug +\d+$", text, re.M)
    assert sum(int(n) for n in re.findall(r"hotplug +(\d+)$", text, re.M)) == stained > 0
    records = [read_record(line) for line in answer.splitlines()]
    wanted = [r for r in halted.log.all("run") if r["level"] != "pgd"]
    facts = [[(r["level"], r["node"], r["movable"], p) for r in some for p in range(r["start"], r["end"], 4096)]
             for some in (records, wanted)]
    assert sorted(f for f in facts[0] if f[0] != "pgd") == sorted(facts[1])


@pytest.mark.parametrize("run", RUNS, ids=[name.replace(" ", "-") for name in RUNS])
def test_tables_are_where_the_log_says(run, kernel_symbols):
    machine, options, qemu_args = RUNS[run]
    with Halted(machine, options, qemu_args.split()) as halted:
        halted.log.check_run()
        check_direct_map(halted)
        check_new_place(halted)
        if halted.log.one("kaslr")["base"] != 16 * M:
            check_old_place(halted, kernel_symbols)
        if run == "bottom-up stained":
            check_witness(halted)


def test_the_checks_can_fail(kernel_symbols):
    """Looked at with a log of another seed, the same guest fails every check."""
    with Halted("pc-islands", "seed=1 page_size=4k") as one, Halted("pc-islands", "seed=2 page_size=4k") as other:
        one.log, other.log = other.log, one.log
        for check in (check_direct_map, check_new_place):
            with pytest.raises(AssertionError):
                check(one)
    with Halted(None, "nokaslr seed=1") as halted:
        with pytest.raises(AssertionError):
            check_old_place(halted, kernel_symbols)


def test_tables_of_a_table_dump():
    """report=tables prints the SRAT byte by byte."""
    with Halted("four-nodes", "report=text,json,tables seed=1") as halted:
        text = "\n".join(halted.log.hex)
        srat = Path(halted.folder.name, "srat.dat").read_bytes()
    dump = re.search(r"^SRAT @ 0x[0-9A-F]+\n((    .*\n)+)", text, re.M)[1]
    assert bytes.fromhex("".join(re.findall(r"^    [0-9A-F]+: ((?:[0-9A-F]{2} ){1,16})", dump, re.M))) == srat
