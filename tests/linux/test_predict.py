# SPDX-License-Identifier: MIT
"""landfall-predict against what Linux did: recorded boots if at hand, measured placements, and hostile input."""
import gzip
import json
import os
import pathlib
import resource
import shutil
import struct
import subprocess
import tempfile
import zlib

import pytest
from landfall.records import unknown_in

ROOT = pathlib.Path(__file__).resolve().parents[2]
PREDICT = ROOT / "build/landfall-predict"
LOGS = pathlib.Path(os.environ.get("LANDFALL_DATA", "/nonexistent")) / "linux-logs"
CASES = sorted(p.name for p in LOGS.iterdir()) if LOGS.is_dir() else []

MIB, GIB = 1 << 20, 1 << 30
ENABLED, HOTPLUG = 1, 2


@pytest.fixture(scope="session", autouse=True)
def built():
    subprocess.run(["make", "-s", "build/landfall-predict"], cwd=ROOT, check=True)


def predict(*args, text=None, **more):
    return subprocess.run([PREDICT, *map(str, args)], input=text, capture_output=True, text=True, timeout=120, **more)


def good(*args, status=0, text=None):
    p = predict(*args, text=text)
    assert p.returncode == status, p.stdout + p.stderr
    return p.stdout


def records(out):
    """All records of a run, each checked: schema, one boot, sequence without gaps, CRC of its bytes."""
    recs = []
    for seq, line in enumerate(out.splitlines()):
        rec = json.loads(line)
        assert unknown_in(rec) == ""
        body, _, crc = line.rpartition(',"crc":"')
        assert zlib.crc32(body.encode()) == int(crc[:8], 16)
        assert rec["seq"] == seq
        recs.append(rec)
    assert len({r["boot_id"] for r in recs}) == 1
    assert recs[-1]["rec"] == "end"
    return recs


def one(recs, kind):
    (rec,) = [r for r in recs if r["rec"] == kind]
    return rec


def addresses(out):
    return [int(line, 16) for line in out.splitlines()]


def pages(*ranges):
    """Page addresses of (start, end) upwards, or downwards when end < start (start exclusive)."""
    seq = []
    for start, end in ranges:
        seq += range(start, end, 4096) if start < end else range(start - 4096, end - 4096, -4096)
    return seq


def srat(*memory, revision=3, cpus=(0,)):
    body = b"".join(struct.pack("<BBBBIBBBBI", 0, 16, pxm, i, 1, 0, 0, 0, 0, 0) for i, pxm in enumerate(cpus))
    body += b"".join(struct.pack("<BBIHQQIIQ", 1, 40, pxm, 0, at, size, 0, flags, 0) for pxm, at, size, flags in memory)
    header = struct.pack("<IBB6s8sI4sI", 48 + len(body), revision, 0, b"TEST", b"TEST", 1, b"TEST", 1)
    table = bytearray(b"SRAT" + header + struct.pack("<IQ", 1, 0) + body)
    table[9] = -sum(table) & 255
    return bytes(table)


# ---- placements measured on stock Debian 12: a kernel of exactly one slot below a movable node ----

MAP = """
Some other line
BIOS-e820: [mem 0x0000000000000000-0x000000000009efff] usable
BIOS-e820: [mem 0x0000000000100000-0x00000000bffdffff] usable
BIOS-e820: [mem 0x00000000bffe0000-0x00000000bfffffff] reserved
BIOS-e820: [mem 0x0000000100000000-0x000000023fffffff] usable
"""
KERNEL = "0x40000000:0x43430000"
BRK = "0x43401000:16"
MEASURED_SRAT = ((0, 0, GIB, 3), (0, GIB, 64 * MIB, 1), (1, 0x44000000, 960 * MIB, 3), (0, 2 * GIB, GIB, 3),
                 (1, 4 * GIB, 5 * GIB, 3))


@pytest.fixture
def machine(tmp_path):
    (tmp_path / "map").write_text(MAP)
    (tmp_path / "srat").write_bytes(srat(*MEASURED_SRAT))
    return ["--e820", tmp_path / "map", "--srat", tmp_path / "srat", "--kernel", KERNEL]


PLACEMENTS = [
    # policy, leaf, tables without the trampoline's page, from memblock, on node 1
    ("bottom-up", "1g", 5, [], 0),
    ("bottom-up", "2m", 11, [], 0),
    ("bottom-up", "4k", 4105, [(0x43430000, 0x44211000), (0x100000, 0x319000)], 529),
    ("top-down", "1g", 5, [(0x240000000, 0x23fffe000)], 2),
    ("top-down", "2m", 11, [(0x240000000, 0x23fffd000)], 3),
    ("top-down", "4k", 4105, [(0x240000000, 0x23f006000)], 4090),
    ("memblock", "1g", 6, [(0xbfe00000, 0xbfdff000)], 0),
    ("memblock", "2m", 11, [(0xbfe00000, 0xbfdff000)], 0),
    ("memblock", "4k", 4105, [(0xbffe0000, 0xbefe6000)], 0),
]


@pytest.mark.parametrize("policy,leaf,tables,memblock,stained", PLACEMENTS)
def test_measured_placements(machine, policy, leaf, tables, memblock, stained):
    args = [*machine, "--brk", BRK, "--alloc", policy, "--page-size", leaf]
    verdict = one(records(good(*args, "--json", status=1 if stained else 0)), "verdict")

    assert verdict["table_pages"] == tables
    assert verdict["on_movable"] == stained
    assert verdict["stained_nodes"] == ([1] if stained else [])
    assert verdict["pinned"] == (960 * MIB + 5 * GIB if stained else 0)
    # the lists are in the order of allocation, but for the last one: see the next test
    assert sorted(addresses(good(*args, "--sequence"))) == sorted(pages(*memblock))


