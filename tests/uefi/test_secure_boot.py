# SPDX-License-Identifier: MIT
"""Secure Boot with the keys that Debian's OVMF brings for tests: `make sign` makes a file that boots, without it there is no way in."""
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


def secure(folder, application, **more):
    disk = Disk(folder, {BOOT: application, "EFI/BOOT/landfall.cfg": b"seed=0x51"})
    return run([*flash(folder, VARIABLES), *disk.args], **more)


def test_signed_boots(tmp_path, signed):
    done = secure(tmp_path, signed)
    assert done.verdict == "clean", done.text[-2000:]
    assert done.log.one("boot")["cmdline"] == "seed=0x51"


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


def test_unsigned_is_refused(tmp_path):
    done = secure(tmp_path, EFI, until=rb"Access Denied")
    assert "Landfall" not in done.text


def test_changed_after_signing_is_refused(tmp_path, signed):
    data = bytearray(signed.read_bytes())
    at = data.index(b"where do early page tables land")
    data[at] ^= 0x20
    done = secure(tmp_path, bytes(data), until=rb"Access Denied|Security Violation")
    assert "Landfall" not in done.text


def test_sign_needs_a_key():
    done = subprocess.run(["make", "--no-print-directory", "sign"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "KEY=" in done.stdout + done.stderr
