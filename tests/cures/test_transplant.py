# SPDX-License-Identifier: MIT
"""tools/transplant: an unmodified Linux follows recipes, page for page as predicted; what cannot be is one line and status 2."""
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import debian
import pytest
from landfall import kallsyms, qemu, recipes, surgeon
from landfall.paths import ROOT

TOOL = ROOT / "tools/transplant"


def image(name):
    try:
        return debian.Kernel(name).path
    except debian.Missing as e:
        pytest.skip(str(e))


def transplant(kernel, *options):
    return subprocess.run([TOOL, kernel, "--timeout", "300", *options], capture_output=True, text=True)


def refused(kernel, *options):
    """The one line that says why."""
    done = transplant(kernel, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("transplant: ") and done.stderr.count("\n") == 1, done.stderr
    return done.stderr


# ---- some of the runs that `make test-cures` has ----

def smaller(machine, folder):
    """
    Less to map, as Linux stands still for each page that it looks for: hot-border with as many ranges, of 2 instead of 16 MiB, last-slot
    without what lies above 4 GiB.
    """
    text = (ROOT / f"tests/linux/machines/{machine}.machine").read_text()
    if machine == "hot-border":
        text, n = re.subn(r"0x(?!0)\w+", lambda m: hex((128 << 20) + (int(m[0], 16) - 0x21000000) // 8), text)
        text = text.replace("memory    3G", f"memory    {128 + n // 2 * 2}M")
    else:
        text = re.sub(r".* 4G .*\n", "", text).replace("memory    8G", "memory    3G")
    path = folder / f"{machine}.machine"
    path.write_text(text)
    return path


@pytest.mark.parametrize("kernel,machine,leaf,more,policy,movable", [
    # SRAT first keeps node 1 movable where bottom-up, at the same base, spoils it (test_witness.py).
    ("6.1", "last-slot", "4k", ["--kaslr"], "series", [1]),
    ("6.12", "large", "2m", [], "hybrid", [1, 2, 4, 5, 6, 7]),
    # memblock has no room for SRAT: the highest range bears no mark, no memory has a node, and all pages lie there.
    ("6.12", "hot-border", "4k", [], "node-local", []),
])
def test_as_predicted(kernel, machine, leaf, more, policy, movable, record_property, tmp_path):
    machine = machine if machine == "large" else smaller(machine, tmp_path)
    done = transplant(image(kernel), "--machine", machine, "--page-size", leaf, *more, "--alloc", policy, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    outcome = json.loads(done.stdout)
    record_property("pages", outcome["pages"])
    assert outcome["pages_predicted"] == outcome["pages"] > 40
    assert outcome["tables_predicted"] == outcome["tables"] > outcome["pages"]
    assert outcome["movable_nodes"] == movable


# ---- recipes ----

def test_every_policy_has_a_recipe():
    assert sorted(recipes.known_policies()) == sorted(recipes.RECIPES)


def test_policy_without_recipe(monkeypatch):
    monkeypatch.delitem(recipes.RECIPES, "floor")
    with pytest.raises(ValueError, match="floor: this policy has no recipe"):
        recipes.find_recipe("floor")


def test_unknown_policy():
    assert "no such policy" in refused(image("6.12"), "--machine", "large", "--alloc", "best-fit")


# ---- what cannot be ----

def test_no_kernel(tmp_path):
    path = tmp_path / "vmlinuz"
    path.write_bytes(bytes(4096))
    assert "no bzImage" in refused(path, "--machine", "large", "--alloc", "series")
    assert "No such file" in refused(tmp_path / "none", "--machine", "large", "--alloc", "series")


def write_symbols(path, symbols):
    path.write_text("".join(f"{address:016x} T {name}\n" for name, address in symbols.items()))
    return path


def known(name):
    return kallsyms.symbols_of(kallsyms.Image(image(name)), surgeon.NAMES)


def test_function_missing(tmp_path):
    symbols = {name: at for name, at in known("6.12").items() if name != "memory_map_bottom_up"}
    said = refused(image("6.12"), "--machine", "large", "--alloc", "series", "--symbols", write_symbols(tmp_path / "map", symbols))
    assert "no memory_map_bottom_up in it" in said


def test_symbols_of_another_kernel(tmp_path):
    symbols = write_symbols(tmp_path / "map", known("6.1"))
    assert "another kernel's" in refused(image("6.12"), "--machine", "large", "--alloc", "series", "--symbols", symbols)


def children(pid):
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def words_of(pid):
    """A process' command line, its program without the folder."""
    try:
        return {word.rpartition("/")[2] for word in Path(f"/proc/{pid}/cmdline").read_text().split("\0")}
    except OSError:
        return set()


@pytest.mark.parametrize("victim,stage", [("QEMU", "-S"), ("QEMU", "-incoming"), ("transplant", "-S"), ("transplant", "-incoming")])
def test_killed(victim, stage):
    """A QEMU that goes away, in the boot or after it, is one line; a program that is ended leaves no QEMU behind."""
    known("6.12")
    tool = subprocess.Popen([TOOL, image("6.12"), "--machine", "large", "--page-size", "4k", "--alloc", "series"], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)
    while not (found := [p for p in children(tool.pid) if {qemu.QEMU, stage} <= words_of(p)]):
        assert tool.poll() is None
        time.sleep(0.05)
    os.kill(found[0] if victim == "QEMU" else tool.pid, signal.SIGTERM)
    out, err = tool.communicate(timeout=60)
    assert (tool.returncode, out, err.count("\n")) == (2, "", 1), err
    deadline = time.monotonic() + 20  # it has been told to end: who inherits it sees to the rest
    while Path(f"/proc/{found[0]}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_panic(tmp_path):
    """Linux on a machine that has not enough memory for its first process."""
    description = tmp_path / "small.machine"
    description.write_text("about small\nsource our own layout\nqemu q35\nmemory 128M\ncpu max\nsmp 1\noptions mem=40M\n")
    said = refused(image("6.12"), "--machine", description, "--alloc", "bottom-up", "--shell")
    assert "Kernel panic - not syncing" in said
