# SPDX-License-Identifier: MIT
"""Walks a QEMU guest's page tables from outside and says on which NUMA node each page-table page lies.

It asks nobody inside the guest: CR3 and CR4 come from QEMU's monitor, the tables from guest physical memory, the nodes
from an SRAT file or from --node. Any x86-64 guest will do, with 4 or 5 levels. The guest stands still meanwhile.
docs/witness.md shows how to look at a Linux with it.

    qemu-system-x86_64 ... -qmp unix:/tmp/qmp,server=on,wait=off
    tools/witness /tmp/qmp --srat srat.dat --direct-map

As a module: Tables(read, root, levels) with .tables (level, address, virtual address) and .leaves."""
import argparse
import json
import re
import secrets
import struct
import sys
import zlib
from array import array
from bisect import bisect_left
from collections import Counter, namedtuple

from . import program, qemu

PRESENT, WRITE, LARGE, NX = 1, 1 << 1, 1 << 7, 1 << 63
ADDRESS = 0x000FFFFFFFFFF000
LEVELS = ["pte", "pmd", "pud", "p4d", "pgd"]
ROOT_LEVEL = 4
# Linux and Landfall keep the direct map below the CPU entry area; Linux has its other maps of that part behind it.
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


def direct_map(qmp):
    """(base, tables) of the direct map: the first that is mapped in its part of the address space, and all of it that lies as far
    from its physical address as the first does."""
    levels = 5 if qmp.registers()["CR4"] >> 12 & 1 else 4
    leaves = live_tables(qmp, DIRECT_MAP[levels]).leaves
    if not leaves:
        raise ValueError("nothing is mapped where Linux and Landfall have their direct map")
    base = leaves[0].virt - leaves[0].phys
    end = max(f.virt + f.size * f.count for f in leaves if f.virt - f.phys == base)
    return base, live_tables(qmp, (base, end))


def srat_entries(data):
    """(type, proximity domain, flags, entry) of each enabled entry for a CPU, memory or an initiator, in table order."""
    # kind: length, place of the domain, place of the flags
    kinds, narrow, at = {0: (16, 2, 4), 1: (40, 2, 28), 2: (24, 4, 12), 5: (32, 4, 24)}, data[8] < 2, 48
    while at + 2 <= len(data) and data[at + 1] >= 2 and at + data[at + 1] <= len(data):
        kind, entry = data[at], data[at:at + data[at + 1]]
        at += len(entry)
        if kind not in kinds or len(entry) < kinds[kind][0]:
            continue
        pxm, = struct.unpack_from("<I", entry, kinds[kind][1])
        if kind == 0:  # its upper bytes lie elsewhere
            pxm = entry[2] | int.from_bytes(entry[9:12], "little") << 8
        flags, = struct.unpack_from("<I", entry, kinds[kind][2])
        if flags & 1:
            yield kind, pxm & 0xFF if narrow and kind < 2 else pxm, flags, entry


def read_srat(data):
    """Enabled memory ranges of a SRAT; nodes are numbered as Linux does, CPUs and initiators first, then memory."""
    entries, nodes, found = list(srat_entries(data)), {}, []
    for _, pxm, _, _ in sorted(entries, key=lambda e: e[0] == 1):
        nodes.setdefault(pxm, len(nodes))
    for kind, pxm, flags, entry in entries:
        if kind == 1:
            base, length = struct.unpack_from("<QQ", entry, 8)
            found.append(Range(base, base + length, nodes[pxm], bool(flags & 2)))
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
    p = program.Parser(text, epilog=module)
    p.add_argument("qmp", metavar="SOCKET", help="UNIX socket of QEMU's -qmp")
    p.add_argument("--srat", metavar="FILE", help="the guest's SRAT")
    p.add_argument("--node", action="append", default=[], type=parse_node, metavar="N:START:END[:hotplug]")
    p.add_argument("--pinned", action="append", default=[], type=int, metavar="N", help="not movable, whatever SRAT says")
    p.add_argument("--direct-map", action="store_true", help="only the tables of the direct map")
    p.add_argument("--leaves", action="store_true", help="what is mapped, too (text)")
    p.add_argument("--json", action="store_true", help="`run` records, as in Landfall's log")
    p.add_argument("--alloc", default="bottom-up", metavar="NAME", help="what the records call the guest's way to allocate")
    return p.parse_args()


def look(args):
    qmp = qemu.Qmp(args.qmp)
    running = qmp.command("query-status")["running"]
    qmp.command("stop")
    try:
        return direct_map(qmp)[1] if args.direct_map else live_tables(qmp)
    finally:
        if running:
            qmp.command("cont")
        qmp.close()


def runs(tables, ranges, pinned):
    """[level, start, end, node, movable] of neighbouring page-table pages that have all of these in common."""
    found = []
    for level in LEVELS:
        for page in sorted({t.address for t in tables.tables if t.level == level}):
            r = node_of(ranges, page)
            movable = r.hotplug and r.node not in pinned
            if found and found[-1][2] == page and [found[-1][i] for i in (0, 3, 4)] == [level, r.node, movable]:
                found[-1][2] += 4096
            else:
                found.append([level, page, page + 4096, r.node, movable])
    return found


def show_json(tables, ranges, args):
    boot_id = secrets.token_hex(8)
    for seq, (level, start, end, node, movable) in enumerate(runs(tables, ranges, args.pinned)):
        record = {"rec": "run", "boot_id": boot_id, "seq": seq, "alloc": args.alloc, "level": level, "start": hex(start),
                  "end": hex(end), "node": node, "movable": movable}
        head = json.dumps(record, separators=(",", ":"))[:-1]
        print(f'{head},"crc":"{zlib.crc32(head.encode()):08x}"}}')


def show_text(tables, ranges, args):
    print(f"{tables.levels} levels, top table at {tables.tables[0].address:#x}, {len(tables.tables)} page-table pages")
    if args.direct_map:
        print(f"direct map at {tables.leaves[0].virt - tables.leaves[0].phys:#x}")
    for (level, node, hotplug), count in sorted(summary(tables, ranges).items(), key=str):
        print(f"{level:4} node {'none' if node is None else node:>4} {'hotplug' if hotplug else '       '} {count:8}")
    for f in tables.leaves if args.leaves else []:
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
    (show_json if args.json else show_text)(tables, ranges, args)
