# SPDX-License-Identifier: MIT
"""A boot's run on the host, on fake memory: in milliseconds what QEMU shows in half a second."""
import functools
import tempfile
from pathlib import Path

from landfall import host, paths, qemu
from landfall.records import Log

# QEMU's plain machine as a description.
PLAIN = """about QEMU's q35 with 512 MiB
source QEMU
qemu q35
memory 512M
cpu max
smp 1
la57 yes
phys_bits 40
map 0 0x9fc00 usable
map 0x9fc00 0xa0000 reserved
map 0xf0000 1M reserved
map 1M 0x1ffe0000 usable
map 0x1ffe0000 512M reserved
map 0xb0000000 3G reserved
map 0xfed1c000 0xfed20000 reserved
map 0xfffc0000 4G reserved
map 1012G 1T reserved
"""


class Run:
    """A finished run: exit status as QEMU's, log."""

    def __init__(self, machine, options, load=()):
        """machine None: QEMU's plain one. load: (address, bytes) that lie in memory."""
        with tempfile.TemporaryDirectory(prefix="landfall-") as folder:
            files = [(at, Path(folder) / f"{at:x}") for at, _ in load]
            for (_, file), (_, data) in zip(files, load):
                file.write_bytes(data)
            self.code, self.data = host.run(machine_of(machine), options.split(), paths.KERNEL, 60, files)
        self.stderr = ""

    @property
    def log(self):
        return Log(self.data)


@functools.cache
def own_folder():
    """Gone with this process."""
    return tempfile.TemporaryDirectory(prefix="landfall-")


@functools.cache
def machine_of(name):
    """A description as it is for runs on the host."""
    folder = Path(own_folder().name)
    if name is None:
        name = str(folder / "plain.machine")
        Path(name).write_text(PLAIN)
    return qemu.Machine(name, folder, host=True)
