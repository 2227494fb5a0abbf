# SPDX-License-Identifier: MIT
"""Makes the project's Python modules known to the tests."""
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests/qemu"), str(Path(__file__).parent)]
sys.dont_write_bytecode = True
os.chdir(ROOT)

import selection  # noqa: E402

collect_ignore = [] if selection.ALL else ["test_bochs.py"]
