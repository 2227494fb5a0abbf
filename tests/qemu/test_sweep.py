# SPDX-License-Identifier: MIT
"""The sweep beside runs at random seeds: each verdict is the one that the sweep gives for its slot. Most of them run on the host, always with the same seeds.

LANDFALL_BOOTS: how many boots in QEMU in all (default 5; `make test-sweep` makes 500)."""
import os
import random

import on_host
import pytest
from conftest import boot

BOOTS = int(os.environ.get("LANDFALL_BOOTS", "5"))
RUNS = 3  # of each machine on the host

# Machine, options, slots, and stained slots by bottom-up and hybrid. In the last one reservations leave few slots but those below node 1.
MACHINES = [
    ("four-nodes", "", 110, 14, 16),
    ("four-nodes", "image_size=linux-6.1", 25, 3, 6),
    ("four-nodes", "page_size=2m fragment=every:2", 110, 7, 8),
    ("pc-islands", "page_size=4k", 598, 4, 4),
    ("pc-islands", "page_size=4k memmap=76M$32M,64M$3008M,1G$4G", 17, 3, 3),
]


def holds(intervals, base):
    return any(int(first, 16) <= base <= int(last, 16) for first, last in intervals)


def sweeps_of(log):
    return {r["alloc"]: {k: v for k, v in r.items() if k not in ("boot_id", "crc")} for r in log.records if r["rec"] == "sweep"}


def check(log, sweeps, slots):
    """One boot; how many of its verdicts are stained."""
    place = log.one("kaslr")
    assert place["slots"] == slots
    verdicts = [r for r in log.records if r["rec"] == "verdict"]
    assert [v["alloc"] for v in verdicts] == list(sweeps)
    for verdict in verdicts:
        sweep = sweeps[verdict["alloc"]]
        stained = holds(sweep["intervals"], place["base"])
        assert verdict["result"] == ("stained" if stained else "clean"), (verdict, place, sweep)
        assert (verdict["on_movable"] > 0) == stained
        assert verdict["on_movable"] <= (sweep["worst_on_movable"] or 0), (verdict, place, sweep)
        if place["base"] == sweep["worst_base"]:
            assert (verdict["on_movable"], verdict["pinned"]) == (sweep["worst_on_movable"], sweep["worst_pinned"])
    return sum(v["result"] == "stained" for v in verdicts)


@pytest.mark.parametrize("machine, options, slots, bottom_up, hybrid", MACHINES)
def test_boots_are_as_swept(machine, options, slots, bottom_up, hybrid):
    sweeps = sweeps_of(on_host.Run(machine, f"alloc=all seed=1 report=json sweep {options}").log)
    assert len(sweeps) == 8 and {s["slots"] for s in sweeps.values()} == {slots}
    assert (sweeps["bottom-up"]["stained_slots"], sweeps["hybrid"]["stained_slots"]) == (bottom_up, hybrid)
    bases, stained = set(), 0
    runs = [(on_host.Run, seed) for seed in range(RUNS)] + [(boot, random.getrandbits(53)) for _ in range(BOOTS // len(MACHINES))]
    for run, seed in runs:
        booted = run(machine, f"alloc=all seed={seed} report=json {options}")
        assert booted.code in (33, 35), (seed, booted.data[-2000:])
        stained += check(booted.log, sweeps, slots)
        bases.add(booted.log.one("kaslr")["base"])
    print(f"{machine} {options}: {BOOTS // len(MACHINES)} boots and {RUNS} runs on the host, {len(bases)} bases, {stained} maps stained, all as swept")
    assert len(bases) > 1


def test_a_guest_sweeps_as_the_host_does():
    machine, options, *_ = MACHINES[0]
    command = f"alloc=all seed=1 report=json sweep {options}"
    there = sweeps_of(boot(machine, command).log)
    assert len(there) == 8 and there == sweeps_of(on_host.Run(machine, command).log)
