# SPDX-License-Identifier: MIT
"""Times init_mem_mapping of Debian's Linux 6.1 in QEMU, between two hardware breakpoints over gdb's protocol."""
import time

import debian
from landfall import qemu
from landfall.gdb import Gdb
from landfall.kallsyms import Image, symbols_of


def fetch():
    """The kernel, from Debian's archive the first time."""
    debian.prepare()
    return debian.Kernel("6.1")


def find_symbol(kernel):
    """Address of init_mem_mapping without KASLR: the package's System.map is empty, so the kernel itself is asked."""
    return symbols_of(Image(kernel.path), ["init_mem_mapping"])["init_mem_mapping"]


def time_init_mem_mapping(kernel, address, machine):
    """Seconds from the first instruction of init_mem_mapping to its return, seen from outside."""
    args = machine + ["-kernel", str(kernel.path), "-append", "nokaslr"]
    with qemu.Guest(args, gdb=True) as guest:
        gdb = Gdb(guest)
        gdb.run_to(address, 60)
        back = int.from_bytes(gdb.read(gdb.register("RSP"), 8), "little")
        start = time.monotonic()
        gdb.run_to(back, 60)
        seconds = time.monotonic() - start
        gdb.close()
    return seconds