def test_order_of_pages(machine):
    args = [*machine, "--brk", BRK, "--page-size", "4k", "--sequence"]
    above, below = pages((0x43430000, 0x44211000)), pages((0x100000, 0x319000))

    assert addresses(good(*args, "--alloc", "bottom-up")) == above + below
    assert addresses(good(*args, "--alloc", "top-down")) == pages((0x240000000, 0x23f006000))
    # the loop starts from the last whole 2M, 0xbfe00000; what lies above it can be used once it is mapped, at the end
    seq = addresses(good(*args, "--alloc", "memblock"))
    first = seq.index(0xbffdf000)
    assert seq[:first] == pages((0xbfe00000, 0xbfe00000 - 4096 * first))
    assert seq[first:] == pages((0xbffe0000, 0xbfe00000), (0xbfe00000 - 4096 * first, 0xbefe6000))


def test_buffer_is_the_end_of_brk_by_default(machine):
    kaslr = one(records(good(*machine, "--json")), "kaslr")

    assert kaslr["buffer"] == {"start": "0x43401000", "pages": 16}
    assert (kaslr["base"], kaslr["end"], kaslr["slot"], kaslr["node"]) == ("0x40000000", "0x43430000", None, 0)


def test_kaslr_costs_the_page_of_the_trampoline(machine):
    with_it = addresses(good(*machine, "--page-size", "4k", "--sequence"))
    without = addresses(good(*machine, "--page-size", "4k", "--sequence", "--kaslr", "off"))

    assert len(with_it) == len(without) + 1


def test_five_levels_cost_a_page_more(machine):
    verdict = one(records(good(*machine, "--levels", 5, "--json")), "map")

    assert verdict["pages"] == {"p4d": 1, "pud": 1, "pmd": 2, "pte": 2}


def test_page_offset_across_a_top_table_entry(machine):
    at = 0xffff888000000000 + 505 * GIB  # the machine of 9 GiB then touches two PUD pages
    runs = records(good(*machine, "--page-offset", hex(at), "--json"))

    assert one(runs, "map")["pages"]["pud"] == 2


def test_nodes_and_affinity(machine):
    recs = records(good(*machine, "--json"))
    nodes = {r["node"]: r for r in recs if r["rec"] == "node"}

    assert [r["node"] for r in recs if r["rec"] == "affinity"] == [0, 0, 1, 0, 1]
    assert (nodes[0]["movable"], nodes[0]["why"]) == (False, "kernel")
    assert (nodes[1]["movable"], nodes[1]["why"], nodes[1]["present"]) == (True, None, 960 * MIB + 5 * GIB)


@pytest.mark.parametrize("blocks", [64, 65])
def test_the_strip_has_room_for_so_many_blocks(tmp_path, blocks):
    """Two nodes take turns, 16 MiB each."""
    (tmp_path / "map").write_text(f"BIOS-e820: [mem 0x0000000000000000-{blocks * 16 * MIB - 1:#018x}] usable\n")
    (tmp_path / "srat").write_bytes(srat(*((n % 2, n * 16 * MIB, 16 * MIB, 1 + 2 * (n % 2)) for n in range(blocks))))
    out = good("--e820", tmp_path / "map", "--srat", tmp_path / "srat", "--kernel", "0x2000000:0x2800000", "--page-size", "4k")
    strip = [word for line in out.splitlines() if line.startswith("  0[") for word in line.split()]
    assert strip == ([*"0[#.] 1[~~] 0[&#]".split(), *["1[~~]", "0[..]"] * 30, "1[~~]"] if blocks == 64 else [])


def test_a_range_that_wraps_round(tmp_path):
    """Linux says so with its first and its last byte, and goes on without it."""
    (tmp_path / "map").write_text("BIOS-e820: [mem 0x0000000000000000-0x000000007fffffff] usable\n")
    (tmp_path / "srat").write_bytes(srat((0, 0, 2 * GIB, 1), (1, 2**64 - 4096, 256 * MIB, 3)))
    out = good("--e820", tmp_path / "map", "--srat", tmp_path / "srat", "--kernel", KERNEL)
    assert out.splitlines().count("Warning: invalid memblk node 1 [mem 0xfffffffffffff000-0x0fffefff]") == 1


def test_a_reservation_pins_a_node(machine):
    recs = records(good(*machine, "--page-size", "4k", "--reserve", "0x60000000:0x60001000", "--json"))
    node = [r for r in recs if r["rec"] == "node"][1]

    assert (node["movable"], node["why"]) == (False, "reserved 0x60000000")
    assert one(recs, "verdict")["result"] == "clean"


def test_hotplug_makes_a_node_hotpluggable(tmp_path):
    (tmp_path / "map").write_text(MAP)
    (tmp_path / "srat").write_bytes(srat((0, 0, 4 * GIB, 1), (1, 4 * GIB, 5 * GIB, 1)))
    args = ["--e820", tmp_path / "map", "--srat", tmp_path / "srat", "--kernel", KERNEL, "--alloc", "top-down"]

    assert one(records(good(*args, "--json")), "verdict")["on_movable"] == 0
    assert one(records(good(*args, "--json", "--hotplug", "1", status=1)), "verdict")["stained_nodes"] == [1]
    p = predict(*args, "--hotplug", "7")
    assert (p.returncode, p.stderr) == (2, "landfall-predict: error: hotplug=7: there is no such node\n")


def test_movable_node_off(machine):
    """Marks are not honoured then: the SRAT-first policy uses the top of memory like any other."""
    out = good(*machine, "--movable-node", "off", "--alloc", "memblock", "--json", status=1)
    verdict = one(records(out), "verdict")

    assert verdict["stained_nodes"] == [1]


def test_several_policies_and_text(machine):
    out = good(*machine, "--alloc", "bottom-up,memblock", "--page-size", "4k")

    assert "bottom-up: STAINED: 529 of 4105 page-table pages on movable node 1" in out
    assert "memblock: CLEAN: none of 4105 page-table pages on a movable node" in out
    assert out.endswith("result: clean\n")
    assert "NUMA: Node 1 [mem 0x44000000-0x7fffffff] + [mem 0x100000000-0x23fffffff]" not in out


