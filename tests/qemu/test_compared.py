# SPDX-License-Identifier: MIT
"""Policies side by side on one boot: records and table of what their page tables cost, from the records of the pages themselves."""
import re

import pytest
from conftest import ROOT, boot
from landfall.records import LEVELS, schema
from landfall.model import cut, ram_of, size

M, G = 1 << 20, 1 << 30
POLICIES = schema()["definitions"]["alloc"]["enum"]
STAINED = "alloc=all seed=1 base=0x5e00000"


@pytest.fixture(scope="module")
def log():
    done = boot("four-nodes", STAINED)
    done.log.check_run()
    return done.log


def tables(log, alloc):
    """(page, level, node, stained) of every page-table page but the top one."""
    return [(page, r["level"], r["node"], r["movable"]) for r in log.all("run", alloc=alloc) if r["level"] != "pgd"
            for page in range(r["start"], r["end"], 4096)]


def human(n):
    """As the log words it: exact when it can be, else one decimal, rounded down."""
    unit = max(u for u in range(5) if n >> 10 * u or not u)
    whole, rest = divmod(n, 1 << 10 * unit)
    return f"{whole}{f'.{rest * 10 >> 10 * unit}' if rest else ''} {'BKMGT'[unit]}{'iB' if unit else ''}"


def slit(machine):
    lines = (ROOT / f"tests/machines/{machine}.machine").read_text().splitlines()
    return [list(map(int, line.split()[1:])) for line in lines if line.startswith("slit")]


@pytest.mark.parametrize("alloc", POLICIES)
def test_cost_is_that_of_its_pages(log, alloc):
    """Page by page. The image is on node 0, and PXMs are numbered as nodes are."""
    cost, pages = log.one("cost", alloc=alloc), tables(log, alloc)
    stains = [p for p in pages if p[3]]
    far = slit("four-nodes")[0]
    assert far == [10, 20, 30, 30] and log.one("kaslr")["node"] == 0
    assert cost["stained"] == {level: sum(p[1] == level for p in stains) for level in LEVELS if level in cost["stained"]}
    assert (cost["pages"], cost["on_movable"]) == (len(pages), len(stains))
    assert cost["blocks"] == {"128m": len({p[0] // (128 * M) for p in stains}), "2g": len({p[0] // (2 * G) for p in stains})}
    assert cost["below"] == {"16m": sum(p[0] < 16 * M for p in pages), "4g": sum(p[0] < 4 * G for p in pages)}
    assert cost["distance"] == sum(far[p[2]] for p in pages)
    assert cost["pinned"] == sum(log.one("node", node=n)["present"] for n in {p[2] for p in stains})


def test_table_says_what_the_records_say(log):
    head = log.text.index("---- compared: what the page tables of each policy cost")
    end = head + 3 + len(POLICIES)
    rows = {row.split()[0]: row for row in log.text[head + 3:end]}
    assert list(rows) == POLICIES and log.text[end + 3].startswith("repeat with: ")
    assert [re.match("  ([a-zA-Z]+): ", line)[1] for line in log.text[end:end + 3]] == ["blocks", "SLIT", "steps"]
    assert re.fullmatch(r"policy +total +pte +pmd( +pud)? +pinned +128M +2G +16M +4G +SLIT +steps", log.text[head + 2])
    shown = [level for level in LEVELS if f" {level} " in log.text[head + 2]]
    assert len({len(row) for row in rows.values()} | {len(log.text[head + 2])}) == 1
    assert len(log.text[head + 2]) <= 85
    for alloc, row in rows.items():
        c = log.one("cost", alloc=alloc)
        want = [c["on_movable"], *[c["stained"][level] for level in shown], human(c["pinned"]), *c["blocks"].values(),
                *c["below"].values(), f"{c['distance'] * 10 // c['pages'] / 10:.1f}", c["steps"], "in", c["passes"]]
        assert row.split()[1:] == " ".join(map(str, want)).split()
    assert all(c["stained"][level] == 0 for c in log.all("cost") for level in c["stained"] if level not in shown)


# ---- steps, as Linux's loops count them ----

def ram_in(log, start, end):
    return sum(size(cut(r, (start, end))) for r in ram_of(log))


def steps_up(log, start, end):
    """memory_map_bottom_up: windows with memory in them."""
    step, mapped, count = 2 * M, 0, 0
    while start < end:
        after = (start // step + 1) * step if end - start > step else end
        mapped += ram_in(log, start, after)
        count += bool(ram_in(log, start, after))
        start = after
        step *= 256 if mapped >= step else 1
    return count


def steps_down(log, start, end, top):
    """memory_map_top_down, from the end of the highest free block down; what lies above it comes last."""
    step, mapped, count, last = 2 * M, 0, 0, end
    while last > start:
        before = max((last - 1) // step * step, start) if last > step else start
        mapped += ram_in(log, before, last)
        count += bool(ram_in(log, before, last))
        last = before
        step *= 256 if mapped >= step else 1
    return count + bool(ram_in(log, end, top))


def test_steps_and_passes(log):
    """Free memory ends at 10 GiB; what is not hot-pluggable ends with node 0, 96 MiB above 4 GiB."""
    kernel, top, fixed = log.one("kaslr")["end"], 10 * G, 4 * G + 96 * M
    assert ram_of(log)[-1][1] == top
    want = {"bottom-up": (steps_up(log, kernel, top) + steps_up(log, M, kernel), 2), "lowest": (steps_up(log, M, top), 1),
            "top-down": (steps_down(log, M, top, top), 1), "memblock": (steps_down(log, M, fixed, top), 2),
            "series": (1, 1), "floor": (1, 1), "hybrid": (2, 2)}
    assert {a: (c["steps"], c["passes"]) for a in want for c in log.all("cost", alloc=a)} == want
    # one step a stretch of memory on one node: 1M-96M, node 1, to 2 GiB, node 0 above 4 GiB, nodes 2 and 3
    local = log.one("cost", alloc="node-local")
    assert (local["steps"], local["passes"], local["ranges"]) == (6, 1, 7)


# ---- one policy, no SLIT, no nodes ----

def test_one_policy_has_a_record_and_no_table():
    log = boot("four-nodes", "alloc=memblock seed=1").log
    assert [c["alloc"] for c in log.all("cost")] == ["memblock"]
    assert not any("compared" in line for line in log.text)


def test_without_nodes():
    log = boot(None, "seed=1").log
    log.check_run()
    assert len(log.all("cost")) == 2
    for cost in log.all("cost"):
        assert (cost["on_movable"], cost["blocks"], cost["distance"]) == (0, {"128m": 0, "2g": 0}, 10 * cost["pages"])
    assert log.one("node")["distance"] == 10
