# SPDX-License-Identifier: MIT
"""What a serial log says, as ranges to draw: memory by node, the image, page tables by policy, slots. Draws nothing."""
import re
from bisect import bisect_right
from functools import cache
from itertools import accumulate
from types import SimpleNamespace

from .. import check, model
from ..sizes import BLOCKS, G, M, PAGE, SLOT

LEVELS = ("pgd", "p4d", "pud", "pmd", "pte")


class LogFacts:
    """One boot. What is missing in a log that was cut is empty here; FactsError when there is nothing to draw."""

    def __init__(self, data, name):
        self.name = name
        self.state, self.why, wire = check.judge(data, allow_stained=True)
        self.records = wire.records
        # One boot is asked the same things for each layout and each policy.
        self.pieces, self.runs, self.costs, self.slot_pieces = map(cache, (self.pieces, self.runs, self.costs, self.slot_pieces))
        if not self.all("boot") or not self.all("mem", type="usable"):
            raise FactsError(f"{name}: no memory map to draw: {self.state}: {self.why}")
        self.boot = self.all("boot")[0]
        self.srat, self.findings = self.one("end")["srat"], wire.findings
        self.kaslr = (self.all("kaslr") or [None])[0]
        self.node_records = {r["node"]: r for r in self.all("node")}
        self.nodes = model.Nodes(self, check.forced_hotplug(self))
        self.policies = list(dict.fromkeys(r["alloc"] for r in self.all("run")))
        self.sweeps = {r["alloc"]: r for r in self.all("sweep")}

    def all(self, rec, **fields):
        return [r for r in self.records if r["rec"] == rec and all(r.get(k) == v for k, v in fields.items())]

    def one(self, rec):
        """What model.Nodes asks for; a log that was cut has no end, but its verdicts know the same."""
        if rec == "end" and not self.all("end"):
            srat = {r["srat"] for r in self.all("verdict")} or {"ok" if self.all("affinity") else "absent"}
            return {"srat": srat.pop()}
        return self.all(rec)[0]

    # ---- memory ----

    def is_movable_node(self, node):
        return bool(self.node_records.get(node, {}).get("movable"))

    def pieces(self):
        """(start, end, node, kind) of all RAM, from low to high; kind is fixed, movable or pinned."""
        cuts = {e for r in self.nodes.ram for e in r} | {e for r in (*self.nodes.blocks, *self.nodes.hot) for e in r[:2]}
        found = []
        for a, b in self.nodes.ram:
            inner = sorted({a, b} | {c for c in cuts if a < c < b})
            for start, end in zip(inner, inner[1:]):
                node = self.nodes.node_of(start)
                hot = any(s <= start < e for s, e, _ in self.nodes.hot)
                kind = "fixed" if not hot else "movable" if self.is_movable_node(node) else "pinned"
                if found and found[-1][1:] == (start, node, kind):
                    start = found.pop()[0]
                found.append((start, end, node, kind))
        return found

    # ---- page tables ----

    def runs(self, alloc):
        """Page-table pages, neighbours of one level and kind joined, as with report=full they come one by one."""
        found = []
        for r in sorted(self.all("run", alloc=alloc), key=lambda r: r["start"]):
            last = found[-1] if found else None
            if last and last.end == r["start"] and (last.level, last.node, last.movable) == (r["level"], r["node"], r["movable"]):
                last.end = r["end"]
            else:
                found.append(SimpleNamespace(**{k: r[k] for k in ("alloc", "level", "start", "end", "node", "movable")}))
        return found

    def verdict(self, alloc):
        return (self.all("verdict", alloc=alloc) or [None])[0]

    def costs(self, alloc):
        """What a policy costs, from the records of its pages."""
        runs = [r for r in self.runs(alloc) if r.level != "pgd"]
        stains = [r for r in runs if r.movable]
        verdict, sweep, record = self.verdict(alloc), self.sweeps.get(alloc), (self.all("cost", alloc=alloc) or [None])[0]
        return SimpleNamespace(
            pages=sum(r.end - r.start for r in runs) // PAGE,
            stains={lv: sum(r.end - r.start for r in stains if r.level == lv) // PAGE for lv in LEVELS[1:]},
            on_movable=sum(r.end - r.start for r in stains) // PAGE,
            nodes=sorted({r.node for r in stains}),
            pinned=verdict["pinned"] if verdict else None,
            blocks=[len({b for r in stains for b in range(r.start // size, (r.end - 1) // size + 1)}) for size in BLOCKS.values()],
            low=[sum(model.size(model.cut((0, limit), (r.start, r.end))) for r in runs) for limit in (16 * M, 4 * G)],
            distance=record["distance"] * 10 // record["pages"] / 10 if record and record["pages"] else None,
            steps=record and (record["steps"], record["passes"]),
            sweep=sweep)

    # ---- slots ----

    def slot_pieces(self):
        """[first base, last base] of the slots an image of this size has, in the order of the decompressor's chooser."""
        avoid = [(0, M)] + [(r["start"], r["end"]) for r in self.all("reserved") if r["what"] in ("module", "boot services")]
        # Where the loader had put the image itself, which may pretend to be larger; a prediction has loaded nothing.
        if self.boot["protocol"] not in ("uefi", "predict"):
            avoid += [(model.LOADED, model.LOADED + r["end"] - r["start"]) for r in self.all("reserved", what="image")]
        immovable = [(r["start"], r["end"]) for r in self.all("affinity") if not r["hotplug"] and r["start"] < r["end"]]
        if not immovable or re.search(r"\bkaslr=efistub\b", self.boot["cmdline"]):
            immovable = [(0, 1 << 63)]
        parts = [model.cut((r["start"], r["end"]), i) for r in self.all("mem", type="usable") for i in immovable]
        parts = [(max(a, model.LOADED), b) for a, b in parts if max(a, model.LOADED) < b]
        for hole in avoid:
            parts = model.without(parts, hole)
        firsts = [(-(-a // SLOT) * SLOT, (b - self.kaslr["size"]) // SLOT * SLOT) for a, b in parts]
        return self.with_stains([(first, last) for first, last in firsts if first <= last])

    def with_stains(self, pieces):
        """Pieces of slots, and those that a sweep found stained outside of them: no stain is left out of the picture."""
        for a, b in {pair for sweep in self.sweeps.values() for pair in intervals(sweep)}:
            left = [(a, b)]
            for first, last in pieces:
                left = [(x, y) for s, e in left for x, y in ((s, min(e, first - SLOT)), (max(s, last + SLOT), e)) if x <= y]
            pieces = pieces + left
        return pieces


class FactsError(Exception):
    """The log has nothing that could be drawn."""


class SlotAxis:
    """Counts slots over their pieces: base to slot number and back."""

    def __init__(self, pieces):
        self.pieces = pieces
        self.starts = [0, *accumulate((last - first) // SLOT + 1 for first, last in pieces)]
        self.by_base = sorted((first, i) for i, (first, _) in enumerate(pieces))

    @property
    def count(self):
        return self.starts[-1]

    def number(self, base):
        """The slot at base; None where there is none."""
        at = bisect_right(self.by_base, (base, len(self.pieces))) - 1
        first, i = self.by_base[at]
        if at < 0 or base > self.pieces[i][1] or (base - first) % SLOT:
            return None
        return self.starts[i] + (base - first) // SLOT

    def base(self, number):
        i = bisect_right(self.starts, number) - 1
        return self.pieces[i][0] + (number - self.starts[i]) * SLOT


def intervals(sweep):
    """(first, last) base of neighbouring stained slots, as numbers."""
    return [tuple(int(b, 16) if isinstance(b, str) else b for b in pair) for pair in sweep["intervals"]]


def slot_strip(axis, sweep):
    """(first number, last number, stained) over all slots of the axis, pieces of the axis kept apart."""
    strip = []
    for i, (first, last) in enumerate(axis.pieces):
        begin, end = axis.starts[i], axis.starts[i + 1] - 1
        at = begin
        for a, b in intervals(sweep):
            if b < first or a > last:
                continue
            low, high = axis.number(max(a, first)), axis.number(min(b, last))
            if at < low:
                strip.append((at, low - 1, False))
            strip.append((low, high, True))
            at = high + 1
        if at <= end:
            strip.append((at, end, False))
    return strip
