# SPDX-License-Identifier: MIT
"""Every recorded SRAT reads as iasl reads it, every recorded boot has the nodes that its Linux printed."""
import gzip
import json
import re
import shutil
import subprocess

import pytest
from conftest import PREDICT, RECORDED

TABLES = sorted(p for p in RECORDED.glob("*/SRAT*.dat"))
LOGS = sorted(RECORDED.glob("*/dmesg-full.txt.gz"))
# Cut before or behind what is needed here: no memory map, or none of the lines that tell the nodes.
PARTIAL = {"dmesg-CXL-Fujitsu-Wolski-softreserved"}
ABSENT = "no recorded machines: LANDFALL_DATA names no folder with srat/"
KERNEL = "0x1000000:0x1800000"  # any place in RAM: the nodes do not depend on it

MAP = """BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable
BIOS-e820: [mem 0x0000000000100000-0x0000000003ffffff] usable
"""


def folder_of(path):
    return path.parent.name


def name_of(path):
    return f"{folder_of(path)}/{path.name}"


WHOLE = [p for p in LOGS if folder_of(p) not in PARTIAL]


def predict(*arguments):
    """The lines of a prediction that came to an end."""
    done = subprocess.run([PREDICT, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.splitlines()


def records(lines, kind):
    return [r for r in map(json.loads, (line for line in lines if line.startswith("{"))) if r["rec"] == kind]


# ---- tables ----------------------------------------------------------------------------------------------------------

def iasl_memory(path, folder):
    """(start, end, pxm, enabled, hotplug, nonvolatile) of each memory entry as iasl shows it."""
    shutil.copyfile(path, folder / "srat.dat")
    subprocess.run(["iasl", "-d", folder / "srat.dat"], capture_output=True, timeout=60)
    text = (folder / "srat.dsl").read_text()
    found = []
    for part in text.split("Subtable Type : ")[1:]:
        fields = dict(re.findall(r"^\[[^\]]*\] *(.*?) : ([0-9A-F]+)\s*$", part, re.M))
        bits = dict(re.findall(r"^ +([A-Z][A-Za-z -]+) : ([01])\s*$", part, re.M))
        if part.startswith("01 "):
            start = int(fields["Base Address"], 16)
            end = start + int(fields["Address Length"], 16)
            found.append((start, end, int(fields["Proximity Domain"], 16), bits["Enabled"] == "1",
                          bits["Hot Pluggable"] == "1", bits["Non-Volatile"] == "1"))
    return found


def our_memory(path, folder):
    (folder / "e820").write_text(MAP)
    lines = predict("--e820", folder / "e820", "--srat", path, "--kernel", KERNEL, "--json")
    return [(int(r["start"], 16), int(r["end"], 16), r["pxm"], r["enabled"], r["hotplug"], r["nonvolatile"])
            for r in records(lines, "affinity")]


@pytest.mark.skipif(not TABLES, reason=ABSENT)
@pytest.mark.parametrize("path", TABLES, ids=[name_of(p) for p in TABLES])
def test_table_reads_as_iasl_reads_it(path, tmp_path):
    want = iasl_memory(path, tmp_path)
    assert want, "iasl shows no memory entry"
    assert our_memory(path, tmp_path) == want


# ---- boot logs -------------------------------------------------------------------------------------------------------

def linux_nodes(text):
    """Bytes of memory of each node by the lines below "Early memory node ranges"."""
    ranges = {}
    for node, start, last in re.findall(r"node +(\d+): \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\]", text):
        ranges.setdefault(int(node), set()).add((int(start, 16), int(last, 16) + 1))
    return {node: sum(b - a for a, b in r) for node, r in ranges.items()}


JOIN = re.compile(r"NUMA: Node (\d+) \[mem ([^\]]*)\] \+ \[mem ([^\]]*)\] -> \[mem ([^\]]*)\]")


def joins(text):
    """Node and three ranges of each joining line, once each. A mail may have wrapped them, and since 6.12 Linux lets nothing
    begin below the first page of RAM, which is the second one."""
    found = []
    for node, *ranges in JOIN.findall(text):
        bounds = [[int(x, 16) for x in re.sub(r"\s", "", r).split("-")] for r in ranges]
        found.append((int(node), *((0 if a == 0x1000 else a, b) for a, b in bounds)))
    return list(dict.fromkeys(found))


@pytest.mark.skipif(not LOGS, reason=ABSENT)
@pytest.mark.parametrize("path", WHOLE, ids=[folder_of(p) for p in WHOLE])
def test_log_has_the_nodes_that_linux_printed(path, tmp_path):
    text = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
    log = tmp_path / "dmesg"
    log.write_text(text)
    want = linux_nodes(text)
    assert want, "the log has no node ranges"
    lines = predict("--linux-log", log, "--kernel", KERNEL, "--json")
    assert {r["node"]: r["present"] for r in records(lines, "node") if r["present"]} == want
    # Joined in the same order to the same ranges.
    assert joins("\n".join(predict("--linux-log", log, "--kernel", KERNEL))) == joins(text)


def test_there_is_enough():
    if not RECORDED.is_dir():
        pytest.skip(ABSENT)
    assert len(TABLES) >= 100
    assert len(LOGS) >= 40
