# SPDX-License-Identifier: MIT
"""landfall-predict judged by recorded boots of Debian's kernels, 5.10 to 7.3: tests/linux/record makes them, no Linux is needed."""
import functools
import json
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PREDICT = ROOT / "build/landfall-predict"
FOLDER = Path(__file__).parent / "recorded"


class Recording:
    def __init__(self, text):
        self.text = text
        head = dict(re.findall(r"^# (\w+) (.*)$", text, re.M))
        self.page_offset = head["page_offset"]
        self.leaf = re.search(r"leaves (\w+)", head["recorded"])[1]
        self.pages = []
        for first, step, count in re.findall(r"^# pages (\w+) (-?\d+) (\d+)$", text, re.M):
            self.pages += [int(first, 16) + 4096 * int(step) * i for i in range(int(count))]

    def predict(self, *args, text=None):
        command = [PREDICT, "--linux-log", "-", "--page-size", self.leaf, "--page-offset", self.page_offset, *args]
        return subprocess.run(command, input=text or self.text, capture_output=True, text=True, timeout=60)


@functools.cache
def recordings(kernel):
    with tarfile.open(FOLDER / f"{kernel}.tar.xz") as archive:
        return {m.name.removesuffix(".log"): Recording(archive.extractfile(m).read().decode()) for m in archive}


KERNELS = sorted((p.name.removesuffix(".tar.xz") for p in FOLDER.glob("*.tar.xz")), key=lambda n: [int(d) for d in n.split(".")])
CASES = [(kernel, name) for kernel in KERNELS for name in recordings(kernel)]


@pytest.fixture(params=CASES, ids=lambda case: "-".join(case))
def recording(request):
    kernel, name = request.param
    return recordings(kernel)[name]


def test_there_are_recordings():
    assert len(KERNELS) >= 2 and all(len(recordings(kernel)) >= 40 for kernel in KERNELS)


def test_pages_in_order(recording):
    done = recording.predict("--sequence")

    assert (done.returncode, done.stderr) == (0, "")
    assert [int(page, 16) for page in done.stdout.split()] == recording.pages


def test_the_kernel_is_known(recording):
    """No word of rules that are not this kernel's."""
    done = recording.predict()

    assert done.returncode in (0, 1) and "older rules" not in done.stdout and "newest known" not in done.stdout


def marks(text):
    """What Linux has left of the hot-plug marks: ranges of the second MEMBLOCK dump by node, none for a node without."""
    regions = re.findall(r" memory\[\w+\]\s\[0x(\w+)-0x(\w+)\], \w+ bytes on node (\d+) flags: 0x(\w+)", text)
    marked = {int(node): 0 for _, _, node, _ in regions}
    for first, last, node, flags in regions:
        marked[int(node)] += (int(flags, 16) & 1) * (int(last, 16) + 1 - int(first, 16))
    return {node for node, size in marked.items() if size}


def test_movable_nodes_are_those_that_linux_keeps(recording):
    done = recording.predict("--json")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    (verdict,) = [r for r in records if r["rec"] == "verdict"]
    movable = {r["node"] for r in records if r["rec"] == "node" and r["movable"]}

    assert movable - set(verdict["stained_nodes"]) == marks(recording.text)
