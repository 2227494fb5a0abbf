# SPDX-License-Identifier: MIT
"""Boots Linux and Landfall on the same machine: same description, same SRAT, same CPU, same memory map options."""
import subprocess
import tempfile
from pathlib import Path

import debian
from landfall import paths, qemu, witness
from linuxlog import LinuxLog
from landfall.records import Log, need

ROOT = Path(__file__).resolve().parents[2]
PREDICT = ROOT / "build/landfall-predict"
EARLY = "earlyprintk=serial,ttyS0,115200 ignore_loglevel"
CONSOLE = f"console=ttyS0 {EARLY} memblock=debug"
LAST_SLOT_IS_FOR = "6.1"  # the kernel for which the machine of that name has one slot
# The first allocation after nodes are registered: page tables, marks and nodes are final, and with 4 KiB pages tens of
# thousands of lines on the memory map follow.
NODES_KNOWN = r"sparse_(?:init|init_nid|index_alloc)\+"
# What a CPU has to lack so that Linux, which has no option for it, uses no larger leaves.
LEAF = {"4k": ",-pse,-pdpe1gb", "2m": ",-pdpe1gb", "1g": ""}
LEVELS = {4: ",la57=off", 5: ""}


def machine_path(name):
    """Machines made for this comparison come before those of everybody."""
    own = ROOT / f"tests/linux/machines/{name}.machine"
    return str(own) if own.exists() else name


def cpu(leaf, levels):
    return ["-cpu", "max" + LEVELS[levels] + LEAF[leaf]]


class Linux:
    """A guest that runs Linux; in a `with` block, stopped by stop_at()."""

    def __init__(self, kernel, machine, options, qemu_args=(), initrd=None):
        self.folder = tempfile.TemporaryDirectory(prefix="landfall-")
        m = qemu.Machine(machine_path(machine), self.folder.name)
        # Of a machine's own options Linux knows those that shape the memory map.
        words = [*(w for w in m.options if w.startswith("mem")), *options.split()]
        args = m.args + ["-kernel", str(kernel.path), "-append", " ".join(words), *qemu_args]
        if initrd:
            path = Path(self.folder.name) / "initrd"
            path.write_bytes(initrd)
            args += ["-initrd", str(path)]
        self.guest = qemu.Guest(args, qmp=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.guest.__exit__()
        self.folder.cleanup()

    def stop_at(self, pattern, timeout=120):
        """Lets it run until the log has the pattern; the log up to there."""
        found = self.guest.read_until(pattern.encode(), timeout)
        need(found, f"Linux did not come to {pattern}: {self.guest.log[-1500:]!r} {self.guest.stderr()}")
        self.guest.qmp.command("stop")
        return LinuxLog(self.guest.log)

    def direct_map(self):
        """(base, tables) of the direct map, walked from CR3 in guest memory."""
        return witness.direct_map(self.guest.qmp)


# Machine, options and CPU of the fixture of that name.
LAST_SLOT = "last-slot", f"{CONSOLE} movable_node", cpu("4k", 4)


class Stopped:
    """A Linux that stands where its nodes are known: its log and its direct map. Its monitor is free for another program."""

    def __init__(self, linux):
        self.linux, self.log = linux, linux.stop_at(NODES_KNOWN)
        self.page_offset, self.tables = linux.direct_map()
        linux.guest.qmp.close()  # a QMP socket serves one client at a time
        linux.guest.qmp = None


def stopped(request, kernel, machine, options, args):
    """That boot; for the machine of the fixture last_slot the one that it has made."""
    if (kernel.name, machine, options.split(), args) == (LAST_SLOT_IS_FOR, LAST_SLOT[0], LAST_SLOT[1].split(), LAST_SLOT[2]):
        return request.getfixturevalue("last_slot")
    with Linux(kernel, machine, options, args) as linux:
        return Stopped(linux)


def landfall(machine, options, qemu_args=(), timeout=120):
    """Landfall's log of that machine, checked line by line and record by record."""
    with tempfile.TemporaryDirectory(prefix="landfall-") as folder:
        m = qemu.Machine(machine_path(machine), folder)
        args = m.args + qemu.DEBUG_EXIT + qemu.boot_args(paths.KERNEL, m.options + options.split()) + list(qemu_args)
        with qemu.Guest(args) as guest:
            code = guest.wait(timeout)
            need(qemu.VERDICTS.get(code) in ("clean", "stained"), f"{code}: {qemu.last_error(guest.log)} {guest.stderr()}")
            return Log(guest.log)


def geometry(kernel, log):
    """image_size= for a kernel whose log is at hand: its slot's size and its end, as Linux's chooser sees them."""
    base, end = log.kernel
    slot = (max(kernel.output_len, end - base) + (2 << 20) - 1) & -(2 << 20)
    return slot, end - base


def image_size(kernel, log):
    """The option that has Landfall pretend to be that kernel."""
    slot, end = geometry(kernel, log)
    return f"image_size={slot:#x},{end:#x}"


def predict(log, *args, status=(0, 1)):
    """landfall-predict on a log (bytes); what it prints."""
    done = subprocess.run([PREDICT, "--linux-log", "-", *map(str, args)], input=log, capture_output=True, timeout=120)
    need(done.returncode in status, f"{done.returncode}: {done.stdout[-500:]} {done.stderr}")
    return done.stdout.decode()


def kernel(name):
    """An unpacked Linux; the test is skipped, with the reason, where it cannot be had."""
    import pytest
    try:
        return debian.Kernel(name)
    except debian.Missing as e:
        pytest.skip(str(e))
