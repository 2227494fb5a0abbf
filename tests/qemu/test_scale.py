# SPDX-License-Identifier: MIT
"""Guests of 1 and 4 TiB, or 16 (LANDFALL_TESTS=all), most of it never touched: they boot, build the direct map in 2 MiB pages, and live
on it."""
import re
from pathlib import Path

import pytest
import selection
from conftest import Halted

G, T = 1 << 30, 1 << 40
pytestmark = pytest.mark.xdist_group("scale")  # one at a time: the largest one takes 1.8 GiB of the host's memory


def machine(tib, phys_bits):
    """All RAM above 4 GiB in one piece: no other vendor than AMD has a hole below 1 TiB."""
    return (f"-m {tib}T -machine q35,accel=tcg,memory-backend=ram -object memory-backend-ram,id=ram,size={tib}T,reserve=off "
            f"-cpu max,vendor=GenuineIntel,phys-bits={phys_bits}").split()


def peak_memory(pid):
    return int(re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) << 10


@pytest.mark.parametrize("tib, phys_bits, most", [(1, 41, G // 2), (4, 43, G)] + [(16, 45, 2 * G)] * selection.ALL)
def test_large_guest(tib, phys_bits, most):
    with Halted(None, "seed=1 page_size=2m levels=5 alloc=both sweep", machine(tib, phys_bits)) as guest:
        log, pid = guest.log, guest.guest.process.pid
        assert log.status == "clean"
        lost = (tib * T - log.one("node", node=0)["present"]) >> 12  # page 0, 0x9f000 to 1M, the firmware's below 2 GiB
        assert 0x82 <= lost < 0x100
        for alloc in ("bottom-up", "memblock"):
            # 1 GiB a table, but for the hole from 2 to 4 GiB; 2 GiB more at the end; two tables for 4 KiB pages at edges
            pages = {"p4d": 1, "pud": 2 * tib + 1, "pmd": 1024 * tib, "pte": 2}
            record = log.one("map", alloc=alloc)
            assert {level: record["pages"][level] for level in pages} == pages
            assert record["leaf"] == {"4k": 992 + 0x82 - lost, "2m": tib * T // (2 << 20) - 2, "1g": 0}
            assert log.one("sweep", alloc=alloc)["stained_slots"] == 0
        assert guest.qmp.registers()["CR3"] == log.one("run", alloc="memblock", level="pgd")["start"]
        assert peak_memory(pid) < most
