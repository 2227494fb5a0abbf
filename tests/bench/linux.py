# SPDX-License-Identifier: MIT
"""Times init_mem_mapping of Debian's Linux 6.1 in QEMU, between two hardware breakpoints over gdb's protocol."""
import re
import time

import debian
from landfall import paths, qemu
from gdbstub import Gdb

CACHE = paths.ROOT / "build/bench"
ASK = """/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox grep ' init_mem_mapping$' /proc/kallsyms >/dev/console
/bin/busybox poweroff -f
"""


def fetch():
    """The kernel, from Debian's archive the first time."""
    debian.prepare()
    return debian.Kernel("6.1")


def find_symbol(kernel):
    """Address of init_mem_mapping without KASLR: the package's System.map is empty, so the kernel itself is asked."""
    known = CACHE / f"init_mem_mapping-{kernel.release}"
    if not known.exists():
        archive = CACHE / "initramfs"
        archive.write_bytes(debian.initramfs(ASK))
        args = ["-kernel", str(kernel.path), "-initrd", str(archive), "-append", "console=ttyS0 nokaslr quiet panic=-1"]
        with qemu.Guest(qemu.PLAIN + args) as guest:
            guest.wait(120)
            address = re.search(rb"([0-9a-f]{16}) . init_mem_mapping", guest.log)
        if not address:
            raise qemu.QemuError("Linux did not tell where init_mem_mapping is")
        known.write_text(address[1].decode())
    return int(known.read_text(), 16)


def time_init_mem_mapping(kernel, address, machine):
    """Seconds from the first instruction of init_mem_mapping to its return, seen from outside."""
    args = machine + ["-kernel", str(kernel.path), "-append", "nokaslr"]
    with qemu.Guest(args, gdb=True) as guest:
        gdb = Gdb(guest.folder / "gdb")
        gdb.run_to(address, 60)
        back = int.from_bytes(gdb.read(gdb.register("RSP"), 8), "little")
        start = time.monotonic()
        gdb.run_to(back, 60)
        seconds = time.monotonic() - start
        gdb.close()
    return seconds
