# SPDX-License-Identifier: MIT
"""Where Landfall and Linux are known to differ, so that the list in docs/fidelity.md stays true."""
import boots
import debian
import pytest
from linuxlog import shared

OPTIONS = f"{boots.CONSOLE} movable_node nokaslr"
EACH = pytest.mark.parametrize("name", debian.KERNELS if debian.WIDE else debian.KERNELS[-1:])


def both(name, machine):
    """(lines only Linux has, lines only Landfall has, Linux's log, Landfall's log)"""
    args = boots.cpu("1g", 4)  # Debian's 5.10 has no five levels, and says how far four reach
    with boots.Linux(boots.kernel(name), machine, OPTIONS, args) as linux:
        log = linux.stop_at(boots.NODES_KNOWN)
    ours = boots.landfall(machine, "nokaslr seed=1", args)
    here, there = shared(ours.text), shared(log.lines)
    return [line for line in there if line not in here], [line for line in here if line not in there], log, ours


@EACH
@pytest.mark.wide
def test_entry_of_length_zero(name):
    """Both reject the table. Linux has read and shown the entries before the bad one by then, Landfall reads none of a damaged table."""
    theirs, ours, log, landfall = both(name, "zero-entry")
    cpus = ["SRAT: PXM 0 -> APIC 0x00 -> Node 0", "SRAT: PXM 0 -> APIC 0x01 -> Node 0"] if boots.kernel(name).series < (6, 12) else []
    assert theirs == cpus + ["ACPI: SRAT: Node 0 PXM 0 [mem 0x00000000-0x0009ffff]",
                             "ACPI: SRAT: Node 0 PXM 0 [mem 0x00100000-0x3fffffff]",
                             "ACPI: SRAT: Unexpected header length: 0", "ACPI: SRAT: SRAT not used."]
    assert ours == []
    assert "No NUMA configuration found" in log.lines and "No NUMA configuration found" in landfall.text
    assert {r.node for r in log.dumps[-1]["memory"]} == {0}


@EACH
def test_entry_beyond_the_table(name):
    """Linux takes what lies behind the table for the rest of its last entry; Landfall does not read what is not the table's."""
    theirs, ours, log, landfall = both(name, "overlong-entry")
    assert "ACPI: SRAT: Node 0 PXM 0 [mem 0x00100000-0x3fffffff]" in theirs
    assert "No NUMA configuration found" in ours and "No NUMA configuration found" not in log.lines
    assert {r["srat"] for r in landfall.all("verdict")} == {"rejected"}
