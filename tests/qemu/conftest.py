# SPDX-License-Identifier: MIT
"""Makes the project's Python modules known to the tests, and QEMU easy to start."""
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(Path(__file__).parent)]
sys.dont_write_bytecode = True
os.chdir(ROOT)  # paths in cases.toml are relative to it

from landfall import paths, qemu, ways  # noqa: E402
from landfall.gdb import Gdb  # noqa: E402
from landfall.records import Log  # noqa: E402

LINK_VIRT = 0xFFFFFFFF81000000  # linker.ld: where the image is linked, and where it runs before it moves
ENTRY = 0x1000280  # physical entry point; test_inside.py sees to it that this is still so


def pytest_configure(config):
    config.addinivalue_line("markers", "check: one of the boots of `make check`")


class Boot:
    """A finished boot: exit status, log, command."""

    def __init__(self, guest, code):
        self.code, self.data, self.command = code, guest.log, guest.command
        self.stderr = guest.stderr()

    @property
    def log(self):
        return Log(self.data)


def arguments(machine, options, qemu_args, folder, debug_exit=True, way=("elf", False)):
    """QEMU's command line for a description (None: the plain machine) and kernel options; way: the image, by UEFI or not."""
    m = qemu.Machine(machine, folder)
    exit_device = qemu.DEBUG_EXIT if debug_exit else []
    image, uefi = way
    return m.args + exit_device + ways.boot_args(image, m.options + options.split(), uefi, folder) + list(qemu_args)


def boot(machine=None, options="", qemu_args=(), timeout=60, **more):
    """Runs a machine to its end. A hang is an exit status None."""
    with tempfile.TemporaryDirectory(prefix="landfall-") as folder:
        with qemu.Guest(arguments(machine, options, qemu_args, folder, **more)) as guest:
            return Boot(guest, guest.wait(timeout))


def wait_for_halt(guest, timeout=60):
    """Reads on until the end record is there and the CPU stands in HLT; False when QEMU ends or time is up before."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline and guest.read(0.05) != b"":
        if b'"rec":"end"' in guest.log and "HLT=1" in guest.qmp.human("info registers"):
            while guest.read(0.05):
                pass
            return True
    return False


class Halted:
    """A guest that has run with exit=halt and stands still: its log, and QEMU's monitor to look inside."""

    def __init__(self, machine=None, options="", qemu_args=(), timeout=60):
        self.folder = tempfile.TemporaryDirectory(prefix="landfall-")
        self.guest = qemu.Guest(arguments(machine, options + " exit=halt", qemu_args, self.folder.name), qmp=True)
        try:
            assert wait_for_halt(self.guest, timeout), self.guest.log[-2000:]
            self.guest.qmp.command("stop")
            self.log, self.qmp = Log(self.guest.log), self.guest.qmp
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.guest.__exit__()
        self.folder.cleanup()


class Debugged:
    """A guest that stands at its first instruction, under the control of gdb's protocol."""

    def __init__(self, machine=None, options="", qemu_args=()):
        self.folder = tempfile.TemporaryDirectory(prefix="landfall-")
        self.guest = qemu.Guest(arguments(machine, options, qemu_args, self.folder.name), qmp=True, gdb=True)
        self.qmp = self.guest.qmp
        self.gdb = Gdb(self.guest)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.gdb.close()
        self.guest.__exit__()
        self.folder.cleanup()


def symbols():
    """Link-time addresses of the kernel's symbols."""
    lines = subprocess.run(["nm", paths.KERNEL], check=True, capture_output=True, text=True).stdout.splitlines()
    return {name: int(address, 16) for address, _, name in (line.split() for line in lines if line[0] != " ")}


@pytest.fixture(scope="session")
def kernel_symbols():
    return symbols()