def test_a_kernel_without_room_is_an_error(tmp_path):
    (tmp_path / "map").write_text("BIOS-e820: [mem 0x0000000000100000-0x000000003fffffff] usable\n")
    (tmp_path / "srat").write_bytes(srat((0, 0, GIB, 1)))
    p = predict("--e820", tmp_path / "map", "--srat", tmp_path / "srat", "--kernel", "16M:64M", "--page-size", "4k",
                "--reserve", "1M:16M", "--reserve", "64M:1G")

    assert p.returncode == 2
    assert p.stderr.startswith("landfall-predict: error: bottom-up: no page left for a page table while mapping 0x")
    assert p.stderr.count("\n") == 1


# ---- every slot ----

def test_sweep_of_one_slot(machine):
    recs = records(good(*machine, "--page-size", "4k", "--sweep", "--image-size", "64M", "--json", status=1))
    sweep = one(recs, "sweep")

    assert (sweep["slots"], sweep["stained_slots"], sweep["numerator"], sweep["denominator"]) == (1, 1, 1, 1)
    assert sweep["probability"] == 1
    assert sweep["intervals"] == [["0x40000000", "0x40000000"]]
    assert (sweep["worst_base"], sweep["worst_on_movable"]) == ("0x40000000", 529)
    assert sweep["worst_pinned"] == 960 * MIB + 5 * GIB
    assert sweep["safe_distance"] == 6  # slots: the image ends 11.8 MiB below movable memory


def test_sweep_agrees_with_each_slot(tmp_path):
    """The same question asked slot by slot: a kernel of 2M at every 2M of an immovable 16M below a movable node."""
    (tmp_path / "map").write_text(MAP)
    (tmp_path / "srat").write_bytes(srat((0, 0, GIB + 16 * MIB, 1), (1, GIB + 16 * MIB, 3 * GIB - 16 * MIB, 3),
                                         (1, 4 * GIB, 5 * GIB, 3)))
    common = ["--e820", tmp_path / "map", "--srat", tmp_path / "srat", "--page-size", "4k", "--json"]
    out = predict(*common, "--kernel", "1G:0x40200000", "--sweep", "--avoid", "1M:1G")
    sweep = one(records(out.stdout), "sweep")
    stained = {}
    for base in range(GIB, GIB + 16 * MIB, 2 * MIB):
        p = predict(*common, "--kernel", f"{base:#x}:{base + 2 * MIB:#x}")
        on_movable = one(records(p.stdout), "verdict")["on_movable"]
        assert p.returncode == (1 if on_movable else 0)
        if on_movable:
            stained[base] = on_movable

    assert sweep["slots"] == 8
    assert sweep["stained_slots"] == len(stained) == 7
    assert sweep["intervals"] == [[hex(min(stained)), hex(max(stained))]]
    assert sweep["worst_on_movable"] == max(stained.values())
    assert stained[int(sweep["worst_base"], 16)] == max(stained.values())
    assert (sweep["numerator"], sweep["denominator"], sweep["probability"]) == (7, 8, 0.875)


def huge(tmp_path, *args, end=64 << 40):
    """A machine of one node, all of it RAM from 1 MiB on."""
    (tmp_path / "map").write_text(f"BIOS-e820: [mem 0x0000000000100000-{end - 1:#018x}] usable\n")
    (tmp_path / "srat").write_bytes(srat((0, 0, GIB, 1), (1, GIB, end - GIB, 3)))
    return ["--e820", tmp_path / "map", "--srat", tmp_path / "srat", "--kernel", "16M:64M", "--json", *args]


def test_sweep_of_a_huge_machine(tmp_path):
    """4 PiB in 4K pages: 8 TiB of tables are counted, for each of 2^31 slots, in no time."""
    args = huge(tmp_path, "--page-size", "4k", "--levels", "5", "--sweep", "--chooser", "efistub", end=4 << 50)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    recs = records(good(*args, status=1))
    spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    verdict, sweep = one(recs, "verdict"), one(recs, "sweep")
    pte, pmd, pud, p4d = 1 << 31, 1 << 22, 1 << 13, 16

    assert verdict["table_pages"] == pte + pmd + pud + p4d
    assert sweep["slots"] == ((4 << 50) - 64 * MIB) // (2 * MIB) + 1
    assert not [r for r in recs if r["rec"] == "run"]
    assert spent < 1


def test_too_many_pages_to_list(tmp_path):
    args = [a for a in huge(tmp_path, "--page-size", "4k", "--levels", "5", "--sequence", end=4 << 50) if a != "--json"]
    p = predict(*args)

    assert (p.returncode, p.stdout) == (2, "")
    assert p.stderr.startswith("landfall-predict: error: up to 2")
    assert p.stderr.endswith(" page-table pages are too many to list\n")


def test_the_two_choosers(machine):
    """The EFI stub's does not read the SRAT: every 2M of RAM from 16 MiB on that a 52 MiB image fits behind."""
    image = 0x3430000 + 0x1d0000  # in whole slots

    def slots(*args):
        return one(records(predict(*machine, "--json", *args).stdout), "kaslr")["slots"]

    ram = (0xbffe0000 - image - 16 * MIB) // (2 * MIB) + 1 + (5 * GIB - image) // (2 * MIB) + 1
    assert slots("--chooser", "efistub") == ram
    assert slots("--chooser", "decompressor") == slots() == (64 * MIB - image) // (2 * MIB) + 1


@pytest.mark.parametrize("args,why", [
    (["--image-size", "2M"], "--image-size: the kernel alone is 0x3430000 bytes long"),
    (["--image-size", "66M", "--sweep"], "sweep: no slot holds 66 MiB"),
])
def test_images_that_fit_nowhere(machine, args, why):
    p = predict(*machine, *args)

    assert (p.returncode, p.stderr) == (2, f"landfall-predict: error: {why}\n")


