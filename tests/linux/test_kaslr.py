# SPDX-License-Identifier: MIT
"""Where KASLR puts a real kernel: only into slots that Landfall lists for an image of that geometry.

Thirty boots of a kernel, each stopped when its base is known; two in `make test`, or more until two bases differ. Landfall's list is the one that its
records hold: the number of slots, and for each seed a slot and the base it stands for; tools/landfall/model.py makes the same list from the same records."""
import json

import boots
import debian
from landfall import model
import pytest
from landfall.records import need

M = 1 << 20
MACHINES = ["four-nodes", "pc-islands", "large"]
PARTS, BOOTS = (2, 5) if debian.WIDE else (1, 2)  # as many times as many boots of each machine
MORE = 4  # so many again: with few slots the same one is drawn twice now and then
SEEDS = 2
OPTIONS = f"{boots.CONSOLE} movable_node"
EACH = pytest.mark.parametrize("name", debian.KERNELS)
BASE_KNOWN = "reserve_real_mode"  # what comes after the first dump of memblock


def slots_and_size(machine, image_size):
    """Landfall's slots and their size for that Linux on that machine; its own draws have to be what the list says."""
    slots = None
    for seed in range(SEEDS):
        log = boots.landfall(machine, f"page_size=auto alloc=bottom-up {image_size} seed={seed}")
        kaslr, image = log.one("kaslr"), log.one("reserved", what="image")
        if slots is None:
            loaded = model.LOADED, model.LOADED + image["end"] - image["start"]
            slots = model.Slots(log, [(0, M), loaded])
        need(kaslr["slots"] == len(slots) > 1, f"{kaslr['slots']} slots, the model finds {len(slots)}")
        need(slots[kaslr["slot"]] == kaslr["base"], f"slot {kaslr['slot']} lies at {kaslr['base']:#x}")
    return slots, kaslr["size"]


def linux_slots(kernel, slots, size):
    """Those of Landfall's slots that are Linux's, too: it must not overwrite the buffer in which it decompresses itself, which
    begins at 16 MiB and is larger than what Landfall has to leave alone there, namely itself."""
    buffer = model.LOADED, model.LOADED + kernel.init_size
    return [s for s in slots if not model.overlap((s, s + size), buffer)]


def boot_for_base(kernel, machine, options=OPTIONS, qemu_args=(), until=BASE_KNOWN, timeout=120):
    with boots.Linux(kernel, machine, options, qemu_args) as linux:
        return linux.stop_at(until, timeout)


def parameters():
    for kernel in debian.KERNELS:
        for machine in MACHINES:
            for i in range(PARTS):
                wide = [] if (kernel, machine, i) == (debian.KERNELS[-1], MACHINES[0], 0) else [pytest.mark.wide]
                name = f"{kernel}-{machine}-{i}"
                yield pytest.param((kernel, machine), id=name, marks=[pytest.mark.xdist_group(f"kaslr-{name}"), *wide])


@pytest.fixture(scope="module", params=parameters())
def drawn(request):
    """(kernel, its slots, bases it has drawn, the last boot's log)"""
    kernel, machine = boots.kernel(request.param[0]), request.param[1]
    logs = [boot_for_base(kernel, machine) for _ in range(BOOTS - 1)]
    logs.append(boot_for_base(kernel, machine, until=boots.NODES_KNOWN))
    while len(logs) < BOOTS + MORE and len({log.kernel[0] for log in logs}) == 1:
        logs.insert(0, boot_for_base(kernel, machine))
    slots, size = slots_and_size(machine, boots.image_size(kernel, logs[0]))
    return kernel, linux_slots(kernel, slots, size), [log.kernel[0] for log in logs], logs[-1]


def test_bases_are_slots(drawn, record_property):
    _, slots, bases, _ = drawn
    record_property("boots", len(bases))
    assert [hex(b) for b in bases if b not in slots] == []


def test_bases_differ(drawn):
    """A stuck base would not be a test at all."""
    _, _, bases, _ = drawn
    assert len(set(bases)) > 1


def test_predicted_slots(drawn):
    """landfall-predict counts the same slots from the last boot's log."""
    kernel, slots, _, log = drawn
    slot, end = boots.geometry(kernel, log)
    sweep = boots.predict(log.data, "--page-size", "2m", "--image-size", f"{slot:#x},{end:#x}", "--avoid",
                          f"16M:{16 * M + kernel.init_size:#x}", "--sweep", "--json")
    record, = [r for r in map(json.loads, sweep.splitlines()) if r["rec"] == "sweep"]
    assert record["slots"] == len(slots)


@pytest.mark.xdist_group("last-slot")
def test_one_slot(last_slot):
    """With room for exactly one image Linux has no choice, and Landfall says so: one slot, at 1 GiB and 64 MiB."""
    kernel, log = boots.kernel(boots.LAST_SLOT_IS_FOR), last_slot.log
    assert log.kernel[0] == 0x44000000
    ours = boots.landfall("last-slot", f"page_size=auto {boots.image_size(kernel, log)} seed=1").one("kaslr")
    assert (ours["slots"], ours["slot"], ours["base"]) == (1, 0, 0x44000000)


@EACH
@pytest.mark.wide
def test_five_ranges_in_one_memmap_option(name):
    """Then neither draws a base, and both say it in the same words."""
    kernel, words = boots.kernel(name), "memmap=1M$128M,1M$160M,1M$192M,1M$224M,1M$256M"
    log = boot_for_base(kernel, "unordered", f"{OPTIONS} {words}")
    ours = boots.landfall("unordered", f"seed=1 {words}")
    said = "Physical KASLR disabled: no suitable memory region!"
    assert log.kernel[0] == 16 * M and said in log.lines
    assert ours.one("kaslr")["base"] == 16 * M and said in ours.text


@EACH
@pytest.mark.wide
def test_five_memmap_options(name):
    """A known difference: Linux forgets a fifth option altogether and goes on drawing, so that it may lie over that range;
    Landfall draws no base then. In two boots out of two the lowest slot would be a rare chance."""
    kernel, words = boots.kernel(name), "memmap=1M$128M memmap=1M$160M memmap=1M$192M memmap=1M$224M memmap=1M$256M"
    bases = {boot_for_base(kernel, "unordered", f"{OPTIONS} {words}").kernel[0] for _ in range(2)}
    assert bases != {16 * M}
    assert boots.landfall("unordered", f"seed=1 {words}").one("kaslr")["base"] == 16 * M
