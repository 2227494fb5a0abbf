# SPDX-License-Identifier: MIT
"""Reads what Linux says on the serial line with memblock=debug: map, reservations, page-table pages, nodes."""
import re
from collections import namedtuple

# A region of a `MEMBLOCK configuration` dump; the end is exclusive, node None where the dump names none.
Region = namedtuple("Region", "start end node hotplug")

STAMP = re.compile(r"\[ *\d+\.\d{6}\] ")
# Lines that Landfall spells as Linux does.
SHARED = re.compile(r"""
    BIOS-e820:\ |last_pfn\ =|SRAT:\ |ACPI:\ SRAT:\ |NUMA:\ |NUMA\ turned|No\ NUMA|Faking\ a\ node|ACPI:\ SLIT\ table|
    Warning:\ .*node|node\ \d+\ \[mem\ .*overlaps""", re.X)
TABLES = re.compile(r"ACPI: (?:RSDP|[RX]SDT|SRAT|SLIT|APIC) 0x")
# Until 5.14 a page table is reserved by alloc_low_pages itself, later by the allocator that the line before names.
PAGE_TABLE = re.compile(r"memblock_phys_alloc_range: 4096 bytes .* alloc_low_pages\+")
RESERVE = re.compile(r"(?:__)?memblock_reserve: \[0x(\w+)-0x(\w+)\] (?:nid=\S+ flags=\S+ )?(\w+)")
REGION = re.compile(r" (memory|reserved)\[0x\w+\]\t\[0x(\w+)-0x(\w+)\], 0x\w+ bytes(?: on node (\d+))? flags: 0x(\w+)")
# From the brk area's start to _end: 64 KiB of slop, 64 KiB for DMI, and the page-table buffer of 12 pages up to 5.11, 16 since.
BRK_SIZE = 0x20000
BUFFER_PAGES = {"5.10": 12}


def lines(data):
    """Text of a serial log line by line, time stamps and carriage returns gone, the last, unfinished one left out."""
    text = data.decode("ascii", "replace").replace("\r", "")
    return [STAMP.sub("", line, count=1) if line.startswith("[") else line for line in text.split("\n")[:-1]]


# How 7.0 and later spell the types of the memory map, and what earlier ones do not print at all.
TYPES = {"  System RAM": " usable", "  device reserved": " reserved", "  persistent RAM (": " persistent (", "]  ": "] "}
ADDED = re.compile(r"BIOS-e820: \[gap ")


def old_spelling(line):
    """A line of the memory map as Linux spelt it until 6.19, which is how Landfall spells it."""
    for new, old in TYPES.items():
        line = line.replace(new, old)
    return line


def shared(log):
    """What has to be the same in two logs, in their order; Linux tells the end of low memory in a second last_pfn line."""
    found = [old_spelling(line) for line in log if SHARED.match(line) and not ADDED.match(line)]
    pfn = [line for line in found if line.startswith("last_pfn")]
    return [line for line in found if line not in pfn[1:]]


def tables(log):
    """ACPI tables that both name; Linux lists all of them before it reads one, Landfall each when it reads it."""
    return sorted(line for line in log if TABLES.match(line))


class LinuxLog:
    def __init__(self, data):
        self.data, self.lines = data, lines(data)
        self.dumps = self._dumps()
        self.table_pages = self._table_pages()

    def _dumps(self):
        dumps = []
        for line in self.lines:
            if line == "MEMBLOCK configuration:":
                dumps.append({"memory": [], "reserved": []})
            elif dumps and (m := REGION.fullmatch(line)):
                node = int(m[4]) if m[4] else None
                dumps[-1][m[1]].append(Region(int(m[2], 16), int(m[3], 16) + 1, node, bool(int(m[5], 16) & 1)))
        return dumps

    def _table_pages(self):
        """Page-table pages that memblock handed out, in that order: the next reservation answers a request."""
        return [page for _, page in self._split(self.lines) if page is not None]

    @staticmethod
    def _split(log):
        """(line, page) for each line that is a page-table page's reservation, (line, None) for all others but its request."""
        asked = False
        for line in log:
            text = STAMP.sub("", line, count=1) if line.startswith("[") else line
            m = RESERVE.match(text)
            if PAGE_TABLE.match(text):
                assert not asked, line
                asked = True
            elif m and (asked or m[3] == "alloc_low_pages"):
                assert int(m[2], 16) == int(m[1], 16) + 4095, line
                yield line, int(m[1], 16)
                asked = False
            else:
                yield line, None

    @property
    def brk(self):
        """The brk area as far as it was used: its reservation is the last before the first dump."""
        before = self.lines[:self.lines.index("MEMBLOCK configuration:")]
        m = [RESERVE.match(line) for line in before if RESERVE.match(line) and "setup_arch" in line][-1]
        return int(m[1], 16), int(m[2], 16) + 1

    @property
    def kernel(self):
        """(_text, _end): where the reserved range that ends with the brk area begins."""
        start, end = self.brk
        base = next(r.start for r in self.dumps[0]["reserved"] if r.start <= start and end <= r.end)
        return base, start + BRK_SIZE + self.buffer_pages * 4096

    @property
    def release(self):
        """What the kernel calls itself; firmware's own words may stand before it on its line."""
        return next(m[1] for line in self.lines if (m := re.search(r"Linux version (\S+)", line)))

    @property
    def buffer_pages(self):
        return BUFFER_PAGES.get(".".join(self.release.split(".")[:2]), 16)

    def without_table_pages(self):
        """The log as it is before its page tables are known: their requests and reservations cut out."""
        text = self.data.decode("ascii", "replace")
        return "".join(line for line, page in self._split(text.splitlines(keepends=True)) if page is None).encode()
