# SPDX-License-Identifier: MIT
"""tools/run --host and tools/campaign --host: no QEMU, the same answers. That the records are those of QEMU tests/qemu/test_cases.py
shows."""
import json
import os
import re
import subprocess

import pytest
from landfall import paths
from landfall.records import Log

WITHOUT_QEMU = os.environ | {"PATH": "/nonexistent"}


def run(*words, tool="run", env=WITHOUT_QEMU):
    return subprocess.run(["/usr/bin/python3", paths.ROOT / "tools" / tool, *words], env=env, capture_output=True, timeout=120)


@pytest.mark.parametrize("options, status, result", [
    ("alloc=memblock base=0x5e00000", 0, "clean"), ("alloc=bottom-up base=0x5e00000", 1, "stained"),
    ("base=1", 2, "could not complete: base=1: below 1 MiB")])
def test_status(options, status, result):
    done = run("--host", "--append", options)
    assert done.returncode == status, done.stderr
    assert done.stdout.decode().splitlines()[-1] == f"result: {result}"


def test_a_machine_that_qemu_cannot_be(tmp_path):
    """A checksum that QEMU would repair; the records hold against each other."""
    log = tmp_path / "log"
    assert run("--host", "--machine=bad-checksum", f"--log={log}").returncode == 0
    Log(log.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")).check_run()


def test_the_readme_shows_what_a_run_says():
    """Its lines are there, in their order, but for addresses and counts: these change with the image."""
    def shape(line):
        return re.sub(r"0x[0-9a-f]+|\d{3,}", "N", " ".join(re.sub(r"^\[ *[\d.]+\]", "", line).split()))
    sample = re.search(r"says:\n\n((?:    .*\n)+)", (paths.ROOT / "README.md").read_text())[1].splitlines()
    said = iter(map(shape, run("--host", "--text").stdout.decode().splitlines()))
    assert len(sample) > 10
    for line in sample:
        assert shape(line) in said, f"not said, or not there: {line}"


@pytest.mark.parametrize("words, reason", [
    (["--machine=none"], "a run on the host needs a machine description"),
    (["--qemu-args=-m 2G"], "--qemu-args: there is no QEMU with --host"),
    (["--kernel=Makefile"], "Makefile: no 64-bit ELF file"),
    ([f"--kernel={paths.PREDICT}"], "no symbols of Landfall's kernel in it")])
def test_refused(words, reason):
    done = run("--host", *words)
    assert done.returncode == 2
    assert reason in done.stdout.decode()


@pytest.mark.parametrize("address", ["here", "-1", "0x", "010", "0xffffffffffffffff"])
def test_where_nothing_can_be_loaded(address):
    done = subprocess.run([paths.HOST_TOOL, "--load", address, "Makefile", "tests/machines/azure.machine", paths.KERNEL], capture_output=True)
    assert (done.returncode, done.stdout) == (64, b"")
    assert done.stderr.decode() == f"landfall-host: {address}: is no address for a file of that size\n"


def test_campaign():
    """One boot of a campaign, held against the prediction; the command that repeats it says --host."""
    done = run("--host", "--boot", "four-nodes 7 both 2m", tool="campaign")
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["as_predicted"], done.stderr
    assert "--host" in found["boot"]
