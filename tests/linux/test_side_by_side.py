# SPDX-License-Identifier: MIT
"""The same machine twice, under Debian's Linux and under Landfall: what both say of it, and where both put page tables.

Linux is stopped as soon as its nodes are registered. What it says is in its log (memblock=debug); what it does is read out of
guest memory from CR3. landfall-predict gets the log without its page-table lines and without SRAT lines, and the SRAT file."""
import json
import re
from collections import defaultdict

import boots
import debian
from landfall import model, witness
import pytest
from linuxlog import Region, shared, tables

BU, TD = "movable_node", ""  # Linux builds its direct map bottom-up with that option, top-down without

FOUR_LEVELS = 0xffff800000000000  # where addresses of the upper half begin with four levels

# machine, largest leaf, levels, Linux's options: both kernels boot each of them.
CASES = [
    ("four-nodes", "4k", 5, f"{BU} nokaslr"),
    ("four-nodes", "4k", 4, f"{TD} nokaslr"),
    ("four-nodes", "2m", 4, f"{BU}"),
    ("four-nodes", "4k", 4, f"{BU} nokaslr mem=5G"),
    ("four-nodes", "2m", 5, f"{BU} nokaslr memmap=exactmap memmap=639K@0 memmap=1500M@1M memmap=777M@4G"),
    ("pc-islands", "4k", 4, f"{BU}"),
    ("pc-islands", "1g", 4, f"{TD}"),
    ("hole64", "2m", 5, f"{BU} nokaslr"),
    ("hole64", "1g", 5, f"{TD}"),
    ("azure", "1g", 5, f"{BU} nokaslr"),
    ("azure", "2m", 5, f"{BU}"),
    ("cpu-less", "2m", 5, f"{BU} nokaslr"),
    ("memory-less", "4k", 5, f"{BU} nokaslr"),
    ("no-srat", "4k", 4, f"{BU}"),
    ("overlap", "2m", 5, f"{BU} nokaslr"),
    ("sparse-pxm", "4k", 5, f"{BU}"),
    ("unordered", "4k", 4, f"{BU} nokaslr"),
    ("unordered", "2m", 5, f"{TD}"),
    ("last-slot", "4k", 4, f"{BU}"),
    ("last-slot", "2m", 4, f"{BU}"),
    ("holes", "4k", 4, f"{BU} nokaslr"),
    ("holes", "2m", 5, f"{TD}"),
    ("holes", "1g", 5, f"{BU}"),
    ("crooked", "4k", 4, f"{BU}"),
    ("crooked", "2m", 5, f"{BU} nokaslr"),
    ("crooked", "1g", 4, f"{TD} nokaslr"),
    ("sixteen-islands", "4k", 5, f"{BU} nokaslr"),
    ("sixteen-islands", "2m", 4, f"{BU}"),
    ("forty-nodes", "4k", 5, f"{BU}"),
    ("forty-nodes", "2m", 4, f"{TD} nokaslr"),
    ("uncovered", "2m", 4, f"{BU} nokaslr"),
    ("bad-slit", "1g", 4, f"{BU} nokaslr"),
    ("pinned-by-tables", "4k", 5, f"{BU} nokaslr"),
    ("kernel-on-hotplug", "4k", 4, f"{BU} nokaslr"),
    ("kernel-on-hotplug", "2m", 4, f"{BU}"),
    ("large", "2m", 4, f"{BU} nokaslr"),
    ("large", "2m", 5, f"{BU}"),
    ("large", "2m", 5, f"{TD} nokaslr"),
    ("large", "1g", 4, f"{BU}"),
]
# `make test` boots these machines only, once each; with KERNELS="..." all cases are booted. Recordings judge the rest.
LIVE = ["azure", "overlap", "last-slot", "kernel-on-hotplug"]


def name_of(case, kernel):
    machine, leaf, levels, options = case
    words = [w.partition("=")[0] for w in options.replace(BU, "bottom-up").split()] or ["top-down"]
    words += [] if "bottom-up" in words or "top-down" in words else ["top-down"]
    words += [] if "nokaslr" in words else ["kaslr"]
    return "-".join([kernel, machine, leaf, f"{levels}l", *dict.fromkeys(words)])


def pages_by_level(tables):
    return {level: set(tables.pages(level)) for level in witness.LEVELS[:-1]}


def pages_of_runs(records):
    pages = defaultdict(set)
    for r in records:
        start, end = (int(r[k], 16) if isinstance(r[k], str) else r[k] for k in ("start", "end"))
        pages[r["level"]] |= set(range(start, end, 4096))
    return {level: pages[level] for level in witness.LEVELS[:-1]}


