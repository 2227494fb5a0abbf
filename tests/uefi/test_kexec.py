# SPDX-License-Identifier: MIT
"""A running Linux moves into Landfall by kexec, after a BIOS and after a UEFI boot, by the lines that docs/real-hardware.md gives."""
import re

import linux
import pytest
from linux import debian
from firmware import ELF, OVMF, ROOT, run

DOCS = (ROOT / "docs/real-hardware.md").read_text()
LINE = re.search(r"```sh\n(rsdp=.*?kexec -e)\n```", DOCS, re.S)[1]


@pytest.fixture(scope="module")
def kernel():
    try:
        return linux.kernel()
    except debian.Missing as e:
        pytest.skip(str(e))


@pytest.fixture(scope="module")
def initramfs(tmp_path_factory, kernel):
    script = f"""/bin/busybox mkdir -p /proc /sys /dev /sbin
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
cd /
{LINE.replace("build/landfall.elf", "/landfall.elf").replace("OPTIONS", "seed=0x61")}
echo kexec came back
poweroff -f
"""
    return linux.initramfs(tmp_path_factory.mktemp("kexec") / "initramfs", script, {"landfall.elf": ELF})


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_kexec(kernel, initramfs, firmware):
    done = run([*(OVMF if firmware == "uefi" else []), "-kernel", kernel, "-initrd", initramfs,
                "-append", "console=ttyS0 loglevel=4 panic=-1 no_timer_check", "-smp", "2"], timeout=120,
               machine="tests/uefi/above-4g.machine")
    assert done.verdict == "clean", done.text[-3000:]
    log = done.log
    log.check_run()
    boot = log.one("boot")
    assert boot["protocol"] in ("multiboot1", "multiboot2") and boot["loader"].startswith("kexec")
    options = boot["cmdline"].split()
    assert options[0] == "seed=0x61" and len(options) <= 2, options
    assert firmware == "bios" or options[1].startswith("acpi_rsdp=0x"), options
    assert log.verdict["srat"] == "ok"
    assert [n["movable"] for n in log.all("node")] == [False, True]
