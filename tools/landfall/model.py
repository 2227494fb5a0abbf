# SPDX-License-Identifier: MIT
"""Linux's rules a second time, in Python, from the records alone: which node a byte is on, which slots an image has."""
import math
import re

from .sizes import M, SLOT

LOADED = 16 * M  # where a Multiboot loader puts the image


def overlap(a, b):
    return a[0] < b[1] and b[0] < a[1]


def cut(a, b):
    return max(a[0], b[0]), min(a[1], b[1])


def size(r):
    return max(0, r[1] - r[0])


def without(ranges, hole):
    """The ranges with `hole` taken out."""
    left = []
    for r in ranges:
        left += [(r[0], min(r[1], hole[0])), (max(r[0], hole[1]), r[1])]
    return [r for r in left if r[0] < r[1]]


def ram_of(log):
    """What memblock is given: usable memory in whole pages, without page 0 and [640K, 1M)."""
    ram = sorted((r["start"], r["end"]) for r in log.all("mem", type="usable"))
    for hole in ((0, 4096), (0xA0000, M)):
        ram = without(ram, hole)
    whole = [((a + 4095) & ~4095, b & ~4095) for a, b in ram]
    return [r for r in whole if r[0] < r[1]]


def join(blocks):
    """Entries of one node become one when what lies between touches no other node."""
    blocks, i = list(blocks), 0
    while i < len(blocks):
        j = i + 1
        while j < len(blocks):
            hull = min(blocks[i][0], blocks[j][0]), max(blocks[i][1], blocks[j][1])
            same = blocks[i][2] == blocks[j][2]
            if same and not any(b[2] != blocks[i][2] and overlap(b, hull) for b in blocks):
                blocks[i] = (*hull, blocks[i][2])
                del blocks[j]
            else:
                j += 1
        i += 1
    return blocks


class Nodes:
    """Joined ranges, hot-pluggable ranges and movable nodes of a log."""

    def __init__(self, log, forced_hotplug=()):
        # As Linux: where options make the map smaller than KASLR knew it, the image is RAM nonetheless.
        images = [(r["base"], r["end"]) for r in log.all("kaslr")]
        self.ram = ram_of(log)
        for image in images:
            self.ram = sorted([*without(self.ram, image), image])
        # What Linux reserves before it knows nodes: the direct map's starting state, and the ACPI tables.
        tables = re.findall(r"ACPI: [A-Z]{4} 0x([0-9A-F]{16}) ([0-9A-F]{6}) ", "\n".join(getattr(log, "text", ())))
        self.reserved = [(r["start"], r["end"]) for r in log.all("reserved")]
        self.reserved += [(int(at, 16), int(at, 16) + int(length, 16)) for at, length in tables]
        end_of_ram = self.ram[-1][1]
        if log.one("end")["srat"] == "ok":
            entries = [r for r in log.all("affinity", enabled=True) if r["start"] < r["end"]]
            self.hot = [(r["start"], r["end"], r["node"]) for r in entries
                        if r["hotplug"] or r["node"] in forced_hotplug]
            blocks = [(r["start"], min(r["end"], end_of_ram), r["node"]) for r in entries]
            self.blocks = join([b for b in blocks if any(overlap(b, r) for r in self.ram)])
        else:
            self.blocks = [(0, end_of_ram, 0)]
            self.hot = [(0, end_of_ram, 0)] if 0 in forced_hotplug else []

    def node_of(self, at):
        return next((n for a, b, n in self.blocks if a <= at < b), None)

    def hot_ram(self, node):
        return sum(size(cut(h, r)) for h in self.hot for r in self.ram if h[2] == node)

    def present(self, node):
        return sum(size(cut(b, r)) for b in self.blocks for r in self.ram if b[2] == node)

    def movable(self, node):
        own = [b for b in self.blocks if b[2] == node]
        return self.hot_ram(node) > 0 and not any(overlap(b, r) for b in own for r in self.reserved)

    def is_movable(self, at):
        return any(a <= at < b and self.movable(n) for a, b, n in self.hot)

    def check(self, record):
        n = record["node"]
        assert record["present"] == self.present(n), record
        assert record["hotplug"] == (self.hot_ram(n) > 0), record
        assert record["movable"] == self.movable(n), record
        assert (record["why"] is None) == (record["movable"] or not record["hotplug"]), record


class Slots:
    """Every base the decompressor's chooser can pick for the image of a log, in its order; on a large machine there are millions."""

    def __init__(self, log, avoid, lowest=LOADED):
        need = log.one("kaslr")["size"]
        immovable = [(r["start"], r["end"]) for r in log.all("affinity") if not r["hotplug"] and r["start"] < r["end"]]
        if "warning: the SRAT is damaged: KASLR goes without a limit" in log.text:
            immovable = []
        self.ranges = []
        for r in log.all("mem", type="usable"):
            ram = r["start"], r["end"]
            for part in [cut(ram, i) for i in immovable] if immovable else [ram]:
                self.ranges += slots_in((max(part[0], lowest), part[1]), avoid, need)

    def __len__(self):
        return sum(map(len, self.ranges))

    def __getitem__(self, number):
        for bases in self.ranges:
            if number < len(bases):
                return bases[number]
            number -= len(bases)
        raise IndexError


def slots_in(part, avoid, need):
    """Ranges of bases."""
    found, at = [], part[0]
    while True:
        at = (at + SLOT - 1) & ~(SLOT - 1)
        if part[1] - at < need:
            return found
        hits = [a for a in avoid if overlap(a, (at, part[1]))]
        stop = min((a[0] for a in hits), default=part[1])
        found.append(range(at, stop - need + 1, SLOT))
        if not hits:
            return found
        at = min(hits)[1]


def distinct_bounds(slots_nr, draws, sigmas=5):
    """How many different slots so many fair draws give, give or take."""
    s, n = slots_nr, draws
    missed, both = (1 - 1 / s) ** n, (1 - 2 / s) ** n
    mean = s * (1 - missed)
    sigma = math.sqrt(max(0.0, s * missed + s * (s - 1) * both - (s * missed) ** 2))
    return mean - sigmas * sigma, mean + sigmas * sigma


def virtual_slots(image_size):
    return 1 + (1024 * M - LOADED - image_size) // SLOT
