# SPDX-License-Identifier: MIT
"""The examples of docs/labs.md run: LAVA's job by lava-run, labgrid's environment with our strategy, from Debian's packages, unpacked."""
import fcntl
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LABS, UNPACKED = ROOT / "docs/labs", ROOT / "build/labs"
# The programs, and what of their dependencies is Python; nothing of it is installed.
PACKAGES = """lava-dispatcher lava-dispatcher-host lava-common python3-voluptuous python3-configobj python3-netifaces python3-setproctitle
    python3-pexpect python3-ptyprocess python3-magic python3-pyudev python3-aiohttp python3-yarl python3-multidict python3-async-timeout
    python3-frozenlist python3-aiosignal python3-six python3-tz python3-requests python3-urllib3 python3-certifi python3-chardet
    python3-charset-normalizer python3-idna python3-jinja2 python3-markupsafe python3-yaml python3-attr libmagic1 libmagic-mgc
    python3-labgrid python3-serial python3-xmodem python3-colors python3-autobahn python3-txaio""".split()


@pytest.fixture(scope="module")
def packages():
    """The folder with Python's modules; the test is skipped, with the reason, where they cannot be had."""
    UNPACKED.mkdir(parents=True, exist_ok=True)
    with open(UNPACKED / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (UNPACKED / "done").exists():
            fetch()
    return UNPACKED / "root/usr/lib/python3/dist-packages"


def fetch():
    done = subprocess.run(["apt-get", "download", "-q", *PACKAGES], cwd=UNPACKED, capture_output=True, text=True, timeout=300)
    if done.returncode:
        pytest.skip(f"Debian's packages cannot be had: {done.stderr.strip().splitlines()[-1:]}")
    (UNPACKED / "root").mkdir(exist_ok=True)
    for package in UNPACKED.glob("*.deb"):
        data = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], check=True, capture_output=True).stdout
        # Of the rest nothing is needed; make takes folders of build/ that end in .d for its own.
        subprocess.run(["tar", "-x", "-C", UNPACKED / "root", "--wildcards", "./usr/bin/*", "./usr/lib/python3/*", "./usr/lib/x86_64-linux-gnu/*",
                        "./usr/lib/file/*", "./usr/share/misc/*"], input=data, stderr=subprocess.DEVNULL)
        package.unlink()
    # A module of lava-dispatcher asks for it, which a job without a root file system never uses; with it come 90 packages.
    (UNPACKED / "root/usr/lib/python3/dist-packages/guestfs.py").write_text("")
    (UNPACKED / "done").touch()


@pytest.fixture
def lab(tmp_path):
    """The examples with /landfall in its place here."""
    subprocess.run([ROOT / "build/landfall-machine", "four-nodes", "-o", tmp_path], cwd=ROOT, check=True)
    (tmp_path / "landfall.elf").symlink_to(ROOT / "build/landfall.elf")
    for example in LABS.iterdir():
        (tmp_path / example.name).write_text(example.read_text().replace("/landfall/", f"{tmp_path}/"))
    return tmp_path


def in_python(packages, *command, **how):
    env = {**os.environ, "PYTHONPATH": f"{packages}:{ROOT / 'tools'}", "PYTHONDONTWRITEBYTECODE": "1",
           "LD_LIBRARY_PATH": str(packages.parents[2] / "lib/x86_64-linux-gnu")}
    return subprocess.run(["/usr/bin/python3", *map(str, command)], env=env, capture_output=True, text=True, timeout=300, **how)


def test_lava(packages, lab):
    """Every verdict and every check is a test case of the job; bottom-up's is a failed one."""
    if not os.access("/var/lib", os.W_OK):
        pytest.skip("lava-run keeps its files in /var/lib/lava: only root may")
    done = in_python(packages, packages.parents[2] / "bin/lava-run", f"--job-id=landfall-{os.getpid()}", f"--output-dir={lab}/out",
                     f"--device={lab}/lava-device.yaml", lab / "lava-job.yaml")
    said = re.findall(r'^\{.*"lvl": "results", "msg": \{(.*)\}\}$', done.stdout + done.stderr, re.M)
    results = {tuple(re.search(f'"{key}": "([^"]*)"', m)[1] for key in ("definition", "case")): re.search('"result": "([^"]*)"', m)[1] for m in said}
    assert results.get(("lava", "job")) == "pass", (done.stdout + done.stderr)[-3000:]
    assert {case: r for (group, case), r in results.items() if group == "verdicts"} == {"bottom_up": "fail", "memblock": "pass"}
    checks = {case for (group, case), r in results.items() if group == "checks" and r == "pass"}
    assert checks == {"seed", "walk_bottom_up", "read_back_bottom_up", "walk_memblock", "read_back_memblock"}


LABGRID = """
import sys
from labgrid import Environment
from landfall import check
target = Environment("labgrid.yaml").get_target("main")
strategy = target.get_driver("LandfallStrategy")
strategy.transition("done")
print(*check.judge(strategy.log)[:2], sep=": ")
strategy.transition("off")
"""


def test_labgrid(packages, lab):
    """The strategy boots once and has a whole log."""
    done = in_python(packages, "-c", LABGRID, cwd=lab)
    assert done.stdout.startswith("passed: bottom-up stained, memblock clean; "), done.stderr[-3000:]
