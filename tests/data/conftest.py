# SPDX-License-Identifier: MIT
"""Recorded tables and boot logs of real machines: the folder srat/ of LANDFALL_DATA. Without it these tests are skipped."""
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools")]
sys.dont_write_bytecode = True
os.chdir(ROOT)

RECORDED = Path(os.environ.get("LANDFALL_DATA", "/nonexistent")) / "srat"
PREDICT = ROOT / "build/landfall-predict"
