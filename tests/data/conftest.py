# SPDX-License-Identifier: MIT
"""Recorded tables and boot logs of real machines: optional data beside the project; without it these tests are skipped."""
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools")]
sys.dont_write_bytecode = True
os.chdir(ROOT)

RECORDED = ROOT.parent / "shared/data/srat"
PREDICT = ROOT / "build/landfall-predict"
