# SPDX-License-Identifier: MIT
"""Secure Boot with the keys that Debian's OVMF brings for tests: `make sign` makes a file that boots, without it there is no way in."""
import re
import struct
import subprocess

import pytest
from firmware import EFI, ROOT, Disk, flash, run

KEYS = "/usr/share/ovmf/PkKek-1-snakeoil"
PASSPHRASE = "snakeoil"  # /usr/share/doc/ovmf/README.Debian
VARIABLES = "OVMF_VARS_4M.snakeoil.fd"
BOOT = "EFI/BOOT/BOOTX64.EFI"


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    key, out = folder / "key.pem", folder / "signed.efi"
    subprocess.run(["openssl", "rsa", "-in", f"{KEYS}.key", "-passin", f"pass:{PASSPHRASE}", "-out", key], check=True,
                   capture_output=True)
    subprocess.run(["make", "--no-print-directory", "sign", f"KEY={key}", f"CERT={KEYS}.pem", f"SIGNED={out}"], cwd=ROOT,
                   check=True, capture_output=True)
    subprocess.run(["sbverify", "--cert", f"{KEYS}.pem", out], check=True, capture_output=True)
    return out


def disk_args(folder, nr, application):
    """A disk that is the nr-th to be tried; its application would be told the number."""
    folder = folder / str(nr)
    folder.mkdir()
    disk = Disk(folder, {BOOT: application, "EFI/BOOT/landfall.cfg": b"seed=%d" % nr})
    return ["-drive", f"if=none,id=d{nr},format=raw,file={disk.path}", "-device", f"virtio-blk-pci,drive=d{nr},bootindex={nr}"]


def test_only_signed_boots(tmp_path, signed):
    """What is not signed is refused, and what has changed since; firmware then tries the next disk."""
    changed = bytearray(signed.read_bytes())
    changed[changed.index(b"where do early page tables land")] ^= 0x20
    disks = [word for nr, what in enumerate((EFI, bytes(changed), signed), 1) for word in disk_args(tmp_path, nr, what)]
    done = run([*flash(tmp_path, VARIABLES), *disks])
    assert done.verdict == "clean", done.text[-2000:]
    assert len(re.findall("Access Denied|Security Violation", done.text[:done.text.index("Landfall")])) == 2
    assert done.log.one("boot")["cmdline"] == "seed=3"


def checksum(data):
    """As the PE format has it: words added with their carries, the field itself left out, and the length."""
    field = struct.unpack_from("<I", data, 0x3c)[0] + 88
    words = struct.unpack(f"<{(len(data) + 1) // 2}H", data[:field] + bytes(4) + data[field + 4:] + bytes(len(data) % 2))
    total = sum(words)
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return struct.unpack_from("<I", data, field)[0], total + len(data)


def test_checksum(signed):
    """The file itself has none, which is allowed; sbsign puts it in."""
    assert checksum(EFI.read_bytes())[0] == 0
    said, found = checksum(signed.read_bytes())
    assert said == found


def test_sign_needs_a_key():
    done = subprocess.run(["make", "--no-print-directory", "sign"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "KEY=" in done.stdout + done.stderr
