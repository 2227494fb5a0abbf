# SPDX-License-Identifier: MIT
"""The Debian package, built once from a copy of the sources in another folder, with a blank in its name."""
import fcntl
import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
os.chdir(ROOT)


def sources():
    """What a distribution would get: the files of the tree but for what is built and what is no file of ours."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], capture_output=True)
    if listed.returncode:
        pytest.skip("this is no git checkout: what belongs to the sources is not known")
    return [name for name in listed.stdout.decode().split("\0") if name and Path(name).is_file()]


def copy_sources(tree):
    for name in sources():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(name, tree / name)


def clean_environment():
    """That of somebody who builds by hand: a make that runs the tests has its own flags and its own date in it."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS", "SOURCE_DATE_EPOCH"))}


@pytest.fixture(scope="session")
def built(tmp_path_factory, worker_id):
    """The sources as they were built, with the packages beside them: by whichever test process is the first to ask."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "debian package"
    folder.mkdir(exist_ok=True)
    tree = folder / "landfall 0"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not packages(tree):
            build(tree)
    return tree


def build(tree):
    """
    As dpkg-buildpackage does it, which would clean the tree itself. Objects that the image has, too, are compiled for the image alone: for
    programs of the host, which nothing is compared with, and for the page they are those of this tree.
    """
    copy_sources(tree)
    env = clean_environment() | {"DEB_BUILD_OPTIONS": "noautodbgsym", "DPKG_DEB_COMPRESSOR_LEVEL": "1"}
    run("debian/rules", "clean", cwd=tree, env=env)
    for kind, room in itertools.product(("tools", "page"), ("lib", "acpi", "mm", "kernel")):
        shutil.copytree(f"build/{kind}/{room}", tree / f"build/{kind}/{room}")
    run("dpkg-buildpackage", "-us", "-uc", "-b", "-nc", f"-j{os.cpu_count()}", cwd=tree, env=env)


def packages(built):
    return sorted(built.parent.glob("landfall*.deb"))


def run(*command, **how):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **how)
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


@pytest.fixture
def other_root(tmp_path):
    """This system with everything that is written to it going elsewhere: (the root, what was written)."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    base = tmp_path / "overlay"
    base.mkdir()
    run("mount", "-t", "tmpfs", "tmpfs", base)
    try:
        for part in ("upper", "work", "root"):
            (base / part).mkdir()
        mount = subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                                f"lowerdir=/,upperdir={base}/upper,workdir={base}/work", base / "root"], capture_output=True, text=True)
        if mount.returncode:
            pytest.skip(f"no overlay file system here: {mount.stderr.strip()}")
        try:
            for special in ("proc", "dev"):
                run("mount", "--bind", f"/{special}", base / "root" / special)
            leave_out_others(base / "root")
            yield base / "root", base / "upper"
        finally:
            subprocess.run(["umount", "-l", base / "root/proc", base / "root/dev"], capture_output=True)
            run("umount", "-l", base / "root")
    finally:
        run("umount", "-l", base)


def leave_out_others(root):
    """What takes long and is not about this package: an index of all manual pages, made anew each time, and apt's lists of all packages."""
    (root / "var/lib/man-db/auto-update").unlink(missing_ok=True)
    shutil.rmtree(root / "var/lib/apt/lists", ignore_errors=True)


ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C", "HOME": "/root"}


def install(built, root):
    """Installs the packages into the other root."""
    (root / "packages").mkdir()
    for package in packages(built):
        shutil.copy(package, root / "packages")
    run("chroot", root, "sh", "-c", "dpkg -i packages/*.deb", env=ENVIRONMENT)
