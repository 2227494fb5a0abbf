# SPDX-License-Identifier: MIT
"""A small initial RAM disk: busybox, and a shell script that is the first process."""
import shutil
from pathlib import Path

from . import qemu
from .paths import ROOT

FETCHED = ROOT / "build/linux/busybox/busybox"  # where `make test-linux` puts Debian's


def pack_cpio(files):
    """A newc archive; files are {path: (mode, content)}."""
    out = b""
    for ino, (path, (mode, content)) in enumerate([*files.items(), ("TRAILER!!!", (0, b""))]):
        name = path.encode() + b"\0"
        fields = (ino, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0)
        head = b"070701" + b"".join(b"%08X" % f for f in fields) + name
        out += head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4)
    return out


def find_busybox():
    """A busybox that needs no library: the fetched one, or the host's."""
    for path in (FETCHED, shutil.which("busybox")):
        if path and Path(path).exists() and b"/ld-linux" not in Path(path).read_bytes():
            return Path(path)
    raise qemu.QemuError("no static busybox: install the package busybox-static, or fetch it by tests/linux/debian.py")


def build_initramfs(script):
    """A RAM disk whose first process is a busybox shell with this script; $b is busybox in it."""
    folder, program = 0o040755, 0o100755
    head = "#!/bin/busybox sh\nb=/bin/busybox\n$b mount -t proc proc /proc\n$b mount -t sysfs sysfs /sys\n"
    return pack_cpio({"bin": (folder, b""), "proc": (folder, b""), "sys": (folder, b""), "dev": (folder, b""),
                      "bin/busybox": (program, find_busybox().read_bytes()), "init": (program, (head + script).encode())})