def outside(pages, buffer):
    """What of the pages by level does not lie in the page-table buffer inside the image."""
    return {level: {p for p in found if not buffer[0] <= p < buffer[1]} for level, found in pages.items()}


class Pair:
    """One case booted under one Linux, then under Landfall with that Linux's geometry at the place where it was."""

    def __init__(self, case, kernel_name, request):
        self.machine, self.leaf, self.levels, options = case
        self.kernel = boots.kernel(kernel_name)
        self.bottom_up, self.kaslr = BU in options, "nokaslr" not in options
        args = boots.cpu(self.leaf, self.levels)
        found = boots.stopped(request, self.kernel, self.machine, f"{boots.CONSOLE} {options}", args)
        self.linux, self.page_offset, self.tables = found.log, found.page_offset, found.tables
        if self.page_offset >= FOUR_LEVELS:
            self.levels = 4  # as it is configured, whatever the CPU has
        self.landfall = boots.landfall(self.machine, self._landfall_options(options), args)

    def _landfall_options(self, options):
        base = self.linux.kernel[0]
        own = ["page_size=auto", f"levels={self.levels}", boots.image_size(self.kernel, self.linux), f"alloc={self.policy}", "seed=1",
               f"page_offset={self.page_offset:#x}", "linux=" + ".".join(map(str, self.kernel.series))]
        own += [f"base={base:#x}"] if self.kaslr else ["nokaslr"]
        return " ".join(own + [w for w in options.split() if w.startswith("mem")])

    @property
    def policy(self):
        return "bottom-up" if self.bottom_up else "top-down"

    @property
    def buffer(self):
        """Linux's page-table buffer: the last pages of what is used of the brk area."""
        return self.linux.brk[1] - self.linux.buffer_pages * 4096, self.linux.brk[1]

    @property
    def trampoline_pages(self):
        """Taken from the buffer with KASLR, for a tree that is not the direct map's."""
        return (self.levels - 3) * self.kaslr

    def predict(self, *args, log=None, **more):
        log = log or self.linux.data
        return boots.predict(log, "--page-size", self.leaf, "--page-offset", hex(self.page_offset), *args, **more)


def parameters():
    first = {case[0]: case for case in reversed(CASES)}
    live = [case for case in CASES if case[0] in LIVE and case is first[case[0]]]
    for case in CASES:
        for i, kernel in enumerate(debian.KERNELS):
            name = name_of(case, kernel)
            wide = [] if case in live and live.index(case) % len(debian.KERNELS) == i else [pytest.mark.wide]
            group = "last-slot" if case[0] == "last-slot" and kernel == boots.LAST_SLOT_IS_FOR else name
            yield pytest.param((case, kernel), id=name, marks=[pytest.mark.xdist_group(group), *wide])


@pytest.fixture(scope="module", params=parameters())
def pair(request):
    return Pair(*request.param, request)


# ---- what both say ----

def as_it_says(kernel, log, first_byte):
    """Landfall's lines, which are 6.1's, as that kernel prints them. 6.12: CPUs no more, ranges cut at RAM's first byte, other
    words; 6.18: the distance table no more."""
    for line in log:
        if kernel.series < (6, 12):
            yield line
            continue
        if line.startswith("SRAT: PXM ") or (kernel.series >= (6, 18) and line.startswith("NUMA: Initialized distance table")):
            continue
        if line.startswith("NUMA: Node "):
            line = line.replace("[mem 0x00000000-", f"[mem {first_byte:#010x}-")
        if m := re.fullmatch(r"NUMA: nodes only cover (\d+)MB of your (\d+)MB e820 RAM. Not used.", line):
            line = f"NUMA: no nodes coverage for {int(m[2]) - int(m[1])}MB of {m[2]}MB RAM"
        yield line


def test_firmware_lines(pair, record_property):
    """Memory map, tables, SRAT, SLIT and NUMA lines are the same, in the same order."""
    said, expected = shared(pair.linux.lines), shared(pair.landfall.text)
    expected = list(as_it_says(pair.kernel, expected, pair.linux.dumps[0]["memory"][0].start))
    record_property("lines", len(said))
    assert expected == said
    assert len(said) >= 8
    assert tables(pair.landfall.text) == tables(pair.linux.lines)


# ---- nodes ----

def joined(regions):
    """Neighbours of one node and mark in one piece."""
    found = []
    for r in sorted(regions):
        if found and found[-1].end == r.start and found[-1][2:] == r[2:]:
            found[-1] = found[-1]._replace(end=r.end)
        else:
            found.append(r)
    return found


