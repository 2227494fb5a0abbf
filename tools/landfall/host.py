# SPDX-License-Identifier: MIT
"""Runs the kernel's run on the host, on fake memory: the log of a boot in milliseconds, of any machine, without QEMU."""
import subprocess

from . import paths, qemu

REFUSED = 64  # landfall-host: nothing has run


def run(machine, options, kernel, timeout, load=()):
    """(exit status as QEMU's or None when time was up, log as a serial line has it). load: (address, file) that is put into memory."""
    if machine.path is None:
        raise qemu.QemuError("a run on the host needs a machine description")
    if not paths.HOST_TOOL.exists():
        raise qemu.QemuError(f"{paths.HOST_TOOL} is missing: run make")
    try:
        loads = [word for address, file in load for word in ("--load", hex(address), file)]
        done = subprocess.run([paths.HOST_TOOL, *loads, machine.path, kernel, *options], capture_output=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return None, b""
    if done.returncode == REFUSED:
        raise qemu.QemuError(done.stderr.decode(errors="replace").strip())
    return done.returncode, done.stdout.replace(b"\n", b"\r\n")
