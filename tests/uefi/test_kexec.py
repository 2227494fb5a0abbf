# SPDX-License-Identifier: MIT
"""A running Linux moves into Landfall by kexec, after a BIOS and after a UEFI boot, by the lines that docs/real-hardware.md gives."""
import itertools
import re
import subprocess

import linux
import pytest
from linux import debian
import selection
from firmware import EFI, ELF, OVMF, ROOT, run

DOCS = (ROOT / "docs/real-hardware.md").read_text()
LINES = {"load": re.search(r"```sh\n(kexec -l .*?kexec -e)\n```", DOCS, re.S)[1],
         "multiboot2": re.search(r"```sh\n(rsdp=.*?kexec -e)\n```", DOCS, re.S)[1]}
LINES["file"] = LINES["load"].replace("kexec -l", "kexec -s -l")


@pytest.fixture(scope="module")
def kernel():
    try:
        return linux.kernel()
    except debian.Missing as e:
        pytest.skip(str(e))


@pytest.fixture(scope="module")
def initramfs(tmp_path_factory, kernel):
    """The way is a word of Linux's command line."""
    cases = "\n".join(f"*{name}*) {re.sub('OPTIONS|exit=reboot', 'seed=0x61', line)} ;;" for name, line in LINES.items())
    script = f"""/bin/busybox mkdir -p /proc /sys /dev /sbin /build
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
cd /
case $(cat /proc/cmdline) in
{cases}
esac
echo kexec came back
poweroff -f
"""
    return linux.initramfs(tmp_path_factory.mktemp("kexec") / "initramfs", script,
                           {"build/landfall.elf": ELF, "build/landfall.efi": EFI})


# Each system call once, and where the RSDP has to be told. LANDFALL_TESTS=all takes each way after each firmware.
PAIRS = [("load", "bios"), ("file", "uefi"), ("multiboot2", "uefi")]


@pytest.mark.parametrize("way, firmware", itertools.product(LINES, ["bios", "uefi"]) if selection.ALL else PAIRS)
def test_kexec(kernel, initramfs, way, firmware):
    """Both system calls, and Multiboot 2; only the last has to be told where the RSDP is."""
    # With a thread for each CPU QEMU's translator runs stale code while Linux patches its own.
    done = run([*(OVMF if firmware == "uefi" else []), "-kernel", kernel, "-initrd", initramfs,
                "-append", f"console=ttyS0 loglevel=4 panic=-1 no_timer_check way={way}", "-smp", "2"], timeout=300,
               machine="tests/uefi/above-4g.machine", accel="tcg,thread=single")
    if way == "multiboot2" and "Invalid memory segment" in done.text:
        if "2.0.29" in subprocess.run([linux.find_kexec(), "--version"], capture_output=True, text=True).stdout:
            pytest.skip("kexec-tools 2.0.29 takes memory that Linux calls RAM for none")
    assert done.verdict == "clean", done.text[-3000:]
    log = done.log
    log.check_run()
    boot = log.one("boot")
    options = boot["cmdline"].split()
    if way == "multiboot2":
        assert boot["protocol"] == "multiboot2" and boot["loader"].startswith("kexec")
        assert firmware == "bios" or options[1].startswith("acpi_rsdp=0x"), options
    else:
        assert boot["protocol"] == "linux" and boot["loader"].startswith("kexec")
        assert options == ["seed=0x61"]
    assert options[0] == "seed=0x61"
    assert log.verdict["srat"] == "ok"
    assert [n["movable"] for n in log.all("node")] == [False, True]