def regions_of(log):
    """RAM by node as Landfall's records have it; hot-pluggable is what is so still after its page tables were placed."""
    nodes, cuts = model.Nodes(log), set()
    for start, end, _ in nodes.blocks + nodes.hot:
        cuts |= {(start + 4095) & ~4095, (end + 4095) & ~4095}
    clean = {r["node"] for r in log.all("node") if r["movable"]} - set(log.verdict["stained_nodes"])
    regions = []
    for start, end in nodes.ram:
        edges = [start, *sorted(c for c in cuts if start < c < end), end]
        for a, b in zip(edges, edges[1:]):
            node = nodes.node_of(a)
            regions.append(Region(a, b, node, node in clean and any(h[0] <= a < h[1] for h in nodes.hot)))
    return joined(regions)


def test_nodes(pair, record_property):
    """Every byte of RAM is on the same node."""
    of_linux = joined(r._replace(hotplug=False) for r in pair.linux.dumps[-1]["memory"])
    record_property("ranges", len(of_linux))
    assert joined(r._replace(hotplug=False) for r in regions_of(pair.landfall)) == of_linux


def test_present(pair):
    """Each node record has the node's RAM to the byte."""
    present = defaultdict(int)
    for r in pair.linux.dumps[-1]["memory"]:
        present[r.node] += r.end - r.start
    records = {r["node"]: r["present"] for r in pair.landfall.all("node")}
    assert {n: p for n, p in records.items() if p} == dict(present)


def test_hotplug_marks(pair, record_property):
    """What is hot-pluggable after the page tables have been placed: nodes that are neither pinned nor stained."""
    hot = [r for r in pair.linux.dumps[-1]["memory"] if r.hotplug]
    record_property("ranges", len(hot))
    assert [r for r in regions_of(pair.landfall) if r.hotplug] == hot


# ---- page tables ----

def test_sequence(pair, record_property):
    """The pages memblock hands out, one after the other, predicted from a log that does not have them."""
    said = pair.predict("--sequence", log=pair.linux.without_table_pages()).split()
    record_property("pages", len(pair.linux.table_pages))
    assert [int(p, 16) for p in said] == pair.linux.table_pages


def test_compare(pair):
    n = len(pair.linux.table_pages)
    assert pair.predict("--compare", status=(0,)) == f"{n} of {n} page-table pages as predicted\n"


def test_tables_in_use(pair, record_property):
    """What the CPU walks is what was predicted: every page-table page of the direct map, those of the buffer too, by level."""
    records = [json.loads(line) for line in pair.predict("--json").splitlines()]
    found = pages_by_level(pair.tables)
    record_property("pages", sum(map(len, found.values())))
    assert pages_of_runs(r for r in records if r["rec"] == "run") == found


def test_tables_logged_are_in_use(pair, record_property):
    """The pages Linux logs are the pages its direct map really uses; all others lie in the page-table buffer."""
    used = set().union(*outside(pages_by_level(pair.tables), pair.buffer).values())
    record_property("pages", len(used))
    assert used == set(pair.linux.table_pages)
    assert len(pair.linux.table_pages) == len(used)


def test_landfall_places_the_same(pair, record_property):
    """Landfall itself, in the same place, takes the same pages for the same levels."""
    ours = pages_of_runs(pair.landfall.all("run", alloc=pair.policy))
    theirs = pages_by_level(pair.tables)
    assert {level: len(p) for level, p in ours.items()} == {level: len(p) for level, p in theirs.items()}
    b = pair.landfall.one("kaslr")["buffer"]
    assert b["pages"] == pair.linux.buffer_pages
    ours = outside(ours, (b["start"], b["start"] + b["pages"] * 4096))
    theirs = outside(theirs, pair.buffer)
    record_property("pages", sum(map(len, ours.values())))
    if not pair.trampoline_pages:
        assert ours == theirs
    else:  # that many pages more of the buffer are left for the direct map
        ours, theirs = set().union(*ours.values()), set().union(*theirs.values())
        assert ours <= theirs
        assert len(theirs - ours) <= pair.trampoline_pages


def test_leaves(pair):
    """As many leaves of each size."""
    count = {4096: 0, 2 << 20: 0, 1 << 30: 0}
    for leaf in pair.tables.leaves:
        count[leaf.size] += leaf.count
    ours = pair.landfall.one("map", alloc=pair.policy)["leaf"]
    assert list(count.values()) == [ours["4k"], ours["2m"], ours["1g"]]
