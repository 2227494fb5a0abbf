# SPDX-License-Identifier: MIT
"""Where the project's files are: the only module that knows how its folders lie."""
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KERNEL = ROOT / "build/landfall.elf"
MACHINE_TOOL = ROOT / "build/landfall-machine"
PREDICT = ROOT / "build/landfall-predict"
MACHINES = ROOT / "tests/machines"
SCHEMA = ROOT / "tests/schema/records.json"
LOG = ROOT / "build/landfall.log"  # of the last run shown on a terminal
