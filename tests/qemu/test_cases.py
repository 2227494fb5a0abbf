# SPDX-License-Identifier: MIT
"""The cases of cases.toml, each judged by its exit status and by everything in its log. All that can run on the host do; of those only a
part is booted in QEMU too, where it must give the same records."""
import tomllib
from itertools import zip_longest
from pathlib import Path

import on_host
import pytest
from landfall import qemu
from conftest import boot
from landfall.records import need, read_all
from selection import HOST, one_of

CASES = tomllib.loads((Path(__file__).parent / "cases.toml").read_text())["case"]
FIELDS = {"name", "machine", "qemu", "options", "exit", "srat", "lines", "error", "expect", "hotplug", "check", "host"}


# What a run on the host cannot know, or has of its own: who is asked, and when.
OWN = ("boot_id", "crc", "tsc_hz", "build_ns", "elapsed_ns", "loader", "machine")


def hosted(case):
    """Not about QEMU's own arguments, nor about hardware."""
    return "qemu" not in case and case.get("host", True)


def on_the_host(case):
    return on_host.Run(case.get("machine"), case.get("options", ""))


def booted():
    """What QEMU runs: all that nothing else can, the boots of `make check`, and every fifth of the others."""
    others = one_of([c for c in CASES if hosted(c) and not c.get("check")], 5)
    return [c for c in CASES if not hosted(c) or not HOST and (c.get("check") or c in others)]


def without_own(records, own):
    return [{k: v for k, v in r.items() if k not in own} for r in records]


def check_host(case, done):
    """Fake memory and QEMU give the same records and the same exit status."""
    host = on_the_host(case)
    own = OWN if "seed=" in case.get("options", "") else (*OWN, "seed", "entropy")
    need(host.code == done.code, f"exit status {host.code} on the host")
    for here, there in zip_longest(without_own(read_all(host.data), own), without_own(read_all(done.data), own)):
        need(here == there, f"on the host {here}\nin QEMU {there}")


def matches(record, wanted):
    return all(record.get(k, "missing") == (None if v == "null" else v) for k, v in wanted.items())


def judge(case, done, own=()):
    """Raises AssertionError when the run is not what the case says; own: fields that this run has of its own."""
    need(not set(case) - FIELDS, f"unknown fields: {set(case) - FIELDS}")
    words = f"exit status {done.code}\n{done.stderr}\n{done.data[-3000:].decode('ascii', 'replace')}"
    need(qemu.VERDICTS.get(done.code) == case["exit"], words)
    log = done.log
    need(log.status == case["exit"], f"the end record says {log.status}")
    if case["exit"] in ("clean", "stained"):
        need(log.one("end")["srat"] == case.get("srat", "ok"), f"srat {log.one('end')['srat']}")
        log.check_run(case.get("hotplug", ()))
    if "error" in case:
        need(qemu.last_error(done.data) == case["error"], f"error: {qemu.last_error(done.data)}")
    for line in case.get("lines", []):
        need(line in log.text or own and line.startswith("booted by "), f"no line {line!r} in\n" + "\n".join(log.text))
    for wanted in without_own(case.get("expect", []), own):
        found = log.all(wanted["rec"])
        need(any(matches(r, wanted) for r in found), f"no record {wanted} in\n" + "\n".join(map(str, found)))


def boot_case(case):
    return boot(case.get("machine"), case.get("options", ""), case.get("qemu", "").split())


def test_a_wrong_expectation_fails():
    """First of all: a case that must fail does, whatever it gets wrong."""
    good = CASES[0]
    done = boot_case(good)
    judge(good, done)
    for wrong in ({"exit": "stained"}, {"srat": "ok"}, {"lines": ["no such line"]},
                  {"expect": [{"rec": "node", "node": 0, "present": 1}]}, {"error": "none"}, {"colour": "red"}):
        with pytest.raises(AssertionError):
            judge(good | wrong, done)
    with pytest.raises(AssertionError):
        check_host(CASES[1], done)


def params(cases):
    return [pytest.param(c, id=c["name"].replace(" ", "-"), marks=[pytest.mark.check] if c.get("check") else []) for c in cases]


@pytest.mark.parametrize("case", params(booted()))
def test_case(case):
    done = boot_case(case)
    judge(case, done)
    if hosted(case):
        check_host(case, done)


@pytest.mark.parametrize("case", params(c for c in CASES if hosted(c) and c not in booted()))
def test_case_on_the_host(case):
    judge(case, on_the_host(case), OWN)


def test_there_are_enough_cases():
    assert len(CASES) >= 24
    assert len({c["name"] for c in CASES}) == len(CASES)
    assert sum(c.get("check", False) for c in CASES) == 10