# ---- split leaves ----

def test_fragment_every(machine):
    """Nine GiB but 128 KiB in 2M leaves, every third of them made a table of 4K leaves; the order is that of the map."""
    whole = one(records(good(*machine, "--page-size", "2m", "--json")), "map")
    split = one(records(predict(*machine, "--page-size", "2m", "--fragment", "every:3", "--json").stdout), "map")
    forced = whole["leaf"]["2m"] // 3

    assert split["leaf"] == {"4k": whole["leaf"]["4k"] + 512 * forced, "2m": whole["leaf"]["2m"] - forced, "1g": 0}
    assert split["pages"]["pte"] == whole["pages"]["pte"] + forced
    assert {k: split["pages"][k] for k in ("pud", "pmd")} == {k: whole["pages"][k] for k in ("pud", "pmd")}


def test_fragment_rand_depends_on_the_seed_alone(machine):
    def pages(*args):
        return addresses(good(*machine, "--page-size", "2m", "--sequence", "--fragment", "rand:250", *args))

    assert pages() == pages("--seed", "0") == pages("--seed", "0x0")
    assert pages("--seed", "1") != pages()
    assert 1000 < len(pages("--seed", "1")) < 1300  # a quarter of 4607 leaves, give or take


# ---- records ----

def test_records_are_what_a_checker_of_logs_takes(machine, tmp_path):
    """Verdicts, nodes and costs follow from memory, affinity, reservations and runs by rules written down a second time."""
    for more in ([], ["--reserve", "5G:0x140100000"], ["--fragment", "every:7", "--page-size", "2m"], ["--levels", "5"]):
        out = predict(*machine, "--alloc", "all", "--sweep", "--json", *more).stdout
        (tmp_path / "log").write_text(out)
        done = subprocess.run([ROOT / "tools/check-log", "--allow-stained", tmp_path / "log"], capture_output=True, text=True)
        assert (done.returncode, done.stdout[:8]) == (0, "passed: "), done.stdout
    lines = out.splitlines(keepends=True)
    (tmp_path / "log").write_text("".join(lines[:-1]))
    done = subprocess.run([ROOT / "tools/check-log", tmp_path / "log"], capture_output=True, text=True)
    assert done.stdout.startswith("truncated: ")


def test_order_and_frame_of_records(machine):
    recs = records(predict(*machine, "--alloc", "both", "--sweep", "--json", "--page-size", "4k").stdout)
    kinds = [r["rec"] for r in recs]
    once = [k for i, k in enumerate(kinds) if i == 0 or kinds[i - 1] != k]

    assert once == ["boot", "mem", "affinity", "finding", "reserved", "node", "kaslr", "run", "map", "verdict", "cost", "run", "map",
                    "verdict", "cost", "sweep", "end"]
    assert [r["alloc"] for r in recs if r["rec"] == "sweep"] == ["bottom-up", "memblock"]
    boot = recs[0]
    assert (boot["protocol"], boot["loader"], boot["levels"], boot["page_size"]) == ("predict", "landfall-predict", 4, "4k")
    assert boot["cmdline"] == "alloc=both movable_node=on report=json page_size=4k sweep"


def test_reservations_are_told_apart(machine):
    """The first MiB and the kernel each stand alone, though they touch what else is reserved."""
    recs = records(good(*machine, "--json", "--reserve", "1M:2M", "--reserve", "0x3ff00000:0x44000000"))

    assert [(r["start"], r["end"], r["what"]) for r in recs if r["rec"] == "reserved"] == [
        ("0x0", "0x100000", "low memory"), ("0x100000", "0x200000", "reserved before"),
        ("0x3ff00000", "0x40000000", "reserved before"), ("0x40000000", "0x43430000", "kernel"),
        ("0x43430000", "0x44000000", "reserved before")]


def test_distances(machine, tmp_path):
    """Costs by a SLIT: all of top-down's pages lie on node 1, 33 away from the kernel's."""
    slit = bytearray(b"SLIT" + struct.pack("<IBB6s8sI4sI", 48, 1, 0, b"TEST", b"TEST", 1, b"TEST", 1) +
                     struct.pack("<Q", 2) + bytes([10, 33, 33, 10]))
    slit[9] = -sum(slit) & 255
    (tmp_path / "slit").write_bytes(slit)
    args = [*machine, "--page-size", "4k", "--alloc", "top-down", "--brk", BRK, "--json"]
    far = one(records(predict(*args, "--slit", tmp_path / "slit").stdout), "cost")

    assert (far["pages"], far["on_movable"]) == (4105, 4090)
    assert far["distance"] == 33 * 4090 + 10 * 15
    assert one(records(predict(*args).stdout), "cost")["distance"] == 20 * 4090 + 10 * 15
    p = predict(*args, "--slit", tmp_path / "srat")
    assert p.stderr == f"landfall-predict: error: {tmp_path}/srat: not an SLIT: its signature is missing\n"


# ---- logs ----

HEAD = """\
Linux version 6.1.0-50-amd64 (x) #1 SMP
Command line: console=ttyS0 {cmdline}
BIOS-provided physical RAM map:
BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
BIOS-e820: [mem 0x0000000000100000-0x000000007ffdefff] usable
BIOS-e820: [mem 0x0000000100000000-0x000000017fffffff] usable
last_pfn = 0x180000 max_arch_pfn = 0x400000000
"""
DEBUG = """\
memblock_reserve: [0x0000000004400000-0x0000000004410fff] setup_arch+0x797/0xd4f
MEMBLOCK configuration:
 memory size = 0x00000000fff7dc00 reserved size = 0x0000000003421000
 memory.cnt  = 0x3
 memory[0x0]\t[0x0000000000001000-0x000000000009efff], 0x000000000009e000 bytes flags: 0x0
 memory[0x1]\t[0x0000000000100000-0x000000007ffdefff], 0x000000007fedf000 bytes flags: 0x0
 memory[0x2]\t[0x0000000100000000-0x000000017fffffff], 0x0000000080000000 bytes flags: 0x0
 reserved.cnt  = 0x2
 reserved[0x0]\t[0x0000000000000000-0x000000000000ffff], 0x0000000000010000 bytes flags: 0x0
 reserved[0x1]\t[0x0000000001000000-0x0000000004410fff], 0x0000000003411000 bytes flags: 0x0
memblock_reserve: [0x0000000000000000-0x00000000000fffff] setup_arch+0x7e0/0xd4f
"""
TAIL = """\
ACPI: SRAT: Node 0 PXM 0 [mem 0x00000000-0x047fffff]
ACPI: SRAT: Node 1 PXM 1 [mem 0x04800000-0x7fffffff] hotplug
ACPI: SRAT: Node 0 PXM 0 [mem 0x100000000-0x17fffffff]
"""


