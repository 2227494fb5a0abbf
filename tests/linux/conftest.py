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

import boots  # noqa: E402
import debian  # noqa: E402
import pytest  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "wide: only with KERNELS in the environment")
    if not hasattr(config, "workerinput"):  # once, not in every worker
        debian.prepare()


@pytest.fixture(scope="session")
def last_slot():
    """The Linux that has one slot only and whose page tables run over from there, stopped with its nodes known: one for all tests that
    look at it. Their group has to be `last-slot`, so that they run in one process."""
    kernel = boots.kernel(boots.LAST_SLOT_IS_FOR)
    with boots.Linux(kernel, *boots.LAST_SLOT) as linux:
        yield boots.Stopped(linux)


def pytest_collection_modifyitems(config, items):
    if debian.WIDE:
        return
    wide = [item for item in items if item.get_closest_marker("wide")]
    config.hook.pytest_deselected(items=wide)
    items[:] = [item for item in items if item not in set(wide)]
