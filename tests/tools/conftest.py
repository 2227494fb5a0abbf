# SPDX-License-Identifier: MIT
"""Makes the project's Python modules known to the tests."""
import os
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools")]
sys.dont_write_bytecode = True
os.chdir(ROOT)
# A shell starts what it runs in the background with Ctrl-C ignored, and programs would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
