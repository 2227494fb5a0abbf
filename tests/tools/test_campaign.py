# SPDX-License-Identifier: MIT
"""tools/campaign: boots held against the prediction; one that differs ends it, and what was begun can be taken up again."""
import gzip
import json
import os
import re
import shlex
import shutil
import signal
import struct
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PREDICT = ROOT / "build/landfall-predict"
pytestmark = pytest.mark.skipif(not shutil.which("parallel") or not PREDICT.exists(), reason="needs GNU parallel and make")


def campaign(*args):
    done = subprocess.run([ROOT / "tools/campaign", *map(str, args)], capture_output=True, text=True, timeout=400)
    return done.returncode, done.stdout, done.stderr


def results(folder):
    return [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]


def sequence_numbers(folder):
    return sorted(int(line.split("\t")[0]) for line in (folder / "joblog").read_text().splitlines()[1:])


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Two seeds, two machines, in QEMU."""
    folder = tmp_path_factory.mktemp("campaign") / "good"
    return folder, campaign("-o", folder, "--machines=four-nodes,pc-islands", "--seeds=0x21,2", "--policies=bottom-up")


def liar(tmp_path, base):
    """A landfall-predict that says clean of the image at this base."""
    path = tmp_path / "liar"
    path.write_text(f"#!/bin/sh\ncase \"$*\" in *'--kernel {base}:'*) exec {PREDICT} \"$@\" --alloc memblock;; esac\nexec {PREDICT} \"$@\"\n")
    path.chmod(0o755)
    return path


def hanging_kernel(tmp_path):
    """A Multiboot kernel that halts: no interrupt wakes it, and it takes no processor from other tests."""
    base, magic, flags = 0x1000000, 0x1badb002, 0x10000
    header = struct.pack("<8I", magic, flags, -(magic + flags) & 0xffffffff, base, base, base + 35, base + 35, base + 32)
    path = tmp_path / "hang"
    path.write_bytes(header + b"\xf4\xeb\xfd")
    return path


def test_all_as_predicted(good):
    folder, (code, out, err) = good
    assert (code, out) == (0, "4 boots, all as predicted; 1 of them with a stained map\n"), err
    found = results(folder)
    keys = {(r["machine"], r["seed"], r["alloc"], r["page_size"]) for r in found}
    assert keys == {(m, s, "bottom-up", "4k") for m in ("four-nodes", "pc-islands") for s in (2, 33)}
    assert sequence_numbers(folder) == list(range(1, 5))
    assert all(r["as_predicted"] for r in found)
    stained = next(r for r in found if (r["machine"], r["seed"], r["alloc"]) == ("four-nodes", 33, "bottom-up"))
    verdict, = stained["verdicts"]
    assert (stained["base"], stained["slot"]) == ("0x5600000", 34)
    assert (verdict["result"], verdict["table_pages"], verdict["stained_nodes"], verdict["pinned"]) == ("stained", 4106, [1], 1996488704)


def test_the_boot_it_names_is_that_boot(good):
    """What stands in `boot` runs on its own, with the same verdict."""
    stained = next(r for r in results(good[0]) if (r["machine"], r["seed"], r["alloc"]) == ("four-nodes", 33, "bottom-up"))
    done = subprocess.run(shlex.split(stained["boot"]), cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert f"STAINED: {stained['verdicts'][0]['on_movable']} of 4106 page-table pages on movable node 1" in done.stdout


def test_a_wrong_prediction_ends_it_and_it_can_go_on(tmp_path):
    """The third of six boots gets a wrong prediction. No other is begun until it is as predicted."""
    folder, what = tmp_path / "c", ("--host", "--seeds=1,2,0x21,3,4,5", "--policies=bottom-up", "--jobs=1")
    lie = f"--predict={liar(tmp_path, '0x5600000')}"
    code, out, err = campaign("-o", folder, *what, lie)
    assert code == 1, err
    assert out.splitlines()[0] == "four-nodes 33 bottom-up 4k: another verdict than predicted"
    assert sequence_numbers(folder) == [1, 2, 3]
    bad = results(folder)[-1]
    assert not bad["as_predicted"] and bad["verdicts"][0]["on_movable"] > 0 and bad["predicted"][0]["on_movable"] == 0

    repeat = shlex.split(re.search("repeat with: (.*)", out)[1])
    done = subprocess.run(repeat, cwd=ROOT, capture_output=True, text=True, timeout=120)
    again = json.loads(done.stdout)
    assert (done.returncode, again["difference"], again["base"]) == (1, bad["difference"], "0x5600000")

    assert campaign("-o", folder, *what)[0] == 2  # not by mistake
    assert campaign("-o", folder, "--resume", "--seeds=1,2")[0] == 2
    shutil.copy(PREDICT, tmp_path / "liar")  # the prediction is mended
    code, out, err = campaign("-o", folder, *what, lie, "--resume")
    assert (code, out) == (0, "6 boots, all as predicted; 1 of them with a stained map\n"), err
    assert sorted(r["seed"] for r in results(folder)) == [1, 2, 3, 4, 5, 33, 33]  # the first two were not booted again


def test_several_hosts(tmp_path):
    """`:` is this host; the folder of the work is handed to the others."""
    code, out, err = campaign("-o", tmp_path / "c", "--seeds=1-2", "--sshlogin=1/:", "--append=movable_node=off")
    assert (code, out) == (0, "2 boots, all as predicted; 2 of them with a stained map\n"), err


def test_options_are_part_of_the_prediction(tmp_path):
    """Another memory map, an image that pretends to be larger, other marks: all reach the prediction."""
    code, out, err = campaign("--host", "-o", tmp_path / "c", "--seeds=1", "--machines=pc-islands", "--policies=all", "--page-sizes=2m",
                              "--append=image_size=64M,0x3430000 mem=1G levels=4 hotplug=0")
    assert (code, out[:27]) == (0, "1 boots, all as predicted; "), (out, err)


@pytest.mark.parametrize("append, machines", [
    ("sweep", "four-nodes,hole64"), ("sweep fragment=rand:250", "four-nodes"),
    ("sweep fragment=every:3 kaslr=efistub image_size=linux-6.1 mem=5G", "pc-islands,hole64"),
    ("sweep hotplug=0 image_size=64M,0x3430000 movable_node=off levels=4", "pc-islands,four-nodes")])
def test_slots_costs_and_split_leaves_are_predicted(tmp_path, append, machines):
    """The program's sweep over all slots is the kernel's, number for number, and so is what the page tables cost; once in QEMU."""
    size = "auto" if "fragment" in append else "4k"
    host = [] if "rand" in append else ["--host"]
    code, out, err = campaign(*host, "-o", tmp_path / "c", "--seeds=1", f"--machines={machines}", "--policies=all", f"--page-sizes={size}",
                              f"--append={append}")
    assert code == 0 and out.startswith(f"{machines.count(',') + 1} boots, all as predicted; "), (out, err)


def test_a_wrong_seed_is_another_prediction(tmp_path):
    """fragment=rand rests on the seed: a prediction that is told another one differs."""
    path = tmp_path / "liar"
    path.write_text(f"#!/bin/sh\nexec {PREDICT} \"$@\" --seed 3\n")
    path.chmod(0o755)
    code, out, _ = campaign("--host", "-o", tmp_path / "c", "--seeds=1", "--policies=bottom-up", "--page-sizes=2m", f"--predict={path}",
                            "--append=fragment=rand:250")
    assert (code, out.splitlines()[0][:28]) == (1, "four-nodes 1 bottom-up 2m: a"), out


# ---- what a lab keeps of it ----

def test_logs_are_kept_and_progress_is_told(good):
    """A serial log of each boot, packed; a line of progress where there is no terminal."""
    folder, (_, _, err) = good
    assert err.splitlines()[-1] == "campaign: 4 of 4 boots done"
    for r in results(folder):
        log = folder / r["log"]
        assert gzip.decompress(log.read_bytes()).count(b'"rec":"verdict"') == len(r["verdicts"])
        done = subprocess.run([ROOT / "tools/check-log", "--allow-stained", log], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
    assert len(list((folder / "logs").iterdir())) == 4


def test_a_finished_campaign_is_extended(tmp_path):
    """More seeds go behind those that were booted, and these are not booted again; JUnit has a case for each."""
    folder, xml = tmp_path / "c", tmp_path / "x.xml"
    assert campaign("-o", folder, "--seeds=1-2", "--policies=memblock", "--machines=no-srat-here", f"--junit={xml}")[0] == 2
    assert [c.find("failure").get("type") for c in ElementTree.parse(xml).getroot()] == ["missing"] * 2
    folder = tmp_path / "d"
    machine = tmp_path / "m.machine"
    machine.write_text("about small\nsource here\nqemu pc\nmemory 128M\nmap 1M 128M usable\n")
    what = ("--host", "--policies=memblock", f"--machines=azure,{machine}", f"--junit={xml}")
    assert campaign("-o", folder, "--seeds=1", *what)[:2] == (0, "2 boots, all as predicted; 0 of them with a stained map, 1 without a verdict\n")
    code, out, err = campaign("-o", folder, "--resume", "--seeds=0-1", *what)
    assert (code, out) == (0, "4 boots, all as predicted; 0 of them with a stained map, 2 without a verdict\n"), err
    assert sorted(r["seed"] for r in results(folder)) == [0, 0, 1, 1]
    suite = ElementTree.parse(xml).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "0", "2")


def test_ctrl_c_is_quiet_and_leaves_nothing(tmp_path):
    """It says how far it came, and no boot goes on."""
    process = subprocess.Popen([ROOT / "tools/campaign", "-o", tmp_path / "c", "--seeds=1-50", f"--kernel={hanging_kernel(tmp_path)}"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)})
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("landfall-*/stderr")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "interrupted: 0 of 50 boots done; go on with --resume\n") and "Traceback" not in err
    deadline = time.monotonic() + 20
    while list(tmp_path.glob("landfall-*")) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not list(tmp_path.glob("landfall-*"))


@pytest.mark.parametrize("args, words", [
    (["--seeds=abc"], "'abc' is neither a number"), (["--seeds=5-1"], "'5-1' goes down"), (["--seeds=1-99999999999"], "more than"),
    (["--policies=buddy"], "'buddy' is none of both, all, bottom-up"), (["--page-sizes=3m"], "'3m' is none of auto"),
    (["--machines=./a b"], "a path with blanks")])
def test_what_is_no_campaign(tmp_path, args, words):
    code, out, err = campaign("-o", tmp_path / "c", *args)
    assert (code, out) == (2, "") and words in err and err.count("\n") == 1 and not (tmp_path / "c").exists()


def test_what_cannot_be_compared_is_no_success(tmp_path):
    code, out, err = campaign("-o", tmp_path / "a", "--machines=nowhere", "--seeds=1")
    assert (code, out) == (2, "could not complete: 0 of 1 boots done; go on with --resume\n")
    assert "nowhere 1 both 4k" in err
    code, out, _ = campaign("--host", "-o", tmp_path / "b", "--seeds=1", "--append=mowable_node")
    assert code == 1 and "unknown option 'mowable_node'" in out
    assert campaign("-o", tmp_path / "d", "--append=sweep memmap=1G$2G")[0] == 2
    code, out, _ = campaign("-o", tmp_path / "c", "--seeds=1", "--timeout=2", f"--kernel={hanging_kernel(tmp_path)}")
    assert code == 1 and "fault: hang" in out
