# SPDX-License-Identifier: MIT
"""tools/witness as docs/witness.md shows it: pointed at a Linux whose page tables run over onto a movable node."""
import json
import re
import subprocess

import boots
import pytest
from landfall.records import read_record

M = 1 << 20


def witness_says(stopped, *options):
    """(Linux's log, what the program prints) for the machine with one slot right below node 1."""
    linux = stopped.linux
    command = [boots.ROOT / "tools/witness", linux.guest.folder / "qmp", "--srat", f"{linux.folder.name}/srat.dat", "--direct-map", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return stopped.log, done.stdout


@pytest.mark.xdist_group("last-slot")
def test_stained(last_slot):
    log, text = witness_says(last_slot)
    over = [p for p in log.table_pages if 0x48000000 <= p < 1 << 31]
    assert sum(int(n) for n in re.findall(r"node +1 hotplug +(\d+)$", text, re.M)) == len(over) > 0
    base = re.search(r"^direct map at (0x\w+)$", text, re.M)[1]
    said = boots.predict(log.data, "--page-size", "4k", "--page-offset", base, "--json").splitlines()
    assert [r["on_movable"] for r in map(json.loads, said) if r["rec"] == "verdict"] == [len(over)]


@pytest.mark.xdist_group("last-slot")
@pytest.mark.wide
def test_records(last_slot):
    """The records are run records in every detail; what is movable lies on node 1, where node 1 begins. Node 0 is not: it holds the
    first MiB."""
    log, text = witness_says(last_slot, "--json", "--pinned", "0")
    records = [read_record(line) for line in text.splitlines()]
    assert {r["rec"] for r in records} == {"run"} and [r["seq"] for r in records] == list(range(len(records)))
    movable = [r for r in records if r["movable"]]
    assert {r["node"] for r in movable} == {1}
    assert min(r["start"] for r in movable) == 0x48000000
    pages = {p for r in records if r["level"] != "pgd" for p in range(r["start"], r["end"], 4096)}
    assert set(log.table_pages) <= pages


@pytest.mark.wide
def test_clean():
    """The same kernel with 2 MiB leaves."""
    with boots.Linux(boots.kernel(boots.LAST_SLOT_IS_FOR), "last-slot", boots.LAST_SLOT[1], boots.cpu("2m", 4)) as linux:
        _, text = witness_says(boots.Stopped(linux), "--json", "--pinned", "0")
    assert {(r["node"], r["movable"]) for r in map(json.loads, text.splitlines())} == {(0, False)}
