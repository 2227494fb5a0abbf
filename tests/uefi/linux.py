# SPDX-License-Identifier: MIT
"""Debian's Linux with kexec in a RAM disk of its own; kernel and busybox are those of tests/linux."""
import gzip
import re
import shutil
import subprocess
import sys
from pathlib import Path

from firmware import ROOT

sys.path.insert(0, str(ROOT / "tests/linux"))  # before a package of the same name
import debian  # noqa: E402
from landfall.initramfs import pack_cpio  # noqa: E402

FOLDER, PROGRAM = 0o040755, 0o100755


def kernel():
    """Raises debian.Missing where it could not be fetched."""
    return debian.Kernel("6.12").path  # of Debian's kernels the one for virtual machines: up in two thirds of the time


def find_kexec():
    return shutil.which("kexec", path="/usr/sbin:/sbin:/usr/bin")


def initramfs(path, script, files):
    """A compressed archive with busybox, kexec with its libraries, these files, and `script` as the first program."""
    busybox, kexec = debian.FOLDER / "busybox/busybox", find_kexec()
    if not busybox.exists():
        raise debian.Missing(debian.reason("busybox"))
    if not kexec:
        raise debian.Missing("kexec is missing: install the package kexec-tools (make deps)")
    libraries = re.findall(r"(/\S+)", subprocess.run(["ldd", kexec], check=True, capture_output=True, text=True).stdout)
    parts = {"bin/busybox": busybox, "bin/kexec": kexec} | {name.lstrip("/"): name for name in libraries} | files
    folders = {"/".join(name.split("/")[:n]) for name in [*parts, "proc/", "sys/", "dev/"] for n in range(1, name.count("/") + 1)}
    content = {name: (FOLDER, b"") for name in sorted(folders)}
    content |= {name: (PROGRAM, Path(source).read_bytes()) for name, source in parts.items()}
    content["init"] = (PROGRAM, b"#!/bin/busybox sh\n" + script.encode())
    path.write_bytes(gzip.compress(pack_cpio(content), 1))
    return path
