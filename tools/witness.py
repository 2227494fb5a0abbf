#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Walks a QEMU guest's page tables from outside and says on which NUMA node each page-table page lies.

It asks nobody inside the guest: CR3 and CR4 come from QEMU's monitor, the tables from guest physical memory, the nodes
from an SRAT file or from --node. Any x86-64 guest will do, with 4 or 5 levels. The guest stands still meanwhile.

    qemu-system-x86_64 ... -qmp unix:/tmp/qmp,server=on,wait=off
    tools/witness /tmp/qmp --srat srat.dat --direct-map

As a module: Tables(read, root, levels) with .tables (level, address, virtual address) and .leaves."""
import argparse
import json
import re
import struct
import sys
from array import array
from bisect import bisect_left
from collections import Counter, namedtuple

import qemu

PRESENT, WRITE, LARGE, NX = 1, 1 << 1, 1 << 7, 1 << 63
ADDRESS = 0x000FFFFFFFFFF000
LEVELS = ["pte", "pmd", "pud", "p4d", "pgd"]
ROOT_LEVEL = 4
# Linux and Landfall keep the direct map below the CPU entry area, and nothing else in the upper half below it.
DIRECT_MAP = {4: (0xFFFF800000000000, 0xFFFFFE0000000000), 5: (0xFF00000000000000, 0xFFFFFE0000000000)}

Table = namedtuple("Table", "level address virt")
# `count` leaves of `size` bytes next to each other in both address spaces, with equal flags.
Leaf = namedtuple("Leaf", "virt phys size count flags")
Range = namedtuple("Range", "start end node hotplug")


def canonical(virt, levels):
    bits = 12 + 9 * levels
    return virt | (2**64 - 2**bits) if virt >> (bits - 1) & 1 else virt


class Tables:
    """All page tables below `root`. read(address, size) gives guest physical memory."""

    def __init__(self, read, root, levels, virt=(0, 2**64)):
        self.read, self.levels, self.window = read, levels, virt
        self.tables, self.leaves = [], []
        self._walk(root & ADDRESS)
        self.leaves.sort()
        self._drop_strangers()
        self._join()

    # ---- the walk: level by level, so that neighbouring tables are fetched in one go ----

    def _walk(self, root):
        # Level 4 (pgd) stands for the root whatever the number of levels; with four of them p4d is left out.
        shift, level = 12 + 9 * (self.levels - 1), ROOT_LEVEL
        todo = [(root, 0)]
        while todo:
            self.tables += [Table(LEVELS[level], address, canonical(virt, self.levels)) for address, virt in todo]
            pages = self._fetch({address for address, _ in todo})
            todo = [child for address, virt in todo for child in self._entries(pages[address], virt, shift)]
            level = (shift - 12) // 9 - 1
            shift -= 9

    def _fetch(self, addresses):
        pages, run = {}, []
        for address in sorted(addresses) + [None]:
            if run and (address is None or address != run[-1] + 4096 or len(run) == 4096):
                data = self.read(run[0], 4096 * len(run))
                for i, page in enumerate(run):
                    pages[page] = array("Q", data[4096 * i:4096 * (i + 1)])
                run = []
            if address is not None:
                run.append(address)
        return pages

    def _entries(self, page, virt, shift):
        """Child tables of one page; its leaves are noted on the way."""
        size, children = 1 << shift, []
        if shift == 12 and self._is_straight(page):
            self._leaf(virt, page[0], size, 512)
            return children
        for i, entry in enumerate(page):
            if not entry & PRESENT:
                continue
            if shift == 12 or entry & LARGE:
                if shift > 30:
                    raise ValueError(f"large entry {entry:#x} at a level that has none")
                self._leaf(virt + i * size, entry, size, 1)
            elif self._inside(canonical(virt + i * size, self.levels), size):
                children.append((entry & ADDRESS, virt + i * size))
        return children

    @staticmethod
    def _is_straight(page):
        """All 512 entries present, one page after the other: what most tables of a direct map look like."""
        return page[0] & PRESENT and page[511] == page[0] + 511 * 4096 and \
            page == array("Q", range(page[0], page[0] + 512 * 4096, 4096))

    def _inside(self, virt, size):
        return virt < self.window[1] and virt + size > self.window[0]

    def _leaf(self, virt, entry, size, count):
        virt = canonical(virt, self.levels)
        if self._inside(virt, size * count):
            phys = entry & ADDRESS & ~(size - 1)
            self.leaves.append(Leaf(virt, phys, size, count, entry & ~ADDRESS))

    def _drop_strangers(self):
        """Tables that reach beyond the window and hold nothing inside belong to somebody else."""
        starts = [leaf.virt for leaf in self.leaves]

        def belongs(table):
            span = 4096 << 9 * (LEVELS.index(table.level) + 1)
            if table.level == "pgd" or table.virt >= self.window[0] and table.virt + span <= self.window[1]:
                return True
            at = bisect_left(starts, table.virt)
            return at < len(starts) and starts[at] < table.virt + span

        self.tables = [t for t in self.tables if belongs(t)]

    def _join(self):
        joined = []
        for leaf in self.leaves:
            last = joined[-1] if joined else None
            if last and leaf.size == last.size and leaf.flags == last.flags and \
                    leaf.virt == last.virt + last.size * last.count and leaf.phys == last.phys + last.size * last.count:
                joined[-1] = last._replace(count=last.count + leaf.count)
            else:
                joined.append(leaf)
        self.leaves = joined

    # ---- questions ----

    def translate(self, virt):
        """Physical address of a virtual one, None when it is not mapped."""
        for leaf in self.leaves:
            if leaf.virt <= virt < leaf.virt + leaf.size * leaf.count:
                return leaf.phys + virt - leaf.virt
        return None

    def pages(self, level):
        return sorted(t.address for t in self.tables if t.level == level)


def live_tables(qmp, virt=(0, 2**64)):
    """The tables that the first CPU of a stopped guest runs on."""
    regs = qmp.registers()
    return Tables(qmp.memory, regs["CR3"], 5 if regs["CR4"] >> 12 & 1 else 4, virt)


def read_srat(data):
    """Enabled memory ranges of a SRAT; a node is called by its PXM here."""
    found, at = [], 48
    while at + 2 <= len(data) and data[at + 1] >= 2:
        if data[at] == 1 and data[at + 1] >= 40:
            pxm, base, length, flags = struct.unpack_from("<xxIxxQQxxxxI", data, at)
            if flags & 1:
                found.append(Range(base, base + length, pxm, bool(flags & 2)))
        at += data[at + 1]
    return found


def node_of(ranges, address):
    return next((r for r in ranges if r.start <= address < r.end), Range(0, 0, None, False))


def summary(tables, ranges):
    """Number of page-table pages by (level, node, hot-pluggable)."""
    count = Counter()
    for t in {t.address: t for t in tables.tables}.values():
        r = node_of(ranges, t.address)
        count[t.level, r.node, r.hotplug] += 1
    return count


# ---- the program ----

def parse_node(text):
    m = re.fullmatch(r"(\d+):(\w+):(\w+)(:hotplug)?", text)
    if not m:
        raise argparse.ArgumentTypeError("NODE:START:END[:hotplug]")
    return Range(int(m[2], 0), int(m[3], 0), int(m[1]), bool(m[4]))


def parse_arguments():
    text, _, module = __doc__.partition("\n\n")
    p = argparse.ArgumentParser(description=text, epilog=module, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("qmp", metavar="SOCKET", help="UNIX socket of QEMU's -qmp")
    p.add_argument("--srat", metavar="FILE", help="the guest's SRAT; nodes are called by their PXM")
    p.add_argument("--node", action="append", default=[], type=parse_node, metavar="N:START:END[:hotplug]")
    p.add_argument("--direct-map", action="store_true", help="only the tables of the direct map")
    p.add_argument("--leaves", action="store_true", help="what is mapped, too")
    p.add_argument("--json", action="store_true")
    return p.parse_args()


def look(args):
    qmp = qemu.Qmp(args.qmp)
    running = qmp.command("query-status")["running"]
    qmp.command("stop")
    try:
        levels = 5 if qmp.registers()["CR4"] >> 12 & 1 else 4
        return live_tables(qmp, DIRECT_MAP[levels] if args.direct_map else (0, 2**64))
    finally:
        if running:
            qmp.command("cont")
        qmp.close()


def show_json(tables, ranges, leaves):
    pages = [{"level": t.level, "address": hex(t.address), "virt": hex(t.virt), "node": node_of(ranges, t.address).node,
              "hotplug": node_of(ranges, t.address).hotplug} for t in tables.tables]
    answer = {"levels": tables.levels, "tables": pages}
    if leaves:
        answer["leaves"] = [{"virt": hex(f.virt), "phys": hex(f.phys), "size": f.size, "count": f.count,
                             "flags": hex(f.flags)} for f in tables.leaves]
    print(json.dumps(answer))


def show_text(tables, ranges, leaves):
    print(f"{tables.levels} levels, top table at {tables.tables[0].address:#x}, {len(tables.tables)} page-table pages")
    for (level, node, hotplug), count in sorted(summary(tables, ranges).items(), key=str):
        print(f"{level:4} node {'none' if node is None else node:>4} {'hotplug' if hotplug else '       '} {count:8}")
    for f in tables.leaves if leaves else []:
        print(f"{f.virt:#018x} -> {f.phys:#014x} {f.count:8} x {f.size // 1024} KiB flags {f.flags:#x}")


def main():
    args = parse_arguments()
    ranges = list(args.node)
    try:
        if args.srat:
            with open(args.srat, "rb") as f:
                ranges += read_srat(f.read())
        tables = look(args)
    except (OSError, qemu.QemuError, ValueError) as e:
        sys.exit(f"witness: {e}")
    (show_json if args.json else show_text)(tables, ranges, args.leaves)


if __name__ == "__main__":
    main()
