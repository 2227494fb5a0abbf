# SPDX-License-Identifier: MIT
"""The cases of cases.toml: each is a boot, judged by its exit status and by everything in its log."""
import tomllib
from pathlib import Path

import pytest
from landfall import qemu
from conftest import boot
from landfall.records import need

CASES = tomllib.loads((Path(__file__).parent / "cases.toml").read_text())["case"]
FIELDS = {"name", "machine", "qemu", "options", "exit", "srat", "lines", "error", "expect", "hotplug", "check"}


def matches(record, wanted):
    return all(record.get(k, "missing") == (None if v == "null" else v) for k, v in wanted.items())


def run_case(case):
    """Raises AssertionError when the boot is not what the case says."""
    need(not set(case) - FIELDS, f"unknown fields: {set(case) - FIELDS}")
    done = boot(case.get("machine"), case.get("options", ""), case.get("qemu", "").split())
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
