# SPDX-License-Identifier: MIT
"""One file by every way that boots Linux: the same machine, the same nodes, the same verdicts."""
import functools
import itertools
import re
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

import maps
import pytest
import selection
from firmware import EFI, ELF, ISO, MACHINE, OVMF, ROOT, Disk, grub_cd, is_loader, run
from landfall import ways

OPTIONS = "seed=0x71 alloc=both"
G = 1 << 30
SYSLINUX = "/usr/lib/syslinux/modules/bios"
CONFIG = f"DEFAULT k\nPROMPT 0\nLABEL k\n KERNEL landfall.efi\n APPEND {OPTIONS}\n"


def network(folder, files, first, card):
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        if isinstance(content, bytes):
            (folder / name).write_bytes(content)
        else:
            shutil.copy(content, folder / name)
    return ["-netdev", f"user,id=n,tftp={folder},bootfile={first}", "-device", f"{card},netdev=n,bootindex=1"]


def grub(folder, before=""):
    return grub_cd(folder, f"insmod all_video\n{before}linux /boot/landfall.efi {OPTIONS}\nboot\n", "linux")


def handover(folder):
    """What Debian's GRUB does by itself under Secure Boot: it goes into the file without UEFI's loader, with boot_params in hand."""
    script = f"linuxefi /boot/landfall.efi {OPTIONS}\ninitrdefi /boot/grub/grub.cfg"
    return ways.cd(ISO, script, {ways.GRUB: "/boot/grub/x86_64-efi"}, folder)


def syslinux(folder):
    disk = Disk(folder, {"landfall.efi": EFI, "syslinux.cfg": CONFIG.encode()})
    subprocess.run(["syslinux", "--install", str(disk.path)], check=True, capture_output=True)
    return ["-drive", f"if=none,id=d,format=raw,file={disk.path}", "-device", "virtio-blk-pci,drive=d,bootindex=1"]


def systemd_boot(folder):
    entry = f"title Landfall\nlinux /landfall.efi\noptions {OPTIONS}\n"
    return Disk(folder, {"EFI/BOOT/BOOTX64.EFI": "/usr/lib/systemd/boot/efi/systemd-bootx64.efi", "landfall.efi": EFI,
                         "loader/loader.conf": b"default k.conf\ntimeout 0\n", "loader/entries/k.conf": entry.encode()}).args


def pxelinux(folder):
    return network(folder, {"pxelinux.0": "/usr/lib/PXELINUX/pxelinux.0", "ldlinux.c32": f"{SYSLINUX}/ldlinux.c32",
                            "landfall.efi": EFI, "pxelinux.cfg/default": CONFIG.encode()}, "pxelinux.0", "e1000")


def ipxe(folder):
    return network(folder, {"go": f"#!ipxe\nkernel landfall.efi {OPTIONS}\nboot\n".encode(), "landfall.efi": EFI}, "go", "e1000")


# way: firmware, what makes the rest of QEMU's arguments, protocol, loader.
WAYS = {
    "qemu": ([], lambda _: ["-kernel", EFI, "-append", OPTIONS], "linux", "qemu ("),
    "qemu-uefi": (OVMF, lambda _: ["-kernel", EFI, "-append", OPTIONS], "uefi", "EDK II"),
    "grub": ([], grub, "linux", "GRUB ("),
    "grub-uefi": (OVMF, grub, "linux", "GRUB ("),
    "grub-handover": (OVMF, handover, "uefi", "EDK II"),
    "pxelinux": ([], pxelinux, "linux", "SYSLINUX ("),
    "syslinux": ([], syslinux, "linux", "SYSLINUX ("),
    "ipxe": ([], ipxe, "linux", "iPXE ("),
    "systemd-boot": (OVMF, systemd_boot, "uefi", "EDK II"),
}


if not selection.ALL:  # but for its options a way of test_boot.py
    del WAYS["qemu-uefi"]
if not (ways.GRUB / "linuxefi.mod").exists():  # since 2.12, GRUB lets the firmware start the file
    del WAYS["grub-handover"]


@functools.lru_cache(maxsize=None)
def log_of(way):
    firmware, make, *_ = WAYS[way]
    with tempfile.TemporaryDirectory(prefix="landfall-") as folder:
        done = run([*firmware, *make(Path(folder))], machine=MACHINE)
    assert done.verdict == "clean", done.text[-3000:]
    return done.log


