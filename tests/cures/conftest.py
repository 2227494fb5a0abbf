# SPDX-License-Identifier: MIT
"""Makes the project's Python modules known to the tests, and fetches Debian's kernels before the first of them."""
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests/linux")]
sys.dont_write_bytecode = True
os.chdir(ROOT)

import debian  # noqa: E402


def pytest_configure(config):
    if not hasattr(config, "workerinput"):  # once, not in every worker
        debian.prepare()
