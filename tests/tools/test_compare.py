# SPDX-License-Identifier: MIT
"""What got slower between two runs of `make bench`: tests/bench/compare, on rows as tests/bench/bench writes them."""
import json
import subprocess
from pathlib import Path

import pytest

COMPARE = Path(__file__).resolve().parents[2] / "tests/bench/compare"
PAGE, RUN, SWEEP, LOG, SIZE = "instructions a table page, memblock", "whole run, default machine", "sweep of 2^31 slots", "tools/check-log", "landfall.elf, stripped"


def row(what, measured, source=""):
    return {"what": what, "goal": "", "measured": measured, "from": source}


OLD = {r["what"]: r for r in (row(PAGE, "1000", "8210 pages"), row(RUN, "2.00 x", "164.5 ms against 83.3 ms"),
                              row(SWEEP, "2.0 ms", "20.0 M instructions, 698 slots tried"), row(LOG, "60 MB/s"), row(SIZE, "100.0 KiB"))}


def compare(folder, *changed, without=()):
    """(exit status, lines) of OLD against OLD with these rows instead."""
    new = {**OLD, **{r["what"]: r for r in changed}}
    for name, rows in ("old", OLD), ("new", new):
        (folder / name).write_text(json.dumps({"where": "here", "rows": [r for r in rows.values() if name == "old" or r["what"] not in without]}))
    done = subprocess.run([COMPARE, folder / "old", folder / "new"], capture_output=True, text=True)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("changed", [
    [],
    [row(PAGE, "1010"), row(SIZE, "101.0 KiB")],  # one more in a hundred of what is counted
    [row(RUN, "3.00 x"), row(LOG, "40 MB/s"), row(SWEEP, "3.0 ms", "20.2 M instructions")],  # half as much again of time
    [row(PAGE, "1"), row(RUN, "0.01 x"), row(SWEEP, "1 us", "0.1 M instructions"), row(LOG, "900 MB/s"), row(SIZE, "1 KiB")],
])
def test_nothing_got_worse(tmp_path, changed):
    assert compare(tmp_path, *changed) == (0, ["0 of 6 got worse"])


@pytest.mark.parametrize("changed, line", [
    (row(PAGE, "1020"), f"{PAGE}: 1000 before, 1020 now, 1.02 x"),
    (row(SIZE, "102.0 KiB"), f"{SIZE}: 100 before, 102 now, 1.02 x"),
    (row(SWEEP, "2.0 ms", "20.4 M instructions"), f"instructions of: {SWEEP}: 20 before, 20.4 now, 1.02 x"),
    (row(SWEEP, "1 s", "20.0 M instructions"), f"{SWEEP}: 2 before, 1000 now, 500.00 x (time)"),
    (row(RUN, "3.20 x"), f"{RUN}: 2 before, 3.2 now, 1.60 x (time)"),
    (row(LOG, "30 MB/s"), f"{LOG}: 60 before, 30 now, 2.00 x (time)"),
])
def test_what_got_worse_is_named(tmp_path, changed, line):
    assert compare(tmp_path, changed) == (1, [line, "1 of 6 got worse"])


def test_only_what_both_have_is_compared(tmp_path):
    assert compare(tmp_path, row("another", "7 ms"), without=[PAGE]) == (0, ["0 of 5 got worse"])


@pytest.mark.parametrize("text", [None, "{", "[]", '{"rows": [{"what": "x"}]}'])
def test_what_is_no_bench(tmp_path, text):
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text('{"rows": []}')
    if text is not None:
        bad.write_text(text)
    done = subprocess.run([COMPARE, good, bad], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "") and done.stderr.startswith("compare: ") and "Traceback" not in done.stderr
