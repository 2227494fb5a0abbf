# SPDX-License-Identifier: MIT
"""A log with report=tables is all that it takes to ask a machine again: docs/real-hardware.md, "What to send in a bug report"."""
import json
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PREDICT = ROOT / "build/landfall-predict"
pytestmark = pytest.mark.skipif(not shutil.which("acpixtract") or not PREDICT.exists(), reason="needs acpica-tools and make")
SAME = ("alloc", "srat", "table_pages", "on_movable", "stained_nodes", "pinned", "result")


def records(text, rec):
    return [r for r in map(json.loads, (line for line in text.splitlines() if line.startswith("{"))) if r["rec"] == rec]


@pytest.mark.parametrize("machine", ["four-nodes", "pc-islands"])
def test_a_log_alone_replays_the_machine(machine, tmp_path):
    done = subprocess.run([ROOT / "tools/run", f"--machine={machine}", "--append=report=text,json,tables page_size=4k seed=0x21"],
                          capture_output=True, text=True, timeout=120)
    (tmp_path / "serial.log").write_text(done.stdout)
    subprocess.run(["acpixtract", "-a", "serial.log"], cwd=tmp_path, check=True, capture_output=True)
    boot, place = records(done.stdout, "boot")[0], records(done.stdout, "kaslr")[0]
    tables = ["--srat", "srat.dat"] + (["--slit", "slit.dat"] if (tmp_path / "slit.dat").exists() else [])
    again = subprocess.run([PREDICT, "--e820", "serial.log", *tables, "--kernel", f"{place['base']}:{place['end']}",
                            "--brk", f"{place['buffer']['start']}:{place['buffer']['pages']}", "--page-offset", place["page_offset"],
                            "--page-size", boot["page_size"], "--levels", str(boot["levels"]), "--kaslr", "off", "--alloc", "both",
                            "--json"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    verdicts = [[{k: r[k] for k in SAME} for r in records(out, "verdict")] for out in (done.stdout, again.stdout)]
    assert len(verdicts[0]) == 2 and verdicts[0] == verdicts[1], again.stderr
    costs = [[{k: v for k, v in r.items() if k not in ("boot_id", "seq", "crc")} for r in records(out, "cost")]
             for out in (done.stdout, again.stdout)]
    assert costs[0] == costs[1]
