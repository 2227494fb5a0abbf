# SPDX-License-Identifier: MIT
"""A disk with GRUB and the package on it boots the package's own entry, under BIOS and under UEFI."""
import contextlib
import os
import shutil
import stat
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ENVIRONMENT, ROOT, install, run

sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests/uefi")]

import firmware  # noqa: E402

MIB = 1 << 20
BOOT, ESP, SIZE = 1, 41, 64  # where the partitions begin and the disk ends, in MiB
UUID = "6c616e64-6661-6c6c-0000-000000000001"  # of the file system with GRUB's files
MODULES = Path("/usr/lib/grub/x86_64-efi")
# What the firmware gets of GRUB under UEFI: enough to find the rest of it, as grub-install would have it.
FIRST = ["part_msdos", "fat", "ext2", "search_fs_uuid", "normal"]


def partition(kind, start, end):
    return struct.pack("<B3sB3sII", 0, b"\xfe\xff\xff", kind, b"\xfe\xff\xff", start * 2048, (end - start) * 2048)


@contextlib.contextmanager
def loop(disk, *part):
    done = subprocess.run(["losetup", "-f", "--show", *part, disk], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no loop devices here: {done.stderr.strip()}")
    try:
        yield done.stdout.strip()
    finally:
        run("losetup", "-d", done.stdout.strip())


@contextlib.contextmanager
def mounted(device, folder):
    run("mount", device, folder)
    try:
        yield
    finally:
        run("umount", folder)


def menu(root, device, settings):
    """What the package's script has for grub.cfg. For a device of another name: what a loop device has is looked for in its file."""
    (root / "packages/sda1").unlink(missing_ok=True)
    os.mknod(root / "packages/sda1", 0o600 | stat.S_IFBLK, os.stat(device).st_rdev)
    (root / "etc/default").mkdir(exist_ok=True)
    (root / "etc/default/grub").write_text(settings)
    done = subprocess.run(["chroot", root, "/etc/grub.d/20_landfall"], env=ENVIRONMENT | {"GRUB_DEVICE_BOOT": "/packages/sda1"},
                          stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def install_for_uefi(disk, folder):
    (folder / "first.cfg").write_text(f"search.fs_uuid {UUID} root\nset prefix=($root)/grub\n")
    run("grub-mkimage", "-O", "x86_64-efi", "-o", folder / "grub.efi", "-p", "/grub", "-c", folder / "first.cfg", *FIRST)
    esp = f"{disk}@@{ESP}M"
    run("mformat", "-i", esp, "-T", (SIZE - ESP) * 2048, "-h", 64, "-s", 32, "::")
    run("mmd", "-i", esp, "::EFI", "::EFI/BOOT")
    run("mcopy", "-i", esp, folder / "grub.efi", "::EFI/BOOT/BOOTX64.EFI")


@pytest.fixture
def disk(built, other_root, tmp_path):
    """The disk, /boot being its first partition, and the menu that the package gives to who wants none."""
    root, path = other_root[0], tmp_path / "disk.img"
    table = partition(0x83, BOOT, ESP) + partition(0xEF, ESP, SIZE)
    path.write_bytes(bytes(446) + table + bytes(32) + b"\x55\xaa")
    with open(path, "r+b") as f:
        f.truncate(SIZE * MIB)
    with loop(path) as whole, loop(path, "-o", str(BOOT * MIB), "--sizelimit", str((ESP - BOOT) * MIB)) as device:
        run("mke2fs", "-q", "-t", "ext4", "-U", UUID, device)
        with mounted(device, root / "boot"):
            install(built, root)
            run("grub-install", "--target=i386-pc", "--modules=part_msdos", f"--boot-directory={root}/boot", whole)
            shutil.copytree(MODULES, root / "boot/grub/x86_64-efi", ignore=shutil.ignore_patterns("*.efi", "*.img"))
            none = menu(root, device, "GRUB_DISABLE_LANDFALL=true\n")
            entries = menu(root, device, "GRUB_LANDFALL_OPTIONS='alloc=both seed=0x71'\n")
            (root / "boot/grub/grub.cfg").write_text("set timeout=0\n" + entries)
        install_for_uefi(path, tmp_path)
    return path, none


def test_entry_boots(disk):
    path, none = disk
    assert none == ""
    drive = ["-drive", f"if=none,id=d,format=raw,file={path}", "-device", "virtio-blk-pci,drive=d,bootindex=1"]
    for bios in ([], firmware.OVMF):
        done = firmware.run([*bios, *drive], machine=firmware.MACHINE, timeout=120)
        boot = done.log.one("boot")
        assert done.verdict in ("clean", "stained"), done.text[-2000:]
        assert (boot["protocol"], boot["loader"][:6], boot["cmdline"]) == ("linux", "GRUB (", "alloc=both seed=0x71")
