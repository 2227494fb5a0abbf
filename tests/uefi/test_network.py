# SPDX-License-Identifier: MIT
"""From the network, with QEMU's own DHCP and TFTP: UEFI's PXE and iPXE."""
import shutil

import pytest
from selection import one_of
from firmware import EFI, ELF, OVMF, run


def served(folder, files, first):
    for name, content in files.items():
        if isinstance(content, bytes):
            (folder / name).write_bytes(content)
        else:
            shutil.copy(content, folder / name)
    return ["-netdev", f"user,id=n,tftp={folder},bootfile={first}"]


def test_uefi_pxe(tmp_path):
    """No load options, and no volume to look for landfall.cfg on."""
    net = served(tmp_path, {"landfall.efi": EFI}, "landfall.efi")
    done = run([*OVMF, *net, "-device", "virtio-net-pci,netdev=n,romfile=,bootindex=1"])
    assert done.verdict == "clean", done.text[-2000:]
    log = done.log
    assert log.one("boot")["protocol"] == "uefi" and log.one("boot")["cmdline"] == ""
    assert "warning: the application does not come from a volume: no landfall.cfg, no save" in log.text


SCRIPT = b'#!ipxe\nkernel %s seed=0x41 alloc=memblock\nboot\n'


def test_uefi_ipxe(tmp_path):
    """iPXE puts the file's name first. It is in the card; a firmware for Secure Boot leaves it there, and takes the script for a program."""
    net = served(tmp_path, {"landfall.efi": EFI, "go": SCRIPT % b"landfall.efi"}, "go")
    done = run([*OVMF, *net, "-device", "virtio-net-pci,netdev=n,bootindex=1"], give_up=rb"NBP filename is go")
    if "NBP filename is go" in done.text:
        pytest.skip("this OVMF does not start iPXE")
    assert done.verdict == "clean", done.text[-2000:]
    assert done.log.one("boot")["cmdline"] == "seed=0x41 alloc=memblock"


@pytest.mark.parametrize("script", one_of([True, False], 2))
def test_bios_ipxe(tmp_path, script):
    net = served(tmp_path, {"landfall.elf": ELF, "go": SCRIPT % b"landfall.elf"}, "go" if script else "landfall.elf")
    done = run([*net, "-device", "e1000,netdev=n,bootindex=1"])
    assert done.verdict == "clean", done.text[-2000:]
    boot = done.log.one("boot")
    assert boot["protocol"] == "multiboot1" and boot["loader"].startswith("iPXE")
    assert boot["cmdline"].strip() == ("seed=0x41 alloc=memblock" if script else "")
