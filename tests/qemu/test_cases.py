# SPDX-License-Identifier: MIT
"""The cases of cases.toml: each is a boot, judged by its exit status and by everything in its log."""
import tempfile
import tomllib
from itertools import zip_longest
from pathlib import Path

import pytest
from landfall import host, paths, qemu
from conftest import boot
from landfall.records import need, read_all

CASES = tomllib.loads((Path(__file__).parent / "cases.toml").read_text())["case"]
FIELDS = {"name", "machine", "qemu", "options", "exit", "srat", "lines", "error", "expect", "hotplug", "check", "host"}


# QEMU's plain machine as a description, for runs on the host.
PLAIN = """about QEMU's q35 with 512 MiB
source QEMU
qemu q35
memory 512M
cpu max
smp 1
la57 yes
phys_bits 40
map 0 0x9fc00 usable
map 0x9fc00 0xa0000 reserved
map 0xf0000 1M reserved
map 1M 0x1ffe0000 usable
map 0x1ffe0000 512M reserved
map 0xb0000000 3G reserved
map 0xfed1c000 0xfed20000 reserved
map 0xfffc0000 4G reserved
map 1012G 1T reserved
"""
# What a run on the host cannot know, or has of its own: who is asked, and when.
OWN = ("boot_id", "crc", "tsc_hz", "build_ns", "elapsed_ns", "loader", "machine")


def run_on_host(case, folder):
    """The log of the same case on the host; None where it is about QEMU's own arguments, or about hardware."""
    if "qemu" in case or not case.get("host", True):
        return None
    plain = Path(folder) / "plain.machine"
    plain.write_text(PLAIN)
    machine = qemu.Machine(case.get("machine", str(plain)), folder, host=True)
    return host.run(machine, case.get("options", "").split(), paths.KERNEL, 60)


def without_own(records, own):
    return [{k: v for k, v in r.items() if k not in own} for r in records]


def check_host(case, done):
    """Fake memory and QEMU give the same records and the same exit status."""
    with tempfile.TemporaryDirectory(prefix="landfall-") as folder:
        found = run_on_host(case, folder)
    if found:
        code, data = found
        own = OWN if "seed=" in case.get("options", "") else (*OWN, "seed", "entropy")
        need(code == done.code, f"exit status {code} on the host")
        for here, there in zip_longest(without_own(read_all(data), own), without_own(read_all(done.data), own)):
            need(here == there, f"on the host {here}\nin QEMU {there}")


def matches(record, wanted):
    return all(record.get(k, "missing") == (None if v == "null" else v) for k, v in wanted.items())


def run_case(case):
    """Raises AssertionError when the boot is not what the case says."""
    need(not set(case) - FIELDS, f"unknown fields: {set(case) - FIELDS}")
    done = boot(case.get("machine"), case.get("options", ""), case.get("qemu", "").split())
    words = f"exit status {done.code}\n{done.stderr}\n{done.data[-3000:].decode('ascii', 'replace')}"
    need(qemu.VERDICTS.get(done.code) == case["exit"], words)
    check_host(case, done)
    log = done.log
    need(log.status == case["exit"], f"the end record says {log.status}")
    if case["exit"] in ("clean", "stained"):
        need(log.one("end")["srat"] == case.get("srat", "ok"), f"srat {log.one('end')['srat']}")
        log.check_run(case.get("hotplug", ()))
    if "error" in case:
        need(qemu.last_error(done.data) == case["error"], f"error: {qemu.last_error(done.data)}")
    for line in case.get("lines", []):
        need(line in log.text, f"no line {line!r} in\n" + "\n".join(log.text))
    for wanted in case.get("expect", []):
        found = log.all(wanted["rec"])
        need(any(matches(r, wanted) for r in found), f"no record {wanted} in\n" + "\n".join(map(str, found)))
    return log


def test_a_wrong_expectation_fails():
    """First of all: a case that must fail does, whatever it gets wrong."""
    good = dict(CASES[0])
    run_case(good)
    for wrong in ({"exit": "stained"}, {"srat": "ok"}, {"lines": ["no such line"]},
                  {"expect": [{"rec": "node", "node": 0, "present": 1}]}, {"error": "none"}, {"colour": "red"}):
        with pytest.raises(AssertionError):
            run_case(good | wrong)


@pytest.mark.parametrize("case", [pytest.param(c, id=c["name"].replace(" ", "-"), marks=[pytest.mark.check] if c.get("check") else [])
                                  for c in CASES])
def test_case(case):
    run_case(case)


def test_there_are_enough_cases():
    assert len(CASES) >= 24
    assert len({c["name"] for c in CASES}) == len(CASES)
    assert sum(c.get("check", False) for c in CASES) == 10
