# SPDX-License-Identifier: MIT
"""A machine without oddities has no findings: QEMU's own tables in every shape; one that lies has the right ones."""
import pytest
import selection
from landfall import qemu
from conftest import boot

NODES = ("-object memory-backend-ram,id=a,size=512M -object memory-backend-ram,id=b,size=512M "
         "-numa node,memdev=a -numa node,memdev=b")

CLEAN = {
    "no SRAT": "-machine q35 -m 1G",
    "two nodes": f"-machine q35 -m 1G -smp 2,sockets=2 {NODES}",
    "two nodes, pc": f"-machine pc -m 1G -smp 2,sockets=2 {NODES}",
    "four nodes of 2 GiB": "-machine q35 -m 8G -smp 4,sockets=4 " + " ".join(
        f"-object memory-backend-ram,id=m{n},size=2G -numa node,memdev=m{n}" for n in range(4)),
    "distances": f"-machine q35 -m 1G -smp 2,sockets=2 {NODES} -numa dist,src=0,dst=1,val=21",
    "CPUs to come": f"-machine q35 -m 1G -smp 2,maxcpus=6,sockets=2 {NODES}",
    "memory to come": f"-machine q35 -m 1G,slots=4,maxmem=8G -smp 2,sockets=2 {NODES}",
    "x2APICs": f"-machine q35,kernel-irqchip=off -m 1G -smp 2,sockets=200,maxcpus=200 {NODES}",
    "HMAT": f"-machine q35,hmat=on -m 1G -smp 2,sockets=2 {NODES},initiator=1 -numa cpu,node-id=0,socket-id=0 "
            "-numa cpu,node-id=1,socket-id=1 " + " ".join(
                f"-numa hmat-lb,initiator={i},target={t},hierarchy=memory,data-type=access-latency,latency={10 if i == t else 20}"
                for i in (0, 1) for t in (0, 1)),
}


def findings(machine=None, qemu_args=""):
    done = boot(machine, "seed=1", qemu_args.split())
    assert qemu.VERDICTS.get(done.code) in ("clean", "stained"), (done.code, done.stderr, done.data[-2000:])
    return [line for line in done.log.text if line.startswith("finding: ")]


@pytest.mark.parametrize("machine", selection.one_of(CLEAN.values(), 2), ids=[k.replace(" ", "-") for k in selection.one_of(CLEAN, 2)])
def test_clean_machine(machine):
    assert findings(qemu_args=machine) == []


def test_default_machine_has_too_little_unmovable_memory():
    """Of its 8 GiB 239 MiB are not movable: Debian's Linux does not come to user space on it with movable_node."""
    assert findings("four-nodes") == [f"finding: unmovable-scarce {policy}: 239 of 8191 MiB, 1:33" for policy in ("bottom-up", "memblock")]


@pytest.mark.parametrize("linux,pages", selection.one_of([("7.3", 1525), ("5.10", 0)], 2))
def test_memblock_is_full(linux, pages):
    """SRAT first loses the marks behind the 63rd where memblock's array cannot grow, and its tables lie in the highest range, in every slot."""
    done = boot("tests/linux/machines/hot-border.machine", f"seed=1 alloc=series page_size=4k sweep linux={linux}")
    assert done.log.verdict["on_movable"] == pages
    assert ("finding: memblock-full series" in done.log.text) == (pages > 0)
    sweep = done.log.one("sweep")
    assert sweep["stained_slots"] == (sweep["slots"] if pages else 0)


def test_overlap():
    assert findings("overlap") == ["finding: srat-overlap [mem 0x00100000-0x3fffffff] of PXM 0 "
                                   "and [mem 0x30000000-0x7fffffff] of PXM 1"]


def test_cpu_less_node():
    """QEMU's SRAT for a node that has memory only."""
    assert findings(qemu_args=f"-machine q35 -m 1G {NODES}") == ["finding: memory-only-domain PXM 1"]
