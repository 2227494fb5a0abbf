#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Debian's own kernels and busybox, fetched into build/linux and unpacked there; nothing is installed, nothing runs on the host.

    tests/linux/debian.py [NAME...]

A name is the beginning of a version, such as 5.10 or 7.2.6: the newest package of it is taken once; build/linux keeps it. Without
names those of `make test` are fetched. Package lists are those of the host, or, where they are missing or out of date, private
ones below build/linux/apt, of all of Debian's suites that have kernels."""
import functools
import io
import os
import re
import shutil
import struct
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build/linux"
# The kernels of `make test`, or those of `make test-linux KERNELS="5.10 7.3"`, which boots all cases.
WIDE = "KERNELS" in os.environ
KERNELS = os.environ.get("KERNELS", "6.1 6.12").split()
# Those that are Debian's full kernel; of all others the small one for virtual machines is taken.
FULL = ["6.1"]
BUSYBOX = "busybox-static"
# For what the host's own sources lack.
SUITES = {
    "debian": "bullseye bookworm bookworm-backports trixie trixie-backports forky sid experimental",
    "debian-security": "bullseye-security bookworm-security trixie-security",
}
SOURCE = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/{} {} main\n"
# How many packages of a name are tried, the newest first: a list may name what its server no longer holds.
TRIES = 6
# Where the image and its configuration lie: with the version in their names, or, from 7.2 on, in the folder of modules.
BOOT_FILE = r"\./boot/(?P<file>vmlinuz|config)-(?P<version>.*)"
MODULES_FILE = r"\./usr/lib/modules/(?P<version>[^/]+)/(?P<file>vmlinuz|config)"


class Missing(Exception):
    """What cannot be had here, and why."""


# ---- apt, without touching the host's own state ----

def private_options(own_sources):
    apt = FOLDER / "apt"
    for part in ("state/lists/partial", "cache/archives/partial"):
        (apt / part).mkdir(parents=True, exist_ok=True)
    options = {"Dir::State": f"{apt}/state", "Dir::State::status": "/var/lib/dpkg/status", "Dir::Cache": f"{apt}/cache",
               "APT::Sandbox::User": "", "Acquire::Languages": "none"}
    if own_sources:
        lines = [SOURCE.format(archive, suite) for archive, suites in SUITES.items() for suite in suites.split()]
        (apt / "sources.list").write_text("".join(lines))
        options |= {"Dir::Etc::sourcelist": f"{apt}/sources.list", "Dir::Etc::sourceparts": "/dev/null"}
    return [word for key, value in options.items() for word in ("-o", f"{key}={value}")]


def run(*command, **more):
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=300, **more)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise Missing(f"{command[0]}: {e}") from e


@functools.cache
def updated(own_sources):
    """Options for fresh lists of the host's sources, or of those named here; a suite that is gone does not hinder the others."""
    options = private_options(own_sources)
    run("apt-get", "-q", *options, "update")
    return options


def candidates(pattern, options):
    """Packages whose name matches, those with the highest numbers first."""
    names = run("apt-cache", *options, "search", "--names-only", f"^{pattern}$").stdout.split("\n")
    names = [n.split(" ")[0] for n in names if re.fullmatch(pattern, n.split(" ")[0])]
    return sorted(names, key=lambda n: ([int(d) for d in re.findall(r"\d+", n.partition("amd64")[0])], len(n)), reverse=True)


def download(pattern, options):
    """Path of the package file, None when these sources do not have it."""
    folder = FOLDER / "packages"
    folder.mkdir(parents=True, exist_ok=True)
    for package in candidates(pattern, options)[:TRIES]:
        run("apt-get", "-q", *options, "-o", "APT::Sandbox::User=", "download", package, cwd=folder)
        if found := next(iter(folder.glob(f"{package}_*.deb")), None):
            return found
    return None


def fetch(pattern):
    """Host's lists first, then fresh ones of the host's sources, then the sources named here."""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise Missing("no apt-get and no dpkg here: this is not Debian")
    if found := download(pattern, []):
        return found
    for own_sources in (False, True):
        if found := download(pattern, updated(own_sources)):
            return found
    raise Missing(f"no package {pattern} can be downloaded (no network?)")


def unpack(package, wanted, folder):
    """Files of a package whose path matches one of the patterns, laid flat into the folder, a version behind the name."""
    tar = subprocess.run(["dpkg", "--fsys-tarfile", package], check=True, capture_output=True).stdout
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        for member in archive:
            found = [m for pattern in wanted if (m := re.fullmatch(pattern, member.name))]
            if member.isfile() and found:
                name = "-".join(filter(None, [found[0]["file"], found[0].groupdict().get("version")]))
                (folder / name).write_bytes(archive.extractfile(member).read())


# ---- kernels ----

class Kernel:
    """An unpacked kernel: its version and what its image's header says."""

    def __init__(self, name):
        images = sorted((FOLDER / name).glob("vmlinuz-*"))
        if not images:
            raise Missing(reason(name))
        self.name, self.path = name, images[-1]
        self.release = self.path.name.partition("-")[2]
        self.series = tuple(map(int, name.split(".")[:2]))
        head = self.path.read_bytes()
        setup = (head[0x1F1] + 1) * 512
        at, length = struct.unpack_from("<II", head, 0x248)
        # Size of the buffer to decompress in, and, kept behind the payload, size of the decompressed file.
        self.init_size, = struct.unpack_from("<I", head, 0x260)
        self.output_len, = struct.unpack_from("<I", head, setup + at + length - 4)
        self.payload_len = length


def reason(name):
    path = FOLDER / f"{name}.missing"
    return path.read_text() if path.exists() else f"{FOLDER}/{name} is missing: tests/linux/debian.py fetches it"


def package_of(name):
    """What the package of a kernel is called: from 6.19 on the image lies in linux-binary, and linux-image is empty."""
    flavour = "amd64" if name in FULL else "cloud-amd64"
    kind = "image" if tuple(map(int, name.split(".")[:2])) < (6, 19) else "binary"
    return rf"linux-{kind}-{re.escape(name)}(\.[0-9.]+)?(\+deb[0-9.]+)?(-[0-9]+)?-{flavour}(-unsigned)?"


def prepare(names=KERNELS):
    """Fetches what is not there yet; what cannot be had leaves a line that says why."""
    wanted = {name: (package_of(name), [BOOT_FILE, MODULES_FILE]) for name in names}
    wanted["busybox"] = (re.escape(BUSYBOX), [r"\./(?:usr/)?bin/(?P<file>busybox)"])
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (pattern, files) in wanted.items():
        missing = FOLDER / f"{name}.missing"
        if (FOLDER / name).is_dir():
            continue
        missing.unlink(missing_ok=True)
        try:
            package = fetch(pattern)
            print(f"tests/linux: {package.name}", flush=True)
            unfinished = FOLDER / f"{name}.new"
            shutil.rmtree(unfinished, ignore_errors=True)
            unpack(package, files, unfinished)
            unfinished.rename(FOLDER / name)
            package.unlink()
        except (Missing, subprocess.CalledProcessError, OSError) as e:
            missing.write_text(f"{name}: {e}")
            print(f"tests/linux: {name}: {e}", flush=True)


if __name__ == "__main__":
    NAMES = sys.argv[1:] or KERNELS
    prepare(NAMES)
    sys.exit(1 if any((FOLDER / f"{name}.missing").exists() for name in [*NAMES, "busybox"]) else 0)
