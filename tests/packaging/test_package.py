# SPDX-License-Identifier: MIT
"""The Debian package: clean, installed, used and removed without a trace; and what is in it is what any other build gives."""
import os
import shutil
import subprocess

import pytest
from conftest import clean_environment, copy_sources

IMAGES = ("landfall.elf", "landfall.efi", "landfall.iso")


def packages(built):
    found = sorted(built.parent.glob("landfall*.deb"))
    return [p for p in found if "dbgsym" not in p.name]


def run(*command, **how):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **how)
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def difference(one, other):
    """Where two files differ first, in words; None when they do not."""
    a, b = one.read_bytes(), other.read_bytes()
    at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    return None if a == b else f"{one.name}: {len(a)} and {len(b)} bytes, first different at {at:#x}"


def test_two_builds_are_equal(built, tmp_path):
    """Another folder, another time: the same bytes. The second build has the date of the package's changelog."""
    epoch = run("dpkg-parsechangelog", "-l", built / "debian/changelog", "-S", "Timestamp").strip()
    tree = tmp_path / "again"
    copy_sources(tree)
    run("make", "-s", f"-j{os.cpu_count()}", "everything", cwd=tree, env=clean_environment() | {"SOURCE_DATE_EPOCH": epoch})
    assert not list(filter(None, (difference(built / "build" / name, tree / "build" / name) for name in IMAGES)))


def test_lintian_has_nothing_to_say(built):
    changes = next(built.parent.glob("*.changes"))
    said = run("lintian", "--fail-on", "none", changes)
    assert [line for line in said.splitlines() if line[:2] in ("E:", "W:")] == []


def test_reuse(built):
    assert "compliant" in run("reuse", "lint")


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
            yield base / "root", base / "upper"
        finally:
            subprocess.run(["umount", "-l", base / "root/proc", base / "root/dev"], capture_output=True)
            run("umount", "-l", base / "root")
    finally:
        run("umount", "-l", base)


def traces(upper):
    """Files written and not gone again, but for what dpkg itself keeps of its work."""
    own = ("var/lib/dpkg/", "var/log/", "var/cache/", "tmp/", "packages/", "root/")
    names = (str(p.relative_to(upper)) for p in upper.rglob("*") if p.is_file() or p.is_symlink())
    return sorted(n for n in names if not n.startswith(own))


def test_installed_used_and_removed(built, other_root):
    root, upper = other_root
    (root / "packages").mkdir()
    for package in packages(built):
        shutil.copy(package, root / "packages")
    shutil.copy(built / "debian/tests/smoke", root / "packages/smoke")
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C", "HOME": "/root"}
    run("chroot", root, "sh", "-c", "dpkg -i packages/*.deb", env=env)
    written = traces(upper)
    for name in ("boot/landfall.efi", "etc/grub.d/20_landfall", "usr/bin/landfall-predict", "usr/share/man/man1/landfall-run.1.gz"):
        assert name in written
    run("chroot", root, "sh", "-c", "mkdir -p /tmp && AUTOPKGTEST_TMP=$(mktemp -d) /packages/smoke", env=env)
    run("chroot", root, "dpkg", "--purge", "landfall", "landfall-tools", env=env)
    assert traces(upper) == []
