# SPDX-License-Identifier: MIT
"""landfall-predict with the kernel moved to another slot, and what it lists for pictures."""
import json
import subprocess
from pathlib import Path

import pytest
from landfall.records import unknown_in

ROOT = Path(__file__).resolve().parents[2]
PREDICT = ROOT / "build/landfall-predict"
SLOT = 2 << 20


def predict(*words):
    return subprocess.run([PREDICT, *map(str, words)], capture_output=True, text=True, timeout=120)


def records(*words):
    done = predict(*words, "--json")
    assert done.returncode in (0, 1), done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    for record in found:
        assert unknown_in(record) == ""
    return found


def of(found, kind):
    return [r for r in found if r["rec"] == kind]


def bases(found):
    (slots,) = of(found, "slots")
    return [base for first, last in slots["areas"] for base in range(int(first, 16), int(last, 16) + 1, SLOT)]


@pytest.mark.parametrize("machine", ["four-nodes", "pc-islands"])
def test_the_kernel_in_every_slot(machine):
    """The sweep and a prediction for each slot say the same, policy by policy; and the slot has the number that KASLR gives it."""
    whole = records("--machine", machine, "--alloc", "all", "--counts", "--sweep", "--layout")
    stained = {s["alloc"]: [[int(b, 16) for b in pair] for pair in s["intervals"]] for s in of(whole, "sweep")}
    slots = bases(whole)
    assert len(slots) == of(whole, "kaslr")[0]["slots"]
    for number in range(0, len(slots), max(1, len(slots) // 25)):
        base = slots[number]
        moved = records("--machine", machine, "--alloc", "all", "--counts", "--base", hex(base))
        (kaslr,) = of(moved, "kaslr")
        assert (kaslr["base"], kaslr["slot"]) == (hex(base), number)
        assert f"base={base:#x}" in of(moved, "boot")[0]["cmdline"].split()
        for verdict in of(moved, "verdict"):
            inside = any(first <= base <= last for first, last in stained[verdict["alloc"]])
            assert verdict["result"] == ("stained" if inside else "clean"), (hex(base), verdict)


def test_moved_pages_are_those_of_a_kernel_that_lies_there(tmp_path):
    """The same as telling another place by hand."""
    subprocess.run([ROOT / "build/landfall-machine", "four-nodes", "-t", tmp_path], check=True)
    files = ["--e820", tmp_path / "e820", "--srat", tmp_path / "srat.dat", "--page-size", "4k", "--sequence"]
    there = predict(*files, "--kernel", "0x102000000:0x104c30000")
    moved = predict(*files, "--kernel", "debian", "--base", "0x102000000")
    assert there.returncode == moved.returncode == 0 and there.stdout == moved.stdout != ""
    assert moved.stdout != predict(*files, "--kernel", "debian").stdout


@pytest.mark.parametrize("words", ["", "hotplug=0", "page_size=2m fragment=every:3", "movable_node=off base=0x4200000"])
def test_a_log_of_landfall_itself(tmp_path, words):
    """What it has found it is predicted to find, in the slot where it was and in all others."""
    machine = "two-tib" if "hotplug" not in words and "base" not in words else "four-nodes"
    done = subprocess.run([ROOT / "tools/run", "--host", f"--machine={machine}", f"--append=seed=0x21 alloc=all sweep {words}"],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 1), done.stdout[-2000:]
    (tmp_path / "serial.log").write_text(done.stdout)
    log = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    found = records("--linux-log", tmp_path / "serial.log", "--alloc", "all", "--counts", "--sweep")
    assert of(log, "verdict") and of(log, "sweep")
    for kind in ("verdict", "sweep", "map"):
        volatile = ("boot_id", "crc", "seq", "build_ns")
        assert [{k: v for k, v in r.items() if k not in volatile} for r in of(found, kind)] == \
            [{k: v for k, v in r.items() if k not in volatile} for r in of(log, kind)]


def test_the_kernel_assumed_is_that_of_a_machine(tmp_path):
    subprocess.run([ROOT / "build/landfall-machine", "four-nodes", "-t", tmp_path], check=True)
    words = ["--alloc", "all", "--counts", "--sweep", "--page-size", "4k", "--levels", "5"]
    one = records("--e820", tmp_path / "e820", "--srat", tmp_path / "srat.dat", "--kernel", "debian", *words)
    two = records("--machine", "four-nodes", *words)
    for kind in ("kaslr", "verdict", "sweep"):
        assert [{**r, "boot_id": 0, "crc": 0, "seq": 0} for r in of(one, kind)] == [{**r, "boot_id": 0, "crc": 0, "seq": 0} for r in of(two, kind)]


def test_pieces_are_all_of_ram_by_node():
    found = records("--machine", "four-nodes", "--layout")
    pieces = [(int(p["start"], 16), int(p["end"], 16), p["node"], p["kind"]) for p in of(found, "piece")]
    assert (0x6000000, 0x7d000000, 1, "movable") in pieces and (0x100000, 0x6000000, 0, "fixed") in pieces
    for node in of(found, "node"):
        assert sum(b - a for a, b, n, _ in pieces if n == node["node"]) == node["present"]
    # With the image on it a node of hot-pluggable memory is pinned.
    pinned = records("--machine", "four-nodes", "--layout", "--base", "0x40000000")
    assert {p["kind"] for p in of(pinned, "piece") if p["node"] == 1} == {"pinned"}


def test_pieces_in_words(tmp_path):
    (tmp_path / "m").write_text("about little that the SRAT leaves out\nsource t\nqemu none\nmap 0 0x9f000 usable\nmap 1M 2G usable\n"
                                "srat 3\n cpu 0 0\n mem 0 0 0x7ffc0000\n")
    said = [line for line in predict("--machine", tmp_path / "m", "--layout").stdout.splitlines() if line.startswith("piece: ")]
    assert said == ["piece: [mem 0x00001000-0x0009efff] node 0, fixed", "piece: [mem 0x00100000-0x7ffbffff] node 0, fixed",
                    "piece: [mem 0x7ffc0000-0x7fffffff] no node"]


def test_areas_of_slots_in_words():
    (slots,) = of(records("--machine", "azure", "--layout"), "slots")
    said = [line for line in predict("--machine", "azure", "--layout").stdout.splitlines() if line.startswith("slots: ")]
    assert len(said) == 2
    assert said == [f"slots: {(int(last, 16) - int(first, 16)) // SLOT + 1} from base {first} on" for first, last in slots["areas"]]


def test_behind_the_last_slot_of_an_area_is_none():
    ((_, last), _) = of(records("--machine", "azure", "--layout"), "slots")[0]["areas"]
    numbers = [of(records("--machine", "azure", "--base", hex(int(last, 16) + by)), "kaslr")[0]["slot"] for by in (0, SLOT)]
    assert numbers[0] > 0 and numbers[1] is None


def test_text_beside_records():
    words = ["--machine", "four-nodes", "--alloc", "both", "--counts"]
    text, both = predict(*words).stdout.splitlines(), predict(*words, "--json", "--text").stdout.splitlines()
    still = [line for line in text if " us, " not in line]
    assert [line for line in both if not line.startswith("{") and " us, " not in line] == still
    assert [json.loads(line)["seq"] for line in both if line.startswith("{")] == list(range(len(records(*words))))


def test_each_run_has_a_name_and_a_clock_of_its_own():
    one, two = (records("--machine", "four-nodes")[-1] for _ in range(2))
    assert one["boot_id"] != two["boot_id"]
    assert 0 < one["elapsed_ns"] < 60e9


def test_policies_with_what_they_do():
    lines = predict("--policies").stdout.splitlines()
    assert lines[0] == "bottom-up    Linux 6.1 with movable_node: from the kernel's end up"
    assert [line.split()[0] for line in lines] == [v["alloc"] for v in of(records("--machine", "two-tib", "--alloc", "all", "--counts"), "verdict")]


@pytest.mark.parametrize("words,why", [
    (["--base", "0x100000"], "--base: 0x100000 is not a multiple of 2 MiB from 1 MiB on"),
    (["--base", "0"], "--base: 0x0 is not a multiple of 2 MiB from 1 MiB on"),
    (["--base", "0xfffffffffff00000"], "--base: 0xfffffffffff00000 is not a multiple of 2 MiB from 1 MiB on"),
    (["--base", "0xffffffffffe00000"], "--base: no RAM for the kernel at 0xffffffffffe00000"),
    (["--base", "3G"], "--base: no RAM for the kernel at 0xc0000000"),
    (["--base", "top"], "--base: 'top' is not usable"),
    (["--reserve", "5M:5M"], "--reserve: '5M:5M' is not usable"),
    (["--text"], "--text has no effect without --json"),
    (["--sequence", "--layout"], "--layout has no effect on --sequence and --compare"),
])
def test_what_is_refused(words, why):
    done = predict("--machine", "four-nodes", *words)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"landfall-predict: error: {why}\n")
