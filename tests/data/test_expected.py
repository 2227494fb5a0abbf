# SPDX-License-Identifier: MIT
"""The logs kept beside the machine descriptions, checked as any log is: against Linux's rules written down a second time."""
import re
from pathlib import Path

import pytest
from landfall.records import Log

MACHINES = sorted(Path("tests/machines").glob("*.machine"))
KEPT = sorted(Path("tests/machines").glob("*.expect"))
# Sources that are no machine of somebody else's.
OWN = re.compile(r"^source +(our own layout|order as in)", re.M)


@pytest.mark.parametrize("path", KEPT, ids=lambda p: p.stem)
def test_expected_log_follows_from_its_inputs(path):
    Log(path.read_bytes().replace(b"\n", b"\r\n")).check_run()


@pytest.mark.parametrize("path", MACHINES, ids=lambda p: p.stem)
def test_machine_names_its_source_and_has_a_log(path):
    text = path.read_text()
    assert re.search(r"^source +\S", text, re.M)
    assert path.with_suffix(".expect") in KEPT


def test_there_are_enough_real_machines():
    assert sum(not OWN.search(p.read_text()) for p in MACHINES) >= 20
