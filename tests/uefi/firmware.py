# SPDX-License-Identifier: MIT
"""Boots through OVMF, GRUB and the network: disks and logs."""
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from landfall import qemu
from landfall.records import Log, need

ROOT = Path(__file__).resolve().parents[2]
EFI, ELF, ISO = (ROOT / f"build/landfall.{kind}" for kind in ("efi", "elf", "iso"))
OVMF = qemu.uefi_args()  # starts in half the time of the flash pair; keeps no variables
MACHINE = "tests/uefi/above-4g.machine"
ESCAPES = re.compile(rb"\x1b(\[[0-9;=?]*[A-Za-z]|[()][0-9A-B])")
BANNER = re.compile(rb'\[ *\d+\.\d{6}\] Landfall |\{"rec":"boot"')
LAST = re.compile(rb"(?:(?:not )?ok \d+ - |Bail out! )[^\r\n]*\r\n")


def serial(data):
    """The serial line as text, without what moves a terminal's cursor."""
    return ESCAPES.sub(b"", data).decode("ascii", "replace").replace("\r", "")


def landfall_part(data):
    """What Landfall printed, without firmware's and GRUB's lines before and after it."""
    data = ESCAPES.sub(b"", data)
    begin, ends = BANNER.search(data), list(LAST.finditer(data))
    need(begin and ends, f"no log of Landfall:\n{serial(data)[-3000:]}")
    return data[begin.start():ends[-1].end()]


def is_loader(said, name):
    """Debian 13's OVMF is of Debian's distribution, as it says first."""
    return said.removeprefix("Debian distribution of ").startswith(name)


class Done:
    """A finished boot."""

    def __init__(self, guest, code):
        self.code, self.data, self.stderr = code, guest.log, guest.stderr()

    @property
    def verdict(self):
        return qemu.VERDICTS.get(self.code)

    @property
    def text(self):
        return serial(self.data)

    @property
    def log(self):
        return Log(landfall_part(self.data))


def run(args, timeout=90, until=None, press=None, machine=None, accel="tcg", give_up=None):
    """Runs QEMU to its end, or until the serial line shows `until`, which it must, or `give_up`. press: (what to wait for, key) once."""
    with tempfile.TemporaryDirectory(prefix="landfall-") as folder:
        base = [arg.replace(",accel=tcg", "") for arg in qemu.Machine(machine, folder).args]
        base += ["-accel", accel, *qemu.DEBUG_EXIT]
        with qemu.Guest(base + [str(a) for a in args], qmp=press is not None) as guest:
            deadline = time.monotonic() + timeout
            if press:
                need(guest.read_until(press[0], timeout), f"no {press[0]}:\n{serial(guest.log)[-3000:]}")
                guest.qmp.command("send-key", keys=[{"type": "qcode", "data": press[1]}])
            if until:
                found = guest.read_until(until, deadline - time.monotonic())
                need(found, f"no {until}:\n{serial(guest.log)[-3000:]}")
                return Done(guest, None)
            if give_up and guest.read_until(give_up, deadline - time.monotonic()):
                return Done(guest, None)
            return Done(guest, guest.wait(deadline - time.monotonic()))


def boot_efi(options="", args=(), **more):
    """The application straight from QEMU; the options are its load options."""
    return run([*OVMF, "-kernel", EFI, "-append", options, *args], **more)


class Disk:
    """A FAT volume in a file; files are {path: bytes or Path}."""

    def __init__(self, folder, files):
        self.path = Path(folder) / "disk.img"
        with open(self.path, "wb") as f:
            f.truncate(16 << 20)
        self._mtools("mformat", "-i", self.path, "::")
        folders = {"/".join(name.split("/")[:n]) for name in files for n in range(1, name.count("/") + 1)}
        for name in sorted(folders):
            self._mtools("mmd", "-i", self.path, f"::{name}")
        for name, content in files.items():
            if isinstance(content, bytes):
                source = Path(folder) / "content"
                source.write_bytes(content)
                content = source
            self._mtools("mcopy", "-i", self.path, content, f"::{name}")

    @staticmethod
    def _mtools(*command):
        return subprocess.run([str(c) for c in command], check=True, capture_output=True).stdout

    def fill(self, leave):
        """Leaves about that many bytes free."""
        free = re.search(rb"([\d ]+) bytes free", self._mtools("mdir", "-i", self.path, "::"))[1].replace(b" ", b"")
        content = self.path.parent / "content"
        content.write_bytes(bytes(int(free) - leave))
        self._mtools("mcopy", "-i", self.path, content, "::fill")

    def read(self, name):
        return self._mtools("mtype", "-i", self.path, f"::{name}")

    @property
    def args(self):
        """As the volume that is booted from."""
        return self.more("", "", ",bootindex=1")

    def more(self, number, drive="", device=""):
        """As a further volume."""
        return ["-drive", f"if=none,id=d{number},format=raw,file={self.path}{drive}", "-device", f"virtio-blk-pci,drive=d{number}{device}"]


def boot_disk(folder, files, args=(), **more):
    """OVMF with a FAT volume that has these files; the disk is returned too."""
    disk = Disk(folder, files)
    return run([*OVMF, *disk.args, *args], **more), disk


def grub_cd(folder, script, *more):
    """A CD for BIOS and UEFI that does what the script says, with both files on it; more: further modules of GRUB."""
    tree = Path(folder) / "iso/boot/grub"
    tree.mkdir(parents=True)
    for file in (ELF, EFI):
        shutil.copy(file, tree.parent)
    (tree / "grub.cfg").write_text(script)
    modules = " ".join(["normal multiboot multiboot2 chain all_video iso9660", *more])
    subprocess.run(["grub-mkrescue", "-o", f"{folder}/x.iso", "--locales=", "--fonts=", "--themes=",
                    f"--install-modules={modules}", f"{folder}/iso"], check=True, capture_output=True)
    return ["-cdrom", f"{folder}/x.iso"]


def flash(folder, variables):
    """The two-part firmware with a variable store of its own, as Secure Boot needs it."""
    store = Path(folder) / "vars.fd"
    shutil.copy(f"/usr/share/OVMF/{variables}", store)
    code = variables.replace("VARS", "CODE")  # keeps them in SMM
    return ["-global", "cfi.pflash01.secure=on", "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/{code}",
            "-drive", f"if=pflash,unit=1,format=raw,file={store}"]
