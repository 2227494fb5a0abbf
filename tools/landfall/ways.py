# SPDX-License-Identifier: MIT
"""The ways into an image: the part of QEMU's command line that starts an ELF, the one file or a CD under BIOS or UEFI, with options."""
import shutil
import subprocess
from pathlib import Path

from . import paths, qemu

GRUB = Path("/usr/lib/grub/x86_64-efi")
MULTIBOOT = b"\x02\xb0\xad\x1b"  # the magic of its header, in the first 8 KiB
NAMES = {"elf": paths.KERNEL, "efi": paths.IMAGES / "landfall.efi", "iso": paths.IMAGES / "landfall.iso"}


def path_of(image, uefi):
    """The file that is meant: a name, a file, or '' for the one that the firmware starts by itself."""
    return Path(NAMES.get(image or ("efi" if uefi else "elf"), image))


def kind_of(path):
    """elf, efi or iso, by what is in it; a kernel with a Multiboot header boots as our ELF does."""
    if not path.is_file():
        raise qemu.QemuError(f"{path} is missing: run make")
    with open(path, "rb") as f:
        head = f.read(0x8006)
    if head[0x8001:] == b"CD001":
        return "iso"
    if head[:4] == b"\x7fELF" or MULTIBOOT in head[:0x2000]:
        return "elf"
    if head[:2] == b"MZ":
        return "efi"
    raise qemu.QemuError(f"{path}: no ELF, no UEFI application, no CD")


def boot_args(image, options, uefi, folder):
    """What QEMU is given; files that have to be made for it lie in `folder`."""
    path = path_of(image, uefi)
    kind, firmware = kind_of(path), qemu.uefi_args() if uefi else []
    if kind == "iso":
        return firmware + cd(path, f"landfall {quoted(options)}", {}, folder)
    if kind == "elf" and uefi:
        # Firmware starts no ELF; GRUB does.
        return firmware + cd(path_of("iso", uefi), f"multiboot2 /boot/kernel {quoted(options)}",
                             {path: "/boot/kernel", GRUB: "/boot/grub/x86_64-efi"}, folder)
    return firmware + qemu.boot_args(path, options)


def quoted(options):
    """As words for GRUB, which reads them as a shell does."""
    return " ".join("'" + word.replace("'", "'\\''") + "'" for word in options)


def cd(iso, command, files, folder):
    """A copy of our CD that runs this command at once, with these files on it too."""
    if not iso.is_file():
        raise qemu.QemuError(f"{iso} is missing: run make")
    if not shutil.which("xorriso"):
        raise qemu.QemuError("xorriso is missing: install the package xorriso (make deps)")
    out, menu = Path(folder) / "cd.iso", Path(folder) / "grub.cfg"
    out.write_bytes(iso.read_bytes())
    xorriso("-indev", iso, "-osirrox", "on", "-extract", "/boot/grub/grub.cfg", menu)
    menu.chmod(0o644)
    with open(menu, "a") as f:
        f.write(f"set timeout=0\nset default=this\nmenuentry this {{ {command} }}\n")
    maps = [words for file, name in {menu: "/boot/grub/grub.cfg", **files}.items() for words in ("-map", file, name)]
    xorriso("-dev", f"stdio:{out}", "-boot_image", "any", "keep", *maps)
    return ["-cdrom", str(out)]


def xorriso(*words):
    done = subprocess.run(["xorriso", *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if "FAILURE" in line] or done.stderr.splitlines()
        raise qemu.QemuError(said[0] if said else "xorriso has failed")