def table_page(at):
    return (f"memblock_phys_alloc_range: 4096 bytes align=0x1000 from=0x0 max_addr=0x0 alloc_low_pages+0x1/0x2\n"
            f"memblock_reserve: [{at:#018x}-{at + 4095:#018x}] memblock_alloc_range_nid+0xb0/0x13d\n")


def log(cmdline="memblock=debug movable_node", built=(), tail=TAIL):
    return HEAD.format(cmdline=cmdline) + DEBUG + "".join(map(table_page, built)) + tail


def slots_in(start, end):
    """So many slots for that log's kernel, 54 MiB in whole slots, lie in free memory from a slot's border on."""
    return (end - start - 54 * MIB) // (2 * MIB) + 1


def test_log_on_standard_input():
    verdict = one(records(good("--linux-log", "-", "--json", "--page-size", "4k", text=log(), status=1)), "verdict")

    assert (verdict["alloc"], verdict["srat"], verdict["table_pages"]) == ("bottom-up", "ok", 2053)
    assert (verdict["on_movable"], verdict["stained_nodes"]) == (1029, [1])


def test_default_policy_follows_the_log():
    out = good("--linux-log", "-", "--json", text=log("memblock=debug"), status=0)

    assert one(records(out), "verdict")["alloc"] == "top-down"


def test_compare():
    args = ["--linux-log", "-", "--page-size", "4k"]
    built = addresses(good(*args, "--sequence", text=log()))

    # 2053 tables and the trampoline's page, less 16 from the buffer: above the kernel first, then from 1 MiB
    assert built[0] == 0x4430000 and len(built) == 2038
    assert good(*args, "--compare", text=log(built=built)) == "2038 of 2038 page-table pages as predicted\n"
    wrong = [*built[:7], built[7] + 4096, *built[8:]]
    assert good(*args, "--compare", text=log(built=wrong), status=1) == (
        "2037 of 2038 page-table pages as predicted\n"
        f"first difference: page 7: predicted {built[7]:#x}, in the log {wrong[7]:#x}\n")
    assert good(*args, "--compare", text=log(built=built[:-1]), status=1).startswith("2037 of 2038 ")
    # what the log says of the tables changes nothing in the prediction
    assert addresses(good(*args, "--sequence", text=log(built=wrong))) == built


def test_inputs_incomplete():
    text = HEAD.format(cmdline="movable_node") + TAIL
    iomem = "  01000000-01c01d31 : Kernel code\n  03f0d000-043fffff : Kernel bss\n"
    out = good("--linux-log", "-", text=text + iomem)

    assert out.count("inputs incomplete: ") == 1
    p = predict("--linux-log", "-", "--sequence", text=text + iomem)
    assert p.stderr.startswith("inputs incomplete: ") and all(line.startswith("0x") for line in p.stdout.splitlines())
    p = predict("--linux-log", "-", text=text)
    assert (p.returncode, p.stderr) == (
        2, "landfall-predict: error: -: nothing tells where the kernel lies (no memblock=debug, "
           "no \"Kernel code\" and \"Kernel bss\" of /proc/iomem): give --kernel START:END\n")
    assert predict("--linux-log", "-", "--kernel", "16M:0x4430000", text=text).returncode == 0


@pytest.mark.parametrize("sections,tables,leaf", [(8, 8, "4k"), (8, 7, "2m"), (7, 7, "2m")])
def test_page_structs_tell_large_pages(sections, tables, leaf):
    """With 4K pages each section of 128 MiB costs a table for its page structs; of few sections nothing is concluded."""
    text = log().replace("0x000000007ffdefff", f"{(4 << 27) + (1 << 20) - 1:#018x}")
    text = text.replace("0x000000017fffffff", f"{(4 << 30) + (sections - 4 << 27) - 1:#018x}")
    text = text.replace("last_pfn = 0x180000", f"last_pfn = {(4 << 30) + (sections - 4 << 27) >> 12:#x}")
    text += "memblock_alloc_try_nid_raw: 4096 bytes align=0x1000 nid=0 from=0x0 max_addr=0x0 vmemmap_alloc_block_zero.constprop.0+0xc/0x28\n" * tables
    assert one(records(predict("--linux-log", "-", "--json", text=text).stdout), "boot")["page_size"] == leaf


@pytest.mark.parametrize("word,line,option", [
    ("Command line", 'no "Command line" in the log, so movable_node is taken as off (--movable-node on|off)', ("--movable-node", "on")),
    ("Linux version", 'no "Linux version" in the log, so the rules are the newest (--linux VERSION)', ("--linux", "6.1")),
])
def test_what_an_option_can_tell(word, line, option):
    """Such a line may be lost; one line then says what is taken instead, and the option that it names gives the answer back."""
    text = "".join(part for part in log().splitlines(keepends=True) if word not in part)
    p = predict("--linux-log", "-", "--sequence", "--page-size", "4k", text=text)
    assert (p.returncode, p.stderr) == (0, f"inputs incomplete: {line}\n")
    assert good("--linux-log", "-", text=text, status=p.returncode).count(f"inputs incomplete: {line}\n") == 1

    p, whole = [predict("--linux-log", "-", "--sequence", "--page-size", "4k", *option, text=t) for t in (text, log())]
    assert (p.stderr, p.stdout) == ("", whole.stdout)