@pytest.mark.parametrize("way", WAYS)
def test_same_machine(way):
    *_, protocol, loader = WAYS[way]
    log = log_of(way)
    log.check_run()
    boot = log.one("boot")
    assert boot["protocol"] == protocol
    assert bool(log.all("reserved", what="module")) == (way == "grub-handover")
    assert is_loader(boot["loader"], loader) and boot["cmdline"] == OPTIONS
    assert [(r["node"], r["pxm"], r["hotplug"], r["movable"], r["cpus"]) for r in log.all("node")] == \
           [(0, 0, False, False, 1), (1, 1, True, True, 1)]
    assert [(r["start"], r["end"], r["pxm"], r["hotplug"]) for r in log.all("affinity")] == \
           [(0, 2 * G, 0, False), (4 * G, 8 * G, 1, True)]
    assert [(r["alloc"], r["result"]) for r in log.all("verdict")] == [("bottom-up", "clean"), ("memblock", "clean")]


@pytest.mark.parametrize("one, other", itertools.combinations(WAYS, 2))
def test_map_differences_have_a_reason(one, other):
    maps.check(*((maps.of(log_of(way)), WAYS[way][0] == OVMF) for way in (one, other)), 2 * G)


def without_multiboot(folder):
    """The ELF as a hypervisor sees it that knows PVH only."""
    data = bytearray(ELF.read_bytes())
    for magic in (0x1badb002, 0xe85250d6):
        at = data.index(struct.pack("<I", magic))
        data[at:at + 4] = bytes(4)
    out = folder / "pvh.elf"
    out.write_bytes(data)
    return out


@pytest.mark.parametrize("machine", ["q35", "microvm"])
def test_pvh(tmp_path, machine):
    args = ["-kernel", without_multiboot(tmp_path), "-append", OPTIONS]
    if machine == "microvm":
        args += ["-machine", "microvm,acpi=on,isa-serial=on", "-m", "1G"]
    done = run(args)
    assert done.verdict == "clean", done.text[-3000:]
    boot = done.log.one("boot")
    assert (boot["protocol"], boot["loader"], boot["cmdline"]) == ("pvh", "PVH", OPTIONS)
    done.log.check_run()


def test_initrd_is_a_module():
    """An archive without tables in it is kept, and looked at in vain."""
    done = run(["-kernel", EFI, "-append", OPTIONS, "-initrd", __file__])
    assert done.verdict == "clean", done.text[-3000:]
    kept = done.log.one("reserved", what="module")
    assert kept["end"] - kept["start"] >= len(open(__file__).read()) // 4096 * 4096


def test_size(tmp_path):
    """Small enough for any boot partition, and so is the ELF."""
    assert EFI.stat().st_size <= 160 << 10
    subprocess.run(["strip", "-o", tmp_path / "stripped", ELF], check=True)
    assert (tmp_path / "stripped").stat().st_size <= 128 << 10


def disassembled(elf):
    """{function: its instructions}"""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", elf], check=True, capture_output=True, text=True).stdout
    return {name.split(".")[0]: code for name, code in re.findall(r"^[0-9a-f]+ <([^>]*)>:\n(.*?)(?:\n\n|\Z)", text, re.M | re.S)}


def test_vector_registers():
    """Only the two loops over entries use them; and the firmware that calls the application finds its own again."""
    image, application = disassembled(ELF), disassembled(ROOT / "build/landfall-efi.elf")
    assert {name for name, code in image.items() if "%xmm" in code} == {"fill_entries", "is_row"}
    assert {name for name, code in application.items() if "%xmm" in code} == {"start_efi"}
    saved, restored = application["start_efi"].split("call")
    kept = [(f"%xmm{n}", (n - 6) * 16) for n in range(6, 16)]
    assert [(reg, int(at or "0", 16)) for reg, at in re.findall(r"movaps (%xmm\d+),(?:0x([0-9a-f]+))?\(%rsp\)", saved)] == kept
    assert [(reg, int(at or "0", 16)) for at, reg in re.findall(r"movaps (?:0x([0-9a-f]+))?\(%rsp\),(%xmm\d+)", restored)] == kept
