# SPDX-License-Identifier: MIT
"""A second emulator boots the image under its own BIOS, which takes it ten seconds: only with LANDFALL_TESTS=all."""
import re
import shutil
import subprocess
import time

import pytest
from firmware import ISO, landfall_part
from landfall.records import Log

LAST = re.compile(rb"ok \d+ - clean: memblock( # SKIP no verdict)?\r\n|Bail out!")

BOCHS = shutil.which("bochs-bin") or shutil.which("bochs")
CONFIG = """config_interface: textconfig
display_library: rfb, options="timeout=0"
cpu: model=corei7_skylake_x, count=1, ips=50000000, reset_on_triple_fault=0
memory: guest=512, host=512
romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
vgaromimage: file=/usr/share/vgabios/vgabios.bin
vga: extension=vbe
pci: enabled=1, chipset=i440fx
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path="{iso}", status=inserted
boot: cdrom
clock: sync=none, time0=1700000000
log: {folder}/bochs.log
panic: action=fatal
error: action=report
com1: enabled=1, mode=file, dev={folder}/serial
speaker: enabled=0
"""


@pytest.mark.skipif(not BOCHS, reason="Bochs is not installed (bochs bochs-term bochsbios vgabios)")
def test_image_in_bochs(tmp_path):
    (tmp_path / "bochsrc").write_text(CONFIG.format(iso=ISO, folder=tmp_path))
    (tmp_path / "go").write_text("c\n")  # Debian's build stops in its debugger first
    serial, deadline = tmp_path / "serial", time.monotonic() + 150
    with subprocess.Popen([BOCHS, "-q", "-rc", tmp_path / "go", "-f", tmp_path / "bochsrc"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as bochs:
        # Without QEMU's exit device the machine stands still at the end.
        while time.monotonic() < deadline and bochs.poll() is None and not (serial.exists() and LAST.search(serial.read_bytes())):
            time.sleep(0.2)
        bochs.kill()
    log = Log(landfall_part(serial.read_bytes()))
    log.check_run()
    assert log.status == "clean" and log.verdict["srat"] == "absent"
    assert log.one("boot")["protocol"] == "linux"
