# SPDX-License-Identifier: MIT
"""The same under UEFI: boot services are reserved, and the EFI stub chooses the base, which does not read SRAT."""
import functools
import json

import boots
import debian
from landfall import model
import pytest
from firmware import boot_efi
from linuxlog import shared
from landfall.records import need
from test_side_by_side import as_it_says, pages_by_level, pages_of_runs

TWO_NODES = "tests/uefi/above-4g.machine"
# machine, largest leaf, Linux's options, number of boots; with KASLR each lands somewhere else.
CASES = {
    "bottom-up-4k": (TWO_NODES, "4k", "movable_node", 3),
    "top-down-2m": ("four-nodes", "2m", "", 2),
    "bottom-up-nokaslr": ("four-nodes", "2m", "movable_node nokaslr", 1),
}
PARAMETERS = [pytest.param((case, kernel, i), id=f"{kernel}-{name}-{i}", marks=[pytest.mark.xdist_group(f"uefi-{kernel}-{name}-{i}")] +
                           [pytest.mark.wide] * ((kernel, name, i) != (debian.KERNELS[-1], "bottom-up-4k", 0)))
              for name, case in CASES.items() for kernel in debian.KERNELS for i in range(case[3])]


class UefiBoot:
    def __init__(self, case, kernel_name):
        self.machine, self.leaf, self.options, _ = case
        self.kernel, self.args = boots.kernel(kernel_name), boots.cpu(self.leaf, 4)
        options = f"{boots.CONSOLE} efi=debug {self.options}"
        with boots.Linux(self.kernel, self.machine, options, boots.qemu.uefi_args() + self.args) as linux:
            self.linux = linux.stop_at(boots.NODES_KNOWN)
            self.page_offset, self.tables = linux.direct_map()

    @functools.cached_property
    def landfall(self):
        words = f"page_size=auto alloc=bottom-up seed=1 {boots.image_size(self.kernel, self.linux)} kaslr=efistub"
        done = boot_efi(words, self.args, machine=boots.machine_path(self.machine))
        need(done.verdict in ("clean", "stained"), f"{done.code}\n{done.text[-1500:]}")
        return done.log

    def predict(self, *args, log=None):
        return boots.predict(log or self.linux.data, "--page-size", self.leaf, "--page-offset", hex(self.page_offset), *args)


@pytest.fixture(scope="module", params=PARAMETERS)
def uefi(request):
    case, kernel, _ = request.param
    return UefiBoot(case, kernel)


def test_sequence(uefi, record_property):
    said = uefi.predict("--sequence", log=uefi.linux.without_table_pages()).split()
    record_property("pages", len(uefi.linux.table_pages))
    assert [int(p, 16) for p in said] == uefi.linux.table_pages
    n = len(uefi.linux.table_pages)
    assert uefi.predict("--compare") == f"{n} of {n} page-table pages as predicted\n"


def test_tables_in_use(uefi, record_property):
    records = [json.loads(line) for line in uefi.predict("--json").splitlines()]
    found = pages_by_level(uefi.tables)
    record_property("pages", sum(map(len, found.values())))
    assert pages_of_runs(r for r in records if r["rec"] == "run") == found
    assert set(uefi.linux.table_pages) <= set().union(*found.values())


def stub_slots(log):
    """Every base that the EFI stub's chooser can pick, from the records: in memory that firmware calls free."""
    size, slots = log.one("kaslr")["size"], []
    free = [(r["start"], r["end"]) for r in log.all("mem", type="usable")]
    for r in log.all("reserved", what="boot services"):
        free = model.without(free, (r["start"], r["end"]))
    for start, end in free:
        slots += [base for bases in model.slots_in((max(start, model.LOADED), end), [], size) for base in bases]
    return slots


def test_base_is_a_slot(uefi):
    """The base is a slot that Landfall lists for that chooser, hot-pluggable or not; without KASLR it is the lowest free one, but
    5.10, whose stub does not choose, stays where firmware has loaded it."""
    log = uefi.landfall
    slots, base = stub_slots(log), uefi.linux.kernel[0]
    assert log.one("kaslr")["slots"] == len(slots)
    assert base in slots
    assert "warning: kaslr=efistub: that chooser does not read SRAT" in "\n".join(log.text)
    if "nokaslr" in uefi.options and uefi.kernel.series >= (6, 1):
        assert base == min(slots)


def test_nodes(uefi):
    """SRAT and NUMA lines as under BIOS; a node on which the kernel itself has landed is not hot-pluggable any more."""
    log = uefi.landfall
    said = [line for line in shared(uefi.linux.lines) if "SRAT" in line or "NUMA" in line]
    expected = [line for line in shared(log.text) if "SRAT" in line or "NUMA" in line]
    expected = list(as_it_says(uefi.kernel, expected, uefi.linux.dumps[0]["memory"][0].start))
    assert expected == said
    nodes, (start, end) = model.Nodes(log), uefi.linux.kernel
    on = {nodes.node_of(start), nodes.node_of(end - 1)}
    assert not [r for r in uefi.linux.dumps[-1]["memory"] if r.hotplug and r.node in on]
