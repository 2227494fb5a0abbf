# SPDX-License-Identifier: MIT
"""Makes the project's Python modules known to the tests, and fetches Debian's kernels before the first of them.

What is marked `wide` is run by `make test-linux KERNELS="..."` only: `make test` boots a handful of machines."""
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests/qemu"), str(ROOT / "tests/uefi"), str(Path(__file__).parent)]
sys.dont_write_bytecode = True
os.chdir(ROOT)

import debian  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "wide: only with KERNELS in the environment")
    if not hasattr(config, "workerinput"):  # once, not in every worker
        debian.prepare()


def pytest_collection_modifyitems(config, items):
    if debian.WIDE:
        return
    wide = [item for item in items if item.get_closest_marker("wide")]
    config.hook.pytest_deselected(items=wide)
    items[:] = [item for item in items if item not in set(wide)]