def test_dropped_messages_are_told():
    """Linux's own line, where it had not kept up; what is dropped later changes nothing."""
    dropped = "** 12 printk messages dropped **\n"
    early = predict("--linux-log", "-", "--sequence", text=dropped + log())
    assert (early.returncode, early.stderr) == (0, "inputs incomplete: Linux dropped messages before the page tables were built\n")
    assert predict("--linux-log", "-", "--sequence", text=log() + dropped).stderr == ""


def test_the_machine_is_named():
    dmi = "DMI: Memory slots populated: 1/1\nDMI: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2 04/01/2014\n"

    name = "QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2 04/01/2014"
    assert one(records(predict("--linux-log", "-", "--json", text=log() + dmi).stdout), "boot")["machine"] == name
    assert f"machine: {name}" in predict("--linux-log", "-", text=log() + dmi).stdout.splitlines()
    assert "machine: " not in predict("--linux-log", "-", text=log()).stdout


def test_the_buffer_lies_in_the_kernel(machine):
    p = predict(*machine, "--kernel", "16M:32M", "--brk", "48M:16")
    why = "page-table buffer [mem 0x3000000-0x300ffff] is not inside the kernel [mem 0x1000000-0x1ffffff]"
    assert (p.returncode, p.stdout, p.stderr) == (2, "", f"landfall-predict: error: {machine[1]}: {why}\n")


def test_memory_is_what_memblock_was_told():
    """Of the map RAM counts as memblock has it, in whole pages; all else is firmware's."""
    nvs = "BIOS-e820: [mem 0x000000007ffdf000-0x000000007fffffff] ACPI NVS\n"
    text = log().replace("BIOS-e820: [mem 0x0000000100000000", nvs + "BIOS-e820: [mem 0x0000000100000000")
    told = [(r["start"], r["end"], r["type"]) for r in records(predict("--linux-log", "-", "--json", text=text).stdout) if r["rec"] == "mem"]

    assert told == [("0x0", "0x1000", "reserved"), ("0x1000", "0x9f000", "usable"), ("0x9f000", "0x9fc00", "reserved"),
                    ("0x100000", "0x7ffdf000", "usable"), ("0x7ffdf000", "0x80000000", "nvs"), ("0x100000000", "0x180000000", "usable")]


def test_slots_heed_the_command_line():
    """mem= limits them and memmap= ranges are kept off, by Linux's chooser itself: the map it reads is firmware's."""
    def slots(options, *args):
        out = predict("--linux-log", "-", "--json", "--page-size", "2m", *args, text=log(f"memblock=debug {options}")).stdout
        return one(records(out), "kaslr")["slots"]

    low, high = slots_in(16 * MIB, 0x4800000), slots_in(4 * GIB, 6 * GIB)  # immovable memory
    assert slots("") == low + high
    assert slots("mem=5G") == low + slots_in(4 * GIB, 5 * GIB)
    assert slots("memmap=1G$4G") == low + slots_in(5 * GIB, 6 * GIB)
    assert slots("", "--avoid", "16M:20M", "--avoid", "5G:0x140200000") == slots_in(4 * GIB, 5 * GIB) + slots_in(0x140200000, 6 * GIB)


def test_what_linux_reserves_later_is_free_for_its_decompressor():
    """And for the stub, where firmware's map tells what is free; where nothing does, what is reserved stands in for it."""
    def slots(*more):
        text = log().replace("Command line", "".join(f"{line}\n" for line in more) + "Command line")
        text = text.replace("memblock_reserve: [0x0000000000000000-", "memblock_reserve: [0x140000000-0x1401fffff] x+0x1/0x2\n"
                            "memblock_reserve: [0x0000000000000000-")
        return one(records(predict("--linux-log", "-", "--json", "--page-size", "2m", "--linux", "6.12", text=text).stdout), "kaslr")["slots"]

    efi = "efi: EFI v2.70 by EDK II"
    free = "efi: mem01: [Conventional Memory|   |  |] range=[0x0000000100000000-0x000000017fffffff] (2048MB)"
    assert slots() == slots_in(16 * MIB, 0x4800000) + slots_in(4 * GIB, 6 * GIB)
    assert slots(efi, free) == slots_in(4 * GIB, 6 * GIB)
    assert slots(efi) == slots_in(16 * MIB, 0x7ffdf000) + slots_in(4 * GIB, 5 * GIB) + slots_in(0x140200000, 6 * GIB)


def test_a_log_cut_before_the_nodes():
    p = predict("--linux-log", "-", text=log(tail=""))

    assert (p.returncode, p.stdout, p.stderr) == (
        2, "", "landfall-predict: error: -:18: the log ends before the nodes are told: give --srat FILE\n")
    assert one(records(good("--linux-log", "-", "--json", text=log(tail="Zone ranges:\n"))), "verdict")["srat"] == "absent"
    assert len(addresses(good("--linux-log", "-", "--sequence", "--page-size", "4k", text=log(tail="")))) == 2038


def test_compressed_log(tmp_path):
    (tmp_path / "log.gz").write_bytes(gzip.compress(log().encode()))
    p = predict("--linux-log", tmp_path / "log.gz")

    assert p.stderr == f"landfall-predict: error: {tmp_path}/log.gz: compressed by gzip: unpack it first\n"


def test_rejected_srat_is_one_node():
    tail = TAIL + "ACPI: SRAT: Node 2 PXM 2 [mem 0x70000000-0x7fffffff]\n"
    recs = records(good("--linux-log", "-", "--json", text=log(tail=tail)))

    assert one(recs, "verdict")["srat"] == "rejected"
    assert one(recs, "verdict")["result"] == "none"
    assert len([r for r in recs if r["rec"] == "node"]) == 1


