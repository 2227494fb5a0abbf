# SPDX-License-Identifier: MIT
"""What a page-table page on a movable node costs: Linux runs to a shell, and its zones and memory blocks are asked.

A node that Landfall calls movable and finds clean must have all its hot-pluggable RAM in Linux's zone Movable, and each of its
blocks must go offline; one that is pinned or stained has no such zone, and the blocks that hold page tables stay."""
import re
from collections import defaultdict, namedtuple

import boots
import debian
import pytest
from landfall import model
from landfall.initramfs import build_initramfs
from landfall.records import need

BLOCK = 128 << 20
SCRIPT = """
echo
$b grep 'Kernel' /proc/iomem | while read l; do echo "IOMEM $l"; done
$b awk '/^Node/ { node = $2; zone = $4 } /present/ { print "ZONE", node, zone, $2 }' /proc/zoneinfo
for d in /sys/devices/system/memory/memory*; do
	n=none; for l in $d/node*; do n=${l##*node}; done
	z=$($b tr ' ' ',' < $d/valid_zones)
	r=kept
	case $n in 0|none|*\\**) ;; *) echo offline > $d/state && r=gone ;; esac 2> /dev/null
	echo "BLOCK ${d##*/memory} $n $z $r"
done
echo "BLOCKSIZE $($b cat /sys/devices/system/memory/block_size_bytes)"
echo THE END
$b sleep 1000
"""

Case = namedtuple("Case", "machine leaf options")
CASES = {
    "runs-over": Case("last-slot", "4k", ""),
    "behind-the-kernel": Case("border", "4k", "nokaslr"),
    "does-not-run-over": Case("last-slot", "2m", ""),
    "kernel-on-it": Case("kernel-on-hotplug", "2m", "nokaslr"),
    "islands": Case("pc-islands", "2m", "nokaslr"),
    "far-entries": Case("azure", "1g", "nokaslr"),
    "sixteen": Case("sixteen-islands", "2m", "nokaslr"),
    "tables-of-firmware": Case("pinned-by-tables", "2m", "nokaslr"),
}


class Aftermath:
    """Linux's state in user space, and Landfall's log of the same machine with the same geometry at the same base."""

    def __init__(self, case, kernel, request):
        args = boots.cpu(case.leaf, 4)
        options = f"{boots.CONSOLE} movable_node {case.options}"
        initrd = build_initramfs(SCRIPT)
        # First the early log, then, without it, the way to user space, which is long enough.
        self.early = boots.stopped(request, kernel, case.machine, options, args).log
        base = self.early.kernel[0]
        with boots.Linux(kernel, case.machine, f"console=ttyS0 loglevel=3 movable_node {case.options}", args, initrd) as linux:
            text = linux.stop_at("THE END\r?\n", 240).lines
        self.zones, self.blocks = defaultdict(dict), {}
        for line in text:
            if m := re.fullmatch(r"ZONE (\d+), (\w+) (\d+)", line):
                self.zones[int(m[1])][m[2]] = int(m[3]) * 4096
            if m := re.fullmatch(r"BLOCK (\d+) (\w+) (\S*) (\w+)", line):
                self.blocks[int(m[1]) * BLOCK] = m[2], m[3], m[4]
        need("BLOCKSIZE 8000000" in text, f"blocks are not of 128 MiB: {text[-3:]}")
        kernel_code = [int(m[1], 16) for line in text if (m := re.match(r"IOMEM (\w+)-\w+ : Kernel code", line))]
        need(kernel_code == [base], f"the kernel lies at {kernel_code}, in the other boot at {base:#x}")
        own = f"page_size=auto alloc=bottom-up movable_node seed=1 {boots.image_size(kernel, self.early)} base={base:#x}"
        self.landfall = boots.landfall(case.machine, own, args)
        self.nodes = model.Nodes(self.landfall)


LIVE = "runs-over"  # in `make test`


def parameters():
    for name, case in CASES.items():
        # With KASLR two boots have the same base only where there is one slot.
        for kernel in debian.KERNELS if "nokaslr" in case.options else [boots.LAST_SLOT_IS_FOR]:
            group = "last-slot" if name == LIVE else f"stain-{kernel}-{name}"
            marks = [pytest.mark.xdist_group(group)] + [pytest.mark.wide] * (name != LIVE)
            yield pytest.param((case, kernel), id=f"{kernel}-{name}", marks=marks)


@pytest.fixture(scope="module", params=parameters())
def aftermath(request):
    case, kernel = request.param
    return Aftermath(case, boots.kernel(kernel), request)


def clean_nodes(a):
    """Nodes whose memory can still be taken away, as Landfall says."""
    return {r["node"] for r in a.landfall.all("node") if r["movable"]} - set(a.landfall.verdict["stained_nodes"])


def test_zone_movable(aftermath):
    """All hot-pluggable RAM of such a node is in zone Movable, and no byte of any other node is."""
    clean = clean_nodes(aftermath)
    expected = {n: aftermath.nodes.hot_ram(n) for n in clean}
    found = {n: z["Movable"] for n, z in aftermath.zones.items() if z.get("Movable")}
    assert found == expected


def test_pinned(aftermath):
    """What is pinned lies in zones from which nothing can be taken away."""
    a, verdict = aftermath, aftermath.landfall.verdict
    kept = sum(sum(size for zone, size in a.zones[n].items() if zone != "Movable") for n in verdict["stained_nodes"])
    fixed = sum(a.nodes.present(n) - a.nodes.hot_ram(n) for n in verdict["stained_nodes"])
    assert kept == verdict["pinned"] + fixed


def test_blocks(aftermath):
    """Each block of such a node went offline; blocks with page tables on a stained node did not."""
    a, clean = aftermath, clean_nodes(aftermath)
    tables = {p & -BLOCK for r in a.landfall.all("run", alloc="bottom-up") for p in range(r["start"], r["end"], 4096)}
    for at, (node, zones, state) in a.blocks.items():
        inside = any(h[0] <= at and at + BLOCK <= h[1] for h in a.nodes.hot)
        if node.isdigit() and int(node) in clean and inside:
            assert (zones, state) == ("Movable", "gone"), hex(at)
        elif at in tables:
            assert state == "kept" and "Movable" not in zones, hex(at)
    assert clean <= {int(n) for n, _, state in a.blocks.values() if state == "gone"}


@pytest.mark.parametrize("name,stained,why", [
    ("runs-over", [1], {0: "kernel"}),
    ("does-not-run-over", [], {0: "kernel"}),
    ("kernel-on-it", [], {1: "kernel"}),
    ("far-entries", [], {0: "kernel"}),
])
def test_landfall_says_why(name, stained, why):
    """The machines are what their names say, so that the tests above look at each kind of node."""
    case = CASES[name]
    base = "base=0x44000000" if case.machine == "last-slot" else "base=0x1000000"
    log = boots.landfall(case.machine, f"page_size=auto alloc=bottom-up seed=1 image_size=linux-6.1 {base}",
                         boots.cpu(case.leaf, 4))
    assert log.verdict["stained_nodes"] == stained
    assert {r["node"]: r["why"] for r in log.all("node") if r["why"]} == why
