# SPDX-License-Identifier: MIT
"""Where functions and variables of a Linux image lie: asked of the kernel itself, which is booted once for it."""
import hashlib
import os
import re
import struct
import tempfile
from pathlib import Path

from . import qemu
from .initramfs import build_initramfs
from .paths import ROOT

CACHE = ROOT / "build/transplant"
# Without what a compiler has cut in two or made for one caller (`.cold`, `.constprop.0`): its arguments may be elsewhere.
LINE = re.compile(r"^([0-9a-f]{16}) \w (\w+)\r?$", re.M)


class Image:
    """A bzImage: its path and what its header says."""

    def __init__(self, path):
        self.path = Path(path)
        self.bytes = self.path.read_bytes()
        if self.bytes[0x202:0x206] != b"HdrS":
            raise qemu.QemuError(f"{path}: no bzImage of Linux")
        at = 0x200 + struct.unpack_from("<H", self.bytes, 0x20E)[0]
        self.release = self.bytes[at:at + 200].split(b" ")[0].split(b"\0")[0].decode("ascii", "replace")

    def key(self, names):
        return hashlib.sha256(self.bytes + " ".join(names).encode()).hexdigest()[:16]


def ask(image, names):
    """What /proc/kallsyms of a boot without KASLR says of these names."""
    # Words and no pattern: busybox finds them in a fifth of the time. What else has such a word in it does not become a symbol.
    script = f"$b grep -wF {' '.join(f'-e {name}' for name in names)} /proc/kallsyms\necho THE END\n$b poweroff -f\n"
    with tempfile.TemporaryDirectory(prefix="landfall-") as folder:
        archive = Path(folder) / "initramfs"
        archive.write_bytes(build_initramfs(script))
        args = ["-m", "1G", "-kernel", str(image.path), "-initrd", str(archive), "-append", "console=ttyS0 nokaslr quiet panic=-1"]
        with qemu.Guest(qemu.PLAIN + args) as guest:
            if not guest.read_until(b"THE END\r?\n", 300):
                raise qemu.QemuError(f"{image.path}: does not come to a shell: {guest.stderr().strip() or qemu.last_words(guest.log)}")
            return guest.log.decode("ascii", "replace")


def read_symbols(text):
    """{name: address} of lines as in /proc/kallsyms or a System.map."""
    return {name: int(address, 16) for address, name in LINE.findall(text)}


def lines_of(image, names):
    """Lines of a System.map for these names, without KASLR. The answer is kept: it takes a boot."""
    kept = CACHE / f"{image.release}-{image.key(names)}.symbols"
    if not kept.exists():
        text = "".join(f"{m[0]}\n" for m in LINE.finditer(ask(image, names).replace("\r", "")))
        CACHE.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_suffix(f".{os.getpid()}")  # another process may ask the same
        unfinished.write_text(text)
        unfinished.rename(kept)
    return kept.read_text()


def symbols_of(image, names):
    """{name: address} of these names."""
    return read_symbols(lines_of(image, names))
