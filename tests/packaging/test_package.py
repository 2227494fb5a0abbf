# SPDX-License-Identifier: MIT
"""The Debian package: clean, installed, used and removed without a trace; and what is in it is what any other build gives."""
import os
import re
import shutil

from conftest import ENVIRONMENT, clean_environment, copy_sources, install, run

KEPT = {"kernel", "efi", "tools", "page", "font.c", "layout.inc", "landfall-machine", "landfall-predict", "landfall-host"}
IMAGES = ("landfall.elf", "landfall.efi", "landfall.iso", "landfall.html")


def difference(one, other):
    """Where two files differ first, in words; None when they do not."""
    a, b = one.read_bytes(), other.read_bytes()
    at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    return None if a == b else f"{one.name}: {len(a)} and {len(b)} bytes, first different at {at:#x}"


def test_two_builds_are_equal(built, tmp_path):
    """
    Another folder, another time: the same bytes. The second build is this tree's own, which took other paths and clocks; what may hold a
    date is made anew, with that of the package's changelog.
    """
    epoch = run("dpkg-parsechangelog", "-l", built / "debian/changelog", "-S", "Timestamp").strip()
    tree = tmp_path / "again"
    copy_sources(tree)
    shutil.copytree("build", tree / "build", ignore=lambda folder, names: set(names) - KEPT if folder == "build" else [])
    run("make", "-s", f"-j{os.cpu_count()}", "everything", cwd=tree, env=clean_environment() | {"SOURCE_DATE_EPOCH": epoch})
    assert not list(filter(None, (difference(built / "build" / name, tree / "build" / name) for name in IMAGES)))


def test_lintian_has_nothing_to_say(built):
    changes = next(built.parent.glob("*.changes"))
    said = run("lintian", "--fail-on", "none", changes)
    assert [line for line in said.splitlines() if line[:2] in ("E:", "W:")] == []


def test_reuse(built):
    assert "compliant" in run("reuse", "lint")


def traces(upper):
    """Files written and not gone again, but for what dpkg and apt keep of their work."""
    own = ("var/lib/dpkg/", "var/lib/apt/", "var/log/", "var/cache/", "tmp/", "packages/", "root/")
    names = (str(p.relative_to(upper)) for p in upper.rglob("*") if p.is_file() or p.is_symlink())
    return sorted(n for n in names if not n.startswith(own))


def test_installed_used_and_removed(built, other_root):
    """Used by Debian's own runner of a package's tests."""
    root, upper = other_root
    install(built, root)
    written = traces(upper)
    for name in ("boot/landfall.efi", "etc/grub.d/20_landfall", "usr/bin/landfall-predict", "usr/share/man/man1/landfall-run.1.gz"):
        assert name in written
    (root / "tmp").mkdir(exist_ok=True)
    said = run("autopkgtest", "--no-built-binaries", built, "--", "chroot", root)
    assert re.search(r"^smoke +PASS$", said, re.M), said[-3000:]
    run("chroot", root, "dpkg", "--purge", "landfall", "landfall-tools", env=ENVIRONMENT)
    assert traces(upper) == []