def test_numa_off_is_one_node():
    text = log("memblock=debug numa=off")
    verdict = one(records(good("--linux-log", "-", "--json", text=text)), "verdict")

    assert (verdict["srat"], verdict["result"]) == ("absent", "none")
    out = good("--linux-log", "-", text=text)
    assert "CLEAN" not in out and "result: clean" not in out
    assert "\ntop-down: NO VERDICT: there is no SRAT to go by\n" in out
    assert out.endswith("\nresult: no verdict: there is no SRAT to go by\n")


def test_a_usable_srat_can_be_required():
    tail = TAIL + "ACPI: SRAT: Node 2 PXM 2 [mem 0x70000000-0x7fffffff]\n"
    why = "error: require=srat: no usable SRAT: "

    for text, reason in ((log("memblock=debug numa=off"), "there is none"), (log(tail=tail), "ranges of different nodes overlap")):
        p = predict("--linux-log", "-", "--require-srat", text=text)
        assert (p.returncode, p.stderr) == (2, f"landfall-predict: {why}{reason}\n")
    good("--linux-log", "-", "--require-srat", text=log())


@pytest.mark.parametrize("cut,line,why", [
    (DEBUG.index(" reserved.cnt"), 14, "the log ends inside the MEMBLOCK dump"),
    (DEBUG.index("memblock_reserve: [0x0000000000000000"), 17, "the log ends before the page tables are built"),
    (DEBUG.index(" reserved[0x1]") + 30, 17, "unreadable region in the MEMBLOCK dump"),
    (DEBUG.index("MEMBLOCK"), 8, "the log ends before the MEMBLOCK configuration"),
])
def test_truncated_logs(tmp_path, cut, line, why):
    path = tmp_path / "cut.log"
    path.write_text(HEAD.format(cmdline="memblock=debug") + DEBUG[:cut])
    p = predict("--linux-log", path)

    assert (p.returncode, p.stdout, p.stderr) == (2, "", f"landfall-predict: error: {path}:{line}: {why}\n")


@pytest.mark.parametrize("args,why", [
    ([], "exactly one of --linux-log, --host, --e820 and --machine is needed (--help)"),
    (["--linux-log", "/nonexistent"], "/nonexistent: No such file or directory"),
    (["--linux-log", "/"], "/: Is a directory"),
    (["--linux-log", "/dev/null"], "/dev/null: no memory map in it (no BIOS-e820 line, no MEMBLOCK configuration)"),
    (["--linux-log", "/dev/null", "--host"], "exactly one of --linux-log, --host, --e820 and --machine is needed (--help)"),
    (["--e820", "/dev/null"], "--e820 needs --kernel START:END"),
    (["--e820", "/dev/null", "--kernel", "16M:32M"], "/dev/null: no BIOS-e820 line in it"),
    (["--host", "--kernel", "32M:16M"], "--kernel: '32M:16M' is not usable"),
    (["--host", "--kernel", "0x1000001:32M"], "--kernel: '0x1000001:32M' is not usable"),
    (["--host", "--brk", "16M"], "--brk: '16M' is not usable"),
    (["--host", "--reserve", "1:2:3"], "--reserve: '1:2:3' is not usable"),
    (["--host", "--levels", "6"], "--levels: '6' is not usable"),
    (["--host", "--kaslr", "maybe"], "--kaslr: 'maybe' is not usable"),
    (["--host", "--compare"], "--compare needs --linux-log"),
    (["--host", "--json", "--sequence"], "only one of --sequence, --compare and --json can be had"),
    (["--host", "--sequence", "--avoid", "1M:2M"], "--avoid has no effect on --sequence and --compare"),
    (["--host", "--sweep", "--sequence"], "--sweep has no effect on --sequence and --compare"),
    (["--host", "--chooser", "bios"], "--chooser: 'bios' is not usable"),
    (["--host", "--seed", "1"], "--seed has no effect without --fragment rand:PERMILLE"),
    (["--host", "more"], "'more': not an option"),
    (["--host", "--nonsense"], "'--nonsense': not an option (--help)"),
    (["--host", "--sweep=yes"], "'--sweep=yes': takes no value (--help)"),
    (["--host", "-x"], "'-x': not an option (--help)"),
    (["--linux-log"], "'--linux-log': needs a value (--help)"),
])
def test_bad_command_lines(args, why):
    p = predict(*args)

    assert (p.returncode, p.stdout, p.stderr) == (2, "", f"landfall-predict: error: {why}\n")


@pytest.mark.parametrize("at", ["0xffff888000000000", "0xfffffdfdc0000000"])
def test_all_of_the_window(machine, at):
    """Up to its last byte."""
    assert good(*machine, "--page-offset", at)


@pytest.mark.parametrize("args,why", [
    (["--alloc", "best"], "--alloc best: no policy is called 'best'"),
    (["--alloc", ""], "--alloc: needs a value"),
    (["--page-size", "3m"], "--page-size 3m: not one of auto, 4k, 2m, 1g"),
    (["--page-offset", "0x1234"], "--page-offset 0x1234: not a multiple of 1 GiB"),
    *((["--page-offset", at], f"--page-offset {at}: not 1 GiB aligned, or RAM does not fit between 0xffff888000000000 and 0xfffffe0000000000")
      for at in ("0xffff887fc0000000", "0xfffffdfe00000000", "0xfffffffec0000000")),
    (["--hotplug", "x"], "--hotplug x: 'x' is not a node number (0 to 1023)"),
    (["--fragment", "every:0"], "--fragment every:0: N must be a number above 0"),
    (["--fragment", "every:2", "--page-size", "4k"], "--fragment has no effect: there are 4 KiB pages only"),
    (["--image-size", "1"], "--image-size 1: END is not a multiple of 4 KiB"),
])
def test_bad_values_are_refused(machine, args, why):
    p = predict(*machine, *args)

    assert (p.returncode, p.stdout, p.stderr) == (2, "", f"landfall-predict: error: {why}\n")


