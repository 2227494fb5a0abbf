# SPDX-License-Identifier: MIT
"""landfall-predict judged by recorded boots of Debian's kernels, 5.10 to 7.3: tests/linux/record makes them, no Linux is needed."""
import functools
import json
import re
import resource
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
    assert len(KERNELS) >= 11 and all(len(recordings(kernel)) >= 40 for kernel in KERNELS)


def test_pages_in_order(recording):
    done = recording.predict("--sequence")

    assert (done.returncode, done.stderr) == (0, "")
    assert [int(page, 16) for page in done.stdout.split()] == recording.pages


def test_uefi_without_its_memory_map():
    """Where the log does not tell what firmware calls free, RAM that nobody had reserved stands in for it: 50 slots more."""
    told = recordings("6.12")["four-nodes-4k-4l-up-kaslr-uefi"]
    untold = re.sub(r"^.*efi: mem\d+:.*\n", "", told.text, flags=re.M)
    assert [json.loads(line)["slots"] for text in (told.text, untold) for line in told.predict("--json", text=text).stdout.splitlines()
            if '"rec":"kaslr"' in line] == [3956, 4006]


def test_a_kernel_of_tomorrow():
    """It is read by the newest rules, and one line says so."""
    recording = recordings(KERNELS[-1])["holes-4k-5l-up"]
    text = re.sub(r"Linux version \S+", "Linux version 8.1.2-rc3", recording.text)
    said = recording.predict(text=text).stdout

    assert said.count("Linux 8.1 is newer than the newest known: the rules are those of 7.3\n") == 1
    assert [int(page, 16) for page in recording.predict("--sequence", text=text).stdout.split()] == recording.pages


def test_a_kernel_of_yesterday():
    """Its rules are not known: those of the oldest that are, and one line says so."""
    recording = recordings(KERNELS[0])["holes-4k-5l-up"]
    said = recording.predict(text=re.sub(r"Linux version \S+", "Linux version 5.4.259", recording.text)).stdout
    assert said.count("warning: Linux 5.4 took its pages by older rules; these are those of 5.10\n") == 1


def test_a_moved_kernel_takes_its_top_table_along(tmp_path):
    """Which a System.map tells; this one is made of what the log says."""
    recording, path, top = recordings(KERNELS[-1])["four-nodes-4k-5l-up"], tmp_path / "System.map", 0x1a0a000

    def told(rec, *args, **fields):
        found = map(json.loads, recording.predict("--json", "--alloc", "bottom-up", *args).stdout.splitlines())
        return next(r for r in found if r["rec"] == rec and fields.items() <= r.items())
    base, end = (int(told("kaslr")[key], 16) for key in ("base", "end"))
    symbols = {"_text": 0, "init_top_pgt": top, "__brk_base": end - base - 0x30000, "_end": end - base}
    path.write_text("".join(f"{0xffffffff81000000 + at:016x} D {name}\n" for name, at in symbols.items()))
    for moved in (base, base + (32 << 20)):
        words = "--system-map", path, "--base", hex(moved)
        assert told("run", *words, level="pgd")["start"] == hex(moved + top)


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
    assert "older rules" not in done.stdout


# ---- logs as they come ----

STAMP = re.compile(r"^\[ *\d+\.\d+\] ", re.M)
KERNEL_LINES = {
    "dmesg": lambda n, text: f"[    0.{n:06}] {text}",
    "dmesg-time": lambda n, text: f"[Sat Nov 28 09:12:13 2026] {text}",
    "dmesg-decoded": lambda n, text: f"kern  :info  : [    0.{n:06}] {text}",
    "journal-short": lambda n, text: f"Nov 28 09:12:13 host kernel: {text}",
    "journal-short-monotonic": lambda n, text: f"[    0.{n:06}] host kernel: {text}",
    "journal-short-iso": lambda n, text: f"2026-11-28T09:12:13+00:00 host kernel: {text}",
    "kern-log": lambda n, text: f"Nov 28 09:12:13 host kernel: [    0.{n:06}] {text}".replace("\t", "#011"),
    "kern-log-iso": lambda n, text: f"2026-11-28T09:12:13.{n:06}+00:00 host kernel: [    0.{n:06}] {text}".replace("\t", "#011"),
    "netconsole": lambda n, text: f"[    0.{n:06}] {text}",
    "netconsole-extended": lambda n, text: f"6,{n},0,-,caller=T0;{text}",
    "netconsole-release": lambda n, text: f"7.3.4+deb13-cloud-amd64,6,{n},0,-;{text}",
    "pstore": lambda n, text: ("Panic#1 Part9\n" if n == 0 else "") + f"<6>[    0.{n:06}] {text}",
    "serial": lambda n, text: f"[    0.{n:06}] {text}\r" + ("\nSeaBIOS (version 1.16.2)\r\n\033[0mlogin: \x07" * (n % 7 == 3)),
}


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("form", KERNEL_LINES)
def test_forms_of_a_log(kernel, form):
    recording = recordings(kernel)["holes-4k-5l-up"]
    lines = [STAMP.sub("", line) for line in recording.text.splitlines() if not line.startswith("#")]
    text = "".join(KERNEL_LINES[form](n, line) + "\n" for n, line in enumerate(lines))

    done = recording.predict("--sequence", text=text)
    assert (done.stderr, [int(page, 16) for page in done.stdout.split()]) == ("", recording.pages)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_log_cut_anywhere(kernel):
    """An answer or one clear line, and never a judgement over page tables that are not in the log."""
    text = recordings(kernel)["holes-2m-4l-up"].text
    for cut in range(7, len(text), len(text) // 15):
        for args in ((), ("--compare",), ("--sequence",)):
            done = recordings(kernel)["holes-2m-4l-up"].predict(*args, text=text[:cut])
            assert done.returncode in (0, 1, 2) and done.stderr.count("\n") == (done.returncode == 2), (cut, args, done)
            assert done.returncode == 2 or args != ("--compare",), (cut, done)


def test_no_log_is_too_long():
    """100,000 lines; time of the processor, not of the clock."""
    recording = recordings(KERNELS[-1])["holes-4k-5l-up"]
    rest = "[    1.234567] memblock_alloc_try_nid_raw: 4096 bytes align=0x1000 nid=0 from=0x0 max_addr=0x1 vmemmap_alloc_block+0x9c\n"
    rest += "[    1.234567] __memblock_reserve: [0x0000000105e52300-0x0000000105e52357] nid=0 flags=20 memblock_alloc_range_nid+0xe7\n"
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = recording.predict("--sequence", text=recording.text + rest * 50000)
    assert [int(page, 16) for page in done.stdout.split()] == recording.pages
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 0.3
