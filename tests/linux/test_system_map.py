# SPDX-License-Identifier: MIT
"""--system-map with a real kernel's symbols: its end, its brk area and its top table are what the log and CR3 say.

The System.map in Debian's packages is a stub that points to 1 GB of debugging symbols; /proc/kallsyms has the same lines."""
import json

import boots
import debian
import pytest
from landfall import kallsyms, surgeon
from landfall.records import need

NAMES = ["_text", "_end", "__brk_base", "__brk_limit", "init_top_pgt"]
MACHINE = "four-nodes"


class Symbols:
    """The early log of a boot without KASLR, its CR3 then, and the lines of its symbols: those that tools/transplant asks for, too."""

    def __init__(self, kernel):
        args, options = boots.cpu("2m", 4), f"movable_node nokaslr {boots.EARLY}"
        with boots.Linux(kernel, MACHINE, f"console=ttyS0 memblock=debug {options}", args) as linux:
            self.log = linux.stop_at(boots.NODES_KNOWN)
            self.cr3 = linux.guest.qmp.registers()["CR3"] & ~0xFFF
        lines = kallsyms.lines_of(kallsyms.Image(kernel.path), surgeon.NAMES).splitlines(keepends=True)
        self.map = "".join(line for line in lines if line.split()[2] in NAMES)
        self.at = kallsyms.read_symbols(self.map)
        need(len(self.at) == 5, f"symbols missing: {self.map}")

    def offset(self, name):
        return self.at[name] - self.at["_text"]


@pytest.fixture(scope="module", params=[pytest.param(k, marks=[pytest.mark.xdist_group(f"symbols-{k}")] + [pytest.mark.wide] * (k != debian.KERNELS[-1]))
                                        for k in debian.KERNELS])
def symbols(request):
    return Symbols(boots.kernel(request.param))


def predicted(symbols, *args):
    out = boots.predict(symbols.log.data, "--json", *args)
    return [json.loads(line) for line in out.splitlines()]


def one(records, rec, **fields):
    (found,) = [r for r in records if r["rec"] == rec and all(r.get(k) == v for k, v in fields.items())]
    return found


def test_the_log_tells_the_same_places(symbols):
    """What is worked out where there is no map: the kernel begins where its reservation does, and ends 0x30000 behind __brk_base."""
    base, end = symbols.log.kernel
    brk, used = symbols.log.brk

    assert (base, base + symbols.offset("_end")) == (symbols.at["_text"] - 0xffffffff80000000, end)
    assert brk == base + symbols.offset("__brk_base")
    assert brk < used <= base + symbols.offset("__brk_limit")


def test_prediction_with_the_map(symbols, tmp_path):
    (tmp_path / "System.map").write_text(symbols.map)
    without, with_map = predicted(symbols), predicted(symbols, "--system-map", tmp_path / "System.map")
    base, end = symbols.log.kernel
    _, used = symbols.log.brk
    place, top, pages = one(with_map, "kaslr"), one(with_map, "run", level="pgd"), symbols.log.buffer_pages

    assert (int(place["base"], 16), int(place["end"], 16)) == (base, end)
    assert place["buffer"] == {"start": hex(used - pages * 4096), "pages": pages}
    assert int(top["start"], 16) == base + symbols.offset("init_top_pgt") == symbols.cr3
    # nothing else changes: the log alone has told all of it, but for the top table
    frame = ("boot_id", "seq", "crc", "build_ns", "elapsed_ns")
    bare = [[{k: v for k, v in r.items() if k not in frame} for r in recs if r is not top] for recs in (without, with_map)]
    assert bare[0] == bare[1]


def test_a_map_that_contradicts_the_log(symbols, tmp_path):
    """A kernel that would have begun below address 0."""
    far = symbols.map.replace(f"{symbols.at['__brk_base']:016x}", f"{symbols.at['_text'] + (64 << 30) - 0x40000:016x}")
    far = far.replace(f"{symbols.at['_end']:016x}", f"{symbols.at['_text'] + (64 << 30):016x}")
    (tmp_path / "System.map").write_text(far)

    assert boots.predict(symbols.log.data, "--system-map", tmp_path / "System.map", status=(2,)) == ""
