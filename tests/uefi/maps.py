# SPDX-License-Identifier: MIT
"""Memory maps of one machine by two ways in: where they differ, and why."""
K, M = 1 << 10, 1 << 20

# Types of one address by a BIOS and by UEFI. No RAM of the one is a hole of the other: none is lost without a word.
EXPLAINED = {
    ("usable", "reserved"): "firmware's code and data for the time after the boot, in RAM",
    ("usable", "acpi"): "ACPI tables that lie elsewhere, or are reserved, under the other",
    ("usable", "nvs"): "what firmware keeps for sleep states and variables",
    ("reserved", "usable"): "the BIOS's data area below 640 KiB, its tables at the end of low RAM",
    ("reserved", "nvs"): "the same",
    ("reserved", "hole"): "the BIOS's code below 1 MiB, its flash, the chipset, AMD's hole below 1 TiB: addresses without RAM",
}
# The window to PCI Express's configuration space, which only newer OVMF names: addresses without RAM.
PCI_EXPRESS = (0xe0000000, 0xf0000000, "hole", "reserved")


def of(log):
    return [(r["start"], r["end"], r["type"]) for r in log.all("mem")]


def differences(one, other):
    """(start, end, type, type) wherever two maps differ; both are lists of (start, end, type)."""
    edges = sorted({edge for piece in one + other for edge in piece[:2]})
    for start, end in zip(edges, edges[1:]):
        types = [next((kind for a, b, kind in entries if a <= start < b), "hole") for entries in (one, other)]
        if types[0] != types[1]:
            yield start, end, *types


def check(one, other, low_end):
    """Two ways, each (map, by UEFI or not); `low_end` is where RAM ends below 4 GiB."""
    if one[1] == other[1]:
        found = list(differences(one[0], other[0]))
        # A BIOS that drives a disk keeps some pages more at the end of low RAM; nothing else, and under UEFI nothing at all.
        if not one[1]:
            found = [d for d in found if not (low_end - 256 * K <= d[0] and d[1] <= low_end and set(d[2:]) == {"usable", "reserved"})]
        assert not found, found
        return
    bios, uefi = (one, other) if other[1] else (other, one)
    found = list(differences(bios[0], uefi[0]))
    unexplained = [d for d in found if d[2:] not in EXPLAINED and d != PCI_EXPRESS]
    assert found and not unexplained, unexplained
    # Explained or not: RAM above 4 GiB is the same, and most of what lies below.
    assert all(end <= low_end or "usable" not in types for _, end, *types in found), found
    assert sum(end - start for start, end, by_bios, _ in found if by_bios == "usable") < 32 * M, found