def test_bad_srat_files(machine, tmp_path):
    (tmp_path / "short").write_bytes(b"SRAT")
    p = predict(*machine, "--srat", tmp_path / "short")
    assert p.returncode == 2
    assert p.stderr == f"landfall-predict: error: {tmp_path}/short: not an SRAT: its signature is missing\n"
    broken = bytearray(srat(*MEASURED_SRAT))
    broken[65] = 0  # length of the first memory entry
    broken[9] = (broken[9] - sum(broken)) & 255
    (tmp_path / "broken").write_bytes(broken)
    recs = records(good(*machine, "--srat", tmp_path / "broken", "--json"))
    assert one(recs, "verdict")["srat"] == "rejected"


def test_help_and_version():
    assert good("--help").startswith("usage: landfall-predict --linux-log FILE")
    assert good("--version").startswith("landfall-predict ")
    assert good("-h") == good("--help")


def test_standard_output_that_is_full():
    with open("/dev/full", "w") as full:
        p = subprocess.run([PREDICT, "--help"], stdout=full, stderr=subprocess.PIPE, timeout=10)
    assert p.returncode == 2


def test_install(tmp_path):
    subprocess.run(["make", "-s", "install", "PREFIX=/usr", f"DESTDIR={tmp_path}"], cwd=ROOT, check=True)

    assert os.access(tmp_path / "usr/bin/landfall-predict", os.X_OK)
    page = subprocess.run(["groff", "-man", "-ww", "-Tutf8", tmp_path / "usr/share/man/man1/landfall-predict.1"],
                          capture_output=True, text=True)
    assert (page.returncode, page.stderr) == (0, "") and "landfall-predict" in page.stdout
    for option in good("--help").split():
        if option.startswith("--") and option.rstrip(",").replace("-", "").isalpha():
            assert option.rstrip(",").replace("-", "\\-") in (ROOT / "docs/landfall-predict.1").read_text(), option


# ---- the running host ----

def test_host():
    p = predict("--host", "--json")
    if p.returncode == 2:
        assert p.stderr.startswith("landfall-predict: error: /")
        pytest.skip(p.stderr.strip())
    assert one(records(p.stdout), "verdict")["table_pages"] > 0
    assert "inputs incomplete: " in p.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_host_without_root():
    with tempfile.TemporaryDirectory() as folder:  # where nobody may go, which the project's own folder need not be
        os.chmod(folder, 0o755)
        program = shutil.copy(PREDICT, folder)
        p = subprocess.run([program, "--host"], cwd="/", user="nobody", capture_output=True, text=True)

    assert (p.returncode, p.stdout) == (2, "")
    assert "(needs root)" in p.stderr and p.stderr.count("\n") == 1


# ---- recorded boots ----

def recorded(case):
    return gzip.open(LOGS / case / "inputs.log.gz", "rt", errors="replace", newline="").read()


def expected(case):
    seq = []
    for line in (LOGS / case / "expected.rle").read_text().splitlines():
        first, step, count = line.split()
        seq += [int(first, 16) + 4096 * int(step) * i for i in range(int(count))]
    return seq


@pytest.mark.parametrize("case", CASES)
def test_recorded_boots(case):
    assert addresses(good("--linux-log", "-", "--sequence", text=recorded(case))) == expected(case)


@pytest.mark.parametrize("case", CASES)
def test_recorded_boots_without_stamps(case):
    lines = [line.partition("] ")[2] if line.startswith("[ ") else line for line in recorded(case).splitlines()]

    assert addresses(good("--linux-log", "-", "--sequence", text="\n".join(lines))) == expected(case)


@pytest.mark.parametrize("case", CASES)
def test_recorded_boots_cut_after_the_nodes(case):
    """Without /proc/iomem and /proc/meminfo at its end; the kernel's start then comes from the dump."""
    text = recorded(case).partition("# /proc/iomem")[0]

    assert addresses(good("--linux-log", "-", "--sequence", text=text)) == expected(case)


@pytest.mark.parametrize("case", CASES)
def test_recorded_boots_as_a_whole_log(case):
    """The page-table lines that were cut out of the recording are put back: --compare must find all of them."""
    lines = recorded(case).splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines)
              if "memblock_reserve: [0x0000000000000000-0x00000000000fffff] setup_arch" in line) + 1
    seq = expected(case)
    text = "".join(lines[:at]) + "".join(map(table_page, seq)) + "".join(lines[at:])

    out = good("--linux-log", "-", "--compare", text=text)
    assert out == f"{len(seq)} of {len(seq)} page-table pages as predicted\n"


@pytest.mark.parametrize("case", CASES)
def test_recorded_nodes(case):
    """Firmware's own table and the log's SRAT lines tell the same nodes and the same verdict."""
    def facts(*more):
        p = predict("--linux-log", "-", "--json", *more, text=recorded(case))
        recs = records(p.stdout)
        nodes = [(r["node"], r["pxm"], r["present"], r["movable"], r["why"]) for r in recs if r["rec"] == "node"]
        verdict = one(recs, "verdict")
        return p.returncode, nodes, verdict["on_movable"], verdict["stained_nodes"], verdict["pinned"]

    assert facts() == facts("--srat", LOGS / case / "srat.dat")


def test_a_long_log_is_read_quickly():
    """50,000 lines of the dearest kind; time of the processor, not of the clock."""
    text = log() + "memblock_reserve: [0x0000000100000000-0x0000000100000fff] memblock_alloc_range_nid+0xb0/0x13d\n" * 25000
    text += "[    1.234567] hypothetical: a line that nobody is waiting for, of the usual length, more or less\n" * 25000
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    assert len(addresses(good("--linux-log", "-", "--sequence", "--page-size", "4k", text=text))) == 2038
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 0.5
